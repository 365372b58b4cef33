"""Mentions of brands: one search for all spellings of all brands, then rules of context.

The search is Aho-Corasick (Aho & Corasick 1975, doi 10.1145/360825.360855).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick, MatchKind

from overheard.domain import Brand, Mention, Rule
from overheard.reading.citation_marks import TOP_LEVEL
from overheard.reading.ordinary_words import Sense, in_phrase, is_ordinary, sense
from overheard.reading.spellings import other_forms, parent_brands, rule_allows
from overheard.reading.text import fold, inside_word, takes_ending

_ADDRESS_GOES_ON = re.compile(rf"\.(?:{TOP_LEVEL})\b|@")
_COUNTED = re.compile(r"(?<![\d.,])(?!(?:19|20)\d\d\s)[\d.,]*\d(?:[^\S\n]|-)?\Z")
_HYPHENS = frozenset("-\u2010\u2011")
_PRODUCT = re.compile(r"(?:[A-Z][a-z]{1,11}|[A-Z]{2,3}|[A-Z])(?![a-z])")
"""What is written on to a brand's name in the name of a product: "EufyCam", "SamsungTV"."""
_PRODUCT_WORDS = re.compile(
    r"(?:Care|TV|Pay|Music|Watch|AI|CRM|Cam|Pro|Plus|Max|Mini|App|One|Go|Play|Cast|Book|Pad|Pods?"
    r"|Phone|Drive|Cloud|Kit|Bot|Air|Buds|Card|Prime|GPT|Home)(?![a-z])"
)
"""The same for names that are ordinary words, where "RingCentral" and "MetaMask" are others."""
_RUN_ON = re.compile(r"(?:[^\W\d_][^\W\d_A-Z]{3}|\d)\Z")
"""The end of a word or number on to which a name is written, where a space is missing."""
_MIN_GLUED = 4
"""Letters of a name that counts inside a word."""
_LETTER = re.compile(r"(?:\A|[^\w'\u2019&+-])\Z")
_TYPE = re.compile(
    r"\b(?:[Mm]odel|[Tt]ype|[Gg]en(?:eration)?|[Cc]lass|[Ss]eries|[Vv]ariable|[Ff]actor|[Cc]hapter"
    r"|OS|iPhone|Mac|Pixel|Galaxy|Xbox|[Ss]olve for|[Ll]evel|[Pp]lan|[Tt]ier|[Aa]xis|Malcolm|Space"
    r")\s\Z"
)
"""Words before a single letter that is a part of another name: "Model X"."""
_QUANTITY = re.compile(r"\s?(?:=|%|\+|\d|-\w|(?:axis|factor|amount|number|times|percent|years)\b)")
_SAID_OF_NAMES = re.compile(
    r"-(?:(?:to|and|or|vs|versus)-|(?:branded|based|owned|made|only|exclusive|compatible|powered"
    r"|style|like|backed|certified)\b)"
)
_JOINED_NAME = re.compile(r"-(?:to|and|or|vs|versus)-\Z")
_FOOTER = re.compile(
    r"feedback helps \w+ improve|AI (?:responses|answers) may include mistakes"
    r"|Generative AI is experimental|AI-generated (?:answers|responses|content) (?:may|can)"
    r"|\b\w+ (?:can|may) make mistakes\b[^.\n]{0,30}(?:check|verify|info|$)"
    r"|(?:answer|response) (?:was|is) generated (?:by|with) ",
    re.IGNORECASE,
)
"""Sentences of a page's footer around an answer."""
_FOOTER_OPENING_CHARACTERS = 40
"""Most characters of a footer's first sentence before the words that show the footer."""
_FOOTER_CHARACTERS = 400
"""Most characters of a body after the beginning of its footer."""
_SHORT = 3
"""Names of up to this many letters must match in case."""


@dataclass(frozen=True, slots=True)
class _Spelling:
    """A spelling of one or more brands.

    Attributes:
        text: The folded spelling.
        brands: Names of the brands with this spelling.
        forms: The allowed forms of writing, or None when case does not matter.
        capitals: For a spelling of ordinary words, which of the words need a capital; else None.
        rules: The rules for this spelling, by brand.
    """

    text: str
    brands: tuple[str, ...]
    forms: frozenset[str] | None
    capitals: tuple[bool, ...] | None
    rules: Mapping[str, Rule]

    @property
    def inside_words(self) -> bool:
        """Whether the spelling counts inside a longer word."""
        return any(rule.inside_words for rule in self.rules.values())


@dataclass(frozen=True, slots=True)
class _Place:
    """An occurrence of a spelling in a text, with its brands and how certain the meaning is."""

    brands: tuple[str, ...]
    start: int
    end: int
    sentence: int
    sense: Sense


class MentionFinder:
    """Finds the mentions of all brands in a text. Built once; stateless in use.

    Case does not matter, except for names of up to three letters ("HP", "GE"), which must be
    written as declared or in capitals, and for ordinary English words ("Target", "Made In"), which
    must be written like a name (see `overheard.reading.ordinary_words`). The longest spelling wins:
    "Ninja Foodi" is the brand "Ninja Foodi" if that brand is known, else "Ninja". A brand with a
    parent also counts as a mention of the parent. A `Rule` of a spelling restricts this further.
    """

    def __init__(self, brands: Iterable[Brand]) -> None:
        """Build the search automaton from the spellings of all brands."""
        all_brands = tuple(brands)
        self._spellings = _spellings_of_brands(all_brands)
        self._parents = parent_brands(all_brands)
        self._automaton = AhoCorasick(
            [spelling.text for spelling in self._spellings], matchkind=MatchKind.Standard
        )

    def find(
        self, body: str, sentences: Sequence[tuple[int, int]], language: str = ""
    ) -> tuple[Mention, ...]:
        """Return the mentions of brands in a body, in order and without overlaps; a brand counts in
        all its occurrences, doubtful ones too, if one occurrence is certainly its name.

        Args:
            body: Prose, see `overheard.reading.markdown`.
            sentences: (start, end) offsets of its sentences, see `overheard.reading.text`.
            language: The language of the question, such as ``de``, or "".
        """
        places = list(self._places(body, sentences, language))
        certain_brands = {b for p in places if p.sense is Sense.NAME for b in p.brands}
        name_places = [
            p for p in places if p.sense is Sense.NAME or not certain_brands.isdisjoint(p.brands)
        ]
        return tuple(
            Mention(brand, place.start, place.end, place.sentence)
            for place in _longest_places(name_places)
            for brand in self._with_parents(place.brands)
        )

    def _with_parents(self, brands: Iterable[str]) -> Iterable[str]:
        """Return brands with their parents, each once."""
        return dict.fromkeys(name for brand in brands for name in (brand, *self._parents[brand]))

    def _places(
        self, body: str, sentences: Sequence[tuple[int, int]], language: str
    ) -> Iterator[_Place]:
        """Yield all occurrences of spellings before the footer that satisfy the rules, by their
        end; they may overlap.

        Args:
            body: The text.
            sentences: (start, end) offsets of its sentences, in order.
            language: The language of the question, or "".
        """
        folded = fold(body)
        starts = [start for start, _ in sentences]
        footer = _footer_start(body, sentences)
        # Overlapping, because the longest match may fail the rules and a shorter one may not.
        for index, left, right in self._automaton.find_matches_as_indexes(
            folded.text, overlapping=True
        ):
            spelling = self._spellings[index]
            start, end = folded.origin(left), folded.origin(right)
            if start >= footer:
                continue
            sentence = bisect_right(starts, start) - 1
            if inside_word(folded.text, left, right) and not (
                spelling.inside_words
                or (
                    _may_have_ending(spelling, folded.text, left, right)
                    and takes_ending(folded.text, left, body, sentences[sentence], language)
                )
                or _is_glued(spelling, body, start, end)
            ):
                continue
            meaning = _occurrence_sense(spelling, body, start, end, sentences[sentence])
            owners = tuple(
                brand
                for brand in spelling.brands
                if brand not in spelling.rules
                or rule_allows(
                    spelling.rules[brand], body, (start, end), sentences[sentence], language
                )
            )
            if meaning is not Sense.WORD and owners:
                yield _Place(owners, start, end, sentence, meaning)


def _footer_start(body: str, sentences: Sequence[tuple[int, int]]) -> int:
    """Return the offset of the footer of a web page around an answer, or the length of the body
    without a footer.

    Args:
        body: The text.
        sentences: (start, end) offsets of its sentences, in order.
    """
    low = max(0, len(body) - _FOOTER_CHARACTERS)
    footer = _FOOTER.search(body, low)
    if footer is None:
        return len(body)
    start = next(start for start, _ in reversed(sentences) if start <= footer.start())
    return start if footer.start() - start <= _FOOTER_OPENING_CHARACTERS else footer.start()


def _longest_places(places: Iterable[_Place]) -> Iterator[_Place]:
    """Yield the places in order without overlaps; of places with the same start, the longest."""
    last_end = 0
    for place in sorted(places, key=lambda place: (place.start, -place.end)):
        if place.start >= last_end:
            last_end = place.end
            yield place


def _occurrence_sense(
    spelling: _Spelling, body: str, start: int, end: int, sentence: tuple[int, int]
) -> Sense:
    """Return whether an occurrence of a spelling is the name, an ordinary word, or doubtful.

    Args:
        spelling: The spelling, with its conditions of case.
        body: The text.
        start: Offset of the occurrence.
        end: Offset after the occurrence.
        sentence: (start, end) offsets of the sentence with the occurrence.
    """
    if (
        _in_address(body, start, end)
        or not _has_right_case(spelling, body, start, end)
        or in_phrase(spelling.text, body, start, end)
    ):
        return Sense.WORD
    if spelling.capitals is None:
        return Sense.NAME
    return sense(spelling.text, body, start, end, sentence)


def _in_address(body: str, start: int, end: int) -> bool:
    before = body[max(0, start - 2) : start]
    subdomain = before[1:] == "." and before[0].isalnum() and "." in body[start:end]
    return subdomain or before[-1:] == "@" or _ADDRESS_GOES_ON.match(body, end) is not None


def _has_right_case(spelling: _Spelling, body: str, start: int, end: int) -> bool:
    """Return whether the case of the letters of an occurrence fits the spelling; a short name must
    have one of its own forms, an ordinary word its capitals.

    Args:
        spelling: The spelling, with its conditions of case.
        body: The text.
        start: Offset of the occurrence.
        end: Offset after the occurrence.
    """
    written = body[start:end]
    if spelling.forms is not None and (
        written not in spelling.forms or _COUNTED.search(body, max(0, start - 12), start)
    ):
        return False
    if len(written) == 1 and not _is_lone_letter(body, start, end):
        return False
    return spelling.capitals is None or (
        _is_capitalised(written, spelling.capitals) and not _is_compound(body, start, end)
    )


def _is_capitalised(written: str, capitals: Sequence[bool]) -> bool:
    """Return whether each word that needs a capital begins with a capital or a digit.

    Args:
        written: The words as the text has them.
        capitals: For each word of the name, whether it needs a capital.
    """
    words = re.split(r"[\W_]+", written)
    return all(
        word[:1].isupper() or word[:1].isdigit() or not needed
        for word, needed in zip(words, capitals, strict=False)
    )


def _is_lone_letter(body: str, start: int, end: int) -> bool:
    """Return whether a single letter in the body can be a name: not in "Model X", "X-ray" or "X =
    5".
    """
    return (
        _LETTER.search(body, max(0, start - 1), start) is not None
        and _TYPE.search(body, max(0, start - 20), start) is None
        and _QUANTITY.match(body, end) is None
    )


def _is_compound(body: str, start: int, end: int) -> bool:
    """Return whether a hyphen joins the word from `start` to `end` to a lower-case word:
    "Target-rich", "off-Target".

    Words that join names do not count: "Notion-to-Slack", "Target-branded".
    """
    if _SAID_OF_NAMES.match(body, end) or _JOINED_NAME.search(body, max(0, start - 6), start):
        return False
    before, after = body[max(0, start - 2) : start], body[end : end + 2]
    return (after[:1] in _HYPHENS and after[1:].islower()) or (
        before[1:] in _HYPHENS and before[:1].islower()
    )


def _is_glued(spelling: _Spelling, body: str, start: int, end: int) -> bool:
    """Return whether the name from `start` to `end` is part of a longer word in mixed case:
    "EufyCam", "WifiAmazon".
    """
    if end - start < _MIN_GLUED or not body[start:end].isascii():
        return False
    before, after = body[max(0, start - 4) : start], body[end : end + 1]
    starts = not (before[-1:].isalnum() or before[-1:] in {"_", "&"})
    ends = not (after.isalnum() or after in {"_", "&"})
    if spelling.capitals is not None:
        return starts and body[start].isupper() and _PRODUCT_WORDS.match(body, end) is not None
    product = body[end - 1].islower() and _PRODUCT.match(body, end) is not None
    run_on = body[start].isupper() and _RUN_ON.search(before) is not None
    return (starts or run_on) and (ends or product)


def _may_have_ending(spelling: _Spelling, text: str, left: int, right: int) -> bool:
    """Return whether a name has an s after it that may be its ending: "Acmes Preise", "two
    Pipedrives".

    False for an ordinary or short name, and for a name that ends in s, x or z.

    Args:
        spelling: The spelling of the name.
        text: The folded text.
        left: Offset of the name in the folded text.
        right: Offset after the name in the folded text.
    """
    return (
        spelling.capitals is None
        and spelling.forms is None
        and text[right : right + 1] == "s"
        and text[right - 1] not in "sxz"
        and not inside_word(text, left, right + 1)
    )


def _spellings_of_brands(brands: Iterable[Brand]) -> list[_Spelling]:
    """Return the spellings of all brands, with further forms that no brand declares; brands with
    the same folded spelling share one entry.
    """
    written: dict[str, dict[str, None]] = {}
    owners: dict[str, dict[str, None]] = {}
    rules: dict[str, dict[str, Rule]] = {}
    for brand in brands:
        for rule in brand.rules:
            rules.setdefault(" ".join(fold(rule.spelling).text.split()), {})[brand.name] = rule
        for name in brand.names:
            text = " ".join(fold(name).text.split())
            if text:
                written.setdefault(text, {})[name] = None
                owners.setdefault(text, {})[brand.name] = None
    declared = set(written)
    for text in tuple(declared):
        for form in dict.fromkeys(form for name in written[text] for form in other_forms(name)):
            other = " ".join(fold(form).text.split())
            if other not in declared:
                written.setdefault(other, {})[form] = None
                owners[other] = owners.get(other, {}) | owners[text]
                rules[other] = rules.get(other, {}) | rules.get(text, {})
    return [
        _new_spelling(text, tuple(owners[text]), tuple(written[text]), rules.get(text, {}))
        for text in written
    ]


def _new_spelling(
    text: str, brands: tuple[str, ...], written: tuple[str, ...], rules: Mapping[str, Rule]
) -> _Spelling:
    """Return a spelling with its conditions of case.

    Args:
        text: The folded spelling.
        brands: The names of the brands that it may stand for.
        written: Its unfolded forms, at least one.
        rules: The rules of the spelling, by brand.
    """
    short = len(text) <= _SHORT and text.isascii() and text.isalnum()
    forms = frozenset((*written, *(name.upper() for name in written))) if short else None
    capitals = _capitals(written[0]) if is_ordinary(text) else None
    return _Spelling(text, brands, forms, capitals, rules)


def _capitals(name: str) -> tuple[bool, ...]:
    capitals = tuple(word[:1].isupper() for word in re.split(r"[\W_]+", name))
    return capitals if any(capitals) else (True,) * len(capitals)
