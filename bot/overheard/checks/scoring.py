"""From answers to scores: every scorer reads every complete answer, for each brand it concerns."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import astuple

from overheard.checks.judging import Judging
from overheard.domain import (
    Answer,
    Brand,
    Catalogue,
    Detail,
    Metric,
    Reading,
    Scale,
    Score,
    ScoreRecord,
)
from overheard.errors import OverheardError
from overheard.interfaces import Judge, Progress, Scorer, Store
from overheard.measure.reading import Reader

BATCH = 200
"""Answers whose scores are kept in one transaction."""

JUDGED_AT_ONCE = 8
"""Answers that a judge reads at a time; how many calls that may be, the limits say."""

LONGEST_CALL = 60.0
"""Seconds after which an async scorer is given up for one reading."""

LAST_RANK = 1e9
"""Beyond the length of any answer, and small enough that a block can sum its square."""

RANGES = {
    Scale.BINARY: (0.0, 1.0),
    Scale.SHARE: (0.0, 1.0),
    Scale.POLARITY: (-1.0, 1.0),
    Scale.RANK: (1.0, LAST_RANK),
}
"""The lowest and the highest value on each scale; both are finite."""


Scored = Callable[[Answer, Sequence[ScoreRecord]], Awaitable[None]]
"""Is told of each answer that a scorer has read, once its scores are kept."""


class Scoring:
    """The scorers of a deployment, and the brands they score.

    Args:
        scorers: The scorers.
        catalogue: The brands and facts.
        judging: Lets judges ask; without it they are not among the scorers.
        scored: Is told of each answer that was scored.

    Attributes:
        metrics: What is measured, by name.
        faults: What went wrong in a scorer, as sentences, and how often.
    """

    def __init__(
        self,
        scorers: Iterable[Scorer],
        catalogue: Catalogue,
        judging: Judging | None = None,
        scored: Scored | None = None,
    ) -> None:
        self._scored = scored
        self._scorers = tuple(s for s in scorers if judging or not isinstance(s, Judge))
        self._judging = judging
        self._markets = {b.name: (b, catalogue.rivals(b.name)) for b in catalogue.brands}
        self._tracked = [brand.name for brand in catalogue.brands if brand.tracked]
        self._reader = Reader(catalogue.brands)
        self._facts = {
            brand.name: tuple(fact for fact in catalogue.facts if fact.brand == brand.name)
            for brand in catalogue.brands
        }
        self._edition = _edition(catalogue)
        self._with_facts = _digest([self._edition, *sorted(map(repr, catalogue.facts))])
        self.metrics: dict[str, Metric] = {
            metric.name: metric for scorer in self._scorers for metric in scorer.metrics
        }
        self.faults: Counter[str] = Counter()
        self._just_read: dict[int, list[Reading]] = {}

    def over(self, catalogue: Catalogue) -> Scoring:
        """Return the same scorers over other brands; none has failed yet."""
        return Scoring(self._scorers, catalogue, self._judging, self._scored)

    def version(self, scorer: Scorer) -> str:
        """Return a scorer's version together with that of the brands' names.

        An alias or a competitor that is added changes what an answer scores, so history is
        scored anew and never compared with scores under the old names. The same goes for a fact,
        where a scorer says that it reads facts.
        """
        reads_facts = getattr(scorer, "reads_facts", False) is True
        return f"{scorer.version}+{self._with_facts if reads_facts else self._edition}"

    @property
    def versions(self) -> frozenset[str]:
        """The `Block.version` of every scorer as it is now."""
        return frozenset(f"{s.name}@{self.version(s)}" for s in self._scorers)

    async def catch_up(self, store: Store, progress: Progress, expected: int = 0) -> None:
        """Score all complete answers that have not been scored.

        Args:
            store: Where answers come from, and scores go to.
            progress: Is shown how far it is, once there is something to do.
            expected: How many answers there will be, or 0 when nobody knows.
        """
        async with self._round():
            await self._catch_up(store, progress, expected)

    def _round(self) -> AbstractAsyncContextManager[None]:
        return self._judging.round() if self._judging else nullcontext()

    async def _catch_up(self, store: Store, progress: Progress, expected: int) -> None:
        begun = False
        streams = [(s, _batches(store.unscored(s.name, self.version(s)))) for s in self._scorers]
        async for scorer, batch in _in_turn(streams):
            if not begun:
                progress.start("Scoring answers", expected * len(self._scorers))
                begun = True
            await self._keep(store, scorer, batch)
            progress.advance(len(batch))
        self._just_read.clear()
        if begun:
            progress.finish()

    async def score(self, answers: Iterable[Answer]) -> list[ScoreRecord]:
        """Score answers that stand beside the history; nothing is kept."""
        records: list[ScoreRecord] = []
        async with self._round():
            for answer in answers:
                for scorer in self._scorers:
                    records += await self._score(scorer, self.version(scorer), answer) or []
        return records

    def judge_of(self, metric: str) -> Judge | None:
        """Return the judge that gives a metric, or None."""
        judges = (scorer for scorer in self._scorers if isinstance(scorer, Judge))
        return next((j for j in judges if metric in {m.name for m in j.metrics}), None)

    async def judged_anew(
        self, judge: Judge, answers: Sequence[Answer], brand: str, metric: str
    ) -> dict[int, float]:
        """Return what a judge says of answers now, by their numbers; nothing of it is kept."""
        if not self._judging:
            return {}
        async with self._judging.anew():
            given = await asyncio.gather(*(self._score(judge, "", one) for one in answers))
        return {
            record.answer_id: record.score.value
            for records in given
            for record in records or []
            if (record.brand, record.score.metric) == (brand, metric)
        }

    async def _keep(self, store: Store, scorer: Scorer, batch: Sequence[Answer]) -> None:
        version = self.version(scorer)
        scored = []
        at_once = JUDGED_AT_ONCE if isinstance(scorer, Judge) else 1
        for start in range(0, len(batch), at_once):
            group = batch[start : start + at_once]
            given = await asyncio.gather(*(self._score(scorer, version, one) for one in group))
            scored += [(answer, records) for answer, records in zip(group, given, strict=True)]
        read = [(answer, records) for answer, records in scored if records is not None]
        if read:
            await store.add_scores(scorer.name, version, read)
        if self._scored:
            for answer, records in read:
                await self._scored(answer, records)

    async def _score(
        self, scorer: Scorer, version: str, answer: Answer
    ) -> list[ScoreRecord] | None:
        """Score an answer for each brand; None when the scorer fails on it."""
        records = []
        for reading in self._readings(answer):
            scores = await self._ask(scorer, reading)
            if scores is None:
                return None
            name = reading.brand.name
            records += [ScoreRecord(answer.id, name, scorer.name, version, s) for s in scores]
        return records

    def _readings(self, answer: Answer) -> list[Reading]:
        """Read an answer for each brand that it concerns, once for all scorers."""
        if answer.id not in self._just_read:
            if len(self._just_read) >= 2 * BATCH:
                self._just_read.clear()
            read = self._reader.read(answer)
            self._just_read[answer.id] = [
                read.reading(brand, rivals, self._facts[brand.name])
                for brand, rivals in self._concerned(answer)
            ]
        return self._just_read[answer.id]

    async def _ask(self, scorer: Scorer, reading: Reading) -> list[Score] | None:
        """Call into a plugin: whatever it raises or returns stays its own fault."""
        limit: asyncio.Timeout | None = None
        try:
            result = scorer.score(reading)
            if not isinstance(result, Iterator | list | tuple) and inspect.isawaitable(result):
                limit = asyncio.timeout(None if isinstance(scorer, Judge) else LONGEST_CALL)
                async with limit:
                    result = await result
            given = list(result)
            fitting = [score for score in given if _fits(score, self.metrics)]
        except (KeyboardInterrupt, asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # even an attempt to exit
            late = f"no result within {LONGEST_CALL:.0f} s" if limit and limit.expired() else ""
            self.faults[f"The scorer {scorer.name} fails on an answer: {late or _kind(error)}"] += 1
            return None
        if len(fitting) < len(given):
            self.faults[f"The scorer {scorer.name} gives values outside its own scales"] += 1
        return fitting

    def _concerned(self, answer: Answer) -> list[tuple[Brand, tuple[Brand, ...]]]:
        """Return the brands that an answer is scored for, each with its rivals."""
        asked_for = answer.question.prompt.brands or self._tracked
        names: dict[str, None] = {}
        for name in asked_for:
            if name in self._markets:
                names[name] = None
                names.update((rival.name, None) for rival in self._markets[name][1])
        return [self._markets[name] for name in names]


async def _in_turn(
    streams: Iterable[tuple[Scorer, AsyncIterator[list[Answer]]]],
) -> AsyncIterator[tuple[Scorer, list[Answer]]]:
    """Yield a batch for each scorer in turn, so that all of them read an answer soon after each
    other.
    """
    left = list(streams)
    while left:
        for scorer, batches in list(left):
            batch = await anext(batches, None)
            if batch is None:
                left.remove((scorer, batches))
            else:
                yield scorer, batch


async def _batches(answers: AsyncIterator[Answer]) -> AsyncIterator[list[Answer]]:
    batch: list[Answer] = []
    async for answer in answers:
        batch.append(answer)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _kind(error: BaseException) -> str:
    """Say what a scorer raised; a foreign error's text may hold a secret, so only its kind."""
    return str(error) if isinstance(error, OverheardError) else type(error).__name__


def _fits(score: object, metrics: dict[str, Metric]) -> bool:
    if not isinstance(score, Score) or not isinstance(score.quote, str):
        return False
    if not isinstance(score.details, tuple) or not all(map(_is_detail, score.details)):
        return False
    if not isinstance(score.metric, str) or score.metric not in metrics:
        return False
    low, high = RANGES[metrics[score.metric].scale]
    return isinstance(score.value, int | float) and low <= score.value <= high


def _is_detail(detail: object) -> bool:
    return isinstance(detail, Detail) and all(isinstance(part, str) for part in astuple(detail))


def _edition(catalogue: Catalogue) -> str:
    read_as = (
        (b.names, sorted(b.competitors), b.tracked, b.rules, b.parent) for b in catalogue.brands
    )
    return _digest(sorted(map(repr, read_as)))


def _digest(parts: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=3).hexdigest()
