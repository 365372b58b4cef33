"""Questions that a plugin's command asks: priced first, and never more than was priced."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

from overheard.domain import Panel, Run
from overheard.errors import ConfirmationNeeded
from overheard.interfaces import Asked
from overheard.plugins.guard import core_method
from overheard.runs.budget import Pair, unasked
from overheard.runs.call import EMPTY_ANSWER
from overheard.runs.quote import Pricing
from overheard.runs.service import RunService


@dataclass(frozen=True, slots=True)
class PricedAsking:
    """Asks for a command outside the history, see `View.quote` and `View.ask`.

    Attributes:
        new_run: Returns a run of a panel, outside the history.
        priced: The calls that were priced and are not asked yet, by prompt and model.
        agreed: Whether a person has agreed to their price; nothing is asked before.
    """

    pricing: Pricing
    service: RunService[Any]
    new_run: Callable[[Panel], Run]
    priced: Counter[Pair]
    agreed: bool

    @core_method
    async def quote(self, *panels: Panel) -> ConfirmationNeeded:
        """Return the price of panels as the error to raise, see `View.quote`."""
        calls = sum((unasked(panel, ()) for panel in panels), Counter[Pair]())
        payer = self.new_run(panels[0]).payer
        quote = await self.pricing.quote_calls(calls, payer, answers=calls.total())
        self.priced.clear()
        self.priced.update(calls)
        usual = quote.asking.typical if quote.usd < inf else inf
        return ConfirmationNeeded(price=quote.price, usd=quote.usd, usual_usd=usual)

    @core_method
    async def ask(self, panel: Panel) -> Asked:
        """Ask a panel and return the answers, see `View.ask`."""
        calls = unasked(panel, ())
        if not self.agreed or calls - self.priced:
            raise ValueError("a command asks what it has priced with View.quote, after a yes")
        self.priced.subtract(calls)
        outcome, answers = await self.service.ask_aside(self.new_run(panel))
        stopped = ("A person stopped it.",) if outcome.stopped else ()
        failures = [one for one in outcome.failures if not one.endswith(EMPTY_ANSWER)]
        return Asked(tuple(answers), outcome.spent, (*failures, *stopped))
