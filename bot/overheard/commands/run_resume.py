"""Runs that were cut off, by a crash or a new version, go on by themselves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from overheard.alerts.outbox import Letter, Postponed
from overheard.commands.check_card import gone_on
from overheard.commands.run_service import standings_of
from overheard.commands.runs import is_held, resume_run
from overheard.deployment import Call, Deployment
from overheard.domain import UNFINISHED, Delivery, DeliveryKind, Run, RunState
from overheard.errors import OverheardError
from overheard.runs.outcome import Outcome
from overheard.runs.plan import is_fresh

LOOK = 5.0
"""Seconds between two looks for such runs."""
YOUNG = timedelta(seconds=10)
"""A run of this age may not be held yet by whoever has just begun it."""
SOON = timedelta(seconds=5)
"""How long the result of a run that goes on is waited for at a time."""

log = logging.getLogger("overheard")


class Leftovers:
    """Goes on with what other processes have begun and left.

    Args:
        deployment: The open deployment.
        chats: Names of the platforms: who began a run there is shown what came of it.
        planner: As whom schedules begin theirs, which are theirs to go on with.
    """

    def __init__(self, deployment: Deployment, chats: Collection[str], planner: str) -> None:
        self._deployment = deployment
        self._chats = frozenset(chats)
        self._planner = planner
        self._known: set[int] = set()
        """Runs that are under way here, or cannot go on."""

    async def run(self) -> None:
        """Look for them until cancelled.

        Those of a terminal, which somebody may have left on purpose, go on only at the start.
        """
        async with asyncio.TaskGroup() as group:
            for run in await self._left():
                group.create_task(self._go_on(run))
            while True:
                await asyncio.sleep(LOOK)
                old = self._deployment.clock.now() - YOUNG
                for run in await self._left():
                    if self._is_of_a_chat(run) and run.started_at <= old:
                        group.create_task(self._go_on(run))

    async def _left(self) -> list[Run]:
        """Return the runs that may have been left: whether somebody holds them is not asked yet."""
        deployment, now = self._deployment, self._deployment.clock.now()
        handed_in = {batch.run_id for batch in await deployment.store.batches.unfinished()}
        return [
            run
            for run in await deployment.store.runs.find(state=RunState.RUNNING, aside=False)
            if run.panel
            and run.id not in self._known
            and (is_fresh(run, now) or run.id in handed_in)
            and not run.asked_by.startswith(self._planner)
        ]

    async def _go_on(self, run: Run) -> None:
        self._known.add(run.id)
        deployment = await self._deployment.refreshed()
        try:
            if not await is_held(deployment, run):
                if self._is_of_a_chat(run):
                    await deployment.store.deliveries.add([_result_of(run, deployment.clock.now())])
                call = Call(run.asked_by, run.channel, deployment.zone)
                proposal = await resume_run(deployment, call, run=run.key)
                await proposal.execute()
                return
            self._known.discard(run.id)  # whoever holds it may yet die
        except OverheardError as error:
            log.warning("Run %s was cut off, and cannot go on: %s", run.key, error)

    def _is_of_a_chat(self, run: Run) -> bool:
        return run.channel.partition(":")[0] in self._chats


def _result_of(run: Run, now: datetime) -> Delivery:
    key = f"result-{run.key}@{run.channel}"
    return Delivery(DeliveryKind.RESULT, key, run.channel, now, run.key)


async def result(deployment: Deployment, key: str) -> Letter | Postponed | None:
    """Write what a channel is shown of a run that has gone on; None when nobody waits for it.

    Args:
        deployment: The deployment as it is now.
        key: The run's.
    """
    now = deployment.clock.now()
    run = next((run for run in await deployment.store.runs.find() if run.key == key), None)
    if run is None or run.panel is None or run.state in {RunState.PAUSED, RunState.CANCELLED}:
        return None
    if run.state in UNFINISHED:
        return Postponed(now + SOON) if is_fresh(run, now) else None
    outcome = Outcome(run)
    async for answer in deployment.store.answers.stream(runs=[run.id]):
        outcome.count(answer)
    alerts = [a for a in await deployment.store.alerts.find() if a.shift.run_id == run.id]
    rows = await standings_of(deployment, Call(), run.panel, outcome)
    return Letter(gone_on(run.panel, outcome, rows, len(alerts)))
