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
_ABBREVIATION_WINDOW_CHARACTERS = 8
"""Characters before a full stop that are searched for an abbreviation."""
_SEPARATOR_WINDOW_CHARACTERS = 4
"""Characters before a role label that are searched for the sign that separates it."""
_STOP_WINDOW_CHARACTERS = 6
"""Characters before a brand in small letters that are searched for the end of a sentence."""
_CLAUSE_WINDOW_CHARACTERS = 16
"""Characters before a brand that are searched for the beginning of a clause."""
_PREDICATE_WINDOW_CHARACTERS = 60
"""Characters after a brand that are searched for its verb."""
_PRICE_WINDOW_CHARACTERS = 40
"""Characters at the end of a product card that are searched for its price."""
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
    """Yield the pieces of a line, in order: sentences, clauses about a brand, and product cards.

    A line is cut after each sentence and before each role label ("Pros:"). A sentence is cut again
    before a clause about another brand: "Acme is light, while Bolt is cheap". Pieces have no outer
    white space; pieces without a letter or a digit, and those that are only a number, are left out.

    Args:
        body: The text.
        start: Offset of the line.
        end: Offset after the line.
        mentions: The mentions in the line, in order. A brand in small letters may begin a sentence;
            without mentions, no sentence is cut at a brand.
    """
    piece_start = start
    for piece_end, next_start in _piece_edges(body, start, end):
        if piece_end < piece_start:
            continue
        yield from _cut_pieces(body, piece_start, piece_end, mentions)
        piece_start = next_start
    yield from _cut_pieces(body, piece_start, end, mentions)


def is_worded(text: str, start: int, end: int) -> bool:
    """Return whether a span has a letter or a digit."""
    return _WORDED.search(text, start, end) is not None


def _piece_edges(body: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return, in order, (end of the piece before, start of the piece after) for each place at which
    the line from `start` to `end` is cut.

    The places are the ends of sentences, except after an abbreviation; before a role label
    ("Pros:"), without the sign that separates it; and in a line over `_LONG_CHARACTERS`, between a
    colon and the words before the next colon. Places may overlap.
    """
    edges = [
        (found.end(), found.end())
        for found in _END.finditer(body, start, end)
        if found["stop"] != ""
        or body[found.start()] != "."
        or not _is_abbreviated(body, start, found.start())
    ]
    first_colon = body.find(":", start, end)
    if first_colon < 0:
        return edges
    for role in _ROLE.finditer(body, start, end):
        separator_start = max(start, role.start() - _SEPARATOR_WINDOW_CHARACTERS)
        separator = _BEFORE_ROLE.search(body, separator_start, role.start())
        if separator and role.start() > start:
            edges.append((separator.start(), role.start()))
    if end - start > _LONG_CHARACTERS:
        colons = _SECOND_COLON.finditer(body, first_colon - 1, end)
        edges += [(colon.start() + 1, colon.end()) for colon in colons]
    return sorted(edges)


def _is_abbreviated(body: str, start: int, stop: int) -> bool:
    """Return whether the full stop at offset `stop` ends an abbreviation or an initial; `start` is
    the offset of the text before it.
    """
    window_start = max(start, stop - _ABBREVIATION_WINDOW_CHARACTERS)
    return _SHORTENED.search(body, window_start, stop) is not None


def _cut_pieces(body: str, start: int, end: int, mentions: Sequence[Mention]) -> Iterator[Piece]:
    """Yield the span of a sentence or cell as one piece, or as several that are cut before brands.

    A cut is before a brand in small letters that begins a sentence, and before a second or later
    brand that begins a clause. The comma stays with the piece before, the conjunction with none. A
    product card is one piece with `Piece.card`, after the sentences before its title. Outer white
    space is dropped. A span without letters and digits, or with only a number, gives no piece.

    Args:
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
        if mention.start <= at:
            continue
        if body[mention.start].islower():
            window_start = max(at, mention.start - _STOP_WINDOW_CHARACTERS)
            sentence_end = _STOP.search(body, window_start, mention.start)
            if sentence_end and not _is_abbreviated(body, at, sentence_end.start()):
                yield Piece(at, sentence_end.end("mark"))
                at = mention.start
                continue
        clause = _opened_clause(body, at, mention, end) if index > first else None
        if clause and clause.start() > at:
            yield Piece(at, clause.start() + 1)
            at = clause.end()
    yield Piece(at, end)


def _is_product_card(body: str, start: int, end: int) -> bool:
    """Return whether the span from `start` to `end` is the card of a product in a shop: it ends in
    a price, and no space separates the price from the title ("Acme Pump$49"). A rating and the
    number of ratings may follow the price.
    """
    price = _CARD.search(body, max(start, end - _PRICE_WINDOW_CHARACTERS), end)
    if not price or price.start() <= start or end != price.end():
        return False
    before = body[price.start() - 1]
    return before.isalnum() or before in '"\u201d),\u2122\u00ae'


def _opened_clause(body: str, at: int, mention: Mention, end: int) -> re.Match[str] | None:
    """Return the match of the words that open a clause about a brand, ``, while`` of "..., while
    Acme is ..."; None if no such clause begins at the mention.

    The brand has to be followed by its verb. The clause has to be opposed to the words before: by
    its conjunction, or because these begin with one ("While Bolt is cheap, Acme is ...").

    Args:
        at: Offset of the piece that the clause would end.
        end: Offset after the sentence.
    """
    clause = _CLAUSE.search(body, max(at, mention.start - _CLAUSE_WINDOW_CHARACTERS), mention.start)
    verb_end = min(end, mention.end + _PREDICATE_WINDOW_CHARACTERS)
    if not clause or not PREDICATE.match(body, mention.end, verb_end):
        return None
    opposed = _OPPOSING.search(clause.group()) or _CONCESSION.match(body, at)
    return clause if opposed else None
