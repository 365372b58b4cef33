"""History scored again after a change, next to the scores that are read until it is done.

Whatever changes what an answer scores (a name, a rule, a competitor, a domain, a fact, a scorer's
own version) begins a new edition of the scores. Until history has been scored for it, every command
reads the edition before it, and answers that come in are scored for that one too; then one
transaction switches. What is scored is in the store, so that a process that takes the work up again
does what is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from time import monotonic

from overheard.domain import PENDING, Answer, Edition, EditionState, Question, used_edition
from overheard.interfaces import Clock, Judge, Progress, Scorer, Store
from overheard.scoring.judge import stored_replies_only
from overheard.scoring.scorer_calls import Share, in_turn, waits
from overheard.scoring.service import Read, Scoring

MAX_FOREGROUND_READINGS = 1_000
"""Readings (answer by scorer) up to which a command scores at once, in about a second."""
SLICE_ANSWERS = 20
"""Answers that a scorer reads before the event loop serves other tasks."""
CHECK_INTERVAL_S = 1.0
"""Seconds between two checks whether the edition is still to be scored."""
DUTY = "scores"
"""The name of the lock that keeps two processes from scoring the same edition."""


@dataclass(slots=True)
class Gap:
    """The readings that an edition lacks after everything is scored that can be scored.

    Attributes:
        failed: By scorer, the numbers of the answers that it fails on and another version of it
            has read.
        unpaid: The questions to judges that are not paid for yet, one for each answer.
        judges: Names of the judges that were read by stored replies only.
    """

    failed: dict[str, set[int]] = field(default_factory=dict)
    unpaid: list[Question] = field(default_factory=list)
    judges: set[str] = field(default_factory=set)

    @property
    def note(self) -> str:
        """Why the edition is not used yet, in sentences; empty when it lacks nothing."""
        sentences = []
        for name, answers in sorted(self.failed.items()):
            count = f"{len(answers):,} {'answer' if len(answers) == 1 else 'answers'}"
            sentences.append(
                f"The judge {name} has not read {count} anew, which costs money."
                if name in self.judges
                else f"The scorer {name} fails on {count} that it could read before."
            )
        return " ".join(sentences)


async def scoring_in_use(scoring: Scoring, store: Store) -> Scoring:
    """Return the scorers over the catalogue and versions of the edition in use, which may have
    earlier names and facts; ``scoring`` itself when their versions are the same, or when no edition
    is in use.

    Args:
        scoring: The scorers over the present catalogue.
    """
    edition = used_edition(await store.editions.all())
    if edition is None:
        return scoring
    before = scoring.for_catalogue(edition.catalogue, edition.versions)
    return scoring if before.versions == scoring.versions else before


async def carry_scores_over(store: Store, before: Collection[str], after: Collection[str]) -> int:
    """Store the scores of answers whose text was removed under the new versions as well, because
    these answers cannot be scored again.

    A scorer whose version is the same in both, or that has none in ``before``, carries nothing
    over.

    Args:
        before: The versions in use until now, as `Block.version`.
        after: The versions to be used.

    Returns:
        The number of readings (answer by scorer) that were carried over.
    """
    old_versions = dict(version.split("@", 1) for version in before)
    carried = 0
    for name, version in (version.split("@", 1) for version in sorted(after)):
        old_version = old_versions.get(name, version)
        if old_version != version:
            carried += await store.retention.carry_scores(name, old_version, version)
    return carried


class Rescoring:
    """Scores history again for the present catalogue and scorers.

    Args:
        store: The store of answers, scores and editions.
        scoring: The scorers over the present catalogue.
        clock: The source of the current time.
    """

    def __init__(self, store: Store, scoring: Scoring, clock: Clock) -> None:
        self._store = store
        self._scoring = scoring
        self._clock = clock
        self._checked_at = 0.0

    async def update_scores(self, progress: Progress, expected: int = 0) -> Scoring:
        """Score new answers, and history again if the catalogue or a scorer has changed and little
        is left; return the scorers whose scores are in use then.

        New answers are scored for the edition in use, at the judges' cost. History is scored for
        the new edition when at most `MAX_FOREGROUND_READINGS` readings are left, no judge would
        have to be paid for them, and no other process does it. The new edition is then in use.

        Args:
            progress: Shows the number of scored answers.
            expected: The number of answers to expect, or 0 if unknown.
        """
        in_use = await scoring_in_use(self._scoring, self._store)
        await in_use.catch_up(self._store, progress, expected)
        edition = await self.open_edition()
        if edition is None or edition.state is not EditionState.SCORING:
            return in_use
        if await self.count_readings_left() > MAX_FOREGROUND_READINGS:
            return in_use
        async with self._store.locks.leader_lock(DUTY) as is_locked:
            if is_locked and await self.score_history(edition, progress):
                return self._scoring
        return in_use

    async def open_edition(self) -> Edition | None:
        """Return the edition of the present catalogue and scorers if it is not in use yet; None
        when it is.

        A missing edition is added to the store. The first edition of a store is in use at once.
        When the edition in use fits again, because a change was taken back, editions that were
        pending become KEPT. A stored edition of the present versions in another state than KEPT is
        returned as it is, also a cancelled one.
        """
        editions = await self._store.editions.all()
        used = used_edition(editions)
        scoring = self._scoring
        if used is None:
            await self._add_edition(EditionState.USED)
            return None
        if scoring.for_catalogue(used.catalogue, used.versions).versions == scoring.versions:
            for edition in editions:
                if edition.state in PENDING:
                    await self._store.editions.set_state(edition.id, EditionState.KEPT)
            return None
        for edition in editions:
            if edition.versions == scoring.versions and edition.state is not EditionState.KEPT:
                return edition
        return await self._add_edition(EditionState.SCORING)

    async def count_readings_left(self) -> int:
        """Return the number of readings (answer by scorer) that history still needs; approximate,
        because answers that a scorer fails on count as well.
        """
        scorable = await self._store.scores.count_scorable()
        left = 0
        for scorer in self._scoring.scorers:
            version = self._scoring.version(scorer)
            left += max(0, scorable - await self._store.scores.count_read(scorer.name, version))
        return left

    async def score_without_cost(self) -> Gap:
        """Score all of history that costs nothing, store the scores, and return what is lacking
        then. The edition in use stays the same.
        """
        return await self._score_all() or Gap()

    async def score_history(
        self, edition: Edition, progress: Progress, *, gently: bool = False, paying: bool = False
    ) -> bool:
        """Score history for an edition, the newest answers first, and use the edition if it lacks
        nothing.

        Scores of answers whose text was removed are carried over to the edition. If it lacks
        something, it becomes READY, with a note on what.

        Args:
            edition: The edition, as `open_edition` returned it.
            progress: Shows the number of readings.
            gently: Whether to rest after each share of answers as long as the share took, so that
                others are not delayed.
            paying: Whether judges may ask about history, at their own cost.

        Returns:
            Whether the edition is in use now. If not, it waits for a confirmation, with a note
            on why, or is not wanted any more.
        """
        progress.start("Scoring history anew", await self.count_readings_left())
        try:
            gap = await self._score_all(progress, wanted=edition, gently=gently, paying=paying)
        finally:
            progress.finish()
        if gap is None:
            return False
        state = EditionState.READY if gap.note else EditionState.USED
        note = f"{gap.note} {await self._carry_over()}".strip()
        await self._store.editions.set_state(edition.id, state, note)
        return state is EditionState.USED

    async def _carry_over(self) -> str:
        """Carry over the scores of answers whose text is gone; return a sentence that says so, or
        an empty string when there are none.
        """
        used = used_edition(await self._store.editions.all())
        if used and await carry_scores_over(self._store, used.versions, self._scoring.versions):
            return "Answers whose text is gone keep the scores that they had."
        return ""

    async def _score_all(
        self,
        progress: Progress | None = None,
        *,
        wanted: Edition | None = None,
        gently: bool = False,
        paying: bool = False,
    ) -> Gap | None:
        """Score history and store the scores, until nothing is left that can be scored.

        It begins again while there are answers that it has not tried, because they came in
        meanwhile.

        Args:
            progress: Advanced with each reading (answer by scorer); None for no display.
            wanted: The edition whose state is watched; None to go on in any case.
            gently: Whether to rest after each share of answers as long as the share took.
            paying: Whether judges may ask, at their own cost.

        Returns:
            What is lacking; None when the edition is not wanted any more.
        """
        while True:
            gap, tried = Gap(), set[tuple[str, int]]()
            async with self._scoring.round() if paying else nullcontext():
                async for scorer, batch in self._answer_shares():
                    began = monotonic()
                    read = await self._read_share(scorer, batch, gap, paying=paying)
                    await self._store.scores.add(scorer.name, self._scoring.version(scorer), read)
                    tried |= {(scorer.name, answer.id) for answer in batch}
                    if progress:
                        progress.advance(len(batch))
                    if wanted and not await self._is_wanted(wanted):
                        return None
                    if gently:
                        await asyncio.sleep(monotonic() - began)
            gap.failed = await self._answers_read_before()
            left = {(name, number) for name, rest in gap.failed.items() for number in rest}
            if left <= tried:
                return gap

    async def _answers_read_before(self) -> dict[str, set[int]]:
        """Return by scorer the numbers of the answers that another version of the scorer has read
        and this version has not; scorers without such answers are left out.
        """
        answers_left = {
            scorer.name: {number async for number in self._unscored(scorer, seen=True)}
            for scorer in self._scoring.scorers
        }
        return {name: answers for name, answers in answers_left.items() if answers}

    async def _answer_shares(self) -> AsyncIterator[Share]:
        """Yield scorers with `SLICE_ANSWERS` unscored answers at most, each scorer in turn and the
        newest answers first.

        Judges get only answers that another version of them has read; other answers are judged once
        the edition is in use.
        """
        streams = [
            (scorer, self._unscored(scorer, seen=isinstance(scorer, Judge) or None))
            for scorer in self._scoring.scorers
        ]
        async for shares in in_turn(self._store, streams, SLICE_ANSWERS):
            for share in shares:
                yield share

    def _unscored(self, scorer: Scorer, *, seen: bool | None) -> AsyncIterator[int]:
        version = self._scoring.version(scorer)
        return self._store.scores.unscored(scorer.name, version, seen=seen, newest=True)

    async def _read_share(
        self, scorer: Scorer, batch: Sequence[Answer], gap: Gap, *, paying: bool
    ) -> Read:
        """Return the scores that a scorer gives to some answers, each with its answer; answers on
        which the scorer fails are left out.

        A scorer that would hold up the event loop reads in a thread. A judge that may not pay
        (``paying``) reads with stored replies only, and its unpaid questions are added to ``gap``.
        """
        if isinstance(scorer, Judge) and not paying:
            return await self._judge_from_stored_replies(scorer, batch, gap)
        reading = partial(self._scoring.read, (scorer, batch))
        if waits(scorer):
            [read] = await reading()
        else:
            [read] = await asyncio.to_thread(lambda: asyncio.run(reading()))
        return read

    async def _judge_from_stored_replies(
        self, judge: Judge, batch: Sequence[Answer], gap: Gap
    ) -> Read:
        """Return the scores that a judge gives to answers by its stored replies; its model is not
        called, and nothing is paid. Questions without a stored reply are added to ``gap.unpaid``,
        and the judge's name to ``gap.judges``.
        """
        gap.judges.add(judge.name)
        with stored_replies_only() as unpaid:
            async with self._scoring.round():
                [read] = await self._scoring.read((judge, batch))
        gap.unpaid += unpaid
        return read

    async def _is_wanted(self, edition: Edition) -> bool:
        """Return whether the edition is still to be scored: its state in the store is pending, and
        the stored brands and facts are those that are scored.

        The store is read every `CHECK_INTERVAL_S` seconds; in between the edition counts as wanted.
        """
        if monotonic() - self._checked_at < CHECK_INTERVAL_S:
            return True
        self._checked_at = monotonic()
        editions = await self._store.editions.all()
        catalogue = await self._store.catalogue.current()
        stored = next((other for other in editions if other.id == edition.id), edition)
        scored = self._scoring.catalogue
        is_same = (catalogue.brands, catalogue.facts) == (scored.brands, scored.facts)
        return is_same and stored.state in PENDING

    async def _add_edition(self, state: EditionState) -> Edition:
        """Store an edition of the present catalogue and scorers in a state, and return it with its
        id.
        """
        scoring = self._scoring
        edition = Edition(scoring.versions, scoring.catalogue, self._clock.now(), state)
        return await self._store.editions.add(edition)
