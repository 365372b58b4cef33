"""Ranked lists in an answer: numbered items, numbered headings, rows of a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from overheard.domain import Mention

if TYPE_CHECKING:
    from markdown_it.token import Token

Span = tuple[int, int]

FIRST, NEXT = "\ue000", "\ue001"
"""Lines that stand before the first and before each other line of a ranked list, while an answer is
taken apart. Both are taken out of what a model wrote.
"""

_NUMBERED = re.compile(r"(?:\*\*|__)?#?(\d{1,2})[.)](?:\*\*|__)?\s")


class Marks:
    """Says which lines begin an item of a ranked list, as an answer's tokens go by."""

    def __init__(self) -> None:
        self._lists: list[str] = []
        self._coming = FIRST
        self._mark = ""

    @property
    def in_list(self) -> bool:
        """Whether the token that went by last lies in an item of a list."""
        return bool(self._lists) and self._lists[-1] != "tbody_open"

    def see(self, token: Token) -> None:
        """Take notice of a token of the parser."""
        match token.type:
            case "ordered_list_open" | "bullet_list_open":
                self._lists.append(token.type)
                goes_on = token.attrGet("start") is not None  # behind a paragraph
                if len(self._lists) == 1 and not goes_on:
                    self._coming = FIRST
            case "ordered_list_close" | "bullet_list_close":
                self._lists.pop()
            case "list_item_open" if self._lists == ["ordered_list_open"]:
                self._begin()
            case "tbody_open":
                self._lists.append(token.type)
                self._coming = FIRST
            case "tbody_close":
                self._lists.pop()
            case "tr_open" if self._lists == ["tbody_open"]:
                self._begin()

    def take(self, content: str = "") -> str:
        """Return the mark of the line that comes next, or an empty string.

        Args:
            content: The line, which may begin with its rank, as numbered headings do.
        """
        mark, self._mark = self._mark, ""
        return mark if mark or self._lists else _numbered(content)

    def _begin(self) -> None:
        self._mark, self._coming = self._coming, NEXT


def _numbered(content: str) -> str:
    found = _NUMBERED.match(content)
    if not found:
        return ""
    return FIRST if found.group(1) == "1" else NEXT


def unmarked(lines: Iterable[str]) -> tuple[str, tuple[tuple[Span, ...], ...]]:
    """Return the body, and for each ranked list the places of its lines in the body."""
    kept: list[str] = []
    lists: list[list[Span]] = []
    at, mark = 0, ""
    for line in lines:
        if line in {FIRST, NEXT}:
            mark = line
            continue
        if mark == FIRST or (mark and not lists):
            lists.append([])
        if mark:
            lists[-1].append((at, at + len(line)))
        kept.append(line)
        at, mark = at + len(line) + 1, ""
    return "\n".join(kept), tuple(map(tuple, lists))


def ranked(
    lists: Iterable[Sequence[Span]], mentions: Sequence[Mention]
) -> tuple[tuple[str, ...], ...]:
    """Return the brands of each ranked list in its order: the first that each line names.

    Args:
        lists: The places of the lines.
        mentions: All mentions in the body.
    """
    orders = (tuple(dict.fromkeys(_first(lines, mentions))) for lines in lists)
    return tuple(order for order in orders if order)


def _first(lines: Iterable[Span], mentions: Sequence[Mention]) -> Iterable[str]:
    for start, end in lines:
        named = next((m.brand for m in mentions if start <= m.start < end), None)
        if named is not None:
            yield named
