"""Evidence that a brand is back at its old level, against normal densities by scipy."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import scipy

from overheard.detection.control_variate import RunEffectPrior, StreamGroup, run_series
from overheard.detection.returns import ReturnEvidence, return_evidence
from overheard.detection.step_evidence import STEP_VARIANCE
from overheard.numpy_proxy import Floats, np
from overheard_lab.panels import Change, Design, simulate

BEFORE, SINCE = np.arange(10), np.arange(10, 24)
RUNS = 24
PRIOR, VARIANCE = RunEffectPrior(shared=0.02, own=0.03), 0.025
Odds = Callable[[StreamGroup, int, int], tuple[float, float]]


def group(back: int, carried: float = 1.0, *, beyond: bool = False, seed: int = 3) -> StreamGroup:
    """Return a brand that falls with run 11 and is back with a run (an index), or far above."""
    design = Design(runs=24, prompts=12, repeats=6, tau=0.1)
    low = simulate(design, Change(10, -25.0, carried), size=1, seed=seed)
    high = simulate(design, Change(10, 20.0, carried), size=1, seed=seed)
    usual = simulate(design, size=1, seed=seed)
    total = low.total.copy()
    total[0, back:] = (high if beyond else usual).total[0, back:]
    return StreamGroup.of(replace(low, total=total).stream(0), ())


def given(seen: Floats, covariance: Floats) -> tuple[float, float]:
    """Return mean and variance of the last of some jointly normal numbers, given the others."""
    pull = np.linalg.solve(covariance[:-1, :-1], covariance[:-1, -1])
    return float(pull @ seen), float(covariance[-1, -1] - pull @ covariance[:-1, -1])


def uniform_odds(group: StreamGroup, start: int, end: int) -> tuple[float, float]:
    """Return the odds of the old level and of one beyond it, by the means of three stretches.

    The size of the step is normal around 0 and seen through the noise; the old mean has noise too.
    """
    series = run_series(group, np.arange(end), PRIOR)
    noise = series.noise[0].mean() + VARIANCE
    stretches = np.split(series.level[0], [10, start])
    old, moved, now = (stretch.mean() for stretch in stretches)
    n_old, n_moved, n_now = map(len, stretches)
    step = max(STEP_VARIANCE, (moved - old) ** 2)
    seen_step = step + noise / n_old + noise / n_moved
    centre, left = given(np.array([moved - old]), np.array([[seen_step, step], [step, step]]))
    around = noise / n_old + noise / n_now
    norm = scipy.stats.norm
    stayed = norm.pdf(now - old, centre, (left + around) ** 0.5)
    back = norm.pdf(now - old, 0, around**0.5) / stayed
    other_side = (now - old) * (moved - old) < 0
    beyond = norm.pdf(now - old, 0, (around + STEP_VARIANCE) ** 0.5) / stayed
    return back, beyond if other_side else 0.0


def sparse_odds(group: StreamGroup, start: int, end: int) -> tuple[float, float]:
    """Return the same by the successes of the prompts that moved, each weighing its step."""
    n, hits = (np.split(x[0][:end], [10, start]) for x in (group.n, group.total))
    weights, seen, far, calls, pull = [], 0.0, 0.0, 0.0, 0.0
    for prompt in range(12):
        answers = [part[:, prompt].sum() for part in n]
        found = [part[:, prompt].sum() for part in hits]
        old = np.clip((found[0] + 4 * 0.5) / (answers[0] + 4), 0.01, 0.99)
        moved = np.clip((found[1] + 4 * old) / (answers[1] + 4), 0.01, 0.99)
        weight = np.log(moved / (1 - moved)) - np.log(old / (1 - old))
        weights.append(weight)
        seen += weight * (found[2] - answers[2] * old)
        far += weight * answers[2] * (moved - old)
        calls += weight**2 * answers[2] * old * (1 - old) * (1 + answers[2] / (answers[0] + 4))
        pull += weight * answers[2] * old * (1 - old)
    shared = run_series(group, np.arange(end), PRIOR).shared
    sd = (calls + (VARIANCE + shared) * pull**2 / (end - start)) ** 0.5
    norm = scipy.stats.norm
    stayed = norm.pdf(seen, far, sd)
    wide = (sd**2 + far**2) ** 0.5
    return norm.pdf(seen, 0, sd) / stayed, norm.pdf(seen, 0, wide) / stayed * (seen * far < 0)


def evidence(group: StreamGroup, *, uniform: bool) -> ReturnEvidence:
    """Return the evidence after all 24 runs."""
    found = return_evidence(group, BEFORE, SINCE, PRIOR, VARIANCE, uniform=uniform)
    assert found
    return found


@pytest.mark.parametrize("beyond", [False, True])
@pytest.mark.parametrize(
    ("odds", "carried"), [(uniform_odds, 1.0), (sparse_odds, 0.5)], ids=["uniform", "sparse"]
)
def test_the_odds_are_those_of_normal_densities(
    odds: Odds, carried: float, *, beyond: bool
) -> None:
    """The mean over eight starts; a level far beyond the old one is a rival with odds of 0.03."""
    brand = group(21, carried, beyond=beyond)
    found = evidence(brand, uniform=odds is uniform_odds)
    every = [odds(brand, start, RUNS) for start in range(16, RUNS)]
    clipped = np.clip(every, np.exp(-50), np.exp(50))
    back, far = clipped.T
    if beyond:
        assert far.mean() > 1
    expected = back / (1 + 0.03 * far.mean())
    assert found.mean_odds == pytest.approx(expected.mean(), rel=1e-6)
    assert found.summed_odds == pytest.approx(expected.sum(), rel=1e-6)
    assert found.start == 16 + back.argmax()
    early = return_evidence(brand, BEFORE, SINCE[:2], PRIOR, VARIANCE, uniform=odds is uniform_odds)
    assert early
    back_at_once, beyond_at_once = odds(brand, 11, 12)
    assert early.mean_odds == pytest.approx(back_at_once / (1 + 0.03 * beyond_at_once))


@pytest.mark.parametrize("uniform", [True, False])
def test_a_brand_that_is_back_has_evidence_of_it(*, uniform: bool) -> None:
    """From the run with which it came back; one that stayed away has evidence of that."""
    back, away, above = (
        evidence(brand, uniform=uniform) for brand in (group(20), group(24), group(20, beyond=True))
    )
    assert back.mean_odds > 100
    assert abs(back.start - 20) <= 1
    assert away.mean_odds < 0.01
    assert above.mean_odds < back.mean_odds / 10


def test_few_runs_are_no_evidence() -> None:
    """Two since the change, and one before it, are needed."""
    brand = group(11)
    for before, since, enough in ((1, 2, True), (0, 2, False), (1, 1, False)):
        first = 10 - before
        rows = np.arange(first, 10), np.arange(10, 10 + since)
        found = return_evidence(brand, *rows, PRIOR, VARIANCE, uniform=True)
        assert bool(found) == enough
        if found:
            assert found.start == 11
