"""One worker: it carries out the tasks of runs that other processes begin."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import replace

from overheard.checks.seats import seats
from overheard.commands.context import Context, Unwatched
from overheard.commands.metering import be_seen, metrics
from overheard.commands.tasks import Tasks
from overheard.domain import Task, TaskKind
from overheard.health import Health
from overheard.interfaces import Result
from overheard.logs import about
from overheard.stopping import Stop
from overheard.supervisor import Service, Supervisor

WORKER = "worker"
"""How the audit log names it."""

log = logging.getLogger("overheard")


class Worker:
    """A worker at work.

    Args:
        context: The deployment, open.
        kinds: What it does.
        at_once: How many tasks at a time.
    """

    def __init__(self, context: Context, kinds: Collection[TaskKind], at_once: int) -> None:
        self._context = replace(context, progress=Unwatched(), who=WORKER, channel=WORKER)
        self._kinds = kinds
        self._at_once = at_once
        self.supervisor = Supervisor([Service("queue", self._work)], log.warning)
        settings, counted = context.config.health, metrics(self._context).text
        self._health = Health(settings, self.supervisor.standings, counted)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.supervisor.run())
            group.create_task(self._health.keep(log.warning))

    async def _work(self) -> None:
        context = self._context
        providers = context.plugins.providers.values()
        there = {provider.name: seats(context.limits, provider) for provider in providers}
        await context.queue.work(self._do, self._kinds, at_once=self._at_once, seats=there)

    async def _do(self, task: Task) -> Result | None:
        """Carry a task out for the brands and facts as they are now."""
        about(task=task.key)
        log.info("Task %s begins.", task.key)
        result = await Tasks(await self._context.refreshed()).do(task)
        log.info("Task %s is %s.", task.key, "left undone" if result is None else "done")
        return result


async def work(
    context: Context, kinds: Collection[TaskKind], at_once: int, *, leave: Callable[[], None]
) -> None:
    """Run a worker until SIGTERM or Ctrl-C.

    Args:
        context: The deployment.
        kinds: What it does.
        at_once: How many tasks at a time.
        leave: Called at the signal; sees to it that the process ends in time.
    """
    be_seen(context)
    stop = Stop(leave)
    for report in context.plugins.faulty:
        log.warning("Plugin %s: %s", report.name, report.problem)
    names = ", ".join(sorted(kind.value for kind in kinds))
    log.warning("A worker has begun (%s), up to %s tasks at a time.", names, at_once)
    await stop.run(Worker(context, kinds, at_once).run())
