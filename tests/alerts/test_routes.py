"""Tests of where alerts are posted, and when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from overheard.alerts.outbox import Routes, routed, told_rivals
from overheard.config.sections import RouteTable
from overheard.domain import Alert, Brand, Catalogue, Metric, Model, Scale, Shift

METRICS = {
    "visibility": Metric("visibility", Scale.BINARY, "Visibility"),
    "position": Metric("position", Scale.RANK, "Position"),
}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NIGHT = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
SEVEN = datetime(2026, 3, 3, 7, tzinfo=UTC)
CHANGING = datetime(2026, 3, 28, 22, tzinfo=UTC)
"""Eleven in the evening in Berlin, in the night that is an hour shorter."""


def alert(
    brand: str = "Acme", metric: str = "visibility", change: float = -0.25, also: str = ""
) -> Alert:
    """Make an alert."""
    interval = (change - 0.1, change + 0.1)
    shifts = [
        Shift(brand, Model("svc", "m"), name, 1, 0.7, 0.7 + change, change, interval)
        for name in (metric, also)
        if name
    ]
    return Alert(shifts[0], NOON, tuple(shifts[1:]))


def test_a_competitor_is_told_where_a_route_asks_for_it() -> None:
    """What is good for it is bad; a route of another brand does not take it, and none takes that
    of one which no route asks for.
    """
    catalogue = Catalogue((Brand("Acme", competitors=("Zeta",)), Brand("Zeta", tracked=False)))
    tables = [
        RouteTable(channel="slack:all"),
        RouteTable(channel="slack:rivals", rivals=True),
        RouteTable(channel="slack:other", brands=("Other",), rivals=True),
        RouteTable(channel="slack:bad", brands=("Acme",), rivals=True, severities=("bad",)),
    ]
    rivals = told_rivals(catalogue, tables)
    routes = Routes(tables, METRICS, rivals)

    def told(change: float) -> list[str]:
        return [one.channel for one in routes.deliveries(alert("Zeta", change=change), NOON)]

    assert rivals == {"Zeta": {"Acme"}}
    assert told_rivals(catalogue, tables[:1]) == {}
    assert told(0.25) == ["slack:rivals", "slack:bad"]
    assert told(-0.25) == ["slack:rivals"]
    routes = Routes(tables, METRICS, {"Zeta": set()})
    assert told(0.25) == []


def channels(raised: Alert, *routes: dict[str, Any]) -> list[str]:
    """Return where an alert is posted."""
    tables = [RouteTable.model_validate(route) for route in routes]
    return [delivery.channel for delivery in Routes(tables, METRICS).deliveries(raised, NOON)]


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (alert(), ["slack:all", "slack:acme", "slack:seen", "slack:bad"]),
        (alert("Zeta"), ["slack:all", "slack:seen", "slack:bad"]),
        (alert(metric="position"), ["slack:all", "slack:acme", "slack:good"]),
        (alert(metric="position", also="visibility"), [
            "slack:all", "slack:acme", "slack:seen", "slack:good"]),
        (alert(change=0.25), ["slack:all", "slack:acme", "slack:seen", "slack:good"]),
        (alert(metric="position", change=0.5), ["slack:all", "slack:acme", "slack:bad"]),
        (alert(metric="gone"), ["slack:all", "slack:acme", "slack:bad"]),
    ],
)  # fmt: skip
def test_an_alert_goes_where_brand_metric_and_severity_lead(raised: Alert, told: list[str]) -> None:
    """A rank that falls is good news; a metric that is not measured any more counts upwards."""
    found = channels(
        raised,
        {"channel": "slack:all"},
        {"channel": "slack:acme", "brands": ["Acme"]},
        {"channel": "slack:seen", "metrics": ["visibility"]},
        {"channel": "slack:bad", "severities": ["bad"]},
        {"channel": "slack:good", "severities": ["good"]},
    )

    assert found == told


def test_two_routes_to_one_channel_make_one_message() -> None:
    """The first one that fits holds."""
    assert channels(alert(), {"channel": "slack:C1"}, {"channel": "slack:C1"}) == ["slack:C1"]
    assert channels(alert()) == []


@pytest.mark.parametrize(
    ("quiet", "zone", "now", "end"),
    [
        ("22:00-07:00", "UTC", NIGHT, SEVEN),
        ("22:00-07:00", "UTC", SEVEN - timedelta(minutes=1), SEVEN),
        ("22:00-07:00", "UTC", NOON, None),
        ("22:00-07:00", "UTC", SEVEN, None),
        ("12:00-13:30", "UTC", NOON, datetime(2026, 3, 2, 13, 30, tzinfo=UTC)),
        ("22:00-07:00", "Asia/Tokyo", NOON.replace(hour=14), datetime(2026, 3, 2, 22, tzinfo=UTC)),
        ("22:00-07:00", "Europe/Berlin", CHANGING, CHANGING + timedelta(hours=7)),
    ],
)  # fmt: skip
def test_quiet_hours_end_by_the_clock_of_the_channel(
    quiet: str, zone: str, now: datetime, end: datetime | None
) -> None:
    """Across midnight, in any zone, and also in the night in which clocks change."""
    route = RouteTable(channel="slack:C1", quiet=quiet, timezone=zone)
    found = Routes([route], METRICS).deliveries(alert(), now)

    assert {delivery.due_at for delivery in found} == {end or now}
    assert [d.kind.value for d in found] == (["digest", "alert"] if end else ["alert"])


def test_a_channel_has_the_first_route_that_leads_there() -> None:
    """Or none."""
    routes = [
        RouteTable(channel="slack:C1"),
        RouteTable(channel="slack:C2", quiet="22:00-07:00"),
        RouteTable(channel="slack:C2"),
    ]

    assert routed(routes, "slack:C2") is routes[1]
    assert routed(routes, "slack:C3") is None
