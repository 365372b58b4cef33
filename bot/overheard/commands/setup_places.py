"""`setup places`: where alerts go and when checks run, the fourth step of the set-up in chat."""

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
    read_clock,
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


@dataclass(frozen=True, slots=True)
class PlaceChoice:
    """The channel, times and budget that a person chose.

    Attributes:
        channel: As ``platform:id``.
        days: Keys of `WEEKDAYS`; empty for Monday.
        time: The time of day; empty for 9:00.
        timezone: An IANA time zone; empty for the person's.
        month: The most US dollars a month; None leaves the budget as it is.
    """

    channel: str
    days: tuple[str, ...] = ()
    time: str = ""
    timezone: str = ""
    month: float | None = None


async def keep_place(deployment: Deployment, call: Call, brand: Brand, choice: PlaceChoice) -> None:
    """Store the chosen weekly schedule, route of alerts, weekly summary and month's budget.

    Raises:
        BadSchedule: when a day, the time or the zone cannot be read.
        ReadOnly: when config.toml has a schedule of the same name.
    """
    zone = checked_zone(choice.timezone, call)
    days, time = choice.days or USUAL_DAYS, choice.time or USUAL_TIME
    cron = cron_of(days, time)
    old = next((s for s in deployment.catalogue.schedules if s.name == WEEKLY), None)
    schedule = Schedule(WEEKLY, cron, zone, (brand.name,), REPEATS)
    schedule = replace(old, cron=cron, timezone=zone) if old else schedule
    if not await deployment.store.catalogue.set_schedule(schedule):
        raise ReadOnly(thing=f'The schedule "{WEEKLY}"', file=deployment.config.file)
    if choice.channel != TERMINAL:
        await put_route(deployment, call, choice.channel, zone)
        first = next(day for day in WEEKDAYS if day in days_of(cron)[0])  # type: ignore[index]
        hour = (int(read_clock(time)[:2]) + DIGEST_DELAY_H) % 24
        await put_digest(deployment, call, choice.channel, (first,), f"{hour}:00", zone)
    if choice.month is not None and deployment.configured.budget.month is None:
        await put(deployment, call, f"{BUDGET}{MONTH}", {"usd": choice.month})


async def put_route(
    deployment: Deployment,
    call: Call,
    channel: str,
    zone: str,
    brand: str = "",
    quiet: str | None = None,
) -> None:
    """Store that alerts of a brand, or of all brands, are posted in a channel.

    Args:
        deployment: The open deployment.
        call: The person who asks, and the channel.
        channel: As ``platform:id``.
        zone: The time zone of the quiet hours.
        brand: The brand's name; empty for all.
        quiet: Quiet hours, as ``22:00-07:00``; None keeps the stored ones.
    """
    name = f"{ROUTE}{channel}|{brand}"
    before = await deployment.store.settings.get(name)
    hours = str(before.value.get("quiet", "")) if before and quiet is None else quiet or ""
    brands = [brand] if brand else []
    value = {"channel": channel, "brands": brands, "timezone": zone, "quiet": hours}
    await put(deployment, call, name, value)


async def put_digest(
    deployment: Deployment,
    call: Call,
    channel: str,
    days: tuple[str, ...],
    time: str,
    zone: str,
) -> None:
    """Store on which days and at which time of day, in a time zone, a channel gets its summary."""
    value = {
        "name": f"summary {channel}",
        "channel": channel,
        "cron": cron_of(days, time),
        "timezone": zone,
    }
    await put(deployment, call, f"{DIGEST}{channel}", value)


async def put(deployment: Deployment, call: Call, name: str, value: Mapping[str, object]) -> None:
    """Store a setting with the name of the person who decided it."""
    await deployment.store.settings.put(Setting(name, value, call.who, deployment.clock.now()))


def checked_zone(typed: str, call: Call) -> str:
    """Return a typed time zone if it exists; for an empty text the reader's.

    Raises:
        BadSchedule: when there is no such zone.
    """
    zone = typed.strip() or getattr(call.zone, "key", "UTC")
    try:
        find_zone(zone)
    except ValueError as error:
        raise BadSchedule(key="timezone", problem=error) from None
    return zone


def place_values(deployment: Deployment, call: Call) -> dict[str, object]:
    """Return the values of the form of `set_places`: stored ones, else the defaults."""
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
    """Store the channel of alerts, the times of checks and the month's budget, and return the next
    step. Submitting the form accepts its price.

    Raises:
        BadSchedule: when a day, the time or the zone cannot be read.
        ReadOnly: when config.toml has a schedule of the same name.
    """
    choice = PlaceChoice(channel or call.channel, tuple(days), time, timezone, month)
    await keep_place(deployment, call, drafted_brand(deployment), choice)
    return await step_after(deployment, "setup start")


async def fill_places(deployment: Deployment, call: Call, **_: object) -> FormContent:
    """Return the form of channel, days, time and budget, with the price and the smallest loss that
    weekly checks show. Raises BadUsage without a brand.
    """
    brand = drafted_brand(deployment)
    return FormContent(
        place_values(deployment, call),
        {"days": DAY_CHOICES},
        {"month": await _budget_hint(deployment, brand)},
        title="4 of 5: Where and when",
        text=await _power_sentence(deployment, brand),
        submit="Next",
    )


async def _budget_hint(deployment: Deployment, brand: Brand) -> str:
    """Return the price of weekly checks a month, and of one check, as sentences."""
    price = await price_of_questions(deployment, brand.name, (), repeats=REPEATS)
    if price is None or price.usd == inf:
        return "In dollars. What a check costs is not known yet."
    usd = price.asking.typical + price.judging.typical
    weekly = wording.money(usd * DAYS_A_MONTH / 7, about=True)
    return f"In dollars. A check a week is {weekly} a month ({price.short} a check)."


async def _power_sentence(deployment: Deployment, brand: Brand) -> str:
    """Return the smallest loss of answers that weekly checks show within a month, as a sentence;
    without prompts or a model, only how often a question is asked.
    """
    asked = deployment.catalogue.prompts_for(brand.name)
    model = suggester(deployment)
    if not asked or model is None:
        return "I ask each question three times in a check."
    offer = await current_offer(deployment, brand, model, repeats=REPEATS, days=7)
    answers = len(asked) * REPEATS
    lost = min(answers, round(offer.within(4) / 100 * answers))
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
