"""The channels that an alert is posted in, and their quiet hours. Whether there is an alert is
decided in `detection/decide.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from overheard.config.sections import RouteTable, read_hours
from overheard.domain import Alert, Delivery, DeliveryKind, Metric, Shift


class Routes:
    """The routes of a deployment. When several routes lead an alert to one channel, the first
    applies.

    Args:
        routes: The routes in the order of the configuration.
        metrics: The metrics that are measured, by name.

    Attributes:
        metrics: The metrics that are measured, by name.
    """

    def __init__(self, routes: Sequence[RouteTable], metrics: Mapping[str, Metric]) -> None:
        self._routes = routes
        self.metrics = metrics

    def deliveries(self, alert: Alert, now: datetime) -> list[Delivery]:
        """Return the deliveries of a new alert, one for each channel, not stored; each is due now
        or, in quiet hours, at their end, and then has a card of all alerts that waited before it.
        """
        return [
            delivery
            for route in self._leading_routes(alert)
            for delivery in _route_deliveries(route, end_of_quiet(route, now), now)
        ]

    def _leading_routes(self, alert: Alert) -> list[RouteTable]:
        """Return the routes that an alert takes, in their order, only the first to each channel."""
        chosen: dict[str, RouteTable] = {}
        for route in self._routes:
            if self._leads_alert(route, alert):
                chosen.setdefault(route.channel, route)
        return list(chosen.values())

    def _leads_alert(self, route: RouteTable, alert: Alert) -> bool:
        """Return whether a route takes an alert, by its brands, metrics (all alerts with statements
        pass) and severities.
        """
        moved = {shift.metric for shift in alert.moved}
        return (
            (not route.brands or bool(set(route.brands) & set(alert.brands)))
            and (not route.metrics or bool(moved & set(route.metrics)) or bool(alert.statements))
            and self._severity(alert) in route.severities
        )

    def _severity(self, alert: Alert) -> str:
        """Return ``good`` or ``bad`` by the shift that heads an alert; of a model as a whole,
        ``bad`` when any of its brands moved for the worse.
        """
        shifts = alert.also if alert.of_model else (alert.shift,)
        return "good" if all(self._is_better(shift) for shift in shifts) else "bad"

    def _is_better(self, shift: Shift) -> bool:
        """Return whether a shift is good news; a statement never is."""
        metric = self.metrics.get(shift.metric)
        higher = metric is None or metric.higher_is_better
        return not shift.statement and (shift.change > 0) == higher


def end_of_quiet(route: RouteTable, now: datetime) -> datetime | None:
    """Return the end, in UTC, of the quiet hours that ``now`` lies in; None outside quiet hours."""
    if not route.quiet:
        return None
    first, last = read_hours(route.quiet)
    local = now.astimezone(ZoneInfo(route.timezone))
    clock = local.time()
    quiet = first <= clock < last if first < last else clock >= first or clock < last
    if not quiet:
        return None
    day = local.date() + timedelta(days=clock >= last)
    return datetime.combine(day, last, local.tzinfo).astimezone(UTC)


def routed(routes: Sequence[RouteTable], channel: str) -> RouteTable | None:
    """Return the first route that leads to a channel, or None."""
    return next((route for route in routes if route.channel == channel), None)


def _route_deliveries(
    route: RouteTable, quiet_end: datetime | None, now: datetime
) -> list[Delivery]:
    """Return an alert's delivery to a route's channel, due now or at ``quiet_end``, the end of the
    quiet hours (None outside quiet hours); in quiet hours with their card before it.
    """
    # The alert's own delivery gets its key when the alert is stored and has a number.
    alert = Delivery(DeliveryKind.ALERT, "", route.channel, quiet_end or now)
    if quiet_end is None:
        return [alert]
    end = quiet_end.isoformat()
    key = f"digest-{end}@{route.channel}"
    card = Delivery(DeliveryKind.QUIET_HOURS, key, route.channel, quiet_end, subject=end)
    return [card, Delivery(alert.kind, "", route.channel, quiet_end, subject=end)]
