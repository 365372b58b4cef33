"""The price of questions, whether the budget covers it, and money that runs reserve."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf
from typing import Self

from overheard.config.sections import BudgetTable
from overheard.domain import (
    UNFINISHED,
    Account,
    Capabilities,
    Model,
    Pair,
    Payer,
    Price,
    Prompt,
    ReservationRequest,
    Usage,
    UsualUsage,
)
from overheard.errors import BudgetExceeded, BudgetHeld, BudgetUnknown, BudgetUsedUp
from overheard.interfaces import Clock, Described, Provider, Store
from overheard.interfaces.runs import MoneyRepository

CHARACTERS_A_TOKEN = 3.0
"""Fewer than in English prose, so that the estimate is too high rather than too low."""

_NO_CAPABILITIES = Capabilities()


@dataclass(frozen=True, slots=True)
class AnswerTokens:
    """Assumed tokens of an answer, and of the pages that a model reads in each web search."""

    answer: int
    search: int


TYPICAL = AnswerTokens(400, 2_000)
WORST = AnswerTokens(4_000, 10_000)
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
        """Whether the price is known to be 0."""
        return self.worst == 0 and not self.unknown


def estimate(
    calls: Mapping[Pair, int],
    providers: Mapping[str, Provider],
    payer: Payer,
    now: datetime,
    batched: Collection[Model] = (),
    usual: Mapping[Model, UsualUsage] | None = None,
) -> Estimate:
    """Return the estimated price of calls, before the first call.

    The typical price of a call is its `Tariff.usual_cost`. The worst price is that of an answer of
    `WORST` size, and at least the typical price. A model without a known price adds nothing to the
    dollars, and is listed as unknown.

    Args:
        calls: The number of calls by prompt and model.
        providers: Providers by name.
        payer: The accounts on which the calls are booked.
        now: The current time, for the accounts of the day and the month.
        batched: The models that are asked in batches.
        usual: The mean usage of a model's answers so far; a model that is missing is taken to
            answer with `TYPICAL` size.
    """
    models = dict.fromkeys(model for _, model in calls)
    tariffs = {model: Tariff.of(model, providers) for model in models}
    typical = worst = 0.0
    booked: dict[Account, float] = defaultdict(float)
    for (prompt, model), count in calls.items():
        tariff = tariffs[model]
        batch = model in batched and len(prompt.turns) == 1
        cost = tariff.usual_cost(prompt, (usual or {}).get(model), batch=batch)
        typical += count * cost
        worst += count * max(cost, tariff.cost(prompt, WORST, batch=batch))
        for account, share in payer.accounts(prompt, now).items():
            booked[account] += share * count * cost
    unknown = tuple(model for model in models if tariffs[model].price is None)
    return Estimate(sum(calls.values()), typical, worst, unknown, booked)


def price_of(model: Model, providers: Mapping[str, Provider]) -> Price | None:
    """Return a model's price; None when it is unknown. Never raises.

    A price is unknown when the model's provider is not among ``providers``, gives no `Price`,
    gives a negative or infinite amount, or fails.
    """
    with suppress(Exception):  # of any kind: the price is unknown then
        price: object = providers[model.provider].price(model.name)
        if isinstance(price, Price):
            amounts = (price.input, price.output, price.cached or 0.0, price.search)
            if all(0 <= amount < inf for amount in amounts):
                return price
    return None


def capabilities_of(model: Model, providers: Mapping[str, Provider]) -> Capabilities:
    """Return the capabilities of a model.

    `_NO_CAPABILITIES` when its provider does not declare any, declares something else, or fails.

    Raises:
        KeyError: when the model's provider is not among ``providers``.
    """
    provider = providers[model.provider]
    with suppress(Exception):  # of any kind: nothing is declared then
        if isinstance(provider, Described):
            declared: object = provider.capabilities(model.name)
            if isinstance(declared, Capabilities):
                return declared
    return _NO_CAPABILITIES


@dataclass(frozen=True, slots=True)
class Tariff:
    """What calls of a model cost.

    Attributes:
        price: The model's price; None when it is unknown, and each cost is 0 then.
        able: The model's capabilities.
    """

    price: Price | None
    able: Capabilities = _NO_CAPABILITIES

    @classmethod
    def of(cls, model: Model, providers: Mapping[str, Provider]) -> Self:
        """Return the tariff of a model; the providers are given by name."""
        price = price_of(model, providers)
        return cls(price, capabilities_of(model, providers)) if price else cls(None)

    def cost(
        self,
        prompt: Prompt,
        size: AnswerTokens,
        *,
        batch: bool = False,
        answer_limit: int | None = None,
    ) -> float:
        """Return the US dollars of one call with an answer of some size: for its question with the
        pages of the model's web searches, for its answer, and for the searches themselves; of each
        turn, whose question has the answers before it.

        Args:
            size: The assumed tokens of the answer, and of the pages of each search.
            batch: Whether the question is asked in a batch.
            answer_limit: The most tokens of an answer, by which the assumed answer is cut; None for
                the limit that the provider declares, or for no limit if it declares none.
        """
        if self.price is None:
            return 0.0
        asked = question_tokens(prompt) + self.able.searches * size.search
        answer = min(size.answer, answer_limit or self.able.answer_limit or size.answer)
        turns = self._turns(prompt, answer_limit)
        usage = Usage(asked + (turns - 1) * answer // 2, answer, searches=self.able.searches)
        return turns * self.price.cost(usage, batch=batch)

    def usual_cost(self, prompt: Prompt, used: UsualUsage | None, *, batch: bool = False) -> float:
        """Return the US dollars that a call will probably cost: the mean usage of the model's
        answers so far at today's price, or the price of an answer of `TYPICAL` size.
        """
        if not used or not used.answers or self.price is None:
            return self.cost(prompt, TYPICAL, batch=batch)
        turns = self._turns(prompt)
        sent = used.input_tokens + (turns - 1) / 2 * used.output_tokens
        used = replace(used, input_tokens=sent)
        return turns * self.price.cost(used, batch=batch)

    def _turns(self, prompt: Prompt, answer_limit: int | None = None) -> int:
        """Return the number of priced calls: a task has one price, and a judge quotes any text."""
        return 1 if answer_limit or self.able.batch_only else len(prompt.turns)


def question_tokens(prompt: Prompt) -> int:
    """Return an upper estimate of the tokens of a question, with the tokens that a service adds."""
    return round(len(prompt.text) / CHARACTERS_A_TOKEN) + 50


WARNING = 0.8
"""The spent share of a limit from which cards show it."""

_NAMED = frozenset({"brand", "channel"})


async def check_budget(budget: BudgetTable, money: MoneyRepository, priced: Estimate) -> float:
    """Check that each account with a limit has enough money left for the estimated price of
    questions.

    What is left of a limit is the limit less the spent and the reserved dollars of the account.
    The account with the least money left is checked first, and named in an error.

    Args:
        money: What the accounts have spent and reserved.
        priced: The estimated price of the questions, with the dollars for each account.

    Returns:
        The most dollars that these questions can cost in all, so that no account exceeds its limit;
        infinite without a limit.

    Raises:
        BudgetUnknown: when there is a limit and a model without a known price.
        BudgetExceeded: when even typical answers would cost more than is left.
        BudgetHeld: when they would not without what is held for others.
    """
    limits = _limits_of_accounts(budget, priced.booked)
    balances = await money.balances(limits)
    left = {a: max(0.0, limits[a] - balances[a].spent - balances[a].held) for a in limits}
    for account in sorted(left, key=left.__getitem__):
        if priced.unknown:
            models = ", ".join(map(str, priced.unknown))
            raise BudgetUnknown(models=models, key=key_of(account))
        if priced.booked[account] > left[account]:
            if priced.booked[account] <= limits[account] - balances[account].spent:
                raise BudgetHeld(key=key_of(account))
            raise BudgetExceeded(
                typical=f"${priced.booked[account]:.2f}",
                left=f"${left[account]:.2f}",
                key=key_of(account),
            )
    shares = {account: usd / priced.typical for account, usd in priced.booked.items() if usd}
    # An account that pays a share of the price reaches its limit at the price left / share.
    return min((left[a] / shares[a] for a in left if a in shares), default=inf)


async def nearly_spent(
    budget: BudgetTable, money: MoneyRepository, accounts: Collection[Account]
) -> dict[Account, tuple[float, float]]:
    """Return the accounts of which at least `WARNING` of the limit is spent, each with the spent
    dollars and the limit in dollars. Accounts without a limit, or with a limit of 0, are left out.
    """
    limits = _limits_of_accounts(budget, accounts)
    balances = await money.balances(limits)
    return {
        account: (balances[account].spent, limit)
        for account, limit in limits.items()
        if limit and balances[account].spent >= WARNING * limit
    }


def key_of(account: Account) -> str:
    """Return the key of [budget] that limits an account."""
    return f'{account.kind}s."{account.name}"' if account.kind in _NAMED else account.kind


def _limits_of_accounts(budget: BudgetTable, accounts: Collection[Account]) -> dict[Account, float]:
    allowed = {account: budget.allowed(account) for account in accounts}
    return {account: usd for account, usd in allowed.items() if usd is not None}


OTHERS_WAIT_S = 10.0
"""Seconds for which a call waits for money that other runs hold."""
OTHERS_POLL_S = 0.5
TINY_USD = 1e-9
CALLS_HELD_AHEAD = 25
"""Calls for which money is reserved at once, so that not every call has to ask the store."""


@dataclass(frozen=True, slots=True)
class HeldAmount:
    """Money held for one call: dollars, and the share of them for each account that has a limit."""

    shares: Mapping[Account, float] = field(default_factory=dict)
    usd: float = 0.0


class SpendReservation:
    """Money that a run has reserved in the store, so that no other run can spend it.

    `hold` takes the money of a call out of the reservation; `settle` ends the call.

    Args:
        money: The reservations of all runs.
        budget: The limits of the accounts.
        payer: The accounts of the run.
        clock: The current time, for the accounts of the day and the month.
    """

    def __init__(
        self, money: MoneyRepository, budget: BudgetTable, payer: Payer, clock: Clock
    ) -> None:
        """Begin without reserved money; `hold` reserves the first."""
        self._lacking: Account | None = None
        """The account whose limit refused money last."""
        self._money = money
        self._budget = budget
        self._payer = payer
        self._clock = clock
        self._reserved: dict[Account, float] = defaultdict(float)
        """Dollars that the store has reserved for the run and that no call has spent."""
        self._held: dict[Account, float] = defaultdict(float)
        """Dollars of these that are held for calls."""
        self._calls_under_way = 0
        self._calls_ended = 0
        self._reserving = asyncio.Lock()
        self._call_ended = asyncio.Event()

    async def hold(self, prompt: Prompt, usd: float) -> HeldAmount:
        """Hold money for one call, on each of its accounts that has a limit, and return it.

        More money is reserved in the store if needed. If the limits leave too little, the call
        waits until calls under way return money, also `OTHERS_WAIT_S` for those of other runs.
        `settle` has to end each call.

        Args:
            prompt: The prompt of the call, which decides on the accounts.
            usd: The most dollars that the call may cost; nothing is held for 0.

        Raises:
            BudgetUsedUp: when there is too little and no call is under way.
            BudgetHeld: when other runs hold it.
        """
        accounts = self._payer.accounts(prompt, self._clock.now()) if usd else {}
        shares = {a: share for a, share in accounts.items() if self._budget.allowed(a) is not None}
        calls_ended, polls = self._calls_ended, OTHERS_WAIT_S / OTHERS_POLL_S
        while not await self._covers(shares, usd):
            if calls_ended == self._calls_ended:  # else a call ended while the store was asked
                if self._calls_under_way:
                    self._call_ended.clear()
                    await self._call_ended.wait()
                else:
                    await self._wait_for_others(shares, usd, is_last=polls <= 0)
                    polls -= 1
            calls_ended = self._calls_ended
        for account, share in shares.items():
            self._held[account] += share * usd
        self._calls_under_way += 1
        return HeldAmount(shares, usd)

    async def _wait_for_others(
        self, shares: Mapping[Account, float], usd: float, *, is_last: bool
    ) -> None:
        """Wait a moment for money that other runs hold, unless this was the last time. What this
        run has reserved and does not need is returned, since another run may wait for it.
        """
        account = self._lacking
        if account is None:
            return
        async with self._reserving:
            reserved = self._reserved.items()
            spare = {a: usd - self._held[a] for a, usd in reserved if usd > self._held[a]}
            for spare_account, usd_back in spare.items():
                self._reserved[spare_account] -= usd_back
            await self._money.give_back(self._payer.run_id, spare)
        balance = (await self._money.balances([account]))[account]
        room = (self._budget.allowed(account) or 0.0) - balance.spent - self._reserved[account]
        lacks = shares.get(account, 0.0) * usd + self._held[account] - self._reserved[account]
        if lacks > room + TINY_USD:
            raise BudgetUsedUp(key=key_of(account))
        if is_last:
            raise BudgetHeld(key=key_of(account))
        await asyncio.sleep(OTHERS_POLL_S)

    def settle(self, held: HeldAmount, cost: float, *, keep_rest: bool = False) -> None:
        """End a call: its cost leaves the reservation, and held money above the cost is free for
        other calls of the run.

        Args:
            cost: Dollars that the call cost, more or less than were held; the store has booked
                them.
            keep_rest: Whether the cost is an estimate and the service may charge more: no other
                call of the run can use the rest of the held money then.
        """
        for account, share in held.shares.items():
            self._held[account] -= share * (cost if keep_rest else held.usd)
            self._reserved[account] = max(0.0, self._reserved[account] - share * cost)
        self._calls_under_way -= 1
        self._calls_ended += 1
        self._call_ended.set()

    async def close(self) -> None:
        """Return the reserved money that was not spent to the store."""
        await self._money.give_back(self._payer.run_id, self._reserved)
        self._reserved.clear()

    async def _covers(self, shares: Mapping[Account, float], usd: float) -> bool:
        """Return whether the reserved money that no call holds covers a call.

        If it does not, more is reserved in the store: money for `CALLS_HELD_AHEAD` calls or, when
        a limit refuses that, as much as this call lacks. False when that is refused as well.
        """
        async with self._reserving:  # one call asks the store; the others check again afterwards
            needed = {a: s * usd + self._held[a] - self._reserved[a] for a, s in shares.items()}
            missing = {account: dollars for account, dollars in needed.items() if dollars > 0}
            if not missing:
                return True
            ahead = {account: CALLS_HELD_AHEAD * shares[account] * usd for account in missing}
            return await self._reserve(ahead) or await self._reserve(missing)

    async def _reserve(self, amounts: Mapping[Account, float]) -> bool:
        """Reserve dollars by account in the store, on all accounts or on none."""
        requests = [
            ReservationRequest(account, usd, self._budget.allowed(account) or 0.0)
            for account, usd in amounts.items()
        ]
        account_without_room = await self._money.reserve(self._payer.run_id, requests)
        if account_without_room is not None:
            self._lacking = account_without_room
            return False
        for account, usd in amounts.items():
            self._reserved[account] += usd
        return True


async def release_dead(store: Store, *, spread: bool = False) -> None:
    """Release the reservations of runs whose processes have died: no process has locked the run.

    Kept are the reservations of a run that waits for a batch, because the batch may be charged at
    any time.

    Args:
        spread: Whether workers may be asking for an unfinished run without its main process. The
            reservations of such a run are kept, too: the run is resumed, and releases them at its
            end.
    """
    with_open_batch = {batch.run_id for batch in await store.batches.unfinished()}
    for run_id in await store.money.reserving_runs() - with_open_batch:
        async with store.locks.run_lock(run_id) as is_abandoned:
            if not is_abandoned:
                continue
            if not (spread and await store.runs.state(run_id) in UNFINISHED):
                await store.money.release(run_id)
