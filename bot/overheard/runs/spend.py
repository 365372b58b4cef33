"""Spending: money is reserved before each call, so that calls under way cannot overspend."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from overheard.config.sections import BudgetTable
from overheard.domain import UNFINISHED, Account, Claim, Payer, Prompt
from overheard.interfaces import Clock, Store
from overheard.interfaces.runs import MoneyRepository
from overheard.runs.budget import key_of

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
