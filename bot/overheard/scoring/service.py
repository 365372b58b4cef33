"""From answers to scores: every scorer reads every complete answer, for each brand it concerns."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from copy import copy
from itertools import chain
from time import monotonic
from typing import TypeVar

from overheard.config.secrets import safe_str
from overheard.domain import Answer, Catalogue, Fact, Finish, Metric, Reading, Run, ScoreRecord
from overheard.interfaces import Judge, Progress, Scorer, SecondReader, Store
from overheard.plugins import IsolatedScorer
from overheard.reading.reader import Market, Reader
from overheard.scoring import scorer_calls
from overheard.scoring.judge import Judging
from overheard.telemetry import traced

BATCH = 500
"""Answers whose scores are stored in one transaction."""
MAX_KEPT_TEXTS = 2 * BATCH
"""Parsed answers that are kept for the next scorer."""

MAX_TURN_S = 0.005
"""Seconds of reading after which the event loop serves other tasks; a switch costs as much as a
scorer takes for a short answer.
"""

READ_TOGETHER = 8
"""Answers that are parsed, and then read by one scorer, before the next scorer reads them: what it
reads by stays in the processor's cache, which saves a sixth of the time.
"""

CONCURRENT_JUDGED_ANSWERS = 8
"""Answers that a judge reads at a time; how many calls that may be, the limits say."""

MESSAGE_ANSWERS = 32
"""Answers that the process of third-party scorers is sent at a time."""

READ_AGAIN_S = 120.0
"""Seconds that an alert waits for answers to be read again."""

Result = TypeVar("Result")
log = logging.getLogger("overheard")

Streams = Sequence[tuple[Scorer, AsyncIterator[int]]]
"""The numbers of what each scorer has yet to read."""

Read = list[tuple[Answer, list[ScoreRecord]]]
"""Answers with what a scorer says of them."""

Scored = Callable[[Answer, Sequence[ScoreRecord]], Awaitable[None]]
"""Called for each answer that a scorer has read, once its scores are stored."""


class _ReadingProgress:
    """Shows readings (answer by scorer) as progress in answers, each of which every scorer
    reads.
    """

    def __init__(self, progress: Progress, scorers: int) -> None:
        self._progress = progress
        self._scorers = scorers
        self._done = 0

    def count(self, readings: int) -> None:
        """Add readings; advance the display by the whole answers that they complete."""
        before, self._done = self._done, self._done + readings
        if steps := self._done // self._scorers - before // self._scorers:
            self._progress.advance(steps)


class Scoring:
    """The scorers of a deployment, and the brands that they score.

    Args:
        catalogue: The brands and facts.
        judging: Lets judges ask; None leaves judges out.
        scored: Called for each scored answer once its scores are stored; None for no call.
        versions: The versions whose scores are read, if they are older than the scorers and
            brands that are given; None means the present versions. Scorers without such a version
            give no scores.

    Attributes:
        scorers: The scorers that can be asked.
        catalogue: The brands and facts.
        second_reader: Reads a share of the answers a second time; None without one.
        metrics: The metrics of these scorers, by name.
        versions: The versions whose scores are read, such as ``visibility@1.2+a1b2c3``.
        finding_versions: Those whose findings count: `versions`, and that of the second reader.
        faults: Sentences on faults of scorers, and their counts.
    """

    def __init__(
        self,
        scorers: Iterable[Scorer],
        catalogue: Catalogue,
        judging: Judging | None = None,
        scored: Scored | None = None,
        versions: Collection[str] | None = None,
    ) -> None:
        """Prepare the markets and the reader for the catalogue, and the versions of the scorers.
        Judges are dropped without ``judging``.
        """
        self._scored = scored
        self.catalogue = catalogue
        self.scorers = tuple(s for s in scorers if judging or not isinstance(s, Judge))
        self._judging = judging
        self._markets = _markets(catalogue)
        self._tracked = [brand.name for brand in catalogue.brands if brand.tracked]
        self._reader = Reader(catalogue.brands)
        self._markets_asked_for: dict[tuple[str, ...], list[Market]] = {}
        self._edition = scorer_calls.edition(catalogue)
        self._with_facts = scorer_calls.short_hash(
            [self._edition, *sorted(map(repr, catalogue.facts))]
        )
        self.second_reader = next((s for s in self.scorers if isinstance(s, SecondReader)), None)
        self.metrics: dict[str, Metric] = {
            metric.name: metric for scorer in self.scorers for metric in scorer.metrics
        }
        self._choose(versions)
        self.faults: Counter[str] = Counter()
        self._just_read: dict[int, list[Reading]] = {}

    def for_catalogue(
        self, catalogue: Catalogue, versions: Collection[str] | None = None
    ) -> Scoring:
        """Return these scorers over another catalogue, without counted faults; ``versions`` as in
        the class.
        """
        mine = self.catalogue
        if (catalogue.brands, catalogue.facts) != (mine.brands, mine.facts):
            return Scoring(self.scorers, catalogue, self._judging, self._scored, versions)
        same = self.fresh()  # with the markets and the reader, which take long to prepare
        same.catalogue = catalogue
        same._choose(versions)
        return same

    def fresh(self) -> Scoring:
        """Return a copy without counted faults."""
        same = copy(self)
        same.faults, same._just_read = Counter(), {}
        return same

    def version(self, scorer: Scorer) -> str:
        """Return a scorer's own version with a hash of what decides how answers are read, such as
        ``1.2+a1b2c3``: the names, competitors, rules and domains of the brands and, for a scorer
        that reads facts, the facts as well.

        A change of any of these changes what an answer scores, so history is scored again under the
        new version and never compared with scores of the old version.
        """
        reads_facts = getattr(scorer, "reads_facts", False) is True
        return f"{scorer.version}+{self._with_facts if reads_facts else self._edition}"

    def _choose(self, versions: Collection[str] | None) -> None:
        """Choose the versions whose scores are read; None means the present versions of all scorers
        but the second reader. Of given versions, those of other scorers are left out.
        """
        measuring = [scorer for scorer in self.scorers if not _only_reads(scorer)]
        if versions is None:
            self.versions = frozenset(f"{s.name}@{self.version(s)}" for s in measuring)
        else:
            names = {scorer.name for scorer in measuring}
            self.versions = frozenset(v for v in versions if v.partition("@")[0] in names)
        others = filter(_only_reads, self.scorers)
        self.finding_versions = self.versions.union(f"{s.name}@{self.version(s)}" for s in others)

    @traced("score")
    async def catch_up(
        self,
        store: Store,
        progress: Progress,
        expected: int = 0,
        *,
        part: Run | None = None,
        judges: bool | None = None,
    ) -> None:
        """Score all complete answers that have not been scored, and store their scores.

        Only scorers whose present version is the version that is read take part; they count their
        faults in `faults`. A judge asks at its own cost. It reads the newest answers first, because
        alerts rest on them, and no answer that another version of the judge has read: judging
        history again would cost money.

        Args:
            progress: Shows the number of scored answers, once there is an answer to score.
            expected: The number of answers to expect, or 0 if unknown.
            part: A run whose panel says which of its answers are scored; None for all answers.
            judges: True for judges only, False for all other scorers, None for both.
        """
        streams = []
        for scorer in self.scorers:
            version, judged = self.version(scorer), isinstance(scorer, Judge)
            if f"{scorer.name}@{version}" in self.finding_versions and judges in (None, judged):
                unscored = store.scores.unscored(
                    scorer.name, version, seen=False if judged else None, newest=judged, part=part
                )
                streams.append((scorer, unscored))
        async with self.round():
            await self._catch_up(store, progress, expected, streams)

    def round(self) -> AbstractAsyncContextManager[None]:
        """Return a context in whose block judges may ask, at their own cost; one that does nothing
        without judges.
        """
        return self._judging.round() if self._judging else nullcontext()

    async def _catch_up(
        self, store: Store, progress: Progress, expected: int, streams: Streams
    ) -> None:
        """Score the answers of some streams in batches of `BATCH` until no answer is left; store
        the scores and show the progress. Without an answer no progress is shown.

        Within a batch, scorers that wait for something read concurrently with the others.
        """
        is_shown, readings = False, _ReadingProgress(progress, len(streams))
        async for shares in scorer_calls.in_turn(store, streams, BATCH):
            if not is_shown:
                in_first_batch = max(len(batch) for _, batch in shares)
                progress.start("Scoring answers", max(expected, in_first_batch))
                is_shown = True
            # Each that waits is a group of its own: none waits for a slow one.
            groups = [[share for share in shares if not scorer_calls.waits(share[0])]]
            groups += [[share] for share in shares if scorer_calls.waits(share[0])]
            await scorer_calls.concurrently(
                self._store_scores(store, group, readings) for group in groups if group
            )
            self._just_read.clear()
        if is_shown:
            progress.finish()

    async def score(self, answers: Iterable[Answer], *, judged: bool = True) -> list[ScoreRecord]:
        """Return the scores that all scorers give to answers outside the history, in the order of
        the answers; no score is stored. Judges ask at their own cost, or not at all if not
        `judged`. A scorer that fails on an answer gives it no scores, and the fault is counted in
        `faults`.
        """
        records: list[ScoreRecord] = []
        async with self.round():
            for answer in answers:
                readings = self._readings(answer)
                for scorer in self.scorers:
                    if judged or not isinstance(scorer, Judge):
                        version = self.version(scorer)
                        records += await self._scores_of_answer(scorer, version, readings) or []
        return records

    async def read_again(
        self, ask: Callable[[Reading], Awaitable[Result]], answers: Sequence[Answer], brand: str
    ) -> list[Result | None]:
        """Return what the second reader says of answers, each read for a brand, at its own cost; no
        score is stored. None where it fails or takes longer than `READ_AGAIN_S`: an alert neither
        waits for it nor is lost by it.

        Args:
            ask: Asks it about a reading.
        """

        async def read(answer: Answer) -> Result | None:
            for reading in self._readings(answer):
                if reading.brand.name == brand:
                    try:
                        async with asyncio.timeout(READ_AGAIN_S):
                            return await ask(reading)
                    except Exception as error:  # of any kind
                        log.warning("An answer could not be read again: %s", safe_str(error))
            return None

        if not self._judging:
            return [None] * len(answers)
        async with self._judging.round():
            return await asyncio.gather(*map(read, answers))

    async def _store_scores(
        self, store: Store, shares: Sequence[scorer_calls.Share], readings: _ReadingProgress
    ) -> None:
        """Let scorers read their shares of answers, store the scores, and count the readings, also
        failed ones, as progress.

        The callback ``scored`` of this object, if any, is called for each answer of each scorer
        once its scores are stored. The shares are as for `read`.
        """
        versions = [self.version(scorer) for scorer, _ in shares]
        found = zip(shares, versions, await self.read(*shares), strict=True)
        for (scorer, _), version, read in found:
            if read:
                await store.scores.add(scorer.name, version, read)
            if self._scored:
                for answer, records in read:
                    await self._scored(answer, records)
        readings.count(sum(len(batch) for _, batch in shares))

    async def read(self, *shares: scorer_calls.Share) -> list[Read]:
        """Return the scores of each scorer for its share of answers, in the order of the shares; no
        score is stored.

        Judges ask at their own cost. Scorers that do not wait let other tasks of the event loop go
        on every `MAX_TURN_S`. Faults are counted in `faults`.

        Args:
            shares: At least one scorer with its answers; either judges only, or a third party's
                scorer alone, or other scorers.

        Returns:
            For each share the answers with their scores. Answers on which the scorer fails are
            left out.
        """
        first, batch = shares[0]
        if isinstance(first, Judge):
            return [await self._judge_batch(judge, batch) for judge, batch in shares]
        if isinstance(first, IsolatedScorer):
            return [await self._score_isolated(first, batch)]
        results: list[Read] = [[] for _ in shares]
        versions = [self.version(scorer) for scorer, _ in shares]
        turn_began = monotonic()

        async def end_turn() -> None:
            nonlocal turn_began
            if monotonic() - turn_began > MAX_TURN_S:
                await asyncio.sleep(0)
                turn_began = monotonic()

        for start in range(0, max(len(batch) for _, batch in shares), READ_TOGETHER):
            parts = [batch[start : start + READ_TOGETHER] for _, batch in shares]
            for answer in chain.from_iterable(parts):
                self._readings(answer)
                await end_turn()
            for index, part in enumerate(parts):
                for answer in part:
                    scorer, readings = shares[index][0], self._readings(answer)
                    records = await self._scores_of_answer(scorer, versions[index], readings)
                    if records is not None:
                        results[index].append((answer, records))
                    await end_turn()
        return results

    async def _judge_batch(self, judge: Scorer, batch: Sequence[Answer]) -> Read:
        """Return answers with the scores that a judge gives at its own cost, in the order of the
        answers; `CONCURRENT_JUDGED_ANSWERS` are judged at a time. Answers on which the judge fails
        are left out.
        """
        version = self.version(judge)
        judged: Read = []
        for start in range(0, len(batch), CONCURRENT_JUDGED_ANSWERS):
            group = batch[start : start + CONCURRENT_JUDGED_ANSWERS]
            results = await asyncio.gather(
                *(
                    self._scores_of_answer(judge, version, self._readings(answer))
                    for answer in group
                )
            )
            pairs = zip(group, results, strict=True)
            judged += [(answer, records) for answer, records in pairs if records is not None]
        return judged

    async def _score_isolated(self, scorer: IsolatedScorer, batch: Sequence[Answer]) -> Read:
        """Return answers with the scores that a third party's scorer gives, in the order of the
        answers; its process is sent `MESSAGE_ANSWERS` at a time. Answers on which the scorer fails
        are left out.
        """
        version = self.version(scorer)
        scored: Read = []
        for start in range(0, len(batch), MESSAGE_ANSWERS):
            group = batch[start : start + MESSAGE_ANSWERS]
            readings = [self._readings(answer) for answer in group]
            readings = [each if _reads(scorer, each) else [] for each in readings]
            results = await scorer_calls.asked_together(
                scorer, version, readings, self.metrics, self.faults
            )
            pairs = zip(group, results, strict=True)
            scored += [(answer, records) for answer, records in pairs if records is not None]
        return scored

    async def _scores_of_answer(
        self, scorer: Scorer, version: str, readings: Sequence[Reading]
    ) -> list[ScoreRecord] | None:
        """Return the scores that a scorer gives to an answer, by its readings for each brand; None
        when the scorer fails on the answer, which is counted as a fault.
        """
        if not _reads(scorer, readings):
            return []
        return await scorer_calls.ask_scorer(scorer, version, readings, self.metrics, self.faults)

    def _readings(self, answer: Answer) -> list[Reading]:
        """Return the reading of an answer for each brand that the answer is scored for.

        Those of stored answers are kept, so that several scorers share them. When `MAX_KEPT_TEXTS`
        texts are kept, all of them are dropped before another is parsed.
        """
        if not answer.id or answer.id not in self._just_read:
            if len(self._just_read) >= MAX_KEPT_TEXTS:
                self._just_read.clear()
            markets = self._markets_for(answer.question.prompt.brands)
            self._just_read[answer.id] = list(map(self._reader.read(answer).within, markets))
        return self._just_read[answer.id]

    def _markets_for(self, asked_for: tuple[str, ...]) -> list[Market]:
        """Return the markets (a brand with competitors and facts) of the brands that an answer is
        scored for: the brands that its prompt is asked for, each followed by its competitors.

        Each brand is there once; brands that the catalogue does not have are left out. The result
        is kept for the next answer.
        """
        if asked_for not in self._markets_asked_for:
            names: list[str] = []
            for name in asked_for or self._tracked:
                if market := self._markets.get(name):
                    names += [name, *(rival.name for rival in market.competitors)]
            unique_names = dict.fromkeys(names)
            self._markets_asked_for[asked_for] = [self._markets[name] for name in unique_names]
        return self._markets_asked_for[asked_for]


def _only_reads(scorer: Scorer) -> bool:
    return isinstance(scorer, Judge) and not scorer.metrics


def _reads(scorer: Scorer, readings: Sequence[Reading]) -> bool:
    """Return whether a scorer reads an answer, by its readings: without a text only if it says."""
    is_none = bool(readings) and readings[0].answer.reply.finish is Finish.NONE
    return not is_none or getattr(scorer, "reads_none", False) is True


def _markets(catalogue: Catalogue) -> dict[str, Market]:
    """Return the market of each brand of a catalogue by the brand's name: the brand, its rivals and
    its facts, with the facts of all.
    """
    facts: dict[str, list[Fact]] = {}
    for fact in catalogue.facts:
        facts.setdefault(fact.brand, []).append(fact)
    return {
        brand.name: Market(
            brand,
            catalogue.rivals(brand.name),
            tuple(facts.get(brand.name, ())),
            tuple(catalogue.facts),
        )
        for brand in catalogue.brands
    }
