"""What is the same for all brands of an answer is worked out for the first of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from overheard import Reading

T = TypeVar("T")


def once_an_answer(function: Callable[[Reading], T]) -> Callable[[Reading], T]:
    """Return the function with a cache of its last result.

    An answer is read once for each brand. These readings share the answer's units and mentions, so
    the next brand gets the result of the first. Another answer replaces the result.

    Args:
        function: It must depend only on the reading's units, mentions, question and body, and not
            on the scored brand.
    """
    cached: list[tuple[Reading, T]] = []

    @wraps(function)
    def cached_function(reading: Reading) -> T:
        """Return the function's result for a reading, from the cache for the same answer."""
        for cached_reading, result in cached[:1]:
            if (
                cached_reading.answer is reading.answer
                and cached_reading.units is reading.units
                and cached_reading.mentions is reading.mentions
            ):
                return result
        result = function(reading)
        cached[:] = [(reading, result)]
        return result

    return cached_function
