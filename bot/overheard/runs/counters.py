"""What this process has asked since it began, counted for whoever watches it."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from overheard.domain import Answer
from overheard.errors import ProviderFailed

BOUNDS = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds up to which calls are counted together, by how long they took."""
ANSWERED, CUT, FAULT = "answered", "cut", "fault"
"""How a call may end, in addition to each `FailureKind`: with an answer that can be scored, with an
answer that cannot, or by a fault in the provider's plugin.
"""


@dataclass(slots=True)
class Latencies:
    """How long calls took.

    Attributes:
        counts: Calls by the first of `BOUNDS` that they did not exceed; the last place is for
            those beyond all of them.
        total: Seconds of all of them together.
    """

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        """Count a call."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


class Tally:
    """Counts calls, by provider.

    Attributes:
        calls: How many calls there were, by provider and how they ended.
        latencies: How long they took.
        retries: How many of them were asked again.
        usd: Dollars that answers cost.
    """

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self.latencies: defaultdict[str, Latencies] = defaultdict(Latencies)
        self.retries: Counter[str] = Counter()
        self.usd: defaultdict[str, float] = defaultdict(float)

    def called(self, answer: Answer, failure: ProviderFailed | None = None) -> None:
        """Count a call that ended."""
        provider = answer.question.model.provider
        self.calls[provider, _end(answer, failure)] += 1
        self.latencies[provider].add(answer.latency)
        self.usd[provider] += answer.reply.cost_usd or 0.0

    def collected(self, answers: Iterable[Answer]) -> None:
        """Count answers that came in a batch: a batch takes hours, so that is no latency."""
        for answer in answers:
            provider = answer.question.model.provider
            self.calls[provider, _end(answer, None)] += 1
            self.usd[provider] += answer.reply.cost_usd or 0.0

    def retried(self, provider: str) -> None:
        """Count a call that is made again."""
        self.retries[provider] += 1


def _end(answer: Answer, failure: ProviderFailed | None) -> str:
    if failure:
        return failure.kind.value
    if answer.error:
        return FAULT
    return ANSWERED if answer.complete else CUT
