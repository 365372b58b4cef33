"""Tests of the times of a schedule."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from overheard.config.cron import Cron

TUESDAY = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


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


@pytest.mark.parametrize(
    ("day", "due", "next_day"),
    [
        ((2026, 10, 24), (2026, 10, 25, 0, 30), (2026, 10, 26, 1, 30)),
        ((2026, 3, 28), (2026, 3, 29, 1, 0), (2026, 3, 30, 0, 30)),
    ],
)
def test_a_time_that_comes_twice_counts_once_and_one_that_is_skipped_is_due_afterwards(
    day: tuple[int, int, int], due: tuple[int, ...], next_day: tuple[int, ...]
) -> None:
    """When clocks go back, and when they go forward: half past two, then the day after."""
    cron = Cron("30 2 * * *", "Europe/Berlin")
    first = cron.after(datetime(*day, 12, tzinfo=UTC))
    assert first == datetime(*due, tzinfo=UTC)  # type: ignore[misc, arg-type]
    assert cron.after(first) == datetime(*next_day, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("change", "hours"),
    [
        (datetime(2026, 10, 25, 1, tzinfo=UTC), [1, 2, 2, 3]),
        (datetime(2026, 3, 29, 1, tzinfo=UTC), [0, 1, 3, 4]),
    ],
)
def test_what_is_due_every_hour_follows_the_elapsed_time(
    change: datetime, hours: list[int]
) -> None:
    """Fields that begin with a star are due in both of two equal hours, as in Debian's cron."""
    cron, berlin = Cron("0 * * * *", "Europe/Berlin"), ZoneInfo("Europe/Berlin")
    found = [slot.astimezone(berlin).hour for slot in _slots(cron, change - 2.5 * HOUR, 4)]
    assert found == hours


@pytest.mark.parametrize(
    ("fields", "zone", "moment", "following"),
    [
        ("0 0 * * mon", "Europe/Berlin", "2026-03-26T00:00Z", "2026-03-29T22:00Z"),
        ("30 0 1 * *", "Europe/Berlin", "2026-03-10T00:00Z", "2026-03-31T22:30Z"),
        ("0 0 * * *", "Europe/Berlin", "2026-03-29T00:30Z", "2026-03-29T22:00Z"),
        ("0 0 * * mon", "America/New_York", "2026-03-06T00:00Z", "2026-03-09T04:00Z"),
        ("0 0 * * sun", "America/Sao_Paulo", "2018-11-01T00:00Z", "2018-11-04T03:00Z"),
    ],
)
def test_a_change_of_clocks_loses_no_slot_after_midnight(
    fields: str, zone: str, moment: str, following: str
) -> None:
    """Nor does the search for the latest slot lose it, when a bot was off at that time."""
    cron, slot = Cron(fields, zone), datetime.fromisoformat(following)
    assert cron.after(datetime.fromisoformat(moment)) == slot
    assert cron.latest(datetime.fromisoformat(moment), slot + 2 * HOUR) == slot


CHANGES = {
    "Europe/Berlin": ("2026-03-29T01:00Z", "2026-10-25T01:00Z"),
    "America/New_York": ("2026-03-08T07:00Z", "2026-11-01T06:00Z"),
    "Australia/Lord_Howe": ("2026-04-04T15:00Z", "2026-10-03T15:30Z"),  # by half an hour
    "America/Sao_Paulo": ("2018-02-18T02:00Z", "2018-11-04T03:00Z"),  # at midnight
    "Asia/Kolkata": ("2026-03-29T01:00Z", "2026-10-25T01:00Z"),  # there is none
}


@pytest.mark.parametrize("zone", CHANGES)
def test_slots_are_those_of_cronsim(zone: str) -> None:
    """Of 600 random expressions, 120 a zone, around both changes, forwards and backwards.

    Where clocks change by half an hour or at midnight, cronsim loses its place if an expression
    follows the elapsed time; there the clock is read minute by minute.
    """
    draw = random.Random(zone)  # noqa: S311 - no secret
    for _ in range(120):
        fields = _fields(draw)
        change = datetime.fromisoformat(draw.choice(CHANGES[zone]))
        start = change - timedelta(minutes=draw.randrange(60 * draw.choice((3, 30, 300))))
        cron, local = Cron(fields, zone), start.astimezone(ZoneInfo(zone))
        elapsed = any(part.startswith("*") for part in fields.split()[:2])
        if elapsed and zone in {"Australia/Lord_Howe", "America/Sao_Paulo"}:
            start = change - timedelta(minutes=draw.randrange(180))
            expected = [*islice(_by_minute(fields, ZoneInfo(zone), start), 3)]
        else:
            expected = [slot.astimezone(UTC) for slot in islice(CronSim(fields, local), 3)]
        assert _slots(cron, start, len(expected)) == expected, (fields, start)
        for before, slot in zip([None, *expected], expected, strict=False):
            assert cron.latest(start, slot) == slot, (fields, start)
            assert cron.latest(start, slot - timedelta(seconds=1)) == before, (fields, start)


def _slots(cron: Cron, moment: datetime, count: int) -> list[datetime]:
    slots: list[datetime] = []
    while len(slots) < count and (following := cron.after(slots[-1] if slots else moment)):
        slots.append(following)
    return slots


def _by_minute(fields: str, zone: ZoneInfo, start: datetime) -> Iterator[datetime]:
    """Yield the minutes of five hours at which a clock shows a time of an expression."""
    minutes = [start + timedelta(minutes=minute) for minute in range(1, 300)]
    shown = [at.astimezone(zone).replace(tzinfo=None) for at in minutes]
    due = CronSim(fields, min(shown) - timedelta(minutes=1))
    times = {*takewhile(lambda time: time <= max(shown), due)}
    yield from (at for at, time in zip(minutes, shown, strict=True) if time in times)


def _fields(draw: random.Random) -> str:
    """Return an expression that restricts one day at most: cronsim joins two of them by or."""
    day, weekday = (_field(draw, 1, 28), "*") if draw.random() < 0.5 else ("*", _field(draw, 0, 6))
    month = draw.choice(["*", "*", "*", _field(draw, 1, 12)])
    return f"{_field(draw, 0, 59)} {_field(draw, 0, 23)} {day} {month} {weekday}"


def _field(draw: random.Random, low: int, high: int) -> str:
    first, last = sorted(draw.sample(range(low, high + 1), 2))
    step = draw.randint(1, min(5, last - first))
    wide = draw.randint(2, (high - low) // 2)
    forms = (
        "*",
        f"{first}",
        f"{first}-{last}",
        f"{first},{last}",
        f"{first}-{last}/{step}",
        f"*/{wide}",
    )
    return draw.choice(forms)


def test_when_both_days_are_restricted_both_must_match() -> None:
    """Friday the 13th, where cron would take each Friday and each 13th."""
    friday = Cron("0 7 13 * fri").after(TUESDAY)
    assert friday == datetime(2027, 8, 13, 7, tzinfo=UTC)


def test_a_slot_years_ahead_is_found_and_one_that_never_comes_is_none() -> None:
    """29 February falls on a Sunday in 2032; 30 February never comes."""
    assert Cron("0 7 29 2 sun").after(TUESDAY) == datetime(2032, 2, 29, 7, tzinfo=UTC)
    assert Cron("0 7 30 2 *").after(TUESDAY) is None


def test_the_next_time_is_never_now() -> None:
    """At seven, the next slot is that of tomorrow."""
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
    """A mistake is reported when it is written, not when it would be due."""
    with pytest.raises(ValueError, match=r"."):
        Cron(fields)


def test_what_is_no_zone_is_refused() -> None:
    """The remedy shows how one is written."""
    with pytest.raises(ValueError, match="Europe/Berlin"):
        Cron("0 7 * * *", "Berlin")
