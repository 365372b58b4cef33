"""Collecting batches: wait until a vendor has them ready, and keep and pay each answer once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from overheard.cards import wording
from overheard.domain import Answer, Batch, BatchStatus, FailureKind, Model, Question, Run
from overheard.errors import OverheardError, ProviderFailed, ProviderUnavailable, ungrouped
from overheard.interfaces import Batching, Clock, Progress, Provider, Store
from overheard.plugins import remedy_of
from overheard.runs.call import CALL_TIMEOUT_S, NO_ANSWER, CallCounters, fault, judged
from overheard.runs.interruptions import RunCancellation
from overheard.runs.retries import Retries
from overheard.runs.tasks import Outcome

ANSWERS_PER_TRANSACTION = 200
"""Answers that are kept in one transaction."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How a batch is waited for, in seconds.

    Attributes:
        first: Before the second look; each wait is half as long again as the one before.
        longest: Between two looks at most.
        unheard: For how long a vendor may be out of reach.
        goodbye: For how long a batch that is cancelled may take to end.
    """

    first: float = 5.0
    longest: float = 300.0
    unheard: float = 3600.0
    goodbye: float = 900.0

    def waits(self) -> Iterator[float]:
        """Yield the waits between looks, without end."""
        wait = self.first
        while True:
            yield wait
            wait = min(self.longest, wait * 1.5)


class Collector:
    """Collects the batches of a run.

    Args:
        store: Where answers go.
        calls: Returns whom to ask about batches of a model.
        clock: Says when.
        progress: Is told of each answer that a vendor has ready.
        patience: How a batch is waited for.
        counters: Count what came.
    """

    def __init__(
        self,
        store: Store,
        calls: Callable[[Model], BatchCalls],
        clock: Clock,
        progress: Progress,
        patience: Patience,
        counters: CallCounters,
    ) -> None:
        self._store = store
        self._calls = calls
        self._clock = clock
        self._progress = progress
        self._patience = patience
        self._counters = counters

    async def collect(self, run: Run, waiting: Sequence[Batch], outcome: Outcome) -> None:
        """Wait until batches have ended and keep what came of them, or until the run is stopped.

        Raises:
            ProviderFailed: when a vendor is out of reach for long; the other batches are
                collected before.
            ProviderUnavailable: when one cannot be asked at all; likewise.
        """
        count = sum(map(len, waiting))
        self._progress.start(f"Waiting for a batch of {wording.count(count, 'question')}", count)
        cancellation, broken = RunCancellation(self._store, run.id), list[OverheardError]()

        async def collect(batch: Batch) -> None:
            try:
                await self._collect(run, batch, outcome, cancellation)
            except OverheardError as error:
                broken.append(error)

        try:
            with ungrouped():
                async with cancellation.watching(), asyncio.TaskGroup() as group:
                    for batch in waiting:
                        group.create_task(collect(batch))
        finally:
            self._progress.finish()
        outcome.stopped = cancellation.stopped
        if broken and not outcome.stopped:
            raise broken[0]

    async def drop(self, run: Run, waiting: Sequence[Batch], outcome: Outcome) -> None:
        """Have vendors begin nothing more of batches, and keep what is answered: it is charged."""
        for batch in waiting:
            trouble = ""
            try:
                await self._calls(batch.model).cancel(batch.vendor_id)
            except OverheardError as error:  # it may have ended meanwhile
                trouble = f" {error}"
            try:
                async with asyncio.timeout(self._patience.goodbye):
                    await self._collect(run, batch, outcome)
            except (OverheardError, TimeoutError) as error:
                trouble = trouble or (f" {error}" if str(error) else "")
                outcome.notes.append(
                    f"Batch {batch.vendor_id} could not be collected after it was cancelled; what "
                    f"{batch.model.provider} has answered of it is charged and not kept.{trouble}"
                )
                await self.end(batch)

    async def end(self, batch: Batch) -> None:
        """Wait for a batch no more."""
        await self._store.batches.keep(replace(batch, ended_at=self._clock.now()))

    async def _collect(
        self, run: Run, batch: Batch, outcome: Outcome, cancellation: RunCancellation | None = None
    ) -> None:
        seen, heard = 0, asyncio.get_running_loop().time()
        questions = _questions_of(run, batch)
        for wait in self._patience.waits():
            now = asyncio.get_running_loop().time()
            try:
                look = await self._calls(batch.model).look(batch.vendor_id, questions)
                heard = now
            except ProviderFailed as failure:
                if not failure.retryable or now - heard >= self._patience.unheard:
                    raise
                look = BatchStatus(seen)
            if look.ended:
                self._progress.advance(len(batch) - seen)
                await self._keep(batch, questions, look, outcome)
                return
            self._progress.advance(max(0, look.done - seen))
            seen = max(seen, min(look.done, len(batch)))
            if cancellation is None:
                await asyncio.sleep(wait)
                continue
            with cancellation.waiting():
                await asyncio.sleep(wait)

    async def _keep(
        self, batch: Batch, questions: Mapping[str, Question], look: BatchStatus, outcome: Outcome
    ) -> None:
        """Keep what came of a batch; what is kept already stays as it is, and is paid once."""
        latency = (self._clock.now() - batch.handed_in_at).total_seconds()
        answers = [
            _answer(batch, item, question, look, latency, self._calls(batch.model).remedy)
            for item, question in questions.items()
        ]
        for start in range(0, len(answers), ANSWERS_PER_TRANSACTION):
            group = answers[start : start + ANSWERS_PER_TRANSACTION]
            self._counters.collected(await self._store.answers.add(group))
        await self.end(batch)
        for answer in answers:
            outcome.count(answer)


def item_of(question: Question) -> str:
    """Return our id of a question among those of its run to its model."""
    return f"{question.prompt.key}-{question.repeat}"


def _questions_of(run: Run, batch: Batch) -> dict[str, Question]:
    """Return the questions of a batch by our ids."""
    asked = run.panel.questions(batch.model) if run.panel else ()
    found = {item_of(question): question for question in asked}
    return {item: found[item] for item in batch.items if item in found}


def _answer(
    batch: Batch, item: str, question: Question, look: BatchStatus, latency: float, remedy: str
) -> Answer:
    if item in look.replies:
        reply, error = judged(look.replies[item], question, remedy)
    else:
        told = look.problems.get(item, "its batch ended without an answer to it; ask again.")
        reply, error = NO_ANSWER, str(ProviderFailed(model=batch.model, reason=told))
    return Answer(batch.run_id, question, reply, batch.handed_in_at, latency, error)


Result = TypeVar("Result")


class BatchCalls:
    """What is said to a provider about batches of one model.

    Args:
        provider: Who sells them, if anybody does.
        model: Who is asked.
        retries: How patiently they are handed in.

    Attributes:
        remedy: What to do about a fault of the provider.
    """

    def __init__(self, provider: Provider | None, model: Model, retries: Retries) -> None:
        self._provider = provider
        self._model = model
        self._retries = retries
        self.remedy = remedy_of(provider)

    async def submit(self, questions: Mapping[str, Question]) -> str:
        """Hand questions in, again where that is safe, and return the vendor's name of the batch.

        Raises:
            ProviderFailed: when it was not taken, or when nobody knows (`ambiguous`).
            ProviderUnavailable: when the provider cannot be used at all.
        """
        tried, begun, seller = 0, asyncio.get_running_loop().time(), self._seller()
        while True:
            try:
                return await self._made(lambda: seller.submit(questions), str)
            except ProviderFailed as failure:
                tried += 1
                wait = self._retries.wait(failure, tried)
                elapsed = asyncio.get_running_loop().time() + wait - begun
                if failure.ambiguous or not self._retries.again(failure, tried, elapsed):
                    raise
            await asyncio.sleep(wait)

    async def look(self, batch: str, questions: Mapping[str, Question]) -> BatchStatus:
        """Return how far a batch is.

        Raises:
            ProviderFailed: when the vendor does not say.
            ProviderUnavailable: when the provider cannot be used at all.
        """
        seller = self._seller()
        return await self._made(lambda: seller.look(batch, questions), BatchStatus)

    async def cancel(self, batch: str) -> None:
        """Have the vendor begin nothing more of a batch.

        Raises:
            OverheardError: when it cannot be told.
        """
        seller = self._seller()
        await self._made(lambda: seller.cancel(batch), type(None))

    def _seller(self) -> Batching:
        if isinstance(self._provider, Batching):
            return self._provider
        name = self._model.provider
        raise ProviderUnavailable(
            provider=name,
            reason="a batch was handed in there, and it sells none any more",
            remedy=f"bring back the table [providers.{name}], or cancel the run",
        )

    async def _made(self, call: Callable[[], Awaitable[object]], kind: type[Result]) -> Result:
        """Make a call that returns such a value; what is no error of ours becomes one."""
        deadline = asyncio.timeout(CALL_TIMEOUT_S)
        try:
            async with deadline:
                given = await call()
        except OverheardError:
            raise
        except (Exception, SystemExit) as error:  # its text may hold a secret: its kind is told
            raise self._fault(type(error).__name__, ambiguous=deadline.expired()) from None
        if not isinstance(given, kind):
            raise self._fault(f"it returns {type(given).__name__} about a batch", ambiguous=True)
        return given

    def _fault(self, what: str, *, ambiguous: bool) -> ProviderFailed:
        reason = fault(self._model.provider, what, self.remedy)
        return ProviderFailed(
            model=self._model, reason=reason, kind=FailureKind.OTHER, ambiguous=ambiguous
        )
