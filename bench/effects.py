"""How often `actions` is wrong about an action without effect, and right about one with an effect.

python bench/effects.py                    the figures of docs/statistics.md (about ten minutes)
python bench/effects.py --histories 100    the same, faster and less exact
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from statistics import median

import numpy as np

from overheard import Block
from overheard_lab.worlds import WorldDesign, brand_name, simulate_world
from overheard_sources.effects import CHECKS, Finding, Verdict, found_gain

PROMPTS, TREATED, RIVALS = 24, 8, 4
"""Questions, those that the action answers, and competitors."""
BEFORE = (4, 12)
"""Checks before the action."""
CHOICES = ("newest", "all", "any")
"""How the questions are chosen: those that look worst in the newest check or in all before the
action, or any."""
WORLDS = (
    *product(("normal",), ("half",), (0.0, 0.25, 0.5)),
    *product(("t3", "two-state", "ar1", "uneven", "drift"), ("shared", "own"), (0.5,)),
)
"""Kinds of run effects, which brands share them, and their standard deviation in logits."""
ORDINARY = ("normal", "half", 0.25)
WANTED = 0.15
"""A gain whose chance of being found is printed for each number of checks before."""


def history(kind: str, effects: str, tau: float, before: int, seed: int) -> list[Block]:
    """Return the blocks of a brand and its competitors, a check a week, in which nothing helps."""
    design = WorldDesign(
        kind, effects, tau, brands=1 + RIVALS, runs=before + CHECKS, prompts=PROMPTS
    )
    return [
        Block(
            run.id, run.at, prompt, stream.key.model, stream.key.brand, "visibility", n, hits, hits
        )
        for stream in simulate_world(design, seed).streams
        for run, counts, totals in zip(stream.runs, stream.n, stream.total, strict=True)
        for prompt, n, hits in zip(stream.prompts, counts.tolist(), map(float, totals), strict=True)
        if n
    ]


def chosen_questions(
    own: Sequence[Block], days: Sequence[date], choice: str, rng: np.random.Generator
) -> set[str]:
    """Return the keys of the questions that the action answers."""
    seen = {"newest": days[-1:], "all": days, "any": ()}[choice]
    rates = dict.fromkeys(sorted({one.prompt for one in own}), 0.0)
    for one in own:
        if one.at.date() in seen:
            rates[one.prompt] += one.total / one.n
    return {*sorted(rates, key=lambda key: (rates[key], rng.random()))[:TREATED]}


def helped(
    own: Sequence[Block],
    treated: set[str],
    after: set[date],
    points: float,
    rng: np.random.Generator,
) -> Iterator[Block]:
    """Yield the blocks of a brand that an action has helped: answers after it that did not name the
    brand do so with the chance that raises the mean of its questions by as much.
    """
    later = [one for one in own if one.prompt in treated and one.at.date() in after]
    left = 1 - sum(one.total for one in later) / sum(one.n for one in later)
    for one in own:
        gained = 0
        if one.prompt in treated and one.at.date() in after and left:
            gained = int(rng.binomial(int(one.n - one.total), min(points / left, 1.0)))
        yield replace(one, total=one.total + gained, squares=one.squares + gained)


def finding(
    world: tuple[str, str, float], before: int, choice: str, seed: int, points: float | None
) -> Finding:
    """Return what is found in one history, with a gain of some points; None for as much as is said
    beforehand to be noticed.
    """
    rng = np.random.default_rng(seed)
    blocks = history(*world, before, seed)
    own = [one for one in blocks if one.brand == brand_name(0)]
    rivals = [one for one in blocks if one.brand != brand_name(0)]
    days = sorted({one.at.date() for one in own})
    treated = chosen_questions(own, days[:before], choice, rng)
    earlier, later = {*days[:before]}, {*days[before:]}
    if points is None:
        points = found_gain(own, rivals, treated, earlier, later, is_done=False).visible or 0.0
    own = [*helped(own, treated, later, points, rng)]
    return found_gain(own, rivals, treated, earlier, later, is_done=True)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=400)
    histories = parser.parse_args().histories
    print("An action without effect: called helpful")
    for world in WORLDS:
        found = [
            finding(world, before, choice, seed, 0.0).verdict
            for before, choice in product(BEFORE, CHOICES)
            for seed in range(histories // len(BEFORE) // len(CHOICES))
        ]
        print(f"  {' '.join(map(str, world)):20} {found.count(Verdict.HELPED) / len(found):.3f}")
    print("A gain: size that is named (median), found at this size, and at 15 points")
    for before, choice in product((*BEFORE, 8), CHOICES):
        seeds = range(histories // 4)
        named = [finding(ORDINARY, before, choice, seed, None) for seed in seeds]
        at_named = Counter(one.verdict for one in named)[Verdict.HELPED] / len(named)
        wanted = [finding(ORDINARY, before, choice, seed, WANTED).verdict for seed in seeds]
        size = median(one.visible or 0.0 for one in named)
        print(
            f"  {before:2} checks before, {choice:6}: {100 * size:.0f} points, {at_named:.2f}; "
            f"{wanted.count(Verdict.HELPED) / len(wanted):.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
