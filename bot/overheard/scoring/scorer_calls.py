"""A call into a scorer: what it raises or returns is a fault of this scorer only."""

import asyncio
import hashlib
import inspect
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import repeat
from types import GeneratorType
from typing import TypeVar

from overheard.domain import (
    Answer,
    Brand,
    Catalogue,
    Citation,
    Detail,
    Fact,
    Finish,
    Metric,
    Model,
    Prompt,
    Question,
    Reading,
    Reply,
    Score,
    ScoreRecord,
)
from overheard.errors import OverheardError, PluginFault, ungrouped
from overheard.interfaces import Judge, Scorer, Store
from overheard.plugins import IsolatedScorer, remedy_of
from overheard.reading.reader import READING_VERSION, Reader

_GIVEN = (GeneratorType, list, tuple, Iterator)
"""What holds scores and is not awaited; what scorers return most comes first."""
_STOPPING = (KeyboardInterrupt, asyncio.CancelledError, GeneratorExit)
"""What stops us, and is no fault of a scorer."""


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
    """Return the scores that a scorer gives to an answer for all of its brands; not stored.

    The scorer is called once for each brand, and awaited if it is async. A score of an unknown
    metric or outside the metric's scale is dropped and counted as a fault.

    Args:
        version: The scorer's version that is noted in the records.
        readings: The answer, once for each brand.
        metrics: The known metrics, by name.
        faults: Sentences on faults and their counts; faults of this call are added.

    Returns:
        The scores, in the order of the brands; None when the scorer fails on one of them, also by
        an attempt to exit, which is counted as a fault.
    """
    records: list[ScoreRecord] = []
    valid: list[Score] = []
    try:
        for reading in readings:
            result = scorer.score(reading)
            if not isinstance(result, _GIVEN) and inspect.isawaitable(result):
                result = await result  # which has a time limit of its own
            scores = list(result)
            if not scores:
                continue
            if scores != valid:  # all brands that an answer does not name have the same scores
                valid = _valid_scores(scorer, scores, metrics, faults)
            records += _records_of(scorer, version, reading, valid)
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
    """Return the scores that a third party's scorer gives to several answers, which are sent to the
    process of third-party scorers in one message; not stored.

    A score of an unknown metric or outside the metric's scale is dropped and counted as a fault.

    Args:
        version: The scorer's version that is noted in the records.
        answers: The readings of each answer, one for each brand.
        metrics: The known metrics, by name.
        faults: Sentences on faults and their counts; faults of this call are added.

    Returns:
        For each answer, in order, its scores; None when the scorer fails on the answer, which is
        counted as a fault.
    """
    records_by_answer: list[list[ScoreRecord] | None] = []
    for readings, result in zip(answers, await scorer.score_all(answers), strict=True):
        if isinstance(result, PluginFault):
            faults[str(result)] += 1
            records_by_answer.append(None)
            continue
        records: list[ScoreRecord] = []
        for reading, scores in zip(readings, result, strict=True):
            valid = _valid_scores(scorer, scores, metrics, faults)
            records += _records_of(scorer, version, reading, valid)
        records_by_answer.append(records)
    return records_by_answer


def _valid_scores(
    scorer: Scorer, given: Sequence[Score], metrics: Mapping[str, Metric], faults: Counter[str]
) -> list[Score]:
    """Return the scores of a known metric and within its scale, in their order. The other scores
    are dropped and counted as one fault together.
    """
    valid = [score for score in given if fits(score, metrics)]
    if len(valid) < len(given):
        outside = "gives values outside its own scales"
        faults[f"The scorer {scorer.name} {outside}; {remedy_of(scorer)}"] += 1
    return valid


def _records_of(
    scorer: Scorer, version: str, reading: Reading, scores: Iterable[Score]
) -> list[ScoreRecord]:
    same = map(repeat, (reading.answer.id, reading.brand.name, scorer.name, version))
    return list(map(ScoreRecord._make, zip(*same, scores, strict=False)))  # in half of the time


def _fault_sentence(name: str, error: BaseException) -> str:
    """Return a sentence on what the scorer of a name raised.

    That is the text of a `PluginFault`, which is such a sentence. The text of another error of
    Overheard is quoted. Of any other error only the class is named, because its text may hold a
    secret.
    """
    if isinstance(error, PluginFault):
        return str(error)
    reason = str(error) if isinstance(error, OverheardError) else type(error).__name__
    return f"The scorer {name} fails on an answer: {reason}"


Item = TypeVar("Item")

Share = tuple[Scorer, Sequence[Answer]]
"""Some answers that a scorer is to read."""


async def in_turn(
    store: Store, streams: Iterable[tuple[Scorer, AsyncIterator[int]]], size: int
) -> AsyncIterator[list[Share]]:
    """Yield lists of shares (scorers with some answers), one share for each scorer that has answers
    left, so that all scorers read an answer at about the same time.

    An answer that several shares of a list hold is read from the store once. Answers whose text was
    removed are left out, so that a share may be empty.

    Args:
        streams: For each scorer, the numbers of the answers to read, in their order.
        size: The largest number of answers in a share.
    """
    streams_left = [(scorer, batches(stream, size)) for scorer, stream in streams]
    while streams_left:
        taken = [(scorer, stream, await anext(stream, None)) for scorer, stream in streams_left]
        streams_left = [(scorer, stream) for scorer, stream, batch in taken if batch]
        numbers = {number for _, _, batch in taken for number in batch or ()}
        if not numbers:
            return
        stored = store.answers.stream(numbers=numbers)
        by_number = {answer.id: answer async for answer in stored if not answer.gone}
        yield [
            (scorer, [by_number[number] for number in batch if number in by_number])
            for scorer, _, batch in taken
            if batch
        ]


async def concurrently(works: Iterable[Coroutine[None, None, None]]) -> None:
    """Run several coroutines concurrently and wait for all of them; the first error cancels the
    others, and is raised as it is.
    """
    with ungrouped():
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)


async def batches(items: AsyncIterator[Item], size: int) -> AsyncIterator[list[Item]]:
    """Yield items in lists of ``size`` in their order; the last list may be shorter, and none is
    empty.
    """
    batch: list[Item] = []
    async for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


_NUMBER = (int, float)


def fits(score: object, metrics: Mapping[str, Metric]) -> bool:
    """Return whether a plugin's object is a valid score: a `Score` of a known metric, whose value
    is a number on the metric's scale, and whose quote and details are texts.

    Both ends of a scale are valid. ``metrics`` are the known metrics by name.
    """
    if not isinstance(score, Score) or not isinstance(score.quote, str):
        return False
    details, value = score.details, score.value
    if not isinstance(details, tuple) or (details and not all(map(_is_detail, details))):
        return False
    metric = metrics.get(score.metric) if isinstance(score.metric, str) else None
    if metric is None or not isinstance(value, _NUMBER):
        return False
    return metric.scale.low <= value <= metric.scale.high


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
    """Return a hash, 6 hex digits, of all in a catalogue that decides how answers are read, except
    the facts: with equal hashes, answers are read alike.

    That is each brand's names, competitors, rules, parent, domains and whether it is tracked, and
    the version of the reader. The order of brands, competitors and domains does not count.
    """
    what_is_read = (
        (b.names, sorted(b.competitors), b.tracked, b.rules, b.parent, sorted(b.domains))
        for b in catalogue.brands
    )
    return short_hash([READING_VERSION, *sorted(map(repr, what_is_read))])


def short_hash(parts: Iterable[str]) -> str:
    """Return 6 hex digits for some texts."""
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=3).hexdigest()


_BRAND, _RIVAL = Brand("Acme", domains=("acme.com",), competitors=("Globex",)), Brand("Globex")
_FACT = Fact("Acme", "founded", "2009")
_SOURCE = Citation("https://example.com/acme")
_TEXT = """For most teams I would pick **Acme**, founded in 2009 [1].

1. **Acme**: easy to use, but expensive, and it lacks an offline mode.
2. **Globex**: cheaper, and not as polished as Acme.
"""


def made_up_reading() -> Reading:
    """Return an answer about a brand, its rival and a fact, of which every built-in scorer gives
    scores.
    """
    question = Question(Prompt("Which tool is best for a small team?"), Model("none", "none"))
    reply = Reply(_TEXT, Finish.COMPLETE, citations=(_SOURCE,))
    answer = Answer(0, question, reply, datetime(2026, 1, 1, tzinfo=UTC))
    return Reader((_BRAND, _RIVAL)).read(answer).reading(_BRAND, (_RIVAL,), (_FACT,))


def warm_up(scorers: Iterable[Scorer]) -> None:
    """Let scorers read a made-up answer, so that they compile their patterns; their scores are
    dropped, and errors are ignored.

    Left out are judges, async scorers, and scorers of the child process. This takes half a second,
    and is meant for a thread.
    """
    reading = made_up_reading()
    for scorer in scorers:
        if not isinstance(scorer, IsolatedScorer) and not waits(scorer):
            with suppress(Exception):  # it is reported when the scorer fails on a real answer
                scores = scorer.score(reading)
                if isinstance(scores, Iterable):
                    list(scores)
