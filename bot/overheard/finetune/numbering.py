"""Numbers of answers as people write many of them: ``3 7 10-25``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from overheard.errors import BadUsage

MOST = 500
"""Numbers at a time: what a person may have read."""
_RANGE = re.compile(r"(\d{1,12})(?:\s*[-\u2013]\s*(\d{1,12}))?")


def numbers(written: Iterable[str], usage: str) -> tuple[int, ...]:
    """Return the numbers that are meant, each once, the smallest first.

    Args:
        written: Numbers and ranges; commas may stand between them.
        usage: How the command is written, for the error.

    Raises:
        BadUsage: for what is no number or range, and for more than `MOST`.
    """
    found: set[int] = set()
    for word in filter(None, re.split(r"[\s,]+", " ".join(written))):
        match = _RANGE.fullmatch(word)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last:
            problem = f'"{word}" is no number of an answer, nor a range such as 10-25'
            raise BadUsage(problem=problem, usage=usage)
        if last - first >= MOST or len(found | {*range(first, last + 1)}) > MOST:
            raise BadUsage(problem=f"There are more than {MOST} answers", usage=usage)
        found.update(range(first, last + 1))
    return tuple(sorted(found))


def ranges(known: Sequence[int]) -> str:
    """Return numbers as they can be typed again, such as ``3 7 10-25``."""
    runs: list[list[int]] = []
    for number in sorted(known):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return " ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
