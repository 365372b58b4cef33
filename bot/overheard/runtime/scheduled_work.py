"""What a bot does when a slot of a schedule has come, and the runs that it resumes.

This imports most commands, so the server imports it when the first slot has come and not at the
start.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from overheard.commands.first_check import continue_first_check
from overheard.commands.retain import retain_texts
from overheard.commands.runs import resume_run
from overheard.commands.schedules import check_schedule
from overheard.deployment import Call, Deployment
from overheard.domain import BURST, FIRST_CHECK, AuditEntry, Run, Schedule
from overheard.errors import OverheardError
from overheard.logs import about
from overheard.runtime.bursts import Planner, run_bursts
from overheard.runtime.scheduler import SCHEDULE


class ScheduledWork:
    """The work of the jobs of a deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._planner = Planner()

    async def check(self, schedule: Schedule, _: datetime) -> None:
        """Run a scheduled check as a person would, and write the outcome into the audit log. The
        schedule is the consent to the price of the check.

        Raises:
            OverheardError: when the check is refused or fails, such as for a limit.
        """
        async with self.audited_call(f"schedule {schedule.name}", "check") as (deployment, call):
            await (await check_schedule(deployment, call, schedule)).execute()

    async def first_check(self, _: datetime) -> None:
        """Ask the next round of a first check if one is due, and write that into the audit log;
        else do nothing. The first round was the consent to the price.
        """
        deployment = await self._deployment.refreshed()
        if await continue_first_check(deployment):
            entry = AuditEntry(
                deployment.clock.now(), FIRST_CHECK, SCHEDULE, "check --first", outcome="done"
            )
            await deployment.store.audit.add(entry)

    async def ask_bursts(self, _: datetime) -> None:
        """Ask the bursts that are due, and write that into the audit log; do nothing if none is
        due. ``[bursts] automatic`` is the consent to their price.

        Raises:
            OverheardError: when a limit refuses the bursts: they stay due, and are not logged.
        """
        deployment = await self._deployment.refreshed()
        call = Call(BURST, SCHEDULE, deployment.zone)
        if plans := await self._planner.plans(deployment, call):
            # A burst that a limit refuses stays due, and is not written into the audit log.
            await run_bursts(deployment, call, plans)
            entry = AuditEntry(deployment.clock.now(), BURST, SCHEDULE, "ask again", outcome="done")
            await deployment.store.audit.add(entry)

    async def retain(self, _: datetime) -> None:
        """Remove the texts that are older than the limit in ``[retention]``, which is the consent,
        and write the outcome into the audit log.
        """
        async with self.audited_call(f"{SCHEDULE} retention", "db retain") as (deployment, call):
            await retain_texts(deployment, call)

    @asynccontextmanager
    async def audited_call(
        self, caller: str, command: str
    ) -> AsyncIterator[tuple[Deployment, Call]]:
        """Provide the deployment with current brands and facts, and a call in the name of `caller`,
        within the block; then write an entry into the audit log.

        The outcome in the entry is "done", the text of an `OverheardError`, the class of another
        error (its text may hold a secret), or "cut off" when cancelled. Errors are raised again.

        Args:
            caller: The name of the caller in the audit log, such as "schedule weekly".
            command: The words of the command in the audit log, such as "check".
        """
        deployment = await self._deployment.refreshed()
        about(command=caller)
        outcome = "cut off"
        try:
            yield deployment, Call(caller, SCHEDULE, deployment.zone)
            outcome = "done"
        except OverheardError as error:
            outcome = str(error)
            raise
        except Exception as error:
            outcome = f"failed: {type(error).__name__}"
            raise
        finally:
            entry = AuditEntry(deployment.clock.now(), caller, SCHEDULE, command, outcome=outcome)
            await deployment.store.audit.add(entry)

    async def resume(self, run: Run) -> None:
        """Resume a run in the name of the person who began it."""
        deployment = await self._deployment.refreshed()
        call = Call(run.asked_by, run.channel, deployment.zone)
        await (await resume_run(deployment, call, run=run.key)).execute()
