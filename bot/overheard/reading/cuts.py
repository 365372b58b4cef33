"""Pieces of a line: sentences, shop cards, and what follows a label inside the line."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from overheard.domain import Mention

_ROLE_WORDS = (
    r"(?:Pros?|Cons?|Prices?|Pricing|Costs?|Best [Ff]or|Ideal [Ff]or|Great [Ff]or|Good [Ff]or"
    r"|Perfect [Ff]or|Not [Ii]deal [Ff]or|Downsides?|Drawbacks?|Limitations?|Strengths?"
    r"|Weakness(?:es)?|Advantages?|Disadvantages?|(?:The )?Catch|Verdict|(?:Key )?[Ff]eatures"
    r"|Why (?:it|we|you)[^:]{0,25}|Highlights?|Perks?|Benefits?|Note|Notes|Bottom [Ll]ine"
    r"|Who [Ii]t['\u2019]?s [Ff]or|Considerations?|Trade-?offs?|Caveats?|Watch out(?: for)?)"
)
_END = re.compile(
    r"[。！？｡.!?…$](?:"  # noqa: RUF001 - one set first, which the search finds fast
    r"(?<=[。！？｡])[」』）”’]*"  # noqa: RUF001 - full stops of Chinese and Japanese
    r"|"
    r"(?<=[.!?])(?:(?<=[a-z0-9%)\"\u201d'\u2019].)(?=(?:[a-z]{1,2})?[A-Z][A-Za-z0-9'\u2019-])"
    r"|(?<=[A-Z]{2}.)(?=[A-Z][a-z])|(?<=\u00b0[FC]\.)(?=[A-Z])|(?<=[a-z)].)(?=\d{1,2}\.?\s?[A-Z]))"
    r"|(?<=[.!?…])(?P<stop>[.!?…]{0,8}[\"'\u201d\u2019)\]]{0,3})(?=\s+(?:[^\sa-z]|[a-z]{1,2}[A-Z]))"
    r"|(?<=\$)[\d,]{1,9}(?:(?:\.\d\d)?(?:\$[\d,]{1,9}\.\d\d)?(?:\d\.\d)?"
    r"\([\d.,]{1,7}[kKmM]?\+?\)|\.\d\d(?:\$[\d,]{1,9}\.\d\d)?(?=[A-Z])))"
)
"""Ends of sentences, also where the space is missing, and ends of shop cards."""
_ROLE = re.compile(rf"(?=[A-Z])(?:(?<![A-Za-z] )\b|(?<=[a-z0-9)])){_ROLE_WORDS}\s?:")
_BEFORE_ROLE = re.compile(r"(?:[;|.,]|\s[\u2013\u2014-])?\s*\Z")
_SHORTENED = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|approx|incl|est|No|Mr|Mrs|Ms|Dr|St|Jr|Inc|Ltd|Co|Corp|U\.S|U\.K|a\.m"
    r"|p\.m|fig|vol|al|[Ss]q|[Ff]t|pt|qt|oz)|(?:(?<![\w-])|\.)[A-Z])\Z"
)
_STOP = re.compile(r"(?P<mark>[.!?\u2026][\"'\u201d\u2019)\]]*)\s+\Z")
"""The end of a sentence before a name that begins with a small letter."""
_CARD = re.compile(
    r"\$[\d,]{1,9}(?:\.\d\d)?(?:\$[\d,]{1,9}\.\d\d)?(?:\d\.\d)?(?:\([\d.,]{1,7}[kKmM]?\+?\))?\Z"
)
_BEFORE_CARD = re.compile(r"[a-z]{4}(?P<mark>[.!?][\"'\u201d\u2019)\]]*)\s+")
"""The end of a sentence before the title of a card, which may begin with a small letter."""
_WORDED = re.compile(r"[^\W_]")
_start = attrgetter("start")
_LONG_CHARACTERS = 420
"""Paragraphs from this length are also cut between two colons."""
_SECOND_COLON = re.compile(r"(?<=[a-z0-9)]): (?=[A-Z0-9][^:.!?]{1,60}:)")
_CLAUSE = re.compile(
    r"(?:,|;|\s[\u2013\u2014-])\s+(?:(?:but|while|whereas|and|though|although|yet)\s+)?(?:the\s+)?\Z",
    re.IGNORECASE,
)
_OPPOSING = re.compile(r"\b(?:but|while|whereas|though|although|yet)\s|;", re.IGNORECASE)
_CONCESSION = re.compile(r"(?:while|although|whereas|though|unlike most)\b", re.IGNORECASE)
PREDICATE = re.compile(
    r"(?:['\u2019]s)?(?:\s[\w-]+){0,3}?,?\s(?:is|are|may|might|can|could|will|has|have|offers?|provides?|does|makes?|comes?|gets?"
    r"|was|wins?|leads?|lags?|shines?|excels?|works?|suits?|keeps?|gives?|includes?|lacks?|costs?|starts?"
    r"|stands|focuses|feels|takes?|adds?|needs?|remains?|tends?|leans?|caters?|supports?|requires?"
    r"|bundles?|charges?|scores?|handles?|covers?)\b",
    re.IGNORECASE,
)
"""What follows the subject of a sentence: at most three more words of a name, and a verb."""


class Piece(NamedTuple):
    """A part of a line.

    Attributes:
        start: Offset of the first character.
        end: Offset after the last character.
        card: Whether the part is a shop's card: a title with a price and a rating.
    """

    start: int
    end: int
    card: bool = False


def line_pieces(
    body: str, start: int, end: int, mentions: Sequence[Mention] = ()
) -> Iterator[Piece]:
    """Yield the pieces (sentences, product cards) of a line, in order.

    Args:
        body: The text.
        start: Offset of the line.
        end: Offset after the line.
        mentions: The mentions in the line, in order; a sentence may begin with a brand in small
            letters, and is cut before a clause that begins with a brand.
    """
    at = start
    for left, right in _piece_edges(body, start, end):
        if left < at:
            continue
        yield from _cut_pieces(body, at, left, mentions)
        at = right
    yield from _cut_pieces(body, at, end, mentions)


def is_worded(text: str, start: int, end: int) -> bool:
    """Return whether a span has a letter or a digit."""
    return _WORDED.search(text, start, end) is not None


def _piece_edges(body: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return, in order, (end of the piece before, start of the piece after) for each place at which
    a line is cut into pieces.
    """
    edges = [
        (found.end(), found.end())
        for found in _END.finditer(body, start, end)
        if found["stop"] != ""
        or body[found.start()] != "."
        or not _SHORTENED.search(body, max(start, found.start() - 8), found.start())
    ]
    colon = body.find(":", start, end)
    if colon < 0:
        return edges
    for found in _ROLE.finditer(body, start, end):
        before = _BEFORE_ROLE.search(body, max(start, found.start() - 4), found.start())
        if before and found.start() > start:
            edges.append((before.start(), found.start()))
    if end - start > _LONG_CHARACTERS:
        edges += [(f.start() + 1, f.end()) for f in _SECOND_COLON.finditer(body, colon - 1, end)]
    return sorted(edges)


def _cut_pieces(body: str, start: int, end: int, mentions: Sequence[Mention]) -> Iterator[Piece]:
    """Yield the span of a sentence or cell as one piece, or cut before brands that begin a sentence
    or clause.

    A product card is one piece; a span without words gives none.

    Args:
        body: The text.
        start: Offset of the span.
        end: Offset after the span.
        mentions: The mentions in the whole line, in order.
    """
    while start < end and body[start].isspace():
        start += 1
    while end > start and body[end - 1].isspace():
        end -= 1
    if not is_worded(body, start, end) or body[start:end].strip(". )#").isdigit():
        return
    if body.find("$", start, end) >= 0 and _is_product_card(body, start, end):
        for stop in _BEFORE_CARD.finditer(body, start, end):
            yield Piece(start, stop.end("mark"))
            start = stop.end()
        yield Piece(start, end, card=True)
        return
    at = start
    first = bisect_left(mentions, start, key=_start)
    last = bisect_left(mentions, end, first, key=_start) if mentions else 0
    for index in range(first, last):
        mention = mentions[index]
        if mention.start > at and body[mention.start].islower():
            ends = _STOP.search(body, max(at, mention.start - 6), mention.start)
            if ends and not _SHORTENED.search(body, max(at, ends.start() - 8), ends.start()):
                yield Piece(at, ends.end("mark"))
                at = mention.start
                continue
        if index > first and mention.start > at and _opens_clause(body, at, mention, end):
            found = _CLAUSE.search(body, max(at, mention.start - 16), mention.start)
            if found and found.start() > at:
                yield Piece(at, found.start() + 1)
                at = found.end()
    yield Piece(at, end)


def _is_product_card(body: str, start: int, end: int) -> bool:
    """Return whether a piece is a product card: its end is a price without a space before it ("Acme
    Pump$49").
    """
    found = _CARD.search(body, max(start, end - 40), end)
    if not found or found.start() <= start or end != found.end():
        return False
    before = body[found.start() - 1]
    return before.isalnum() or before in '"\u201d),\u2122\u00ae'


def _opens_clause(body: str, at: int, mention: Mention, end: int) -> bool:
    """Return whether a clause about a brand begins at its mention: ", while Acme is ..."."""
    found = _CLAUSE.search(body, max(at, mention.start - 16), mention.start)
    if not found or not PREDICATE.match(body, mention.end, min(end, mention.end + 60)):
        return False
    return bool(_OPPOSING.search(found.group()) or _CONCESSION.match(body, at))
