"""Lists of answer numbers as text: ``3 7 10-25``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from overheard.errors import BadUsage

MAX_NUMBERS = 500
"""Largest count of numbers in one list: what a person may have read."""
_RANGE = re.compile(r"(\d{1,12})(?:\s*[-\u2013]\s*(\d{1,12}))?")


def parse_numbers(written: Iterable[str], usage: str) -> tuple[int, ...]:
    """Return the distinct numbers in a list of numbers and ranges, sorted.

    Args:
        written: Words with numbers and ranges, separated by spaces or commas.
        usage: The usage of the command, for the error message.

    Raises:
        BadUsage: for a word that is no number or range, and for more than `MAX_NUMBERS` numbers.
    """
    found: set[int] = set()
    for word in filter(None, re.split(r"[\s,]+", " ".join(written))):
        match = _RANGE.fullmatch(word)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last:
            problem = f'"{word}" is no number of an answer, nor a range such as 10-25'
            raise BadUsage(problem=problem, usage=usage)
        if last - first >= MAX_NUMBERS or len(found | {*range(first, last + 1)}) > MAX_NUMBERS:
            raise BadUsage(problem=f"There are more than {MAX_NUMBERS} answers", usage=usage)
        found.update(range(first, last + 1))
    return tuple(sorted(found))


def format_ranges(known: Sequence[int]) -> str:
    """Return numbers as text that `parse_numbers` reads, such as ``3 7 10-25``."""
    runs: list[list[int]] = []
    for number in sorted(known):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return " ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
