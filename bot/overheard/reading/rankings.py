"""Ranked lists in an answer: numbered items and numbered headings."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from overheard.domain import Mention

Span = tuple[int, int]

FIRST, NEXT = "\ue000", "\ue001"
"""Marker lines, inserted before the first line and before each further line of a ranked list while
an answer is parsed. Both characters are removed from the model's text first.
"""

_APART_CHARACTERS = 3
"""Most characters between two names that share a line's rank."""
_NUMBERED = re.compile(r"[*_#\\]{0,6}(\d{1,2})[.)](?:\*\*|__)?\s")


class Marks:
    """Tracks the lists of the Markdown parser and returns markers for lines of ranked lists."""

    def __init__(self) -> None:
        self._lists: list[bool] = []
        self._coming = FIRST
        self._mark = ""

    @property
    def in_list(self) -> bool:
        """Whether the next line is inside an item of a list."""
        return bool(self._lists)

    def enter_list(self, first: int | None) -> None:
        """Begin a list; `first` is the first number of a numbered list."""
        self._lists.append(first is not None)
        continued = first not in {None, 1}  # after a paragraph
        if len(self._lists) == 1 and not continued:
            self._coming = FIRST

    def leave_list(self) -> None:
        """End a list."""
        self._lists.pop()

    def item(self) -> None:
        """Begin an item of a list."""
        if self._lists == [True]:
            self._mark, self._coming = self._coming, NEXT

    def take(self, content: str = "") -> str:
        """Return the marker (`FIRST` or `NEXT`) for the next line, or an empty string.

        Args:
            content: The line; numbered headings begin with their rank.
        """
        marker, self._mark = self._mark, ""
        return marker if marker or self._lists else _numbered(content)


def _numbered(content: str) -> str:
    match = _NUMBERED.match(content)
    if not match:
        return ""
    return FIRST if match.group(1) == "1" else NEXT


def ranked(
    lists: Iterable[Sequence[Span]], mentions: Sequence[Mention]
) -> tuple[tuple[str, ...], ...]:
    """Return for each ranked list the brands at the beginning of its lines, each brand once.

    Several brands at a beginning are next to each other, as in "Amazon eero" and "Nike / Adidas".

    Args:
        lists: For each list, the (start, end) offsets of its lines in the body.
        mentions: All mentions in the body.
    """
    orders = (tuple(dict.fromkeys(_first(lines, mentions))) for lines in lists)
    return tuple(order for order in orders if order)


def _first(lines: Iterable[Span], mentions: Sequence[Mention]) -> Iterable[str]:
    """Yield the brands at the start of each line: the first one, and those that follow at once."""
    starts = [mention.start for mention in mentions]
    for start, end in lines:
        last_end = None
        for mention in mentions[bisect_left(starts, start) : bisect_left(starts, end)]:
            if last_end is not None and mention.start - last_end > _APART_CHARACTERS:
                break
            last_end = mention.end
            yield mention.brand
