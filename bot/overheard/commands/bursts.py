"""`bursts`: asking again where something may have changed, before the next scheduled run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from overheard.alerts.bursts import (
    PlannedBurst,
    burst_sentence,
    burst_table,
    planned_bursts,
    planned_data,
)
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity
from overheard.cards.command import CommandSpec, Face, Proposal, Role
from overheard.commands.check import execute_run
from overheard.deployment import Call, Deployment
from overheard.domain import BURST, Panel, Payer, Run, RunState
from overheard.errors import RunEnded
from overheard.runs.cost_estimate import Pair, unasked
from overheard.runs.plan import RESUMABLE_FOR

MAX_PLAN_AGE = timedelta(days=1)
"""How long a plan holds at most: answers can be imported into a run that has ended long ago."""
NONE_PLANNED = (
    "The next planned check is enough: nothing looks unusual, or no more questions may be asked "
    "between the checks."
)
NOTHING_DUE = "Nothing has to be asked again now"


async def list_bursts(deployment: Deployment, call: Call) -> Card:
    """Show the planned bursts (small additional runs where a change is suspected), the earliest
    first, with their times and reasons. Answers that wait for it are scored first. Without a plan
    the card says that the next scheduled check is enough.
    """
    plans = await _planned_after_scoring(deployment, call)
    data = {"bursts": [planned_data(plan) for plan in plans]}
    if not plans:
        return Card(NOTHING_DUE, NONE_PLANNED, data=data)
    return Card(
        title=f"Asking again where something may have changed: {len(plans)} planned",
        table=burst_table(call, plans),
        actions=(Action(BURSTS_RUN.name, "Ask what is due"),),
        footer=_how_to_run(deployment) if call.face is Face.TERMINAL else "",
        data=data,
    )


async def run_bursts(
    deployment: Deployment,
    call: Call,
    *,
    plans: Sequence[PlannedBurst] | None = None,
) -> Proposal:
    """Return the bursts that are due as a proposal with its price, the interrupted ones first.
    Executing it asks them one after the other; those that another process has asked meanwhile are
    left out. Without a burst that is due, the proposal asks nothing.

    Args:
        plans: The planned bursts, the earliest first; None to score the answers that wait for it
            and plan the bursts.

    Raises:
        BudgetExceeded: when the budget does not cover them, now or when one of them begins.
        RunUnderWay: on executing, when another process asks one of the bursts.
    """
    if plans is None:
        plans = await _planned_after_scoring(deployment, call)
    next_plans = plans[:1]
    bursts = [
        *await _interrupted_bursts(deployment),
        *(_new_burst(deployment, call, plan) for plan in _due_plans(deployment, plans)),
    ]
    calls, brands, answers = Counter[Pair](), dict[str, None](), 0
    for run, panel in bursts:
        calls += unasked(panel, await deployment.store.answers.asked(run.id))
        answers += unasked(panel, ()).total()
        brands.update(dict.fromkeys(panel.brands))
    payer = Payer(0, tuple(brands), call.channel)
    quote = await deployment.pricing.quote_calls(calls, payer, answers=answers)

    async def execute() -> Card:
        """Ask the bursts in turn, and return the card of their results."""
        cards = [card for run, _ in bursts if (card := await _run_burst(deployment, call, run))]
        return _bursts_card(deployment, call, cards, next_plans)

    return Proposal(quote.price, quote.usd, execute)


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


async def _planned_after_scoring(deployment: Deployment, call: Call) -> list[PlannedBurst]:
    deployment = await deployment.caught_up(call.progress)
    return await planned_bursts(deployment)


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


async def _run_burst(deployment: Deployment, call: Call, run: Run) -> Card | None:
    """Ask the questions of a burst's run that have no answer yet, and return the card of its
    result; None when another process has finished the run.

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

    try:
        return await execute_run(deployment, call, quote, before=require_running)
    except RunEnded:
        return None


def _bursts_card(
    deployment: Deployment, call: Call, cards: Sequence[Card], next_plans: Sequence[PlannedBurst]
) -> Card:
    """Return the card of the bursts that were asked. For a single one it is its own card. Several
    are below a common card, which has the gravest of their severities and is failed if all of them
    are. If none was asked, the card says when the next burst is due, or that none is planned.

    Args:
        cards: The cards of the bursts that were asked; may be empty.
        next_plans: The next planned burst, or nothing.
    """
    if not cards:
        waiting = "".join(burst_sentence(deployment, call, plan) for plan in next_plans)
        return Card(NOTHING_DUE, waiting or NONE_PLANNED, data={"bursts": []})
    if len(cards) == 1:
        return cards[0]
    gravity = list(Severity)
    return Card(
        title=f"Asked again {wording.count(len(cards), 'time')}",
        severity=max((card.severity for card in cards), key=gravity.index),
        more=tuple(cards),
        failed=all(card.failed for card in cards),
        data={"bursts": [card.data for card in cards]},
    )


def _how_to_run(deployment: Deployment) -> str:
    """Return how planned bursts are asked, as a sentence for a terminal."""
    if deployment.config.bursts.automatic:
        return "Carried out by overheard run; those that are due, now, by bursts run."
    return "Ask those that are due with: bursts run"


BURSTS_LIST = CommandSpec(
    "bursts list",
    "Show which small runs would tell whether something changed.",
    list_bursts,
    examples=("bursts list",),
)
BURSTS_RUN = CommandSpec(
    "bursts run",
    "Ask again where something may have changed.",
    run_bursts,
    role=Role.OPERATOR,
    spends=True,
    examples=("bursts run",),
    chart="",
)
