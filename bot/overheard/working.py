"""One worker: it carries out the tasks of runs that other processes begin."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import replace

from overheard.checks.seats import seats
from overheard.commands.context import Context, Unwatched
from overheard.commands.tasks import Tasks
from overheard.domain import Task, TaskKind
from overheard.errors import OverheardError
from overheard.health import Health
from overheard.interfaces import Result
from overheard.stopping import Stop, log_to_stderr
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
        self._health = Health(context.config.health, self.supervisor.standings)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.supervisor.run())
            if self._context.config.health.port:
                group.create_task(self._answer_health())

    async def _work(self) -> None:
        context = self._context
        providers = context.plugins.providers.values()
        there = {provider.name: seats(context.limits, provider) for provider in providers}
        await context.queue.work(self._do, self._kinds, at_once=self._at_once, seats=there)

    async def _do(self, task: Task) -> Result | None:
        """Carry a task out for the brands and facts as they are now."""
        return await Tasks(await self._context.refreshed()).do(task)

    async def _answer_health(self) -> None:
        """Answer; that it cannot is told and takes nothing down."""
        try:
            await self._health.run()
        except OverheardError as error:
            log.warning("%s", error)


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
    log_to_stderr()
    stop = Stop(leave)
    for report in context.plugins.faulty:
        log.warning("Plugin %s: %s", report.name, report.problem)
    names = ", ".join(sorted(kind.value for kind in kinds))
    log.warning("A worker has begun (%s), up to %s tasks at a time.", names, at_once)
    await stop.run(Worker(context, kinds, at_once).run())
