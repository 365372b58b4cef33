"""Tests of what is normal: the runs that count."""

from overheard.detection.baseline import (
    MAX_BASELINE_RUNS,
    Baseline,
    Excursion,
    rows_with_answers,
    stream_rows,
)
from overheard.detection.simulate import Design, simulate
from overheard.domain import Model, Shift
from overheard.numpy_proxy import np

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
    assert rows_with_answers(part).tolist() == [0, 1]
