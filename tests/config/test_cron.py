"""Tests of the times of a schedule."""

from datetime import UTC, datetime, timedelta

import pytest

from overheard.config.cron import Cron

TUESDAY = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("0", ["Sun"]),
        ("7", ["Sun"]),
        ("1", ["Mon"]),
        ("mon", ["Mon"]),
        ("1-5", ["Mon", "Tue", "Wed", "Thu", "Fri"]),
        ("5-7", ["Fri", "Sat", "Sun"]),
        ("1,3", ["Mon", "Wed"]),
        ("*/2", ["Sun", "Tue", "Thu", "Sat"]),
    ],
)
def test_days_of_the_week_count_as_cron_counts_them(field: str, days: list[str]) -> None:
    """0 and 7 are Sunday, and 1 is Monday."""
    cron = Cron(f"0 7 * * {field}")
    at, found = TUESDAY, set()
    for _ in range(14):
        following = cron.after(at)
        assert following
        at = following
        found.add(at.strftime("%a"))
    assert found == set(days)


def test_a_time_that_comes_twice_counts_once() -> None:
    """When clocks go back, half past two is once, and the day after is the next."""
    cron = Cron("30 2 * * *", "Europe/Berlin")
    first = cron.after(datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert cron.after(first) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_a_time_that_is_left_out_comes_within_its_day() -> None:
    """When clocks go forward, a check at half past two is not lost."""
    cron = Cron("30 2 * * *", "Europe/Berlin")
    found = cron.after(datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert found
    assert found.date() == datetime(2026, 3, 29, tzinfo=UTC).date()


def test_the_next_time_is_never_now() -> None:
    """Whoever asks at seven has had seven."""
    cron = Cron("0 7 * * *")
    seven = datetime(2026, 11, 24, 7, tzinfo=UTC)
    assert cron.after(seven) == seven + timedelta(days=1)
    assert cron.after(seven - timedelta(seconds=1)) == seven


@pytest.mark.parametrize(
    ("fields", "weeks", "latest"),
    [
        ("*/5 * * * *", 1, datetime(2026, 11, 24, 12, tzinfo=UTC)),
        ("0 7 * * mon", 3, datetime(2026, 11, 23, 7, tzinfo=UTC)),
        ("0 7 1 1 *", 60, datetime(2026, 1, 1, 7, tzinfo=UTC)),
        ("0 7 1 1 *", 1, None),
        ("0 13 * * *", 0, None),
    ],
)
def test_the_latest_time_is_found_however_long_ago(
    fields: str, weeks: int, latest: datetime | None
) -> None:
    """Of many that were missed, the last one is known."""
    assert Cron(fields).latest(TUESDAY - timedelta(weeks=weeks), TUESDAY) == latest


@pytest.mark.parametrize("fields", ["", "* * * *", "61 * * * *", "0 7 * * 8", "0 7 * * 5-3", "x"])
def test_what_is_no_schedule_is_refused(fields: str) -> None:
    """A mistake is told when it is written, not when it would be due."""
    with pytest.raises(ValueError, match=r"."):
        Cron(fields)


def test_what_is_no_zone_is_refused() -> None:
    """The remedy shows how one is written."""
    with pytest.raises(ValueError, match="Europe/Berlin"):
        Cron("0 7 * * *", "Berlin")
