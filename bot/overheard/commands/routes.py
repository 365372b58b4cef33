"""Where alerts and weekly summaries are posted, quiet hours, display names of models, and budgets,
as people decide them in chat.

These decisions are stored as settings. What config.toml declares cannot be changed in chat.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Style, Table
from overheard.cards.command import CommandSpec, FormContent, Kind, Role, argument, option
from overheard.commands.arguments import (
    DAY_CHOICES,
    USUAL_DAYS,
    WEEKDAYS,
    cron_of,
    days_of,
    in_words,
)
from overheard.config.cron import find_zone
from overheard.config.sections import RouteTable
from overheard.config.stored_settings import BUDGET, DIGEST, MODEL_NAME, MONTH, ROUTE
from overheard.deployment import Call
from overheard.domain import TERMINAL
from overheard.errors import BadSchedule, BadUsage, ReadOnly
from overheard.runs.plan import find_brand, find_model

SUMMARY_TIME = "10:00"
"""The time of day of a summary for which no time was chosen."""
_CHANNEL = option("The channel; by default this one.", Kind.CHANNEL, label="Channel")
ChannelOption = Annotated[str, _CHANNEL]
BrandArgument = Annotated[str, argument("Its alerts; without one, all.", Kind.BRAND)]


async def store_route(call: Call, route: RouteTable, *, keeps: bool = False) -> None:
    """Store that alerts are posted in a channel, in place of an earlier decision for the same
    channel and brand; with `keeps`, what that one says of quiet hours and competitors stays.
    """
    name = f"{ROUTE}{route.channel}|{''.join(route.brands)}"
    before = await call.store.settings.get(name) if keeps else None
    value = route.model_dump(mode="json", include={"channel", "brands", "timezone"})
    kept = before.value if before else route.model_dump(include={"quiet", "rivals"})
    await call.decide(name, {**kept, **value})


async def store_digest(
    call: Call, channel: str, days: tuple[str, ...], time: str, zone: str
) -> str:
    """Store when a channel gets its summary, in place of an earlier decision for the channel, and
    return it as a cron expression.

    Args:
        channel: As ``platform:id``.
        days: Keys of `WEEKDAYS`; empty for every day.
        time: The time of day, such as ``9:30``.
        zone: An IANA time zone.

    Raises:
        BadSchedule: when a day or the time cannot be read.
    """
    cron = cron_of(days, time)
    value = {"name": f"summary {channel}", "channel": channel, "cron": cron, "timezone": zone}
    await call.decide(f"{DIGEST}{channel}", value)
    return cron


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


async def list_routes(call: Call) -> Card:
    """Return the card of all channels that receive alerts or summaries. A row of its table is a
    route (which alerts, and the quiet hours) or a summary (on which days), and says whether
    config.toml or a chat decided so; routes come first. Buttons add a route and set a summary.
    """
    declared = call.configured
    rows = []
    for route in call.config.routes:
        origin = call.config.file if route in declared.routes else "chat"
        what = f"alerts of {wording.listing(route.brands)}" if route.brands else "all alerts"
        what += " and of competitors" if route.rivals else ""
        rows.append((_channel_words(route.channel, call), what, route.quiet or "-", origin))
    for report in call.config.reports:
        origin = call.config.file if report in declared.reports else "chat"
        rows.append(
            (_channel_words(report.channel, call), f"summary {in_words(report.cron)}", "-", origin)
        )
    return Card(
        title=wording.count(len(rows), "route"),
        text="" if rows else "Alerts go nowhere yet.",
        table=Table(("Channel", "Gets", "Quiet", "Decided in"), tuple(rows)) if rows else None,
        actions=(
            Action("routes add", "Alerts into a channel", Style.PRIMARY),
            Action("summary set", "Weekly summary"),
        ),
        data={
            "routes": [route.model_dump(mode="json") for route in call.config.routes],
            "digests": [report.model_dump(mode="json") for report in call.config.reports],
        },
    )


def _channel_words(channel: str, call: Call) -> str:
    """Return ``this channel`` for the channel of the call, else the channel as ``platform:id``."""
    return "this channel" if channel == call.channel else channel


async def add_route(
    call: Call,
    *,
    brand: BrandArgument = "",
    channel: ChannelOption = "",
    quiet: Annotated[
        str, option("Hours without alerts, such as 22:00-07:00.", example="22:00-07:00")
    ] = "",
    timezone: Annotated[str, option("The zone of these hours.")] = "",
    rivals: Annotated[
        bool, option("Competitors too: they rise, pass you, or are described wrongly.")
    ] = False,
) -> Card:
    """Store that alerts are posted in a channel, in place of an earlier decision for the same
    channel and brand. Alerts that come in the quiet hours wait for their end.

    Args:
        call: The person who decides; its channel and time zone are the defaults.
        brand: The brand's name; empty means the alerts of all brands.
        channel: As ``platform:id``; empty means the channel of the call.
        quiet: Quiet hours, such as ``22:00-07:00``; empty for none.
        timezone: The zone of the quiet hours; empty means the reader's.
        rivals: Whether alerts of the competitors come too.

    Raises:
        BadUsage: when no channel is named in a terminal, or the hours cannot be read.
        BadSchedule: when the time zone does not exist.
    """
    place = _named_channel(call, channel)
    name = find_brand(call.catalogue, brand).name if brand else ""
    zone, brands = time_zone_name(timezone, call), (name,) if name else ()
    try:
        route = RouteTable(channel=place, brands=brands, timezone=zone, quiet=quiet, rivals=rivals)
    except ValueError:
        problem = 'Quiet hours are two times of the day, such as "22:00-07:00"'
        raise BadUsage(problem=problem, usage=ROUTES_ADD.usage) from None
    await store_route(call, route)
    text = f"Not between {quiet.replace('-', ' and ')}; what comes then waits." if quiet else ""
    text = " ".join(filter(None, [text, "Competitors too." if rivals else ""]))
    return Card(
        f"Alerts{f' of {name}' if name else ''} come into {_channel_words(place, call)}",
        text,
        actions=(
            Action("summary set", "Weekly summary too"),
            Action("routes list", "All channels"),
        ),
        severity=Severity.GOOD,
        data={"channel": place, "brand": name, "quiet": quiet, "rivals": rivals},
    )


async def remove_route(
    call: Call, *, brand: BrandArgument = "", channel: ChannelOption = ""
) -> Card:
    """Remove the decision that alerts are posted in a channel, which a person made in chat.

    Args:
        brand: The brand of the route; empty means the route of all brands' alerts.
        channel: As ``platform:id``; empty means the channel of the call.

    Raises:
        ReadOnly: when no person has made the decision, but config.toml has a route to the channel.
        BadUsage: when there is no route to the channel at all, or no channel is named in a
            terminal.
    """
    place = _named_channel(call, channel)
    name = find_brand(call.catalogue, brand).name if brand else ""
    if not await call.store.settings.remove(f"{ROUTE}{place}|{name}"):
        if any(route.channel == place for route in call.configured.routes):
            raise ReadOnly(thing="This route", file=call.config.file)
        raise BadUsage(problem="No such alerts come here", usage=ROUTES_REMOVE.usage)
    return Card(
        f"Alerts{f' of {name}' if name else ''} come into {_channel_words(place, call)} no more",
        data={"channel": place, "brand": name},
    )


async def set_digest(
    call: Call,
    *,
    days: Annotated[Sequence[str], option("The days.", choices=tuple(WEEKDAYS), word="day")] = (),
    time: Annotated[str, option("The time of day; 10:00 by default.", Kind.CLOCK)] = "",
    channel: ChannelOption = "",
    timezone: Annotated[str, option("The zone, such as Europe/Berlin.")] = "",
    off: Annotated[bool, option("No summary any more.")] = False,
) -> Card:
    """Store on which days and when a summary is posted in a channel, in place of an earlier
    decision for the channel.

    Args:
        call: The person who decides; its channel and time zone are the defaults.
        days: Keys of `WEEKDAYS`; empty means Monday.
        time: The time of day; empty means `SUMMARY_TIME`.
        channel: As ``platform:id``; empty means the channel of the call.
        timezone: An IANA time zone; empty means the reader's.
        off: Whether no summary is posted in the channel any more, see `_stop_digest`.

    Raises:
        ReadOnly: when a summary is to end that config.toml has.
        BadUsage: when no channel is named in a terminal, or the channel has no summary to end.
    """
    if off:
        return await _stop_digest(call, _named_channel(call, channel))
    place, zone = _named_channel(call, channel), time_zone_name(timezone, call)
    chosen = tuple(days) or USUAL_DAYS
    cron = await store_digest(call, place, chosen, time or SUMMARY_TIME, zone)
    return Card(
        f"A summary comes into {_channel_words(place, call)} {in_words(cron)}",
        actions=(Action("summary set --off", "No summary"), Action("routes list", "All channels")),
        severity=Severity.GOOD,
        data={"channel": place, "cron": cron, "timezone": zone},
    )


async def fill_digest(call: Call, **_: object) -> FormContent:
    """Return the form of the summary of the call's channel: the days and time that a chat has
    stored for it, else Monday at `SUMMARY_TIME`; and the reader's time zone (UTC if that has no
    name).
    """
    stored = await call.store.settings.get(f"{DIGEST}{call.channel}")
    shown = days_of(str(stored.value.get("cron", ""))) if stored else None
    chosen, time = shown or (USUAL_DAYS, SUMMARY_TIME)
    zone = getattr(call.zone, "key", "UTC")
    values = {"days": chosen, "time": time, "channel": call.channel, "timezone": zone}
    return FormContent(values, {"days": DAY_CHOICES}, title="Weekly summary")


async def _stop_digest(call: Call, place: str) -> Card:
    """Remove the summary of a channel (``platform:id``), which a person set in chat."""
    if not await call.store.settings.remove(f"{DIGEST}{place}"):
        if any(report.channel == place for report in call.configured.reports):
            raise ReadOnly(thing="This summary", file=call.config.file)
        raise BadUsage(problem="No summary comes here", usage=DIGEST_SET.usage)
    return Card(
        f"No summary comes into {_channel_words(place, call)} any more", data={"channel": place}
    )


async def rename_model(
    call: Call,
    *,
    model: Annotated[str, argument("The model.", Kind.MODEL)],
    name: Annotated[str, argument("What everybody calls it; - for its usual name.", longest=40)],
) -> Card:
    """Store the name by which cards and charts call a model, or remove a stored one.

    Args:
        model: A display name or ``provider/model``.
        name: The new name; ``-`` restores the usual one, as does an empty name.

    Raises:
        UnknownName: for a model that does not exist.
        ReadOnly: when config.toml names the model.
    """
    asked = call.names.find(model, call.plugins.models) or find_model(model, call.plugins.providers)
    if str(asked) in call.configured.models:
        raise ReadOnly(thing=f"The name of {asked}", file=call.config.file)
    clean_name = wording.line(name).strip()
    if clean_name in {"", "-"}:
        await call.store.settings.remove(f"{MODEL_NAME}{asked}")
    else:
        await call.decide(f"{MODEL_NAME}{asked}", {"name": clean_name})
    shown = (await call.refreshed()).names.name(asked)
    data = {"model": str(asked), "name": shown}
    return Card(f"{asked} is called {shown} now", severity=Severity.GOOD, data=data)


async def set_budget(
    call: Call,
    *,
    month: Annotated[
        float | None,
        argument("Dollars a month; without, no limit of its own.", low=0, label="A month, in $"),
    ] = None,
    channel: Annotated[
        str, option("Only for what is asked in this channel.", Kind.CHANNEL, label="Channel")
    ] = "",
) -> Card:
    """Store the largest sum that a month may cost, in all or for what is asked in one channel; or
    remove such a limit. Return the card that says what holds now.

    Args:
        month: US dollars a month; None removes a limit that was set in chat.
        channel: As ``platform:id``; empty means everything.

    Raises:
        ReadOnly: when config.toml has this limit.
    """
    budget = call.configured.budget
    if channel in budget.channels if channel else budget.month is not None:
        raise ReadOnly(thing="This budget", file=call.config.file)
    name = f"{BUDGET}{channel or MONTH}"
    if month is None:
        await call.store.settings.remove(name)
    else:
        await call.decide(name, {"usd": month})
    whose = f"{_channel_words(channel, call)} may" if channel else "A month may"
    limit = f"cost {wording.money(month)} at most" if month is not None else "cost what it costs"
    return Card(
        f"{whose[:1].upper()}{whose[1:]} {limit}",
        actions=(Action("spend", "What was spent"),),
        severity=Severity.GOOD,
        data={"channel": channel, "month": month},
    )


async def fill_budget(call: Call, **given: object) -> Mapping[str, object]:
    """Return the values of the form: the present limit of a month in US dollars (None without one),
    overridden by what the person has given.
    """
    return {"month": call.config.budget.month, **given}


def _named_channel(call: Call, channel: str) -> str:
    """Return a channel as ``platform:id``: the one that a person named, or for an empty text the
    channel of the call.
    """
    place = channel or (call.channel if call.channel != TERMINAL else "")
    if ":" not in place:
        problem = 'Name the channel, such as --channel "slack:C0123456789"'
        raise BadUsage(problem=problem, usage="routes add")
    return place


ROUTES_LIST = CommandSpec(
    "routes list", "Show which alerts and summaries go to which channel.", list_routes
)
_for_admins = partial(CommandSpec, role=Role.ADMIN)

ROUTES_ADD = _for_admins(
    "routes add",
    "Post the alerts of a brand, or all, in a channel.",
    add_route,
    title="Alerts into a channel",
    examples=("routes add --channel slack:C0123456789", "routes add Acme --quiet 22:00-07:00"),
)
ROUTES_REMOVE = _for_admins(
    "routes remove",
    "Post alerts in a channel no longer.",
    remove_route,
    examples=("routes remove --channel slack:C0123456789",),
)
DIGEST_SET = _for_admins(
    "summary set",
    "Post a summary in a channel on some days.",
    set_digest,
    fill=fill_digest,
    title="Weekly summary",
    examples=("summary set --day mon --time 9:30 --channel slack:C0123456789", "summary set --off"),
)
MODELS_RENAME = _for_admins(
    "models rename",
    "Give a model the name by which cards and charts call it.",
    rename_model,
    title="Name of a model",
    examples=('models rename openai/gpt-5.4-mini "ChatGPT"',),
)
BUDGET_SET = _for_admins(
    "budget set",
    "Limit what a month may cost, in all or for one channel.",
    set_budget,
    fill=fill_budget,
    title="Budget",
    examples=("budget set 20", "budget set 5 --channel slack:C0123456789"),
)
