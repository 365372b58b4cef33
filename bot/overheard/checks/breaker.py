"""A circuit breaker: a model that only fails is left alone for a while, and then tried once."""

from __future__ import annotations

from enum import StrEnum

TRIPS_AFTER = 5
"""Calls in a row that fail before a model is left alone."""

WAITS = (30.0, 60.0, 900.0)
"""Seconds for which it is left alone: the first time, the second, and ever after."""


class State(StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    """They do."""
    OPEN = "open"
    """They do not."""
    HALF_OPEN = "half-open"
    """One at a time, to see whether it works again."""


class Breaker:
    """Counts failures in a row that are the service's own: faults, time-outs, broken connections.

    Attributes:
        reason: What the last of them said, or an empty string.
        until: When it lets a call through again, on the clock of the event loop; 0 while closed.
    """

    def __init__(self) -> None:
        self.reason = ""
        self.until = 0.0
        self._failures = 0
        self._openings = 0
        self._opened_at = 0.0

    def state(self, now: float) -> State:
        """Return whether calls go through."""
        if not self._openings:
            return State.CLOSED
        return State.OPEN if now < self.until else State.HALF_OPEN

    def succeeded(self) -> None:
        """Close it: an answer came in."""
        self._failures = self._openings = 0
        self.until = 0.0
        self.reason = ""

    def failed(self, reason: str, begun: float, now: float) -> None:
        """Count a call that failed.

        Args:
            reason: The sentence that says why.
            begun: When the call began. One that began before the breaker opened says nothing new.
            now: The time.
        """
        if self._openings and begun < self._opened_at:
            return
        self._failures += 1
        self.reason = reason
        if self._openings or self._failures >= TRIPS_AFTER:
            self._opened_at = now
            self.until = now + WAITS[min(self._openings, len(WAITS) - 1)]
            self._openings += 1
