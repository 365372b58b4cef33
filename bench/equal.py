"""How often `compare` calls one model better or worse than itself.

    uv run python bench/equal.py                 20 comparisons, both names with the same seeds
    uv run python bench/equal.py --own-seeds     the same, each name with seeds of its own
    uv run python bench/equal.py --json          for machines

The bundled model is asked under two names, with its adapter switched off, what the bundled example
asks. The brand is Trello: the model names it in about half of its answers, which is where chance
differs most. Each comparison is what the command does, price and chart included. Answers are short
(16 tokens) and there is one control, so that 20 take some 10 minutes of one core.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter, defaultdict
from importlib.resources import files
from pathlib import Path
from typing import Any

from overheard.app import open_context
from overheard.commands.compare import compare
from overheard.commands.context import Unwatched
from overheard.config import Config, parse_config

BRAND = "Trello"
NAMES = ("local/base", "local/smollm2-135m-instruct")
APART = 100
"""Between the seeds of two comparisons; rounds count on from each."""
TOKENS = 16
CONTROL = '\n[[prompts]]\ntext = "How do I cook rice?"\ntags = ["control"]\n'


def configured(folder: Path) -> Config:
    """Return the example's configuration with the adapter off and short answers."""
    text = files("overheard.commands").joinpath("demo.toml").read_text(encoding="utf-8")
    store = f"sqlite:///{(folder / 'equal.db').as_posix()}"
    text = text.replace("{store}", store).replace("{scale}", f"0.0\nmax_tokens = {TOKENS}")
    return parse_config(text + CONTROL, "the configuration of the bench")


async def compared(comparisons: int, *, own_seeds: bool) -> dict[str, Any]:
    """Compare, and count the verdicts of each metric."""
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    rounds: list[int] = []
    calls = 0
    with tempfile.TemporaryDirectory(prefix="overheard-equal-") as folder:
        async with open_context(configured(Path(folder)), Unwatched()) as context:
            for number in range(comparisons):
                card = await compare(
                    context,
                    base=NAMES[0],
                    tuned=NAMES[1],
                    brand=BRAND,
                    seed=number * APART,
                    own_seeds=own_seeds,
                )
                rounds.append(card.data["rounds"])
                calls += card.data["calls"]
                for row in card.data["metrics"]:
                    verdicts[row["metric"]][row["verdict"]] += 1
                done = f"{number + 1} of {comparisons}: {card.data['stopped']}"
                print(done, {k: dict(v) for k, v in verdicts.items()}, file=sys.stderr, flush=True)
    return {"verdicts": verdicts, "rounds": rounds, "calls": calls}


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--comparisons", type=int, default=20)
    parser.add_argument("--own-seeds", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = asyncio.run(compared(given.comparisons, own_seeds=given.own_seeds))
    if given.json:
        print(json.dumps(found))
        return
    for metric, counts in found["verdicts"].items():
        print(f"{metric:16} " + ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common()))
    rounds = found["rounds"]
    print(f"{sum(rounds) / len(rounds):.1f} rounds a comparison, {found['calls']} answers in all")


if __name__ == "__main__":
    main()
