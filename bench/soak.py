"""Many checks in one process: whether its memory stays flat.

    python bench/soak.py            60 checks of 40 answers; prints the memory after each ten
    python bench/soak.py --trace    and the lines that keep the most memory between two tens

The checks are those of a bot that runs for weeks: asked, scored, searched for shifts and rendered,
with a new store. The first twenty checks fill caches and are not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

from endpoint import endpoint

from overheard.commands.check import check
from overheard.config.loader import parse_config
from overheard.deployment import Call
from overheard.runtime.wiring import open_deployment

QUESTIONS = 20
WARM_UP = 20
MAX_GROWTH_KB = 150.0
"""Kilobytes that a check may add, as measured from the resident memory, which is coarse."""
CONFIG = """
[storage]
url = "sqlite:///{folder}/store.db"
[providers.svc]
plugin = "compatible"
base_url = "{url}"
models = ["m-1", "m-2"]
prices."m-1" = {{ input = 1, output = 2 }}
prices."m-2" = {{ input = 1, output = 2 }}
concurrency = 8
[[brands]]
name = "Brand 3"
competitors = ["Brand 7", "Brand 11", "Brand 12", "Brand 15"]
"""


def resident_kb() -> int:
    """Return the resident memory of this process in kilobytes."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0])


async def soak(url: str, folder: str, checks: int, *, trace: bool) -> float:
    """Check again and again; return by how many kilobytes a check made the process grow."""
    text = CONFIG.format(folder=folder, url=url)
    text += "".join(
        f'[[prompts]]\ntext = "Which tool suits {n} people?"\n' for n in range(QUESTIONS)
    )
    sizes: list[int] = []
    before: tracemalloc.Snapshot | None = None
    async with open_deployment(parse_config(text)) as deployment:
        for number in range(1, checks + 1):
            proposal = await check(await deployment.refreshed(), Call())
            await proposal.execute()
            gc.collect()
            sizes.append(resident_kb())
            if number % 10 == 0:
                print(f"{number:5} checks {sizes[-1] / 1024:8.1f} MB", flush=True)
                if trace:
                    before = _compare(before)
    counted = sizes[WARM_UP - 1 :]
    return (counted[-1] - counted[0]) / max(1, len(counted) - 1)


def _compare(before: tracemalloc.Snapshot | None) -> tracemalloc.Snapshot:
    """Print which lines hold more memory than before."""
    now = tracemalloc.take_snapshot()
    if before:
        for found in now.compare_to(before, "lineno")[:12]:
            print(f"      {found}")
    return now


def main() -> None:
    """Soak, and fail when the memory grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=60)
    parser.add_argument("--trace", action="store_true")
    given = parser.parse_args()
    if given.trace:
        tracemalloc.start(12)
    with endpoint(0.0) as url, TemporaryDirectory() as folder:
        growth = asyncio.run(soak(url, folder, given.checks, trace=given.trace))
    print(f"A check adds {growth:.0f} kB; at most {MAX_GROWTH_KB:.0f} are allowed.")
    sys.exit(growth > MAX_GROWTH_KB)


if __name__ == "__main__":
    main()
