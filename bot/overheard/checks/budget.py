"""Money: what a panel would cost, what may be spent, and a purse that never overspends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from overheard.config import BudgetTable
from overheard.domain import Model, Panel, Price, Prompt, Usage
from overheard.errors import BudgetExceeded, BudgetUnknown
from overheard.interfaces import Provider, Store

CHARACTERS_A_TOKEN = 3.0
"""Fewer than in English prose, so that a prompt is rather counted too long."""
TYPICAL_ANSWER = 400
WORST_ANSWER = 4_000
"""Tokens of an answer as most are, and as hardly any is."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a panel would cost.

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

    def hold(self, usd: float) -> bool:
        """Set money aside for one call; False when it is not there."""
        if usd > self.left:
            return False
        self.left -= usd
        return True

    def settle(self, held: float, cost: float) -> None:
        """Give back what a call was held for and take what it cost."""
        self.left += held - cost


def estimate(panel: Panel, providers: Mapping[str, Provider]) -> Estimate:
    """Price a panel before the first call."""
    prices = {model: price_of(model, providers) for model in panel.models}
    costs = [
        (cost(price, prompt, TYPICAL_ANSWER), cost(price, prompt, WORST_ANSWER))
        for price in prices.values()
        for prompt in panel.prompts
    ]
    return Estimate(
        calls=len(panel.prompts) * len(panel.models) * panel.repeats,
        typical=panel.repeats * sum(typical for typical, _ in costs),
        worst=panel.repeats * sum(worst for _, worst in costs),
        unknown=tuple(model for model, price in prices.items() if price is None),
    )


def price_of(model: Model, providers: Mapping[str, Provider]) -> Price | None:
    """Return a model's price, or None when nobody has told it."""
    provider = providers.get(model.provider)
    return provider.price(model.name) if provider else None


def cost(price: Price | None, prompt: Prompt, answer_tokens: int) -> float:
    """Return the dollars of one call with an answer of so many tokens; 0 for an unknown price."""
    asked = round(len(prompt.text) / CHARACTERS_A_TOKEN) + 50
    return price.cost(Usage(asked, answer_tokens)) if price else 0.0


async def limit(budget: BudgetTable, store: Store, now: datetime) -> Limit | None:
    """Return the tightest of the limits on a run, a day and a month, less what is spent."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    limits = [Limit(budget.run, "run")] if budget.run is not None else []
    for key, since in (("day", midnight), ("month", midnight.replace(day=1))):
        allowed: float | None = getattr(budget, key)
        if allowed is not None:
            limits.append(Limit(max(0.0, allowed - await store.spent(since=since)), key))
    return min(limits, key=lambda one: one.usd, default=None)


def check_limit(priced: Estimate, allowed: Limit | None) -> None:
    """Refuse a panel that the budget does not cover.

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
