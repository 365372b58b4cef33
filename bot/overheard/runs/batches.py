"""Batches: questions of a run that a vendor answers within a day, at a lower price.

A batch is stored before it is submitted, and the vendor's id of it as soon as it is known, so that
no question is submitted twice when a process is killed: the process that resumes the run collects
the batch. Money for all of its answers is reserved from before its submission to its collection.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from overheard.cards import wording
from overheard.domain import (
    Account,
    Batch,
    Model,
    Panel,
    Question,
    ReservationRequest,
    Run,
    RunState,
)
from overheard.errors import BudgetUsedUp, NothingBatched, OverheardError, ProviderFailed
from overheard.interfaces import Batching, Provider
from overheard.runs.batch_collection import BatchCalls, BatchPolling, Collector, item_of
from overheard.runs.budget import WORST, Tariff, capabilities_of, key_of, price_of
from overheard.runs.plan import is_fresh
from overheard.runs.runner import AskingMeans
from overheard.runs.tasks import Outcome

MAX_BATCH_QUESTIONS = 50_000
"""The most questions of one batch; every vendor accepts as many."""
BATCH_TIME = "up to 24 hours"
"""The time that vendors promise for a batch."""
TOO_LATE = "The run was begun too long ago to ask more: the answers would not compare."


def batched(panel: Panel | None, providers: Mapping[str, Provider]) -> tuple[Model, ...]:
    """Return the models of a panel that are asked in batches, in the panel's order.

    These are the models whose provider sells batches of them, if the panel asks for batches, and
    those that are asked in no other way. Empty if the panel is None.
    """
    if panel is None:
        return ()
    return tuple(
        model
        for model in panel.models
        if isinstance(providers.get(model.provider), Batching)
        and (able := capabilities_of(model, providers)).batch
        and (able.batch_only or panel.batch)
    )


def parts(
    run: Run, models: Collection[Model], providers: Mapping[str, Provider]
) -> tuple[Run, Run]:
    """Return copies of a run with only the questions that are asked at once, and with only those to
    some models that are asked in batches; an imported run unchanged. A vendor's batch has no
    conversations, since a turn needs the answer before.
    """
    panel = run.panel
    if panel is None:
        return run, run
    known = [model for model in models if model.provider in providers]
    sold = {model for model in known if not capabilities_of(model, providers).batch_only}
    keys = {prompt.key for prompt in panel.prompts if len(prompt.turns) > 1}
    turned = {(key, str(model)) for key in keys for model in sold}
    others = {(p.key, str(model)) for p in panel.prompts for model in sold} - turned
    at_once = [m for m in panel.models if m not in models or (turned and m in sold)]
    batched_models = tuple(model for model in panel.models if model in models)
    now = replace(panel, models=tuple(at_once), skips=panel.skips | (others if turned else set()))
    later = replace(panel, models=batched_models, skips=panel.skips | turned)
    return replace(run, panel=now), replace(run, panel=later)


def require_batched(panel: Panel, providers: Mapping[str, Provider]) -> None:
    """Check that a panel which is to be asked in batches has at least one model for it.

    Raises:
        NothingBatched: when no model of the panel can be asked in batches.
    """
    if panel.batch and not batched(panel, providers):
        raise NothingBatched(models=wording.listing([str(model) for model in panel.models]))


def batch_note(panel: Panel | None, providers: Mapping[str, Provider]) -> str:
    """Return a note for people on the models of a panel that are asked in batches, with their price
    and time, such as ``in a batch: half price, up to 24 hours``.

    The models are named if they are only some of the panel's. The price is called "half price" if
    it is that for all of them, else "a lower price". Empty when no model is asked in batches.
    """
    models = [m for m in batched(panel, providers) if not capabilities_of(m, providers).batch_only]
    if panel is None or not models:
        return ""
    shares = {price.batch for m in models if (price := price_of(m, providers)) and price.batch}
    price_note = "half price" if shares == {0.5} else "a lower price"
    names = wording.listing([str(m) for m in models])
    some = "" if len(models) == len(panel.models) else f"{names} "
    return f"{some}in a batch: {price_note}, {BATCH_TIME}"


class Batches:
    """Submits the questions of a run in batches, waits for the batches, and stores their answers.

    Args:
        polling: How often vendors are asked, and for how long.
    """

    def __init__(self, means: AskingMeans, polling: BatchPolling | None = None) -> None:
        self._lacking = ""
        self._store, self._providers, self._budget = means.store, means.providers, means.budget
        self._retries, self._clock = means.retries, means.clock
        self._collector = Collector(
            means.store,
            self._batch_calls,
            means.clock,
            means.progress,
            polling or BatchPolling(),
            means.limits.counters,
        )

    async def run(self, run: Run) -> Outcome:
        """Collect submitted batches and submit missing questions, until no question is missing or
        the run is stopped; return the counts.

        Money is reserved before each submission and released after the collection. A call submits
        each question once at most, and where batches are found again as often as ``[asking]``
        allows: one that gets no answer is counted as failed. If the run is
        cancelled, its batches are cancelled at their vendors; if it is paused, they stay submitted.
        After an interruption, the same call continues.

        Args:
            run: A stored run, with only the questions that are asked in batches.

        Raises:
            ProviderFailed: when a vendor refuses, or cannot be reached for long; its batches are
                collected when the run is resumed.
            ProviderUnavailable: when a vendor cannot be asked at all; its batches are collected
                when the run is resumed.
        """
        asked = await self._store.answers.asked(run.id)
        outcome = Outcome(run, kept=sum(q.key in asked for q in _questions_of_run(run)))
        tried, tries_left = set[tuple[str, str, int]](), self._retries.settings.tries
        waiting = await self._submitted_batches(run, outcome)
        while waiting := waiting or await self._submit_missing(run, tried, outcome):
            tries_left -= 1
            await self._collector.collect(run, waiting, outcome, again=tries_left > 0)
            if outcome.stopped is RunState.CANCELLED:
                await self._collector.drop(
                    run, await self._submitted_batches(run, outcome), outcome
                )
            if outcome.stopped:
                break
            if not outcome.late:  # what is late may still be charged
                await self._store.money.release(run.id)
            for batch in waiting:
                if tries_left > 0 and self._batch_calls(batch.model).recovers and not outcome.late:
                    continue
                items = set(batch.items)
                questions = (q for q in _questions_of_run(run) if q.model == batch.model)
                tried |= {q.key for q in questions if item_of(q) in items}
            waiting = []
        return outcome

    async def cancel(self, run: Run) -> Outcome:
        """Cancel the batches of a run at their vendors, and store the answers that are ready,
        because they are charged; return the counts, with notes for people.
        """
        outcome = Outcome(run, stopped=RunState.CANCELLED)
        await self._collector.drop(run, await self._submitted_batches(run, outcome), outcome)
        return outcome

    async def add_late(self, run: Run) -> Outcome:
        """Look once at each open batch of a run that has ended, and store the answers that are
        there; return the counts. A batch whose vendor cannot be asked now stays open.
        """
        outcome = Outcome(run)
        with suppress(OverheardError):
            for batch in await self._submitted_batches(run, outcome, buy=False):
                await self._collector.add_late(run, batch, outcome)
        return outcome

    async def _submitted_batches(
        self, run: Run, outcome: Outcome, *, buy: bool = True
    ) -> list[Batch]:
        """Return the submitted batches of a run that have not ended.

        A batch without a vendor's id was being submitted when the process ended. It is found again
        where the provider can, or submitted now; else it is stored as ended, with a note for people
        in ``outcome``, and left out.
        """
        found = list[Batch]()
        for batch in await self._store.batches.unfinished(runs=[run.id]):
            stored = batch
            if not batch.vendor_id and self._batch_calls(batch.model).recovers:
                items = {item_of(q): q for q in _questions_of_run(run) if q.model == batch.model}
                asked = {item: items[item] for item in batch.items if item in items}
                buy = buy and not outcome.stopped and is_fresh(run, self._clock.now())
                stored = await self._submit_stored(run, batch, asked, again=True, buy=buy)
            if stored.vendor_id:
                found.append(stored)
                continue
            await self._collector.end(batch)
            if not self._batch_calls(batch.model).recovers:
                outcome.notes.append(_uncertain_note(batch))
        return found

    async def _submit_missing(
        self, run: Run, tried: set[tuple[str, str, int]], outcome: Outcome
    ) -> list[Batch]:
        """Submit missing questions as far as the budget allows, and return the new batches.

        Questions of a run that began too long ago are given up. Questions without money are
        submitted by a later call, when batches have returned money; if no batch was submitted now,
        they are given up.
        """
        asked = tried | await self._store.answers.asked(run.id)
        submitted, without_money = list[Batch](), list[Question]()
        for model in run.panel.models if run.panel else ():
            left = [q for q in _questions_of_run(run) if q.model == model and q.key not in asked]
            if not left:
                continue
            if not is_fresh(run, self._clock.now()):
                _give_up(left, TOO_LATE, tried, outcome)
                continue
            limit = capabilities_of(model, self._providers).batch_limit or MAX_BATCH_QUESTIONS
            for part in (left[start : start + limit] for start in range(0, len(left), limit)):
                if count := await self._reserve(run, part):
                    submitted += await self._submit(run, part[:count], tried, outcome)
                else:
                    without_money += part
        if not submitted:
            _give_up(without_money, str(BudgetUsedUp(key=self._lacking)), tried, outcome)
        return submitted

    async def _reserve(self, run: Run, questions: Sequence[Question]) -> int:
        """Reserve money for as many of the first questions as the budget allows, and return their
        number.

        All questions are tried, then half of them, and so on; 0 when there is no money even for
        one. After a refusal `_lacking` is the key of [budget] whose limit refused.
        """
        count = len(questions)
        while count:
            requests = self._reservation_requests(run, questions[:count])
            account_without_room = await self._store.money.reserve(run.id, requests)
            if account_without_room is None:
                return count
            self._lacking = key_of(account_without_room)
            count //= 2
        return 0

    def _reservation_requests(
        self, run: Run, questions: Sequence[Question]
    ) -> list[ReservationRequest]:
        """Return, for each account with a limit, the request to reserve the account's share of the
        most dollars that questions may cost in a batch; accounts without a limit have no request.
        """
        amounts: dict[Account, float] = defaultdict(float)
        for question in questions:
            prompt, model = question.prompt, question.model
            usd = Tariff.of(model, self._providers).cost(prompt, WORST, batch=True)
            for account, share in run.payer.accounts(prompt, self._clock.now()).items():
                amounts[account] += share * usd
        return [
            ReservationRequest(account, usd, limit)
            for account, usd in amounts.items()
            if (limit := self._budget.allowed(account)) is not None
        ]

    async def _submit(
        self,
        run: Run,
        questions: Sequence[Question],
        tried: set[tuple[str, str, int]],
        outcome: Outcome,
    ) -> list[Batch]:
        """Store a batch of questions to one model, submit it, and return it in a list.

        After a failure the batch is stored as ended, the questions are counted as failed, and the
        list is empty; a note for people is added if the vendor may have the batch. A cancelled task
        waits until the submission has ended.
        """
        items = {item_of(question): question for question in questions}
        new = Batch(run.id, questions[0].model, tuple(items), self._clock.now())
        batch = await self._store.batches.keep(new)
        work = asyncio.create_task(self._submit_stored(run, batch, items))
        try:
            return [await asyncio.shield(work)]
        except asyncio.CancelledError:
            await asyncio.wait({work})
            raise
        except OverheardError as error:
            if isinstance(error, ProviderFailed) and error.ambiguous:
                if self._batch_calls(batch.model).recovers:
                    raise  # it stays open, and is found when the run is resumed
                outcome.notes.append(_uncertain_note(batch))
            await self._collector.end(batch)
            _give_up(questions, str(error), tried, outcome)
            return []

    async def _submit_stored(
        self,
        run: Run,
        batch: Batch,
        items: Mapping[str, Question],
        *,
        again: bool = False,
        buy: bool = True,
    ) -> Batch:
        """Submit a stored batch with questions by their ids in the batch; store and return the
        batch with the vendor's id.
        """
        calls, tag = self._batch_calls(batch.model), f"{run.key}.{batch.id}"
        vendor_id = await calls.submit(items, tag, batch.handed_in_at, again=again, buy=buy)
        return await self._store.batches.keep(replace(batch, vendor_id=vendor_id))

    def _batch_calls(self, model: Model) -> BatchCalls:
        return BatchCalls(self._providers.get(model.provider), model, self._retries)


def _questions_of_run(run: Run) -> list[Question]:
    return list(run.panel.questions()) if run.panel else []


def _give_up(
    questions: Sequence[Question], reason: str, tried: set[tuple[str, str, int]], outcome: Outcome
) -> None:
    """Count questions as failed for a reason (a sentence) in ``outcome``, and add their keys to
    ``tried``, so that they are not submitted again. Do nothing without questions.
    """
    tried |= {question.key for question in questions}
    if questions:
        outcome.failures[reason] += len(questions)


def _uncertain_note(batch: Batch) -> str:
    """Return a note for people that it is unknown whether a vendor has received a batch."""
    count, at = wording.count(len(batch), "question"), f"{batch.handed_in_at:%Y-%m-%d %H:%M} UTC"
    return (
        f"A batch of {count} to {batch.model} was just being handed in at {at} when that broke "
        f"off: if {batch.model.provider} has it, it is charged and its answers are lost; cancel it "
        "there."
    )
