"""Brands that are not declared, where a sentence makes them its subject or a seller.

A name that a verb, a possessive, "at" or a price makes the subject is a brand for the whole answer:
it owns its sentence, and what follows without a subject. So an answer reads alike whether or not
its rivals are declared. A word that is an ordinary one too is a name where no such word could
stand: "Linear is", "and Target has", "Mint Mobile offers", while "Support is" and "Prices are" are
no names.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from overheard.domain import Mention
from overheard.reading.labels import is_property
from overheard.reading.ordinary_words import has_verb_behind, is_common
from overheard.reading.text import fold
from overheard.reading.word_lists import WordLists

_LISTS = WordLists("overheard.reading", "undeclared.txt")
_TAIL = r"(?:(?:[&+.'\u2019]|-(?=[A-Z\d]))(?!s\b)[^\W_]++)*+(?:\+(?!\w))?(?!-[a-z])"
_WORD = rf"[A-Z][^\W_]*+{_TAIL}"
_NAME = re.compile(
    rf"(?<![\w@/.#&'\u2019-])(?:{_WORD}(?: (?!I\b){_WORD}){{0,2}}"
    rf"|\d{{1,3}}(?!-[a-z]|(?:st|nd|rd|th|[KMGT]?Bs?|[KGDWhsx]|FA|ft|in|mm|cm|km|kg|lbs?|oz|mAh|Hz|hp|p)\b)"
    rf"-?[A-Za-z]\w*|[a-z]{{1,6}}[A-Z][^\W_]+|[a-z][^\W_]+\.(?:com|io|ai|app|so)\b"
    r"|(?:(?<=[.!?]\s)|(?m:^))[a-z][^\W_]{3,}(?= [a-z]))"
)
"""Words with a capital, and what else names are written like: "3CX", "iRobot", "monday.com", and a
small letter where a sentence begins.
"""
_ACRONYM = re.compile(r"[A-Z]{2,6}(?:-[A-Z0-9])?(?:['\u2019]s)?\Z")
"""A name only where no ordinary word could stand."""
_POSSESSIVES = ("'s", "\u2019s")
_MODEL = re.compile(r" (?:\d{1,4}|(?:for|by) [A-Z]\w+)\b(?![%.,])")
"""What behind a name is a part of it: "Zorbo 4", "Zorbo for Creators"."""
_OF_OTHERS = _LISTS.compiled("things of others", r"(?: [\w-]+){0,2}?[ -]{}\b")
"""Behind a name that is no product of the brand before it: "Acme's Slack integration"."""
_DETERMINED = _LISTS.compiled("determiners", r"(?:\b{}|['\u2019]s|\d)\s\Z")
"""Words before a name that make it a thing of the owner before: "the Plus plan", "its Air"."""
_ARTICLE = re.compile(r"\b(?:[Tt]he|An?|L[ae]|El|D(?:ie|er|as)) \Z")
_ROMANCE_ARTICLE = re.compile(r"\b(?:L[ae]|El) \Z")
_ARTICLE_ENDS = ("he ", "A ", "An ", "La ", "Le ", "El ", "Die ", "Der ", "Das ")
_BEGINNING = re.compile(
    r"(?:\A|[\n|.!?:;\u2014\u2013\"\u201c(]\s?|- )(?:(?:But|And|Or|Yet|So) )?\Z"
)
_OPENING = _LISTS.compiled(
    "openings",
    r"(?:(?:\A|[\n|.!?:;\u2014]\s|[\u2013-]\s){}|, {}\s|, "
    r"|\b(?:after|since|because|while|whereas|until|before|when|now that)\s)\W*\Z",
)
"""What stands before the subject of a sentence or of a clause."""
_PLACED = _LISTS.compiled("placed", r"(?:(?:\A|[\n|.!?:;]\s){}\s)\Z")
"""What stands before a seller at the beginning of a sentence: "With Acme, ...", "Quality at"."""
_TAKEN = _LISTS.phrases("taken", r"{}\s\Z")
"""What stands before a name that is chosen, avoided or compared with, and before a seller."""
_VERB = _LISTS.compiled("verbs after", r"{}\b")
_LEADING = _LISTS.compiled("leading")
_LEADS = _LISTS.compiled("leading", r"(?:(?:{}|l[ae]s?|el|los|(?-i:[A-Z][a-z]+)) )*")
"""What stands before a name that a sentence opens with."""
_NAME_BEFORE = re.compile(r"(?<!\S)(?!The )[A-Z\d]\S* \Z")
_CONTRACTED = re.compile(r"['\u2019].*")
_DOUBT = re.compile(
    r"['\u2019]s |,? (?:and|or|&|y|et|of) [A-Z]|, (?:despite|which|once|now|owned) "
)
"""What stands behind an ordinary word that may be a name."""
_JOINED = re.compile(r",? (?:and|or|y|et|und) ")
_NO_BRAND = _LISTS.compiled("no brands", any_case=False)
_BEHIND_NAME = _LISTS.compiled("behind a name")
_NO_SUBJECT = _LISTS.compiled("no subjects")
_NO_SUBJECT_FORM = _LISTS.compiled("no subjects by form")
_RUNNING = re.compile(r"[.!?;] |\n\n|\A.?\Z")
"""What ends before a sentence in running text."""
_THIRD_PERSON = re.compile(
    r"(?<![eo]rs)(?<!ists) (?:[a-z]+ly )?(?!owns|acquired|bought|founded)(?:[a-z]+(?<![aiou]s)s"
    r"|[a-z]{3,}ed)\b(?! (?:are|were|have|do|can|will|may|might|(?:c|w|sh)ould|must|cost|need|take"
    r"|make|come|get|wear|work|run|look|feel|go|sit|stay|last|help|let|give|require|include)\b)"
)
"""What looks like the verb of a name: "Zorbo undercuts", and not of a plural: "Zorbo rooms are",
"Freelancers wanted".
"""
_GERMAN_THIRD_PERSON = re.compile(
    r" (?!nicht|mit|seit|fast|jetzt|laut|selbst|sonst|statt)[a-zäöüß]{2,}t\b"
)
_PRICED = re.compile(
    r"(?: (?:at|for|from)|:|,| \(| [\u2013-]| \|) (?:just |only |about |around )?[$€£]\s?\d"
)
_PERSON = _LISTS.compiled(
    "leads",
    r"(?:['\u2019]s)?(?! \w+ (?:its|their) \w*founders)"
    r"(?: (?:(?!after|since|when|by)[\w'\u2019]+ ){0,5}{}\b| leads [A-Z])",
)
_PERSON_BEFORE = _LISTS.compiled("leads", r"\b{},? \Z")
_CLAUSE_FOLLOWS = re.compile(r"(?:,| \(|:| [\u2013\u2014]) ?")
_CELL = re.compile(r"(?:\A|\n)\s*\|?\s*(?:\d{1,2}[.)]?\s*\|?\s*)?\Z")
_CELL_ENDS = re.compile(r"\s*\|")
_GERMAN = frozenset({"der", "die", "das", "und", "ist", "für", "ein", "eine"})
_ROMANCE = frozenset({"los", "las", "una", "muy", "para", "pour", "avec", "les", "est"})
_FOREIGN = re.compile(rf"\b(?=[ac-filmpu])(?:{'|'.join(sorted(_GERMAN | _ROMANCE))})\b")
_GERMAN_NOUN = re.compile(
    r"Ge[a-zäöü]+t|[A-Z][a-zäöüß]*(?:ung|heit|keit|schaft|ion|tät|ment|ervice|upport|reise?|eit|chutz|en)"
)
_LANGUAGE_CHARACTERS = 600
_BEFORE_CHARACTERS = 60
"""Characters before a name in which the words before it are searched."""
_BEGINNING_CHARACTERS = 24
"""Characters before it in which one word before it is searched."""


class _Place(NamedTuple):
    """Where a name stands.

    Attributes:
        words: How many ordinary words the name consists of; 0 if any of its words is none.
    """

    name: str
    start: int
    end: int
    words: int


def undeclared_mentions(
    body: str, sentences: Sequence[tuple[int, int]], mentions: Sequence[Mention]
) -> tuple[Mention, ...]:
    """Return the mentions of undeclared brands in a text, in order.

    A name is a brand if it is the subject of any sentence, is chosen, compared with, or has a price
    next to it; then all its occurrences are mentions. Names of publications and people that only
    say something are none, nor are names that stand right after a declared brand anywhere: they are
    its products.

    Args:
        body: The prose of an answer.
        sentences: (start, end) offsets of its sentences, in order.
        mentions: The mentions of declared brands, in order.
    """
    german, is_romance = _languages(body)
    verb = _GERMAN_THIRD_PERSON if german else _VERB if is_romance else _THIRD_PERSON
    declared = {mention.start: mention for mention in mentions}
    declared_starts = [*(mention.start for mention in mentions), len(body)]
    brand_before = {mention.end: mention.brand for mention in mentions}
    places: list[_Place] = []
    products: dict[str, str] = {}
    for place in _places(body):
        behind = 3 if body.endswith(("'s ", "\u2019s "), 0, place.start) else 1
        owner = brand_before.get(place.start - behind)
        if owner is not None and body.endswith(" ", 0, place.start):
            if not _OF_OTHERS.match(body, place.end):
                _add_product(products, place.name, owner)
        elif place.end <= declared_starts[bisect_left(declared_starts, place.start)]:
            if place.start not in brand_before:
                places.append(place)
        elif (maker := declared.get(place.start)) and not _OF_OTHERS.match(body, place.end):
            _add_product(products, body[maker.end + 1 : place.end], maker.brand)
    inside = () if german else {p.name for p in places if _is_inside(body, p.start)}
    names: set[str] = set()
    before: _Place | None = None
    for place in places:
        joined = (
            before and before.name in names and _JOINED.fullmatch(body, before.end, place.start)
        )
        before = place
        if (
            place.name not in names
            and place.name not in products
            and not _maker(products, place, body)
            and (joined or _is_shown(body, place, verb, german=german))
            and not _is_thing_or_person(body, place, german=german, inside=place.name in inside)
        ):
            names.add(place.name)
    joined_names, follower = set(), -1
    for place in reversed(places):  # "Zorbo and Acme offer"
        joined = _JOINED.match(body, place.end)
        if (
            joined
            and (joined.end() in declared or joined.end() == follower)
            and not _is_thing_or_person(body, place, german=german, inside=place.name in inside)
        ):
            names.add(place.name)
            joined_names.add(place)
        if place.name in names:
            follower = place.start
    if not (names or products):
        return ()
    starts = [start for start, _ in sentences]
    return tuple(
        Mention(brand, place.start, place.end, max(0, bisect_right(starts, place.start) - 1))
        for place in places
        if (brand := _maker(products, place, body))
        or (
            (brand := place.name) in names and (place in joined_names or _is_name_here(body, place))
        )
    )


def _add_product(products: dict[str, str], name: str, brand: str) -> None:
    """Add the brand of a product's name and of its first word; "" where brands share the name."""
    for part in {name, name.partition(" ")[0]}:
        if len(part) > 2 and not _NO_SUBJECT.fullmatch(part):
            products[part] = brand if products.setdefault(part, brand) == brand else ""


def _maker(products: dict[str, str], place: _Place, body: str) -> str:
    """Return the declared brand whose product a name is, "the Bolt"; "" if it is none."""
    brand = products.get(place.name) or products.get(place.name.partition(" ")[0], "")
    if not brand or (place.words and not _is_inside(body, place.start)):
        return ""
    before = body[max(0, place.start - _BEGINNING_CHARACTERS) : place.start]
    return "" if _NAME_BEFORE.search(before) else brand


def _is_inside(body: str, start: int) -> bool:
    """Return whether a name at an offset stands within a sentence, behind a word or a comma."""
    before = body[max(0, start - 2) : start]
    return before[1:] == " " and (before[0] == "," or "a" <= before[0] <= "z")


def is_name(text: str) -> bool:
    """Return whether a text is nothing but a capitalised name that is no ordinary word."""
    return [place.name for place in _places(text) if not place.words] == [text.strip()]


def has_name(text: str) -> bool:
    """Return whether a text has a capitalised name that is no ordinary word."""
    return any(not place.words for place in _places(text))


def may_open_with_name(body: str, start: int, end: int) -> bool:
    """Return whether a sentence opens with what may be a name, so that its owner is in doubt."""
    text = body[start : min(end, start + _BEFORE_CHARACTERS)]
    place = next(_places(text), None)
    if place is None or not _LEADS.fullmatch(text, 0, place.start):
        return False
    word = _CONTRACTED.sub("", place.name)
    german, _ = _languages(body)
    if german or _NO_SUBJECT.fullmatch(word):
        return False
    if place.words == 1:
        is_thing = is_property(place.name) or f" {place.name.lower()}" in body
        return not is_thing and _DOUBT.match(text, place.end) is not None
    if _ARTICLE.search(text[: place.start]):
        return _acts(text, place, _VERB)  # "The Acme app" may be a part of the owner before
    if " " in place.name:
        return not _PERSON.match(text, place.end)
    return not _NO_SUBJECT_FORM.fullmatch(word)


@lru_cache(maxsize=4)
def _languages(body: str) -> tuple[bool, bool]:
    """Return whether a text is German, whose nouns have capitals, and whether it is Romance."""
    words = _FOREIGN.findall(body, 0, _LANGUAGE_CHARACTERS)
    return sum(map(_GERMAN.__contains__, words)) > 1, not _ROMANCE.isdisjoint(words)


def leading_name(text: str) -> str:
    """Return the name, no ordinary word, that a text begins with; "" without one."""
    first = next(_places(text[:_BEFORE_CHARACTERS]), None)
    return first.name if first and not (first.words or first.start) else ""


def _places(body: str) -> Iterator[_Place]:
    """Yield each name of a text, in order, without words before it that open a sentence ("But
    Acme") and without a possessive "'s". Ordinary words before a name are no part of it.
    """
    for match in _NAME.finditer(body):
        name, skipped, words = _name_in(match.group())
        if name:
            start = match.start() + skipped
            yield _Place(name, start, start + len(name), words)


@lru_cache(maxsize=16_384)
def _name_in(text: str) -> tuple[str, int, int]:
    """Return (the name in capitalised words or "", the characters before it, `_Place.words`)."""
    words = text.split(" ")
    common = [_is_common(word) for word in words]
    while len(words) > 1 and (
        (_NO_BRAND.fullmatch(words[0]) and not _NO_BRAND.fullmatch(words[1]))  # "La BNP"
        or _LEADING.fullmatch(words[0])
        or (
            common[0]
            and not all(common)
            and (_NO_SUBJECT.fullmatch(words[0]) or _NO_SUBJECT_FORM.fullmatch(words[0]))
            and not words[0].isupper()
        )
    ):
        del words[0], common[0]
    written = " ".join(words)
    name = (written[:-2] if written.endswith(_POSSESSIVES) else written).rstrip(".")
    is_name = len(name) > 1 and not _NO_BRAND.fullmatch(name)
    return name if is_name else "", len(text) - len(written), len(words) if all(common) else 0


def _is_common(word: str) -> bool:
    """Return whether a word as written, perhaps with "'s", is an ordinary word or an acronym."""
    return _ACRONYM.match(word) is not None or is_common(
        fold(word[:-2] if word.endswith(_POSSESSIVES) else word).text
    )


def _before(body: str, place: _Place, characters: int) -> str:
    """Return the text before a name, without the article of a maker and its product, or of an
    acronym: "The Acme One is", "La BNP reste".
    """
    before = body[max(0, place.start - characters) : place.start]
    if not before.endswith(_ARTICLE_ENDS):
        return before  # as for most names: a search takes longer
    takes_article = " " in place.name or place.name.isupper() or _MODEL.match(body, place.end)
    return (_ARTICLE if takes_article else _ROMANCE_ARTICLE).sub("", before)


def _is_shown(body: str, place: _Place, verb: re.Pattern[str], *, german: bool) -> bool:
    """Return whether a name is a subject, a seller, or chosen, or has a price; what follows the
    name is looked at first, because that is fast.
    """
    before = _before(body, place, _BEFORE_CHARACTERS)
    if _acts(body, place, verb) and (
        _BEGINNING.search(before[-_BEGINNING_CHARACTERS:])
        or (not german and any(words.search(before) for words in (_PLACED, _OPENING)))
    ):
        return True
    if not (place.words or german) and (
        _PRICED.match(body, place.end)
        or (_CELL_ENDS.match(body, place.end) and _CELL.search(before))
        or (_CLAUSE_FOLLOWS.match(body, place.end) and _PLACED.search(before))
    ):
        return True
    if german or before[-1:] != " " or not before[-2:-1].isalpha():
        return not place.words and before.endswith("Bei ") and body[place.end + 1 :][:1].islower()
    low = max(0, place.start - _BEFORE_CHARACTERS)
    return _TAKEN.occurs(body, low, low + len(before))


def _is_thing_or_person(body: str, place: _Place, *, german: bool, inside: bool) -> bool:
    """Return whether a name is a thing of the owner before, a person, or an ordinary word that is
    no name; one with a capital inside of a sentence has the form of a name.
    """
    before = _before(body, place, _BEGINNING_CHARACTERS)
    if _DETERMINED.search(before) or _PERSON_BEFORE.search(before):
        return True
    if _PERSON.match(body, place.end) or (german and _GERMAN_NOUN.fullmatch(place.name)):
        return True
    return place.words == 1 and (
        is_property(place.name)
        or (_BEGINNING.search(before) is not None and f" {place.name.lower()}" in body)
        or _LEADING.fullmatch(place.name) is not None
        or (
            not (place.name.isupper() or inside)
            and _NO_SUBJECT_FORM.fullmatch(place.name) is not None
        )
        or (not place.name.isupper() and _NO_SUBJECT.fullmatch(place.name) is not None)
    )


def _is_name_here(body: str, place: _Place) -> bool:
    """Return whether a name that is an ordinary word is the name in its place: where a sentence
    begins, only before a verb.
    """
    if place.words != 1:
        return True
    before = body[max(0, place.start - _BEGINNING_CHARACTERS) : place.start]
    return _BEGINNING.search(before) is None or _acts(body, place, _VERB)


def _acts(body: str, place: _Place, verb: re.Pattern[str]) -> bool:
    """Return whether a name is the subject of a verb, or the owner of the subject: "Acme ships",
    "Acme's support is".
    """
    end = place.end
    if body.startswith(("'s ", "\u2019s "), end):
        return True
    model = _MODEL.match(body, end)
    end = model.end() if model else end
    if not place.words:
        if " " in place.name and re.match(" [a-z]", body[end : end + 2]):
            return True
        runs = _RUNNING.search(body, max(0, place.start - 2), place.start)
        if _BEHIND_NAME.match(body, end) or (runs and verb.match(body, end)):
            return True
    return _VERB.match(body, end) is not None or has_verb_behind(body, end)
