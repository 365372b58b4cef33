"""The price of questions, whether the budget covers it, and the money reserved for calls."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from math import inf

from overheard.config.sections import BudgetTable
from overheard.domain import (
    UNFINISHED,
    Account,
    Capabilities,
    Claim,
    Model,
    Panel,
    Payer,
    Price,
    Prompt,
    Usage,
    UsualUsage,
)
from overheard.errors import BudgetExceeded, BudgetUnknown
from overheard.interfaces import Clock, Described, Provider, Store
from overheard.interfaces.runs import MoneyRepository

CHARACTERS_A_TOKEN = 3.0
"""Fewer than in English prose, so that the estimate is too high rather than too low."""

WARNING = 0.8
"""The spent share of a limit from which cards show it."""

Pair = tuple[Prompt, Model]
_NAMED = frozenset({"brand", "channel"})
_NO_CAPABILITIES = Capabilities()


@dataclass(frozen=True, slots=True)
class Size:
    """The assumed size of an answer in tokens: the answer, and what is read in each search."""

    answer: int
    search: int


TYPICAL = Size(400, 2_000)
WORST = Size(4_000, 10_000)
"""The size of most answers, and a size that hardly any answer exceeds."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimated price of questions.

    Attributes:
        calls: Number of questions.
        typical: Dollars for answers of `TYPICAL` size, of models with a known price.
        worst: Dollars for answers of `WORST` size, of models with a known price.
        unknown: The models without a known price.
        booked: The typical dollars of each account.
    """

    calls: int
    typical: float
    worst: float
    unknown: tuple[Model, ...] = ()
    booked: Mapping[Account, float] = field(default_factory=dict)

    @property
    def free(self) -> bool:
        """Whether it certainly costs nothing."""
        return self.worst == 0 and not self.unknown


def unasked(panel: Panel, asked: Collection[tuple[str, str, int]]) -> Counter[Pair]:
    """Count the questions that are still to be asked, by prompt and model."""
    if asked:
        return Counter((q.prompt, q.model) for q in panel.questions() if q.key not in asked)
    return Counter({(p, m): count for p, count in panel.asks() for m in panel.models})


def estimate(
    calls: Mapping[Pair, int],
    providers: Mapping[str, Provider],
    payer: Payer,
    now: datetime,
    batched: Collection[Model] = (),
    usual: Mapping[Model, UsualUsage] | None = None,
    answer_limit: int | None = None,
) -> Estimate:
    """Price calls before the first one.

    Args:
        calls: The number of calls by prompt and model.
        providers: Providers by name.
        payer: The accounts on which the calls are booked.
        now: The current time, for the accounts of the day and the month.
        batched: The models that are asked in batches.
        usual: The mean usage of a model's answers so far; a model that is missing is taken to
            answer with `TYPICAL` size.
        answer_limit: Tokens of an answer at most, or None for what the provider allows.
    """
    prices = {model: price_of(model, providers) for _, model in calls}
    typical = worst = 0.0
    booked: dict[Account, float] = defaultdict(float)
    for (prompt, model), count in calls.items():
        batch = model in batched
        priced = partial(
            call_cost, prompt, model, providers, batch=batch, answer_limit=answer_limit
        )
        if answer_limit:
            cost = priced(TYPICAL)
        else:
            cost = usual_cost(prompt, model, providers, usual or {}, batch=batch)
        typical += count * cost
        worst += count * max(cost, priced(WORST))
        for account, share in payer.accounts(prompt, now).items():
            booked[account] += share * count * cost
    unknown = tuple(model for model, price in prices.items() if price is None)
    return Estimate(sum(calls.values()), typical, worst, unknown, booked)


def price_of(model: Model, providers: Mapping[str, Provider]) -> Price | None:
    """Return a model's price; None when its plugin gives none, or not a valid one."""
    try:
        price: object = providers[model.provider].price(model.name)
        if isinstance(price, Price) and all(0 <= amount < inf for amount in _amounts(price)):
            return price
    except Exception:  # of any kind: the price is unknown then
        return None
    return None


def capabilities_of(model: Model, providers: Mapping[str, Provider]) -> Capabilities:
    """Return the capabilities of a model; none when its provider does not declare them."""
    provider = providers[model.provider]
    try:
        declared: object = (
            provider.capabilities(model.name) if isinstance(provider, Described) else 0
        )
    except Exception:  # of any kind: nothing is declared then
        return _NO_CAPABILITIES
    return declared if isinstance(declared, Capabilities) else _NO_CAPABILITIES


def call_cost(
    prompt: Prompt,
    model: Model,
    providers: Mapping[str, Provider],
    size: Size,
    *,
    batch: bool = False,
    added_tokens: int = 0,
    answer_limit: int | None = None,
) -> float:
    """Return the dollars of one call with an answer of some size; 0 for an unknown price.

    Args:
        prompt: The prompt.
        model: The model.
        providers: Providers by name.
        size: The assumed size of the answer.
        batch: Whether the question is asked in a batch.
        added_tokens: Tokens that are sent in addition to the prompt.
        answer_limit: Tokens of an answer at most; by default what its provider allows.
    """
    price = price_of(model, providers)
    if price is None:
        return 0.0
    able = capabilities_of(model, providers)
    asked = question_tokens(prompt) + added_tokens + able.searches * size.search
    answer = min(size.answer, answer_limit or able.answer_limit or size.answer)
    return price.cost(Usage(asked, answer, searches=able.searches), batch=batch)


def usual_cost(
    prompt: Prompt,
    model: Model,
    providers: Mapping[str, Provider],
    usual: Mapping[Model, UsualUsage],
    *,
    batch: bool = False,
) -> float:
    """Return the dollars that a call will probably cost; 0 for an unknown price.

    The mean usage of the model's latest answers at today's price; for a model without answers,
    an answer of `TYPICAL` size.
    """
    used, price = usual.get(model), price_of(model, providers)
    if not used or not used.answers or price is None:
        return call_cost(prompt, model, providers, TYPICAL, batch=batch)
    return price.mean_cost(used, batch=batch)


def question_tokens(prompt: Prompt) -> int:
    """Return an upper estimate of the tokens of a question."""
    return round(len(prompt.text) / CHARACTERS_A_TOKEN) + 50


async def check_budget(budget: BudgetTable, money: MoneyRepository, priced: Estimate) -> float:
    """Refuse questions that the budget does not cover.

    Returns:
        The most dollars that the budget lets these questions cost; infinite without a limit.

    Raises:
        BudgetUnknown: when there is a limit and a model without a known price.
        BudgetExceeded: when even typical answers would cost more than is left.
    """
    limits = _limits(budget, priced.booked)
    balances = await money.balances(limits)
    left = {a: max(0.0, limits[a] - balances[a].spent - balances[a].held) for a in limits}
    for account in sorted(left, key=left.__getitem__):
        if priced.unknown:
            models = ", ".join(map(str, priced.unknown))
            raise BudgetUnknown(models=models, key=key_of(account))
        if priced.booked[account] > left[account]:
            raise BudgetExceeded(
                typical=f"${priced.booked[account]:.2f}",
                left=f"${left[account]:.2f}",
                key=key_of(account),
            )
    shares = {account: usd / priced.typical for account, usd in priced.booked.items() if usd}
    return min((left[a] / shares[a] for a in left if a in shares), default=inf)


async def nearly_spent(
    budget: BudgetTable, money: MoneyRepository, accounts: Collection[Account]
) -> dict[Account, tuple[float, float]]:
    """Return (spent, limit) in dollars of the accounts with at least `WARNING` of it spent."""
    limits = _limits(budget, accounts)
    balances = await money.balances(limits)
    return {
        account: (balances[account].spent, limit)
        for account, limit in limits.items()
        if limit and balances[account].spent >= WARNING * limit
    }


def key_of(account: Account) -> str:
    """Return the key of [budget] that limits an account."""
    return f'{account.kind}s."{account.name}"' if account.kind in _NAMED else account.kind


def _limits(budget: BudgetTable, accounts: Collection[Account]) -> dict[Account, float]:
    allowed = {account: budget.allowed(account) for account in accounts}
    return {account: usd for account, usd in allowed.items() if usd is not None}


def _amounts(price: Price) -> tuple[float, ...]:
    return (price.input, price.output, price.cached or 0.0, price.search)


CALLS_HELD_AHEAD = 25
"""Calls for which money is reserved at once, so that not every call has to ask the store."""


@dataclass(frozen=True, slots=True)
class HeldAmount:
    """Money that one call may cost, on each account that has a limit."""

    shares: Mapping[Account, float] = field(default_factory=dict)
    usd: float = 0.0


class SpendReservation:
    """Money that a run has reserved in the store, so that no other run can spend it.

    Each call takes a part of it with `hold`, and ends that with `settle` or `keep_back`.

    Args:
        money: The reservations of all runs.
        budget: The limits of the accounts.
        payer: The accounts of the run.
        clock: The current time, for the accounts of the day and the month.

    Attributes:
        lacking: The key of [budget] whose limit refused money last; empty before.
    """

    def __init__(
        self, money: MoneyRepository, budget: BudgetTable, payer: Payer, clock: Clock
    ) -> None:
        self.lacking = ""
        self._money = money
        self._budget = budget
        self._payer = payer
        self._clock = clock
        self._held: dict[Account, float] = defaultdict(float)
        self._taken: dict[Account, float] = defaultdict(float)
        self._under_way = 0
        self._ended = 0
        self._turn = asyncio.Lock()
        self._returned = asyncio.Event()

    async def hold(self, prompt: Prompt, usd: float) -> HeldAmount | None:
        """Hold money for one call; wait for calls under way to return money if there is too little.

        Returns:
            The money held; None when there is too little and no call is under way.
        """
        accounts = self._payer.accounts(prompt, self._clock.now()) if usd else {}
        shares = {a: share for a, share in accounts.items() if self._budget.allowed(a) is not None}
        ended = self._ended
        while not await self._covers(shares, usd):
            if ended == self._ended:  # else money has come back while the store was asked
                if not self._under_way:
                    return None
                self._returned.clear()
                await self._returned.wait()
            ended = self._ended
        for account, share in shares.items():
            self._taken[account] += share * usd
        self._under_way += 1
        return HeldAmount(shares, usd)

    def settle(self, held: HeldAmount, cost: float) -> None:
        """End a call: what it did not cost is free for other calls of the run.

        Args:
            held: The money held for the call.
            cost: Dollars that the call cost; the store has booked them.
        """
        for account, share in held.shares.items():
            self._taken[account] -= share * held.usd
            self._held[account] = max(0.0, self._held[account] - share * cost)
        self._end()

    def keep_back(self, held: HeldAmount, cost: float = 0.0) -> None:
        """End a call that may be charged an unknown amount: all of its money stays reserved.

        Args:
            held: The money held for the call.
            cost: Dollars of it that the store has booked as an estimate.
        """
        for account, share in held.shares.items():
            self._taken[account] -= share * cost
            self._held[account] = max(0.0, self._held[account] - share * cost)
        self._end()

    async def close(self) -> None:
        """Return the money that was not spent to the store."""
        await self._money.give_back(self._payer.run_id, self._held)
        self._held.clear()

    def _end(self) -> None:
        self._under_way -= 1
        self._ended += 1
        self._returned.set()

    async def _covers(self, shares: Mapping[Account, float], usd: float) -> bool:
        """Return whether the reserved money covers a call; reserve more if it does not."""
        async with self._turn:  # one call asks the store; the others check again afterwards
            lacking = {a: s * usd + self._taken[a] - self._held[a] for a, s in shares.items()}
            lacking = {a: missing for a, missing in lacking.items() if missing > 0}
            if not lacking:
                return True
            ahead = {account: CALLS_HELD_AHEAD * shares[account] * usd for account in lacking}
            return await self._reserve(ahead) or await self._reserve(lacking)

    async def _reserve(self, amounts: Mapping[Account, float]) -> bool:
        """Reserve dollars by account in the store; False when an account does not cover them."""
        claims = [Claim(a, usd, self._budget.allowed(a) or 0.0) for a, usd in amounts.items()]
        if lacking := await self._money.reserve(self._payer.run_id, claims):
            self.lacking = key_of(lacking)
            return False
        for account, usd in amounts.items():
            self._held[account] += usd
        return True


async def release_dead(store: Store, *, spread: bool = False) -> None:
    """Release the reservations of runs whose processes have died.

    Args:
        store: The store with the reservations.
        spread: Whether workers may be asking for an unfinished run without its main process; such
            a run is resumed, and its reservations are released at its end.
    """
    # A batch may be charged at any time.
    waiting = {batch.run_id for batch in await store.batches.unfinished()}
    for run_id in await store.money.reserving_runs() - waiting:
        async with store.locks.run_lock(run_id) as abandoned:
            if abandoned and not (spread and await store.runs.state(run_id) in UNFINISHED):
                await store.money.release(run_id)
