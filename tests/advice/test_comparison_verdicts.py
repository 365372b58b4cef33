"""Tests of two models that are held against each other."""

from datetime import UTC, datetime

import numpy as np
import pytest

from overheard.advice.comparison_verdicts import (
    MAX_CHECKS,
    Contrast,
    MetricResult,
    all_clear,
    contrasts,
)
from overheard.domain import Block, Metric, Model, Scale

BASE, TUNED = Model("local", "base"), Model("local", "tuned")
VISIBILITY = Metric("visibility", Scale.BINARY, "Visibility")
POSITION = Metric("position", Scale.RANK, "Position")
METRICS = {metric.name: metric for metric in (VISIBILITY, POSITION)}
PROMPTS = 20


def blocks(
    model: Model, values: dict[int, list[float]], metric: Metric = VISIBILITY, run: int = 1
) -> list[Block]:
    """Make a model's blocks of one round from the values of its answers, by prompt."""
    at = datetime(2026, 3, 2, run % 24, tzinfo=UTC)
    return [
        Block(
            run_id=run,
            at=at,
            prompt=f"{prompt:016x}",
            model=model,
            brand="Acme",
            metric=metric.name,
            n=len(found),
            total=sum(found),
            squares=sum(value * value for value in found),
            version="visibility@1",
        )
        for prompt, found in values.items()
    ]


def drawn(rates: np.ndarray, rng: np.random.Generator) -> dict[int, list[float]]:
    """Draw one answer to each prompt."""
    return {p: [float(rng.random() < rate)] for p, rate in enumerate(rates)}


def rounds(base: np.ndarray, tuned: np.ndarray, seed: int) -> tuple[list[Contrast], int]:
    """Ask round by round until it is clear; return the contrasts and the number of rounds."""
    rng = np.random.default_rng(seed)
    asked: list[Block] = []
    found: list[Contrast] = []
    for number in range(1, MAX_CHECKS + 1):
        asked += blocks(BASE, drawn(base, rng), run=number)
        asked += blocks(TUNED, drawn(tuned, rng), run=number)
        found = contrasts(asked, BASE, TUNED, METRICS)
        if all_clear(found):
            break
    return found, number


def test_a_large_gain_is_clear_at_once() -> None:
    """From never to most of the time needs one round, and the prompts are listed."""
    [found], needed = rounds(np.zeros(PROMPTS), np.full(PROMPTS, 0.7), seed=1)
    assert needed == 1
    assert found.verdict is MetricResult.BETTER
    assert found.base == 0
    assert found.interval[0] > 0
    assert found.prompts[0].after - found.prompts[0].before == 1


def test_a_loss_is_worse_and_a_lower_rank_is_better() -> None:
    """The verdict knows which way is up."""
    [found], _ = rounds(np.full(PROMPTS, 0.9), np.full(PROMPTS, 0.1), seed=1)
    assert found.verdict is MetricResult.WORSE

    rng = np.random.default_rng(1)
    ranks = [{p: rng.integers(low, low + 2, 4).tolist() for p in range(PROMPTS)} for low in (4, 1)]
    asked = blocks(BASE, ranks[0], POSITION) + blocks(TUNED, ranks[1], POSITION)
    [found] = contrasts(asked, BASE, TUNED, METRICS)
    assert found.verdict is MetricResult.BETTER
    assert found.difference < 0


def test_two_models_that_never_name_the_brand_are_equivalent() -> None:
    """Nothing varies, and that is an answer once there are enough pairs."""
    [found], needed = rounds(np.zeros(PROMPTS), np.zeros(PROMPTS), seed=1)
    assert found.verdict is MetricResult.EQUIVALENT
    assert found.difference == 0
    assert -0.1 <= found.interval[0] < 0 < found.interval[1] <= 0.1
    assert needed <= 2


def test_two_names_of_one_model_are_equivalent() -> None:
    """With the same seeds, the same model gives the same answers, however varied they are."""
    rng = np.random.default_rng(1)
    values = drawn(np.full(PROMPTS, 0.5), rng) | {99: [1.0]}
    asked = [b for run in (1, 2) for m in (BASE, TUNED) for b in blocks(m, values, run=run)]
    [found] = contrasts(asked, BASE, TUNED, METRICS)
    assert found.verdict is MetricResult.EQUIVALENT


def test_an_own_scale_says_which_difference_is_none() -> None:
    """Grades that differ by less than the margin of their scale are equivalent."""
    rng = np.random.default_rng(1)
    base = {p: [float(rng.integers(8, 12))] for p in range(PROMPTS)}
    tuned = {p: [value + rng.normal(0, 0.8)] for p, [value] in base.items()}

    def verdict(margin: float) -> MetricResult:
        grade = Metric("grade", Scale("grade", 0, 20, 0.5, margin, 5.0), "Reading grade")
        asked = blocks(BASE, base, grade) + blocks(TUNED, tuned, grade)
        [found] = contrasts(asked, BASE, TUNED, {"grade": grade})
        return found.verdict

    assert verdict(margin=1.0) is MetricResult.EQUIVALENT
    assert verdict(margin=0.01) is MetricResult.UNCLEAR


def test_few_pairs_settle_nothing() -> None:
    """However different they look."""
    asked = blocks(BASE, {p: [0.0] for p in range(9)}) + blocks(TUNED, {p: [1.0] for p in range(9)})
    [found] = contrasts(asked, BASE, TUNED, METRICS)
    assert found.verdict is MetricResult.UNCLEAR


def test_a_metric_that_one_model_never_shows_is_left_out() -> None:
    """There is nothing to hold against each other."""
    asked = blocks(BASE, {0: [1.0], 1: [2.0]}, POSITION)
    assert contrasts(asked, BASE, TUNED, METRICS) == []
    assert not all_clear([])


def test_other_models_do_not_matter() -> None:
    """A third model in the same run is not looked at."""
    asked = blocks(BASE, {0: [1.0], 1: [0.0]}) + blocks(TUNED, {0: [1.0], 1: [0.0]})
    other = blocks(Model("svc", "m-1"), {0: [0.0], 1: [1.0]})
    first, second = (contrasts(given, BASE, TUNED, METRICS) for given in (asked, asked + other))
    assert [one.interval for one in first] == [one.interval for one in second]


@pytest.mark.parametrize("beta", [(0.62, 0.76), (0.3, 1.7)])
def test_equal_models_are_hardly_ever_called_different(beta: tuple[float, float]) -> None:
    """In 100 comparisons, whoever stops when it is clear is wrong in no more than 2 %.

    Of 100 comparisons with that rate, more than 6 are wrong with a probability of 0.004.
    """
    rng = np.random.default_rng(7)
    verdicts = []
    for seed in range(100):
        rates = rng.beta(*beta, PROMPTS)
        [found], _ = rounds(rates, rates, seed)
        verdicts.append(found.verdict)
    assert sum(v in {MetricResult.BETTER, MetricResult.WORSE} for v in verdicts) <= 6
