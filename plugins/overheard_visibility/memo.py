"""What is the same for all brands of an answer is worked out for the first of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from overheard import Reading

T = TypeVar("T")


def once_an_answer(function: Callable[[Reading], T]) -> Callable[[Reading], T]:
    """Return the function with a cache of its last result, for the next brand of the same answer.

    The readings of an answer share its units and, in one market, its mentions; `function` must
    depend on nothing else but these, the question and the body.
    """
    last: list[tuple[Reading, T]] = []

    @wraps(function)
    def kept(reading: Reading) -> T:
        """Return the function's value for a reading; the latest answer's value is cached."""
        for before, value in last[:1]:
            if (
                before.answer is reading.answer
                and before.units is reading.units
                and before.mentions is reading.mentions
            ):
                return value
        value = function(reading)
        last[:] = [(reading, value)]
        return value

    return kept
