from datetime import UTC, datetime, timedelta
from math import log

from overheard.detection.announced_updates import (
    Burst,
    BurstPolicy,
    BurstSigns,
    MadeRun,
    next_burst,
)
from overheard.measure.blocks import RunKey

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
PROMPTS = [f"p{n}" for n in range(10)]
DOUBT, CALM = BurstSigns(log(4)), BurstSigns(log(2))


def runs(bursts: int, *, before: int = 0) -> list[MadeRun]:
    """Return a scheduled run with so many bursts after it, and as many of a week before."""
    first = [
        MadeRun(RunKey(MONDAY - timedelta(days=7) + n * timedelta(hours=3), n), 30, n > 0)
        for n in range(before)
    ]
    again = [
        MadeRun(RunKey(MONDAY + n * timedelta(hours=3), 100 + n), 30, n > 0)
        for n in range(bursts + 1)
    ]
    return first + again


def step(made: list[MadeRun], signs: BurstSigns, policy: BurstPolicy | None = None) -> Burst | None:
    """Return the next burst, an hour after the latest run."""
    now = made[-1].run.at + timedelta(hours=1) if made else MONDAY
    return next_burst(
        made,
        signs,
        policy or BurstPolicy(),
        scheduled=1560,
        now=now,
        prompts=PROMPTS,
        streams=[],
        seed=1,
    )


def test_nothing_unusual_needs_no_burst() -> None:
    """A Bayes factor of 2 is none."""
    assert step(runs(0), CALM) is None


def test_a_suspicion_asks_again_three_hours_later() -> None:
    """30 calls, and a reason."""
    burst = step(runs(0), DOUBT)
    assert burst
    assert burst.at == MONDAY + timedelta(hours=3)
    assert burst.calls == 30
    assert burst.reason == "something may have changed, burst 1 of at most 8"


def test_a_late_scheduler_does_not_wait_longer() -> None:
    """Three hours after the run are over: it may begin now."""
    now = MONDAY + timedelta(days=2)
    burst = next_burst(runs(0), DOUBT, scheduled=1560, now=now, prompts=PROMPTS, streams=[], seed=1)
    assert burst
    assert burst.at == now


def test_the_bursts_end() -> None:
    """With the alarm, with the suspicion, or after eight."""
    assert step(runs(3), DOUBT)
    assert step(runs(3), BurstSigns(log(4), alarm=True)) is None
    assert step(runs(3), CALM) is None
    assert step(runs(8), DOUBT) is None


def test_the_next_scheduled_run_counts_anew() -> None:
    """Eight bursts last week do not forbid one now."""
    assert step(runs(0, before=9), DOUBT)


def test_a_sign_of_an_update_asks_for_one_burst() -> None:
    """It raises no alarm by itself, and asks once."""
    hit = BurstSigns(log(2), update=True)
    burst = step(runs(0), hit)
    assert burst
    assert burst.reason == "the model may have been updated"
    assert step(runs(1), hit) is None


def test_the_budget_is_kept() -> None:
    """What the schedule needs is kept for it; bursts of the last 365 days count."""
    made = runs(2)
    assert step(made, DOUBT, BurstPolicy(budget=1560 + 90))
    assert step(made, DOUBT, BurstPolicy(budget=1560 + 89)) is None
    old = [MadeRun(RunKey(MONDAY - timedelta(days=366), 1), 400, burst=True), *made]
    assert step(old, DOUBT, BurstPolicy(budget=1560 + 90))


def test_before_the_first_run_there_is_nothing_to_suspect() -> None:
    """However strong the evidence is."""
    assert step([], DOUBT) is None
