"""Whether the budget covers a price, and the money that runs reserve for their calls."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import inf

from overheard.config.sections import BudgetTable
from overheard.domain import UNFINISHED, Account, Payer, Prompt, ReservationRequest
from overheard.errors import BudgetExceeded, BudgetUnknown
from overheard.interfaces import Clock, Store
from overheard.interfaces.runs import MoneyRepository
from overheard.runs.cost_estimate import Estimate

WARNING = 0.8
"""The spent share of a limit from which cards show it."""

_NAMED = frozenset({"brand", "channel"})


async def check_budget(budget: BudgetTable, money: MoneyRepository, priced: Estimate) -> float:
    """Check the estimated price of questions against the limits of its accounts and what they have
    spent or reserved.

    Returns:
        The most dollars that the budget lets these questions cost; infinite without a limit.

    Raises:
        BudgetUnknown: when there is a limit and a model without a known price.
        BudgetExceeded: when even typical answers would cost more than is left.
    """
    limits = _limits_of_accounts(budget, priced.booked)
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
    """Return the accounts of which at least `WARNING` of the limit is spent, each with the spent
    dollars and the limit in dollars.
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


CALLS_HELD_AHEAD = 25
"""Calls for which money is reserved at once, so that not every call has to ask the store."""


@dataclass(frozen=True, slots=True)
class HeldAmount:
    """Money held for one call: dollars, and the share of them for each account that has a limit."""

    shares: Mapping[Account, float] = field(default_factory=dict)
    usd: float = 0.0


class SpendReservation:
    """Money that a run has reserved in the store, so that no other run can spend it.

    `hold` takes the money of a call out of the reservation; `settle` or `keep_back` ends the call.

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
        """Hold money for one call; reserve more in the store if needed, and wait for calls under
        way to return money if there is too little.

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
        """End a call: held money above its cost is free for other calls of the run.

        Args:
            held: The money held for the call.
            cost: Dollars that the call cost; the store has booked them.
        """
        for account, share in held.shares.items():
            self._taken[account] -= share * held.usd
            self._held[account] = max(0.0, self._held[account] - share * cost)
        self._end_call()

    def keep_back(self, held: HeldAmount, cost: float = 0.0) -> None:
        """End a call that may be charged an unknown amount: all of its held money stays reserved.

        Args:
            held: The money held for the call.
            cost: Dollars of the held money that the store has booked as an estimate.
        """
        for account, share in held.shares.items():
            self._taken[account] -= share * cost
            self._held[account] = max(0.0, self._held[account] - share * cost)
        self._end_call()

    async def close(self) -> None:
        """Return the reserved money that was not spent to the store."""
        await self._money.give_back(self._payer.run_id, self._held)
        self._held.clear()

    def _end_call(self) -> None:
        self._under_way -= 1
        self._ended += 1
        self._returned.set()

    async def _covers(self, shares: Mapping[Account, float], usd: float) -> bool:
        """Return whether the reserved money covers a call; reserve more in the store if it does
        not.

        Args:
            shares: The share of each account in the price, 0 to 1.
            usd: The most dollars of the call.
        """
        async with self._turn:  # one call asks the store; the others check again afterwards
            lacking = {a: s * usd + self._taken[a] - self._held[a] for a, s in shares.items()}
            lacking = {a: missing for a, missing in lacking.items() if missing > 0}
            if not lacking:
                return True
            ahead = {account: CALLS_HELD_AHEAD * shares[account] * usd for account in lacking}
            return await self._reserve(ahead) or await self._reserve(lacking)

    async def _reserve(self, amounts: Mapping[Account, float]) -> bool:
        """Reserve dollars by account in the store and return True; False, with `lacking` set, when
        an account does not cover its amount.
        """
        claims = [
            ReservationRequest(a, usd, self._budget.allowed(a) or 0.0) for a, usd in amounts.items()
        ]
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
