"""Tests of two models that are held against each other."""

import numpy as np
import pytest

from overheard import Metric, Scale, stdtr
from overheard_finetune.comparison_verdicts import MAX_CHECKS, Contrast, MetricResult, contrasts

VISIBILITY = Metric("visibility", Scale.BINARY, "Visibility")
POSITION = Metric("position", Scale.RANK, "Position")
PROMPTS = 20
Rounds = list[dict[int, list[float]]]


def side(rounds: Rounds) -> dict[tuple[int, str], float]:
    """Return the values of a model, of several rounds with one answer to each prompt."""
    return {
        (number, f"{prompt:016x}"): value
        for number, values in enumerate(rounds)
        for prompt, [value] in values.items()
    }


def compared(base: Rounds, tuned: Rounds, metric: Metric = VISIBILITY) -> Contrast:
    """Return the contrast of two models in one metric."""
    values = [side(answers) for answers in (base, tuned)]
    [found] = contrasts({"one": (metric, values[0], values[1])}).values()
    return found


def drawn(rates: np.ndarray, rng: np.random.Generator) -> dict[int, list[float]]:
    """Draw one answer to each prompt."""
    return {p: [float(rng.random() < rate)] for p, rate in enumerate(rates)}


def rounds(base: np.ndarray, tuned: np.ndarray, seed: int) -> tuple[Contrast, int]:
    """Ask round by round until it is clear; return the contrasts and the number of rounds."""
    rng = np.random.default_rng(seed)
    sides: tuple[Rounds, Rounds] = ([], [])
    for _ in range(MAX_CHECKS):
        for asked, rates in zip(sides, (base, tuned), strict=True):
            asked.append(drawn(rates, rng))
        found = compared(*sides)
        if found.verdict is not MetricResult.UNCLEAR:
            break
    return found, len(sides[0])


def test_a_large_gain_is_clear_at_once() -> None:
    """From never to most of the time needs one round, and the prompts are listed."""
    found, needed = rounds(np.zeros(PROMPTS), np.full(PROMPTS, 0.7), seed=1)
    assert needed == 1
    assert found.verdict is MetricResult.BETTER
    assert found.base == 0
    assert found.interval[0] > 0
    assert 10 <= len(found.prompts) <= PROMPTS


def test_a_loss_is_worse_and_a_lower_rank_is_better() -> None:
    """The verdict knows which way is up."""
    found, _ = rounds(np.full(PROMPTS, 0.9), np.full(PROMPTS, 0.1), seed=1)
    assert found.verdict is MetricResult.WORSE

    rng = np.random.default_rng(1)
    ranks = [{p: [float(rng.integers(low, low + 2))] for p in range(PROMPTS)} for low in (4, 1)]
    found = compared(ranks[:1], ranks[1:], POSITION)
    assert found.verdict is MetricResult.BETTER
    assert found.difference < 0


def test_two_models_that_never_name_the_brand_are_equivalent() -> None:
    """Nothing varies, and that is an answer once there are enough pairs."""
    found, needed = rounds(np.zeros(PROMPTS), np.zeros(PROMPTS), seed=1)
    assert found.verdict is MetricResult.EQUIVALENT
    assert found.difference == 0
    assert -0.1 <= found.interval[0] < 0 < found.interval[1] <= 0.1
    assert needed <= 2


def test_two_names_of_one_model_are_equivalent() -> None:
    """With the same seeds, the same model gives the same answers, however varied they are."""
    rng = np.random.default_rng(1)
    values = drawn(np.full(PROMPTS, 0.5), rng) | {99: [1.0]}
    found = compared([values, values], [values, values])
    assert found.verdict is MetricResult.EQUIVALENT


def test_an_own_scale_says_which_difference_is_none() -> None:
    """Grades that differ by less than the margin of their scale are equivalent."""
    rng = np.random.default_rng(1)
    base = {p: [float(rng.integers(8, 12))] for p in range(PROMPTS)}
    tuned = {p: [value + rng.normal(0, 0.8)] for p, [value] in base.items()}

    def verdict(margin: float) -> MetricResult:
        grade = Metric("grade", Scale("grade", 0, 20, 0.5, margin, 5.0), "Reading grade")
        found = compared([base], [tuned], grade)
        return found.verdict

    assert verdict(margin=1.0) is MetricResult.EQUIVALENT
    assert verdict(margin=0.01) is MetricResult.UNCLEAR


def test_few_pairs_settle_nothing() -> None:
    """However different they look."""
    never, always = ({p: [value] for p in range(9)} for value in (0.0, 1.0))
    found = compared([never], [always])
    assert found.verdict is MetricResult.UNCLEAR


def test_a_metric_that_one_model_never_shows_is_left_out() -> None:
    """There is nothing to hold against each other."""
    assert contrasts({"one": (POSITION, side([{0: [1.0], 1: [2.0]}]), {})}) == {}


@pytest.mark.parametrize(
    ("t", "degrees", "p"),
    # Tables of Student's t: two-sided 5 % and 1 % points.
    [(12.706, 1, 0.05), (4.303, 2, 0.05), (2.228, 10, 0.05), (3.169, 10, 0.01), (2.045, 29, 0.05)],
)
def test_the_distribution_of_t_is_that_of_the_tables(t: float, degrees: int, p: float) -> None:
    """For odd and even degrees of freedom."""
    assert 2 * stdtr(degrees, -t) == pytest.approx(p, rel=2e-3)


@pytest.mark.parametrize("beta", [(0.62, 0.76), (0.3, 1.7)])
def test_equal_models_are_hardly_ever_called_different(beta: tuple[float, float]) -> None:
    """In 100 comparisons, whoever stops when it is clear is wrong in no more than 2 %.

    Of 100 comparisons with that rate, more than 6 are wrong with a probability of 0.004.
    """
    rng = np.random.default_rng(7)
    verdicts = []
    for seed in range(100):
        rates = rng.beta(*beta, PROMPTS)
        found, _ = rounds(rates, rates, seed)
        verdicts.append(found.verdict)
    assert sum(v in {MetricResult.BETTER, MetricResult.WORSE} for v in verdicts) <= 6
