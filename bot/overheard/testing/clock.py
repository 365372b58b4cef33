"""A clock that stands still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""When tests take place, unless they say otherwise: a Monday."""


class FixedClock:
    """An `overheard.interfaces.Clock` that goes on only when it is told to.

    Args:
        now: Where it stands; aware, in UTC.
    """

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the time."""
        return self._now

    def advance(self, **by: float) -> None:
        """Go on, such as ``advance(hours=2)``; the arguments are those of `timedelta`."""
        self._now += timedelta(**by)
