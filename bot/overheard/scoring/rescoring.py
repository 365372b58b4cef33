"""History scored again after a change, next to the scores in use; and what that changes."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import partial
from math import ceil, inf
from time import monotonic

from overheard.cards import wording
from overheard.domain import PENDING, Answer, Block, Brand, Catalogue, Edition, EditionState, Metric
from overheard.interfaces import Clock, Judge, Progress, Scorer, Store
from overheard.scoring.judge import stored_replies_only
from overheard.scoring.scorer_calls import Share, in_turn, waits
from overheard.scoring.service import Read, Scoring

WINDOW = timedelta(days=90)
"""The age of the answers that a preview scores."""


_NAMES = {
    "aliases": "other names",
    "domains": "domains",
    "competitors": "competitors",
    "tracked": "whether it is tracked",
    "rules": "rules for its names",
    "parent": "parent brand",
}


@dataclass(frozen=True, slots=True)
class Move:
    """The mean of a brand's metric in two editions, over the answers that both editions have
    scored.

    Attributes:
        brand: The brand's name.
        before: The mean in the first edition; None without scores.
        after: The mean in the second edition; None without scores.
    """

    brand: str
    metric: Metric
    before: float | None
    after: float | None


def moves(
    blocks: Sequence[Block],
    before: Collection[str],
    after: Collection[str],
    brands: Sequence[str],
    metrics: Iterable[Metric],
) -> list[Move]:
    """Return the mean of each metric of each brand in two editions; a metric of a brand without
    scores in both editions is left out.

    Of the first edition only the blocks count whose run, prompt and model the second edition has
    scored, so that a second edition that is half scored shows its final values. The means say
    nothing of chance: the answers are the same.

    Args:
        blocks: The blocks of both editions.
        before: The versions of the first edition, as `Block.version`.
        after: The versions of the second edition.
        brands: Names of brands; the result has their order.
        metrics: The metrics, in the order of the result within a brand.
    """
    new_blocks = [block for block in blocks if block.version in after]
    scored_anew = {(block.run_id, block.prompt, block.model) for block in new_blocks}
    old_blocks = [
        block
        for block in blocks
        if block.version in before and (block.run_id, block.prompt, block.model) in scored_anew
    ]
    result = []
    for brand in brands:
        for metric in metrics:
            old_mean = _mean_score(old_blocks, brand, metric)
            new_mean = _mean_score(new_blocks, brand, metric)
            if old_mean is not None or new_mean is not None:
                result.append(Move(brand, metric, old_mean, new_mean))
    return result


def changes(before: Edition, after: Edition) -> list[str]:
    """Return what differs between two editions, in clauses without a full stop such as ``Acme is
    new``: first the brands, then the facts, then the scorers. Empty when nothing differs.
    """
    old, new = (
        {replace(fact, as_of=None, source="") for fact in edition.catalogue.facts}
        for edition in (before, after)
    )
    changed_facts = sorted({(fact.brand, fact.field) for fact in old ^ new})
    return [
        *_brand_changes(before.catalogue, after.catalogue),
        *(f"the fact “{field}” of {brand}" for brand, field in changed_facts),
        *_scorer_changes(before.versions, after.versions),
    ]


def _mean_score(blocks: Iterable[Block], brand: str, metric: Metric) -> float | None:
    """Return the mean score of a metric for a brand over blocks; None without scores."""
    own_blocks = [block for block in blocks if (block.brand, block.metric) == (brand, metric.name)]
    count = sum(block.n for block in own_blocks)
    return sum(block.total for block in own_blocks) / count if count else None


def _brand_changes(before: Catalogue, after: Catalogue) -> Iterator[str]:
    """Yield a clause for each brand that differs: first the new ones (``Acme is new``), then those
    that are gone, then those with changed fields of `_NAMES` (``Acme: domains, other names``).
    """
    old = {brand.name: brand for brand in before.brands}
    new = {brand.name: brand for brand in after.brands}
    yield from (f"{name} is new" for name in new if name not in old)
    yield from (f"{name} is gone" for name in old if name not in new)
    for name, brand in new.items():
        changed = [
            _NAMES[field.name]
            for field in fields(Brand)
            if field.name in _NAMES
            and name in old
            and getattr(old[name], field.name) != getattr(brand, field.name)
        ]
        if changed:
            yield f"{name}: {', '.join(changed)}"


def _scorer_changes(before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    """Yield a clause for each scorer, sorted, that is new, gone or has another version of its own.

    Versions are written like ``visibility@1.2+a1b2c3``; what follows the plus sign is the
    catalogue's and is ignored.
    """
    old, new = (
        {version.partition("@")[0]: version.rpartition("+")[0] for version in versions}
        for versions in (before, after)
    )
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield f"the scorer {name}"


SLICE_S = 1.0
"""Seconds for which a command that reads scores scores history."""
CHECK_SLICE_S = 20.0
"""Seconds for which a check scores history: it has just waited longer for its answers."""
SLICE_ANSWERS = 20
"""Answers that a scorer reads before the event loop serves other tasks."""
CHECK_INTERVAL_S = 1.0
"""Seconds between two checks whether the edition is still to be scored."""
DUTY = "scores"
"""The name of the lock that keeps two processes from scoring the same edition."""


def pending_edition(editions: Sequence[Edition]) -> Edition | None:
    """Return the edition that is to be used next, of some editions in any order; None without
    any.
    """
    return next((edition for edition in editions if edition.state in PENDING), None)


def used_edition(editions: Sequence[Edition]) -> Edition | None:
    """Return the edition in use, of some editions in any order; None before anything was scored."""
    return next((edition for edition in editions if edition.state is EditionState.USED), None)


async def scoring_in_use(scoring: Scoring, store: Store) -> Scoring:
    """Return the scorers over the catalogue and versions of the edition in use, which may have
    earlier names and facts; ``scoring`` itself when their versions are the same, or when no edition
    is in use.
    """
    edition = used_edition(await store.editions.all())
    if edition is None:
        return scoring
    before = scoring.for_catalogue(edition.catalogue, edition.versions)
    return scoring if before.versions == scoring.versions else before


async def carry_scores_over(store: Store, before: Collection[str], after: Collection[str]) -> int:
    """Store the scores of answers that the new versions have not read under these as well.

    These answers cannot be scored again for free: their text was removed, their scorer fails on
    them now, or a judge would have to be paid. A scorer whose version is the same in both, or that
    has none in ``before``, carries nothing over.

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


@dataclass(slots=True)
class _Slice:
    """The work of one call on an edition.

    Attributes:
        began: When it began, by `monotonic`.
        seconds: For how long it may take; infinite without a limit.
        left: The readings (answer by scorer) that were left at its beginning.
        done: The readings that it has made.
    """

    edition: Edition
    began: float
    seconds: float
    left: int
    done: int = 0

    def is_over(self, now: float) -> bool:
        """Return whether its time is over."""
        return now - self.began >= self.seconds

    def rest(self, now: float) -> str:
        """Return how long the readings that are left will take at its pace, as the end of a
        sentence: ``about 3 more checks``, or without a limit of time ``about 4 minutes``. Empty as
        long as its pace is not known.
        """
        if not self.done:
            return ""
        rest_s = max(self.left - self.done, 0) * (now - self.began) / self.done
        if self.seconds < inf:
            return f"about {wording.count(max(1, ceil(rest_s / CHECK_SLICE_S)), 'more check')}"
        return f"about {wording.count(max(1, ceil(rest_s / 60)), 'minute')}"


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

    async def update_scores(
        self, progress: Progress, expected: int = 0, *, slice_s: float | None = None
    ) -> Scoring:
        """Score new answers, and a slice of history if the catalogue or a scorer has changed;
        return the scorers whose scores are in use then.

        New answers are scored for the edition in use, at the judges' cost. History is scored for
        the new edition unless another process does it. When nothing is left, the new edition is in
        use.

        Args:
            progress: Shows the number of scored answers.
            expected: The number of answers to expect, or 0 if unknown.
            slice_s: Seconds for which history is scored; None means `SLICE_S`.
        """
        in_use = await scoring_in_use(self._scoring, self._store)
        await in_use.catch_up(self._store, progress, expected)
        edition = await self.open_edition()
        if edition is None:
            return in_use
        seconds = SLICE_S if slice_s is None else slice_s
        async with self._store.locks.leader_lock(DUTY) as is_locked:
            if is_locked and await self.score_history(edition, progress, seconds=seconds):
                return self._scoring
        return in_use

    async def open_edition(self) -> Edition | None:
        """Return the edition of the present catalogue and scorers if it is not in use yet; None
        when it is.

        A missing edition is added to the store. The first edition of a store is in use at once.
        When the edition in use fits again, because a change was taken back, editions that were
        pending become KEPT.
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
            if edition.versions == scoring.versions and edition.state is EditionState.SCORING:
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

    async def score_history(
        self, edition: Edition, progress: Progress, *, seconds: float = inf, gently: bool = False
    ) -> bool:
        """Score history for an edition, the newest answers first, and use the edition when all is
        scored that can be scored for free. Answers that cannot keep the scores that they had.

        Otherwise the edition's note says how long the rest will take.

        Args:
            edition: The edition, as `open_edition` returned it.
            progress: Shows the number of readings.
            seconds: For how long history is scored at most; infinite without a limit.
            gently: Whether to rest after each share of answers as long as the share took, so that
                others are not delayed.

        Returns:
            Whether the edition is in use now. If not, something is left, or it is not wanted any
            more.
        """
        work = _Slice(edition, monotonic(), seconds, await self.count_readings_left())
        progress.start("Scoring history anew", work.left)
        try:
            is_complete = await self._score_all(progress, work, gently=gently)
        finally:
            progress.finish()
        if not is_complete:
            return False
        note = await self._carry_over()
        await self._store.editions.set_state(edition.id, EditionState.USED, note)
        return True

    async def _carry_over(self) -> str:
        """Carry over the scores of answers that cannot be read again; return a sentence that says
        so, or an empty string when there are none.
        """
        used = used_edition(await self._store.editions.all())
        carried = used and await carry_scores_over(
            self._store, used.versions, self._scoring.versions
        )
        if not carried:
            return ""
        return (
            f"{wording.count(carried, 'reading')} of answers could not be made again (their text "
            "is gone, a scorer fails on them, or a judge would have to be paid): they keep the "
            "scores that they had."
        )

    async def _score_all(self, progress: Progress, work: _Slice, *, gently: bool) -> bool:
        """Score history and store the scores, until nothing is left that can be scored for free;
        return whether that is so, and False when the time is over or the edition is not wanted any
        more.

        It begins again while there are answers that it has not tried, because they came in
        meanwhile.
        """
        while True:
            tried = set[tuple[str, int]]()
            async for scorer, batch in self._answer_shares():
                began = monotonic()
                if work.is_over(began):
                    await self._note_rest(work)
                    return False
                read = await self._read_share(scorer, batch)
                await self._store.scores.add(scorer.name, self._scoring.version(scorer), read)
                tried |= {(scorer.name, answer.id) for answer in batch}
                work.done += len(batch)
                progress.advance(len(batch))
                if not await self._is_wanted(work):
                    return False
                if gently:
                    await asyncio.sleep(monotonic() - began)
            rest = await self._answers_read_before()
            if {(name, number) for name, numbers in rest.items() for number in numbers} <= tried:
                return True

    async def _note_rest(self, work: _Slice) -> None:
        """Store in the edition's note how long the rest of history will take."""
        note = work.rest(monotonic())
        await self._store.editions.set_state(work.edition.id, EditionState.SCORING, note)

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

    async def _read_share(self, scorer: Scorer, batch: Sequence[Answer]) -> Read:
        """Return the scores that a scorer gives to some answers, each with its answer; answers on
        which the scorer fails are left out.

        A judge reads with stored replies only: nothing is paid, and answers without a stored reply
        are left out. A scorer that would hold up the event loop reads in a thread.
        """
        if isinstance(scorer, Judge):
            with stored_replies_only():
                async with self._scoring.round():
                    [read] = await self._scoring.read((scorer, batch))
                    return read
        reading = partial(self._scoring.read, (scorer, batch))
        if waits(scorer):
            [read] = await reading()
        else:
            [read] = await asyncio.to_thread(lambda: asyncio.run(reading()))
        return read

    async def _is_wanted(self, work: _Slice) -> bool:
        """Return whether the edition is still to be scored: its state in the store is pending, and
        the stored brands and facts are those that are scored.

        The store is read every `CHECK_INTERVAL_S` seconds; in between the edition counts as wanted.
        If it is, and there is no limit of time, its note is brought up to date.
        """
        if monotonic() - self._checked_at < CHECK_INTERVAL_S:
            return True
        self._checked_at = monotonic()
        editions = await self._store.editions.all()
        catalogue = await self._store.catalogue.current()
        stored = next((one for one in editions if one.id == work.edition.id), work.edition)
        scored = self._scoring.catalogue
        is_same = (catalogue.brands, catalogue.facts) == (scored.brands, scored.facts)
        is_wanted = is_same and stored.state is EditionState.SCORING
        if is_wanted and work.seconds == inf:
            await self._note_rest(work)
        return is_wanted

    async def _add_edition(self, state: EditionState) -> Edition:
        """Store an edition of the present catalogue and scorers in a state, and return it with its
        id.
        """
        scoring = self._scoring
        edition = Edition(scoring.versions, scoring.catalogue, self._clock.now(), state)
        return await self._store.editions.add(edition)
