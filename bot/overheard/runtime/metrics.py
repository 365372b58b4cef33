"""Metrics for Prometheus: what this process has done, and what the store and the queue hold.

Counters are of one process: sum them up over all. Gauges are of the whole deployment, and every
process gives the same: take one of them, such as the maximum.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING

from overheard.domain import AlertState, Census, QueueStatus, RunState
from overheard.domain.operations import FAILING, SHOWN, WAITING
from overheard.interfaces import Clock
from overheard.runs.counters import BOUNDS, Latencies, Tally

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of what is given: https://prometheus.io/docs/instrumenting/exposition_formats/"""
FRESH = 10.0
"""Seconds for which what the store and the queue hold is not counted again."""
SHARE = 20
"""A look that takes long is followed by so many times as much peace."""
LONGEST_LOOK = 3.0
"""Seconds for which somebody who asks waits for the store and the queue, and is then told what was
there the last time."""
GIVEN_UP = 30.0
"""Seconds after which a store that does not answer is taken to be away."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands outside of this process.

    Attributes:
        until: Until when it is not looked at again, on a clock that never jumps.
        census: What the store holds; None when it could not be asked.
        queue: How the queue is; None when there is none, or it could not be asked.
    """

    until: float = 0.0
    census: Census | None = None
    queue: QueueStatus | None = None


class Metrics:
    """The metrics of a process.

    Args:
        census: Counts what the store holds.
        queue: Looks at the queue; None where there is none.
        tally: What this process has asked.
        faults: How often plugins have failed in this process, by plugin.
        clock: What time it is.
    """

    def __init__(
        self,
        census: Callable[[], Awaitable[Census]],
        queue: Callable[[], Awaitable[QueueStatus]] | None,
        tally: Tally,
        faults: Mapping[str, int],
        clock: Clock,
    ) -> None:
        self._census = census
        self._queue = queue
        self._tally = tally
        self._faults = faults
        self._clock = clock
        self._looking: asyncio.Task[Seen] | None = None
        self._seen, self._begun = Seen(), 0.0

    async def text(self) -> bytes:
        """Return all of them as Prometheus reads them."""
        from prometheus_client.exposition import generate_latest
        from prometheus_client.registry import CollectorRegistry

        families = [*self._own(), *_outside(await self._look(), self._clock.now())]
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Given(families))
        return generate_latest(registry)

    async def _look(self) -> Seen:
        """Look at the store and the queue, unless somebody just has, or still does."""
        if monotonic() < self._seen.until:
            return self._seen
        if self._looking is None:
            self._looking, self._begun = asyncio.create_task(self._count()), monotonic()
        # Not cancelled: a look that is slow is what the next one who asks waits for.
        done, _ = await asyncio.wait({self._looking}, timeout=LONGEST_LOOK)
        if done:
            self._seen, self._looking = self._looking.result(), None
        elif monotonic() - self._begun > GIVEN_UP:
            return Seen()
        return self._seen

    async def _count(self) -> Seen:
        begun, census, queue = monotonic(), None, None
        try:
            census = await self._census()
            queue = await self._queue() if self._queue else None
        except Exception:  # noqa: S110 - whatever a driver raises; that it is away is a metric
            pass
        now = monotonic()
        return Seen(now + max(FRESH, SHARE * (now - begun)), census, queue)

    def _own(self) -> Iterator[Metric]:
        from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily

        tally, provider = self._tally, ["provider"]
        asks = CounterMetricFamily(
            "overheard_asks",
            "Calls to providers, by how they ended.",
            labels=["provider", "outcome"],
        )
        for (name, outcome), count in sorted(tally.calls.items()):
            asks.add_metric([name, outcome.replace(" ", "_")], count)
        took = HistogramMetricFamily(
            "overheard_ask_duration_seconds", "How long calls to providers took.", labels=provider
        )
        for name, latencies in sorted(tally.latencies.items()):
            took.add_metric([name], _buckets(latencies), latencies.total)
        yield from (asks, took)
        for family, told, label, counts in (
            ("overheard_ask_retries", "Calls that were made again.", "provider", tally.retries),
            ("overheard_spend_dollars", "What answers cost.", "provider", tally.usd),
            ("overheard_plugin_faults", "Calls into plugins that failed.", "plugin", self._faults),
        ):
            counter = CounterMetricFamily(family, told, labels=[label])
            for name, value in sorted(dict(counts).items()):
                counter.add_metric([name], value)
            yield counter


class _Given:
    """What a registry collects, given as it is."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """Yield it."""
        yield from self._families


def _buckets(latencies: Latencies) -> list[tuple[str, float]]:
    """Sum counts up, as Prometheus wants them."""
    so_far, buckets = 0, []
    for bound, count in zip([*map(str, BOUNDS), "+Inf"], latencies.counts, strict=True):
        so_far += count
        buckets.append((bound, float(so_far)))
    return buckets


def _outside(seen: Seen, now: datetime) -> Iterator[Metric]:
    yield _gauge("overheard_store_up", "Whether the store answers.", float(seen.census is not None))
    if seen.census:
        yield from _stored(seen.census, now)
    if seen.queue:
        yield from _queued(seen.queue)


def _stored(census: Census, now: datetime) -> Iterator[Metric]:
    states = {**_none(RunState), **census.runs}
    yield _gauges("overheard_runs", "Runs, by state.", "state", states)
    states = {**_none(AlertState), **census.alerts}
    yield _gauges("overheard_alerts", "Alerts, by state.", "state", states)
    states = {**_none((WAITING, FAILING, SHOWN)), **census.deliveries}
    yield _gauges("overheard_deliveries", "Messages to chats, by state.", "state", states)
    yield _gauge(
        "overheard_delivery_attempts",
        "Attempts in vain at messages that no chat shows yet.",
        census.attempts,
    )
    yield _gauge(
        "overheard_scoring_lag_seconds",
        "Age of the oldest answer of a run that goes on that no scorer has read.",
        _age(census.unscored_since, now),
    )
    yield _gauge(
        "overheard_detection_lag_seconds",
        "Age of the oldest run that goes on, in which nobody has looked for shifts yet.",
        _age(census.unseen_since, now),
    )


def _queued(queue: QueueStatus) -> Iterator[Metric]:
    from prometheus_client.metrics_core import GaugeMetricFamily

    labels = ["work", "state"]
    jobs = GaugeMetricFamily("overheard_queue_jobs", "Jobs in the queue, by state.", labels=labels)
    for state in ("waiting", "running", "held"):
        for work, count in sorted(getattr(queue, state).items()):
            jobs.add_metric([work, state], count)
    yield jobs
    told = "How long the oldest waiting job waits."
    yield _gauges("overheard_queue_oldest_seconds", told, "work", queue.oldest)
    yield _gauge("overheard_queue_workers", "Workers that are connected.", queue.workers)


def _gauge(name: str, told: str, value: float) -> Metric:
    from prometheus_client.metrics_core import GaugeMetricFamily

    return GaugeMetricFamily(name, told, value=value)


def _gauges(name: str, told: str, label: str, values: Mapping[str, float]) -> Metric:
    from prometheus_client.metrics_core import GaugeMetricFamily

    family = GaugeMetricFamily(name, told, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([str(key)], value)
    return family


def _none(states: Iterable[str]) -> dict[str, int]:
    """Return a zero for each state: a metric that is missing says less."""
    return dict.fromkeys(map(str, states), 0)


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
