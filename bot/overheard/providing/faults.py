"""What can go wrong at a service, and how it is told: never in the service's own words, because
they may repeat the key.
"""

from __future__ import annotations

from dataclasses import dataclass

from overheard.domain import Failing, Model, RateLimits
from overheard.errors import OverheardError, ProviderFailed, ProviderUnavailable


@dataclass(frozen=True, slots=True)
class Place:
    """What is told of a service when something goes wrong there.

    Attributes:
        provider: The name of its table.
        url: Its address.
        api: What it should speak: ``Chat Completions``.
        timeout: Seconds that a whole answer may take.
        silence: Seconds of silence that are borne.
    """

    provider: str
    url: str
    api: str
    timeout: float
    silence: float


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong. The fields are those of `ProviderFailed`, and these.

    Attributes:
        remedy: What to do about it.
        final: Whether no other question could be answered either.
    """

    kind: Failing
    reason: str
    remedy: str
    retryable: bool = False
    ambiguous: bool = False
    final: bool = False
    status: int | None = None
    retry_after: float | None = None
    limits: RateLimits | None = None

    def failure(self, model: Model, place: Place) -> OverheardError:
        """Return the error to raise for a question."""
        if self.final:
            return self.unavailable(place)
        return ProviderFailed(
            model=model,
            reason=f"{self.reason}; {self.remedy}.",
            kind=self.kind,
            status=self.status,
            retryable=self.retryable,
            retry_after=self.retry_after,
            limits=self.limits,
            ambiguous=self.ambiguous,
        )

    def unavailable(self, place: Place) -> ProviderUnavailable:
        """Return the error to raise when there was no question."""
        return ProviderUnavailable(provider=place.provider, reason=self.reason, remedy=self.remedy)
