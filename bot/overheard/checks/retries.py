"""When a question is asked again: only where that is safe, later each time, and not for ever."""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import isfinite

from overheard.errors import ProviderFailed
from overheard.tables.asking import AskingTable

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
