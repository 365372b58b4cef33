"""The run service: it carries runs out, from their questions to the end of their analysis."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from math import inf
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

from overheard.cards import wording
from overheard.domain import (
    TERMINAL,
    UNFINISHED,
    Answer,
    DeliveryKind,
    Pair,
    Panel,
    Run,
    RunState,
    Task,
    TaskKind,
    deliveries_to,
)
from overheard.errors import (
    BatchUncollected,
    ConfirmationNeeded,
    HoldLost,
    ProviderFailed,
    ProviderUnavailable,
    RunPaused,
    RunUnderWay,
)
from overheard.interfaces import PROBLEM, Asked, Progress, Queue, Store, TaskResult
from overheard.plugins.guard import core_method
from overheard.runs.answers import reuse
from overheard.runs.batches import Batches, batched, parts
from overheard.runs.budget import SpendReservation
from overheard.runs.call import EMPTY_ANSWER
from overheard.runs.quote import PriceQuote, Pricing
from overheard.runs.runner import AskingMeans, Runner
from overheard.runs.tasks import Outcome, asking_tasks, run_part, seat
from overheard.telemetry import about, traced

LATE = "late-"
"""Beginning of the key of the result of a run whose last answers have arrived."""
MAX_HOLDS = 5
"""How often a run is locked again after the connection to the database was lost."""

WORKERS_TTL_S = 5.0
"""Seconds after which workers are counted again."""
NO_WORKER = "no worker is connected; start one with: overheard worker"

log = logging.getLogger("overheard")

Done = TypeVar("Done")
Found_co = TypeVar("Found_co", covariant=True)


class RunAnalysis(Protocol[Found_co]):
    """The analysis of a run: its answers are scored and searched for shifts."""

    async def analyse(self, run: Run, outcome: Outcome) -> Found_co:
        """Score the answers of a run, detect shifts, and announce them."""

    async def do(self, task: Task, run: Run) -> TaskResult:
        """Carry out a task of a run that scores or detects."""


@dataclass(frozen=True, slots=True)
class RunResult(Generic[Found_co]):
    """The result of a run.

    Attributes:
        outcome: The outcome of its questions.
        found: The result of its analysis; None when the run was paused.
    """

    outcome: Outcome
    found: Found_co | None


class RunService(Generic[Found_co]):
    """Carries runs out: asks the questions, has the answers analysed, and ends the run in the
    store.

    Args:
        store: Runs, answers and accounts.
        providers: Providers by name.
        limits: The limits of each model, shared by all runs of the process.
        budget: The limits of the accounts.
        asking: The limits of retries.
        clock: The current time.
        queue: Carries out the tasks of runs, here or in workers.
        progress: Shows how far a run is.
        analysis: Scores the answers and detects shifts; None where runs outside the history alone
            are asked.
    """

    def __init__(
        self, means: AskingMeans, queue: Queue, analysis: RunAnalysis[Found_co] | None = None
    ) -> None:
        self._means, self._queue, self._given_analysis = means, queue, analysis
        self._store, self._clock = means.store, means.clock

    @property
    def _analysis(self) -> RunAnalysis[Found_co]:
        if self._given_analysis is None:
            raise ValueError("a run of the history needs an analysis")
        return self._given_analysis

    async def execute(
        self, quote: PriceQuote, *, before: Callable[[Run], Awaitable[object]] | None = None
    ) -> RunResult[Found_co]:
        """Execute a quoted run: reuse answers, ask the missing questions (paid calls over the
        network), analyse the answers, and end the run.

        The run has ended only when its shifts have been announced. A paused run is neither analysed
        nor ended. A run that was interrupted continues with the next call. When the lock of the run
        is lost, all of this is repeated for what is left.

        Args:
            quote: The quote of a single run. Answers are reused if it says so.
            before: Called with the stored and locked run before the first question; None for no
                call. An error that the function raises ends this call.

        Raises:
            RunPaused: when a terminal is stopped while workers carry the run out.
            BatchUncollected: when a batch cannot be collected; the run waits until it is resumed.
            HoldLost: when the lock was lost `MAX_HOLDS` times.
            StoreError: when the database fails.
            ValueError: when the quote is not that of a single run.
        """
        if quote.run is None:
            raise ValueError("a quote without a run cannot be executed")
        await self.add_late()
        run = await self._store.runs.start(quote.run)
        reused = 0

        async def work() -> RunResult[Found_co]:
            """Prepare the run, copy the answers that are reused, and carry the run out."""
            nonlocal reused
            if before:
                await before(run)
            if quote.reuse_within:
                reused += await reuse(self._store, run, quote.reuse_within, self._clock.now())
            about(run=run.key)
            log.info("Run %s begins or continues: %s questions.", run.key, len(run.panel or ()))
            return await self._carry_out_locked(run, reused)

        return await self._with_lock(run, work)

    async def _with_lock(self, run: Run, work: Callable[[], Awaitable[Done]]) -> Done:
        """Do work while this process has locked a run, and return its result; the work is repeated
        when the lock is lost, as in `with_run_lock`.

        When a terminal is stopped while workers carry the run out, the run is paused in the store,
        because the workers would go on asking and no process would end the run.
        """
        try:
            return await with_run_lock(self._store, run, work)
        except asyncio.CancelledError:  # not within the lock, whose loss cancels the work as well
            is_terminal = self._queue.spread and run.channel == TERMINAL
            if not is_terminal or not await self._store.runs.steer(run.id, RunState.PAUSED):
                raise
            raise RunPaused(run=run.key) from None

    @traced("run", lambda _, run, __: {"overheard.run": run.key})
    async def _carry_out_locked(self, run: Run, reused: int) -> RunResult[Found_co]:
        """Ask the unasked questions of a locked run, at once and in batches, analyse its answers,
        and end the run; a paused run is neither analysed nor ended.
        """
        outcome = await self.ask(run)
        await self._ask_in_batches(run, outcome)
        outcome.reused = reused
        if outcome.stopped is RunState.PAUSED:
            return RunResult(outcome, None)
        analysed = await self._analysis.analyse(run, outcome)
        await self._end_run(outcome)
        return RunResult(outcome, analysed)

    async def ask(self, run: Run) -> Outcome:
        """Ask the unasked questions of a locked run, except those that are asked in batches, and
        return the counts.

        Workers ask if the queue spreads tasks over them, and the progress is shown; the counts then
        have the state to which a person stopped the run. Otherwise this process asks. Before that
        it releases the money that an earlier, dead process has reserved for the run, unless the run
        waits for a batch. All questions of a task that failed are counted as failed.
        """
        store, spread = self._store, self._queue.spread
        if not spread and not await store.batches.unfinished(runs=[run.id]):
            await store.money.release(run.id)
        tasks = asking_tasks(run, spread=spread)
        shown = (
            RunProgress(store, self._means.progress, run, self._queue.workers) if spread else None
        )
        results = await self._queue.carry(tasks, self.do, shown)
        outcome = Outcome(run)
        for task in tasks:
            if problem := results.get(task.key, {}).get(PROBLEM):
                outcome.failures[problem] += len(run_part(run, task).panel or ())
            elif task.key in results:
                outcome.add(results[task.key])
        if shown:
            outcome.stopped = shown.stopped
        return outcome

    async def ask_aside(self, run: Run) -> tuple[Outcome, list[Answer]]:
        """Start and lock a run outside the history, ask its questions, and end it in the state of
        the outcome: its answers are stored and charged, and not scored. Batches are used only for
        models that are asked in no other way.

        Returns:
            The outcome, and the stored answers of the run.

        Raises:
            RunPaused: when a terminal is stopped while workers carry the run out.
        """
        run = await self._store.runs.start(run)

        async def work() -> Outcome:
            outcome = await self.ask(run)
            await self._ask_in_batches(run, outcome)
            await self._store.runs.finish(run.id, outcome.state, self._clock.now())
            return outcome

        outcome = await self._with_lock(run, work)
        return outcome, [answer async for answer in self._store.answers.stream(runs=[run.id])]

    async def add_late(self) -> None:
        """Add bought answers that have arrived late to their runs, and have them scored; a run that
        was begun in a chat is told there again when it has all. These are runs that have ended, and
        runs outside the history whose process has died; what another process has locked is left to
        it.
        """
        store, by_id = self._store, {b.run_id: b for b in await self._store.batches.unfinished()}
        for run_id in by_id:
            run = await store.runs.get(run_id)
            if run is None or (run.state in UNFINISHED and not run.aside):
                continue
            async with store.locks.run_lock(run_id) as is_locked:
                if not is_locked:
                    continue
                outcome = await Batches(self._means).add_late(run)
                if outcome.complete:
                    await self._analysis.do(Task(TaskKind.SCORE, run_id), run)
                if not await store.batches.unfinished(runs=[run_id]):
                    await store.money.release(run_id)
                    all_there = await store.answers.count(run_id) == len(run.panel or ())
                    state = RunState.COMPLETE if all_there else RunState.PARTIAL
                    now, newest = self._clock.now(), await store.runs.find(aside=False, limit=1)
                    await store.runs.finish(run_id, state, now)
                    if outcome.complete and [one.id for one in newest] == [run_id]:
                        try:
                            await self._analysis.do(Task(TaskKind.DETECT, run_id), run)
                        except Exception:  # the run has ended, and would not be told later
                            log.exception("Run %s could not be searched for changes.", run.key)
                    if outcome.complete and ":" in run.channel and not run.aside:
                        kind, key = DeliveryKind.RESULT, f"{LATE}{run.key}"
                        told = deliveries_to([run.channel], kind, key, now, run.key)
                        await store.deliveries.add(told)

    async def cancel_batches(self, run: Run) -> list[str]:
        """Cancel a run's batches at their vendors, store the answers that are ready, and return
        notes for people, as sentences; empty without batches.
        """
        if not await self._store.batches.unfinished(runs=[run.id]):
            return []
        outcome = await Batches(self._means).cancel(run)
        if outcome.complete + outcome.incomplete:
            kept = wording.count(outcome.complete + outcome.incomplete, "answer")
            outcome.notes.insert(0, f"{kept} of its batches were ready, and are kept.")
        return outcome.notes

    async def do(self, task: Task) -> TaskResult | None:
        """Carry out a task of a run, and return its result as JSON values.

        A task that asks returns its counts (`Outcome.result`). A task of one provider, for a
        worker, holds a seat of that provider meanwhile. Any other task is passed on to the
        analysis.

        Returns:
            Empty when the run does not exist any more; None when the run was paused, so that the
            task stays in the queue.
        """
        run = await self._store.runs.get(task.run_id)
        if run is None:
            return {}
        about(run=run.key)
        if task.kind is not TaskKind.ASK:
            return await self._analysis.do(task, run)
        part = run_part(run, task)
        if not task.provider:
            return (await self._ask_here(part)).result()
        with seat(self._means.limits, self._means.providers, task.provider):
            outcome = await self._ask_here(part)
        return None if outcome.stopped is RunState.PAUSED else outcome.result()

    async def _ask_here(self, run: Run) -> Outcome:
        """Ask the unasked questions of a run, or of a part of a run, in this process, except those
        that are asked in batches; store the answers and return the counts.
        """
        means = self._means
        money = SpendReservation(means.store.money, means.budget, run.payer, means.clock)
        runner = Runner(means, money)
        models = batched(run.panel, means.providers)
        return await runner.run(parts(run, models, means.providers)[0] if models else run)

    async def _ask_in_batches(self, run: Run, outcome: Outcome) -> None:
        """Ask the questions that are asked in batches, collect the run's batches, and add the
        counts to ``outcome``. Do nothing for a stopped run, or without such questions.
        """
        models = batched(run.panel, self._means.providers)
        open_batches = await self._store.batches.unfinished(runs=[run.id])
        models += tuple(batch.model for batch in open_batches)  # may be sold in batches no more
        if not models or outcome.stopped:
            return
        try:
            asked = await Batches(self._means).run(parts(run, models, self._means.providers)[1])
        except (ProviderFailed, ProviderUnavailable) as error:
            raise BatchUncollected(run=run.key, reason=error) from None
        outcome.add(asked.result())

    async def _end_run(self, outcome: Outcome) -> None:
        """Store the state and the time of a run's end, log it, and remove the results of its tasks
        and, if workers asked, all its reservations.
        """
        run_id, state, now = outcome.run.id, outcome.state, self._clock.now()
        await self._store.runs.finish(run_id, state, now)
        outcome.run = replace(outcome.run, state=state, finished_at=now)
        log.info("Run %s ended: %s.", outcome.run.key, state.value)
        await self._store.runs.forget_results(run_id)
        if self._queue.spread and not outcome.late:  # also reservations of workers that died
            await self._store.money.release(run_id)


class RunProgress:
    """Shows how far workers are with a run; an `overheard.interfaces.IsWanted`.

    Args:
        store: The store with the run's state and answers.
        progress: The display of the progress.
        workers: Returns the number of connected workers.

    Attributes:
        stopped: The state to which a person stopped the run, or None.
    """

    def __init__(
        self, store: Store, progress: Progress, run: Run, workers: Callable[[], Awaitable[int]]
    ) -> None:
        """Begin with no stored answer and an unknown number of workers, so that the first call
        shows both.
        """
        self.stopped: RunState | None = None
        self._store, self._progress, self._run = store, progress, run
        self._workers = workers
        self._seen, self._counted, self._counted_at = 0, -1, -inf

    async def _show_workers(self) -> None:
        """Show the number of connected workers in the title of the progress if the number has
        changed; count them at most every `WORKERS_TTL_S`. Without workers the title says how to
        start one.
        """
        if monotonic() - self._counted_at < WORKERS_TTL_S:
            return
        counted, self._counted_at = await self._workers(), monotonic()
        if counted != self._counted:
            self._counted = counted
            workers = wording.count(counted, "worker") if counted else NO_WORKER
            panel = self._run.panel
            count = len(panel or ())
            self._progress.start(f"Asking {wording.count(count, 'question')} ({workers})", count)
            self._progress.advance(self._seen)

    async def __call__(self) -> bool:
        """Show the workers and the number of stored answers, set `stopped`, and return whether the
        run is still wanted: not paused, cancelled or ended.
        """
        await self._show_workers()
        count = await self._store.answers.count(self._run.id)
        self._progress.advance(count - self._seen)
        self._seen = count
        state = await self._store.runs.state(self._run.id)
        self.stopped = None if state is RunState.RUNNING else state
        return self.stopped is None


async def with_run_lock(store: Store, run: Run, work: Callable[[], Awaitable[Done]]) -> Done:
    """Do work while this process has locked a run, and return its result.

    When the lock is lost with the connection to the database, the work is cancelled; it is locked
    and done again once the database is back, `MAX_HOLDS` times in all.

    Args:
        run: The stored run.
        work: Does the work, and continues what an earlier call of it left undone.

    Raises:
        HoldLost: when the lock was lost `MAX_HOLDS` times.
        StoreError: when the database stays away.
        Exception: as ``work`` raises it.
    """
    locks_lost = 0
    while True:
        try:
            async with store.locks.run_lock(run.id) as is_locked:
                if not is_locked:
                    raise RunUnderWay(run=run.key)
                return await work()
        except HoldLost:
            locks_lost += 1
            if locks_lost == MAX_HOLDS:
                raise
        await store.runs.state(run.id)  # waits until the database is back


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
        runs = [self.new_run(panel) for panel in panels]  # its panel skips what cannot be asked
        calls = sum((run.panel.unasked() for run in runs if run.panel), Counter[Pair]())
        quote = await self.pricing.quote_calls(calls, runs[0].payer, answers=calls.total())
        self.priced.clear()
        self.priced.update(calls)
        usual = quote.asking.typical if quote.usd < inf else inf
        return ConfirmationNeeded(price=quote.price, usd=quote.usd, usual_usd=usual)

    @core_method
    async def ask(self, panel: Panel) -> Asked:
        """Ask a panel and return the answers, see `View.ask`."""
        run = self.new_run(panel)
        calls = (run.panel or panel).unasked()
        if not self.agreed or calls - self.priced:
            raise ValueError("a command asks what it has priced with View.quote, after a yes")
        self.priced.subtract(calls)
        outcome, answers = await self.service.ask_aside(run)
        stopped = ("A person stopped it.",) if outcome.stopped else ()
        failures = [one for one in outcome.failures if not one.endswith(EMPTY_ANSWER)]
        return Asked(tuple(answers), outcome.spent, (*failures, *stopped))
