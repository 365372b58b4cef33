"""Quotes: the price of a run before its first question, checked against the budget."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime, timedelta
from math import ceil, inf

from overheard.cards import wording
from overheard.config.sections import BudgetTable
from overheard.domain import Model, Pair, Panel, Payer, Run
from overheard.interfaces import Clock, Provider, Store
from overheard.runs.answers import reusable
from overheard.runs.batches import batch_note, batched
from overheard.runs.budget import Estimate, check_budget, estimate, release_dead
from overheard.runs.plan import skip_note

NOTHING = Estimate(0, 0.0, 0.0)
"""The estimate of no calls."""

JudgingPrice = Callable[[int, datetime], Awaitable[Estimate]]
"""Prices the judging of a number of answers at a time."""


@dataclass(frozen=True, slots=True)
class PriceQuote:
    """The price of questions, which the budget covers.

    Attributes:
        judging: The estimate of judging their answers. A judge spends no more than its own budget;
            questions are asked even without money for the judge.
        batch: Notes on the models that are asked in a batch, with price and time, and on those that
            are not asked all; or empty.
        reused: Number of answers of earlier runs that are copied instead of asking.
        run: The run that asks the questions; None for questions of no run or of several.
        reuse_within: The age up to which answers are reused, or None.
    """

    asking: Estimate
    judging: Estimate = NOTHING
    batch: str = ""
    reused: int = 0
    run: Run | None = None
    reuse_within: timedelta | None = None

    @property
    def free(self) -> bool:
        """Whether the price is known to be 0."""
        return self.asking.free and self.judging.free

    @property
    def usd(self) -> float:
        """The upper limit of the price in dollars; infinite when a model's price is unknown."""
        if self.asking.unknown or self.judging.unknown:
            return inf
        return self.asking.worst + self.judging.worst

    @property
    def price(self) -> str:
        """The price as people confirm it: ``40 questions for about $0.42, at most $2.10``."""
        return "; ".join(
            filter(None, (_asking_price(self.asking), self.batch, _judging_price(self.judging)))
        )

    @property
    def short(self) -> str:
        """The typical price in at most three words, such as ``about $0.42``; ``free`` when it is
        known to be 0, and ``price unknown`` when a model's price is unknown.
        """
        if self.usd == inf:
            return "price unknown"
        if self.free:
            return "free"
        return wording.money(self.asking.typical + self.judging.typical, about=True)

    @property
    def for_questions(self) -> str:
        """The typical price with the questions: ``about $0.42 for 40 questions``."""
        return f"{self.short} for {wording.count(self.asking.calls, 'question')}"


@dataclass(eq=False)
class Pricing:
    """Prices runs before their first question, and checks the prices against the budget.

    Attributes:
        store: The answers and accounts so far.
        providers: Providers by name.
        budget: The limits of the accounts.
        clock: The current time, for the accounts of the day and the month.
        judging: Prices the judging of answers.
        spread: Whether workers may carry runs out.
        name: Returns what a model is called.
    """

    store: Store
    providers: Mapping[str, Provider]
    budget: BudgetTable
    clock: Clock
    judging: JudgingPrice
    _: KW_ONLY
    spread: bool
    name: Callable[[Model], str] = str

    async def quote(self, run: Run, *, reuse_within: timedelta | None = None) -> PriceQuote:
        """Return the quote of the questions of a run that have no answer yet, less those that
        reused answers serve; of all questions for a run that is not stored.

        Judging is priced for all questions of the panel except those of reused answers, and is not
        part of the price of a run outside the history. An imported run has no questions. In the
        store the reservations of dead processes are released.

        Args:
            reuse_within: The age up to which answers of other runs are reused; None to reuse none.

        Raises:
            BudgetExceeded: when the budget does not cover the typical price.
            BudgetUnknown: when there is a budget and a price that is not known.
        """
        calls = Counter[Pair]()
        answers = reused = 0
        if run.panel is not None:
            asked = await self.store.answers.asked(run.id)
            calls, every = run.panel.unasked(asked), run.panel.unasked()
            if reuse_within:
                found = await reusable(self.store, run, reuse_within, self.clock.now())
                calls.subtract(found)
                reused = sum(found.values())
            answers = 0 if run.aside else every.total() - reused
        return await self.quote_calls(
            calls, run.payer, answers=answers, reused=reused, run=run, reuse_within=reuse_within
        )

    async def quote_calls(
        self,
        calls: Mapping[Pair, int],
        payer: Payer,
        *,
        answers: int = 0,
        reused: int = 0,
        run: Run | None = None,
        reuse_within: timedelta | None = None,
        budget: BudgetTable | None = None,
    ) -> PriceQuote:
        """Return the quote of calls. The highest price of asking is at most what is left of the
        budget. In the store the reservations of dead processes are released.

        Args:
            calls: The number of calls by prompt and model.
            payer: The accounts on which the calls are booked.
            answers: Number of answers that judges would read.
            reused: Number of answers of earlier runs that are copied instead of asking; only noted
                in the quote.
            run: The run of all the calls, some of which may be made in batches; None for calls of
                no run or of several, without batches.
            reuse_within: The age up to which answers are reused, or None; only noted in the quote.
            budget: The limits of the accounts; None for the configured budget.

        Raises:
            BudgetExceeded: when the budget does not cover the typical price.
            BudgetUnknown: when there is a budget and a price that is not known.
        """
        panel, now = run.panel if run else None, self.clock.now()
        priced = await self._estimate(calls, payer, panel, now)
        await release_dead(self.store, spread=self.spread)
        left_usd = await check_budget(budget or self.budget, self.store.money, priced)
        priced = replace(priced, worst=min(priced.worst, left_usd))
        judged = await self.judging(answers, now)
        notes = (batch_note(panel, self.providers), skip_note(panel, self.name))
        return PriceQuote(priced, judged, "; ".join(filter(None, notes)), reused, run, reuse_within)

    async def unchecked(self, panel: Panel) -> PriceQuote:
        """Return the quote of all questions of a panel and of judging their answers, without a
        check of the budget, for the label of a button.
        """
        calls, now = panel.unasked(), self.clock.now()
        priced = await self._estimate(calls, Payer(0), panel, now)
        return PriceQuote(priced, await self.judging(calls.total(), now))

    async def _estimate(
        self, calls: Mapping[Pair, int], payer: Payer, panel: Panel | None, now: datetime
    ) -> Estimate:
        """Return the estimated price of calls, by the usage of the models' answers so far."""
        usual = await self.store.answers.usual_usage({model for _, model in calls})
        models = batched(panel, self.providers)
        return estimate(calls, self.providers, payer, now, models, usual)


def _asking_price(priced: Estimate) -> str:
    """Return the estimated price of asking in words, with the number of questions, such as
    ``40 questions for about $0.42, at most $2.10``.
    """
    calls = wording.count(priced.calls, "question")
    if priced.unknown:
        names = wording.listing([str(model) for model in priced.unknown])
        return f"{calls}; the price of {names} is unknown"
    return f"{calls} for {_price_range(priced)}"


def _judging_price(judged: Estimate) -> str:
    """Return the estimated price of judging the answers as a clause: ``judging the answers adds
    about $0.10``. It names the judges whose price is unknown; empty when judging is free.
    """
    if judged.unknown:
        names = wording.listing([str(model) for model in judged.unknown])
        return f"the answers are judged by {names}, whose price is unknown"
    if judged.free:
        return ""
    return f"judging the answers adds {_price_range(judged)}"


def _price_range(priced: Estimate) -> str:
    """Return a price in words: the typical price and, if it is higher by a cent, the highest price,
    rounded up to the cent: ``about $0.42, at most $2.10``.

    A typical price of less than a cent counts as a cent in that comparison.
    """
    typical = wording.money(priced.typical, about=True)
    # Rounded first, so that what floating point adds to whole cents is not a cent more.
    worst_cents = ceil(round(priced.worst * 100, 6))
    if worst_cents <= max(1, round(priced.typical * 100)):
        return typical
    return f"{typical}, at most {wording.money(worst_cents / 100)}"
