"""Tests of the cells in the list of schedules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from overheard.commands.schedules import last_run_words
from overheard.domain import Schedule
from overheard.domain.operations import ScheduleState

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
WEEKLY = Schedule("weekly", "0 9 * * mon", "UTC")


def test_the_last_check_is_told_by_its_due_time_and_never_by_that_of_a_pause() -> None:
    """A pause moves the state's times to its own, and the failure before it stays known."""
    ended = ScheduleState("weekly", paused=False, begun=NINE, done=NINE)
    later = NINE + timedelta(hours=2, minutes=30)
    paused = replace(ended, paused=True, begun=later, done=later)

    assert last_run_words(WEEKLY, ended) == "2 Mar 2026, 09:00 UTC"
    assert last_run_words(WEEKLY, replace(ended, problem="x")).startswith("failed, 2 Mar 2026")
    assert last_run_words(WEEKLY, replace(ended, begun=later)).startswith("under way since 2 Mar")
    assert last_run_words(WEEKLY, paused) == ""
    assert last_run_words(WEEKLY, replace(paused, problem="x")) == "failed"
