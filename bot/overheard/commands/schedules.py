"""`schedules`: which checks run by themselves, when next, and how the last one went."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Card, Severity, Table
from overheard.cards.command import CommandSpec, Kind, Option, Role
from overheard.commands.burst_plans import BURSTS, planned_bursts, planned_data, sentence
from overheard.commands.check import check
from overheard.config.cron import Cron
from overheard.config.settings import suggestion
from overheard.deployment import Call, Deployment
from overheard.domain import Schedule, ScheduleState
from overheard.errors import UnknownName


async def list_schedules(deployment: Deployment, call: Call) -> Card:
    """Show all schedules, when each runs next and how its last run went, and planned bursts."""
    catalogue = await deployment.store.catalogue()
    now = deployment.clock.now()
    states = [await deployment.store.schedule_state(s.name, now) for s in catalogue.schedules]
    found = list(zip(catalogue.schedules, states, strict=True))
    automatic = deployment.config.bursts.automatic
    plans = await planned_bursts(deployment) if automatic else []
    jobs = [*states, await deployment.store.schedule_state(BURSTS, now)] if plans else states
    problems = [f"{state.name}: {state.problem}" for state in jobs if state.problem]
    text = "\n\n".join([*problems, *(sentence(deployment, call, plan) for plan in plans)])
    if not found:
        text = 'There are none. Add one with: schedules add weekly "0 7 * * mon"'
    header = ("Schedule", "When", "Next", "Last", "Brands", "Repeats", "From")
    rows = tuple(_row(deployment, call, schedule, state, now) for schedule, state in found)
    return Card(
        title=wording.count(len(found), "schedule"),
        text=text,
        table=Table(header, rows, frozenset({5})) if rows else None,
        severity=Severity.WARNING if problems else Severity.PLAIN,
        footer="Carried out by overheard run." if rows else "",
        data={
            "schedules": [schedule_data(deployment, *each, now) for each in found],
            "bursts": [planned_data(plan) for plan in plans],
        },
    )


async def pause_schedule(deployment: Deployment, call: Call, *, name: str) -> Card:
    """Leave a schedule out until it is resumed.

    Raises:
        UnknownName: when there is none.
    """
    return await _switch(deployment, call, name, paused=True)


async def resume_schedule(deployment: Deployment, call: Call, *, name: str) -> Card:
    """Let a schedule run again. What was due while it was paused is not made up for.

    Raises:
        UnknownName: when there is none.
    """
    return await _switch(deployment, call, name, paused=False)


async def run_schedule(
    deployment: Deployment, call: Call, *, name: str, agreed: bool = False
) -> Card:
    """Run a schedule's check now.

    Raises:
        UnknownName: when there is none.
        ConfirmationNeeded: when it may cost something and nobody has agreed.
    """
    schedule = await find_schedule(deployment, name)
    return await carry_out_schedule(deployment, call, schedule, agreed=agreed)


async def carry_out_schedule(
    deployment: Deployment, call: Call, schedule: Schedule, *, agreed: bool
) -> Card:
    """Check what a schedule says, as anybody else would."""
    return await check(
        deployment,
        call,
        brands=schedule.brands,
        repeats=schedule.repeats,
        batch=schedule.batch,
        agreed=agreed,
        label=schedule.name,
    )


async def _switch(deployment: Deployment, call: Call, name: str, *, paused: bool) -> Card:
    schedule = await find_schedule(deployment, name)
    now = deployment.clock.now()
    changed = await deployment.store.pause_schedule(schedule.name, now, paused=paused)
    state = await deployment.store.schedule_state(schedule.name, now)
    already = "" if changed else " already"
    is_now, then = "paused" if paused else "running", next_run(deployment, call, schedule, state)
    text = f"It is {is_now}{already}. {then}"
    return Card(schedule.name, text.rstrip(), data=schedule_data(deployment, schedule, state, now))


async def find_schedule(deployment: Deployment, name: str) -> Schedule:
    """Return a schedule by its name, whatever its case.

    Raises:
        UnknownName: when there is none.
    """
    schedules = (await deployment.store.catalogue()).schedules
    names = [schedule.name for schedule in schedules]
    for schedule in schedules:
        if schedule.name.casefold() == name.casefold():
            return schedule
    known = ", ".join(names) or "none yet"
    raise UnknownName(kind="schedule", name=name, hint=suggestion(name, names), known=known)


def declared(deployment: Deployment) -> set[str]:
    """Return the names of the schedules that stand in the configuration."""
    return {schedule.name for schedule in deployment.config.schedules}


def next_run(deployment: Deployment, call: Call, schedule: Schedule, state: ScheduleState) -> str:
    """Say when a schedule runs next; an empty string when it does not."""
    at = next_time(Cron(schedule.cron, schedule.timezone), state, deployment.clock.now())
    return f"It runs next on {wording.moment(at, call.zone)}." if at else ""


def _row(
    deployment: Deployment, call: Call, schedule: Schedule, state: ScheduleState, now: datetime
) -> tuple[str, ...]:
    at = next_time(Cron(schedule.cron, schedule.timezone), state, now)
    after = "paused" if state.paused else "never"
    return (
        schedule.name,
        f"{schedule.cron} ({schedule.timezone})",
        wording.moment(at, call.zone) if at else after,
        _last(call, schedule, state),
        wording.listing(schedule.brands) or "all",
        f"{schedule.repeats}, in batches" if schedule.batch else str(schedule.repeats),
        "config" if schedule.name in declared(deployment) else "people",
    )


def _last(call: Call, schedule: Schedule, state: ScheduleState) -> str:
    if state.begun > state.done:
        return f"under way since {wording.moment(state.begun, call.zone)}"
    cron = Cron(schedule.cron, schedule.timezone)
    if not state.problem and cron.after(state.done - timedelta(seconds=1)) != state.done:
        return ""  # when it was first seen or resumed: it has not run since
    ended = "failed, " if state.problem else ""
    return ended + wording.moment(state.done, call.zone)


def schedule_data(
    deployment: Deployment, schedule: Schedule, state: ScheduleState, now: datetime
) -> dict[str, Any]:
    """Return a schedule for machines."""
    at = next_time(Cron(schedule.cron, schedule.timezone), state, now)
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
        "provisioned": schedule.name in declared(deployment),
    }


KNOWN = Option("name", "Its name.", Kind.SCHEDULE, required=True, positional=True)
SCHEDULES_LIST = CommandSpec(
    "schedules list",
    "Show which checks run by themselves, and when next.",
    list_schedules,
    examples=("schedules list",),
)
SCHEDULES_PAUSE = CommandSpec(
    "schedules pause",
    "Leave a schedule out until it is resumed.",
    pause_schedule,
    (KNOWN,),
    Role.ADMIN,
    examples=("schedules pause weekly",),
)
SCHEDULES_RESUME = CommandSpec(
    "schedules resume",
    "Let a schedule run again.",
    resume_schedule,
    (KNOWN,),
    Role.ADMIN,
    examples=("schedules resume weekly",),
)
SCHEDULES_RUN = CommandSpec(
    "schedules run",
    "Run a schedule's check now.",
    run_schedule,
    (KNOWN,),
    Role.OPERATOR,
    spends=True,
    examples=("schedules run weekly",),
    chart="",
)


def next_time(cron: Cron, state: ScheduleState | None, now: datetime) -> datetime | None:
    """Return when a job is due next; None when it is paused or never due again."""
    return None if state and state.paused else cron.after(now)
