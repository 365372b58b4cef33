"""How often `compare` would call one model better or worse than itself, on its real answers.

    uv run python bench/equal.py                  60 rounds asked, then dealt out 200 times
    uv run python bench/equal.py --store equal.db the same; rounds that it holds are not asked again
    uv run python bench/equal.py --compare 20     `compare` itself, with 20 seeds; no dealing
    uv run python bench/equal.py --json           for machines

The bundled model is asked what the bundled example asks, without its adapter, in rounds with seeds
of their own. The brand is Trello: the model names it in some answers and not in others, so that
chance has its way. Each deal gives thirty rounds to either hand, as if they were two models, and
holds them against each other until it is clear, as `compare` does. Some rounds are asked again with
the same seeds: where all answers are the same, two names of one model cannot differ. Answers are
short (16 tokens); 64 rounds take some three minutes of one core.

With `--compare`, the command itself compares the model with itself, once with the same seeds for
both sides and once with different seeds. Nothing is dealt or used twice then: each seed asks its
questions again, for one or two minutes of one core.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from importlib.resources import files
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from overheard.alerts.run_analysis import run_service
from overheard.config.loader import parse_config
from overheard.deployment import Call, Deployment
from overheard.domain import Answer, Block, Model, Panel, Run, ScoreRecord
from overheard.measure.intervals import wilson
from overheard.runs.plan import new_run
from overheard.runtime.wiring import open_deployment
from overheard_finetune.comparison_rounds import PAIRS_PER_CHECK, VISIBILITY
from overheard_finetune.comparison_verdicts import MAX_CHECKS, Contrast, MetricResult, contrasts

BRAND = "Trello"
MODEL = Model("local", "base")
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


async def asked(call: Call, seed: int) -> None:
    """Ask all questions once with a seed, and store the answers as a run outside of the history."""
    panel = Panel((BRAND,), tuple(call.catalogue.prompts), (MODEL,), seed=seed)
    run = await call.store.runs.start(new_run(panel, call.clock.now(), label="equal", aside=True))
    async with call.store.locks.run_lock(run.id):
        outcome = await run_service(call).ask(run)
        await call.store.runs.finish(run.id, outcome.state, call.clock.now())


def blocks(
    records: Iterable[ScoreRecord], answers: Iterable[Answer], run: Run
) -> tuple[Block, ...]:
    """Return the sums of the brand's scores by question and metric, as the store keeps them."""
    asked = {answer.id: answer.question for answer in answers}
    values = defaultdict(list)
    for record in records:
        if record.brand == BRAND:
            version = f"{record.scorer}@{record.version}"
            key = (asked[record.answer_id].prompt.key, record.score.metric, version)
            values[key].append(record.score.value)
    return tuple(
        Block(
            run_id=run.id,
            at=run.started_at,
            prompt=prompt,
            model=MODEL,
            brand=BRAND,
            metric=metric,
            n=len(found),
            total=sum(found),
            squares=sum(value * value for value in found),
            version=version,
        )
        for (prompt, metric, version), found in sorted(values.items())
    )


async def kept(deployment: Deployment) -> list[Asked]:
    """Return the whole rounds that the store holds, scored."""
    rounds = []
    for run in await deployment.store.runs.find():
        if not run.panel or set(run.panel.prompts) != set(deployment.catalogue.prompts):
            continue
        answers = [a async for a in deployment.store.answers.stream(runs=[run.id]) if a.complete]
        if len(answers) == len(deployment.catalogue.prompts):
            mine = blocks(await deployment.scoring.score(answers), answers, run)
            rounds.append(Asked(run.panel.seed, tuple(answers), mine))
    return rounds


def deployment(store: Path, at_a_time: int = 1) -> AbstractAsyncContextManager[Deployment]:
    """Open the bundled example, with short answers, over a store."""
    text = files("overheard.config").joinpath("demo.toml").read_text(encoding="utf-8")
    text = text.replace("{store}", f"sqlite:///{store.as_posix()}")
    text = text.replace("{scale}", f"0.0\nmax_tokens = {TOKENS}")
    text = text.replace("concurrency = 1", f"concurrency = {at_a_time}")
    return open_deployment(parse_config(text, "the bench's configuration"))


async def compared(store: Path, seeds: int) -> AsyncIterator[dict[str, Any]]:
    """Compare the model with itself by the command, and yield the results."""
    for own in (True, False):
        # Ten answers at a time take less, but then a seed does not always give the same words.
        async with deployment(store, 10 if own else 1) as opened:
            compare = opened.plugins.commands["compare"].run
            for seed in range(0, 1000 * seeds, 1000):
                given = {"base": str(MODEL), "tuned": str(MODEL), "brand": BRAND, "seed": seed}
                proposal: Any = await compare(Call(opened), own_seeds=own, **given)
                card = await proposal.execute()
                yield {"own_seeds": own, "seed": seed, **card.data}


async def compare_with_itself(store: Path, seeds: int) -> None:
    """Print a JSON line for each comparison of the model with itself, then the counts
    of verdicts.
    """
    ends: dict[bool, Counter[str]] = defaultdict(Counter)
    async for told in compared(store, seeds):
        own, verdicts = told["own_seeds"], {m["metric"]: m["verdict"] for m in told["metrics"]}
        ends[own].update(f"{metric} {verdict}" for metric, verdict in verdicts.items())
        line = {key: told[key] for key in ("own_seeds", "seed", "calls", "rounds", "stopped")}
        line |= {"verdicts": verdicts, "controls": [one["verdict"] for one in told["controls"]]}
        print(json.dumps(line), flush=True)
    for own, counts in ends.items():
        print("with seeds of their own:" if own else "with the same seeds:")
        print("\n".join(f"  {n:3} {end}" for end, n in sorted(counts.items())))


async def pool(store: Path, count: int) -> tuple[list[Asked], list[bool], dict[str, Any]]:
    """Ask until `count` rounds of answers are stored, and ask `AGAIN` of them once more.

    Returns:
        One round for each seed; whether each repeated round has the same texts; and the metrics.
    """
    async with deployment(store) as opened:
        seeds = {one.seed for one in await kept(opened)}
        fresh = (seed for seed in range(10**6) if seed not in seeds)
        for _ in range(count - len(seeds)):
            await asked(Call(opened), next(fresh))
        first = {one.seed: one for one in reversed(await kept(opened))}
        for seed in list(first)[:AGAIN]:
            await asked(Call(opened), seed)
        every = await kept(opened)
        again = [one.texts == first[one.seed].texts for one in every if one is not first[one.seed]][
            -AGAIN:
        ]
        rounds = {one.seed: one for one in every}
        return list(rounds.values()), again, dict(opened.scoring.metrics)


def deal(
    rounds: Sequence[Asked], metrics: dict[str, Any], rng: np.random.Generator
) -> tuple[list[Contrast], int]:
    """Deal rounds at random to two models until their comparison is clear; return the contrasts and
    the number of rounds dealt to each.
    """
    order = rng.permutation(len(rounds))
    rounds_per_check = ceil(PAIRS_PER_CHECK / len(rounds[0].answers))
    hands: tuple[dict[str, Any], dict[str, Any]] = (defaultdict(dict), defaultdict(dict))
    found: list[Contrast] = []
    for number in range(min(MAX_CHECKS * rounds_per_check, len(rounds) // 2)):
        for hand, at in zip(hands, order[2 * number : 2 * number + 2], strict=True):
            for block in rounds[at].blocks:
                hand[block.metric][number, block.prompt] = block.total / block.n
        if (number + 1) % rounds_per_check == 0:
            first, second = hands
            by_metric = contrasts({m: (one, first[m], second[m]) for m, one in metrics.items()})
            found = list(by_metric.values())
            if by_metric[VISIBILITY].verdict is not MetricResult.UNCLEAR:
                break
    return found, number + 1


def main() -> None:
    """Print how the deals ended."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--deals", type=int, default=200)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--compare", type=int, metavar="SEEDS")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="overheard-equal-") as folder:
        store = given.store or Path(folder) / "equal.db"
        if given.compare:
            asyncio.run(compare_with_itself(store, given.compare))
            return
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
