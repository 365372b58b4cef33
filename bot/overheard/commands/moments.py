"""Times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from overheard.errors import TimeUnreadable

_DAYS = {"today": 0, "yesterday": 1}


def moment(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Read a time; a day begins at midnight, and without a zone of its own it is the reader's.

    Args:
        text: ``2026-11-24``, ``2026-11-24T07:00``, ``today``, ``yesterday`` or ``now``.
        now: What time it is.
        zone: The reader's time zone.

    Raises:
        TimeUnreadable: when it is none of these.
    """
    word = text.strip().casefold()
    if word == "now":
        return now
    if word in _DAYS:
        day = (now.astimezone(zone) - timedelta(days=_DAYS[word])).date()
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    try:
        written = datetime.fromisoformat(text.strip())
        aware = written if written.tzinfo else written.replace(tzinfo=zone)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise TimeUnreadable(text=text) from None
