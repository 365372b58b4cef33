"""How often `compare` would call one model better or worse than itself, on its real answers.

    uv run python bench/equal.py                  40 rounds asked, then dealt out 200 times
    uv run python bench/equal.py --store equal.db the same; rounds that it holds are not asked again
    uv run python bench/equal.py --json           for machines

The bundled model is asked what the bundled example asks, without its adapter, in rounds with seeds
of their own. The brand is Trello: the model names it in some answers and not in others, so that
chance has its way. Each deal gives ten rounds to either hand, as if they were two models, and holds
them against each other round by round, until it is clear, as `compare` does. Some rounds are asked
again with the same seeds: where all answers are the same, two names of one model cannot differ.
Answers are short (16 tokens); 44 rounds take some two minutes of one core.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from overheard.app import open_context
from overheard.checks.runs import new_run
from overheard.commands.carry import ask
from overheard.commands.context import Context, Unwatched
from overheard.config import parse_config
from overheard.domain import Answer, Block, Model, Panel
from overheard.finetune.contrast import ROUNDS, Contrast, clear, contrasts
from overheard.measure.blocks import summarise
from overheard.measure.rates import wilson

BRAND = "Trello"
MODEL = Model("local", "base")
HANDS = (Model("dealt", "first"), Model("dealt", "second"))
TOKENS = 16
AGAIN = 4
"""Rounds that are asked twice."""


@dataclass(frozen=True)
class Asked:
    """One round: its seed, its answers and what scorers say of the brand in them."""

    seed: int
    answers: tuple[Answer, ...]
    blocks: tuple[Block, ...]

    @property
    def texts(self) -> dict[str, str]:
        """The answers by question."""
        return {a.question.prompt.key: a.reply.text for a in self.answers}


async def asked(context: Context, seed: int) -> None:
    """Ask one round, and keep it beside the history."""
    panel = Panel((BRAND,), tuple(context.catalogue.prompts), (MODEL,), seed=seed)
    run = await context.store.start_run(
        replace(new_run(panel, context.clock.now(), label="equal"), aside=True)
    )
    async with context.store.holding(run.id):
        outcome = await ask(context, run)
        await context.store.finish_run(run.id, outcome.state, context.clock.now())


async def kept(context: Context) -> list[Asked]:
    """Return the whole rounds that the store holds, scored."""
    rounds = []
    for run in await context.store.runs():
        if not run.panel or set(run.panel.prompts) != set(context.catalogue.prompts):
            continue
        answers = [a async for a in context.store.answers(runs=[run.id]) if a.complete]
        if len(answers) == len(context.catalogue.prompts):
            blocks = summarise(await context.scoring.score(answers), answers, [run])
            mine = tuple(block for block in blocks if block.brand == BRAND)
            rounds.append(Asked(run.panel.seed, tuple(answers), mine))
    return rounds


async def pool(store: Path, count: int) -> tuple[list[Asked], list[bool], dict[str, Any]]:
    """Ask what is missing; return the rounds, whether those asked again agree, and the metrics."""
    text = files("overheard.commands").joinpath("demo.toml").read_text(encoding="utf-8")
    text = text.replace("{store}", f"sqlite:///{store.as_posix()}")
    text = text.replace("{scale}", f"0.0\nmax_tokens = {TOKENS}")
    async with open_context(parse_config(text, "the bench's configuration"), Unwatched()) as opened:
        seeds = {one.seed for one in await kept(opened)}
        fresh = (seed for seed in range(10**6) if seed not in seeds)
        for _ in range(count - len(seeds)):
            await asked(opened, next(fresh))
        first = {one.seed: one for one in reversed(await kept(opened))}
        for seed in list(first)[:AGAIN]:
            await asked(opened, seed)
        every = await kept(opened)
        again = [one.texts == first[one.seed].texts for one in every if one is not first[one.seed]][
            -AGAIN:
        ]
        rounds = {one.seed: one for one in every}
        return list(rounds.values()), again, dict(opened.scoring.metrics)


def deal(
    rounds: Sequence[Asked], metrics: dict[str, Any], rng: np.random.Generator
) -> tuple[list[Contrast], int]:
    """Deal ten rounds to either hand; return the contrasts and after how many rounds they stood."""
    order = rng.permutation(len(rounds))
    blocks: list[Block] = []
    found: list[Contrast] = []
    for number in range(ROUNDS):
        for hand, at in zip(HANDS, order[2 * number : 2 * number + 2], strict=True):
            blocks += [replace(b, run_id=number + 1, model=hand) for b in rounds[at].blocks]
        found = contrasts(blocks, *HANDS, metrics)
        if clear(found):
            break
    return found, number + 1


def main() -> None:
    """Print how the deals ended."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--deals", type=int, default=200)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="overheard-equal-") as folder:
        store = given.store or Path(folder) / "equal.db"
        rounds, again, metrics = asyncio.run(pool(store, given.rounds))
    rng = np.random.default_rng(1)
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    wrong = needed = 0
    for _ in range(given.deals):
        found, number = deal(rounds, metrics, rng)
        needed += number
        wrong += any(one.verdict in {"better", "worse"} for one in found)
        for one in found:
            verdicts[one.metric.name][one.verdict.value] += 1
    low, high = wilson(wrong / given.deals, given.deals)
    told = {
        "rounds": len(rounds),
        "asked_again": len(again),
        "same_again": sum(again),
        "deals": given.deals,
        "called_different": wrong,
        "interval": [low, high],
        "rounds_needed": needed / given.deals,
        "verdicts": verdicts,
    }
    if given.json:
        print(json.dumps(told))
        return
    print(f"{sum(again)} of {len(again)} rounds were the same when asked again with their seeds.")
    print(
        f"{len(rounds)} rounds, dealt {given.deals:,} times, {needed / given.deals:.1f} at a time:"
    )
    print(f"{wrong} called different, {wrong / given.deals:.1%} ({low:.1%} to {high:.1%})")
    for metric, counts in verdicts.items():
        print(f"{metric:16} " + ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common()))


if __name__ == "__main__":
    main()
