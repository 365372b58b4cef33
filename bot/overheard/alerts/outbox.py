"""Where messages go, and their delivery: written down first, posted once, edited in place."""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from overheard.cards.card import Card, Link
from overheard.config.sections import RouteTable, read_hours
from overheard.domain import Alert, Catalogue, Delivery, DeliveryKind, Metric, Shift
from overheard.errors import ChatFailed, ChatUnavailable
from overheard.interfaces import Chat, Clock, Linking
from overheard.interfaces.store import DeliveryRepository
from overheard.telemetry import traced


def told_rivals(catalogue: Catalogue, routes: Sequence[RouteTable]) -> dict[str, set[str]]:
    """Return the competitors whose alerts a route takes, by name, each with the tracked brands that
    are compared with it. Tracked competitors have alerts of their own.
    """
    found: dict[str, set[str]] = {}
    for brand in catalogue.brands:
        asking = [route for route in routes if route.rivals and brand.tracked]
        if any(not route.brands or brand.name in route.brands for route in asking):
            for rival in catalogue.rivals(brand.name):
                found.setdefault(rival.name, set()).update([] if rival.tracked else [brand.name])
    return {rival: brands for rival, brands in found.items() if brands}


@dataclass(frozen=True, slots=True)
class Routes:
    """The routes of a deployment. When several routes lead an alert to one channel, the first
    applies.

    Attributes:
        routes: The routes in the order of the configuration.
        metrics: The metrics that are measured, by name.
        rivals: The untracked brands, each with the brands that `told_rivals` returns for it; none
            where no route takes its alerts.
    """

    routes: Sequence[RouteTable]
    metrics: Mapping[str, Metric]
    rivals: Mapping[str, Collection[str]] = field(default_factory=dict)

    def deliveries(self, alert: Alert, now: datetime) -> list[Delivery]:
        """Return the deliveries of a new alert to the channels of its routes, in the order of the
        routes. They are not stored.

        Outside of quiet hours a channel gets one delivery, which is due now. In quiet hours it gets
        two, which are due at their end: a card of all alerts that wait for this end, and after it
        the alert itself. The card has the same key for all these alerts, so it is stored once.

        Args:
            alert: The alert, which needs no number yet.
            now: The current time, in UTC.
        """
        return [
            delivery
            for route in self._routes_of_alert(alert)
            for delivery in _route_deliveries(route, end_of_quiet(route, now), now)
        ]

    def _routes_of_alert(self, alert: Alert) -> list[RouteTable]:
        """Return the routes that take an alert, in their order; of several to one channel, the
        first.
        """
        chosen: dict[str, RouteTable] = {}
        for route in self.routes:
            if self._takes_alert(route, alert):
                chosen.setdefault(route.channel, route)
        return list(chosen.values())

    def _takes_alert(self, route: RouteTable, alert: Alert) -> bool:
        """Return whether the brands, metrics and severities of a route take an alert."""
        metrics = {shift.metric for shift in alert.moved}
        owners = self.rivals.get(alert.shift.brand)
        fits_brands = not route.brands or not set(route.brands).isdisjoint(owners or alert.brands)
        fits_brands &= owners is None or bool(owners and route.rivals)
        fits_metrics = not route.metrics or not metrics.isdisjoint(route.metrics)
        return (
            fits_brands
            and (fits_metrics or bool(alert.statements))
            and self._severity(alert) in route.severities
        )

    def _severity(self, alert: Alert) -> str:
        """Return ``good`` or ``bad``, as a route names severities: by the first shift of an alert
        on a brand; what is good for a competitor is bad. A model-wide alert is good only if all its
        brands moved for the better.
        """
        shifts = alert.also if alert.of_model else (alert.shift,)
        is_better = all(self._is_better(shift) for shift in shifts)
        is_good = is_better != (alert.shift.brand in self.rivals) and not alert.shift.statement
        return "good" if is_good else "bad"

    def _is_better(self, shift: Shift) -> bool:
        """Return whether a shift is good news: the metric moved in its better direction, which is
        upwards for a metric that is not measured any more. A statement never is good news.
        """
        metric = self.metrics.get(shift.metric)
        higher = metric is None or metric.higher_is_better
        return not shift.statement and (shift.change > 0) == higher


def end_of_quiet(route: RouteTable, now: datetime) -> datetime | None:
    """Return the end, in UTC, of the quiet hours of a route in which a time lies. None outside of
    them, and for a route without quiet hours.

    Quiet hours such as ``22:00-07:00`` are on the clock of the route's time zone and may pass
    midnight. Their beginning belongs to them, their end does not.

    Args:
        now: An aware time.
    """
    if not route.quiet:
        return None
    first, last = read_hours(route.quiet)
    local = now.astimezone(ZoneInfo(route.timezone))
    clock = local.time()
    is_quiet = first <= clock < last if first < last else not last <= clock < first
    if not is_quiet:
        return None
    ends_tomorrow = clock >= last
    day = local.date() + timedelta(days=ends_tomorrow)
    return datetime.combine(day, last, local.tzinfo).astimezone(UTC)


def routed(routes: Sequence[RouteTable], channel: str) -> RouteTable | None:
    """Return the first route to a channel (``slack:C0123``), or None if no route leads there."""
    return next((route for route in routes if route.channel == channel), None)


def _route_deliveries(
    route: RouteTable, quiet_end: datetime | None, now: datetime
) -> list[Delivery]:
    """Return the delivery of a new alert to a route's channel, not stored. In quiet hours, the
    delivery of the card that lists all alerts of these hours comes before it.
    """
    # The alert's own delivery gets its key when the alert is stored and has a number.
    if quiet_end is None:
        return [Delivery(DeliveryKind.ALERT, "", route.channel, now)]
    end = quiet_end.isoformat()
    key = f"digest-{end}@{route.channel}"
    card = Delivery(DeliveryKind.QUIET_HOURS, key, route.channel, quiet_end, subject=end)
    return [card, Delivery(DeliveryKind.ALERT, "", route.channel, quiet_end, subject=end)]


log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
"""How long a delivery belongs to one process."""
CHAT_TIMEOUT_S = 30.0
"""Seconds after which a chat is given up for one call; far less than a lease."""
LINK_TIMEOUT_S = 5.0
"""Seconds after which a card goes without a link to the message before it."""
EARLIER_ALERT_LABEL = "Go to the earlier alert"
EDITED = frozenset({DeliveryKind.ALERT, DeliveryKind.PROGRESS})
"""Deliveries whose message is edited, once there is one."""
MAX_CLAIMED = 10
"""Deliveries that are claimed together."""
FIRST_PAUSE_S, MAX_PAUSE_S = 5.0, 600.0
"""Seconds until an attempt is repeated: twice as long each time, and never longer than this."""
MAX_EDIT_ATTEMPTS = 20
"""Attempts after which a message is given up: it was probably deleted."""
IDLE_INTERVAL_S = 2.0
"""Seconds between two checks of an empty outbox."""
START_INTERVAL_S = 0.1
"""Seconds between two checks whether a chat can be posted to, in the first `START_S`."""
START_S = 10.0
"""Seconds within which most chats are connected."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A card that is ready to be posted.

    Attributes:
        revision: The revision of the alert that the card shows.
        broadcast: Whether a card in a thread is shown in the channel too.
        earlier: The platform's id of a message in the channel that shows the story so far, to which
            the card links; or an empty string.
    """

    card: Card
    revision: int = 1
    broadcast: bool = False
    earlier: str = ""


@dataclass(frozen=True, slots=True)
class Postponed:
    """A delivery whose card must not be posted yet: that of an event that is also shown in the
    channel, during the quiet hours of the channel.

    An alert needs no such answer: its delivery is stored with the end of the quiet hours as its due
    time (`overheard.alerts.outbox`).

    Attributes:
        until: When the delivery is due again, in UTC.
    """

    until: datetime


Compose = Callable[[Delivery], Awaitable[Outgoing | Postponed | None]]
"""Writes the card of a delivery at the moment it is posted; None when it is not wanted any more."""


Posted = Callable[[Delivery, str], Awaitable[None]]
"""Called with a delivery and the platform's id of its message."""


@dataclass(eq=False)
class Outbox:
    """Posts deliveries, and edits what it posted.

    Attributes:
        deliveries: The stored deliveries.
        chats: The platforms, by name.
        compose: Writes the card of a delivery.
        clock: The source of the current time.
        posted: Called when an alert's message was posted in a channel; None for no call.
    """

    deliveries: DeliveryRepository
    chats: Mapping[str, Chat]
    compose: Compose
    clock: Clock
    posted: Posted | None = None

    def __post_init__(self) -> None:
        self._owner = secrets.token_hex(8)

    async def run(self) -> None:
        """Post due deliveries until cancelled, at the start as soon as there is a chat. When none
        was due, or there is no chat, wait `IDLE_INTERVAL_S` seconds. Faults of chats and cards are
        stored with their deliveries; those of the store are raised.
        """
        start_end = time.monotonic() + START_S
        while True:
            if not (self.chats and await self.work()):
                connects = not self.chats and time.monotonic() < start_end
                await asyncio.sleep(START_INTERVAL_S if connects else IDLE_INTERVAL_S)

    async def work(self) -> int:
        """Claim at most `MAX_CLAIMED` due deliveries and try each at most once: those of one
        channel one after another, channels in parallel. Return the number of claimed deliveries,
        posted or not; 0 when none was due.
        """
        now = self.clock.now()
        claimed = await self.deliveries.claim(
            self._owner, now, now + LEASE, chats=list(self.chats), limit=MAX_CLAIMED
        )
        channels: dict[str, list[Delivery]] = {}
        for delivery in claimed:
            channels.setdefault(delivery.channel, []).append(delivery)
        async with asyncio.TaskGroup() as group:
            for deliveries in channels.values():
                group.create_task(self._post_to_channel(deliveries))
        return len(claimed)

    async def _post_to_channel(self, deliveries: list[Delivery]) -> None:
        """Try the claimed deliveries of one channel in order, and remove each from the list.

        After a failure the others are postponed by the same pause without an attempt. When half of
        its lease is over, a delivery is released without an attempt, to be claimed again. When
        cancelled, all that are left are released as possibly posted.
        """
        pause = 0.0
        try:
            while deliveries:
                delivery = deliveries[0]
                if pause or self.clock.now() > delivery.leased_until - LEASE / 2:
                    # Not tried, so whether it may have been posted is as uncertain as before.
                    await self._postpone(delivery, pause, "", uncertain=delivery.uncertain)
                else:
                    pause = await self._try_delivery(delivery)
                del deliveries[0]
        except asyncio.CancelledError:
            for delivery in deliveries:
                await self._postpone(delivery, 0.0, "", uncertain=True)
            raise

    async def _try_delivery(self, delivery: Delivery) -> float:
        """Try a claimed delivery once. A failure of any kind is stored with the delivery and not
        raised.
        """
        doublings = min(delivery.attempts, 10)  # more would exceed the largest pause anyway
        pause = float(min(MAX_PAUSE_S, FIRST_PAUSE_S * 2**doublings))
        try:
            await self._post_delivery(delivery)
        except ChatFailed as failure:
            pause = failure.retry_after or pause
            problem, uncertain = str(failure), failure.ambiguous
        except ChatUnavailable as error:
            problem, uncertain = str(error), False
        except TimeoutError:
            problem, uncertain = "The chat gave no sign of life.", True
        except Exception as error:  # a fault in a card or a chat must not stop other channels
            problem, uncertain = f"It fails: {type(error).__name__}.", True
        else:
            return 0.0
        await self._postpone_failed(delivery, pause, problem, uncertain=uncertain)
        return pause

    @traced("deliver", lambda _, delivery: {"overheard.delivery": delivery.kind.value})
    async def _post_delivery(self, delivery: Delivery) -> None:
        """Compose the card of a delivery, show it in the channel, and store the id of its message
        and the shown revision, which ends the lease. The plugins are told of a new message of an
        alert.
        """
        outgoing = await self.compose(delivery)
        if isinstance(outgoing, Postponed):
            await self.deliveries.postpone(
                delivery,
                self._owner,
                due_at=outgoing.until,
                problem="",
                uncertain=delivery.uncertain,
            )
            return
        message, shown = delivery.message, delivery.wanted
        if outgoing:
            message, shown = await self._show_card(delivery, outgoing), outgoing.revision
        await self.deliveries.record(delivery, self._owner, message=message, shown=shown)
        if self.posted and delivery.kind is DeliveryKind.ALERT and message != delivery.message:
            await self.posted(delivery, message)

    async def _show_card(self, delivery: Delivery, outgoing: Outgoing) -> str:
        """Show a card in the channel of a delivery, and return the platform's id of its message.

        If the delivery has no message, the card is posted. If an earlier attempt may have posted
        it, the chat is first asked for that message. A message that exists is edited if it is of a
        kind in `EDITED` (alerts and progress), and otherwise left as it is.
        """
        platform, _, channel = delivery.channel.partition(":")
        chat, message = self.chats[platform], delivery.message
        async with asyncio.timeout(CHAT_TIMEOUT_S):
            if not message and delivery.uncertain:
                message = await chat.find(channel, delivery.key) or ""
            card = await _linked_card(chat, channel, outgoing)
            if self.clock.now() >= delivery.leased_until:
                raise TimeoutError  # this machine was asleep, and another may be posting it
            if not message:
                return await chat.post(
                    channel,
                    card,
                    key=delivery.key,
                    thread=delivery.thread,
                    broadcast=outgoing.broadcast,
                )
            if delivery.kind in EDITED:
                await chat.edit(channel, message, card)
            return message

    async def _postpone_failed(
        self, delivery: Delivery, pause: float, problem: str, *, uncertain: bool
    ) -> None:
        """Postpone a failed delivery; but give up the edit of a message after `MAX_EDIT_ATTEMPTS`
        failed attempts in a row, and store it as if it had been shown. A delivery that was never
        posted is tried again without end.
        """
        if delivery.message and delivery.attempts + 1 >= MAX_EDIT_ATTEMPTS:
            await self.deliveries.record(
                delivery, self._owner, message=delivery.message, shown=delivery.wanted
            )
        else:
            may_be_posted = uncertain or delivery.uncertain
            await self._postpone(delivery, pause, problem, uncertain=may_be_posted)

    async def _postpone(
        self, delivery: Delivery, pause: float, problem: str, *, uncertain: bool
    ) -> None:
        """Release the lease of a delivery, which is due again after a pause. Nothing happens if
        another process has the lease by now.
        """
        due_at = self.clock.now() + timedelta(seconds=pause)
        await self.deliveries.postpone(
            delivery, self._owner, due_at=due_at, problem=problem, uncertain=uncertain
        )


async def _linked_card(chat: Chat, channel: str, outgoing: Outgoing) -> Card:
    """Return the card of an outgoing message with a link to the earlier message that it names.

    The card is returned without a link when it names none, when the chat has no links, and when the
    chat fails to give one within `LINK_TIMEOUT_S` seconds, which is logged.
    """
    if outgoing.earlier and isinstance(chat, Linking):
        try:
            async with asyncio.timeout(LINK_TIMEOUT_S):
                url = await chat.link(channel, outgoing.earlier)
        except Exception as error:  # the message is worth more than its link
            log.info("A message in %s links to no earlier one: %s", channel, error)
        else:
            return replace(outgoing.card, link=Link(EARLIER_ALERT_LABEL, url))
    return outgoing.card
