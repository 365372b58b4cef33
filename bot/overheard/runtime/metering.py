"""What is seen of a process that serves or works, and what must not be seen."""

from __future__ import annotations

from functools import partial

from overheard.config.settings import secrets_of
from overheard.deployment import Deployment
from overheard.domain import Census
from overheard.runs.queue import queue_standing
from overheard.runtime.metrics import Metrics
from overheard.telemetry import begin_traces, write_log


def metrics(deployment: Deployment) -> Metrics:
    """Return what is counted in this process, and of the deployment that it is a part of."""
    config, many = deployment.config, deployment.config.queue.engine == "pgqueuer"

    async def census() -> Census:
        return await deployment.store.census((await deployment.refreshed()).scoring.versions)

    return Metrics(
        census,
        partial(queue_standing, config.storage.url) if many else None,
        deployment.limits.tally,
        deployment.plugins.notices.faults,
        deployment.clock,
    )


def be_seen(deployment: Deployment) -> None:
    """Write the log of this process from now on, and trace it, as the configuration wants it.

    Raises:
        TracesUnavailable: when a package is missing that traces take.
    """
    config = deployment.config
    write_log(config.logging, secrets(deployment))
    if config.telemetry.traces:
        begin_traces(config.telemetry.service)


def secrets(deployment: Deployment) -> list[str]:
    """Return the secrets of a deployment, wherever they were read from."""
    config = deployment.config
    chats = (table for table in (config.slack, config.discord) if table)
    return [
        *deployment.plugins.secrets,
        *(secret for table in chats for secret in secrets_of(table)),
    ]
