"""Money: what questions would cost, what may be spent, and a purse that never overspends."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf

from overheard.config import BudgetTable
from overheard.domain import Model, Price, Prompt, Question, Usage
from overheard.errors import BudgetExceeded, BudgetUnknown
from overheard.interfaces import Provider, Store

CHARACTERS_A_TOKEN = 3.0
"""Fewer than in English prose, so that a prompt is rather counted too long."""
TYPICAL_ANSWER = 400
WORST_ANSWER = 4_000
"""Tokens of an answer as most are, and as hardly any is."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What questions would cost.

    Attributes:
        calls: Number of questions.
        typical: Dollars for answers as most are, where the price is known.
        worst: Dollars for answers as hardly any is, where the price is known.
        unknown: The models whose price nobody has told.
    """

    calls: int
    typical: float
    worst: float
    unknown: tuple[Model, ...] = ()

    @property
    def free(self) -> bool:
        """Whether it certainly costs nothing."""
        return self.worst == 0 and not self.unknown


@dataclass(frozen=True, slots=True)
class Limit:
    """What may still be spent, and the key of [budget] that says so."""

    usd: float
    key: str


class Purse:
    """Money that is held before each call, so that calls under way cannot overspend together.

    Attributes:
        left: Dollars neither spent nor held; infinite without a limit.
    """

    def __init__(self, limit: Limit | None) -> None:
        self.left = limit.usd if limit else float("inf")
        self._under_way = 0
        self._returned = asyncio.Event()

    async def hold(self, usd: float) -> bool:
        """Set money aside for one call, as soon as calls under way give enough back.

        Returns:
            False when none is under way and it is not there.
        """
        while usd > self.left and self._under_way:
            self._returned.clear()
            await self._returned.wait()
        if usd > self.left:
            return False
        self.left -= usd
        self._under_way += 1
        return True

    def settle(self, held: float, cost: float) -> None:
        """Give back what a call was held for and take what it cost."""
        self.left += held - cost
        self._under_way -= 1
        self._returned.set()


def estimate(questions: Collection[Question], providers: Mapping[str, Provider]) -> Estimate:
    """Price questions before the first call."""
    models = dict.fromkeys(question.model for question in questions)
    prices = {model: price_of(model, providers) for model in models}
    return Estimate(
        calls=len(questions),
        typical=sum(cost(prices[q.model], q.prompt, TYPICAL_ANSWER) for q in questions),
        worst=sum(cost(prices[q.model], q.prompt, WORST_ANSWER) for q in questions),
        unknown=tuple(model for model, price in prices.items() if price is None),
    )


def price_of(model: Model, providers: Mapping[str, Provider]) -> Price | None:
    """Return a model's price, or None when nobody has told it.

    A plugin whose answer is no price has not told it.
    """
    try:
        price: object = providers[model.provider].price(model.name)
        if isinstance(price, Price) and 0 <= price.input < inf and 0 <= price.output < inf:
            return price
    except Exception:  # whatever a plugin raises, the price is not known
        return None
    return None


def cost(price: Price | None, prompt: Prompt, answer_tokens: int) -> float:
    """Return the dollars of one call with an answer of so many tokens; 0 for an unknown price."""
    asked = round(len(prompt.text) / CHARACTERS_A_TOKEN) + 50
    return price.cost(Usage(asked, answer_tokens)) if price else 0.0


async def limit(budget: BudgetTable, store: Store, now: datetime, run_id: int = 0) -> Limit | None:
    """Return the tightest of the limits on a run, a day and a month, less what is spent.

    Args:
        budget: The limits.
        store: Knows what is spent.
        now: Says which day and month it is, in UTC.
        run_id: The run that is taken up; 0 for a new one.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    spent = {
        "run": await store.spent(run_id=run_id) if run_id else 0.0,
        "day": await store.spent(since=midnight),
        "month": await store.spent(since=midnight.replace(day=1)),
    }
    allowed: dict[str, float | None] = {key: getattr(budget, key) for key in spent}
    limits = [
        Limit(max(0.0, usd - spent[key]), key) for key, usd in allowed.items() if usd is not None
    ]
    return min(limits, key=lambda one: one.usd, default=None)


def check_limit(priced: Estimate, allowed: Limit | None) -> None:
    """Refuse questions that the budget does not cover.

    Raises:
        BudgetUnknown: when there is a limit and a price that nobody has told.
        BudgetExceeded: when even typical answers would cost more than is left.
    """
    if allowed and priced.unknown:
        raise BudgetUnknown(models=", ".join(map(str, priced.unknown)), key=allowed.key)
    if allowed and priced.typical > allowed.usd:
        raise BudgetExceeded(
            typical=f"${priced.typical:.2f}", left=f"${allowed.usd:.2f}", key=allowed.key
        )
