"""Metrics for Prometheus: what this process has done, and what the store and the queue hold.

Counters are of one process: sum them up over all. Gauges are of the whole deployment, and every
process gives the same: take one of them, such as the maximum. Calls, tokens and US dollars
are counted by `CallCounters` in ``runs/call.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from overheard.deployment import Deployment
from overheard.domain import AlertState, Census, QueueStatus, RunState
from overheard.domain.operations import FAILING, SHOWN, WAITING
from overheard.interfaces import Clock
from overheard.runs.call import CallCounters
from overheard.runs.tasks import queue_status
from overheard.telemetry import begin_traces, write_log

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

CONTENT_TYPE = "text/plain; version=0.0.4"
"""https://prometheus.io/docs/instrumenting/exposition_formats/, in UTF-8."""
SNAPSHOT_TTL_S = 10.0
"""Seconds for which the store and the queue are not counted again."""
SNAPSHOT_TTL_FACTOR = 20
"""A slow count is repeated after so many times its own duration, where that is longer."""
SCRAPE_TIMEOUT_S = 3.0
"""Seconds that a scrape waits for the store and the queue; then it gets the last snapshot."""
STORE_TIMEOUT_S = 30.0
"""Seconds after which a store that does not answer counts as down."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of the store and the queue at one time.

    Attributes:
        expires: When it is counted again, in seconds of the monotonic clock.
        census: The counts of the store; None when the store does not answer.
        queue: The state of the queue; None without a queue, or when it does not answer.
    """

    expires: float = 0.0
    census: Census | None = None
    queue: QueueStatus | None = None


@dataclass(eq=False)
class Metrics:
    """The metrics of a process.

    Attributes:
        census: Counts the contents of the store.
        queue: Returns the state of the queue; None without a queue.
        calls: The calls of this process to providers.
        faults: The number of failed calls into plugins in this process, by plugin.
        clock: The time from which ages are computed.
        store: The label of the store, see `store_label`.
        chats: Returns whether each chat is connected, by its name.
    """

    census: Callable[[], Awaitable[Census]]
    queue: Callable[[], Awaitable[QueueStatus]] | None
    calls: CallCounters
    faults: Mapping[str, int]
    clock: Clock
    store: str = ""
    chats: Callable[[], Mapping[str, bool]] = dict

    def __post_init__(self) -> None:
        self._counting: asyncio.Task[Snapshot] | None = None
        self._snapshot, self._begun = Snapshot(), 0.0

    async def text(self) -> bytes:
        """Return all metrics in the text format of Prometheus, in UTF-8: the calls, the faults of
        plugins, version and chats of this process, then the store and the queue.

        The store and the queue are counted again if the last counts have expired. A store that is
        down raises nothing: its metrics are left out, and ``overheard_store_up`` is 0.
        """
        from prometheus_client import CollectorRegistry, Counter, generate_latest

        calls_registry, registry = self.calls.registry, CollectorRegistry()
        faults = Counter(
            "overheard_plugin_faults",
            "Calls into plugins that failed.",
            ["plugin"],
            registry=registry,
        )
        for plugin, count in sorted(self.faults.items()):
            faults.labels(plugin).inc(count)
        info = {(version("overheard"), self.store): 1.0}
        text = "1, with the version and the store of this process."
        _add_gauge(registry, "overheard_info", text, info, "version", "store")
        connected = {(name,): float(up) for name, up in self.chats().items()}
        text = "Whether a chat is connected, or another process has it."
        _add_gauge(registry, "overheard_chat_up", text, connected, "chat")
        snapshot = await self._current_snapshot()
        text, up = "Whether the store answers.", snapshot.census is not None
        _add_gauge(registry, "overheard_store_up", text, {(): float(up)})
        if snapshot.census:
            _add_census(registry, snapshot.census, self.clock.now())
        if snapshot.queue:
            _add_queue(registry, snapshot.queue)
        return generate_latest(calls_registry) + generate_latest(registry)

    async def _current_snapshot(self) -> Snapshot:
        """Return the counts of the store and the queue, counted again when they have expired.

        Concurrent callers share one count. A count that takes longer than `SCRAPE_TIMEOUT_S` goes
        on in the background, and the old snapshot is returned; an empty one if the count has gone
        on for more than `STORE_TIMEOUT_S`.
        """
        if monotonic() < self._snapshot.expires:
            return self._snapshot
        if self._counting is None:
            self._counting, self._begun = asyncio.create_task(self._new_snapshot()), monotonic()
        # Not cancelled: the next scrape waits for the same count.
        done, _ = await asyncio.wait({self._counting}, timeout=SCRAPE_TIMEOUT_S)
        if done:
            self._snapshot, self._counting = self._counting.result(), None
        elif monotonic() - self._begun > STORE_TIMEOUT_S:
            return Snapshot()
        return self._snapshot

    async def _new_snapshot(self) -> Snapshot:
        """Count the store and the queue, and return a new snapshot.

        What cannot be counted is None: both if the store does not answer. The snapshot expires
        after `SNAPSHOT_TTL_S`, or after `SNAPSHOT_TTL_FACTOR` times the duration of the count if
        that is longer.
        """
        begun, census, queue = monotonic(), None, None
        try:
            census = await self.census()
            queue = await self.queue() if self.queue else None
        except Exception:  # noqa: S110 - of any driver; a store that is down is a metric, too
            pass
        now = monotonic()
        ttl = max(SNAPSHOT_TTL_S, SNAPSHOT_TTL_FACTOR * (now - begun))
        return Snapshot(now + ttl, census, queue)


def process_metrics(
    deployment: Deployment, chats: Callable[[], Mapping[str, bool]] = dict
) -> Metrics:
    """Return the metrics of this process and of its whole deployment; of the queue only if the
    configuration names PGQueuer's.

    Args:
        chats: Returns whether each chat of this process is connected, by its name; by default there
            is no chat.
    """
    config = deployment.config
    has_workers = config.queue.engine == "pgqueuer"

    async def census() -> Census:
        return await deployment.store.census((await deployment.refreshed()).scoring.versions)

    return Metrics(
        census,
        partial(queue_status, config.storage.url) if has_workers else None,
        deployment.limits.counters,
        deployment.plugins.notices.faults,
        deployment.clock,
        store_label(config.storage.url),
        chats,
    )


def store_label(url: str) -> str:
    """Return a label that identifies a store without its user and password: the name of its
    database or file, and a hash of its host, port and path, such as ``overheard.db-1f0c9a2b``.

    Args:
        url: The URL of the store, or the path of its file.
    """
    parts = urlsplit(url)
    name = parts.path.rpartition("/")[2] or url.rpartition("/")[2]
    if parts.hostname:
        location = f"{parts.hostname}:{parts.port}{parts.path}"
    else:
        location = str(Path(parts.path))
    return f"{name}-{blake2b(location.encode(), digest_size=4).hexdigest()}"


def start_telemetry(deployment: Deployment) -> None:
    """Start the log and, if configured, the traces of this process.

    Raises:
        TracesUnavailable: when a package for traces is missing.
    """
    config = deployment.config
    write_log(config.logging, deployment.plugins.secrets)
    if config.telemetry.traces:
        begin_traces(config.telemetry.service)


def _add_census(registry: CollectorRegistry, census: Census, now: datetime) -> None:
    """Register gauges of runs, alerts and messages by state, of the last check of each brand, of
    failed attempts, and of the age in seconds of unscored answers and undetected runs.

    States that do not occur are 0, and an age is 0 if nothing is open.
    """
    deliveries = (WAITING, FAILING, SHOWN)
    for name, text, states, counts in (
        ("overheard_runs", "Runs, by state.", RunState, census.runs),
        ("overheard_alerts", "Alerts, by state.", AlertState, census.alerts),
        ("overheard_deliveries", "Messages to chats, by state.", deliveries, census.deliveries),
    ):
        # States that do not occur are 0: a missing metric says less.
        by_state = {(str(state),): float(counts.get(state, 0)) for state in states}
        _add_gauge(registry, name, text, by_state, "state")
    last_checks = {(brand,): at.timestamp() for brand, at in census.checked.items()}
    text = "When the last complete check of a brand began, in seconds since 1970."
    _add_gauge(registry, "overheard_last_check_timestamp_seconds", text, last_checks, "brand")
    text = "Attempts in vain at messages that no chat shows yet."
    _add_gauge(registry, "overheard_delivery_attempts", text, {(): census.attempts})
    text = "Age of the oldest answer of a run that goes on that no scorer has read."
    age = {(): _age(census.unscored_since, now)}
    _add_gauge(registry, "overheard_scoring_lag_seconds", text, age)
    text = "Age of the oldest run that goes on, in which shifts have not been searched yet."
    age = {(): _age(census.unseen_since, now)}
    _add_gauge(registry, "overheard_detection_lag_seconds", text, age)


def _add_queue(registry: CollectorRegistry, queue: QueueStatus) -> None:
    """Register gauges of the jobs in the queue by kind of work and state, of the seconds for which
    the oldest job of each kind has waited, and of the number of connected workers.
    """
    states = {"waiting": queue.waiting, "running": queue.running, "held": queue.held}
    jobs = {(work, state): count for state in states for work, count in states[state].items()}
    text = "Jobs in the queue, by state."
    _add_gauge(registry, "overheard_queue_jobs", text, jobs, "work", "state")
    oldest = {(work,): seconds for work, seconds in queue.oldest.items()}
    text = "How long the oldest waiting job waits."
    _add_gauge(registry, "overheard_queue_oldest_seconds", text, oldest, "work")
    text = "Workers that are connected."
    _add_gauge(registry, "overheard_queue_workers", text, {(): queue.workers})


def _add_gauge(
    registry: CollectorRegistry, name: str, text: str, values: Mapping[Any, float], *labels: str
) -> None:
    """Register a gauge, and set its value for each tuple of its labels' values."""
    from prometheus_client import Gauge

    gauge = Gauge(name, text, labels, registry=registry)
    for key, value in sorted(values.items()):
        (gauge.labels(*key) if labels else gauge).set(value)


def _age(since: datetime | None, now: datetime) -> float:
    """Return the seconds from `since` to `now`; 0 for None and for a later time."""
    return max(0.0, (now - since).total_seconds()) if since else 0.0
