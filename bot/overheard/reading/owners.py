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
        owner: The owner of the lines.
        role: The role of the lines.
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
        """Return the mentions that begin in a span, in order."""
        if not self._starts or start > self._starts[-1] or end <= self._starts[0]:
            return ()
        first = bisect_left(self._starts, start)
        if first == len(self._starts) or self._starts[first] >= end:
            return ()
        return self._mentions[first : bisect_left(self._starts, end, first)]

    def owner(self, start: int, end: int) -> Owner:
        """Return the brand that a span names first, with the other brands of an enumeration ("Acme
        and Bolt") as `shared`; `NOBODY` without a mention. "Acme's Bolt" is about Bolt.
        """
        found = self.within(start, end)
        if not found:
            return NOBODY
        at = 0
        while at + 1 < len(found) and _POSSESSIVE.fullmatch(
            self._body, found[at].end, found[at + 1].start
        ):
            at += 1  # "Acme's Bolt" is about Bolt
        first = last = found[at]
        shared = []
        for other in found[at + 1 :]:
            if other.start > first.start:
                if not _JOINED.fullmatch(self._body, last.end, other.start):
                    break
                last = other
            if other.brand != first.brand:
                shared.append(other.brand)
        return Owner(first.brand, shared=tuple(dict.fromkeys(shared)))

    def masked(self, start: int, end: int) -> str:
        """Return the text of a span with an "X" for each brand name, because "Best Buy" is no
        award.
        """
        pieces, at = [], start
        for mention in self.within(start, end):
            if mention.start >= at:
                pieces += [self._body[at : mention.start], "X"]
                at = mention.end
        return "".join((*pieces, self._body[at:end]))

    def begins(self, start: int, end: int) -> Owner:
        """Return the brand that a span begins with, after bullets and signs, or nobody."""
        first = bare_start(self._body, start, end)
        if not self.within(first, min(end, first + _HEAD_REACH)):
            return NOBODY
        return self.owner(first, end)

    def leads(self, start: int, end: int) -> bool:
        """Return whether a text begins with its subject: "Acme ...", "Brands like Acme and ...".

        What begins with a genitive is about something else: "Acme's pick of the year".

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
        """Return the brand with which a text begins as its subject: "Acme offers", or `NOBODY`.

        Args:
            start: Offset of the text.
            end: Offset after the text.
        """
        owner = self.begins(start, end)
        found = self.within(start, end) if owner else ()
        return owner if found and PREDICATE.match(self._body, found[0].end, end) else NOBODY

    def of_title(self, start: int, end: int, *, multi: bool) -> Owner | None:
        """Return the owner that the title in a span names; None for a title without a brand.

        A comparison, and a title with more than three names, belong to nobody. A name deep in a
        title whose siblings begin with brands (`multi`) is part of another product's name.
        """
        found = self.within(start, end)
        if not found:
            return None
        names = len({mention.start for mention in found})
        if names > _MAX_TITLE_NAMES or _AGAINST.search(self._body, start, end):
            return NOBODY
        before = self._body[start : found[0].start]
        deep = multi and len(before.split()) >= _DEEP_WORDS and not _MADE_BY.search(before)
        if deep and before[0].isupper() and kind_of(before) is LabelKind.OTHER:
            return Owner(self._body[start:end], foreign=True)
        return self.owner(start, end)

    def of_sentence(self, start: int, end: int) -> Owner:
        """Return the brand that the sentence in a span is about, or `NOBODY`.

        The subject is a brand in the first part of the sentence, or its only brand; not after a
        word such as "than" or "with".
        """
        found = self.within(start, end)
        if not found:
            return NOBODY
        first = found[0]
        reach = start + max(_SUBJECT_CHARACTERS, int(_SUBJECT_PART * (end - start)))
        late = first.start > reach
        if first.start - start < _EXAMPLES_CHARACTERS and _EXAMPLES.fullmatch(
            self._body, start, first.start
        ):
            owner = self.owner(first.start, end)
            last = [mention for mention in found if owner.is_brand(mention.brand)][-1]
            return owner if PREDICATE.match(self._body, last.end, end) else NOBODY
        if _EXAMPLE.match(self._body, start, first.start) or (
            late
            and (
                len({mention.brand for mention in found}) > 1
                or _EXAMPLES_BEFORE.search(self._body, start, first.start)
                or _ENUMERATED.search(
                    self._body, max(start, first.start - 6), min(end, first.end + 5)
                )
            )
        ):
            return NOBODY
        if main := self._main_clause_subject(found, start, end):
            return main
        before = max(start, first.start - _APART_CHARACTERS)
        if first.start > start and _APART.search(self._body, before, first.start):
            return NOBODY
        return self.owner(first.start, end)

    def _main_clause_subject(self, found: Sequence[Mention], start: int, end: int) -> Owner:
        """Return the brand that is the subject after an opening clause ("If you travel, Acme is
        ..."), or `NOBODY`; `found` are the mentions of the sentence.
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
        """Return the brand in the first part of a text, or nobody."""
        first = bare_start(self._body, start, end)
        if main := self._main_clause_subject(self.within(first, end), first, end):
            return main
        return self.owner(first, min(end, first + max(5, int(_SUBJECT_PART * (end - first)))))
