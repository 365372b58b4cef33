"""Where an answer names a brand or another product."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from ahocorasick_rs import AhoCorasick, MatchKind

from overheard.domain import Brand, Mention, Rule
from overheard.reading.labels import is_property, role_of
from overheard.reading.ordinary_words import Sense, in_phrase, is_common, is_ordinary, sense
from overheard.reading.spellings import other_forms, parent_brands, rule_allows
from overheard.reading.text import TOP_LEVEL, fold, inside_word, takes_ending

_NUMBER = re.compile(r"^\s*\d{1,2}[.)]\s+")
MIN_LISTED = 2
"""Answers that list a name before it is proposed."""
PRICE, FOUNDED = "price", "founded"

_HEADS = re.compile(
    r"""^[ \t]*
    (?:[-*•]\s+|\d{1,2}[.)]\s+|\#{1,6}\s+|\|\s*)+     # a bullet, a number, a heading, a cell
    (?:\d{1,2}[.)]\s+)?[*_\[]*
    (?P<head>[^\s*|\#:(\[][^*|:(\[\]\n\u2013\u2014]{1,60})
    """,
    re.MULTILINE | re.VERBOSE,
)
_BOLD = re.compile(r"\*\*\[?(?P<head>[^*\n:|(\[\]]{2,60})")
_PROPER = r"[A-Z][\w.'&+-]*(?:\s[A-Z0-9][\w.'&+-]*){0,2}"
_SERIES = re.compile(
    rf"{_PROPER}(?:,\s(?:and\s|or\s)?{_PROPER})*,?\s(?:and|or|vs\.?|und)\s{_PROPER}"
)
_PROPER_WORD = re.compile(r"(?=.*[^\W\d_])[A-Z0-9][\w.&+-]*[\w+]|[a-z]+[A-Z]\w*")
_LINKS = re.compile(r",\s(?:and\s|or\s)?|,?\s(?:and|or|vs\.?|und)\s")
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?=\d)[^.!?\n]*)*[.!?]?")
_FROM = re.compile(
    r"\b(?:start(?:s|ing)?(?:\s+price)?(?:\s+(?:at|from))?|from|costs?)\s+(?:just\s+|only\s+)?"
    r"(?P<value>[$€£]\s?\d{1,5}(?:\.\d\d)?)(?P<per>(?:\s*(?:/|per|a)\s*(?:user|seat|month|mo|year))*)",
    re.IGNORECASE,
)
_FOUNDED = re.compile(
    r"\b(?:founded|established|launched|started)\s+(?:back\s+)?in\s+(?P<value>(?:19|20)\d\d)\b",
    re.IGNORECASE,
)


def undeclared_names(
    texts: Sequence[str], declared_names: Collection[str]
) -> list[tuple[str, int]]:
    """Return (name, number of answers that contain the name) for undeclared names that answers list
    next to a declared brand: most frequent first, then by name.

    A name is returned if at least `MIN_LISTED` answers list it. It is written as in the first of
    these answers. Answers that contain the name without listing it count in the number too.

    Args:
        texts: Answers with their Markdown.
        declared_names: All spellings of the declared brands.
    """
    declared = {_folded(name) for name in declared_names}
    listed: Counter[str] = Counter()
    written: dict[str, str] = {}
    for text in texts:
        for key, name in _listed_names(text, declared).items():
            listed[key] += 1
            written.setdefault(key, name)
    names = [written[key] for key, count in listed.items() if count >= MIN_LISTED]
    found = [(name, sum(_names_any(text, [name]) for text in texts)) for name in names]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def _listed_names(text: str, declared: Collection[str]) -> dict[str, str]:
    """Return, by folded name, the undeclared names that an answer lists together with a declared
    name, as they are first written.

    Together are all heads of items, headings, table rows and bold texts of the answer, and the
    names of one series ("Asana, Trello and Monday"). Names that contain a declared name, or are
    part of one, are left out.
    """
    found: dict[str, str] = {}
    heads = [
        _NUMBER.sub("", match["head"]).strip(" .*_`'\"\u201c\u201d")
        for match in chain(_HEADS.finditer(text), _BOLD.finditer(text))
    ]
    series = (
        [name.strip(" .*") for name in _LINKS.split(names)] for names in _SERIES.findall(text)
    )
    for places in (heads, *series):
        if not any(_begins_with_declared(_folded(place), declared) for place in places):
            continue
        for place in places:
            name = "" if _begins_with_declared(_folded(place), declared) else _leading_name(place)
            if name and not _overlaps_declared(_folded(name), declared):
                found.setdefault(_folded(name), name)
    return found


def _begins_with_declared(place: str, declared: Collection[str]) -> bool:
    """Return whether a folded list entry begins with a declared name of at most
    `_MAX_NAME_WORDS` words.
    """
    words = place.split()
    most_words = min(_MAX_NAME_WORDS, len(words))
    return any(" ".join(words[:size]) in declared for size in range(1, most_words + 1))


_MAX_NAME_WORDS = 4


def stated_values(texts: Iterable[str], names: Collection[str], others: Collection[str]) -> Values:
    """Return, for the fields ``price`` and ``founded``, (the value that most answers state of a
    brand, number of those answers).

    Only sentences count that name the brand and no other brand. Several values in one answer count
    once each. Of values with equally many answers, any may be returned. A field without a value is
    absent.

    Args:
        names: The spellings of the brand.
        others: The spellings of all other brands.
    """
    found: dict[str, Counter[str]] = {PRICE: Counter(), FOUNDED: Counter()}
    for text in texts:
        pairs = {
            pair
            for sentence in _sentences_about(text, names, others)
            for pair in _stated_pairs(sentence)
        }
        for field, value in pairs:
            found[field][value] += 1
    return {field: counts.most_common(1)[0] for field, counts in found.items() if counts}


Values = dict[str, tuple[str, int]]
"""Values with the number of answers that state them, by field."""


def _leading_name(head: str) -> str:
    """Return the name with which a list entry begins, ``Acer`` of ``Acer Swift Go 14``; "" for an
    entry that begins with no name.

    The name is the first word. If that is an ordinary word or begins with a digit, the name is the
    first two words, and the second may not be ordinary. An entry that is a role ("Pros") or a
    property ("Battery life") begins with no name, nor does one in small letters.
    """
    first, *more = head.split()[:2] or [""]
    if not _PROPER_WORD.fullmatch(first) or role_of(head) or is_property(head):
        return ""
    if first[0].isdigit() or all(is_common(_folded(part)) for part in first.split("-")):
        second = more[0] if more and _PROPER_WORD.fullmatch(more[0]) else ""
        return f"{first} {second}" if second and not is_common(_folded(second)) else ""
    return first


def _overlaps_declared(name: str, declared: Collection[str]) -> bool:
    """Return whether a folded name contains one of the folded names in `declared`, or is part of
    one, by whole words: "acme pro" overlaps "acme".
    """
    words = f" {name} "
    return any(
        f" {known_name} " in words or f" {name} " in f" {known_name} " for known_name in declared
    )


def _folded(name: str) -> str:
    return " ".join(fold(name).text.split())


def _sentences_about(text: str, names: Collection[str], others: Collection[str]) -> Iterator[str]:
    """Yield the sentences of a text that contain one of `names` and none of `others`."""
    for match in _SENTENCE.finditer(text):
        sentence = match[0]
        if _names_any(sentence, names) and not _names_any(sentence, others):
            yield sentence


def _names_any(sentence: str, names: Collection[str]) -> bool:
    return any(re.search(rf"\b{re.escape(n)}\b", sentence, re.IGNORECASE) for n in names if n)


def _stated_pairs(sentence: str) -> Iterator[tuple[str, str]]:
    """Yield (field, value) for the first price of the form "from $9" and the first year of founding
    that a sentence states.

    The value of a price is its amount, "$9", with " a month" if the sentence says so. A sentence
    without them yields nothing.
    """
    if price := _FROM.search(sentence):
        monthly = "mo" in price["per"].casefold()
        yield PRICE, price["value"].replace(" ", "") + (" a month" if monthly else "")
    if founded := _FOUNDED.search(sentence):
        yield FOUNDED, founded["value"]


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
_FOOTER_WORDS = ("mistakes", "feedback", "experimental", "generated")
"""Each of these sentences has one of these words."""
_FOOTER_OPENING_CHARACTERS = 40
"""Most characters of a footer's first sentence before the words that show the footer."""
_FOOTER_CHARACTERS = 400
"""Most characters of a body after the beginning of its footer."""
_COUNT_CHARACTERS = 12
"""Characters before a short name that are searched for a number."""
_TYPE_CHARACTERS = 20
"""Characters before a single letter that are searched for a word such as "Model"."""
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
        """Return the mentions of brands in a body, in order.

        Occurrences do not overlap: of overlapping ones, the first counts, and of those with the
        same start the longest. A doubtful occurrence ("Target" at the beginning of a sentence)
        counts only if another one is certainly the name of the same brand. A spelling of several
        brands gives a mention of each at the same place, and a brand also one of each parent.

        Args:
            body: The prose of an answer, as `overheard.reading.markdown.prose` returns it.
            sentences: (start, end) offsets of its sentences, in order.
            language: The language of the question, such as ``de``; "" if unknown.
        """
        places = list(self._places(body, sentences, language))
        certain_brands = {
            brand for place in places if place.sense is Sense.NAME for brand in place.brands
        }
        name_places = [
            place
            for place in places
            if place.sense is Sense.NAME or not certain_brands.isdisjoint(place.brands)
        ]
        return tuple(
            Mention(brand, place.start, place.end, place.sentence)
            for place in _longest_places(name_places)
            for brand in dict.fromkeys(
                name for own in place.brands for name in (own, *self._parents[own])
            )
        )

    def _places(
        self, body: str, sentences: Sequence[tuple[int, int]], language: str
    ) -> Iterator[_Place]:
        """Yield the occurrences of spellings that may be names, in order of their end; they may
        overlap.

        Left out are occurrences in the footer of a page, those that are certainly an ordinary word,
        and those that the rules of all their brands forbid. Inside a longer word, an occurrence
        counts only with an ending ("Acmes"), in mixed case ("AcmeCam"), or if a rule allows it. The
        brands of a place are those whose rules allow the occurrence.
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
            number = bisect_right(starts, start) - 1
            sentence = sentences[number]
            if inside_word(folded.text, left, right) and not (
                spelling.inside_words
                or _is_glued(spelling, body, start, end)
                or (
                    _may_have_ending(spelling, folded.text, left, right)
                    and takes_ending(folded.text, left, body, sentence, language)
                )
            ):
                continue
            occurrence_sense = _occurrence_sense(spelling, body, start, end, sentence)
            allowed_brands = tuple(
                brand
                for brand in spelling.brands
                if brand not in spelling.rules
                or rule_allows(spelling.rules[brand], body, (start, end), sentence, language)
            )
            if occurrence_sense is not Sense.WORD and allowed_brands:
                yield _Place(allowed_brands, start, end, number, occurrence_sense)


def _footer_start(body: str, sentences: Sequence[tuple[int, int]]) -> int:
    """Return the offset of the footer that a web page has put after an answer, such as "AI
    responses may include mistakes"; the length of the body without a footer.

    The footer begins with its sentence if the words that show it are near the beginning of that
    sentence, else with these words. They are searched in the last `_FOOTER_CHARACTERS`.
    """
    low = max(0, len(body) - _FOOTER_CHARACTERS)
    tail = body[low:].casefold()
    footer = _FOOTER.search(body, low) if any(map(tail.__contains__, _FOOTER_WORDS)) else None
    if footer is None:
        return len(body)
    start = next(start for start, _ in reversed(sentences) if start <= footer.start())
    return start if footer.start() - start <= _FOOTER_OPENING_CHARACTERS else footer.start()


def _longest_places(places: Iterable[_Place]) -> Iterator[_Place]:
    """Yield the places in order without overlaps: of overlapping places, the one that starts first;
    of places with the same start, the longest.
    """
    last_end = 0
    for place in sorted(places, key=lambda place: (place.start, -place.end)):
        if place.start >= last_end:
            last_end = place.end
            yield place


def _occurrence_sense(
    spelling: _Spelling, body: str, start: int, end: int, sentence: tuple[int, int]
) -> Sense:
    """Return whether an occurrence of a spelling is the name, an ordinary word, or doubtful.

    In an address, in another case than the spelling allows, or in a phrase of plain language
    ("Apple pie"), it is an ordinary word. Else it is the name, unless the spelling consists of
    ordinary words: then `sense` judges the words around it.
    """
    before = body[max(0, start - 2) : start]
    is_subdomain = before[1:] == "." and before[0].isalnum() and "." in body[start:end]
    if (
        is_subdomain
        or before[-1:] == "@"
        or _ADDRESS_GOES_ON.match(body, end)
        or not _has_right_case(spelling, body, start, end)
        or in_phrase(spelling.text, body, start, end)
    ):
        return Sense.WORD
    if spelling.capitals is None:
        return Sense.NAME
    return sense(spelling.text, body, start, end, sentence)


def _has_right_case(spelling: _Spelling, body: str, start: int, end: int) -> bool:
    """Return whether the case of the letters of an occurrence fits the spelling.

    A short name has to be written in one of its forms and not follow a number ("5 GE"); a single
    letter has to stand alone. A name of ordinary words needs its capitals, and no hyphen may join
    it to a word in small letters. The case of other names does not matter.
    """
    written = body[start:end]
    if spelling.forms is not None:
        counted = _COUNTED.search(body, max(0, start - _COUNT_CHARACTERS), start) is not None
        if counted or written not in spelling.forms:
            return False
    if len(written) == 1 and not _is_lone_letter(body, start, end):
        return False
    if spelling.capitals is None:
        return True
    return _is_capitalised(written, spelling.capitals) and not _is_compound(body, start, end)


def _is_capitalised(written: str, capitals: Sequence[bool]) -> bool:
    """Return whether each word that needs a capital begins with a capital or a digit. Words that
    the text has beyond those of the name do not matter.
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
        and _TYPE.search(body, max(0, start - _TYPE_CHARACTERS), start) is None
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
    """Return whether the name from `start` to `end` is glued to other words, so that it counts
    inside a longer word: "EufyCam", "WifiAmazon".

    The name has to begin the word, or to begin with a capital after a word in small letters. It
    also has to end the word, or to precede a product's name with a capital. A name of ordinary
    words has to begin the word and to precede one of the words for products. Names under
    `_MIN_GLUED` characters, and those with letters other than ASCII, are never glued.
    """
    if end - start < _MIN_GLUED or not body[start:end].isascii():
        return False
    before, after = body[max(0, start - 4) : start], body[end : end + 1]
    begins_word = not (before[-1:].isalnum() or before[-1:] in {"_", "&"})
    ends_word = not (after.isalnum() or after in {"_", "&"})
    if spelling.capitals is not None:
        has_product_word = _PRODUCT_WORDS.match(body, end) is not None
        return begins_word and body[start].isupper() and has_product_word
    before_product = body[end - 1].islower() and _PRODUCT.match(body, end) is not None
    after_run_on = body[start].isupper() and _RUN_ON.search(before) is not None
    return (begins_word or after_run_on) and (ends_word or before_product)


def _may_have_ending(spelling: _Spelling, text: str, left: int, right: int) -> bool:
    """Return whether a name has an s after it that may be its ending: "Acmes Preise", "two
    Pipedrives".

    False for an ordinary or short name, and for a name that ends in s, x or z.
    """
    return (
        spelling.capitals is None
        and spelling.forms is None
        and text[right : right + 1] == "s"
        and text[right - 1] not in "sxz"
        and not inside_word(text, left, right + 1)
    )


def _spellings_of_brands(brands: Iterable[Brand]) -> list[_Spelling]:
    """Return one entry for each folded spelling of the brands: first those that a brand declares,
    in the order of the brands, then the other forms of their names (`other_forms`).

    Brands with the same folded spelling share its entry. A form that some brand declares is no
    other form of another brand's name. Other forms have the brands and the rules of their name; if
    several names have the same form, the brands and rules of all, and of two rules for the same
    brand the later one. Blank names are left out.
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

    A name of up to `_SHORT` letters has to be written in one of its forms or in capitals. A name of
    ordinary words needs the capitals of its first form; of all its words, if that has none.
    """
    short = len(text) <= _SHORT and text.isascii() and text.isalnum()
    forms = frozenset((*written, *(name.upper() for name in written))) if short else None
    capitals = None
    if is_ordinary(text):
        capitals = tuple(word[:1].isupper() for word in re.split(r"[\W_]+", written[0]))
        if not any(capitals):
            capitals = (True,) * len(capitals)
    return _Spelling(text, brands, forms, capitals, rules)
