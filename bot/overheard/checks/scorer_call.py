"""A call into a scorer: whatever it raises or returns stays its own fault."""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from types import GeneratorType

from overheard.checks.fitting import fits
from overheard.domain import Metric, Reading, Score, ScoreRecord
from overheard.errors import OverheardError, PluginFault
from overheard.interfaces import Judge, Scorer
from overheard.plugins.wording import remedy_of

LONGEST_CALL = 60.0
"""Seconds after which an async scorer is given up for one reading."""

_GIVEN = (GeneratorType, list, tuple, Iterator)
"""What holds scores and is not awaited; what scorers return most comes first."""
_STOPPING = (KeyboardInterrupt, asyncio.CancelledError, GeneratorExit)
"""What stops us, and is no fault of a scorer."""


class Late(OverheardError):
    """no result within {seconds:.0f} s"""  # noqa: D415 - it ends a sentence


def waits(scorer: Scorer) -> bool:
    """Whether a scorer has others go on while it reads."""
    return isinstance(scorer, Judge) or inspect.iscoroutinefunction(scorer.score)


async def asked(
    scorer: Scorer,
    version: str,
    readings: Sequence[Reading],
    metrics: Mapping[str, Metric],
    faults: Counter[str],
) -> list[ScoreRecord] | None:
    """Ask a scorer for each brand of an answer; None when it fails on one.

    That is dozens of calls for each answer; most need no waiting, and most give nothing.

    Args:
        scorer: The scorer.
        version: Which version of it is noted.
        readings: The answer, once for each brand.
        metrics: What is measured, by name.
        faults: What it does wrong is added to these, as sentences.

    Returns:
        The scores that fit their scales.
    """
    records: list[ScoreRecord] = []
    name = scorer.name
    try:
        for reading in readings:
            result = scorer.score(reading)
            if not isinstance(result, _GIVEN) and inspect.isawaitable(result):
                result = await _waited(scorer, result)
            given = list(result)
            if not given:
                continue
            fitting = [score for score in given if fits(score, metrics)]
            number, brand = reading.answer.id, reading.brand.name
            records += [ScoreRecord(number, brand, name, version, score) for score in fitting]
            if len(fitting) < len(given):
                outside = "gives values outside its own scales"
                faults[f"The scorer {name} {outside}; {remedy_of(scorer)}"] += 1
    except _STOPPING:
        raise
    except BaseException as error:  # even an attempt to exit
        faults[_told(name, error)] += 1
        return None
    return records


async def _waited(scorer: Scorer, result: Awaitable[Iterable[Score]]) -> Iterable[Score]:
    """Wait for an async scorer; a judge's questions have time-outs of their own."""
    limit = asyncio.timeout(None if isinstance(scorer, Judge) else LONGEST_CALL)
    try:
        async with limit:
            return await result
    except _STOPPING:
        raise
    except BaseException as error:
        if limit.expired():
            raise Late(seconds=LONGEST_CALL) from error
        raise


def _told(name: str, error: BaseException) -> str:
    """Say what a scorer raised; a foreign error's text may hold a secret, so only its kind."""
    if isinstance(error, PluginFault):
        return str(error)
    kind = str(error) if isinstance(error, OverheardError) else type(error).__name__
    return f"The scorer {name} fails on an answer: {kind}"
