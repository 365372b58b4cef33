"""`setup places`: the fourth step of the set-up in chat: the channel of alerts, the times of
checks, and the budget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Annotated

from overheard.cards import wording
from overheard.cards.command import IN_CHAT, CommandSpec, FormContent, Kind, Role, Step, option
from overheard.commands.arguments import (
    DAY_CHOICES,
    USUAL_DAYS,
    USUAL_TIME,
    WEEKDAYS,
    cron_of,
    days_of,
    in_words,
)
from overheard.commands.power import current_offer
from overheard.commands.schedules import WEEKLY
from overheard.commands.setup_checklist import step_after
from overheard.commands.setup_draft import (
    DAYS_A_MONTH,
    REPEATS,
    drafted_brand,
    price_of_questions,
    suggester,
)
from overheard.config.cron import find_zone
from overheard.config.stored_settings import BUDGET, DIGEST, MONTH, ROUTE
from overheard.deployment import Call, Deployment
from overheard.domain import TERMINAL, Brand, Schedule, Setting
from overheard.errors import BadSchedule, ReadOnly

DIGEST_DELAY_H = 1
"""Hours from the check to the weekly summary."""
RUNS_A_MONTH = 4
"""Weekly runs within which a loss is to be noticed."""


@dataclass(frozen=True, slots=True)
class PlaceChoice:
    """What a person chose in the form of `setup places`.

    Attributes:
        channel: The channel of alerts and of the weekly summary, as ``platform:id``; `TERMINAL` for
            none.
        days: Keys of `WEEKDAYS`; empty for Monday.
        time: The time of day of a check; empty for 9:00.
        timezone: An IANA time zone; empty for the person's.
        month: The most US dollars a month; None leaves the budget as it is.
    """

    channel: str
    days: tuple[str, ...] = ()
    time: str = ""
    timezone: str = ""
    month: float | None = None


async def store_places(
    deployment: Deployment, call: Call, brand: Brand, choice: PlaceChoice
) -> None:
    """Store what a person chose in the form: the schedule of checks, that alerts and a weekly
    summary are posted in a channel, and the budget of a month.

    The schedule is called `WEEKLY`. An existing one keeps its brands and repeats, and is not stored
    again if its times are the same. The summary follows the first check of the week. In a terminal
    there is no channel, and neither alerts nor a summary are stored. The budget is stored only if
    config.toml has none.

    Args:
        brand: The brand of a new schedule.

    Raises:
        BadSchedule: when a day, the time or the zone cannot be read; nothing is stored then.
        ReadOnly: when config.toml has a schedule of this name with other times, or another budget
            of a month; nothing is stored then.
    """
    declared = deployment.configured.budget.month
    if choice.month is not None and declared is not None and choice.month != declared:
        thing = f"The budget of a month ({wording.money(declared)})"
        raise ReadOnly(thing=thing, file=deployment.config.file)
    zone = time_zone_name(choice.timezone, call)
    days, time = choice.days or USUAL_DAYS, choice.time or USUAL_TIME
    cron = cron_of(days, time)
    before = next((s for s in deployment.catalogue.schedules if s.name == WEEKLY), None)
    usual = Schedule(WEEKLY, cron, zone, (brand.name,), REPEATS)
    schedule = replace(before or usual, cron=cron, timezone=zone)
    is_same = before and (before.timezone, in_words(before.cron)) == (zone, in_words(cron))
    is_stored = is_same or await deployment.store.catalogue.set_schedule(schedule)
    if before and not is_stored:
        times = f"{in_words(before.cron)}, {before.timezone}"
        raise ReadOnly(thing=f'The schedule "{WEEKLY}" ({times})', file=deployment.config.file)
    if choice.channel != TERMINAL:
        await store_route(deployment, call, choice.channel, zone)
        day, digest_time = _digest_day_and_time(cron)
        await store_digest(deployment, call, choice.channel, (day,), digest_time, zone)
    if choice.month is not None and declared is None:
        await store_setting(deployment, call, f"{BUDGET}{MONTH}", {"usd": choice.month})


def _digest_day_and_time(cron: str) -> tuple[str, str]:
    """Return the day (``mon``) and time (``10:00``) of the weekly summary, which follows the week's
    first check: `DIGEST_DELAY_H` hours after the full hour of the check, so that a check at 9:30 is
    followed at 10:00. After a check late in the evening it is on the next day.

    Args:
        cron: The weekly or daily times of the checks; other times count as Mondays at 9:00.
    """
    days, time = days_of(cron) or (USUAL_DAYS, USUAL_TIME)
    order = list(WEEKDAYS)
    first = min(order.index(day) for day in days)
    days_later, hour = divmod(int(time[:2]) + DIGEST_DELAY_H, 24)
    return order[(first + days_later) % len(order)], f"{hour}:00"


async def store_route(
    deployment: Deployment,
    call: Call,
    channel: str,
    zone: str,
    brand: str = "",
    quiet: str | None = None,
) -> None:
    """Store that alerts are posted in a channel, in place of an earlier decision for the same
    channel and brand. None of the arguments is checked.

    Args:
        channel: The channel, such as ``slack:C0123``.
        zone: The time zone of the quiet hours, such as ``Europe/Berlin``.
        brand: The brand's full name; empty for the alerts of all brands.
        quiet: Quiet hours, such as ``22:00-07:00``; empty for none. None keeps those of the earlier
            decision, if there is one.
    """
    name = f"{ROUTE}{channel}|{brand}"
    if quiet is None:
        before = await deployment.store.settings.get(name)
        quiet = str(before.value.get("quiet", "")) if before else ""
    brands = [brand] if brand else []
    value = {"channel": channel, "brands": brands, "timezone": zone, "quiet": quiet}
    await store_setting(deployment, call, name, value)


async def store_digest(
    deployment: Deployment,
    call: Call,
    channel: str,
    days: tuple[str, ...],
    time: str,
    zone: str,
) -> None:
    """Store when a channel gets its summary, in place of an earlier decision for the channel.

    Args:
        channel: As ``platform:id``.
        days: Keys of `WEEKDAYS`; empty for every day.
        time: The time of day, such as ``9:30``.
        zone: An IANA time zone.

    Raises:
        BadSchedule: when a day or the time cannot be read.
    """
    value = {
        "name": f"summary {channel}",
        "channel": channel,
        "cron": cron_of(days, time),
        "timezone": zone,
    }
    await store_setting(deployment, call, f"{DIGEST}{channel}", value)


async def store_setting(
    deployment: Deployment, call: Call, name: str, value: Mapping[str, object]
) -> None:
    """Store a setting in place of the one with the same name, with the time and the person who
    decided it.
    """
    await deployment.store.settings.put(Setting(name, value, call.who, deployment.clock.now()))


def time_zone_name(typed: str, call: Call) -> str:
    """Return the name of a time zone that exists, such as ``Europe/Berlin``.

    Args:
        typed: The name as typed; empty means the reader's zone, or UTC if that has no name.

    Raises:
        BadSchedule: when no zone has the typed name.
    """
    zone = typed.strip() or getattr(call.zone, "key", "UTC")
    try:
        find_zone(zone)
    except ValueError as error:
        raise BadSchedule(key="timezone", problem=error) from None
    return zone


def place_form_values(deployment: Deployment, call: Call) -> dict[str, object]:
    """Return the values of the form of `set_places`, by its inputs.

    Days and time are those of the schedule `WEEKLY`; Monday at 9:00 without it, or if it is neither
    daily nor weekly. The time zone is that of the schedule, else the reader's (UTC if that has no
    name). The channel is that of the first route, else that of the call. The budget of a month is
    the present one, None without one.
    """
    schedules = deployment.catalogue.schedules
    weekly = next((schedule for schedule in schedules if schedule.name == WEEKLY), None)
    days, time = (days_of(weekly.cron) if weekly else None) or (USUAL_DAYS, USUAL_TIME)
    routes = deployment.config.routes
    return {
        "channel": routes[0].channel if routes else call.channel,
        "days": days,
        "time": time,
        "timezone": weekly.timezone if weekly else getattr(call.zone, "key", "UTC"),
        "month": deployment.config.budget.month,
    }


async def set_places(
    deployment: Deployment,
    call: Call,
    *,
    channel: Annotated[
        str, option("For alerts and the weekly summary.", Kind.CHANNEL, label="Channel")
    ] = "",
    days: Annotated[
        Sequence[str], option("When I ask.", choices=tuple(WEEKDAYS), label="Days")
    ] = (),
    time: Annotated[str, option("The time of day.", Kind.CLOCK, label="Time")] = "",
    timezone: Annotated[str, option("Such as Europe/Berlin.", label="Time zone")] = "",
    month: Annotated[
        float | None, option("In dollars.", low=0, label="Spend at most, a month")
    ] = None,
) -> Step:
    """Store what was chosen in the form, and return the next step, `setup start`. Submitting the
    form accepts the price of the checks that it shows.

    Args:
        call: The person who decides; its channel and time zone are the defaults.
        channel: The channel of alerts and of the weekly summary, as ``platform:id``; empty for the
            call's.
        days: Keys of `WEEKDAYS`; empty for Monday.
        time: The time of day of a check; empty for 9:00.
        timezone: An IANA time zone; empty for the person's.
        month: The most US dollars a month; None leaves the budget as it is.

    Raises:
        ReadOnly: when config.toml has a schedule of the same name with other times, or another
            budget of a month.
    """
    choice = PlaceChoice(channel or call.channel, tuple(days), time, timezone, month)
    await store_places(deployment, call, drafted_brand(deployment.catalogue), choice)
    return await step_after(deployment, "setup start")


async def fill_places(deployment: Deployment, call: Call, **_: object) -> FormContent:
    """Return the form of channel, days, time and budget, with the values that hold now. It shows
    the price of weekly checks, and the smallest loss that they would show within a month.
    """
    brand = drafted_brand(deployment.catalogue)
    return FormContent(
        place_form_values(deployment, call),
        {"days": DAY_CHOICES},
        {"month": await _budget_hint(deployment, brand)},
        title="4 of 5: Where and when",
        text=await _power_sentence(deployment, brand),
        submit="Next",
    )


async def _budget_hint(deployment: Deployment, brand: Brand) -> str:
    """Return the price of a check a week for a month, and of one check, as two sentences; or that
    the price is not known.
    """
    price = await price_of_questions(deployment, brand.name, (), repeats=REPEATS)
    if price is None or price.usd == inf:
        return "In dollars. What a check costs is not known yet."
    check_usd = price.asking.typical + price.judging.typical
    month = wording.money(check_usd * DAYS_A_MONTH / 7, about=True)
    return f"In dollars. A check a week is {month} a month ({price.short} a check)."


async def _power_sentence(deployment: Deployment, brand: Brand) -> str:
    """Return a sentence with the smallest loss, as a number of a check's answers that name the
    brand, that weekly checks would show within a month at the first configured model. Without
    questions or a model, the sentence only says how often each question is asked.
    """
    asked = deployment.catalogue.prompts_for(brand.name)
    model = suggester(deployment)
    if not asked or model is None:
        return "I ask each question three times in a check."
    offer = await current_offer(deployment, brand, model, repeats=REPEATS, days=7)
    answers = len(asked) * REPEATS
    lost = min(answers, round(offer.within(RUNS_A_MONTH) / 100 * answers))
    return (
        f"{wording.count(len(asked), 'question')}, {REPEATS} times each: a check a week shows a "
        f"loss of about {lost} of {answers} answers within a month."
    )


SETUP_PLACES = CommandSpec(
    "setup places",
    "Choose where alerts go, when I ask, and what it may cost.",
    set_places,
    fill=fill_places,
    examples=("setup places",),
    role=Role.ADMIN,
    faces=IN_CHAT,
    step=True,
)
