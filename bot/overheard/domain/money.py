"""Accounts that answers are charged to, and money reserved on them. Amounts are US dollars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from overheard.domain.catalogue import Prompt


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """A spender for which a limit can be configured: a run, day, month, brand or channel.

    Attributes:
        kind: ``run``, ``day``, ``month``, ``brand`` or ``channel``.
        name: The run's number, or the name of the brand or channel; empty for a day or month.
        period: The day or month in UTC, such as ``2026-11-24`` or ``2026-11``; empty for a run.
    """

    kind: str
    name: str = ""
    period: str = ""

    def __str__(self) -> str:
        return f"{self.kind}|{self.period}|{self.name}"


@dataclass(frozen=True, slots=True)
class Payer:
    """The run, brands and channel that pay for the answers of a run.

    Attributes:
        run_id: The store's number of the run.
        brands: Names of the brands for which the run was started.
        channel: The channel in which the run was started, as ``platform:id``, or an empty string.
    """

    run_id: int
    brands: tuple[str, ...] = ()
    channel: str = ""

    def accounts(self, prompt: Prompt, at: datetime) -> dict[Account, float]:
        """Return the accounts that a call is charged to, each with its share of the cost (above 0,
        up to 1).

        The run, the day, the month and the channel, if there is one, are charged in full. The
        brands of the run that the prompt is asked for split the cost evenly; their accounts, and
        the channel's, are those of the month.

        Args:
            prompt: The prompt that is asked.
            at: The time of the call; its day and month in UTC count.
        """
        moment = at.astimezone(UTC)
        month = f"{moment:%Y-%m}"
        brands = [brand for brand in self.brands if prompt.concerns(brand)]
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
class ReservationRequest:
    """A reservation to make on an account.

    Attributes:
        usd: The additional amount to reserve, in US dollars.
        allowed: The largest sum of spent and reserved money on the account, in US dollars.
    """

    account: Account
    usd: float
    allowed: float


@dataclass(frozen=True, slots=True)
class Balance:
    """US dollars that an account has spent, and that are reserved (`held`) for calls in flight."""

    spent: float = 0.0
    held: float = 0.0
