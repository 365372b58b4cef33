"""Bursts: asking again where something may have changed, before the next scheduled run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from overheard.alerts.bursts import PlannedBurst, planned_bursts
from overheard.commands.check import execute_run
from overheard.deployment import Call, Deployment
from overheard.domain import BURST, Panel, Payer, Run, RunState
from overheard.errors import RunEnded
from overheard.runs.cost_estimate import Pair, unasked
from overheard.runs.plan import RESUMABLE_FOR

MAX_PLAN_AGE = timedelta(days=1)
"""How long a plan holds at most: answers can be imported into a run that has ended long ago."""


async def run_bursts(deployment: Deployment, call: Call, plans: Sequence[PlannedBurst]) -> None:
    """Ask the bursts that are due one after the other, the interrupted ones first; those that
    another process has asked meanwhile are left out.

    Args:
        plans: The planned bursts, the earliest first.

    Raises:
        BudgetExceeded: when the budget does not cover them, before the first or one of them begins.
        RunUnderWay: when another process asks one of the bursts.
    """
    bursts = [
        *await _interrupted_bursts(deployment),
        *(_new_burst(deployment, call, plan) for plan in _due_plans(deployment, plans)),
    ]
    calls, brands, answers = Counter[Pair](), dict[str, None](), 0
    for run, panel in bursts:
        calls += unasked(panel, await deployment.store.answers.asked(run.id))
        answers += unasked(panel, ()).total()
        brands.update(dict.fromkeys(panel.brands))
    await deployment.pricing.quote_calls(
        calls, Payer(0, tuple(brands), call.channel), answers=answers
    )
    for run, _ in bursts:
        await _run_burst(deployment, call, run)


class Planner:
    """Plans bursts for a process that asks for the plan again and again.

    Each plan analyses all stored runs. So it is kept until runs, updates, the catalogue or scorers
    have changed, and for at most `MAX_PLAN_AGE`.
    """

    def __init__(self) -> None:
        self._plan_inputs: object = None
        self._planned_at = datetime.min.replace(tzinfo=UTC)
        self._plans: list[PlannedBurst] = []

    async def plans(self, deployment: Deployment, call: Call) -> list[PlannedBurst]:
        """Return all planned bursts, the earliest first, if at least one of them is due; else an
        empty list.

        Answers that wait for it are scored first. The bursts are planned anew if what plans depend
        on has changed, or the last plan is `MAX_PLAN_AGE` old; else that plan is used.
        """
        deployment = await deployment.caught_up(call.progress)
        now, plan_inputs = deployment.clock.now(), await _plan_inputs(deployment)
        if plan_inputs != self._plan_inputs or now - self._planned_at >= MAX_PLAN_AGE:
            self._plans = await planned_bursts(deployment)
            self._plan_inputs, self._planned_at = plan_inputs, now
        return self._plans if _due_plans(deployment, self._plans) else []


async def _plan_inputs(deployment: Deployment) -> object:
    """Return a value that changes whenever the plan of bursts could change: runs with their
    states, updates, catalogue, scorer versions. It is compared with ``==``.
    """
    runs = [(run.id, run.state, run.finished_at) for run in await deployment.store.runs.find()]
    updates = await deployment.store.updates.find()
    return runs, updates, deployment.catalogue, frozenset(deployment.scoring.versions)


def _due_plans(deployment: Deployment, plans: Sequence[PlannedBurst]) -> list[PlannedBurst]:
    """Return the plans whose time has come, in the given order."""
    now = deployment.clock.now()
    return [plan for plan in plans if plan.burst.at <= now]


async def _interrupted_bursts(deployment: Deployment) -> list[tuple[Run, Panel]]:
    """Return the bursts, with their panels, that are not finished, that no process carries out now,
    and that began less than `RESUMABLE_FOR` ago; the newest first.
    """
    oldest = deployment.clock.now() - RESUMABLE_FOR
    interrupted = []
    for run in await deployment.store.runs.find(state=RunState.RUNNING):
        if run.label != BURST or run.panel is None or run.started_at <= oldest:
            continue
        async with deployment.store.locks.run_lock(run.id) as is_free:
            if is_free:
                interrupted.append((run, run.panel))
    return interrupted


def _new_burst(deployment: Deployment, call: Call, plan: PlannedBurst) -> tuple[Run, Panel]:
    """Return the run of a planned burst, which begins now and is not stored yet, and its panel. The
    run has the key and the panel of the plan; its person and channel are those of the call.
    """
    run = Run(
        key=plan.key,
        started_at=deployment.clock.now(),
        panel=plan.panel,
        label=BURST,
        asked_by=call.who,
        channel=call.channel,
    )
    return run, plan.panel


async def _run_burst(deployment: Deployment, call: Call, run: Run) -> None:
    """Ask the questions of a burst's run that have no answer yet; do nothing when another process
    has finished the run.

    Raises:
        BudgetExceeded: when the budget no longer covers the run.
        RunUnderWay: when another process asks the run now.
    """
    quote = await deployment.pricing.quote(run)  # the bursts before may have used the money up

    async def require_running(stored: Run) -> None:
        """Raise RunEnded, with which the run is not executed, if it has ended meanwhile."""
        state = await deployment.store.runs.state(stored.id)
        if state is not RunState.RUNNING:
            raise RunEnded(run=stored.key, state=str(state), verb="executed")

    with suppress(RunEnded):
        await execute_run(deployment, call, quote, before=require_running)
