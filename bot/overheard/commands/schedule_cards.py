"""A schedule as a card, a row and JSON data, with its next checks.

The commands that change schedules are in ``schedules.py``; what is due when is in
``config/cron.py``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Card
from overheard.commands.arguments import in_words
from overheard.config.cron import Cron, find_zone
from overheard.deployment import Deployment
from overheard.domain import Schedule, ScheduleState

COLUMNS = ("Schedule", "When", "Next", "Last", "Brands", "Repeats", "From")
CHAT_COLUMNS = COLUMNS[:3]


async def schedule_card(
    deployment: Deployment, schedule: Schedule, title: str, text: str = ""
) -> Card:
    """Return a card about a schedule.

    Args:
        title: The card's title.
        text: The beginning of the text, with a space at its end. A sentence with the time of the
            next check follows, unless the schedule is paused.
    """
    state = await deployment.store.schedules.state(schedule.name, deployment.clock.now())
    text += next_run(deployment.clock.now(), schedule, state)
    return Card(title, text.rstrip(), data=schedule_data(deployment, schedule, state))


def next_run(now: datetime, schedule: Schedule, state: ScheduleState) -> str:
    """Return a sentence with the time of a schedule's next check, in the schedule's own time zone.
    Return an empty string if it is paused or never due again.
    """
    at = _next_run_time(now, schedule, state)
    return f"It runs next on {wording.moment(at, find_zone(schedule.timezone))}." if at else ""


def _next_run_time(now: datetime, schedule: Schedule, state: ScheduleState) -> datetime | None:
    """Return the time of a schedule's next run; None when it is paused or never due again."""
    if state.paused:
        return None
    return Cron(schedule.cron, schedule.timezone).after(now)


async def next_checks(deployment: Deployment) -> list[datetime]:
    """Return the time of the next check of each schedule, in the order of the catalogue. Schedules
    that are paused or never due again are left out.
    """
    times = []
    for schedule in deployment.catalogue.schedules:
        state = await deployment.store.schedules.state(schedule.name, deployment.clock.now())
        times.append(_next_run_time(deployment.clock.now(), schedule, state))
    return [at for at in times if at]


def schedule_cells(
    deployment: Deployment, schedule: Schedule, state: ScheduleState
) -> tuple[str, ...]:
    """Return the cells of a schedule in the list, in the order of `COLUMNS`. Times are in the
    schedule's own time zone; the last cell is ``config`` or ``people``.
    """
    next_words = "paused" if state.paused else "never"
    if at := _next_run_time(deployment.clock.now(), schedule, state):
        next_words = wording.moment(at, find_zone(schedule.timezone))
    return (
        schedule.name,
        f"{in_words(schedule.cron)} ({schedule.timezone})",
        next_words,
        last_run_words(schedule, state),
        wording.listing(schedule.brands) or "all",
        f"{schedule.repeats}, in batches" if schedule.batch else str(schedule.repeats),
        "config" if _is_declared(deployment, schedule) else "people",
    )


def last_run_words(schedule: Schedule, state: ScheduleState) -> str:
    """Return the due time of a schedule's last check in words, in the schedule's time zone. It is
    ``under way since ...`` while the check has not ended (or was interrupted), and ``failed, ...``
    if the check had a problem.

    If there was no check since the schedule was added, paused or resumed, no time is known: the
    result is ``failed`` if the last check before that had a problem, else empty.
    """
    zone = find_zone(schedule.timezone)
    if state.begun > state.done:
        return f"under way since {wording.moment(state.begun, zone)}"
    cron = Cron(schedule.cron, schedule.timezone)
    # When a schedule is added, paused or resumed, `done` is that moment, and no due time.
    is_due_time = cron.after(state.done - timedelta(seconds=1)) == state.done
    failed = "failed" if state.problem else ""
    if not is_due_time:
        return failed
    return ", ".join(filter(None, (failed, wording.moment(state.done, zone))))


def _is_declared(deployment: Deployment, schedule: Schedule) -> bool:
    """Return whether config.toml has a schedule of this name."""
    return any(declared.name == schedule.name for declared in deployment.config.schedules)


def schedule_data(
    deployment: Deployment, schedule: Schedule, state: ScheduleState
) -> dict[str, Any]:
    """Return a schedule and its state for JSON output. ``next`` is None when it is paused or never
    due again; ``last`` is the time of the last check, before the first one the time at which it was
    added.
    """
    at = _next_run_time(deployment.clock.now(), schedule, state)
    return {
        "name": schedule.name,
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "brands": list(schedule.brands),
        "repeats": schedule.repeats,
        "batch": schedule.batch,
        "paused": state.paused,
        "next": at.isoformat() if at else None,
        "last": state.done.isoformat(),
        "problem": state.problem,
        "provisioned": _is_declared(deployment, schedule),
    }
