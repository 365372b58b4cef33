"""Scorers and judges of other people as the rest of the house sees them: watched over."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Iterable, Sequence
from copy import deepcopy
from functools import partial
from typing import Any

from overheard.domain import Reading, Reply, Score
from overheard.errors import (
    BudgetUsedUp,
    JudgeBudgetUsedUp,
    ModelResting,
    ProviderFailed,
    ProviderUnavailable,
)
from overheard.interfaces import Judge, JudgeClient, Scorer
from overheard.plugins.guard import Guard
from overheard.plugins.shapes import listed
from overheard.plugins.threads import Errand

LONGEST_SCORE = 10.0
"""Seconds that a scorer may take for one reading."""
LONGEST_JUDGEMENT = 3600.0
"""Seconds that a judge may take for one reading: its questions wait for their turn."""
LONGEST_QUOTE = 10_000
"""Characters of a score's quote, and of each part of its details; more is a fault."""

LONGEST_CONNECT = 5.0
"""Seconds that a judge may take to be told whom to ask through."""

log = logging.getLogger("overheard")

NOT_ITS_FAULT = (
    BudgetUsedUp,
    JudgeBudgetUsedUp,
    ModelResting,
    ProviderFailed,
    ProviderUnavailable,
)
"""What asking may raise in a judge: it is told as it is, and the judge is not left alone for it."""


class WatchedScorer:
    """A scorer that is given a copy of each reading, and whose scores are looked at.

    What it says of itself is read once, so that it cannot change or fail later.
    """

    def __init__(self, scorer: Scorer, guard: Guard) -> None:
        self.name = scorer.name
        self.version = scorer.version
        self.metrics = tuple(scorer.metrics)
        self.reads_facts = getattr(scorer, "reads_facts", False) is True
        self.remedy = guard.remedy
        self._scorer = scorer
        self._guard = guard

    async def score(self, reading: Reading) -> Iterable[Score]:
        """Score one brand in one answer.

        Raises:
            PluginFault: when that fails.
        """
        # Other scorers read the same one, and a frozen object can still be changed on purpose.
        work = partial(_scores, self._scorer, deepcopy(reading))
        return await self._guard.call(work, LONGEST_SCORE)


class WatchedJudge(WatchedScorer):
    """A judge, likewise; its questions are asked where all others are."""

    def __init__(self, judge: Judge, guard: Guard) -> None:
        super().__init__(judge, guard)
        self.model = judge.model
        self.budget = judge.budget
        self.rehearsals = tuple(judge.rehearsals)
        self._judge = judge

    async def score(self, reading: Reading) -> Iterable[Score]:
        """Score one brand in one answer.

        Raises:
            PluginFault: when that fails.
            OverheardError: when its model cannot be asked.
        """
        work = partial(_scores, self._judge, deepcopy(reading))
        return await self._guard.call(work, LONGEST_JUDGEMENT, passing=NOT_ITS_FAULT)

    def agreement(self, replies: Sequence[str]) -> tuple[int, int]:
        """Return how many gold labels the replies agree with, and of how many; none where it
        fails to say.
        """
        try:
            right, of = self._judge.agreement(replies)
            return int(right), int(of)
        except Exception as error:
            self._warn("count its labels", error)
            return 0, len(replies)

    def connect(self, asker: JudgeClient) -> None:
        """Take whom to ask through; a judge that fails to do so fails when it is to judge."""
        bridge = _Bridge(asker)
        try:
            Errand(lambda: self._judge.connect(bridge)).outcome(LONGEST_CONNECT).get()
        except BaseException as error:
            self._warn("take whom to ask through", error)

    def _warn(self, what: str, error: BaseException) -> None:
        kind = type(error).__name__
        log.warning("The judge %s fails to %s (%s); ask its author.", self.name, what, kind)


class _Bridge:
    """Asks in the loop in which everything is asked, for a judge that runs in one of its own."""

    def __init__(self, asker: JudgeClient) -> None:
        self._asker = asker
        self._loop = asyncio.get_running_loop()

    async def ask(self, text: str) -> Reply:
        """Return a whole reply; see `JudgeClient`."""
        asking = asyncio.run_coroutine_threadsafe(self._asker.ask(text), self._loop)
        return await asyncio.wrap_future(asking)


async def _scores(scorer: Scorer, reading: Reading) -> list[Score]:
    result: Any = scorer.score(reading)
    if not isinstance(result, list | tuple) and inspect.isawaitable(result):
        result = await result
    scores = [_plain(score) for score in listed(result)]
    if any(len(words) > LONGEST_QUOTE for score in scores for words in _words(score)):
        raise OverflowError
    return scores


def _plain(score: object) -> Any:
    """Return a score without a class of the plugin's own, whose code would run among ours."""
    if not isinstance(score, Score):
        return score
    value = score.value
    number = float(value) if isinstance(value, float) else value
    return Score(score.metric, number, score.quote, score.details)


def _words(score: object) -> Iterable[str]:
    if isinstance(score, Score):
        parts = (score.quote, *(part for detail in score.details for part in _parts(detail)))
        yield from (part for part in parts if isinstance(part, str))


def _parts(detail: object) -> Iterable[Any]:
    return (getattr(detail, name, "") for name in ("topic", "verdict", "stated", "quote"))
