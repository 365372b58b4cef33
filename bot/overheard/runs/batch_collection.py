"""Batches at a vendor: submitted, looked at, collected; each answer is stored once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from overheard.cards import wording
from overheard.domain import (
    Answer,
    Batch,
    BatchStatus,
    FailureKind,
    Finish,
    Model,
    Question,
    Reply,
    Run,
)
from overheard.errors import OverheardError, ProviderFailed, ProviderUnavailable, ungrouped
from overheard.interfaces import Batching, Clock, Progress, Provider, Recovering, Store
from overheard.plugins import remedy_of
from overheard.runs.budget import TYPICAL, Tariff
from overheard.runs.call import CALL_TIMEOUT_S, NO_ANSWER, CallCounters, checked_reply, fault
from overheard.runs.interruptions import RunCancellation
from overheard.runs.limits import RetryPolicy
from overheard.runs.tasks import Outcome

Result = TypeVar("Result")


class BatchCalls:
    """The calls of a provider about batches of one model.

    Args:
        provider: The provider; None when it is not configured any more.
        retries: When a failed submission is repeated.

    Attributes:
        remedy: What people do about a fault of the provider.
        recovers: Whether a batch is found again whose submission broke off.
    """

    def __init__(self, provider: Provider | None, model: Model, retries: RetryPolicy) -> None:
        self._provider = provider
        self._model = model
        self._retries = retries
        self.remedy = remedy_of(provider)
        self.recovers = isinstance(provider, Recovering)

    async def submit(
        self,
        questions: Mapping[str, Question],
        tag: str,
        at: datetime,
        *,
        again: bool = False,
        buy: bool = True,
    ) -> str:
        """Submit questions to the vendor as one batch, and return the vendor's id of the batch.

        A failure is repeated as the retry policy says, unless the vendor may have received the
        batch (`ProviderFailed.ambiguous`) and does not find it again.

        Args:
            questions: The questions by their ids in the batch.
            tag: The tag of the batch; it and what follows are for `Recovering.submit_once`.
            at: When the submission began first.
            again: Whether the vendor may have the batch.
            buy: Whether questions that the vendor does not have are submitted.

        Raises:
            ProviderFailed: the last failure; the vendor may have the batch if it is ambiguous.
            OverheardError: as the plugin raises it.
        """
        tried, begun, provider = 0, asyncio.get_running_loop().time(), self._batching_provider()

        async def submit() -> str:
            if isinstance(provider, Recovering):
                return await provider.submit_once(questions, tag, at if again else None, buy)
            return await provider.submit(questions)

        while True:
            try:
                return await self._call_checked(submit, str)
            except ProviderFailed as failure:
                tried += 1
                wait = self._retries.wait(failure, tried)
                elapsed = asyncio.get_running_loop().time() + wait - begun
                lost = failure.ambiguous and not self.recovers
                if lost or not self._retries.should_retry(failure, tried, elapsed):
                    raise
                again = again or failure.ambiguous
            await asyncio.sleep(wait)

    def price(self, question: Question) -> float:
        """Return the US dollars of the answer to a question; 0 for an unknown price."""
        providers = {question.model.provider: self._provider} if self._provider else {}
        return Tariff.of(question.model, providers).cost(question.prompt, TYPICAL)

    async def look(self, batch: str, questions: Mapping[str, Question]) -> BatchStatus:
        """Return the status of a batch, with the replies that are there.

        Args:
            batch: The vendor's id of the batch.
            questions: The submitted questions by their ids in the batch.

        Raises:
            ProviderFailed: when the vendor does not answer, or the plugin is at fault.
            OverheardError: as the plugin raises it.
        """
        provider = self._batching_provider()
        return await self._call_checked(lambda: provider.look(batch, questions), BatchStatus)

    async def cancel(self, batch: str) -> None:
        """Cancel a batch, given by the vendor's id, at the vendor; calls that the vendor has begun
        may still be charged.

        Raises:
            OverheardError: when the vendor cannot be asked or refuses, or the plugin is at fault.
        """
        provider = self._batching_provider()
        await self._call_checked(lambda: provider.cancel(batch), type(None))

    def _batching_provider(self) -> Batching:
        """Return the provider, whose vendor sells batches."""
        if isinstance(self._provider, Batching):
            return self._provider
        name = self._model.provider
        raise ProviderUnavailable(
            provider=name,
            reason="a batch was handed in there, and it sells none any more",
            remedy=f"bring back the table [providers.{name}], or cancel the run",
        )

    async def _call_checked(
        self, call: Callable[[], Awaitable[object]], kind: type[Result]
    ) -> Result:
        """Return the result of a call of a plugin, checked to be of the type ``kind``."""
        deadline = asyncio.timeout(CALL_TIMEOUT_S)
        try:
            async with deadline:
                result = await call()
        except OverheardError:
            raise
        except (Exception, SystemExit) as error:  # its text may hold a secret
            raise self._plugin_failure(type(error).__name__, ambiguous=deadline.expired()) from None
        if not isinstance(result, kind):
            raise self._plugin_failure(
                f"it returns {type(result).__name__} about a batch", ambiguous=True
            )
        return result

    def _plugin_failure(self, what: str, *, ambiguous: bool) -> ProviderFailed:
        """Return the failure of a call that is the plugin's fault."""
        reason = fault(self._model.provider, what, self.remedy)
        return ProviderFailed(
            model=self._model, reason=reason, kind=FailureKind.OTHER, ambiguous=ambiguous
        )


LOST_AFTER = timedelta(days=1)
"""The age of a batch at which its bought answers that have not arrived are given up."""
ANSWERS_PER_TRANSACTION = 200
"""Answers that are stored in one transaction."""


@dataclass(frozen=True, slots=True)
class BatchPolling:
    """How often a vendor is asked for the status of a batch.

    Attributes:
        first_s: Seconds before the second request; each further wait is 1.5 times as long.
        longest_s: The longest wait in seconds.
        unreachable_s: Seconds for which a vendor may be unreachable.
        cancelling_s: Seconds that a cancelled batch may take to end.
        late_s: Seconds after a submission from which a check is told without the bought answers
            that are not there (see `Recovering`).
    """

    first_s: float = 5.0
    longest_s: float = 300.0
    unreachable_s: float = 3600.0
    cancelling_s: float = 900.0
    late_s: float = 1200.0

    def waits(self) -> Iterator[float]:
        """Yield the seconds to wait before each request, without end."""
        wait = self.first_s
        while True:
            yield wait
            wait = min(self.longest_s, wait * 1.5)


@dataclass(eq=False)
class Collector:
    """Waits for the batches of a run and stores their answers.

    Attributes:
        calls: Returns the calls of a model's provider.
        clock: The source of the current time.
        progress: Shows how many answers are ready.
        polling: How often vendors are asked, and for how long.
        counters: The metrics of calls.
    """

    store: Store
    calls: Callable[[Model], BatchCalls]
    clock: Clock
    progress: Progress
    polling: BatchPolling
    counters: CallCounters

    async def collect(
        self, run: Run, waiting: Sequence[Batch], outcome: Outcome, *, again: bool = False
    ) -> None:
        """Wait until batches have ended, and store their answers, while the progress is shown; a
        person who stops the run ends the wait.

        A batch with an error does not end the wait for the others. When all have ended, the first
        error is raised. No error is raised when the run was stopped.

        Args:
            waiting: Submitted batches of the run.
            outcome: Where the answers are counted and, if the run is stopped, its state is set.
            again: Whether tasks that have failed for nothing are left open, to be bought again.

        Raises:
            ProviderFailed: when a vendor refuses, or cannot be reached for
                `BatchPolling.unreachable_s`.
            ProviderUnavailable: when a vendor cannot be asked at all.
            OverheardError: as a plugin raises it, or the store.
        """
        count = sum(map(len, waiting))
        self.progress.start(f"Waiting for a batch of {wording.count(count, 'question')}", count)
        cancellation, broken = RunCancellation(self.store, run.id), list[OverheardError]()

        async def collect(batch: Batch) -> None:
            """Collect one batch; add its error to ``broken`` instead of raising it."""
            try:
                await self._collect_batch(run, batch, outcome, cancellation, again=again)
            except OverheardError as error:
                broken.append(error)

        try:
            with ungrouped():
                async with cancellation.watching(), asyncio.TaskGroup() as group:
                    for batch in waiting:
                        group.create_task(collect(batch))
        finally:
            self.progress.finish()
        outcome.stopped = cancellation.stopped
        if broken and not outcome.stopped:
            raise broken[0]

    async def drop(self, run: Run, waiting: Sequence[Batch], outcome: Outcome) -> None:
        """Cancel submitted batches at their vendors, wait for their end, and store and count the
        answers that are ready, because they are charged.

        The batches are cancelled one after another. A batch that cannot be collected, or has not
        ended after `BatchPolling.cancelling_s`, is stored as ended, with a note for people in
        ``outcome`` that its answers are lost. No error of a vendor or a plugin is raised.
        """
        for batch in waiting:
            trouble = ""
            try:
                await self.calls(batch.model).cancel(batch.vendor_id)
            except OverheardError as error:  # it may have ended in between
                trouble = f" {error}"
            try:
                async with asyncio.timeout(self.polling.cancelling_s):
                    await self._collect_batch(run, batch, outcome)
            except (OverheardError, TimeoutError) as error:
                trouble = trouble or (f" {error}" if str(error) else "")
                outcome.notes.append(
                    f"Batch {batch.vendor_id} could not be collected after it was cancelled; what "
                    f"{batch.model.provider} has answered of it is charged and not kept.{trouble}"
                )
                await self.end(batch)

    async def end(self, batch: Batch) -> None:
        """Store that a batch has ended."""
        await self.store.batches.keep(replace(batch, ended_at=self.clock.now()))

    async def _collect_batch(
        self,
        run: Run,
        batch: Batch,
        outcome: Outcome,
        cancellation: RunCancellation | None = None,
        *,
        again: bool = False,
    ) -> None:
        """Ask for the status of a batch until the batch has ended, and store each answer when it is
        there. A vendor that cannot be reached is asked again.

        Bought answers that are not there after `BatchPolling.late_s` are counted as late, and the
        batch stays open for `add_late`.
        """
        reached_at, collection = asyncio.get_running_loop().time(), await self._open(run, batch)
        calls = collection.calls
        collection.again = again and calls.recovers
        for wait in self.polling.waits():
            now, before = asyncio.get_running_loop().time(), collection.done
            try:
                await self._look(collection, outcome)
                reached_at = now
            except ProviderFailed as failure:
                if not failure.retryable or now - reached_at >= self.polling.unreachable_s:
                    raise
            self.progress.advance(collection.done - before)
            if collection.ended:
                return
            if collection.age_s(self.clock) >= self.polling.late_s and calls.recovers:
                outcome.late += len(collection.left)
                return
            with cancellation.waiting() if cancellation else nullcontext():
                await asyncio.sleep(wait)

    async def add_late(self, run: Run, batch: Batch, outcome: Outcome) -> None:
        """Look once at a batch of a run that has ended, and store and count the answers that are
        there. After `LOST_AFTER` the others are given up; their price is booked, because the vendor
        may charge it.

        Raises:
            OverheardError: when the vendor does not report the state, as a plugin raises it.
        """
        collection = await self._open(run, batch)
        collection.lost = self.clock.now() - batch.handed_in_at >= LOST_AFTER
        await self._look(collection, outcome)
        outcome.late += len(collection.left)

    async def _open(self, run: Run, batch: Batch) -> _Collection:
        """Return what is left to collect of a batch."""
        asked = run.panel.questions(batch.model) if run.panel else ()
        by_item = {item_of(question): question for question in asked}
        questions = {item: by_item[item] for item in batch.items if item in by_item}
        stored = await self.store.answers.asked(run.id)
        left = {item: q for item, q in questions.items() if q.key not in stored}
        return _Collection(batch, self.calls(batch.model), questions, left)

    async def _look(self, collection: _Collection, outcome: Outcome) -> None:
        """Ask for the status of a batch, store and count the answers that are there and not stored
        yet, and store that the batch has ended if it has.

        When it has ended, a question without a reply gets a failed answer. An answer that an
        earlier, interrupted collection has stored is neither counted nor booked again.
        """
        batch, calls = collection.batch, collection.calls
        status = BatchStatus(ended=True)
        if collection.left:
            status = await calls.look(batch.vendor_id, collection.left)
        if collection.lost and not status.ended:
            lost = {
                item: Reply("", Finish.CUT, cost_usd=calls.price(question))
                for item, question in collection.left.items()
            }
            status = replace(status, ended=True, replies={**lost, **status.replies})
        collection.ended = status.ended
        answers = {
            item: _answer_of_item(
                batch, item, question, status, collection.age_s(self.clock), calls.remedy
            )
            for item, question in collection.left.items()
            if status.ended or item in status.replies
        }
        if collection.again:
            for item in answers.keys() - status.replies.keys():
                del collection.left[item], answers[item]
        for start in range(0, len(answers), ANSWERS_PER_TRANSACTION):
            group = list(answers.values())[start : start + ANSWERS_PER_TRANSACTION]
            self.counters.collected(await self.store.answers.add(group))
        for item, answer in answers.items():
            del collection.left[item]
            outcome.count(answer)
        collection.done = max(status.done, len(collection.questions) - len(collection.left))
        if status.ended:
            await self.end(batch)


@dataclass(slots=True)
class _Collection:
    """What is left to collect of a batch.

    Attributes:
        questions: Its questions, by their ids in the batch.
        left: Those without a stored answer.
        done: Number of processed questions.
        ended: Whether no further results will come.
        lost: Whether answers that are not there now are given up.
        again: Whether questions without a reply are left open in the store, to be asked again.
    """

    batch: Batch
    calls: BatchCalls
    questions: Mapping[str, Question]
    left: dict[str, Question]
    done: int = 0
    ended: bool = False
    lost: bool = False
    again: bool = False

    def age_s(self, clock: Clock) -> float:
        """Return the seconds since the submission."""
        return (clock.now() - self.batch.handed_in_at).total_seconds()


def item_of(question: Question) -> str:
    """Return the id of a question in a batch, unique among the questions of its run to its
    model.
    """
    return f"{question.prompt.key}-{question.repeat}"


def _answer_of_item(
    batch: Batch, item: str, question: Question, status: BatchStatus, latency: float, remedy: str
) -> Answer:
    """Return the answer to a question of a batch that has ended; not stored.

    When the batch has no reply to the question, the answer has failed, without text: its error is
    the vendor's problem, or a sentence that says to ask again.
    """
    if item in status.replies:
        reply, error = checked_reply(status.replies[item], question, remedy)
    else:
        reason = status.problems.get(item, "its batch ended without an answer to it; ask again.")
        reply, error = NO_ANSWER, str(ProviderFailed(model=batch.model, reason=reason))
    return Answer(batch.run_id, question, reply, batch.handed_in_at, latency, error)
