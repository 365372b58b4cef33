"""What a label decides: the owner and the role of the text after it and of the lines below."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from overheard.domain import UnitRole
from overheard.reading.labels import Label, LabelKind, is_property, kind_of, label_at, role_of
from overheard.reading.layout import Line, LineKind
from overheard.reading.owners import NOBODY, Context, Names, Owner

_VALUE_CHARACTERS = 70
"""Characters of a value in which the subject of an award is searched."""
_TITLED_SHARE = 0.34
"""The share of headings of a level with a brand from which the level carries subjects."""
_BOLD_REACH = 6
"""Characters, such as emoji and quotes, that may precede the bold text of a label."""
_RECURRING = re.compile(r"([A-Z](?<![^\W_][A-Z])[^\s:.!?]{0,20}(?:\s[^\s:.!?]{1,20}){0,2}):")
_AWARDED_PRODUCT = re.compile(r":\s+(?P<name>[A-Z0-9][^:]{0,60})\Z")
"""The product behind the colon of a title: "Best for Travel: Acme One"."""
_MANY_LABELS = 3
"""Labels of the same words from which they are a property of several products, and no product."""
_LISTED = frozenset({UnitRole.PRO, UnitRole.CON})
_KEPT = frozenset({UnitRole.PRO, UnitRole.CON, UnitRole.BEST_FOR})


class Outline:
    """Decides about labels, with a look ahead at headings and lists.

    Args:
        body: The text.
        lines: The layout of its lines.
        names: The mentions in the answer.
    """

    def __init__(self, body: str, lines: Sequence[Line], names: Names) -> None:
        self._body, self._names = body, names
        self.titled = self._titled_levels(lines)
        """Levels of headings of which a third or more name a brand."""
        self.multi = self._lists_of_brands(lines)
        """Indices of the items of lists whose items name two or more brands."""

    def label(self, start: int, end: int, line: Line) -> Label | None:
        """Return the label at the beginning of a piece of a line, or None.

        Args:
            start: Offset of the piece.
            end: Offset after the piece.
            line: The line with the piece, whose bold text may be a label.
        """
        bold_end = 0
        if line.bold:
            at = bisect_left(line.bold, (start, 0))
            before, bold_end = line.bold[at] if at < len(line.bold) else (0, 0)
            if before > start + _BOLD_REACH or bold_end > end:
                bold_end = 0
            if bold_end and any(map(str.isalpha, self._body[start:before])):
                bold_end = 0
        return label_at(self._body, start, end, bold_end)

    def decide(  # noqa: PLR0911 - one return a rule, in their order
        self, label: Label, above: Context, *, multi: bool, limit: int = 0, listed: bool = False
    ) -> Context:
        """Return the context that a label opens; its rank is 0.

        In this order: a brand in the label is the owner; a role word gives the role and inherits
        the owner; the value of an award names the owner; a generic label belongs to nobody; a label
        among labels with brands names another product; else the owner is inherited.

        Args:
            label: The label.
            above: The context that the label inherits.
            multi: Whether the siblings of the label name brands.
            limit: Offset after the value; 0 for a title without a value in the same line.
            listed: Whether the label is in an item of a list below its owner.
        """
        text = self._body[label.start : label.end]
        own = self._names.of_title(label.start, label.end, multi=multi)
        kind, role = kind_of(self._names.masked(label.start, label.end)), role_of(text)
        if own is not None:
            return Context(0, own, UnitRole.NONE, text)
        if role is UnitRole.BEST_FOR and limit and (own := self._names.speaker(label.value, limit)):
            return Context(0, own, role, text)
        if role is not None and (above.owner or role is not UnitRole.BEST_FOR):
            if above.role in _LISTED and role in {UnitRole.PRICE, UnitRole.NOTE}:
                role = above.role
            return Context(0, above.owner, role, text, above.closed)
        award = kind is LabelKind.AWARD or role is UnitRole.BEST_FOR
        winner = self._named_by_value(label.value, limit, above, award=award) if limit else NOBODY
        if winner:
            return Context(0, winner, role or UnitRole.NONE, text)
        if kind is LabelKind.GENERIC and not listed:
            return Context(0, label=text, closed=True)
        if award and not limit and (product := _AWARDED_PRODUCT.search(text)):
            return Context(0, Owner(product["name"], foreign=True), role or UnitRole.NONE, text)
        if multi and not (award and limit == 0):
            return Context(0, Owner(text, foreign=True), UnitRole.NONE, text)
        if not above.owner:
            return Context(0, label=text, closed=above.closed)
        plain = UnitRole.NONE if award else UnitRole.SPECIFICATION
        role = above.role if above.role in _KEPT else plain
        return Context(0, above.owner, role, text, above.closed)

    def decide_in_text(
        self,
        label: Label,
        above: Context,
        block_owner: Owner,
        carried: Owner,
        limit: int,
        line: Line,
    ) -> Context:
        """Return the context that a label in a paragraph opens.

        In text without line breaks, a label that is neither a property nor generic names another
        product; a label with pros and cons of its own does so anywhere.

        Args:
            label: The label.
            above: The context that the label inherits.
            block_owner: The owner of the heading or bold line above.
            carried: The owner of the text before.
            limit: Offset after the value.
            line: The line with the label.
        """
        if self._names.within(label.start, label.end):
            return self.decide(label, above, multi=False, limit=limit)
        text = self._body[label.start : label.end]
        kind = kind_of(self._names.masked(label.start, label.end))
        following = self.label(label.value, limit, line)
        has_roles = (
            following is not None
            and role_of(self._body[following.start : following.end]) is not None
        )
        follows = bool(carried or above.owner) and not above.closed
        own_product = has_roles or not (block_owner or is_property(text))
        own_product = own_product and not self._recurs(text)
        if kind is LabelKind.OTHER and follows and own_product:
            return Context(0, Owner(text, foreign=True), UnitRole.NONE, text)
        if role_of(text) is not None and not above.owner:
            above = above._replace(owner=carried)
        if following and not has_roles and text.casefold().startswith("consider"):
            return Context(0, label=text, closed=True)
        if kind is LabelKind.AWARD and not block_owner:
            above = above._replace(owner=NOBODY)
        return self.decide(label, above, multi=False, limit=limit)

    @cached_property
    def _labels(self) -> Counter[str]:
        return Counter(_RECURRING.findall(self._body))

    def _recurs(self, label: str) -> bool:
        """Return whether the answer has a label so often that it is a property: "Rewards"."""
        times = self._labels[label]
        return times >= _MANY_LABELS or (times > 1 and " " not in label)

    def _named_by_value(self, value: int, limit: int, above: Context, *, award: bool) -> Owner:
        """Return the brand that the value of a label names as its subject; `NOBODY` without such a
        brand.

        Args:
            value: Offset of the value.
            limit: Offset after the value.
            above: The context that the label inherits.
            award: Whether the label is an award, such as "Best overall".
        """
        named = self._names.owner(value, min(limit, value + _VALUE_CHARACTERS))
        if not named:
            return NOBODY
        begins = bool(self._names.begins(value, limit))
        if award:
            free = not above.owner and not above.closed
            return named if free or begins or named == above.owner else NOBODY
        return named if begins and not above.owner else NOBODY

    def _titled_levels(self, lines: Sequence[Line]) -> frozenset[int]:
        """Return the heading levels of which most headings name a brand; generic headings ("Key
        facts") without a brand do not count.
        """
        seen: dict[int, list[bool]] = {}
        for line in lines:
            if line.kind is LineKind.HEADING and line.opens:
                named = bool(self._names.within(line.start, line.end))
                generic = kind_of(self._body[line.start : line.end]) is LabelKind.GENERIC
                if named or not generic:
                    seen.setdefault(line.level, []).append(named)
        return frozenset(
            level for level, named in seen.items() if sum(named) >= _TITLED_SHARE * len(named)
        )

    def _lists_of_brands(self, lines: Sequence[Line]) -> frozenset[int]:
        """Return the indices, in `lines`, of the items of lists whose items begin with different
        brands.
        """
        found: list[int] = []
        open_lists: dict[int, list[int]] = {}
        heads: dict[int, set[str]] = {}
        for at, line in enumerate((*lines, Line(0, 0))):
            deepest = line.level if line.kind is LineKind.ITEM else 0
            if line.kind is LineKind.ITEM or line.opens:
                for depth in [depth for depth in open_lists if depth > deepest]:
                    items = open_lists.pop(depth)
                    if len(heads.pop(depth)) > 1:
                        found += items
            if deepest and line.opens:
                open_lists.setdefault(deepest, []).append(at)
                if head := self._head_brand(line):
                    heads.setdefault(deepest, set()).add(head)
                else:
                    heads.setdefault(deepest, set())
        return frozenset(found)

    def _head_brand(self, line: Line) -> str:
        """Return the brand in the label of an item, or at the item's beginning; ""
        without a brand.
        """
        label = self.label(line.start, line.end, line)
        if label is None:
            return self._names.begins(line.start, line.end).name
        found = self._names.owner(label.start, label.end)
        if not found and kind_of(self._body[label.start : label.end]) is LabelKind.AWARD:
            found = self._names.begins(label.value, line.end)
        return found.name
