"""`bursts`: asking again where something may have changed, before the next scheduled run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from overheard.alerts.bursts import Planned
from overheard.cards import wording
from overheard.cards.card import Card, Severity
from overheard.cards.command import CommandSpec, Role
from overheard.commands.burst_plans import planned_bursts, planned_data, sentence, table
from overheard.commands.context import Context
from overheard.commands.run_price import require_money, require_money_for
from overheard.commands.run_service import carry_out, held
from overheard.domain import BURST, Panel, Payer, Run, RunState
from overheard.runs.budget import Pair, unasked
from overheard.runs.plan import TAKEN_UP_WITHIN

ANEW = timedelta(days=1)
"""How long a plan holds at most: answers can be imported into a run that has ended long ago."""
NONE = (
    "The next scheduled run is enough: nothing looks unusual, or the calls that [bursts] allows "
    "are used up."
)


async def list_bursts(context: Context) -> Card:
    """Show which small runs would tell whether something changed, when and why."""
    plans = await _planned(context)
    return Card(
        title=wording.count(len(plans), "planned burst"),
        text="" if plans else NONE,
        table=table(context, plans),
        footer=_carried_out(context) if plans else "",
        data={"bursts": [planned_data(plan) for plan in plans]},
    )


async def run_bursts(
    context: Context, *, agreed: bool = False, plans: Sequence[Planned] | None = None
) -> Card:
    """Ask the planned bursts that are due, and go on with those that were cut off.

    Args:
        context: The deployment.
        agreed: Whether the price has been agreed to.
        plans: Those that are planned, where they are known already.

    Raises:
        RunUnderWay: when another process asks one just now.
        BudgetExceeded: when the budget does not cover them.
        BudgetUnknown: when there is a budget and a price that nobody has told.
        ConfirmationNeeded: when they may cost something and nobody has agreed.
    """
    plans = await _planned(context) if plans is None else plans
    due = [*await _cut_off(context), *(_new(context, plan) for plan in _due(context, plans))]
    calls, brands, answers = Counter[Pair](), dict[str, None](), 0
    for run, panel in due:
        calls += unasked(panel, await context.store.asked(run.id))
        answers += unasked(panel, ()).total()
        brands.update(dict.fromkeys(panel.brands))
    payer = Payer(0, tuple(brands), context.channel)
    await require_money_for(context, calls, payer, agreed=agreed, answers=answers)
    cards = [card for one in due if (card := await _carry_out(context, *one))]
    return _outcome(context, cards, plans[:1])


class Planner:
    """Plans bursts for whoever asks again and again: anew only when there is something new, since
    every plan takes a look at the whole past of all brands.
    """

    def __init__(self) -> None:
        self._known: object = None
        self._planned_at = datetime.min.replace(tzinfo=UTC)
        self._plans: list[Planned] = []

    async def plans(self, context: Context) -> list[Planned]:
        """Return the planned bursts; none that are not due, as long as none is."""
        context = await context.caught_up()
        now, known = context.clock.now(), await _known(context)
        if known != self._known or now - self._planned_at >= ANEW:
            self._plans = await planned_bursts(context)
            self._known, self._planned_at = known, now
        return self._plans if _due(context, self._plans) else []


async def _known(context: Context) -> object:
    """Return what plans rest on. A run that goes on counts when it ends."""
    runs = [(run.id, run.state, run.finished_at) for run in await context.store.runs()]
    updates = await context.store.updates()
    return runs, updates, context.catalogue, frozenset(context.scoring.versions)


def _due(context: Context, plans: Sequence[Planned]) -> list[Planned]:
    now = context.clock.now()
    return [plan for plan in plans if plan.burst.at <= now]


async def _planned(context: Context) -> list[Planned]:
    context = await context.caught_up()
    return await planned_bursts(context)


async def _cut_off(context: Context) -> list[tuple[Run, Panel]]:
    """Return the bursts that were begun and that nobody carries out."""
    oldest = context.clock.now() - TAKEN_UP_WITHIN
    found = []
    for run in await context.store.runs(state=RunState.RUNNING):
        if run.label == BURST and run.panel and run.started_at > oldest:
            async with context.store.holding(run.id) as mine:
                found += [(run, run.panel)] if mine else []
    return found


def _new(context: Context, plan: Planned) -> tuple[Run, Panel]:
    now, who, channel = context.clock.now(), context.who, context.channel
    run = Run(plan.key, now, plan.panel, label=BURST, asked_by=who, channel=channel)
    return run, plan.panel


async def _carry_out(context: Context, run: Run, panel: Panel) -> Card | None:
    """Carry a burst out as any check; None when another process has done it meanwhile."""
    await require_money(context, run, agreed=True)
    run = await context.store.start_run(run)

    async def work() -> Card | None:
        if await context.store.run_state(run.id) is not RunState.RUNNING:
            return None
        return await carry_out(context, run, panel)

    return await held(context.store, run, work)


def _outcome(context: Context, cards: Sequence[Card], next_: Sequence[Planned]) -> Card:
    if len(cards) == 1:
        return cards[0]
    waiting = "".join(sentence(context, plan) for plan in next_)
    return Card(
        title=wording.count(len(cards), "burst") if cards else "No burst is due",
        text="" if cards else waiting or NONE,
        severity=max((card.severity for card in cards), default=Severity.PLAIN, key=_weight),
        more=tuple(cards),
        failed=bool(cards) and all(card.failed for card in cards),
        data={"bursts": [card.data for card in cards]},
    )


def _weight(severity: Severity) -> int:
    return list(Severity).index(severity)


def _carried_out(context: Context) -> str:
    if context.config.bursts.automatic:
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
