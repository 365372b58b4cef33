"""The files of words, phrases and weights beside this module."""

from collections.abc import Iterator
from functools import cache

from overheard import WordLists


@cache
def lists(name: str) -> WordLists:
    """Return the lists of a file by its name without ``.txt``, such as ``words``."""
    return WordLists("overheard_sentiment", f"{name}.txt")


def valued(
    name: str, section: str = "", *, divider: str | None = None
) -> Iterator[tuple[str, float]]:
    """Yield (word or phrase, value) for each entry of a list whose lines are a value and, after a
    space, the entries that have it.

    Args:
        name: The file, such as ``valence``.
        section: The list in the file, such as ``heads``; "" for the lines before the first list.
        divider: What divides the entries of a line; white space for None.
    """
    for line in lists(name).lines(section):
        value, _, listed = line.partition(" ")
        yield from ((entry, float(value)) for entry in listed.split(divider))
