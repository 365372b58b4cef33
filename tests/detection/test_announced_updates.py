from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from scipy.stats import norm
from update_trials import UpdateTrial, run_updates

from overheard.detection.announced_updates import (
    DEFAULT_PLAN,
    FollowUpPlan,
    KnownChange,
    UpdateStatus,
    crossing,
    fits_update,
    follow_update,
    follow_updates,
    pocock,
)
from overheard.detection.control_variate import run_effect_variance
from overheard.detection.decision_inputs import change_interval, compare_sides, split_stream
from overheard.measure.blocks import Stream
from overheard_lab.panels import Design, simulate


def history(after: list[float], before: int = 10) -> tuple[Stream, datetime]:
    """Return ten prompts asked six times a run at a rate of 1/2, and then at these rates."""
    one = simulate(Design(runs=before + len(after), prompts=10), size=1, seed=1).stream(0)
    rates = np.array([0.5] * before + after)[:, None]
    n = np.full(one.n.shape, 6)
    total = np.round(6 * np.repeat(rates, 10, axis=1))
    stream = replace(one, n=n, total=total, squares=total)
    return stream, stream.runs[before].at if after else stream.runs[-1].at + timedelta(days=1)


def test_the_boundaries_are_pococks() -> None:
    """The constants of his table, at 0.05 and 0.01."""
    table = [1.960, 2.178, 2.289, 2.361, 2.413, 2.453]
    assert [pocock(looks) for looks in range(1, 7)] == pytest.approx(table, abs=1e-3)
    assert pocock(5, 0.01) == pytest.approx(2.986, abs=1e-3)


def test_the_recursion_agrees_with_simulation() -> None:
    """Four looks at a random walk cross 2 as often as it says."""
    walk = np.cumsum(np.random.default_rng(1).standard_normal((200_000, 4)), axis=1)
    crossed = (np.abs(walk / np.sqrt(np.arange(1, 5))) > 2).any(axis=1).mean()
    assert crossing(2.0, 4) == pytest.approx(crossed, abs=0.003)


def test_a_great_change_is_found_at_the_first_look() -> None:
    """And with it the size: from 1/2 to 0."""
    stream, at = history([0.0, 0.0])
    verdict = follow_update(stream, at, 0.03)
    assert verdict
    assert (verdict.finding, verdict.looks) == (UpdateStatus.MOVED, 1)
    assert (verdict.before, verdict.after, verdict.change) == pytest.approx((0.5, 0.0, -0.5))
    assert verdict.interval[0] <= -0.5 <= verdict.interval[1] < 0
    assert verdict.answers == (600, 60)


def test_runs_after_the_verdict_do_not_matter() -> None:
    """What was said stays said, also when the brand comes back."""
    short, at = history([0.0])
    long, _ = history([0.0, 0.5, 0.5, 0.5])
    assert follow_update(short, at, 0.03) == follow_update(long, at, 0.03)


def test_no_change_is_a_statement_too() -> None:
    """After six looks: it did not move by more than so much; a seventh does not matter."""
    stream, at = history([0.5] * 7)
    verdict = follow_update(stream, at, 0.01)
    assert verdict
    assert (verdict.finding, verdict.looks, verdict.change) == (UpdateStatus.STILL, 6, 0)
    assert 0.03 < verdict.bound < 0.2
    assert verdict.answers[1] == 360


def test_it_is_open_until_then() -> None:
    """Three looks of six without a finding say nothing yet."""
    stream, at = history([0.5] * 3)
    verdict = follow_update(stream, at, 0.01)
    assert verdict
    assert (verdict.finding, verdict.looks, verdict.most) == (UpdateStatus.OPEN, 3, 6)


def test_a_run_without_answers_is_no_look() -> None:
    """All its calls failed."""
    stream, at = history([0.5] * 3)
    failed = np.arange(13) == 11
    gap = replace(
        stream,
        n=np.where(failed[:, None], 0, stream.n),
        total=np.where(failed[:, None], 0.0, stream.total),
        squares=np.where(failed[:, None], 0.0, stream.squares),
    )
    verdict = follow_update(gap, at, 0.01)
    assert verdict
    assert verdict.looks == 2


def test_nothing_to_compare() -> None:
    """Without runs after the update there is no verdict, nor without any before."""
    stream, at = history([])
    assert follow_update(stream, at, 0.03) is None
    assert follow_update(stream, stream.runs[0].at, 0.03) is None


def test_a_brand_that_is_never_named_did_not_move() -> None:
    """No answer differs from any other: that is a finding and no error."""
    stream, at = history([0.5] * 6)
    never = replace(stream, total=0 * stream.total, squares=0 * stream.squares)
    verdict = follow_update(never, at, 0.03)
    assert verdict
    assert (verdict.finding, verdict.change) == (UpdateStatus.STILL, 0)
    assert verdict.bound < 0.1


def test_fewer_looks_have_a_lower_boundary() -> None:
    """Whoever looks less often needs less evidence."""
    assert FollowUpPlan(looks=3).boundary < DEFAULT_PLAN.boundary


@pytest.mark.parametrize(("tau", "power"), [(0.0, 0.93), (0.25, 0.83)])
def test_ten_points_are_seen(tau: float, power: float) -> None:
    """120 updates by -10 points: the power is 0.98 and 0.92, less three Monte-Carlo deviations,
    and the intervals hold the truth.
    """
    found = run_updates(UpdateTrial(tau=tau, brands=3), 120, seed=5)
    assert found.found >= power
    assert found.calls < 260
    assert found.held >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize(
    "tau",
    [pytest.param(0.0, marks=pytest.mark.long), 0.25, pytest.param(0.5, marks=pytest.mark.long)],
)
def test_updates_that_change_nothing_are_seldom_found_to(tau: float) -> None:
    """400 of them, at the level of 0.05, with three Monte-Carlo deviations."""
    assert run_updates(UpdateTrial(0.0, tau), 400, seed=6).found <= 0.05 + 3 * 0.011


def test_a_change_that_began_before_an_update_is_not_the_updates() -> None:
    """Two runs before it, or two runs after it: the update itself did not move the brand."""
    stream, at = history([0.1] * 6, before=10)  # the change is at `at`
    later = stream.runs[12].at
    change = KnownChange(at, frozenset({at}))
    [credulous] = follow_updates(stream, [], [later])
    [careful] = follow_updates(stream, [], [later], changes=[change])
    assert credulous
    assert credulous.finding is UpdateStatus.MOVED
    assert careful
    assert careful.finding is not UpdateStatus.MOVED

    [early] = follow_updates(stream, [], [stream.runs[8].at], changes=[change])
    assert early
    assert (early.finding, early.runs) == (UpdateStatus.OPEN, (8, 2))
    [own] = follow_updates(stream, [], [at], changes=[change])
    assert own
    assert own.finding is UpdateStatus.MOVED
    assert fits_update(at, stream.runs, change)
    assert not fits_update(later, stream.runs, change)


def test_it_says_what_excluding_five_points_would_take() -> None:
    """More runs since; with few runs before, no number of runs is enough."""
    many, at = history([0.5] * 6, before=40)
    few, early = history([0.5] * 6, before=3)
    still, unknown = follow_update(many, at, 0.0), follow_update(few, early, 0.03)
    assert still
    assert unknown

    assert still.keeps_level
    assert not unknown.keeps_level
    assert still.runs_to_exclude
    assert still.runs_to_exclude > 6
    assert unknown.runs_to_exclude is None
    enough, then = history([0.5] * still.runs_to_exclude, before=40)
    plan = FollowUpPlan(looks=still.runs_to_exclude)
    exact = follow_update(enough, then, 0.0, plan)
    assert exact
    # The boundary grows a little with the number of looks.
    assert exact.bound * DEFAULT_PLAN.boundary / plan.boundary == pytest.approx(0.05, abs=0.004)


@pytest.mark.parametrize("before", [2, 6, 30])
@pytest.mark.parametrize("tau2", [0.0, 0.003, 0.05])
def test_a_look_is_the_comparison_of_that_time(before: int, tau2: float) -> None:
    """Z and the means are those of the comparison; the interval covers as often as all looks
    together leave the boundary uncrossed; how many runs exclude five points is found by trying.
    """
    stream, at = history([0.45, 0.52, 0.5], before)
    found = follow_update(stream, at, tau2)
    compared = compare_sides(stream, stream.runs[before].id, tau2)
    assert found
    assert compared
    assert (found.finding, found.looks, found.runs) == (UpdateStatus.OPEN, 3, (before, 3))
    assert found.change == pytest.approx(compared.change)
    assert found.answers == compared.answers
    level = 2 * norm.cdf(DEFAULT_PLAN.boundary) - 1
    cut = split_stream(stream, stream.since(stream.runs[before].id))
    assert found.interval == pytest.approx(change_interval(cut, stream.scatter, tau2, level))
    assert found.bound == max(-found.interval[0], found.interval[1])
    assert found.keeps_level == (before >= 6)

    deviation = (found.interval[1] - found.interval[0]) / 2 / DEFAULT_PLAN.boundary
    effects = 1 - compared.v / compared.veff

    def variance(runs: float) -> float:
        """Return that of the change with so many runs since: either part falls as 1/n."""
        answers = found.answers[0], found.answers[1] * runs / 3
        now, then = sum(1 / n for n in found.answers), sum(1 / n for n in answers)
        calls = (1 - effects) * then / now
        return deviation**2 * (calls + effects * (1 / before + 1 / runs) / (1 / before + 1 / 3))

    target = (0.05 / DEFAULT_PLAN.boundary) ** 2
    tried = next((runs for runs in range(1, 10_000) if variance(runs) <= target), None)
    assert found.runs_to_exclude == tried


def test_numbers_have_no_five_points() -> None:
    """How many runs would exclude them is told of rates alone."""
    stream, at = history([0.5, 0.4], 20)
    ranks = replace(stream, total=3 * stream.total, squares=11 * stream.squares)
    found = follow_update(ranks, at, 0.0)
    assert found
    assert found.runs_to_exclude is None
    rates = follow_update(stream, at, 0.0)
    assert rates
    assert rates.runs_to_exclude


def test_a_single_prompt_is_not_compared() -> None:
    """However many its answers; two prompts are always enough."""
    stream, at = history([0.5] * 3, 3)
    one = replace(
        stream,
        prompts=stream.prompts[:1],
        n=np.where(np.arange(6) == 4, 20, 30)[:, None],
        total=np.full((6, 1), 10.0),
        squares=np.full((6, 1), 10.0),
    )
    assert follow_update(one, at, 0.0) is None
    two = replace(stream, prompts=stream.prompts[:2])
    two = replace(two, n=two.n[:, :2], total=two.total[:, :2], squares=two.squares[:, :2])
    assert follow_update(two, at, 0.0)


def cut(stream: Stream, runs: int) -> Stream:
    """Return the first runs of a stream."""
    parts = {name: getattr(stream, name)[:runs] for name in ("n", "total", "squares")}
    return replace(stream, runs=stream.runs[:runs], **parts)


def test_looks_at_an_update_end_at_the_next_and_a_moved_level_is_past() -> None:
    """Three updates: the first moves the brand, so its runs are the baseline of the later ones."""
    stream, first = history([0.1] * 9, 8)
    second, third = stream.runs[12].at, stream.runs[14].at
    one, two, three = follow_updates(stream, [], [first, second, third])
    assert one
    assert two
    assert three
    assert (one.finding, one.runs) == (UpdateStatus.MOVED, (8, 1))
    assert (two.finding, two.runs) == (UpdateStatus.OPEN, (4, 2))
    assert (three.finding, three.runs) == (UpdateStatus.OPEN, (6, 3))
    assert follow_updates(stream, [], []) == []


def test_changes_of_others_bound_what_is_compared() -> None:
    """Runs before the last change and from the next one on are left out; its own change counts."""
    stream, _ = history([0.5] * 4, 16)
    runs = [run.at for run in stream.runs]
    changes = [KnownChange(runs[at], frozenset(runs[at : at + 2])) for at in (2, 5, 14, 17)]
    [found] = follow_updates(stream, [], [runs[11]], changes=changes)
    assert found
    assert found.runs == (6, 3)
    own = KnownChange(runs[12], frozenset({runs[11], runs[12]}))
    [found] = follow_updates(stream, [], [runs[11]], changes=[own])
    assert found
    assert found.runs == (11, 6)
    same = KnownChange(runs[11], frozenset())
    [found] = follow_updates(stream, [], [runs[11]], changes=[same])
    assert found
    assert found.runs == (11, 6), "a change with the first run bounds neither side"


def test_rivals_help_to_estimate_the_run_effect_before_an_update() -> None:
    """Those of the runs that are compared, before the update."""
    world = simulate(Design(runs=16, tau=0.5), size=2, seed=3)
    mine, other = world.stream(0), world.stream(1)
    at = mine.runs[13].at
    found = [follow_updates(mine, others, [at]) for others in ([], [other])]
    for [effect], streams in zip(found, ([mine], [mine, other]), strict=True):
        tau2 = run_effect_variance([cut(stream, 13) for stream in streams], 0)
        assert effect == follow_update(mine, at, tau2)
    assert found[0] != found[1]
