"""Retries of calls, with growing waits and a deadline, and the circuit breaker of a model."""

import random
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from overheard.config.sections import AskingTable
from overheard.errors import ProviderFailed
from overheard.provider_kit.transport import MAX_WAIT_S

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
"""The wait before the second try, and the longest wait, where a service names none."""
TRIPS_AFTER = 5
"""Consecutive failed calls that open the breaker."""
OPEN_TIMES_S = (30.0, 60.0, 900.0)
"""Seconds for which the breaker is open: the first time, the second, and every later time."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a failed call is repeated: only where a repetition is safe, later each time, and not for
    ever.

    Attributes:
        settings: The most tries, and the deadline in seconds.
        first: Seconds before the second try.
    """

    settings: AskingTable
    first: float = FIRST_WAIT_S

    def wait(self, failure: ProviderFailed, tried: int) -> float:
        """Return the seconds before the next try.

        That is the service's Retry-After, if it is a finite number, 0 or more, but at most
        `MAX_WAIT_S`. Otherwise the wait doubles with each try, from `first` up to `LONGEST_WAIT_S`,
        times a random factor of 0.5 to 1, so that calls that failed together are not repeated
        together.

        Args:
            failure: How the last try failed.
            tried: The number of tries so far; 1 or more.
        """
        retry_after = failure.retry_after
        if retry_after is not None and isfinite(retry_after) and retry_after >= 0:
            return min(retry_after, MAX_WAIT_S)  # a plugin's provider may ask for ever
        longest = min(LONGEST_WAIT_S, self.first * 2.0 ** (tried - 1))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - not for a secret

    def should_retry(self, failure: ProviderFailed, tried: int, elapsed: float) -> bool:
        """Return whether a failed call may be repeated: the failure is safe to retry, fewer tries
        were made than the settings allow, and the next try begins before the deadline.

        Args:
            failure: How the last try failed.
            tried: The number of tries so far.
            elapsed: Seconds from the start of the first try to the start of the next one.
        """
        has_tries = tried < self.settings.tries
        has_time = elapsed < self.settings.deadline
        return failure.retryable and has_tries and has_time


class BreakerState(StrEnum):
    """Whether a model may be called."""

    CLOSED = "closed"
    """It may."""
    OPEN = "open"
    """It may not."""
    HALF_OPEN = "half-open"
    """One call at a time, as a trial."""


class Breaker:
    """The circuit breaker of a model: it opens after `TRIPS_AFTER` consecutive failures.

    Failures are those of the service: faults, time-outs, broken connections.

    Attributes:
        reason: The message of the last failure, or an empty string.
        until: When the next call is allowed, on the clock of the event loop; 0 while closed.
    """

    def __init__(self) -> None:
        self.reason = ""
        self.until = 0.0
        self._failures = 0
        self._openings = 0
        self._opened_at = 0.0

    def state(self, now: float) -> BreakerState:
        """Return the state at a time of the event loop's clock."""
        if not self._openings:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.until else BreakerState.HALF_OPEN

    def succeeded(self) -> None:
        """Close the breaker after an answer."""
        self._failures = self._openings = 0
        self.until = 0.0
        self.reason = ""

    def failed(self, reason: str, begun: float, now: float) -> None:
        """Count a failed call; open the breaker at the `TRIPS_AFTER`th consecutive failure, and
        again at each failed trial, for the next of `OPEN_TIMES_S`.

        Args:
            reason: The failure as a sentence.
            begun: When the call began. A call from before the breaker opened is ignored.
            now: The current time. Both times are in seconds of the event loop's clock.
        """
        if self._openings and begun < self._opened_at:
            return
        self._failures += 1
        self.reason = reason
        if self._openings or self._failures >= TRIPS_AFTER:
            self._opened_at = now
            self.until = now + OPEN_TIMES_S[min(self._openings, len(OPEN_TIMES_S) - 1)]
            self._openings += 1
