"""Which parts of an answer are about one brand alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise

from overheard import Mention, Reading
from overheard_accuracy.claims import Statement

_MOST = 300
"""Sentences of an answer that are read for one brand."""
_LONGEST = 600
"""Characters of a sentence that are read."""
_EDGE = re.compile(r"[,;:(\u2014|]\s*|\s(?:while|whereas|but|and|than|unlike|versus|vs\.?)\s")
_IS_OWNER = re.compile(
    r"\b(?:owned|acquired|bought|purchased|taken over) by (?:the )?\Z"
    r"|\b(?:subsidiary|unit|division|part|brand) of (?:the )?\Z"
    r"|\bbelongs to (?:the )?\Z|\bparent(?: company)?(?: is|,|:) (?:the )?\Z",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r",\s(?:unlike|like|compared (?:to|with)|in contrast to|as opposed to|similar to|along with"
    r"|together with)\s(?:the\s)?\Z",
    re.IGNORECASE,
)
"""Before a name in commas that another is only held against: ", unlike Acme,"."""
_OWNS = re.compile(
    r"\s(?:has )?(?:acquired|bought|purchased|took over|owns|(?:is|remains) the"
    r" (?:parent(?: company)?|owner) of) (?:the )?",
    re.IGNORECASE,
)
"""Between another name and the brand: the other is what is stated of the brand."""
_POINTING = re.compile(
    r"(?:(?:however|also|overall|today|currently|in addition|additionally),? )?"
    r"(?:it|its|they|their|the (?:company|firm|business|brand|platform|tool|app|software|service"
    r"|product|startup|start-up|team|vendor|provider|maker|manufacturer|firm|retailer|label))\b"
    r"|(?:founded|established|launched|started|set up|created|based|headquartered|led|headed"
    r"|helmed"
    r"|owned|acquired|priced) (?:\w+ )?(?:in|out of|at|by|back)\b",
    re.IGNORECASE,
)
"""Begins a sentence that goes on about what the one before names."""
_HEADING = re.compile(r"[^.!?:]{1,60}")
"""A line that begins another part."""


def statements(reading: Reading) -> Iterator[tuple[str, Statement]]:
    """Yield the statements about the reading's brand, each with the whole sentence.

    Where a sentence names another brand too, only the part around this brand is its own. A
    sentence that names none is about the brand when it goes on with "It ..." right after one that
    names the brand alone, or when the question asks about this brand alone and no other brand is
    named in the answer.
    """
    return islice(_statements(reading), _MOST)


def _statements(reading: Reading) -> Iterator[tuple[str, Statement]]:
    brand = reading.brand.name
    only = all(mention.brand == brand for mention in reading.mentions)
    alone = only and reading.asked == {brand}
    about = False
    previous_end = 0
    for index, (start, end) in enumerate(reading.sentences):
        here = [mention for mention in reading.mentions if mention.sentence == index]
        text = reading.body[start : min(end, start + _LONGEST)]
        if any(mention.brand == brand for mention in here):
            for part in _own(text, start, here, brand):
                yield text, part
            about = all(mention.brand == brand for mention in here)
        elif here:
            about = False
        elif pointing := _points(reading.body, previous_end, start, text, about=about, only=only):
            yield text, Statement(text, 0, pointing)
        elif alone:
            yield text, Statement(text)
        else:
            about = about and only and not _HEADING.fullmatch(text)
        previous_end = end


def _points(
    body: str, before: int, start: int, text: str, *, about: bool, only: bool = False
) -> int:
    """Return where the word ends that points back to the brand; 0 where none does.

    In an answer that names no other, it may point over other sentences and lines.
    """
    if not about or (not only and "\n" in body[before:start]):
        return 0
    found = _POINTING.match(text)
    return found.end() if found else 0


def _own(text: str, offset: int, mentions: list[Mention], brand: str) -> Iterator[Statement]:
    """Yield the parts of a sentence that are about a brand: each up to the next other brand.

    Another brand that owns this one is no other subject, but a value; and what is said around
    ", unlike Acme," is said of the brand before.
    """
    first, *others = mentions
    mentions = [first, *(one for one in others if not _is_aside(text, offset, one))]
    mentions = [m for m in mentions if m.brand == brand or not _owner(text, offset, m, mentions)]
    if all(mention.brand == brand for mention in mentions):
        first = mentions[0]
        yield Statement(text, first.start - offset, first.end - offset)
        return
    cuts = [0, *_cuts(text, offset, mentions), len(text)]
    for mention, left, right in zip(mentions, cuts, cuts[1:], strict=False):
        if mention.brand == brand and mention.end - offset <= len(text):
            start = mention.start - offset - left
            yield Statement(text[left:right], start, start + mention.end - mention.start)


def _is_aside(text: str, offset: int, mention: Mention) -> bool:
    start, end = mention.start - offset, mention.end - offset
    return text[end : end + 1] == "," and _ASIDE.search(text, max(0, start - 30), start) is not None


def _owner(text: str, offset: int, other: Mention, mentions: list[Mention]) -> bool:
    start, end = other.start - offset, other.end - offset
    behind = (m.start - offset for m in mentions if m.start > other.start)
    owns = any(_OWNS.fullmatch(text, end, at) for at in behind)
    return owns or _IS_OWNER.search(text, max(0, start - 40), start) is not None


def _cuts(text: str, offset: int, mentions: list[Mention]) -> Iterator[int]:
    """Yield where the part of each mention but the first begins: at the last edge before it."""
    for one, two in pairwise(mentions):
        low, high = one.end - offset, two.start - offset
        edges = [edge.end() for edge in _EDGE.finditer(text, max(0, low), max(0, high))]
        yield edges[-1] if edges else high
