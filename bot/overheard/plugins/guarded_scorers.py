"""A plugin's scorer or judge behind its guard; a third party's reads answers in another process.

The process is in ``scorer_process.py``.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import Any

from overheard.domain import Reading, Score
from overheard.errors import BudgetUsedUp, JudgeBudgetUsedUp, ModelResting, PluginFault
from overheard.interfaces import Judge, JudgeClient, Scorer
from overheard.plugins import scorer_process, validation
from overheard.plugins.guard import Guard, Guards, call_now
from overheard.plugins.guarded_provider import PROVIDER_ERRORS
from overheard.plugins.scorer_process import GroupScores, PluginLocation, Problem, ScorerProcess

log = logging.getLogger("overheard")

JUDGE_TIMEOUT_S = 3600.0
"""Seconds that a judge may take for one reading: its questions wait for their turn."""
ASKING_ERRORS = (*PROVIDER_ERRORS, BudgetUsedUp, JudgeBudgetUsedUp, ModelResting)
"""What asking may raise in a judge; that is no fault of the judge."""


def guarded_scorer(
    scorer: Scorer, guards: Guards, process: ScorerProcess, origin: PluginLocation
) -> Scorer:
    """Return a third-party scorer behind a guard of its own.

    A judge and an async scorer run in this process, any other scorer in the child process.

    Args:
        guards: Makes the guard.
        process: The child process of scorers.
        origin: The plugin from which the child imports the scorer.
    """
    if isinstance(scorer, Judge):
        return GuardedJudge(scorer, guards.of(f"The judge {scorer.name}"))
    guard = guards.of(f"The scorer {scorer.name}")
    if inspect.iscoroutinefunction(scorer.score):
        return GuardedScorer(scorer, guard)
    return IsolatedScorer(scorer, guard, process, origin)


class _Stated:
    """The attributes of a scorer, read once, so that they cannot change or fail later."""

    def __init__(self, scorer: Scorer, guard: Guard) -> None:
        """Copy the scorer's name, version and metrics, and keep the guard for its calls."""
        self.name = scorer.name
        self.version = scorer.version
        self.metrics = tuple(scorer.metrics)
        self.reads_facts = getattr(scorer, "reads_facts", False) is True
        self.remedy = guard.remedy
        self._guard = guard


class IsolatedScorer(_Stated):
    """A scorer that reads in the child process of scorers."""

    def __init__(
        self,
        scorer: Scorer,
        guard: Guard,
        process: ScorerProcess,
        origin: PluginLocation,
    ) -> None:
        """Keep the child process that runs the scorer.

        Args:
            scorer: The scorer, of which only the attributes are used here.
            guard: Counts faults, and pauses the scorer.
            origin: The plugin from which the child imports the scorer.
        """
        super().__init__(scorer, guard)
        self._process = process
        self._origin = origin

    async def score(self, reading: Reading) -> Iterable[Score]:
        """Return the scores of one brand in one answer, from the child process.

        Raises:
            PluginFault: when the scorer fails or takes too long.
            PluginPaused: when the scorer is paused.
        """
        [result] = await self.score_all([[reading]])
        if isinstance(result, PluginFault):
            raise result
        return result[0]

    async def score_all(
        self, groups: Sequence[Sequence[Reading]]
    ) -> list[GroupScores | PluginFault]:
        """Score several answers in the child process.

        After a fault that has ended the child, a new child goes on with the next answer. Faults are
        counted; when they pause the scorer, all further answers have the pause as their fault.

        Args:
            groups: The readings of each answer, one for each brand.

        Returns:
            For each answer, in order, the scores of its readings, or the fault; nothing is raised.
        """
        results_so_far: list[GroupScores | PluginFault] = []
        while len(results_so_far) < len(groups):
            if paused := self._guard.paused():
                return results_so_far + [paused] * (len(groups) - len(results_so_far))
            left = groups[len(results_so_far) :]
            results = await self._process.score(self._origin, self.name, left)
            results_so_far += map(self._count_fault, results)
        return results_so_far

    def _count_fault(self, result: GroupScores | Problem) -> GroupScores | PluginFault:
        """Return the scores of an answer, or its problem as a fault.

        A problem is counted as a fault, which may pause the scorer, and scores end the count. While
        the scorer is paused, neither happens, and a problem gives the pause as the fault: results
        of one request still arrive after a fault among them has paused the scorer.
        """
        paused = self._guard.paused()
        if isinstance(result, Problem):
            return paused or self._guard.fault(self._guard.shown(result.text), late=result.late)
        if not paused:
            self._guard.resume()
        return result


class GuardedScorer(_Stated):
    """An async scorer, which runs in this process and gets a copy of each reading."""

    def __init__(self, scorer: Scorer, guard: Guard) -> None:
        super().__init__(scorer, guard)
        self._scorer = scorer

    async def score(self, reading: Reading) -> Iterable[Score]:
        """Return the validated scores of one brand in one answer; the scorer gets a copy of the
        reading.

        Raises:
            PluginFault: when the scorer fails or takes longer than `SCORE_TIMEOUT_S`.
            PluginPaused: when the scorer is paused.
        """
        return await self._guard.call(
            partial(self._scores, reading), scorer_process.SCORE_TIMEOUT_S
        )

    async def _scores(self, reading: Reading) -> list[Score]:
        # A copy: other scorers get the same reading, and even a frozen object can be changed.
        result: Any = self._scorer.score(deepcopy(reading))
        return validation.validated_scores(await result if inspect.isawaitable(result) else result)


class GuardedJudge(GuardedScorer):
    """A judge; its questions are asked with those of runs."""

    def __init__(self, judge: Judge, guard: Guard) -> None:
        """Copy the judge's model, monthly budget in dollars, rehearsals and schema."""
        super().__init__(judge, guard)
        self.model = judge.model
        self.budget = judge.budget
        self.rehearsals = tuple(judge.rehearsals)
        self.schema = getattr(judge, "schema", None)
        self._judge = judge

    @property
    def verdicts(self) -> Mapping[str, int]:
        """The number of verdicts read so far, by ``kept`` or the reason of a loss; empty if the
        judge does not count them or its count fails.
        """
        return self._counts(lambda: getattr(self._judge, "verdicts", {}))

    def losses(self, replies: Sequence[str]) -> Mapping[str, int]:
        """Return the numbers of lost verdicts in replies to `rehearsals`, by reason; empty if the
        judge does not count them or its count fails.
        """
        count = getattr(self._judge, "losses", None)
        return self._counts(lambda: count(replies) if count else {})

    def _counts(self, count: Callable[[], Any]) -> Mapping[str, int]:
        """Return the counts that a function of the judge gives, with keys as texts; empty when the
        function fails.
        """
        outcome = call_now(
            self._guard.part, lambda: {str(reason): int(n) for reason, n in count().items()}
        )
        return outcome.result if outcome.error is None else {}

    async def score(self, reading: Reading) -> Iterable[Score]:
        """Return the validated scores of one brand in one answer. The judge asks its model.

        Raises:
            PluginFault: when the judge fails or takes longer than `JUDGE_TIMEOUT_S`.
            PluginPaused: when the judge is paused.
            OverheardError: one of `ASKING_ERRORS`, when the judge's model cannot be asked.
        """
        work = partial(self._scores, reading)
        return await self._guard.call(work, JUDGE_TIMEOUT_S, passing=ASKING_ERRORS)

    def agreement(self, replies: Sequence[str]) -> tuple[int, int]:
        """Return how many gold labels the replies to `rehearsals` match, and the number of labels.

        When the judge's own function fails, return 0 and the number of replies, and log it.
        """

        def counted() -> tuple[int, int]:
            matching, labels = self._judge.agreement(replies)
            return int(matching), int(labels)

        outcome = call_now(self._guard.part, counted)
        if outcome.error is None:
            matching, labels = outcome.result
            return matching, labels
        self._warn("count its labels", outcome.error)
        return 0, len(replies)

    def connect(self, client: JudgeClient) -> None:
        """Give the judge the client for its model; a failure is logged, and shows when the judge
        scores.
        """
        outcome = call_now(self._guard.part, lambda: self._judge.connect(client))
        if outcome.error is not None:
            self._warn("take whom to ask through", outcome.error)

    def _warn(self, what: str, error: BaseException | None) -> None:
        kind = type(error).__name__
        log.warning("The judge %s fails to %s (%s); ask its author.", self.name, what, kind)
