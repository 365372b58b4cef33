from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overheard.cards.charts import ticks
from overheard.domain import Scale

START = datetime(2026, 2, 2, 6, 3, tzinfo=UTC)


def test_rates_stand_on_zero() -> None:
    """A chart of rates starts at nothing, and ends at the next round rate."""
    assert ticks.values([0.3, 0.55], Scale.BINARY) == [0, 0.2, 0.4, 0.6]
    assert ticks.values([0.97], Scale.SHARE)[-1] == 1


def test_polarity_shows_its_negative_half_when_needed() -> None:
    """Zero is at the foot of praise, and in the middle once there is blame."""
    assert ticks.values([0.1, 0.4], Scale.POLARITY) == [0, 0.25, 0.5]
    assert ticks.values([-0.1, 0.4], Scale.POLARITY) == [-0.5, -0.25, 0, 0.25, 0.5]


def test_the_first_place_is_on_top() -> None:
    """Ranks are named from the worst up to 1, even when no brand has a lower rank."""
    assert ticks.values([1.0], Scale.RANK) == [2, 1]
    assert ticks.values([7.2], Scale.RANK) == [9, 7, 5, 3, 1]


@pytest.mark.parametrize(
    ("span", "names"),
    [
        (timedelta(minutes=16), ["06:05", "06:10", "06:15"]),
        (timedelta(hours=9), ["06:00", "08:00", "10:00", "12:00", "14:00"]),
        (timedelta(days=60), ["2 Feb", "16 Feb", "2 Mar", "16 Mar", "30 Mar"]),
        (timedelta(days=800), ["Jul", "Jan", "Jul", "Jan"]),
    ],
)
def test_moments_are_round(span: timedelta, names: list[str]) -> None:
    """Minutes apart or years apart, a chart names moments that people find round."""
    found = ticks.moments(START, START + span, UTC)
    assert [ticks.moment_name(at, span)[0] for at in found] == names


def test_moments_follow_the_clock_of_the_reader() -> None:
    """Days begin at the reader's midnight, on both sides of a change to summer time."""
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 3, 27, tzinfo=UTC)
    found = ticks.moments(first, first + timedelta(days=4), berlin)
    assert [at.hour for at in found] == [0] * 5
    assert {at.tzname() for at in found} == {"CET", "CEST"}
    assert ticks.moment_name(found[0], timedelta(days=1))[1] == "27 Mar, CET"


@given(st.timedeltas(timedelta(0), timedelta(days=40000)))
def test_moments_fit(span: timedelta) -> None:
    """For any span, there are one to six moments, in order, and within it or close before."""
    found = ticks.moments(START, START + span, UTC)
    assert 1 <= len(found) <= ticks.MAX_MOMENTS + 1
    assert found == sorted(found)
    assert all(START - span / 50 <= at <= START + span for at in found)
