"""Whose a line is, and where the text of one brand ends."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from overheard.domain import Mention, UnitRole
from overheard.reading.labels import LabelKind, bare_start, kind_of
from overheard.reading.ordinary_words import is_common
from overheard.reading.word_lists import CONTRAST, WordLists

_LISTS = WordLists("overheard.reading", "owners.txt")
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
_ROLE = _LISTS.compiled(
    "role labels", r"(?=[A-Z])(?:(?<![A-Za-z0-9] )\b|(?<=[a-z0-9)])){}\s?:", any_case=False
)
_POINT_AHEAD = r"\s(?=[A-Z0-9]|[^\w\s\"'(\[$\u20ac\u00a3~<>&])"
_POINTER = _LISTS.pattern("pointer")
_POINT = re.compile(
    rf"[\s;\u2022\u00b7,](?:(?<=\s)(?:[;\u2022\u00b7]{_POINT_AHEAD}|\|\s)|(?<=[;\u2022\u00b7]){_POINT_AHEAD}"
    rf"|(?<=,)(?=\s[^\w\s\"'(\[$\u20ac\u00a3~<>&-]){_POINT_AHEAD}"
    rf"|(?<=[;,])\s(?=(?:(?:while|and|but|whereas) )?(?!the f){_POINTER}))"
)
"""Between points in one line; one set first, which the search finds fast."""
_DASH = re.compile(rf"\s[-\u2013](?:(?P<opens>(?!\s\d){_POINT_AHEAD})|\s)")
"""The same, where it is not the first in the line, which follows a name or a label."""
_SEMICOLON = re.compile(r";\s")
"""The same, also before small letters, where a line has several."""
_COMMA = re.compile(
    r",\s(?=(?P<word>[A-Z][^\W\d_]+)?"
    r"(?P<tells> ?:| (?!(?:and|or|und|oder|et|ou|y|o)\b)[a-z\u00e0-\u00ff])?"
    r"(?P<joins>(?:and|or|but|which|it) )?)(?![^()]{0,200}\))"
)
"""Between points behind a name or a label."""
_NO_POINTS = re.compile(
    r"[.!?] |(?:;|\s[-\u2013])\s(?:is|are|was|were|has|have|and|or|but|that|which|who|it|they)\b"
)
"""In a sentence with an aside or with clauses, and not between points."""
_NEXT_LABEL = re.compile(r",\s(?=[A-Z][\w/&-]*(?: [\w/&-]+){0,2}:\s)")
"""Between a labelled value and the next label: "RAM: 8GB, Storage: 512GB"."""
_BEFORE_ROLE = re.compile(r"(?:[;|.,]|\s[\u2013\u2014-])?\s*\Z")
_SHORTENED = _LISTS.compiled("abbreviations", r"(?:\b{}|(?:(?<![\w-])|\.)[A-Z])\Z", any_case=False)
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
_CONTRAST = "|".join(CONTRAST)
_CLAUSE = re.compile(
    rf"(?:,|;|\s[\u2013\u2014-])\s+(?:(?:{_CONTRAST}|and|yet)\s+)?(?:the\s+)?\Z", re.IGNORECASE
)
_OPPOSING = re.compile(rf"\b(?:{_CONTRAST}|yet)\s|;", re.IGNORECASE)
_CONCESSION = re.compile(r"(?:while|although|whereas|though|unlike most)\b", re.IGNORECASE)
PREDICATE = _LISTS.compiled(
    "predicate", r"(?:['\u2019]s)?(?:[\u00ae\u2122]?\s[\w-]+){0,3}?[\u00ae\u2122]?,?\s{}\b"
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
    body: str,
    start: int,
    end: int,
    mentions: Sequence[Mention] = (),
    bold: Sequence[tuple[int, int]] = (),
) -> Iterator[Piece]:
    """Yield the pieces of a line, in order: sentences, clauses about a brand, and product cards.

    A line is cut after each sentence, before each role label ("Pros:") and each bold label, and
    between points that semicolons, bars or dashes divide ("; Size: ..."). A sentence is cut again
    before a clause about another brand: "Acme is light, while Bolt is cheap". Pieces have no outer
    white space; pieces without a letter or a digit, and those that are only a number, are left out.

    Args:
        body: The text.
        start: Offset of the line.
        end: Offset after the line.
        mentions: The mentions in the line, in order. A brand in small letters may begin a sentence;
            without mentions, no sentence is cut at a brand.
        bold: (start, end) offsets of the bold text of the line.
    """
    piece_start = start
    named = bool(mentions) and mentions[0].start - start < _HEAD_REACH
    for piece_end, next_start in _piece_edges(body, start, end, bold, named=named):
        if piece_end < piece_start:
            continue
        yield from _cut_pieces(body, piece_start, piece_end, mentions)
        piece_start = next_start
    yield from _cut_pieces(body, piece_start, end, mentions)


def is_worded(text: str, start: int, end: int) -> bool:
    """Return whether a span has a letter or a digit."""
    return _WORDED.search(text, start, end) is not None


def _piece_edges(
    body: str, start: int, end: int, bold: Sequence[tuple[int, int]], *, named: bool
) -> list[tuple[int, int]]:
    """Return, in order, (end of the piece before, start of the piece after) for each place at which
    the line from `start` to `end` is cut.

    The places are the ends of sentences, except after an abbreviation; before a role label
    ("Pros:"), without the sign that separates it; and in a line over `_LONG_CHARACTERS`, between a
    colon and the words before the next colon. Places may overlap.
    """
    stops = [
        (found.end(), found.end())
        for found in _END.finditer(body, start, end)
        if found["stop"] != ""
        or body[found.start()] != "."
        or not _is_abbreviated(body, start, found.start())
    ]
    points = [point.span() for point in _POINT.finditer(body, start + 1, end)]
    labels: list[tuple[int, int]] = []
    names: list[tuple[int, int]] = []
    first_colon = body.find(":", start, end)
    if first_colon >= 0:
        points += [label.span() for label in _NEXT_LABEL.finditer(body, first_colon, end)]
        names = [span for span in bold if ":" in body[span[1] - 1 : span[1] + 1]]
        roles = [role.start() for role in _ROLE.finditer(body, start, end)]
        for label_start in (*(name_start for name_start, _ in names), *roles):
            low = max(start, label_start - _SEPARATOR_WINDOW_CHARACTERS)
            separator = _BEFORE_ROLE.search(body, low, label_start)
            if separator and start < label_start:
                labels.append((separator.start(), label_start))
        if end - start > _LONG_CHARACTERS:
            colons = _SECOND_COLON.finditer(body, first_colon - 1, end)
            points += [(colon.start() + 1, colon.end()) for colon in colons]
    at, heads = start, {start, *(label_start for _, label_start in labels)}
    signs: list[re.Match[str]] = []
    for cut, after in (*sorted((*stops, *labels)), (end, end)):
        if at < cut:
            signs += _point_signs(body, at, cut, leads=at in heads, named=named)
        at = max(at, after)
    times = Counter(body[a:b].strip() for a, b in (*labels, *(sign.span() for sign in signs)))
    for sign in signs:
        if times[sign[0].strip()] > 1 or (sign.re is _DASH and sign["opens"]):
            points.append(sign.span())
    ends = [0, *(high for _, high in names)]
    points += (*stops, *labels)
    return sorted(edge for edge in points if edge[0] >= ends[bisect_left(names, edge[:1])])


def _point_signs(
    body: str, start: int, end: int, *, leads: bool, named: bool
) -> Iterator[re.Match[str]]:
    """Yield the dashes, semicolons and commas that divide points, if a line has two of them, and
    that `_POINT` does not find, in a sentence or in what `leads`, a line or the text from a label
    on: of a sentence only dashes before a capital, and none between clauses.

    Commas count before capitals, and in a line that begins with a brand (`named`). A first dash
    without a colon before it divides no points, because it follows a name.
    """
    dashes = list(_DASH.finditer(body, start + 1, end))
    if not leads:
        yield from (dash for dash in dashes if dash["opens"])
        return
    colon = body.find(":", start, end)
    first = dashes[0].start() if dashes else end
    if first < end and not 0 <= colon < first:
        del dashes[0]
    else:
        first = colon if colon >= 0 else end
    commas = list(_COMMA.finditer(body, first, end))
    listed = [c for c in commas if c["word"] and (c["tells"] or is_common(c["word"].lower()))]
    if named and not any(comma["word"] or comma["joins"] for comma in commas):
        listed = commas
    for signs in (dashes, list(_SEMICOLON.finditer(body, start + 1, end)), listed):
        clauses = signs and _NO_POINTS.search(body, signs[0].start(), end)
        yield from (s for s in signs if not clauses or (signs is dashes and s["opens"]))


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
    """
    clause = _CLAUSE.search(body, max(at, mention.start - _CLAUSE_WINDOW_CHARACTERS), mention.start)
    verb_end = min(end, mention.end + _PREDICATE_WINDOW_CHARACTERS)
    if not clause or not PREDICATE.match(body, mention.end, verb_end):
        return None
    opposed = _OPPOSING.search(clause.group()) or _CONCESSION.match(body, at)
    return clause if opposed else None


_HEAD_REACH = 5
"""Characters in which a text must name a brand to begin with it."""
_SUBJECT_PART = 0.4
_SUBJECT_CHARACTERS = 30
"""The first part of a sentence, in which its subject is searched, and its smallest length."""
_DEEP_WORDS = 3
"""Words before a name in a title of another product: "Westinghouse 55-inch Smart Roku TV"."""
_MAX_TITLE_NAMES = 3
_APART = _LISTS.compiled("apart")
"""Before a name that is no subject."""
_OPENER = _LISTS.compiled("openers", r"{}\b")
"""The first word of a sentence with its subject behind a comma: "Since you use Acme, Bolt is"."""
_MAIN = re.compile(r",\s(?:the\s|your\s|then\s|an?\s)*\Z", re.IGNORECASE)
_PLACE = re.compile(
    r"(?:with|in|on|at|inside|as (?:for|with)|chez|bei|avec|con)\s(?:the\s)?", re.IGNORECASE
)
"""Words before the only name of a sentence that is about it: "With Acme, you get ..."."""
_ENUMERATED = re.compile(r", (?:the )?(?-i:[A-Z])[^,]*(?:, | and | or )", re.IGNORECASE)
"""A name in the middle of an enumeration, with the comma before it."""
_EXAMPLES = re.compile(
    r"\W*(?:[\w'\u2019-]+,? ){1,5}(?:like|such as|including) (?:the )?(?:[^.;:,]{1,40}, ){0,4}"
    r"(?:and |or )?(?:the )?"
)
"""The words before the first name in "Brands such as Acme and Bolt offer ..."."""
_EXAMPLES_CHARACTERS = 160
_EXAMPLES_BEFORE = re.compile(r"\b(?:like|such as|including)\s[^.;:]{0,200}\Z", re.IGNORECASE)
"""What stands before a name late in an enumeration of examples."""
_EXAMPLE = re.compile(r"[(\[]?(?:e\.g\.|for example|such as|i\.e\.)[\s,]", re.IGNORECASE)
"""The beginning of a text that is nothing but examples: "(e.g., Acme, Bolt)"."""
_APART_CHARACTERS = 36
_JOINED = re.compile(
    r"\s+|\s*(?:/|&|,|\band\b|\+)\s*(?:the )?"
    r"|(?: (?-i:[A-Z0-9])[\w.+-]*){0,4} (?:and|or) (?:the )?",
    re.IGNORECASE,
)
"""Between the names of an enumeration, and of a maker and its product: "Anker Soundcore"."""
_POSSESSIVE = re.compile(r"['\u2019]s ")
"""Between a maker and its brand."""
_AGAINST = re.compile(r"\bvs\.?\b|\bversus\b|\bcompared\b|\balternatives? to\b", re.IGNORECASE)
_PAIRED = _LISTS.compiled("pointer", "(?:(?:while|and|but|whereas) )?{}")
_BOTH = _LISTS.compiled("both")
_SENTENCES = re.compile(r".*(?:[.!?]\s+|\n)(?=\S)", re.DOTALL)
_PAIR_CHARACTERS = 600
_MAKER = re.compile(r"\w \((?:by |from )?\Z")
_MADE_BY = re.compile(r"(?:\bby|:|[\u2013\u2014(\[-]|/|&)\s*(?:the )?\Z", re.IGNORECASE)


class Owner(NamedTuple):
    """The owner of a text; see `overheard.domain.Unit` for the attributes."""

    name: str = ""
    foreign: bool = False
    shared: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is an owner."""
        return bool(self.name)

    def is_brand(self, brand: str) -> bool:
        """Return whether the owner is a declared brand."""
        return not self.foreign and self.names(brand)

    def names(self, brand: str) -> bool:
        """Return whether the owner is a brand, declared or not."""
        return self.name == brand or brand in self.shared


NOBODY = Owner()


class Context(NamedTuple):
    """What the lines of a block inherit.

    Attributes:
        rank: The rank of the block: headings 1 to 6, bold lines 7 and 8, items by depth from 11.
        label: The label that gave the role.
        closed: Whether the block is about the choice itself, so that its labels name no products.
    """

    rank: int
    owner: Owner = NOBODY
    role: UnitRole = UnitRole.NONE
    label: str = ""
    closed: bool = False

    def at(self, rank: int) -> Context:
        """Return this context for a block of another rank."""
        return Context(rank, self.owner, self.role, self.label, self.closed)

    def with_role(self, role: UnitRole) -> Context:
        """Return this context with another role."""
        return Context(self.rank, self.owner, role, self.label, self.closed)


class Names:
    """The mentions of an answer, searched by place.

    Args:
        body: The text.
        mentions: All mentions of the brands, in order.
        undeclared: The names among them that are not declared.
    """

    def __init__(
        self, body: str, mentions: Sequence[Mention], undeclared: Container[str] = ()
    ) -> None:
        self._body, self._mentions, self._undeclared = body, mentions, undeclared
        self._starts = [mention.start for mention in mentions]

    def within(self, start: int, end: int) -> Sequence[Mention]:
        """Return the mentions that begin in the span from `start` to before `end`, in order."""
        if not self._starts or start > self._starts[-1] or end <= self._starts[0]:
            return ()
        first = bisect_left(self._starts, start)
        if first == len(self._starts) or self._starts[first] >= end:
            return ()
        return self._mentions[first : bisect_left(self._starts, end, first)]

    def owner(self, start: int, end: int) -> Owner:
        """Return the brand that the span from `start` to `end` names first, as an owner; `NOBODY`
        without a mention.

        A genitive is skipped: "Acme's Bolt" is about Bolt. The other brands of an enumeration
        ("Acme and Bolt"), and other brands with the same name, become `Owner.shared`.
        """
        found = self.within(start, end)
        if not found:
            return NOBODY
        first_index = 0
        while first_index + 1 < len(found) and _POSSESSIVE.fullmatch(
            self._body, found[first_index].end, found[first_index + 1].start
        ):
            first_index += 1
        first = last = found[first_index]
        shared = []
        for other in found[first_index + 1 :]:
            if other.start > first.start:
                if not _JOINED.fullmatch(self._body, last.end, other.start):
                    break
                last = other
            if other.brand != first.brand:
                shared.append(other.brand)
        return self._owner_of(first.brand, *shared)

    def _owner_of(self, *brands: str) -> Owner:
        """Return the declared ones of some brands as an owner; else the first, as a foreign one."""
        declared = [brand for brand in dict.fromkeys(brands) if brand not in self._undeclared]
        if not declared:
            return Owner(brands[0], foreign=True)
        return Owner(declared[0], shared=tuple(declared[1:]))

    def of_pair(self, start: int) -> Owner | None:
        """Return whom "the former", "the latter", "the first", "the second" or "both" at an offset
        points back to; None for other words. "Both" are the only two brands of the sentence before,
        which begins with one, as its subjects; else None. Where fewer than two brands are near,
        "the former" and "the latter" are `NOBODY`, and the first and second None.
        """
        begin = max(0, start - _PAIR_CHARACTERS)
        found = _PAIRED.match(self._body, start)
        if not found and _BOTH.match(self._body, start):
            before = _SENTENCES.match(self._body, begin, start)
            begin = before.end() if before else begin
        elif not found:
            return None
        near = self.within(begin, start)
        brands = list(dict.fromkeys(mention.brand for mention in reversed(near)))
        if not found:
            are_subjects = all(PREDICATE.match(self._body, m.end, start) for m in near)
            is_pair = len(brands) == 2 and are_subjects and self.begins(begin, start)
            return self._owner_of(*brands[::-1]) if is_pair else None
        which = found["which"].lower()
        if len(brands) < 2:
            return NOBODY if which in {"former", "latter"} else None
        return self._owner_of(brands[which in {"former", "first"}])

    def masked(self, start: int, end: int) -> str:
        """Return the text from `start` to `end` with an "X" in place of each brand name, so that no
        word of a name counts as a word of a label: "Best Buy" is no award.
        """
        pieces, at = [], start
        for mention in self.within(start, end):
            if mention.start >= at:
                pieces += [self._body[at : mention.start], "X"]
                at = mention.end
        return "".join((*pieces, self._body[at:end]))

    def begins(self, start: int, end: int) -> Owner:
        """Return the brand that the span from `start` to `end` begins with, after bullets and signs
        and within `_HEAD_REACH` characters; `NOBODY` without such a brand.
        """
        first = bare_start(self._body, start, end)
        if not self.within(first, min(end, first + _HEAD_REACH)):
            return NOBODY
        return self.owner(first, end)

    def leads(self, start: int, end: int) -> bool:
        """Return whether a text begins with a brand as its subject: "Acme ...", or as an example,
        "Brands like Acme and ...". False if a genitive follows, "Acme's pick of the year", because
        such a text is about something else.

        Args:
            start: Offset of the text.
            end: Offset after the text.
        """
        found = self.within(start, min(end, start + _EXAMPLES_CHARACTERS))
        if not found or _POSSESSIVE.match(self._body, found[0].end):
            return False
        near = found[0].start < start + _HEAD_REACH
        return near or _EXAMPLES.fullmatch(self._body, start, found[0].start) is not None

    def speaker(self, start: int, end: int) -> Owner:
        """Return the brand with which a text begins and which a verb follows: "Acme offers";
        `NOBODY` if the text begins otherwise.

        Args:
            start: Offset of the text.
            end: Offset after the text.
        """
        owner = self.begins(start, end)
        found = self.within(start, end) if owner else ()
        return owner if found and PREDICATE.match(self._body, found[0].end, end) else NOBODY

    def in_brackets(self, start: int, end: int) -> Owner:
        """Return the maker that a name has in brackets, "Eero Pro (by Amazon)", or `NOBODY`."""
        found = self.within(start, end)
        maker = found and _MAKER.search(self._body, start, found[0].start)
        return self.owner(found[0].start, end) if maker else NOBODY

    def of_title(self, start: int, end: int, *, multi: bool) -> Owner | None:
        """Return the owner that a title names; None for a title without a brand.

        A comparison ("Acme vs Bolt"), and a title with more than `_MAX_TITLE_NAMES` names, belong
        to `NOBODY`. If `_DEEP_WORDS` words or more precede the first brand, the whole title can be
        the name of a product that is not declared: "Zorbo Seven for Acme". These words then begin
        with a capital, are no label of a special kind, and do not end in a word such as "by". Else
        the brand that the title names first is the owner.

        Args:
            start: Offset of the title.
            end: Offset after the title.
            multi: Whether the siblings of the title name brands; else no title is a product's name.
        """
        found = self.within(start, end)
        if not found:
            return None
        names = len({mention.start for mention in found})
        if names > _MAX_TITLE_NAMES or _AGAINST.search(self._body, start, end):
            return NOBODY
        before = self._body[start : found[0].start]
        is_late = len(before.split()) >= _DEEP_WORDS and not _MADE_BY.search(before)
        if multi and is_late and before[0].isupper() and kind_of(before) is LabelKind.OTHER:
            return Owner(self._body[start:end], foreign=True)
        return self.owner(start, end)

    def of_sentence(self, start: int, end: int) -> Owner:
        """Return the brand that the sentence from `start` to `end` is about, or `NOBODY`.

        It is about the brand that it names first, with these exceptions:

        - Examples at the beginning ("Brands like Acme and Bolt") count only if a verb follows.
        - A text that is nothing but examples ("e.g., Acme, Bolt") is about nobody.
        - A late brand counts only if it is the only one, and neither an example nor enumerated.
        - After an opening clause ("If you travel, Acme is ..."), the subject of the main clause
          counts.
        - A brand after a word such as "than" or "with" is not the subject.
        """
        found = self.within(start, end)
        if not found:
            return NOBODY
        first = found[0]
        has_examples_first = first.start - start < _EXAMPLES_CHARACTERS and _EXAMPLES.fullmatch(
            self._body, start, first.start
        )
        if has_examples_first:
            owner = self.owner(first.start, end)
            last = [mention for mention in found if owner.names(mention.brand)][-1]
            return owner if PREDICATE.match(self._body, last.end, end) else NOBODY
        only_examples = _EXAMPLE.match(self._body, start, first.start) is not None
        subject_end = start + max(_SUBJECT_CHARACTERS, int(_SUBJECT_PART * (end - start)))
        if only_examples or (first.start > subject_end and self._is_aside(found, start, end)):
            return NOBODY
        if main := self._main_clause_subject(found, start, end):
            return main
        before = max(start, first.start - _APART_CHARACTERS)
        if first.start > start and _APART.search(self._body, before, first.start):
            return NOBODY
        return self.owner(first.start, end)

    def _is_aside(self, found: Sequence[Mention], start: int, end: int) -> bool:
        """Return whether a brand late in the sentence from `start` to `end` is no subject: one of
        several brands, an example ("such as Acme"), or part of an enumeration.
        """
        first = found[0]
        if len({mention.brand for mention in found}) > 1:
            return True
        if _EXAMPLES_BEFORE.search(self._body, start, first.start):
            return True
        window_start = max(start, first.start - _ENUMERATION_CHARACTERS_BEFORE)
        window_end = min(end, first.end + _ENUMERATION_CHARACTERS_AFTER)
        return _ENUMERATED.search(self._body, window_start, window_end) is not None

    def _main_clause_subject(self, found: Sequence[Mention], start: int, end: int) -> Owner:
        """Return the brand that is the subject of the main clause after an opening clause: "If you
        travel, Acme is ...". `NOBODY` without an opening clause or such a subject.

        The brand has to begin the main clause and to be followed by its verb. No verb is needed for
        the only brand of a sentence after a first word such as "with": "With Acme, you get ...".
        """
        if not _OPENER.match(self._body, start):
            return NOBODY
        for mention in found:
            if _MAIN.search(self._body, start, mention.start):
                owner = self.owner(mention.start, end)
                last = [other for other in found if owner.names(other.brand)][-1]
                if PREDICATE.match(self._body, last.end, end):
                    return owner
        alone = len({mention.brand for mention in found}) == 1
        if alone and _PLACE.fullmatch(self._body, start, found[0].start):
            return self.owner(found[0].start, end)
        return NOBODY

    def of_opening(self, start: int, end: int) -> Owner:
        """Return the brand that the text from `start` to `end` opens with, or `NOBODY`: the subject
        after an opening clause, else the first brand in the first `_SUBJECT_PART` of the text.
        """
        first = bare_start(self._body, start, end)
        if main := self._main_clause_subject(self.within(first, end), first, end):
            return main
        opening_characters = max(_MIN_OPENING_CHARACTERS, int(_SUBJECT_PART * (end - first)))
        return self.owner(first, min(end, first + opening_characters))


_MIN_OPENING_CHARACTERS = 5
_ENUMERATION_CHARACTERS_BEFORE, _ENUMERATION_CHARACTERS_AFTER = 6, 5
"""Characters around a name that are searched for the commas of an enumeration."""
