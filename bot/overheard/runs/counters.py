"""Counters of the calls that this process has made to providers, as Prometheus collects them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from overheard.domain import Answer
from overheard.errors import ProviderFailed

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

LATENCY_BUCKETS_S = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
ANSWERED, CUT, FAULT = "answered", "cut", "fault"
"""How a call may end, in addition to the failures that a provider reports (`FailureKind`): with an
answer that can be scored, with one that cannot, or by a fault in the provider's plugin.
"""


class CallCounters:
    """Counts calls by provider."""

    @property
    def registry(self) -> CollectorRegistry:
        """The metrics, for the exposition."""
        return self._metrics.registry

    def called(self, answer: Answer, failure: ProviderFailed | None = None) -> None:
        """Count a call that ended."""
        self._ended(answer, failure)
        self._metrics.latency.labels(answer.question.model.provider).observe(answer.latency)

    def collected(self, answers: Iterable[Answer]) -> None:
        """Count answers of a batch, whose hours are no latency."""
        for answer in answers:
            self._ended(answer, None)

    def retried(self, provider: str) -> None:
        """Count a call that is made again."""
        self._metrics.retries.labels(provider).inc()

    def _ended(self, answer: Answer, failure: ProviderFailed | None) -> None:
        provider = answer.question.model.provider
        self._metrics.asks.labels(provider, _outcome(answer, failure)).inc()
        self._metrics.spend.labels(provider).inc(answer.reply.cost_usd or 0.0)

    @cached_property
    def _metrics(self) -> _Metrics:
        return _Metrics()


class _Metrics:
    """The metrics, made when the first call is counted: prometheus_client is slow to import."""

    def __init__(self) -> None:
        from prometheus_client import (
            CollectorRegistry,
            Counter,
            Histogram,
            disable_created_metrics,
        )

        disable_created_metrics()  # type: ignore[no-untyped-call]
        own = self.registry = CollectorRegistry()  # several deployments may be open in a process
        by = ["provider"]
        self.asks = Counter(
            "overheard_asks",
            "Calls to providers, by how they ended.",
            ["provider", "outcome"],
            registry=own,
        )
        self.latency = Histogram(
            "overheard_ask_duration_seconds",
            "How long calls to providers took.",
            by,
            buckets=LATENCY_BUCKETS_S,
            registry=own,
        )
        self.retries = Counter(
            "overheard_ask_retries", "Calls that were made again.", by, registry=own
        )
        self.spend = Counter("overheard_spend_dollars", "What answers cost.", by, registry=own)


def _outcome(answer: Answer, failure: ProviderFailed | None) -> str:
    if failure:
        return failure.kind.value.replace(" ", "_")
    if answer.error:
        return FAULT
    return ANSWERED if answer.complete else CUT
