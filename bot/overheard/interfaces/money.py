"""The repository of money: reservations and spending."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from overheard.domain import Account, Balance, Claim, Spending


class MoneyRepository(Protocol):
    """Reservations and spending, in US dollars.

    A run reserves money on its accounts before it calls a model; `AnswerRepository.add` turns the
    reservation into spending. The sum of both, over all runs of all processes, never exceeds the
    limit of an account.
    """

    async def reserve(self, run_id: int, claims: Sequence[Claim]) -> Account | None:
        """Reserve money on all given accounts, or on no account.

        Returns:
            An account that does not cover its claim, or None when the money is reserved.
        """
        ...

    async def give_back(self, run_id: int, amounts: Mapping[Account, float]) -> None:
        """Reduce the reservations of a run, in dollars by account."""
        ...

    async def release(self, run_id: int) -> None:
        """Delete all reservations of a run."""
        ...

    async def reserving_runs(self) -> set[int]:
        """Return the numbers of the runs that have reservations; their processes may be dead."""
        ...

    async def balances(self, accounts: Collection[Account]) -> dict[Account, Balance]:
        """Return the spending and the reservations on some accounts."""
        ...

    async def spending(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> list[Spending]:
        """Return the costs of answers, summed by run, prompt and model, from a time to before
        another.
        """
        ...

    async def spent(self, *, since: datetime | None = None, run_id: int | None = None) -> float:
        """Return the dollars that answers cost, since a time, or of a run, or in total."""
        ...
