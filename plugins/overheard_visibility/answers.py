"""What is the same for all brands of an answer is worked out for the first of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from overheard import Reading

T = TypeVar("T")


def once_an_answer(function: Callable[[Reading], T]) -> Callable[[Reading], T]:
    """Keep the last result of a function for the next brand of the same answer.

    The readings of an answer share its units and, in one market, its mentions; the function must
    not depend on anything else but the question and the body.
    """
    last: list[tuple[Reading, T]] = []

    @wraps(function)
    def kept(reading: Reading) -> T:
        """Return the value of a reading; that of the latest reading is remembered."""
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
