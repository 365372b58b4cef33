"""`bursts`: asking again where something may have changed, before the next scheduled run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from overheard.alerts.burst_planner import (
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

ANEW = timedelta(days=1)
"""How long a plan holds at most: answers can be imported into a run that has ended long ago."""
NONE = (
    "The next planned check is enough: nothing looks unusual, or no more questions may be asked "
    "between the checks."
)
NOTHING_DUE = "Nothing has to be asked again now"


async def list_bursts(deployment: Deployment, call: Call) -> Card:
    """Show the small runs that are planned where a change is suspected, with their times and
    reasons.
    """
    plans = await _planned_after_scoring(deployment, call)
    return Card(
        title=f"Asking again where something may have changed: {len(plans)} planned"
        if plans
        else NOTHING_DUE,
        text="" if plans else NONE,
        table=burst_table(call, plans),
        actions=(Action(BURSTS_RUN.name, "Ask what is due"),) if plans else (),
        footer=_how_to_run(deployment) if plans and call.face is Face.TERMINAL else "",
        data={"bursts": [planned_data(plan) for plan in plans]},
    )


async def run_bursts(
    deployment: Deployment,
    call: Call,
    *,
    plans: Sequence[PlannedBurst] | None = None,
) -> Proposal:
    """Return the bursts that are due, and those that were interrupted, as a proposal with its
    price.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        plans: The planned bursts; None plans them again.

    Raises:
        RunUnderWay: when another process asks one of the bursts.
        BudgetExceeded: when the budget does not cover them.
        BudgetUnknown: when there is a budget and an unknown price.
    """
    plans = await _planned_after_scoring(deployment, call) if plans is None else plans
    due = [
        *await _interrupted_bursts(deployment),
        *(_new_burst(deployment, call, plan) for plan in _due_plans(deployment, plans)),
    ]
    calls, brands, answers = Counter[Pair](), dict[str, None](), 0
    for run, panel in due:
        calls += unasked(panel, await deployment.store.answers.asked(run.id))
        answers += unasked(panel, ()).total()
        brands.update(dict.fromkeys(panel.brands))
    payer = Payer(0, tuple(brands), call.channel)
    quote = await deployment.pricing.quote_calls(calls, payer, answers=answers)

    async def execute() -> Card:
        cards = [card for run, _ in due if (card := await _run_burst(deployment, call, run))]
        return _bursts_card(deployment, call, cards, plans[:1])

    return Proposal(quote.price, quote.usd, execute)


class Planner:
    """Plans bursts for repeated calls; plans again only when runs, updates, catalogue or scorers
    have changed or after `ANEW`, since each plan analyses all stored runs.
    """

    def __init__(self) -> None:
        self._plan_inputs: object = None
        self._planned_at = datetime.min.replace(tzinfo=UTC)
        self._plans: list[PlannedBurst] = []

    async def plans(self, deployment: Deployment, call: Call) -> list[PlannedBurst]:
        """Return the planned bursts if any of them is due, else an empty list. Scores pending
        answers first.
        """
        deployment = await deployment.caught_up(call.progress)
        now, known = deployment.clock.now(), await _plan_inputs(deployment)
        if known != self._plan_inputs or now - self._planned_at >= ANEW:
            self._plans = await planned_bursts(deployment)
            self._plan_inputs, self._planned_at = known, now
        return self._plans if _due_plans(deployment, self._plans) else []


async def _plan_inputs(deployment: Deployment) -> object:
    """Return a value that changes whenever the plan of bursts could change: runs with their
    states, updates, catalogue, scorer versions. It is compared with ``==``.
    """
    runs = [(run.id, run.state, run.finished_at) for run in await deployment.store.runs.find()]
    updates = await deployment.store.updates.find()
    return runs, updates, deployment.catalogue, frozenset(deployment.scoring.versions)


def _due_plans(deployment: Deployment, plans: Sequence[PlannedBurst]) -> list[PlannedBurst]:
    now = deployment.clock.now()
    return [plan for plan in plans if plan.burst.at <= now]


async def _planned_after_scoring(deployment: Deployment, call: Call) -> list[PlannedBurst]:
    deployment = await deployment.caught_up(call.progress)
    return await planned_bursts(deployment)


async def _interrupted_bursts(deployment: Deployment) -> list[tuple[Run, Panel]]:
    """Return the unfinished bursts that no process carries out and that can still be resumed, with
    their panels.
    """
    oldest = deployment.clock.now() - RESUMABLE_FOR
    pairs = []
    for run in await deployment.store.runs.find(state=RunState.RUNNING):
        if run.label == BURST and run.panel and run.started_at > oldest:
            async with deployment.store.locks.run_lock(run.id) as is_locked:
                pairs += [(run, run.panel)] if is_locked else []
    return pairs


def _new_burst(deployment: Deployment, call: Call, plan: PlannedBurst) -> tuple[Run, Panel]:
    now, who, channel = deployment.clock.now(), call.who, call.channel
    run = Run(plan.key, now, plan.panel, label=BURST, asked_by=who, channel=channel)
    return run, plan.panel


async def _run_burst(deployment: Deployment, call: Call, run: Run) -> Card | None:
    """Ask the questions of a burst's run and return the card of its result; None when another
    process has asked them. Raises BudgetExceeded.
    """
    quote = await deployment.pricing.quote(run)  # the bursts before may have used the money up

    async def require_running(stored: Run) -> None:
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
    """Return the card of the bursts that were asked (`cards`): a single burst has its own card;
    without any, the card says when the next burst (`next_plans`) is due.
    """
    if len(cards) == 1:
        return cards[0]
    waiting = "".join(burst_sentence(deployment, call, plan) for plan in next_plans)
    return Card(
        title=f"Asked again {wording.count(len(cards), 'time')}" if cards else NOTHING_DUE,
        text="" if cards else waiting or NONE,
        severity=max((card.severity for card in cards), default=Severity.PLAIN, key=_severity_rank),
        more=tuple(cards),
        failed=bool(cards) and all(card.failed for card in cards),
        data={"bursts": [card.data for card in cards]},
    )


def _severity_rank(severity: Severity) -> int:
    return list(Severity).index(severity)


def _how_to_run(deployment: Deployment) -> str:
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
