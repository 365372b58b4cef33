"""When a question is asked again: only where that is safe, later each time, and not for ever."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from overheard.config.sections import AskingTable
from overheard.errors import ProviderFailed

FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0
"""Seconds before the second try, and at most, where a service does not say how long to wait."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How patiently a question is asked.

    Attributes:
        settings: How often, and how long.
        first: Seconds before the second try.
    """

    settings: AskingTable
    first: float = FIRST_WAIT

    def wait(self, failure: ProviderFailed, tried: int) -> float:
        """Return the seconds before the next try.

        A service's own word counts. Otherwise the time doubles with each try, and half of it is
        left to chance, so that calls that failed together do not come back together.

        Args:
            failure: How the last try failed.
            tried: How often it was asked already; 1 or more.
        """
        told = failure.retry_after
        if told is not None and isfinite(told) and told >= 0:
            return told
        longest = min(LONGEST_WAIT, self.first * 2.0 ** (tried - 1))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret hangs on it

    def again(self, failure: ProviderFailed, tried: int, elapsed: float) -> bool:
        """Say whether it is asked again.

        Args:
            failure: How the last try failed.
            tried: How often it was asked already.
            elapsed: Seconds since its first call, and until the next one.
        """
        left = tried < self.settings.tries and elapsed < self.settings.deadline
        return failure.retryable and left


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
