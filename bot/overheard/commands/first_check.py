"""`check --first`: the first check, ten repeats of each question in three rounds within a day, and
what it shows by itself.

One run shows what a model says at one moment. Three rounds some hours apart also show how much its
answers vary from run to run, which is what a change has to exceed. Nothing of the plan is kept but
the runs themselves: the label of a run names its round, so that the times survive a restart and are
the same in every process.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from functools import partial

from overheard.alerts.run_analysis import run_service
from overheard.cards import wording
from overheard.cards.card import Card, Table
from overheard.cards.command import Proposal
from overheard.commands.alerts import show_alert
from overheard.commands.check_card import run_card
from overheard.deployment import Call
from overheard.detection.baseline import stream_rows
from overheard.domain import FIRST_CHECK, VISIBILITY, DeliveryKind, Model, Panel, Run, RunState
from overheard.errors import BudgetExceeded, NothingToAsk
from overheard.interfaces import Store
from overheard.measure.blocks import Stream
from overheard.measure.trends import rank_ranges, stream_mean
from overheard.numpy_proxy import np
from overheard.runs.plan import new_run
from overheard.runs.quote import PriceQuote
from overheard.views.standings import read_streams

ROUND_SIZES = ((4, 3, 3), (2, 2, 2), (1, 1, 1))
"""Repeats of each round, the largest first: the first that the budget covers are asked."""
ROUND_GAP = timedelta(hours=6)
"""Time between the starts of two rounds."""
EXPIRES_AFTER = timedelta(days=2)
"""The time after its start within which a first check can be continued."""
ROUNDS = len(ROUND_SIZES[0])


@dataclass(frozen=True, slots=True)
class FirstCheck:
    """A first check that has begun and is not complete.

    Attributes:
        rounds: The runs of the rounds that have begun, the first one first.
    """

    rounds: tuple[Run, ...]

    @property
    def due_at(self) -> datetime:
        """When the next round is due."""
        return self.rounds[0].started_at + len(self.rounds) * ROUND_GAP

    @property
    def under_way(self) -> bool:
        """Whether the newest round is still being asked, or is paused."""
        return self.rounds[-1].state in {RunState.RUNNING, RunState.PAUSED}

    def next_run(self, now: datetime) -> Run:
        """Return the run of the next round, which begins at `now` and is not stored yet. It asks
        the questions of the first round with other seeds, as often as `ROUND_SIZES` says for a
        first round of that size; its person and channel are those of the first round.

        Raises:
            ValueError: when the first round has no panel.
        """
        first_round = self.rounds[0]
        if first_round.panel is None:
            raise ValueError("a first check has a panel")
        index = len(self.rounds)
        sizes_by_first = {sizes[0]: sizes for sizes in ROUND_SIZES}
        sizes = sizes_by_first.get(first_round.panel.repeats, ROUND_SIZES[-1])
        panel = replace(
            first_round.panel, repeats=sizes[index], seed=first_round.panel.seed + index
        )
        label = round_label(index + 1)
        return new_run(
            panel, now, label=label, asked_by=first_round.asked_by, channel=first_round.channel
        )


def round_label(number: int) -> str:
    """Return the label of a round, from 1 on: ``first check 2 of 3``."""
    return f"{FIRST_CHECK} {number} of {ROUNDS}"


async def unfinished_first_check(store: Store, now: datetime) -> FirstCheck | None:
    """Return the latest first check (the same questions in `ROUNDS` rounds within a day), with the
    rounds that have begun, in their order.

    None if there is none, or if it cannot be continued: it began more than `EXPIRES_AFTER` before
    `now`, all rounds have begun, or a round was cancelled or failed.
    """
    newest_firsts = await store.runs.find(label=round_label(1), limit=1)
    if not newest_firsts or now - newest_firsts[0].started_at > EXPIRES_AFTER:
        return None
    first_round = newest_firsts[0]
    rounds = [first_round]
    for number in range(2, ROUNDS + 1):
        newest = await store.runs.find(label=round_label(number), limit=1)
        rounds += [run for run in newest if run.started_at >= first_round.started_at]
    broken_off = {RunState.CANCELLED, RunState.FAILED}
    if len(rounds) == ROUNDS or any(run.state in broken_off for run in rounds):
        return None
    return FirstCheck(tuple(rounds))


async def propose_first_check(call: Call, panel: Panel, asked_by: str = "") -> Proposal:
    """Return the first round of a first check as a proposal, with the price and the times of all
    rounds. Executing it asks the first round; the others follow by themselves, or with the same
    command later.

    The largest of `ROUND_SIZES` that the budget covers is proposed. If a first check has begun and
    can be continued, its next round is proposed instead, and `panel` is ignored.

    Args:
        panel: The questions; their repeats are replaced.
        asked_by: The person who asks; empty for the caller.

    Raises:
        NothingToAsk: when a first check has begun, and its next round is not due yet or a round is
            being asked.
        BudgetExceeded: when the budget does not cover one repeat in each round.
    """
    now = call.clock.now()
    unfinished = await unfinished_first_check(call.store, now)
    if unfinished and unfinished.under_way:
        raise NothingToAsk(missing="a round of the first check is being asked")
    if unfinished and unfinished.due_at > now:
        due = wording.moment(unfinished.due_at, call.zone)
        raise NothingToAsk(missing=f"the next round of the first check is due at {due}")
    if unfinished:
        quote = await call.pricing.quote(unfinished.next_run(now))
        return Proposal(quote.price, quote.usd, partial(execute_round, call, quote))
    for sizes in ROUND_SIZES:
        try:
            whole = replace(panel, repeats=sum(sizes))
            whole_quote = await _quote_all_rounds(call, whole)
            break
        except BudgetExceeded:
            if sizes == ROUND_SIZES[-1]:
                raise
    run = call.new_run(replace(panel, repeats=sizes[0]), round_label(1), asked_by)
    quote = await call.pricing.quote(run)
    later_times = [wording.clock(now + n * ROUND_GAP, call.zone) for n in range(1, ROUNDS)]
    times = f"in three rounds, now and at about {wording.listing(later_times)}"
    price = f"{whole_quote.price}; each question {sum(sizes)} times, {times}"
    execute = partial(execute_round, call, quote)
    return Proposal(price, whole_quote.usd, execute, {"seed": panel.seed})


async def _quote_all_rounds(call: Call, panel: Panel) -> PriceQuote:
    """Return the price of all rounds of a first check together. The budget of a single run is not
    applied, since they are several runs.
    """
    budget = call.config.budget.model_copy(update={"run": None})
    run = call.new_run(panel)
    calls = {(prompt, model): count for prompt, model, count in panel.calls()}
    return await call.pricing.quote_calls(
        calls, run.payer, answers=sum(calls.values()), run=run, budget=budget
    )


async def continue_first_check(call: Call) -> Card | None:
    """Ask the next round of the first check if one is due, and return the card of its result; None
    if there is no first check to continue, if a round is being asked, or if the next is not due.

    The price of all rounds was agreed to with the first. If the check was begun in a chat, a
    delivery of the result to that channel is stored.

    Raises:
        BudgetExceeded: when the budget no longer covers the round.
        RunUnderWay: when another process asks the round.
    """
    now = call.clock.now()
    unfinished = await unfinished_first_check(call.store, now)
    if unfinished is None or unfinished.under_way or unfinished.due_at > now:
        return None
    run = unfinished.next_run(now)
    call = replace(call, who=run.asked_by, channel=run.channel, zone=call.deployment.zone)
    card = await execute_round(call, await call.pricing.quote(run))
    if ":" in run.channel:  # of a chat
        key = f"result-{run.key}"
        await call.deployment.deliver([run.channel], DeliveryKind.RESULT, key, run.key)
    return card


async def execute_round(call: Call, quote: PriceQuote) -> Card:
    """Ask the quoted round of a first check and return the card of its result. The text ends with
    the time of the next round, and the first of the further cards has the visibility over all
    rounds so far. The card of a failed round has neither.

    Raises:
        RunUnderWay: when another process asks the round.
    """
    service = run_service(call, show_alert)
    card = await run_card(call, await service.execute(quote))
    run = quote.run
    if run is None or run.panel is None or card.failed:
        return card
    unfinished = await unfinished_first_check(call.store, call.clock.now())
    [first_round] = await call.store.runs.find(label=round_label(1), limit=1)
    levels = await levels_card(await call.refreshed(), run.panel, first_round.started_at)
    text = "\n\n".join([str(card.text), _next_round_sentence(call.zone, unfinished)])
    return replace(card, text=text, more=(levels, *card.more))


def _next_round_sentence(zone: tzinfo, unfinished: FirstCheck | None) -> str:
    """Return a sentence on when the next round of a first check is due, in the time zone of the
    call. If no round is left (`unfinished` is None), it says that the first check is complete.
    """
    if unfinished is None:
        return "The first check is complete."
    due = wording.moment(unfinished.due_at, zone)
    return (
        f"The next round follows at about {due}, as long as overheard run is going; "
        "or type check --first again then."
    )


async def levels_card(call: Call, panel: Panel, since: datetime) -> Card:
    """Return the card with a table of the visibility of the panel's brands and their competitors
    over all rounds of a first check: a row for each model and brand, with the share of answers, its
    interval and the range of possible ranks. Without scores the text says so.

    Args:
        panel: The questions asked.
        since: The start of the first round; earlier runs do not count.
    """
    names = call.catalogue.names_with_rivals(panel.brands)
    rows, data = [], []
    for model in panel.models:
        streams = await read_streams(
            call.store, call.scoring.versions, names, model=model, metric=VISIBILITY
        )
        kept = [
            stream_rows(stream, np.array([run.at >= since for run in stream.runs]).nonzero()[0])
            for stream in streams
        ]
        for row, entry in _model_rows(model, kept):
            rows.append(row)
            data.append(entry)
    header = ("Model", "Brand", "Named", "Place")
    return Card(
        title="How often models name you, and your place",
        text="" if rows else "Nothing was scored yet.",
        table=Table(header, tuple(rows), right=frozenset({2, 3})) if rows else None,
        footer="In brackets, the 90 % interval; a range of places where intervals meet.",
        data=data,
    )


def _model_rows(model: Model, streams: Sequence[Stream]) -> list[tuple[tuple[str, ...], object]]:
    """Return a table row and a JSON entry for each brand with answers of a model, the largest
    visibility first; brands of the same visibility by name. Places count from 1; a brand has a
    range of places if its interval meets those of others.
    """
    levels = [(stream.key.brand, mean) for stream in streams if (mean := stream_mean(stream))]
    levels.sort(key=lambda level: (-level[1].mean, level[0]))
    rank_bounds = rank_ranges([point for _, point in levels])
    rows: list[tuple[tuple[str, ...], object]] = []
    for (brand, point), (best, worst) in zip(levels, rank_bounds, strict=True):
        place = str(best) if best == worst else f"{best} to {worst}"
        interval = f"{wording.percent(point.low)} to {wording.percent(point.high)}"
        row = (str(model), brand, f"{wording.percent(point.mean)} ({interval})", place)
        entry = {
            "model": str(model),
            "brand": brand,
            "value": point.mean,
            "interval": [point.low, point.high],
            "answers": point.n,
            "place": [best, worst],
            "of": len(levels),
        }
        rows.append((row, entry))
    return rows
