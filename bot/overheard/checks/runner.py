"""Carrying out a run: every question asked once, every answer kept the moment it arrives."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from overheard.checks.budget import WORST_ANSWER, Purse, cost, price_of
from overheard.checks.replies import checked
from overheard.domain import Answer, Finish, Panel, Question, Reply, Run, RunState
from overheard.errors import BudgetUsedUp, OverheardError, ProviderUnavailable
from overheard.interfaces import Clock, Progress, Provider, Store

LONGEST_CALL = 600.0
"""Seconds after which a provider that gives no sign of life is given up for one call."""

TAKEN_UP_WITHIN = timedelta(hours=12)
"""How long after its start a run that was cut off goes on."""

NO_ANSWER = Reply("", Finish.FAILED)


@dataclass(slots=True)
class Outcome:
    """What became of a run's questions.

    Attributes:
        run: The run, as it ended.
        kept: Answers that were there already when the run was taken up.
        complete: Answers that came in and can be scored.
        incomplete: Answers that came in cut or filtered, and are not scored.
        failures: Questions without an answer, by the sentence that says why.
        spent: Dollars.
    """

    run: Run
    kept: int = 0
    complete: int = 0
    incomplete: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    spent: float = 0.0

    def count(self, answer: Answer) -> None:
        """Add an answer that came in."""
        self.spent += answer.reply.cost_usd or 0.0
        if answer.error:
            self.failures[answer.error] += 1
        elif answer.complete:
            self.complete += 1
        else:
            self.incomplete += 1

    @property
    def state(self) -> RunState:
        """Complete, partial when some questions have no answer, failed when none has one."""
        if not self.failures:
            return RunState.COMPLETE
        return RunState.PARTIAL if self.kept + self.complete + self.incomplete else RunState.FAILED


def new_run(panel: Panel, now: datetime, *, label: str = "", asked_by: str = "") -> Run:
    """Make a run that has not begun."""
    key = f"{now:%Y-%m-%dT%H:%M:%SZ}-{secrets.token_hex(2)}"
    return Run(key, now, panel, label=label, asked_by=asked_by)


async def unfinished(store: Store, panel: Panel, now: datetime) -> Run | None:
    """Return a run that was cut off while it asked the same questions, or None.

    One that was begun too long ago is closed: its answers and new ones would be one block, and
    the model may have changed between them.
    """
    for run in await store.runs(state=RunState.RUNNING):
        if run.panel and _same(run.panel, panel):
            if now - run.started_at < TAKEN_UP_WITHIN:
                return run
            async with store.holding(run.id) as abandoned:
                if abandoned:
                    await store.finish_run(run.id, RunState.PARTIAL, now)
    return None


class Runner:
    """Asks the questions of a run, each provider under its own limit.

    Args:
        store: Where answers go; it also says what a run that was cut off has asked already.
        providers: By name.
        purse: What may be spent.
        clock: Says when each call began.
        progress: Is told of each question that is done.
    """

    def __init__(
        self,
        store: Store,
        providers: Mapping[str, Provider],
        purse: Purse,
        clock: Clock,
        progress: Progress,
    ) -> None:
        self._store = store
        self._providers = providers
        self._purse = purse
        self._clock = clock
        self._progress = progress

    async def run(self, run: Run) -> Outcome:
        """Ask what a run that the store holds has not asked yet.

        When it is cut off, by cancelling or by killing the process, the same call goes on.
        """
        questions = run.panel.questions() if run.panel else []
        asked = await self._store.asked(run.id)
        outcome = Outcome(run, kept=sum(question.key in asked for question in questions))
        self._progress.start(f"Asking {len(questions)} questions", len(questions))
        self._progress.advance(outcome.kept)
        async with asyncio.TaskGroup() as group:
            for name, lane in _lanes(q for q in questions if q.key not in asked).items():
                group.create_task(self._ask_provider(name, lane, outcome))
        self._progress.finish()
        return outcome

    async def _ask_provider(self, name: str, lane: list[Question], outcome: Outcome) -> None:
        provider = self._providers.get(name)
        if provider is None:
            outcome.failures[f"There is no provider {name} any more."] += len(lane)
            return
        waiting = iter(lane)  # all workers draw from one iterator, so that each takes the next
        async with asyncio.TaskGroup() as group:
            for _ in range(min(provider.concurrency, len(lane))):
                group.create_task(self._work(provider, waiting, outcome))

    async def _work(
        self, provider: Provider, waiting: Iterator[Question], outcome: Outcome
    ) -> None:
        for question in waiting:
            try:
                await self._ask_and_keep(provider, question, outcome)
                self._progress.advance()
            except (ProviderUnavailable, BudgetUsedUp) as error:
                # The rest would fail for the same reason: each is counted, and none is asked.
                left = 1 + sum(1 for _ in waiting)
                outcome.failures[str(error)] += left
                self._progress.advance(left)

    async def _ask_and_keep(self, provider: Provider, question: Question, outcome: Outcome) -> None:
        price = price_of(question.model, self._providers)
        held, spent = cost(price, question.prompt, WORST_ANSWER), 0.0
        if not await self._purse.hold(held):
            raise BudgetUsedUp
        try:
            answer = await self._ask(provider, question, outcome.run)
            spent = answer.reply.cost_usd or 0.0
            await self._store.add_answers([answer])
        finally:
            self._purse.settle(held, spent)
        outcome.count(answer)

    async def _ask(self, provider: Provider, question: Question, run: Run) -> Answer:
        """Call into a plugin: whatever it raises or returns becomes an answer that failed."""
        begun = self._clock.now()
        reply, error = NO_ANSWER, ""
        deadline = asyncio.timeout(LONGEST_CALL)
        try:
            async with deadline:
                given = await provider.ask(question, seed=_sampling_seed(run, question))
            reply, error = _judged(given, provider)
        except ProviderUnavailable:
            raise
        except OverheardError as failure:
            error = str(failure)
        except asyncio.CancelledError:
            if _is_being_cancelled():
                raise
            error = f"The provider {provider.name} has a fault (it cancels its own call)."
        except (Exception, SystemExit) as failure:  # its text may hold a secret: its kind is told
            error = f"The provider {provider.name} has a fault ({type(failure).__name__})."
            if deadline.expired():
                error = f"{question.model} gave no sign of life for {LONGEST_CALL:.0f} s."
        latency = (self._clock.now() - begun).total_seconds()
        return Answer(run.id, question, reply, begun, max(0.0, latency), error)


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _judged(given: object, provider: Provider) -> tuple[Reply, str]:
    reply, wrong = checked(given)
    if reply is None:
        return NO_ANSWER, f"The provider {provider.name} has a fault ({wrong})."
    empty = reply.finish is Finish.FAILED
    return reply, f"{provider.name} returned an empty answer; try again later." if empty else ""


def _lanes(questions: Iterable[Question]) -> dict[str, list[Question]]:
    lanes: dict[str, list[Question]] = {}
    for question in questions:
        lanes.setdefault(question.model.provider, []).append(question)
    return lanes


def _sampling_seed(run: Run, question: Question) -> int:
    """Return a seed of its own for each call, the same when a run is taken up again."""
    base = run.panel.seed if run.panel else 0
    digest = hashlib.blake2b(repr((base, question.key)).encode(), digest_size=4).digest()
    return int.from_bytes(digest) >> 1


def _same(one: Panel, other: Panel) -> bool:
    keys = [question.key for question in one.questions()]
    return one.brands == other.brands and keys == [q.key for q in other.questions()]
