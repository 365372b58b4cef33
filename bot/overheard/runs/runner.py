"""The execution of a run: each question is asked once, each answer stored as it arrives."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

from overheard.cards import wording
from overheard.config.sections import BudgetTable
from overheard.config.stored_settings import merged_budget
from overheard.domain import Answer, FailureKind, Model, Panel, Question, Run, RunState, UsualUsage
from overheard.errors import (
    BudgetUsedUp,
    ModelResting,
    ProviderFailed,
    ProviderUnavailable,
    StoreError,
    ungrouped,
)
from overheard.interfaces import Clock, NoProgress, Progress, Provider, Store
from overheard.runs.answers import WriteBatcher
from overheard.runs.budget import (
    TYPICAL,
    WORST,
    HeldAmount,
    SpendReservation,
    Tariff,
    question_tokens,
)
from overheard.runs.call import ProviderCall, with_estimated_cost
from overheard.runs.interruptions import RunCancellation
from overheard.runs.limits import Limits, ModelLimiter, RetryPolicy
from overheard.runs.plan import new_run
from overheard.runs.tasks import Outcome


@dataclass(slots=True)
class _Lane:
    """The questions of a run to one model, with the model's limits.

    All tasks of a lane draw from one iterator, so that each takes the next question.

    Attributes:
        dearest: Dollars of the dearest answer so far.
        tariff: What calls of the model cost; the plugin is asked once.
        usual: The mean usage of the model's answers before; None until it is needed.
    """

    provider: Provider
    tariff: Tariff
    waiting: Iterator[Question]
    limiter: ModelLimiter
    provider_limiter: ModelLimiter
    dearest: float = 0.0
    usual: Mapping[Model, UsualUsage] | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    """A run under way."""

    run: Run
    outcome: Outcome
    batcher: WriteBatcher
    cancellation: RunCancellation


@dataclass(frozen=True, slots=True)
class AskingMeans:
    """What asking needs: the parts of a deployment that runs, judges and the assistant share.

    Attributes:
        providers: Providers by name.
        limits: The limits of each model, shared by all runs of the process.
        budget: The limits of the accounts.
        retries: When a failed call is repeated.
        progress: Shows how much is done.
    """

    store: Store
    providers: Mapping[str, Provider]
    limits: Limits
    budget: BudgetTable
    retries: RetryPolicy
    clock: Clock
    progress: Progress = field(default_factory=NoProgress)


class Runner:
    """Asks the questions of a run, each model at its own pace."""

    def __init__(self, means: AskingMeans, reservation: SpendReservation) -> None:
        self._store, self._providers, self._limits = means.store, means.providers, means.limits
        self._retries, self._clock, self._progress = means.retries, means.clock, means.progress
        self._reservation = reservation

    async def run(self, run: Run) -> Outcome:
        """Ask the questions of a stored run that have no answer yet, store each answer as it
        arrives, and return the counts.

        Reserved money that was not spent is returned at the end. A person who stops the run in the
        store ends the waits between calls; the counts then have that state. After an interruption,
        another call with the same run continues it.

        Raises:
            StoreError: when an answer cannot be stored.
        """
        panel = run.panel
        prompts = {prompt.key for prompt in panel.prompts} if panel is not None else None
        asked = await self._store.answers.asked(run.id, prompts=prompts)
        questions = panel.questions() if panel is not None and asked else ()
        outcome = Outcome(run, kept=sum(question.key in asked for question in questions))
        count = len(panel) if panel is not None else 0
        self._progress.start(f"Asking {wording.count(count, 'question')}", count)
        self._progress.advance(outcome.kept)
        cancellation = RunCancellation(self._store, run.id)
        try:
            async with cancellation.watching(), WriteBatcher(self._store.answers) as batcher:
                await self._ask_models(_Job(run, outcome, batcher, cancellation), asked)
        finally:
            await self._reservation.close()
        outcome.stopped = cancellation.stopped
        self._progress.finish()
        return outcome

    async def ask(self, question: Question, run: Run, batcher: WriteBatcher) -> Answer:
        """Ask a single question for a stored run, store the answer (or the last failure) with
        ``batcher``, and return it. A failed call is repeated as the retry policy says.

        Raises:
            BudgetUsedUp: when the budget does not cover the call.
            StoreError: when the answer cannot be stored.
        """
        lane = self._lane(question.model, iter(()))
        if lane is None:
            raise ProviderUnavailable(
                provider=question.model.provider,
                reason="there is no such provider",
                remedy=f"add a table [providers.{question.model.provider}]",
            )
        job = _Job(run, Outcome(run), batcher, RunCancellation(self._store, run.id))
        answer, _ = await self._ask(lane, question, job)
        return answer

    async def _ask_models(self, job: _Job, asked: Collection[tuple[str, str, int]]) -> None:
        """Ask all models concurrently, each in as many tasks as its limits allow, and wait for the
        end. Questions to a model whose provider is not configured are counted as failed.
        """
        panel = job.run.panel
        if panel is None:
            return
        with ungrouped():
            async with asyncio.TaskGroup() as group:
                for model in panel.models:
                    waiting = (q for q in panel.questions(model) if q.key not in asked)
                    lane = self._lane(model, waiting)
                    if lane is None:
                        reason = f"There is no provider {model.provider} any more."
                        self._give_up(waiting, reason, job.outcome)
                        continue
                    # Once, and not by each of the tasks that begin together.
                    lane.usual = await self._store.answers.usual_usage({model})
                    for _ in range(min(lane.limiter.most, lane.provider_limiter.most)):
                        group.create_task(self._ask_in_turn(lane, job))

    def _lane(self, model: Model, waiting: Iterator[Question]) -> _Lane | None:
        """Return the lane of a model: its questions that are not asked yet (``waiting``) with its
        provider and the limiters of both. None when its provider is not configured.
        """
        provider = self._providers.get(model.provider)
        if provider is None:
            return None
        limiters = self._limits.limiter(provider, model), self._limits.limiter(provider)
        return _Lane(provider, Tariff.of(model, self._providers), waiting, *limiters)

    async def _ask_in_turn(self, lane: _Lane, job: _Job) -> None:
        """Ask the questions of a lane (the questions to one model) one after another, and count the
        answers in the outcome of the run.

        After an error that each question would meet, all remaining questions are counted as failed:
        the service refuses the key, the provider is unavailable, the model may not be called for a
        long time, or the budget is used up.
        """
        for question in lane.waiting:
            try:
                answer, failure = await self._ask(lane, question, job)
                job.outcome.count(answer)
                self._progress.advance()
                if failure and failure.kind is FailureKind.AUTH:
                    self._give_up(lane.waiting, answer.error, job.outcome)
            except (ProviderUnavailable, BudgetUsedUp, ModelResting) as error:
                self._give_up(lane.waiting, str(error), job.outcome, already=1)

    def _give_up(
        self, waiting: Iterator[Question], reason: str, outcome: Outcome, *, already: int = 0
    ) -> None:
        """Count the remaining questions as failed, because each would fail for the same reason, and
        advance the progress by them.
        """
        left = already + sum(1 for _ in waiting)
        if left:
            outcome.failures[reason] += left
            self._progress.advance(left)

    async def _ask(
        self, lane: _Lane, question: Question, job: _Job
    ) -> tuple[Answer, ProviderFailed | None]:
        """Ask a question, with retries, and store the answer or the last failure.

        Each call waits for its turn and holds its highest price. A failed call that may be billed
        is stored before it is repeated: the next answer replaces it, and its cost stays booked. So
        is a call that is cancelled under way. Each repeated call is counted in the outcome.
        """
        first_began, tried = 0.0, 0
        while True:
            async with self._turn(lane, question, job):
                held = await self._reserve(lane, question)
                call = ProviderCall(lane.provider, question, job.run, self._clock)
                try:
                    answer, failure = await call.make()
                    answer = with_estimated_cost(
                        answer, failure, lane.tariff, lane.usual, unread=call.unread
                    )
                except asyncio.CancelledError:
                    await self._store_cut_off(call, held, lane, job)
                    raise
                except BaseException:
                    self._reservation.settle(held, 0.0)
                    raise
                first_began, tried = first_began or call.begun, tried + 1
                wait = self._retries.wait(failure, tried) if failure else 0.0
                self._limits.counters.called(answer, failure)
                if failure:
                    lane.limiter.failed(failure, call.begun, wait)
                elif not answer.error:  # such an error is the plugin's fault
                    lane.limiter.answered(answer.reply.limits)
                is_last = not failure or not self._retries.should_retry(
                    failure, tried, call.ended + wait - first_began
                )
                if is_last or answer.reply.cost_usd:
                    await self._store_answer(answer, lane, job)
                self._settle(held, answer, failure)
                if is_last:
                    return answer, failure
            job.outcome.charge(answer)
            job.outcome.retries += 1
            self._limits.counters.retried(lane.provider.name)
            with job.cancellation.waiting():
                await asyncio.sleep(wait)

    @asynccontextmanager
    async def _turn(self, lane: _Lane, question: Question, job: _Job) -> AsyncIterator[None]:
        """Wait for a turn at the model, then for one at its provider, and hold both while the block
        lasts.

        The block is meant to last until the answer is stored, so that a killed process loses only
        answers of calls under way.
        """
        calls = 1 if question.limit else len(question.prompt.turns)
        # Each call of a conversation sends the answers before it again.
        tokens = calls * (question_tokens(question.prompt) + (calls + 1) / 2 * TYPICAL.answer)
        async with AsyncExitStack() as turns:
            with job.cancellation.waiting():
                await turns.enter_async_context(lane.limiter.turn(job.run.id, tokens, calls))
                of_provider = lane.provider_limiter.turn(job.run.id, calls=calls)
                await turns.enter_async_context(of_provider)
            yield

    async def _reserve(self, lane: _Lane, question: Question) -> HeldAmount:
        """Hold the most US dollars that a call may cost, and return the held money.

        That is the price of an answer of `WORST` size, or the cost of the model's dearest answer so
        far if that is more. Waits for calls under way to return money if there is too little.
        """
        prompt = question.prompt
        if lane.usual is None:
            lane.usual = await self._store.answers.usual_usage({question.model})
        worst = lane.tariff.cost(prompt, WORST, answer_limit=question.limit)
        # An answer of the model may have cost more than the estimate.
        return await self._reservation.hold(prompt, max(worst, lane.dearest))

    async def _store_answer(self, answer: Answer, lane: _Lane, job: _Job) -> None:
        lane.dearest = max(lane.dearest, answer.reply.cost_usd or 0.0)
        await job.batcher.keep(answer)

    async def _store_cut_off(
        self, call: ProviderCall, held: HeldAmount, lane: _Lane, job: _Job
    ) -> None:
        """Store a call that is cancelled under way as a failed answer at an estimated cost, so that
        its question is asked again, and end the hold of its money. The call is counted in the
        metrics.

        A call whose estimate is 0 is not stored. An error of the store is dropped, because what has
        cancelled the call is raised. Held money above the estimate stays reserved until the run
        ends, because the service may still charge it.
        """
        answer, failure = call.cut_off()
        answer = with_estimated_cost(answer, failure, lane.tariff, lane.usual)
        self._limits.counters.called(answer, failure)
        if answer.reply.cost_usd:
            with suppress(StoreError):  # what has cancelled the call is raised instead
                await self._store_answer(answer, lane, job)
        self._settle(held, answer, failure)

    def _settle(self, held: HeldAmount, answer: Answer, failure: ProviderFailed | None) -> None:
        """End the hold of the money of a call whose cost is stored with its answer.

        What the call did not cost is free for other calls of the run. When the service may still
        charge the call (``failure.ambiguous``), it stays reserved until the run ends.
        """
        may_cost_more = failure is not None and failure.ambiguous
        self._reservation.settle(held, answer.reply.cost_usd or 0.0, keep_rest=may_cost_more)


@asynccontextmanager
async def asking_aside(
    means: AskingMeans, model: Model, *, label: str, asked_by: str, channel: str, usd: float
) -> AsyncIterator[Callable[[Question], Awaitable[Answer]]]:
    """Start and lock a run outside of the history, and yield what asks a model a question in it,
    see `Runner.ask`. At the end, return the money that was not spent.

    The run is stored as COMPLETE at once: it asks as long as there are questions, and no process
    resumes it. The limits are those of the budget with its stored changes, and that of the channel.

    Args:
        channel: Where the questions are booked.
        usd: The limit of this channel in a month, in US dollars.
    """
    store, now, panel = means.store, means.clock.now(), Panel((), (), (model,))
    new = new_run(panel, now, label=label, asked_by=asked_by, channel=channel, aside=True)
    run = await store.runs.start(new)
    await store.runs.finish(run.id, RunState.COMPLETE, now)
    budget = merged_budget(means.budget, await store.settings.all())
    budget = budget.model_copy(update={"channels": {**budget.channels, channel: usd}})
    reservation = SpendReservation(store.money, budget, run.payer, means.clock)
    async with store.locks.run_lock(run.id):
        try:
            async with WriteBatcher(store.answers) as batcher:
                runner = Runner(means, reservation)
                yield lambda question: runner.ask(question, run, batcher)
        finally:
            await reservation.close()
