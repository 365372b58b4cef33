"""From answers to scores: every scorer reads every complete answer, for each brand it concerns."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence

from overheard.domain import Answer, Brand, Catalogue, Metric, Reading, Scale, Score, ScoreRecord
from overheard.errors import OverheardError
from overheard.interfaces import Progress, Scorer, Store
from overheard.measure.reading import Reader

BATCH = 200
"""Answers whose scores are kept in one transaction."""

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


class Scoring:
    """The scorers of a deployment, and the brands they score.

    Attributes:
        metrics: What is measured, by name.
        faults: What went wrong in a scorer, as sentences, and how often.
    """

    def __init__(self, scorers: Iterable[Scorer], catalogue: Catalogue) -> None:
        self._scorers = tuple(scorers)
        self._markets = {b.name: (b, catalogue.rivals(b.name)) for b in catalogue.brands}
        self._tracked = [brand.name for brand in catalogue.brands if brand.tracked]
        self._reader = Reader(catalogue.brands)
        self._edition = _edition(catalogue)
        self.metrics: dict[str, Metric] = {
            metric.name: metric for scorer in self._scorers for metric in scorer.metrics
        }
        self.faults: Counter[str] = Counter()

    def version(self, scorer: Scorer) -> str:
        """Return a scorer's version together with that of the brands' names.

        An alias or a competitor that is added changes what an answer scores, so history is
        scored anew and never compared with scores under the old names.
        """
        return f"{scorer.version}+{self._edition}"

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
        begun = False
        for scorer in self._scorers:
            async for batch in _batches(store.unscored(scorer.name, self.version(scorer))):
                if not begun:
                    progress.start("Scoring answers", expected * len(self._scorers))
                    begun = True
                await self._keep(store, scorer, batch)
                progress.advance(len(batch))
        if begun:
            progress.finish()

    async def _keep(self, store: Store, scorer: Scorer, batch: Sequence[Answer]) -> None:
        version = self.version(scorer)
        scored = []
        for answer in batch:
            records = await self._score(scorer, version, answer)
            if records is not None:
                scored.append((answer, records))
        if scored:
            await store.add_scores(scorer.name, version, scored)

    async def _score(
        self, scorer: Scorer, version: str, answer: Answer
    ) -> list[ScoreRecord] | None:
        """Score an answer for each brand; None when the scorer fails on it."""
        records = []
        read = self._reader.read(answer)
        for brand, rivals in self._concerned(answer):
            scores = await self._ask(scorer, read.reading(brand, rivals))
            if scores is None:
                return None
            records += [ScoreRecord(answer.id, brand.name, scorer.name, version, s) for s in scores]
        return records

    async def _ask(self, scorer: Scorer, reading: Reading) -> list[Score] | None:
        """Call into a plugin: whatever it raises or returns stays its own fault."""
        limit = asyncio.timeout(LONGEST_CALL)
        try:
            async with limit:
                result = scorer.score(reading)
                given = list(await result if inspect.isawaitable(result) else result)
            metrics = {metric.name: metric for metric in scorer.metrics}
            fitting = [score for score in given if _fits(score, metrics)]
        except (KeyboardInterrupt, asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # even an attempt to exit
            late = f"no result within {LONGEST_CALL:.0f} s" if limit.expired() else ""
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
    if not isinstance(score.metric, str) or score.metric not in metrics:
        return False
    low, high = RANGES[metrics[score.metric].scale]
    return isinstance(score.value, int | float) and low <= score.value <= high


def _edition(catalogue: Catalogue) -> str:
    parts = sorted(repr((b.names, sorted(b.competitors), b.tracked)) for b in catalogue.brands)
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=3).hexdigest()
