"""`schedules add`, `edit` and `remove`: the schedules that people keep themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from overheard.cards.card import Card
from overheard.cards.command import MAX_NAME_CHARS, CommandSpec, Kind, Option, Role
from overheard.commands.schedules import KNOWN, declared, find_schedule, next_run, schedule_data
from overheard.config.cron import Cron
from overheard.deployment import Call, Deployment
from overheard.domain import Schedule
from overheard.errors import AlreadyThere, BadSchedule, ChangeNeedsYes, NothingToChange, ReadOnly
from overheard.runs.plan import find_brand


async def add_schedule(
    deployment: Deployment,
    call: Call,
    *,
    name: str,
    cron: str,
    timezone: str = "",
    brands: Sequence[str] = (),
    repeats: int = 1,
    batch: bool = False,
) -> Card:
    """Have a check run by itself.

    Args:
        deployment: The open deployment.
        call: Who asks and where, and who is shown progress.
        name: Unique.
        cron: Five fields: minute, hour, day of month, month, day of week.
        timezone: An IANA zone; empty means the reader's, where that has a name, and else UTC.
        brands: Names of brands; empty means all that are tracked.
        repeats: How often each prompt is asked.
        batch: Whether models that are sold in batches are asked in one.

    Raises:
        AlreadyThere: when there is one of this name.
        BadSchedule: when its times cannot be read.
        UnknownName: for a brand that does not exist.
    """
    catalogue = await deployment.store.catalogue()
    if any(schedule.name == name for schedule in catalogue.schedules):
        raise AlreadyThere(thing=f'The schedule "{name}"')
    zone = timezone or getattr(call.zone, "key", "UTC")
    new = Schedule(name, cron, zone, _named(deployment, brands), repeats, batch)
    return await _keep(deployment, call, new, "Added")


async def edit_schedule(
    deployment: Deployment,
    call: Call,
    *,
    name: str,
    cron: str = "",
    timezone: str = "",
    brands: Sequence[str] = (),
    repeats: int | None = None,
    batch: str | None = None,
) -> Card:
    """Change a schedule that somebody added; what is not given stays as it is.

    Raises:
        UnknownName: when there is none, or a brand does not exist.
        ReadOnly: when it stands in the configuration.
        BadSchedule: when its times cannot be read.
        NothingToChange: when nothing would change.
    """
    old = await find_schedule(deployment, name)
    changed = replace(
        old,
        cron=cron or old.cron,
        timezone=timezone or old.timezone,
        brands=_named(deployment, brands) or old.brands,
        repeats=repeats or old.repeats,
        batch=batch == YES if batch else old.batch,
    )
    if changed == old:
        raise NothingToChange(usage=SCHEDULES_EDIT.usage)
    return await _keep(deployment, call, changed, "Changed")


async def remove_schedule(
    deployment: Deployment, _: Call, *, name: str, agreed: bool = False
) -> Card:
    """Remove a schedule that somebody added. Its runs stay.

    Raises:
        UnknownName: when there is none.
        ReadOnly: when it stands in the configuration.
        ChangeNeedsYes: when nobody has agreed.
    """
    schedule = await find_schedule(deployment, name)
    if schedule.name in declared(deployment):
        raise _read_only(deployment, schedule)
    if not agreed:
        raise ChangeNeedsYes(change=f'the schedule "{schedule.name}" would be removed')
    await deployment.store.remove_schedule(schedule.name)
    text = "It runs no more. What it has asked is kept."
    return Card(f"Removed {schedule.name}", text, data={"removed": schedule.name})


async def _keep(deployment: Deployment, call: Call, schedule: Schedule, verb: str) -> Card:
    _check(schedule)
    if schedule.name in declared(deployment) or not await deployment.store.set_schedule(schedule):
        raise _read_only(deployment, schedule)
    now = deployment.clock.now()
    state = await deployment.store.schedule_state(schedule.name, now)
    text = next_run(deployment, call, schedule, state)
    return Card(
        f"{verb} {schedule.name}", text, data=schedule_data(deployment, schedule, state, now)
    )


def _check(schedule: Schedule) -> None:
    try:
        Cron("* * * * *", schedule.timezone)
    except ValueError as error:
        raise BadSchedule(key="timezone", problem=error) from None
    try:
        Cron(schedule.cron, schedule.timezone)
    except ValueError as error:
        problem = f'must have five fields, such as "0 7 * * mon" for Mondays at seven ({error})'
        raise BadSchedule(key="cron", problem=problem) from None


def _read_only(deployment: Deployment, schedule: Schedule) -> ReadOnly:
    return ReadOnly(thing=f'The schedule "{schedule.name}"', file=deployment.config.file)


def _named(deployment: Deployment, brands: Sequence[str]) -> tuple[str, ...]:
    return tuple(find_brand(deployment.catalogue, name).name for name in brands)


async def _filled(deployment: Deployment, _: Call, *, name: str, **__: Any) -> Mapping[str, Any]:
    """Return what a form for changing a schedule shows."""
    schedule = await find_schedule(deployment, name)
    return {
        "name": schedule.name,
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "brands": schedule.brands,
        "repeats": schedule.repeats,
        "batch": YES if schedule.batch else NO,
    }


YES, NO = "yes", "no"


_CRON = Option("cron", 'When: minute, hour, day, month, weekday, such as "0 7 * * mon".')
_ZONE = Option("timezone", "The zone, such as Europe/Berlin.", default="")
_BRANDS = Option(
    "brands", "Check this brand; without one, all.", Kind.BRAND, many=True, word="brand"
)
_REPEATS = Option("repeats", "How often each prompt is asked.", Kind.INTEGER, low=1)
_BATCH = Option("batch", "Ask in batches where they are sold: half price, up to 24 hours.")

SCHEDULES_ADD = CommandSpec(
    "schedules add",
    "Have a check run by itself.",
    add_schedule,
    (
        Option("name", "Its name.", required=True, positional=True, longest=MAX_NAME_CHARS),
        replace(_CRON, required=True, positional=True),
        _ZONE,
        _BRANDS,
        replace(_REPEATS, default=1),
        replace(_BATCH, kind=Kind.FLAG, default=False),
    ),
    Role.ADMIN,
    examples=(
        'schedules add weekly "0 7 * * mon"',
        'schedules add daily "30 6 * * *" --timezone Europe/Berlin --repeats 3',
        'schedules add nightly "0 1 * * *" --batch',
    ),
)
SCHEDULES_EDIT = CommandSpec(
    "schedules edit",
    "Change a schedule.",
    edit_schedule,
    (
        KNOWN,
        replace(_CRON, default=""),
        _ZONE,
        _BRANDS,
        _REPEATS,
        replace(_BATCH, choices=(YES, NO)),
    ),
    Role.ADMIN,
    examples=('schedules edit weekly --cron "0 8 * * mon"',),
    fill=_filled,
)
SCHEDULES_REMOVE = CommandSpec(
    "schedules remove",
    "Remove a schedule; what it has asked is kept.",
    remove_schedule,
    (KNOWN,),
    Role.ADMIN,
    confirms=True,
    examples=("schedules remove weekly",),
)
