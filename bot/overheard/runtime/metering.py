"""What is seen of a process that serves or works, and what must not be seen."""

from __future__ import annotations

from functools import partial

from overheard.commands.context import Context
from overheard.config.settings import secrets_of
from overheard.domain import Census
from overheard.runs.queue import queue_standing
from overheard.runtime.metrics import Metrics
from overheard.telemetry import begin_traces, write_log


def metrics(context: Context) -> Metrics:
    """Return what is counted in this process, and of the deployment that it is a part of."""
    config, many = context.config, context.config.queue.engine == "pgqueuer"

    async def census() -> Census:
        return await context.store.census((await context.refreshed()).scoring.versions)

    return Metrics(
        census,
        partial(queue_standing, config.storage.url) if many else None,
        context.limits.tally,
        context.plugins.notices.faults,
        context.clock,
    )


def be_seen(context: Context) -> None:
    """Write the log of this process from now on, and trace it, as the configuration wants it.

    Raises:
        TracesUnavailable: when a package is missing that traces take.
    """
    config = context.config
    write_log(config.logging, secrets(context))
    if config.telemetry.traces:
        begin_traces(config.telemetry.service)


def secrets(context: Context) -> list[str]:
    """Return the secrets of a deployment, wherever they were read from."""
    config = context.config
    chats = (table for table in (config.slack, config.discord) if table)
    return [*context.plugins.secrets, *(secret for table in chats for secret in secrets_of(table))]
