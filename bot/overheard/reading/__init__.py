"""The content of an answer: prose, mentions, claims and citations. Pure functions over text."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import TypeVar

from overheard.domain import Brand, Reading, Unit

T = TypeVar("T")


def read_units(text: str, brands: Iterable[Brand]) -> tuple[Unit, ...]:
    """Return the units of a text in order: titles, sentences and cells, each with its owner and
    role.

    Scorers find them in `Reading.units`; this is for tests and for texts without a question.

    Args:
        text: An answer, in Markdown or plain.
        brands: The declared brands; text about another product has a foreign owner.
    """
    # The patterns of this package take long to compile, and few plugins read a text themselves.
    from overheard.reading.markdown import laid_out
    from overheard.reading.mentions import MentionFinder
    from overheard.reading.structure import units
    from overheard.reading.text import sentences

    page = laid_out(text)
    return units(page, MentionFinder(brands).find(page.body, sentences(page.body)))


def once_an_answer(function: Callable[[Reading], T]) -> Callable[[Reading], T]:
    """Return the function with a cache of its last result.

    An answer is read once for each brand. These readings share the answer's units and mentions, so
    the next brand gets the result of the first. Another answer replaces the result.

    Args:
        function: It must depend only on the reading's units, mentions, question and body, and not
            on the scored brand.
    """
    answer, units, mentions, result = None, None, None, None

    @wraps(function)
    def cached_function(reading: Reading) -> T:
        """Return the function's result for a reading, from the cache for the same answer."""
        nonlocal answer, units, mentions, result
        if (
            reading.answer is not answer
            or reading.units is not units
            or reading.mentions is not mentions
        ):
            result = function(reading)
            answer, units, mentions = reading.answer, reading.units, reading.mentions
        return result

    return cached_function
