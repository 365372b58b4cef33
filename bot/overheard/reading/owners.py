"""Owners of text, and what a title or a sentence is about."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from overheard.domain import Mention, UnitRole
from overheard.reading.cuts import PREDICATE
from overheard.reading.labels import LabelKind, bare_start, kind_of

_HEAD_REACH = 5
"""Characters in which a text must name a brand to begin with it."""
_SUBJECT_PART = 0.4
_SUBJECT_CHARACTERS = 30
"""The first part of a sentence, in which its subject is searched, and its smallest length."""
_DEEP_WORDS = 3
"""Words before a name in a title of another product: "Westinghouse 55-inch Smart Roku TV"."""
_MAX_TITLE_NAMES = 3
_APART = re.compile(
    r"\b(?:than|like|by|(?<!go )(?<!start )(?<!stick )(?<!begin )(?<!reach )(?<!opt )(?:with"
    r"|for)|on|from|unlike|to|and|or|as|via|of|versus|vs\.?"
    r"|against"
    r"|into|includ(?:ing|es?)|at|which|that|whose|example)\s+(?:(?:the|its|your|an?|both|some"
    r"|other)\s+)?\Z|[(/]\s*(?:(?:e\.g\.|i\.e\.|like|such as|including),?\s+)?\Z"
    r"|\s(?-i:[A-Z])[\w-]*,\s*\Z"
    r"|\b(?:alternatives? to|than|unlike|compared (?:to|with)"
    r"|(?:consider|decide on|check|know) (?:your|whether|if|how|what|which))\s(?:[a-z-]+\s){0,2}\Z",
    re.IGNORECASE,
)
_OPENER = re.compile(
    r"(?:since|if|because|when|while|once|as|for|after|before|in|on|with|at|given|although|though"
    r"|even|unlike|compared|like|under|from|without|within|despite|until|where)\b",
    re.IGNORECASE,
)
"""The first word of a sentence with its subject behind a comma: "Since you use Acme, Bolt is"."""
_MAIN = re.compile(r",\s(?:the\s|your\s|then\s|an?\s)*\Z", re.IGNORECASE)
_PLACE = re.compile(r"(?:with|in|on|at|inside)\s(?:the\s)?", re.IGNORECASE)
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
        return not self.foreign and (self.name == brand or brand in self.shared)


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
        mentions: All mentions of the declared brands, in order.
    """

    def __init__(self, body: str, mentions: Sequence[Mention]) -> None:
        self._body, self._mentions = body, mentions
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
        return Owner(first.brand, shared=tuple(dict.fromkeys(shared)))

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
            last = [mention for mention in found if owner.is_brand(mention.brand)][-1]
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

        Args:
            found: The mentions in the sentence, at least one, in order.
            end: Offset after the sentence.
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

        Args:
            found: The mentions in the sentence, in order.
            end: Offset after the sentence.
        """
        if not _OPENER.match(self._body, start):
            return NOBODY
        for mention in found:
            if _MAIN.search(self._body, start, mention.start):
                owner = self.owner(mention.start, end)
                last = [other for other in found if owner.is_brand(other.brand)][-1]
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
