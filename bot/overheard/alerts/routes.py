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
        for route in self._routes:
            if self._takes_alert(route, alert):
                chosen.setdefault(route.channel, route)
        return list(chosen.values())

    def _takes_alert(self, route: RouteTable, alert: Alert) -> bool:
        """Return whether a route takes an alert. Its brands, metrics and severities must all fit.

        A route without brands takes all brands, and one without metrics all metrics; otherwise one
        brand, and one metric, of the alert is enough. An alert with statements passes whatever the
        metrics of the route are.
        """
        metrics = {shift.metric for shift in alert.moved}
        fits_brands = not route.brands or not set(route.brands).isdisjoint(alert.brands)
        fits_metrics = not route.metrics or not metrics.isdisjoint(route.metrics)
        return (
            fits_brands
            and (fits_metrics or bool(alert.statements))
            and self._severity(alert) in route.severities
        )

    def _severity(self, alert: Alert) -> str:
        """Return ``good`` or ``bad``, as a route names severities: by the first shift of an alert
        on a brand. A model-wide alert is good only if all its brands moved for the better.
        """
        shifts = alert.also if alert.of_model else (alert.shift,)
        return "good" if all(self._is_better(shift) for shift in shifts) else "bad"

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
    has_begun, has_not_ended = clock >= first, clock < last
    passes_midnight = first >= last
    is_quiet = (has_begun or has_not_ended) if passes_midnight else (has_begun and has_not_ended)
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

    Args:
        quiet_end: The end of the quiet hours, when both are due; None outside quiet hours.
        now: The current time, when the alert is due outside quiet hours.
    """
    # The alert's own delivery gets its key when the alert is stored and has a number.
    alert = Delivery(DeliveryKind.ALERT, "", route.channel, quiet_end or now)
    if quiet_end is None:
        return [alert]
    end = quiet_end.isoformat()
    key = f"digest-{end}@{route.channel}"
    card = Delivery(DeliveryKind.QUIET_HOURS, key, route.channel, quiet_end, subject=end)
    return [card, Delivery(alert.kind, "", route.channel, quiet_end, subject=end)]
