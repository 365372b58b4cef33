"""What it would cost to have answers judged that are still to come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from overheard.domain import Payer, Prompt
from overheard.interfaces import Judge, Provider, Store
from overheard.runs.budget import TYPICAL, WORST, Estimate, Size, call_cost, price_of
from overheard.scoring.judge import channel_of


async def judging_cost(
    judges: Iterable[Judge],
    answers: int,
    sheets: int,
    providers: Mapping[str, Provider],
    store: Store,
    now: datetime,
) -> Estimate:
    """Price what judges ask about answers: as if each named every brand that has facts.

    A judge puts its gold texts first. It spends no more than is left of its own budget.

    Args:
        judges: Whoever judges.
        answers: How many answers there will be.
        sheets: How many brands have facts.
        providers: By name.
        store: Knows what judges have spent.
        now: Says in which month.
    """
    calls, typical, worst = 0, 0.0, 0.0
    unknown = []
    for judge in judges if answers else ():
        of_answers = answers * (1 + sheets)
        calls += of_answers + len(judge.rehearsals)
        if price_of(judge.model, providers) is None:
            unknown.append(judge.model)
        left = await _left(judge, store, now)
        typical += min(left, _cost(judge, of_answers, providers, TYPICAL))
        worst += min(left, _cost(judge, of_answers, providers, WORST))
    return Estimate(calls, typical, worst, tuple(unknown))


def _cost(judge: Judge, calls: int, providers: Mapping[str, Provider], size: Size) -> float:
    """Return dollars for texts that are worded as the longest gold text, around an answer."""
    gold = [Prompt(text) for text in judge.rehearsals]
    longest = max(gold, key=lambda prompt: len(prompt.text), default=Prompt(""))
    one = call_cost(longest, judge.model, providers, size, beside=size.answer)
    return calls * one + sum(call_cost(p, judge.model, providers, size) for p in gold)


async def _left(judge: Judge, store: Store, now: datetime) -> float:
    accounts = Payer(0, channel=channel_of(judge)).accounts(Prompt(""), now)
    [account] = [one for one in accounts if one.kind == "channel"]
    balance = (await store.money.balances([account]))[account]
    return max(0.0, judge.budget - balance.spent - balance.held)
