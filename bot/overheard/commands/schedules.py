"""`schedules`: the checks that take place by themselves, the time of the next one, and how the last
one went.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from overheard.alerts.bursts import burst_sentence, planned_bursts, planned_data
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Style, Table, picked
from overheard.cards.command import (
    MAX_NAME_CHARS,
    CommandSpec,
    Face,
    Kind,
    Option,
    Proposal,
    Role,
    argument,
    option,
)
from overheard.commands.arguments import in_words, read_words
from overheard.commands.catalogue import CatalogueNoun, find_brands, optional
from overheard.commands.check import check
from overheard.commands.routes import time_zone_name
from overheard.config.cron import Cron, find_zone, read_cron
from overheard.config.problems import unknown_name
from overheard.config.sections import Config
from overheard.deployment import Call
from overheard.domain import BURSTS, Catalogue, Schedule, ScheduleState
from overheard.errors import BadSchedule
from overheard.views.situation import next_run_time

COLUMNS = ("Schedule", "When", "Next", "Last", "Brands", "Repeats", "From")
CHAT_COLUMNS = COLUMNS[:3]


async def schedule_card(call: Call, schedule: Schedule, title: str, text: str = "") -> Card:
    """Return a card about a schedule.

    Args:
        title: The card's title.
        text: The beginning of the text, with a space at its end. A sentence with the time of the
            next check follows, unless the schedule is paused.
    """
    state = await call.store.schedules.state(schedule.name, call.clock.now())
    at = next_run_time(call.clock.now(), schedule, state)
    text += next_run(schedule, at) if at else ""
    return Card(title, text.rstrip(), data=schedule_data(call, schedule, state))


def next_run(schedule: Schedule, at: datetime) -> str:
    """Return a sentence with the time of a schedule's next check, in the schedule's own zone."""
    return f"It runs next on {wording.moment(at, find_zone(schedule.timezone))}."


def schedule_cells(call: Call, schedule: Schedule, state: ScheduleState) -> tuple[str, ...]:
    """Return the cells of a schedule in the list, in the order of `COLUMNS`. Times are in the
    schedule's own time zone; the last cell is ``config`` or ``people``.
    """
    next_words = "paused" if state.paused else "never"
    if at := next_run_time(call.clock.now(), schedule, state):
        next_words = wording.moment(at, find_zone(schedule.timezone))
    return (
        schedule.name,
        f"{in_words(schedule.cron)} ({schedule.timezone})",
        next_words,
        last_run_words(schedule, state),
        wording.listing(schedule.brands) or "all",
        f"{schedule.repeats}, in batches" if schedule.batch else str(schedule.repeats),
        "config" if _is_declared(call.config, schedule) else "people",
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


def _is_declared(config: Config, schedule: Schedule) -> bool:
    """Return whether config.toml has a schedule of this name."""
    return any(declared.name == schedule.name for declared in config.schedules)


def schedule_data(call: Call, schedule: Schedule, state: ScheduleState) -> dict[str, Any]:
    """Return a schedule and its state for JSON output. ``next`` is None when it is paused or never
    due again; ``last`` is the time of the last check, before the first one the time at which it was
    added.
    """
    at = next_run_time(call.clock.now(), schedule, state)
    return {
        **picked(schedule, "name", "cron", "timezone", "brands", "repeats", "batch"),
        **picked(state, "paused", "problem"),
        "next": at.isoformat() if at else None,
        "last": state.done.isoformat(),
        "provisioned": _is_declared(call.config, schedule),
    }


WEEKLY = "weekly"
"""The name of the schedule that the set-up makes, and of a new one without a name."""
_KEY = argument("Its name.", Kind.SCHEDULE)
ScheduleName = Annotated[str, _KEY]


async def list_schedules(call: Call) -> Card:
    """Return the card of all schedules in the catalogue's order: when each checks next, what went
    wrong in its last check, and which bursts (small extra runs where a change is suspected) are
    planned. The card is a warning if anything went wrong.

    A terminal also shows the last check, brands, repeats and origin of each schedule. A chat has a
    button to choose days and a time.
    """
    catalogue = await call.store.catalogue.current()
    now, in_terminal = call.clock.now(), call.face is Face.TERMINAL
    states = [await call.store.schedules.state(s.name, now) for s in catalogue.schedules]
    pairs = list(zip(catalogue.schedules, states, strict=True))
    plans = await planned_bursts(call) if call.config.bursts.automatic else []
    jobs = [*states, await call.store.schedules.state(BURSTS, now)] if plans else states
    problems = [f"{state.name}: {state.problem}" for state in jobs if state.problem]
    text = "\n\n".join([*problems, *(burst_sentence(call, plan) for plan in plans)])
    if not pairs:
        text = (
            'There are none. Add one with: schedules add weekly "every Monday at 9"'
            if in_terminal
            else "None yet: I ask only when you say so."
        )
    columns = COLUMNS if in_terminal else CHAT_COLUMNS
    rows = tuple(schedule_cells(call, *pair)[: len(columns)] for pair in pairs)
    numbers = frozenset({COLUMNS.index("Repeats")}) if in_terminal else frozenset()
    return Card(
        title=wording.count(len(pairs), "schedule"),
        text=text,
        table=Table(columns, rows, numbers) if rows else None,
        severity=Severity.WARNING if problems else Severity.PLAIN,
        actions=() if in_terminal else (Action("schedules add", "When I ask", Style.PRIMARY),),
        footer="Carried out by overheard run." if rows and in_terminal else "",
        data={
            "schedules": [schedule_data(call, *pair) for pair in pairs],
            "bursts": [planned_data(plan) for plan in plans],
        },
    )


async def pause_schedule(
    call: Call, *, name: ScheduleName, undo: Annotated[bool, option("Let it run again.")] = False
) -> Card:
    """Store a schedule as paused: no check begins by itself until that is undone; checks that were
    due during the pause are not made up. If it was so already, the card says ``already``.
    """
    schedule = find_schedule(await call.store.catalogue.current(), name)
    now = call.clock.now()
    switched = await call.store.schedules.pause(schedule.name, now, paused=not undo)
    state = f"{'running' if undo else 'paused'}{'' if switched else ' already'}"
    return await schedule_card(call, schedule, schedule.name, f"It is {state}. ")


async def run_schedule(call: Call, *, name: ScheduleName, seed: int | None = None) -> Proposal:
    """Return a proposal to make a schedule's check now, with its price. Nothing is asked yet. The
    schedule's own times, and whether it is paused, are ignored.

    Args:
        seed: The base of the sampling seeds that models get; None draws a random number.

    Raises:
        UnknownName: for an unknown schedule, or a brand of it that does not exist.
        NothingToAsk: when no prompt or no model is configured.
    """
    schedule = find_schedule(await call.store.catalogue.current(), name)
    return await check_schedule(call, schedule, seed)


async def check_schedule(call: Call, schedule: Schedule, seed: int | None = None) -> Proposal:
    """Return a proposal to check a schedule's brands with its repeats, with the price. Nothing is
    asked yet. All models are asked, and what plugins keep as `Work.keep` says.

    Args:
        call: The person or schedule that asks, the channel, and the progress display.
        seed: The base of the sampling seeds that models get; None draws a random number.

    Raises:
        NothingToAsk: when no prompt or no model is configured.
    """
    kept = (await call.kept()).values()
    also = [model for one in kept for model in one.get("also_ask", ())]
    leave = {model for one in kept for model in one.get("leave", ())}
    models = dict.fromkeys((*map(str, call.plugins.models), *also))
    return await check(
        call,
        models=[model for model in models if model not in leave] if also else (),
        brands=schedule.brands,
        repeats=schedule.repeats,
        batch=schedule.batch,
        seed=seed,
        label=schedule.name,
    )


def find_schedule(catalogue: Catalogue, name: str, kind: str = "schedule") -> Schedule:
    """Return the first schedule with a name, in any case of letters.

    Args:
        name: The name of the schedule, such as ``weekly``.
        kind: The noun in the error, such as ``schedule``.

    Raises:
        UnknownName: for an unknown schedule; the error lists the names that exist.
    """
    for schedule in catalogue.schedules:
        if schedule.name.casefold() == name.casefold():
            return schedule
    raise unknown_name(kind, name, [schedule.name for schedule in catalogue.schedules])


async def _checked_schedule(call: Call, schedule: Schedule, before: Schedule | None) -> Schedule:
    """Return a schedule in the form in which it is stored: the times as a cron expression, an IANA
    time zone, brands by their full names.
    """
    zone = time_zone_name(schedule.timezone, call)
    schedule = replace(schedule, cron=read_words(schedule.cron))
    try:
        read_cron(schedule.cron, zone)
    except ValueError as error:
        raise BadSchedule(key="cron", problem=error) from None
    brands = schedule.brands
    if before is None or before.brands != brands:
        brands = find_brands(call.catalogue, brands)
    return replace(schedule, timezone=zone, brands=brands)


async def _changed_card(call: Call, schedule: Schedule, __: Schedule | None, done: str) -> Card:
    """Return the card of a schedule that was added or changed: its times in words, the price of one
    check, and when it checks next. `done` is the participle in the title, ``Added`` or ``Changed``.
    """
    brands, repeats, batch = schedule.brands, schedule.repeats, schedule.batch
    price = await call.price(brands=brands, repeats=repeats, batch=batch)
    cost = price.short if price else "at the price of its questions"
    text = f"I ask {in_words(schedule.cron)}, {cost} each time. "
    return await schedule_card(call, schedule, f"{done} {schedule.name}", text)


async def fill_edit(call: Call, **given: Any) -> Mapping[str, Any]:
    """Return the values of the form in which a schedule is edited; its times are in words."""
    values = await SCHEDULES.fill(call, **given)
    return {**values, "cron": in_words(values["cron"])}


_FIELDS = (
    Option(
        "cron",
        "When, such as every Monday at 9, or in cron.",
        required=True,
        positional=True,
        label="When",
        example="every Monday at 9",
    ),
    Option("timezone", "Such as Europe/Berlin.", default="", label="Time zone"),
    Option("brands", "Check this brand; without one, all.", Kind.BRAND, many=True, word="brand"),
    Option("repeats", "How often each question is asked.", Kind.INTEGER, default=1, low=1),
    Option("batch", "Ask in batches: half price, up to 24 hours.", Kind.FLAG, default=False),
)

SCHEDULES: CatalogueNoun[Schedule] = CatalogueNoun(
    name="schedules",
    singular="schedule",
    shape=Schedule,
    key=(replace(_KEY, name="name", required=True),),
    new=(Option("name", "Its name.", required=True, positional=True, longest=MAX_NAME_CHARS),),
    fields=_FIELDS,
    edit_fields=optional(_FIELDS),
    find=lambda _, among, given, kind: find_schedule(among, given["name"], kind),
    reference=lambda schedule: (schedule.name,),
    label=lambda schedule: f'The schedule "{schedule.name}"',
    loss=lambda schedule: (
        f'the schedule "{schedule.name}" runs no more, and what it has asked is kept'
    ),
    keep=lambda store, schedule: store.catalogue.set_schedule(schedule),
    retire=lambda store, schedule: store.catalogue.remove_schedule(schedule.name),
    check=_checked_schedule,
    card=_changed_card,
    title=lambda schedule: schedule.name,
    restores=False,
)

SCHEDULES_LIST = CommandSpec(
    "schedules list", "Show which checks run by themselves, and when next.", list_schedules
)
SCHEDULES_PAUSE = CommandSpec(
    "schedules pause",
    "Leave a schedule out, or let it run again.",
    pause_schedule,
    role=Role.ADMIN,
    examples=("schedules pause weekly", "schedules pause weekly --undo"),
)
SCHEDULES_RUN = CommandSpec(
    "schedules run",
    "Run a schedule's check now.",
    run_schedule,
    role=Role.OPERATOR,
    spends=True,
    examples=("schedules run weekly",),
    chart="",
)
SCHEDULES_ADD = SCHEDULES.command(
    "add",
    "Have a check run by itself.",
    'schedules add weekly "every Monday at 9"',
    'schedules add weekly "0 7 * * mon"',
    'schedules add daily "30 6 * * *" --timezone Europe/Berlin --repeats 3',
    'schedules add nightly "0 1 * * *" --batch',
)
SCHEDULES_EDIT = replace(
    SCHEDULES.command(
        "edit",
        "Change a schedule.",
        'schedules edit weekly --cron "every Monday at 8"',
        'schedules edit weekly --cron "0 8 * * mon"',
    ),
    fill=fill_edit,
)
SCHEDULES_REMOVE = SCHEDULES.command(
    "remove", "Remove a schedule; what it has asked is kept.", "schedules remove weekly"
)
