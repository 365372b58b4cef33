"""Tests of what is normal: the runs that count."""

from dataclasses import replace

from overheard.detection.baseline import (
    MAX_BASELINE_RUNS,
    Baseline,
    Excursion,
    stream_rows,
    stream_since,
    stream_until,
)
from overheard.detection.control_variate import run_effect_prior
from overheard.domain import Model, Shift
from overheard.numpy_proxy import np
from overheard_lab.panels import Design, simulate

STREAM = simulate(Design(runs=150, prompts=5), size=1, seed=1).stream(0)
SHIFT = Shift("Acme", Model("a", "b"), "visibility", 8, 0.5, 0.2, -0.3, (-0.4, -0.2))


def test_a_return_cuts_the_excursion_out() -> None:
    """The runs before a change count again with those since the return."""
    baseline = Baseline(STREAM.runs, list(range(10)))
    assert baseline.runs_needed == 1
    baseline.restart(Excursion(SHIFT, 9, tuple(range(7)), "visibility", uniform=True, since=7))
    baseline.rows += [10, 11]
    assert (baseline.rows, baseline.runs_needed) == ([7, 8, 9, 10, 11], 2)
    baseline.resume(range(7), 11)
    assert baseline.rows == [0, 1, 2, 3, 4, 5, 6, 11]
    assert baseline.excursion is None
    assert (baseline.returns, baseline.deviating_share(12)) == (1, 0)
    baseline.restart(Excursion(SHIFT, 12, (0, 1, 2, 3, 4, 5, 6), "visibility", True, since=11))
    baseline.rows += [12, 13, 14]
    baseline.resume(range(7), 14)
    assert (baseline.returns, baseline.deviating_share(15)) == (2, 2 / 15)


def test_only_answered_and_recent_runs_count() -> None:
    """Runs without an answer are left out, and so are the oldest of very many."""
    answered = np.ones(150)
    answered[148] = 0
    rows = Baseline(STREAM.runs, list(range(149))).until(149, answered)
    assert (rows[0], len(rows)) == (29, MAX_BASELINE_RUNS)
    assert 148 not in rows


def test_a_part_of_a_stream_keeps_its_kind() -> None:
    """Some runs of a stream are a stream of the same kind."""
    part = stream_rows(STREAM, np.array([3, 5]))
    assert part.runs == (STREAM.runs[3], STREAM.runs[5])
    assert part.binary
    assert part.n.any(axis=1).all()


def test_a_change_of_the_model_makes_the_runs_before_it_past() -> None:
    """And what was an excursion from their level; where there were none, nothing changes."""
    baseline = Baseline(STREAM.runs, list(range(10)))
    excursion = Excursion(SHIFT, 9, (0, 1), "visibility", uniform=True, since=2)
    baseline.excursion = excursion
    assert baseline.begin(STREAM.runs[0]) is False
    assert (baseline.rows, baseline.excursion) == (list(range(10)), excursion)
    assert baseline.begin(STREAM.runs[7]) is True
    assert (baseline.rows, baseline.runs_needed) == ([7, 8, 9], 1)


def test_a_change_that_goes_further_keeps_the_level_before_the_first() -> None:
    """Of its metric and in its direction; the brand may return to either level."""
    first = Excursion(SHIFT, 9, (0, 1), "visibility", uniform=True, since=2)
    rise = replace(SHIFT, change=0.3)
    other = replace(SHIFT, metric="top1")
    for shift, levels in ((SHIFT, 2), (rise, 1), (other, 1)):
        baseline = Baseline(STREAM.runs, list(range(10)), first)
        baseline.restart(Excursion(shift, 12, (3, 4), shift.metric, uniform=True, since=10))
        assert baseline.excursion
        assert len(list(baseline.excursion.levels)) == levels


def test_what_is_expected_of_a_provider() -> None:
    """ChatGPT's run effects are each brand's own, and Google's are shared."""
    chatgpt, gemini, unknown = (
        run_effect_prior(Model(provider, "m")) for provider in ("openai", "google", "svc")
    )
    assert chatgpt.own > chatgpt.shared
    assert gemini.shared > gemini.own
    assert unknown.own == unknown.shared == 0.03


def test_streams_are_cut_at_runs() -> None:
    """Up to a run with that one, and from it on."""
    run = STREAM.runs[40]
    assert stream_until(STREAM, run).runs == STREAM.runs[:41]
    since = stream_since(STREAM, run)
    assert since.runs == STREAM.runs[40:]
    assert np.array_equal(since.n, STREAM.n[40:])
