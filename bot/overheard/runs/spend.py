"""Spending: money is reserved before each call, so that calls under way cannot overspend."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from overheard.config.sections import BudgetTable
from overheard.domain import UNFINISHED, Account, Claim, Payer, Prompt
from overheard.interfaces import Clock, Store
from overheard.interfaces.money import MoneyRepository
from overheard.runs.budget import key_of

CALLS_HELD_AHEAD = 25
"""Calls for which money is held in the store at a time, so that not every call has to ask it."""


@dataclass(frozen=True, slots=True)
class HeldAmount:
    """Money that one call may cost, on each account that has a limit."""

    shares: Mapping[Account, float] = field(default_factory=dict)
    usd: float = 0.0


class SpendReservation:
    """What a run may spend. The store holds it against all other runs of all processes.

    Args:
        money: The reservations of all runs.
        budget: What they may spend.
        payer: Whose accounts they are.
        clock: Says on which day and month a call is booked.

    Attributes:
        lacking: The key of [budget] that did not leave enough when money was refused last.
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
        """Set money aside for one call, as soon as calls under way give enough back.

        Returns:
            None when none is under way and it is not there.
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
        """End a call that cost so much: the store has taken that out of what is held."""
        for account, share in held.shares.items():
            self._taken[account] -= share * held.usd
            self._held[account] = max(0.0, self._held[account] - share * cost)
        self._end()

    def keep_back(self, held: HeldAmount, cost: float = 0.0) -> None:
        """End a call that may have been charged, and nobody knows how much: the store has taken a
        cost out of what is held, and the rest of its money stays held.
        """
        for account, share in held.shares.items():
            self._taken[account] -= share * cost
            self._held[account] = max(0.0, self._held[account] - share * cost)
        self._end()

    async def close(self) -> None:
        """Give back to the store what is not spent."""
        await self._money.give_back(self._payer.run_id, self._held)
        self._held.clear()

    def _end(self) -> None:
        self._under_way -= 1
        self._ended += 1
        self._returned.set()

    async def _covers(self, shares: Mapping[Account, float], usd: float) -> bool:
        async with self._turn:  # one asks the store, and the others look again behind it
            lacking = {a: s * usd + self._taken[a] - self._held[a] for a, s in shares.items()}
            lacking = {a: missing for a, missing in lacking.items() if missing > 0}
            if not lacking:
                return True
            ahead = {account: CALLS_HELD_AHEAD * shares[account] * usd for account in lacking}
            return await self._reserve(ahead) or await self._reserve(lacking)

    async def _reserve(self, amounts: Mapping[Account, float]) -> bool:
        claims = [Claim(a, usd, self._budget.allowed(a) or 0.0) for a, usd in amounts.items()]
        if lacking := await self._money.reserve(self._payer.run_id, claims):
            self.lacking = key_of(lacking)
            return False
        for account, usd in amounts.items():
            self._held[account] += usd
        return True


async def release_dead(store: Store, *, spread: bool = False) -> None:
    """Give back what runs hold whose processes are dead.

    Args:
        store: Where it is held.
        spread: Whether workers may be asking for a run that nobody follows just now; it is taken
            up again, and what it holds is given back when it ends.
    """
    waiting = {
        batch.run_id for batch in await store.batches.unfinished()
    }  # it may be charged any time
    for run_id in await store.money.reserving_runs() - waiting:
        async with store.locks.run_lock(run_id) as abandoned:
            if abandoned and not (spread and await store.runs.state(run_id) in UNFINISHED):
                await store.money.release(run_id)
