"""One worker: it carries out the tasks of runs that other processes begin."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import partial
from time import monotonic

from overheard.alerts.run_analysis import run_service
from overheard.deployment import Call, Deployment
from overheard.domain import Task, TaskKind
from overheard.errors import ungrouped
from overheard.interfaces import TaskResult
from overheard.runs.tasks import seats
from overheard.runtime.health import HealthServer
from overheard.runtime.metrics import process_metrics, start_telemetry
from overheard.runtime.supervisor import GracefulShutdown, Service, Supervisor
from overheard.telemetry import about

WORKER = "worker"
"""How the audit log names it."""
MAX_SCORING_TASKS = 2
"""Concurrent scoring and detection tasks of a worker that asks too: two keep its core busy, and
more would not be faster."""
CATALOGUE_TTL_S = 2.0
"""Seconds for which brands and facts are reused as they were read: a large catalogue takes longer
to read than some tasks take."""

log = logging.getLogger("overheard")


class Worker:
    """A worker, which carries out tasks of other processes.

    Args:
        kinds: The kinds of tasks to carry out.
        at_once: The largest number of concurrent tasks.
    """

    def __init__(self, deployment: Deployment, kinds: Collection[TaskKind], at_once: int) -> None:
        """Create one service for each flow of tasks, and the health endpoint; `run` starts them."""
        self._deployment = deployment
        self._refreshed, self._refreshed_for, self._refreshed_at = deployment, 0, -CATALOGUE_TTL_S
        flows = [
            Service(name, partial(self._work, flow_kinds, flow_at_once))
            for name, flow_kinds, flow_at_once in _flows(kinds, at_once)
        ]
        self.supervisor = Supervisor(flows, log.warning)
        metrics, settings = process_metrics(deployment), deployment.config.health
        self._health = HealthServer(settings, self.supervisor.statuses, metrics.text, metrics.store)

    async def run(self) -> None:
        """Run the health endpoint, if a port is configured, and carry out tasks until cancelled."""
        with ungrouped():
            async with asyncio.TaskGroup() as group:
                group.create_task(self._health.run_if_wanted(log.warning))
                await self._health.settled.wait()  # a taken port ends the process before any work
                group.create_task(self.supervisor.run())

    async def _work(self, kinds: Collection[TaskKind], at_once: int) -> None:
        """Carry out at most `at_once` tasks of these kinds at a time until cancelled; of the asking
        tasks for one provider, at most as many as its limit of concurrent calls.
        """
        deployment = self._deployment
        providers = deployment.plugins.providers.values()
        by_provider = {provider.name: seats(deployment.limits, provider) for provider in providers}
        await deployment.queue.work(self._carry_out, kinds, at_once=at_once, seats=by_provider)

    async def _carry_out(self, task: Task) -> TaskResult | None:
        """Carry out a task with current brands and facts, log its begin and end, and return its
        result. None if the task was not done, because its run has ended.
        """
        about(task=task.key)
        log.info("Task %s begins.", task.key)
        deployment = await self._current_deployment(task.run_id)
        result = await run_service(Call(deployment, WORKER, WORKER)).do(task)
        log.info("Task %s is %s.", task.key, "left undone" if result is None else "done")
        return result

    async def _current_deployment(self, run_id: int) -> Deployment:
        """Return the deployment for a task, with a new count of scorer faults.

        Its brands and facts are read from the store, unless they were read for the same run at most
        `CATALOGUE_TTL_S` seconds ago.
        """
        if run_id != self._refreshed_for or monotonic() - self._refreshed_at > CATALOGUE_TTL_S:
            self._refreshed, self._refreshed_at = await self._deployment.refreshed(), monotonic()
            self._refreshed_for = run_id
        return replace(self._refreshed, scoring=self._refreshed.scoring.fresh())


def _flows(
    kinds: Collection[TaskKind], at_once: int
) -> Iterator[tuple[str, Collection[TaskKind], int]]:
    """Yield (name, kinds of task, largest number of concurrent tasks) for each flow that takes
    tasks from the queue.

    Asking is one flow, the other kinds are another; a flow without kinds is left out. Beside
    asking, the other flow has at most `MAX_SCORING_TASKS`. The flows are apart because asking waits
    for providers, and scoring and detection need the processor: in a single flow, scoring tasks
    would take the places of questions, and the provider would be idle.
    """
    asking = frozenset({TaskKind.ASK}) & frozenset(kinds)
    rest = frozenset(kinds) - asking
    if asking:
        yield "asking", asking, at_once
    if rest:
        yield "scoring", rest, min(at_once, MAX_SCORING_TASKS) if asking else at_once


async def work(
    deployment: Deployment,
    kinds: Collection[TaskKind],
    at_once: int,
    *,
    exit_within: Callable[[float], None],
) -> None:
    """Start logs and traces, log the plugins that are left out, and run a worker until SIGTERM,
    SIGHUP or Ctrl-C.

    Args:
        kinds: The kinds of tasks to carry out.
        at_once: The largest number of concurrent tasks.
        exit_within: Called at the signal with the seconds after which the process must end.

    Raises:
        TracesUnavailable: when a package for traces is missing.
    """
    start_telemetry(deployment)
    shutdown = GracefulShutdown(exit_within)
    for report in deployment.plugins.faulty:
        log.warning("%s", report.sentence)
    names = ", ".join(sorted(kind.value for kind in kinds))
    log.warning("A worker has begun (%s), up to %s tasks at a time.", names, at_once)
    await shutdown.run(Worker(deployment, kinds, at_once).run())
