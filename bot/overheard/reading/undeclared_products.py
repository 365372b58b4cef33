"""Brands that answers list next to the declared ones, and what answers state of a brand.

Both are proposals for a person to review. A name is proposed only where a declared brand has the
same place in the same answer: the head of a list item, a heading, a bold name, the first cell of a
row, or a series of names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain

from overheard.reading.labels import is_property, role_of
from overheard.reading.ordinary_words import is_common
from overheard.reading.text import fold

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

    Args:
        declared: The folded spellings of the declared brands.
    """
    found: dict[str, str] = {}
    for places in (list(_list_heads(text)), *map(_series_names, _SERIES.findall(text))):
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


def _series_names(text: str) -> list[str]:
    """Return the names of a series: ``Asana, Trello and Monday``."""
    return [name.strip(" .*") for name in _LINKS.split(text)]


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


def _list_heads(text: str) -> Iterator[str]:
    """Yield the words at the beginning of each list item, heading and table row of an answer, then
    its bold texts; without numbers and outer signs.
    """
    for match in chain(_HEADS.finditer(text), _BOLD.finditer(text)):
        yield _NUMBER.sub("", match["head"]).strip(" .*_`'\"\u201c\u201d")


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
