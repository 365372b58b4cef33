"""What a line is: a label, a heading, the beginning of a sentence."""

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from overheard.domain import UnitRole
from overheard.reading.word_lists import WordLists

_LISTS = WordLists("overheard.reading", "labels.txt")
CLOSING = _LISTS.compiled("closing")
"""Beginnings of sentences about all brands, or about the choice itself."""
ADVISING = _LISTS.compiled("advising")
"""Beginnings of sentences that may begin a new subject."""
GOING_ON = _LISTS.compiled("going on", r"{}\b")
"""Beginnings of paragraphs that go on about the subject of the paragraph before."""
DECIDING = _LISTS.compiled("deciding")
"""Beginnings of sentences that no longer belong to the cons before them."""
PRONOUN = _LISTS.compiled(
    "expletive",
    r"(?:it(?:s|['\u2019]s)?|they(?:['\u2019]re)?|their)\b(?!['\u2019]| (?-i:[A-Z])|{})",
)
"""Beginnings of sentences about the subject of the sentence before: "It runs on Acme"."""
ELIDED = re.compile(
    r"(?:Add|Boast|Bring|Carrie|Combine|Come|Connect|Deliver|Feature|Include|Integrate|Make|Offer"
    r"|Pack|Pair|Provide|Run|Share|Support|Use|Work)s\s(?!(?:from|by|and|or|of|in|at|are|is|like)\b)"
    r"|[A-Z][a-z]+s\s(?:a|an|the|with)\s"
    r"|(?:Considered|Known|Praised|Lauded|Backed|Built|Made|Powered|Equipped)\s"
)
"""Beginnings of such sentences without a subject: "Features a motor by Acme"."""
ASIDE = _LISTS.compiled("aside", r"\b{}\s(?:the |an? |its |your )?\Z")
"""Words before names that a sentence about the subject before compares with."""


class LabelKind(Enum):
    """The kind of a label that names no brand."""

    ROLE = "role"
    AWARD = "award"
    """A distinction, such as "best overall"; the value may name the subject."""
    GENERIC = "generic"
    """About the choice itself: factors, tips, a summary."""
    OTHER = "other"


class Label(NamedTuple):
    """A label at the beginning of a piece of text.

    Attributes:
        start: Offset of the label.
        end: Offset after the label, without the colon or dash.
        value: Offset of the first character of the text after it.
    """

    start: int
    end: int
    value: int


_DECORATION = re.compile(r"(?:[^\w\s\"'(\[$€£~+<>&-]|\+\s|-\s)[^\w\s\"'(\[$€£~+<>&-]*\s*")
_NUMBER = re.compile(r"(?:#\s?)?\d{1,2}(?:[.)]|\s?[.:\u2013-]\s)\s*|#\d{1,2}\s+")
_DIVIDER = re.compile(
    r"[\uff1a:\u2013\u2014-](?:(?<=\uff1a)|(?<!\d:)(?<=:)(?!//)|(?<=:)(?!\d|//)|(?<=\s[\u2013\u2014])\s?"
    r"|(?<=\s-)\s"
    r"|(?<=\w\u2014)(?=\w))"
)
"""A colon or a dash after a label."""
_COLONS = ":\uff1a"
_STOPS = re.compile(r"[.!?]\s|\n")
_VERB = _LISTS.compiled("verbs", r"\b{}\b")
_SENTENCE = _LISTS.compiled("beginnings")
"""The first half of a sentence before a colon: "The cost is the catch: you pay ..."."""
_LABEL_CHARACTERS = 110
_LABEL_WORDS = 14
_DASH_WORDS = 10

_BEFORE_ROLES = _LISTS.pattern("before roles")
_ROLE = tuple(
    (UnitRole(name), _LISTS.compiled(name, _BEFORE_ROLES + "*{}(?: (?:of|with|about) .{1,40})?"))
    for name in ("con", "pro", "best for", "price", "verdict", "note")
)
_ROLE_PAIRS = re.compile(r"pros? (?:and|&|/|vs\.?) cons?", re.IGNORECASE)
_GENERIC = _LISTS.compiled("generic", r"\b{}\b")
_AWARD = _LISTS.compiled("award")
_NOTICE = re.compile(
    r"AI responses may include mistakes|Your feedback helps|See our Privacy Policy"
    r"|Share more feedback"
)
_HEDGE = WordLists("overheard.reading", "hedges.txt").phrases("hedge")
_FOOTER_CHARACTERS = 300
"""The first part of a piece of text, in which offers and notices are searched."""
_OFFER = _LISTS.compiled("offer", r"\W*{}")
_WORD = re.compile(r"[^\W\d_]+")
_ABSTRACT = _LISTS.compiled("properties")
_EMOJI_ROLES = {
    **dict.fromkeys("👍✅✔☑➕⊕", UnitRole.PRO),  # noqa: RUF001 - these signs are meant
    **dict.fromkeys("👎❌✖✗✘➖⊖⚠🚫", UnitRole.CON),  # noqa: RUF001 - these signs are meant
}


_SIGN_CHARACTERS = 3


def bare_start(text: str, start: int, end: int) -> int:
    """Return the offset after the bullets, emoji and numbers at the beginning of the span from
    `start` to `end`: that of "Acme" in "- 1. Acme". `start` if there are none, and `end` if there
    is nothing else. Other signs, such as "$", are not skipped.
    """
    while start < end and not text[start].isalpha():
        mark = _DECORATION.match(text, start, end) or _NUMBER.match(text, start, end)
        if not mark or mark.end() == start:
            return start
        start = mark.end()
    return start


def emoji_role(text: str, start: int, end: int) -> UnitRole | None:
    """Return the role that a sign among the first three characters of the span from `start` to
    `end` gives: pro for a tick, con for a cross. None without such a sign.
    """
    opening = text[start : min(start + _SIGN_CHARACTERS, end)]
    if opening.isascii():
        return None
    return next((role for sign in opening if (role := _EMOJI_ROLES.get(sign))), None)


def label_at(text: str, start: int, end: int, bold_end: int = 0) -> Label | None:
    """Return the label at the beginning of a piece of text, without bullets, emoji and number; None
    without a label.

    Bold text at the beginning is the label if a colon or a dash ends it, if nothing follows, or if
    it has at most `_BOLD_LABEL_WORDS` words; with a colon or dash inside, the words before that.
    Else the words before the first colon or dash are the label, unless they contain the end of a
    sentence, have more words than `_LABEL_WORDS` (before a dash `_DASH_WORDS`, and no verb), or
    belong to the sentence that goes on after the divider in small letters.

    Args:
        text: The whole text.
        start: Offset of the piece.
        end: Offset after the piece.
        bold_end: Offset after bold text at the beginning of the piece; 0 without bold text.
    """
    first = bare_start(text, start, end)
    bold_label = _bold_label(text, first, bold_end, end) if bold_end > first else None
    if bold_label:
        return bold_label
    divider = _first_divider(text, first, min(end, first + _LABEL_CHARACTERS))
    if not divider or divider[0] == first:
        return None
    label_end, divider_end = divider
    if not _is_label(text[first:label_end], dashed=text[label_end] not in _COLONS):
        return None
    value = _after_spaces(text, divider_end, end)
    if text[value : value + 1].islower() and _SENTENCE.match(text, first, label_end):
        return None
    return Label(first, label_end, value)


def _bold_label(text: str, first: int, bold_end: int, end: int) -> Label | None:
    """Return the label that the bold text from `first` to `bold_end` gives; None if the bold text
    only begins a sentence.
    """
    value = bold_end
    while value < end and text[value] in _AROUND_DIVIDER:
        value += 1
    words = text[first:bold_end].rstrip(_AROUND_DIVIDER)
    is_divided = bool(text[bold_end - 1] in _AROUND_DIVIDER.strip() or text[bold_end:value].strip())
    label_end, divider_end = _first_divider(words, 0, len(words)) or (0, 0)
    if label_end and (words[label_end] in _COLONS or not is_divided):
        return Label(first, first + label_end, _after_spaces(text, first + divider_end, end))
    is_alone = not text[value:end].strip(" .")
    if is_divided or is_alone or len(words.split()) <= _BOLD_LABEL_WORDS:
        return Label(first, first + len(words), value)
    return None


_AROUND_DIVIDER = " :\u2013\u2014-"
_BOLD_LABEL_WORDS = 4
"""Most words of bold text that is a label without a colon or dash."""


def _first_divider(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the (start, end) offsets of the first divider between a label and its value in the
    span from `start` to `end`; None without a divider.

    A divider is a colon, or a dash with the space before it and the spaces after it. A dash at
    `start` is none.
    """
    for found in _DIVIDER.finditer(text, start, end):
        at = found.start()
        if text[at] in _COLONS or not text[at - 1].isspace():
            return at, found.end()
        if at > start:
            return at - 1, found.end()
    return None


def _is_label(words: str, *, dashed: bool) -> bool:
    """Return whether the words before a divider are a label.

    A label has a letter, no end of a sentence, and at most `_LABEL_WORDS` words. Before a dash
    (`dashed`) it has at most `_DASH_WORDS` words and no verb.
    """
    if _STOPS.search(words) or not _WORD.search(words):
        return False
    word_count = words.count(" ") + 1
    if dashed:
        return word_count <= _DASH_WORDS and not _VERB.search(words)
    return word_count <= _LABEL_WORDS


def _after_spaces(text: str, at: int, end: int) -> int:
    """Return the offset of the first character from `at` that is no space; at most `end`."""
    while at < end and text[at] == " ":
        at += 1
    return at


@lru_cache(maxsize=8192)
def role_of(label: str) -> UnitRole | None:
    """Return the role that a label gives, such as the role of cons for "Downsides:". None for a
    long label, for one with two roles ("Pros and cons"), and for one without a role.
    """
    words = label.strip(" :*()\u2013\u2014-?.").replace("  ", " ")
    if len(words) > _LABEL_CHARACTERS or _ROLE_PAIRS.fullmatch(words):
        return None
    return next((role for role, pattern in _ROLE if pattern.fullmatch(words)), None)


@lru_cache(maxsize=8192)
def kind_of(label: str) -> LabelKind:
    """Return the kind of a label that names no brand: of a role ("Pros"), generic ("Key facts"), an
    award ("Best overall") or other. The first that fits counts, in this order.
    """
    words = label.strip(" :*()\u2013\u2014-?.")
    if role_of(label) is not None:
        return LabelKind.ROLE
    if _GENERIC.search(words):
        return LabelKind.GENERIC
    return LabelKind.AWARD if _AWARD.match(words) else LabelKind.OTHER


AWARDED = re.compile(r"\b(?:for|with|if|when|as)\s+\w", re.IGNORECASE)
"""In a label that says all of an award: below "Best for travel" is any text, below "Best for" not.
"""


def is_award(label: str) -> bool:
    """Return whether a label is an award ("Best overall") or tells what something is best for; not
    "Ideal for", before such readers.
    """
    tells_all = AWARDED.search(label) and role_of(label) is UnitRole.BEST_FOR
    return bool(tells_all) or kind_of(label) is LabelKind.AWARD


@lru_cache(maxsize=8192)
def is_property(label: str) -> bool:
    """Return whether a label reads like a property and not like a product: "Battery Life".

    A property has one to `_MAX_PROPERTY_WORDS` words and no digit. Each word is in small letters or
    a noun that names no product, such as "battery" or a word in "-ness".
    """
    words = _WORD.findall(label)
    if not 0 < len(words) <= _MAX_PROPERTY_WORDS or any(map(str.isdigit, label)):
        return False
    return all(word.islower() or _ABSTRACT.search(word) for word in words)


_MAX_PROPERTY_WORDS = 5


def has_notice(text: str) -> bool:
    """Return whether a text contains a notice of the service, such as "AI can make mistakes"."""
    return _NOTICE.search(text) is not None


def is_footer(text: str, start: int, end: int, *, has_notices: bool = True) -> bool:
    """Return whether a piece of text begins with an offer of more help ("Let me know if ...") or
    has a notice of the service in its first `_FOOTER_CHARACTERS`.

    Args:
        text: The whole text.
        start: Offset of the piece.
        end: Offset after the piece.
        has_notices: The result of `has_notice` for the whole text; False skips the slow search for
            a notice.
    """
    limit = min(end, start + _FOOTER_CHARACTERS)
    if has_notices and _NOTICE.search(text, start, limit) is not None:
        return True
    return _OFFER.match(text, start, limit) is not None


def has_hedge(text: str) -> bool:
    """Return whether a model says anything of itself in a text: "I cannot verify"."""
    return _HEDGE.search(text) is not None


def is_hedge(text: str, start: int, end: int) -> bool:
    """Return whether a piece of text is about what the model knows, and about no brand: "I don't
    have current information about Acme". False if it goes on with "but".
    """
    hedge = _HEDGE.search(text, start, end)
    return hedge is not None and text.find(" but ", hedge.end(), end) < 0


def has_verb(text: str) -> bool:
    """Return whether a text has one of the verbs that titles do not have."""
    return _VERB.search(text) is not None
