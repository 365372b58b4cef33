"""A clock that a test sets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""The time in tests by default: a Monday."""


class FixedClock:
    """An `overheard.interfaces.Clock` that moves only by `advance`.

    Args:
        now: The time at the start; aware, in UTC.
    """

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the time."""
        return self._now

    def advance(self, **by: float) -> None:
        """Move the time forward, as in ``advance(hours=2)``; the arguments are `timedelta`'s."""
        self._now += timedelta(**by)
