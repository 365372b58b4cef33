from dataclasses import replace

import numpy as np
import pytest
import scipy
from known_time import number_p_value

from overheard.detection.decision_inputs import split_stream
from overheard.detection.known_time import rate_p_values, successes
from overheard.measure.intervals import Sums
from overheard_lab.panels import Design, simulate


def sums(n: list[int], total: list[int]) -> Sums:
    """Return the sums of answers of 0 and 1."""
    counts, hits = np.array(n, dtype=float), np.array(total, dtype=float)
    return Sums(counts, hits, hits)


def test_one_prompt_is_hypergeometric() -> None:
    """With one prompt that varies, the distribution is Fisher's."""
    low, masses = successes(sums([6, 4], [2, 4]), sums([3, 5], [2, 5]))
    assert low == 5
    assert masses == pytest.approx(scipy.stats.hypergeom.pmf(np.arange(4), 9, 4, 3))


def test_prompts_convolve() -> None:
    """The chances of the sum over prompts are those of all ways to make it."""
    low, masses = successes(sums([2, 3], [1, 1]), sums([2, 2], [1, 2]))
    pmf = scipy.stats.hypergeom.pmf
    one, two = pmf(np.arange(3), 4, 2, 2), pmf(np.arange(3), 5, 3, 2)
    assert low == 0
    assert masses == pytest.approx(np.convolve(one, two))
    assert masses.sum() == pytest.approx(1)


def test_moods_weaken_the_evidence() -> None:
    """The larger the run effects, the larger the p-value; without run effect it is Fisher's."""
    stream = simulate(Design(runs=4), size=1, seed=6).stream(0)
    stream.total[3] = np.minimum(stream.total[3] + 1, 3)
    cut = split_stream(stream, stream.since(4))
    p = [rate_p_values(cut, cut.run_effect_sd(tau2))[0] for tau2 in (0.0, 1e-9, 0.03, 0.1, 0.5)]
    assert p[1] == pytest.approx(p[0], rel=1e-4)
    assert p == sorted(p)


def test_many_answers_come_to_the_normal() -> None:
    """With thousands of answers both p-values agree with the normal one."""
    n = np.full((2, 40), 60)
    rng = np.random.default_rng(1)
    total = rng.binomial(n, 0.4).astype(float)
    stream = simulate(Design(runs=2, prompts=40), size=1, seed=1).stream(0)
    stream = replace(stream, n=n, total=total, squares=total)
    cut = split_stream(stream, stream.since(2))
    expected = 2 * scipy.stats.norm.sf(abs(cut.u) / cut.v**0.5)
    assert number_p_value(cut, 0.0) == pytest.approx(expected, abs=0.005)
    assert rate_p_values(cut, 0.0)[0] == pytest.approx(expected, abs=0.03)
