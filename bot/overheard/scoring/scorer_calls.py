"""A call into a scorer: what it raises or returns is a fault of this scorer only."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from collections import Counter
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from types import GeneratorType
from typing import TypeVar

from overheard.domain import Answer, Catalogue, Detail, Metric, Reading, Scale, Score, ScoreRecord
from overheard.errors import OverheardError, PluginFault, ungrouped
from overheard.interfaces import Judge, Scorer, Store
from overheard.plugins import IsolatedScorer, remedy_of
from overheard.reading.reader import READING_VERSION

SCORER_TIMEOUT_S = 60.0
"""Seconds after which an async scorer is given up for one reading."""

_GIVEN = (GeneratorType, list, tuple, Iterator)
"""What holds scores and is not awaited; what scorers return most comes first."""
_STOPPING = (KeyboardInterrupt, asyncio.CancelledError, GeneratorExit)
"""What stops us, and is no fault of a scorer."""


class Late(OverheardError):
    """A scorer exceeded its time limit; the message ends a sentence."""

    message = "no result within {seconds:.0f} s"

    seconds: float


def waits(scorer: Scorer) -> bool:
    """Return whether other tasks can go on while a scorer reads: true for judges and async
    scorers.
    """
    return isinstance(scorer, Judge) or inspect.iscoroutinefunction(scorer.score)


async def ask_scorer(
    scorer: Scorer,
    version: str,
    readings: Sequence[Reading],
    metrics: Mapping[str, Metric],
    faults: Counter[str],
) -> list[ScoreRecord] | None:
    """Return the scores that a scorer gives to an answer for all of its brands; None when the
    scorer fails on one of them, which is counted as a fault.

    That is dozens of calls for each answer; most need no waiting, and most give nothing.

    Args:
        scorer: The scorer.
        version: The scorer's version that is noted in the records.
        readings: The answer, once for each brand.
        metrics: The known metrics, by name.
        faults: Sentences on faults and their counts; faults of this call are added.

    Returns:
        The scores within the scales of their metrics, not stored.
    """
    records: list[ScoreRecord] = []
    try:
        for reading in readings:
            result = scorer.score(reading)
            if not isinstance(result, _GIVEN) and inspect.isawaitable(result):
                result = await _wait_for(scorer, result)
            scores = list(result)
            if scores:
                records += _valid_records(scorer, version, reading, scores, metrics, faults)
    except _STOPPING:
        raise
    except BaseException as error:  # even an attempt to exit
        faults[_fault_sentence(scorer.name, error)] += 1
        return None
    return records


async def asked_together(
    scorer: IsolatedScorer,
    version: str,
    answers: Sequence[Sequence[Reading]],
    metrics: Mapping[str, Metric],
    faults: Counter[str],
) -> list[list[ScoreRecord] | None]:
    """Do the same as `ask_scorer` for several answers in one message to the process of third-party
    scorers.

    Args:
        scorer: A third party's scorer.
        version: The scorer's version that is noted in the records.
        answers: The readings of each answer, one for each brand.
        metrics: The known metrics, by name.
        faults: Sentences on faults and their counts; faults of this call are added.

    Returns:
        For each answer, in order, the scores within the scales of their metrics; None when the
        scorer fails on the answer.
    """
    found: list[list[ScoreRecord] | None] = []
    for readings, given in zip(answers, await scorer.score_all(answers), strict=True):
        if isinstance(given, PluginFault):
            faults[str(given)] += 1
            found.append(None)
            continue
        records: list[ScoreRecord] = []
        for reading, scores in zip(readings, given, strict=True):
            records += _valid_records(scorer, version, reading, scores, metrics, faults)
        found.append(records)
    return found


def _valid_records(
    scorer: Scorer,
    version: str,
    reading: Reading,
    given: Sequence[Score],
    metrics: Mapping[str, Metric],
    faults: Counter[str],
) -> list[ScoreRecord]:
    """Return records of the scores that are within the scales of their metrics; any others are
    counted as one fault.

    Args:
        scorer: The scorer.
        version: The scorer's version that is noted in the records.
        reading: The answer as read for one brand.
        given: The scores that the scorer returned.
        metrics: The known metrics, by name.
        faults: Sentences on faults and their counts.
    """
    fitting = [score for score in given if fits(score, metrics)]
    if len(fitting) < len(given):
        outside = "gives values outside its own scales"
        faults[f"The scorer {scorer.name} {outside}; {remedy_of(scorer)}"] += 1
    number, brand, name = reading.answer.id, reading.brand.name, scorer.name
    return [ScoreRecord(number, brand, name, version, score) for score in fitting]


async def _wait_for(scorer: Scorer, result: Awaitable[Iterable[Score]]) -> Iterable[Score]:
    """Return the result of an async scorer; judges and the process of third-party scorers have
    time-outs of their own. Raises Late after `SCORER_TIMEOUT_S`, and what the scorer raises.
    """
    limit = asyncio.timeout(
        None if isinstance(scorer, Judge | IsolatedScorer) else SCORER_TIMEOUT_S
    )
    try:
        async with limit:
            return await result
    except _STOPPING:
        raise
    except BaseException as error:
        if limit.expired():
            raise Late(seconds=SCORER_TIMEOUT_S) from error
        raise


def _fault_sentence(name: str, error: BaseException) -> str:
    """Return a sentence on what a scorer raised. Of a foreign error only the class is named,
    because its text may hold a secret.
    """
    if isinstance(error, PluginFault):
        return str(error)
    kind = str(error) if isinstance(error, OverheardError) else type(error).__name__
    return f"The scorer {name} fails on an answer: {kind}"


Item = TypeVar("Item")

Share = tuple[Scorer, Sequence[Answer]]
"""Some answers that a scorer is to read."""


async def in_turn(
    store: Store, streams: Iterable[tuple[Scorer, AsyncIterator[int]]], size: int
) -> AsyncIterator[list[Share]]:
    """Yield lists of shares, one share for each scorer that has answers left, so that all scorers
    read an answer at about the same time. Each answer is read from the store once; answers without
    text are left out.

    Args:
        store: The store of the answers.
        streams: For each scorer, the numbers of the answers to read.
        size: The largest number of answers in a share.
    """
    left = [(scorer, batches(stream, size)) for scorer, stream in streams]
    while left:
        taken = [(scorer, stream, await anext(stream, None)) for scorer, stream in left]
        left = [(scorer, stream) for scorer, stream, batch in taken if batch]
        wanted = {number for _, _, batch in taken for number in batch or ()}
        if wanted:
            by_id = {a.id: a async for a in store.answers.stream(numbers=wanted) if not a.gone}
            yield [
                (scorer, [by_id[number] for number in batch if number in by_id])
                for scorer, _, batch in taken
                if batch
            ]


def together(shares: Sequence[Share]) -> Iterator[tuple[Answer, list[int]]]:
    """Yield each answer of some shares once, in the order of the shares, with the indices of the
    shares that hold the answer.
    """
    found: dict[int, tuple[Answer, list[int]]] = {}
    for at, (_, answers) in enumerate(shares):
        for answer in answers:
            found.setdefault(answer.id, (answer, []))[1].append(at)
    yield from found.values()


async def concurrently(works: Iterable[Coroutine[None, None, None]]) -> None:
    """Run several coroutines concurrently and wait for all of them; the first error cancels the
    others, and is raised as it is.
    """
    with ungrouped():
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)


async def batches(items: AsyncIterator[Item], size: int) -> AsyncIterator[list[Item]]:
    """Yield items in lists of ``size``, the last of which may be shorter."""
    batch: list[Item] = []
    async for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


LAST_RANK = 1e9
"""Beyond the length of any answer, and small enough that a block can sum its square."""

RANGES = {
    Scale.BINARY: (0.0, 1.0),
    Scale.SHARE: (0.0, 1.0),
    Scale.POLARITY: (-1.0, 1.0),
    Scale.RANK: (1.0, LAST_RANK),
}
"""The lowest and the highest value on each scale; both are finite."""

_NUMBER = (int, float)


def fits(score: object, metrics: Mapping[str, Metric]) -> bool:
    """Return whether a plugin's object is a valid score: of a known metric, with texts as texts,
    and within the metric's scale.
    """
    if not isinstance(score, Score) or not isinstance(score.quote, str):
        return False
    if not isinstance(score.details, tuple):
        return False
    if score.details and not all(map(_is_detail, score.details)):
        return False
    if not isinstance(score.metric, str) or score.metric not in metrics:
        return False
    low, high = RANGES[metrics[score.metric].scale]
    return isinstance(score.value, _NUMBER) and low <= score.value <= high


def _is_detail(detail: object) -> bool:
    """Return whether an object that a plugin returned is a `Detail` whose fields are all texts."""
    return (
        isinstance(detail, Detail)
        and isinstance(detail.topic, str)
        and isinstance(detail.verdict, str)
        and isinstance(detail.stated, str)
        and isinstance(detail.quote, str)
    )


def edition(catalogue: Catalogue) -> str:
    """Return a hash, 6 hex digits, of the brands' names, rules and relations and of the reader's
    version: answers of equal hashes are read alike.
    """
    read_as = (
        (b.names, sorted(b.competitors), b.tracked, b.rules, b.parent, sorted(b.domains))
        for b in catalogue.brands
    )
    return short_hash([READING_VERSION, *sorted(map(repr, read_as))])


def short_hash(parts: Iterable[str]) -> str:
    """Return 6 hex digits for some texts."""
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=3).hexdigest()
