"""Whose money an answer costs: accounts, and what is claimed of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from overheard.domain.catalogue import Prompt


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """Something that money is spent by, and for which a limit can be set.

    Attributes:
        kind: ``run``, ``day``, ``month``, ``brand`` or ``channel``.
        name: The run's number, or the name of the brand or channel; a day and a month have none.
        period: The day or month in UTC, such as ``2026-11-24`` or ``2026-11``; a run has none.
    """

    kind: str
    name: str = ""
    period: str = ""

    def __str__(self) -> str:
        return f"{self.kind}|{self.period}|{self.name}"


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays for the answers of a run.

    Attributes:
        run_id: The store's number of the run.
        brands: Names of the brands it was asked for.
        channel: Where it was asked for, as ``platform:id``, or an empty string.
    """

    run_id: int
    brands: tuple[str, ...] = ()
    channel: str = ""

    def accounts(self, prompt: Prompt, at: datetime) -> dict[Account, float]:
        """Return what a call is booked on, each with its share of the cost.

        Brands that share an answer share its cost; everything else bears the whole of it.

        Args:
            prompt: What is asked.
            at: When, for the day and month.
        """
        moment = at.astimezone(UTC)
        month = f"{moment:%Y-%m}"
        brands = [b for b in self.brands if not prompt.brands or b in prompt.brands]
        shares = {
            Account("run", str(self.run_id)): 1.0,
            Account("day", period=f"{moment:%Y-%m-%d}"): 1.0,
            Account("month", period=month): 1.0,
        }
        shares |= {Account("brand", brand, month): 1 / len(brands) for brand in brands}
        if self.channel:
            shares[Account("channel", self.channel, month)] = 1.0
        return shares


@dataclass(frozen=True, slots=True)
class Claim:
    """Money that is to be held on an account.

    Attributes:
        account: Where.
        usd: How much more is to be held.
        allowed: How much may be spent and held there altogether.
    """

    account: Account
    usd: float
    allowed: float


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account has spent, and what is held on it for calls that may be under way."""

    spent: float = 0.0
    held: float = 0.0
