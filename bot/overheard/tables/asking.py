"""Tables of the configuration about asking: how fast, how patiently, for how much money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from overheard.domain import Account
from overheard.settings import Settings

Dollars = Annotated[float, Field(ge=0)]


class BudgetTable(Settings):
    """``[budget]``: what may be spent, in US dollars; without a limit, only a yes is asked for.

    Attributes:
        run: By one run.
        day: From midnight UTC.
        month: From the first of the month UTC.
        brands: By each brand, from the first of the month; brands that share an answer share
            its cost.
        channels: By what is asked for in each channel (``slack:C0123456789``), from the first of
            the month.
    """

    run: Dollars | None = None
    day: Dollars | None = None
    month: Dollars | None = None
    brands: Mapping[str, Dollars] = Field(default_factory=dict)
    channels: Mapping[str, Dollars] = Field(default_factory=dict)

    def allowed(self, account: Account) -> float | None:
        """Return what may be spent by an account; None without a limit."""
        if account.kind == "brand":
            return self.brands.get(account.name)
        if account.kind == "channel":
            return self.channels.get(account.name)
        limits = {"run": self.run, "day": self.day, "month": self.month}
        return limits.get(account.kind)


class LimitTable(Settings):
    """``[limits."PROVIDER"]`` or ``[limits."PROVIDER/MODEL"]``: how fast it may be asked.

    What a service tells in its answers is learnt, and can only make it slower.

    Attributes:
        concurrency: How many calls may be under way at a time; without it, what the provider's
            own table says.
        requests_per_minute: How many calls may begin in a minute.
        tokens_per_minute: How many tokens may be sent and received in a minute.
    """

    concurrency: int | None = Field(default=None, ge=1)
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)


class AskingTable(Settings):
    """``[asking]``: how patiently a question is asked.

    Attributes:
        tries: How often it is asked at most, when a service is busy or broken.
        deadline: Seconds from its first call after which it is not tried again.
    """

    tries: int = Field(default=4, ge=1, le=10)
    deadline: float = Field(default=600, gt=0, le=3600)


class BurstsTable(Settings):
    """``[bursts]``: small runs between the scheduled ones, where something may have changed.

    Attributes:
        automatic: Whether `overheard run` asks them by itself; without it, the cards say which
            one would tell, and ``overheard bursts run`` asks it.
        calls_a_year: Calls that bursts may make to each model in 365 days, beside the scheduled
            ones. 440 and a weekly run of 30 prompts are 2,000.
    """

    automatic: bool = False
    calls_a_year: int = Field(default=440, ge=0)
