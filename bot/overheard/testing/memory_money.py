"""Money in memory: what is spent, and what is held for calls that may be under way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from overheard.domain import Account, Answer, Balance, Claim, Payer, Spending

_PENNY = 1e-9


class MemoryMoney:
    """The part of `MemoryStore` that keeps accounts."""

    def __init__(self) -> None:
        self._paid: list[Answer] = []
        self._booked: dict[Account, float] = defaultdict(float)
        self._on_hold: dict[int, dict[Account, float]] = {}

    async def reserve(self, run_id: int, claims: Sequence[Claim]) -> Account | None:
        """Hold money on all of some accounts, or on none."""
        there = await self.balances([claim.account for claim in claims])
        for claim in claims:
            balance = there[claim.account]
            if balance.spent + balance.held + claim.usd > claim.allowed + _PENNY:
                return claim.account
        held = self._on_hold.setdefault(run_id, defaultdict(float))
        for claim in claims:
            held[claim.account] += claim.usd
        return None

    async def give_back(self, run_id: int, amounts: Mapping[Account, float]) -> None:
        """Give back a part of what a run holds."""
        held = self._on_hold.get(run_id, {})
        for account, usd in amounts.items():
            if account in held:
                held[account] = max(0.0, held[account] - usd)
        if max(held.values(), default=0.0) <= _PENNY:
            self._on_hold.pop(run_id, None)

    async def release(self, run_id: int) -> None:
        """Give back what a run holds."""
        self._on_hold.pop(run_id, None)

    async def holders(self) -> set[int]:
        """Return the numbers of the runs that hold money."""
        return set(self._on_hold)

    async def balances(self, accounts: Collection[Account]) -> dict[Account, Balance]:
        """Return what is spent and held on accounts."""
        holds = self._on_hold.values()
        return {
            account: Balance(
                self._booked.get(account, 0.0), sum(held.get(account, 0.0) for held in holds)
            )
            for account in accounts
        }

    async def spending(self, *, since: datetime | None = None) -> list[Spending]:
        """Return what answers cost, summed up by run, prompt and model."""
        paid = [
            a for a in self._paid if a.reply.cost_usd and (since is None or a.asked_at >= since)
        ]
        groups: dict[tuple[int, str, str], list[Answer]] = defaultdict(list)
        for answer in paid:
            question = answer.question
            groups[answer.run_id, question.prompt.key, str(question.model)].append(answer)
        return [
            Spending(
                run_id,
                group[0].question.prompt,
                group[0].question.model,
                len(group),
                sum(answer.reply.cost_usd or 0.0 for answer in group),
            )
            for (run_id, _, _), group in groups.items()
        ]

    async def spent(self, *, since: datetime | None = None, run_id: int | None = None) -> float:
        """Return the dollars spent on answers."""
        found = (
            answer.reply.cost_usd or 0.0
            for answer in self._paid
            if (since is None or answer.asked_at >= since) and run_id in (None, answer.run_id)
        )
        return sum(found, 0.0)

    def _pay(self, answer: Answer, payer: Payer) -> None:
        """Take what an answer costs out of what its run holds, and book it as spent."""
        self._paid.append(answer)
        cost = answer.reply.cost_usd or 0.0
        held = self._on_hold.get(answer.run_id, {})
        for account, share in payer.accounts(answer.question.prompt, answer.asked_at).items():
            self._booked[account] += share * cost
            if account in held:
                held[account] = max(0.0, held[account] - share * cost)
