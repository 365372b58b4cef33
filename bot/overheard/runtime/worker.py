"""One worker: it carries out the tasks of runs that other processes begin."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import partial
from time import monotonic

from overheard.alerts.run_analysis import run_service
from overheard.deployment import Call, Deployment
from overheard.domain import Task, TaskKind
from overheard.interfaces import TaskResult
from overheard.runs.partition import seats
from overheard.runtime.health import HealthServer
from overheard.runtime.metrics import process_metrics, start_telemetry
from overheard.runtime.supervisor import GracefulShutdown, Service, Supervisor
from overheard.telemetry import about

WORKER = "worker"
"""How the audit log names it."""
BESIDE = 2
"""Tasks at a time that score or look, of a worker that asks too: they keep its core busy, and more
of them would not do so better."""
FRESH = 2.0
"""Seconds for which brands and facts are taken as they were read: a large catalogue takes longer to
read than some tasks take."""

log = logging.getLogger("overheard")


class Worker:
    """A worker at work.

    Args:
        deployment: The open deployment.
        kinds: What it does.
        at_once: How many tasks at a time.
    """

    def __init__(self, deployment: Deployment, kinds: Collection[TaskKind], at_once: int) -> None:
        self._deployment = deployment
        self._known, self._known_for, self._read_at = self._deployment, 0, -FRESH
        flows = [
            Service(name, partial(self._work, kinds, at_once))
            for name, kinds, at_once in _flows(kinds, at_once)
        ]
        self.supervisor = Supervisor(flows, log.warning)
        settings, counted = deployment.config.health, process_metrics(self._deployment).text
        self._health = HealthServer(settings, self.supervisor.statuses, counted)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.supervisor.run())
            group.create_task(self._health.run_if_wanted(log.warning))

    async def _work(self, kinds: Collection[TaskKind], at_once: int) -> None:
        deployment = self._deployment
        providers = deployment.plugins.providers.values()
        there = {provider.name: seats(deployment.limits, provider) for provider in providers}
        await deployment.queue.work(self._do, kinds, at_once=at_once, seats=there)

    async def _do(self, task: Task) -> TaskResult | None:
        """Carry a task out for the brands and facts as they are now."""
        about(task=task.key)
        log.info("Task %s begins.", task.key)
        deployment = await self._now(task.run_id)
        result = await run_service(deployment, Call(WORKER, WORKER)).do(task)
        log.info("Task %s is %s.", task.key, "left undone" if result is None else "done")
        return result

    async def _now(self, run_id: int) -> Deployment:
        """Return the deployment as it is, or was a moment ago while the same run went on; no scorer
        has failed in it yet.
        """
        if run_id != self._known_for or monotonic() - self._read_at > FRESH:
            self._known, self._read_at = await self._deployment.refreshed(), monotonic()
            self._known_for = run_id
        return replace(self._known, scoring=self._known.scoring.anew())


def _flows(
    kinds: Collection[TaskKind], at_once: int
) -> Iterator[tuple[str, Collection[TaskKind], int]]:
    """Yield what is taken from the queue apart, with a name and how many tasks at a time.

    Asking waits for providers, and the rest for the processor. In one flow, answers that are to be
    scored would take the places of questions, and the provider would sit idle.
    """
    asking = frozenset({TaskKind.ASK}) & frozenset(kinds)
    rest = frozenset(kinds) - asking
    if asking:
        yield "asking", asking, at_once
    if rest:
        yield "scoring", rest, min(at_once, BESIDE) if asking else at_once


async def work(
    deployment: Deployment,
    kinds: Collection[TaskKind],
    at_once: int,
    *,
    leave: Callable[[float], None],
) -> None:
    """Run a worker until SIGTERM or Ctrl-C.

    Args:
        deployment: The open deployment.
        kinds: What it does.
        at_once: How many tasks at a time.
        leave: See `GracefulShutdown`.
    """
    start_telemetry(deployment)
    shutdown = GracefulShutdown(leave)
    for report in deployment.plugins.faulty:
        log.warning("%s", report.told)
    names = ", ".join(sorted(kind.value for kind in kinds))
    log.warning("A worker has begun (%s), up to %s tasks at a time.", names, at_once)
    await shutdown.run(Worker(deployment, kinds, at_once).run())
