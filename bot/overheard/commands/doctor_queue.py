"""What `doctor` looks at where many workers share a queue."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

from overheard.cards import wording
from overheard.config.loader import Config
from overheard.domain import QueueStatus
from overheard.interfaces import Finding
from overheard.runs.queue import outdated, queue_standing

LONG = timedelta(minutes=5)
"""How long a job may wait until somebody should hear of it."""


async def queue_findings(config: Config) -> AsyncIterator[Finding]:
    """Yield how the queue is; nothing where this process does its work by itself."""
    if config.queue.engine != "pgqueuer":
        return
    try:
        if await outdated(config.storage.url):
            problem = "its tables are missing, or are those of another version of PGQueuer"
            yield Finding("queue", problem, "start an overheard worker of this version")
            return
        standing = await queue_standing(config.storage.url)
    except Exception as error:  # whatever the driver raises; its text may hold a login
        problem = f"it cannot be reached ({type(error).__name__})"
        yield Finding("queue", problem, "see whether the server in [storage] url runs")
        return
    for finding in _standing(standing):
        yield finding


def _standing(standing: QueueStatus) -> Iterator[Finding]:
    count = wording.count(standing.workers, "worker")
    if standing.workers:
        yield Finding(f"queue ({count})")
    else:
        waits = f", and {_waiting(standing)}" if standing.waiting else ""
        remedy = "start one with: overheard worker"
        yield Finding("queue", f"no worker is connected{waits}", remedy)
    oldest = max(standing.oldest, key=lambda work: standing.oldest[work], default="")
    if oldest and standing.oldest[oldest] > LONG.total_seconds():
        minutes = wording.count(round(standing.oldest[oldest] / 60), "minute")
        problem = f"a job of {oldest} has waited for {minutes}; {_waiting(standing)}"
        provider = oldest.partition("/")[2]
        limits = f", or let more calls through in [limits.{provider}]" if provider else ""
        remedy = f"start more workers{limits}"
        yield Finding("jobs that wait", problem, remedy)
    if standing.held:
        held = wording.count(sum(standing.held.values()), "job")
        problem = f"{held} failed for good ({', '.join(sorted(standing.held))})"
        remedy = "read why in the log of the workers, then put them in again with: pgq requeue"
        yield Finding("jobs that failed", problem, remedy)


def _waiting(standing: QueueStatus) -> str:
    return wording.count(sum(standing.waiting.values()), "job waits", "jobs wait")
