"""The structure of an answer: whose line each line is, and what the line says.

Headings, list items, bold lines and tables give the lines below them an owner. A label decides by
its kind: a brand, a role, an award, something generic, or another product.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from overheard.domain import Mention, Unit, UnitRole
from overheard.reading.cuts import is_worded, line_pieces
from overheard.reading.labels import (
    Label,
    LabelKind,
    bare_start,
    emoji_role,
    has_notice,
    has_verb,
    is_footer,
    is_property,
    kind_of,
    role_of,
)
from overheard.reading.layout import Line, LineKind, Page
from overheard.reading.outline import Outline
from overheard.reading.owners import NOBODY, Context, Names, Owner
from overheard.reading.tables import table_cells

_LEAD_RANK, _ROLE_RANK, _ITEM_RANK, _CELL_RANK = 7, 8, 10, 30
_LISTED_ROLES = frozenset({UnitRole.PRO, UnitRole.CON})
"""Roles that a line without a colon gives to the list below it: "Cons"."""
_OWN = frozenset({UnitRole.PRO, UnitRole.CON, UnitRole.SPECIFICATION, UnitRole.PRICE})
"""Roles of an item below which a list is its owner's, whatever its items begin with."""
_LISTED_WORDS = 3
"""Most words of such a line."""
_LASTING_ROLES = frozenset({UnitRole.PRO, UnitRole.CON, UnitRole.VERDICT, UnitRole.NOTE})
"""Roles that go on in the sentences after the one with the label."""
_PLAIN_ROLES = frozenset({UnitRole.NONE, UnitRole.SPECIFICATION})
"""Roles in the place of which a sign, such as a tick, gives its own."""
_LEAD_WORDS, _BOLD_LEAD_WORDS = 14, 20
"""Most words of a line that is a title by its first words, or by being bold."""
_AWARD_LINES = 12
"""Lines below an award in which its only brand is searched."""
_INTRODUCING_CHARACTERS = 60
"""Most characters of a line with a colon at its end that is a title."""
_TITLE_CHARACTERS = 60
"""Most characters of an item that is another product's name."""
_PRODUCT = re.compile(r"(?=[^\n]*\d)[a-z]{0,2}[A-Z0-9]\S*(?: \S+){2,}")
"""A label that names a product in a line that has come to a second one: "Zorbo 7 with Pump"."""
_NUMBERED = re.compile(r"(?<![\d.,])\d{1,2}[.)]\s\Z")
"""The number before a label of a list that is written in one line."""
_NUMBER_CHARACTERS = 6
_MAX_LABELS = 4
"""Labels at the beginning of one piece: "Top picks: Acme: Pros: ..."."""
_CLOSING = re.compile(
    r"(?:each|all|both|any|either) of (?:these|them|the)\b|these\b|ultimately\b|when (?:choosing"
    r"|selecting|shopping|buying|deciding|comparing|evaluating)\b|remember\b|whichever\b"
    r"|in general\b|overall, (?:the|these|each|your)\b|in (?:summary|conclusion|short)\b"
    r"|to (?:summarize|sum up)\b|before (?:buying|choosing|purchasing|you)\b|both\b|always\b"
    r"|make sure\b|be sure\b|prices (?:and|may|can|are|vary)\b"
    r"|(?:for|as) (?:more|the most|up-to-date)\b|note:?\s+prices\b"
    r"|it['\u2019]s (?:also |always |generally |highly )*(?:a good idea\b|worth \w+ing\b"
    r"|(?:recommended|important|best|advisable|essential|crucial|wise|helpful) (?:to|that)\b)"
    r"|consult\b",
    re.IGNORECASE,
)
"""Beginnings of sentences about all brands, or about the choice itself."""
_ADVISING = re.compile(
    r"(?:if you\b|if your\b|consider\b|choose\b|look for\b|for most\b|determine\b|ensure\b"
    r"|think about\b)",
    re.IGNORECASE,
)
"""Beginnings of sentences that may begin a new subject."""

_GOING_ON = re.compile(
    r"(?:on the (?:other hand|downside|flip side|plus side)|however|that said|still|it(?:s"
    r"|['\u2019]s)?"
    r"|they|their|the (?:main |biggest |only |one )?(?:downsides?|drawbacks?|catch|trade-?offs?"
    r"|upsides?|strengths?))\b",
    re.IGNORECASE,
)
"""Beginnings of paragraphs that go on about the subject of the paragraph before."""
_DECIDING = re.compile(
    r"(?:(?:if|for|with|since|as)\b[^.]*,|overall\b|bottom line\b|in short\b|my (?:pick|choice)\b"
    r"|(?:choose|go with|start with|take|pick)\b|(?:I|we)(?:['\u2019]d| would)\b)",
    re.IGNORECASE,
)
"""Beginnings of sentences that no longer belong to the cons before them."""
_AWARDED = re.compile(r"\bfor\s+\w", re.IGNORECASE)
"""In a title that says all of an award: below "Best for travel" is any text, below "Best for" not.
"""
_PRONOUN = re.compile(
    r"(?:it(?:s|['\u2019]s)?|they(?:['\u2019]re)?|their)\b(?!['\u2019]| (?-i:[A-Z]))", re.IGNORECASE
)
"""Beginnings of sentences about the subject of the sentence before: "It runs on Acme"."""
_ELIDED = re.compile(
    r"(?:Add|Boast|Bring|Carrie|Combine|Come|Connect|Deliver|Feature|Include|Integrate|Make|Offer"
    r"|Pack|Pair|Provide|Run|Share|Support|Use|Work)s\s(?!(?:from|by|and|or|of|in|at|are|is|like)\b)"
    r"|[A-Z][a-z]+s\s(?:a|an|the|with)\s"
    r"|(?:Considered|Known|Praised|Lauded|Backed|Built|Made|Powered|Equipped)\s"
)
"""Beginnings of such sentences without a subject: "Features a motor by Acme"."""
_ASIDE = re.compile(
    r"\b(?:than|unlike|that|which|what|the way|like|compared (?:to|with)|instead of|rather than)\s"
    r"(?:the |an? |its |your )?\Z",
    re.IGNORECASE,
)
"""Words before names that a sentence about the subject before compares with."""
_ASIDE_CHARACTERS = 24
_PRONOUN_CHARACTERS = 60
"""Characters of such a sentence within which a name is no subject; glued text has one later."""


def units(page: Page, mentions: Sequence[Mention]) -> tuple[Unit, ...]:
    """Return the units of an answer, in order. The time is linear in the length of the text.

    Args:
        page: The prose with its layout.
        mentions: All mentions of the declared brands in the body, in order.
    """
    return tuple(_UnitBuilder(page, mentions).build())


class _UnitBuilder:
    """Goes through the lines once, with a stack of blocks.

    Attributes:
        stack: The blocks that the line is in; the first is the whole answer.
        section: The last heading, or the last title or generic label that is nobody's.
        sections: The headings above, as (level, title).
        carried: The owner of the text before in the same paragraph.
        last_owner: The owner of the last paragraph, which the pros and cons below it belong to.
        listed: Whether a list precedes the paragraph in its block.
        ended: Whether the notices of the service have begun.
        notices: Whether there are any.
    """

    def __init__(self, page: Page, mentions: Sequence[Mention]) -> None:
        self.body, self.lines = page.body, page.lines
        self.names = Names(page.body, mentions)
        self.notices = has_notice(page.body)
        self.outline = Outline(page.body, page.lines, self.names)
        self.stack: list[Context] = [Context(0)]
        self.section = ""
        self.sections: list[tuple[int, str]] = []
        self.carried = self.last_owner = NOBODY
        self.listed = self.ended = False

    def build(self) -> Iterator[Unit]:
        """Yield the units of the whole answer, in order; call it once."""
        table: list[Line] = []
        for at, line in enumerate(self.lines):
            if table and (line.kind is not LineKind.ROW):
                yield from self._table_units(table)
                table = []
            if line.after_rule:
                self._end_blocks(1)
            if self.ended:
                yield self._unit(line.start, line.end, NOBODY, UnitRole.FOOTER)
            elif line.kind is LineKind.HEADER or line.kind is LineKind.ROW:
                table.append(line)
            elif line.kind is LineKind.HEADING:
                self._end_blocks(line.level)
                yield self._heading_unit(line, at)
            elif line.kind is LineKind.ITEM:
                yield from self._item_units(line, multi=at in self.outline.multi)
            else:
                yield from self._paragraph_units(line, at)
        if table:
            yield from self._table_units(table)

    @property
    def _top(self) -> Context:
        """The innermost block."""
        return self.stack[-1]

    def _end_blocks(self, rank: int) -> None:
        """Remove the blocks of a rank or deeper from the stack; the whole answer stays."""
        while len(self.stack) > 1 and self.stack[-1].rank >= rank:
            self.stack.pop()

    def _unit(self, start: int, end: int, owner: Owner, role: UnitRole, label: str = "") -> Unit:
        text = self.body[start:end]
        return Unit(
            start, end, text, owner.name, owner.foreign, owner.shared, role, label, self.section
        )

    def _heading_unit(self, line: Line, at: int) -> Unit:
        """Return the unit of a heading, and open its section and block; the title itself belongs to
        the section above.

        Args:
            line: The heading, of which blocks of its level or deeper have ended.
            at: The index of the line in `lines`.
        """
        self.sections = [above for above in self.sections if above[0] < line.level]
        self.section = self.sections[-1][1] if self.sections else ""
        title = self._title_unit(line, line.level, multi=line.level in self.outline.titled)
        start = bare_start(self.body, line.start, line.end)
        self.section = self.body[start : line.end].strip(" :*")
        self.sections.append((line.level, self.section))
        if not title.owner and kind_of(self.section) is LabelKind.AWARD:
            return self._unit(line.start, title.end, self._only_below(at), title.role, title.label)
        return title

    def _only_below(self, at: int) -> Owner:
        """Return the brand that the first line below an award names, if no other line does."""
        owner = NOBODY
        for line in self.lines[at + 1 : at + 1 + _AWARD_LINES]:
            if line.kind is LineKind.HEADING and line.level <= self.lines[at].level:
                break
            named = self.names.begins(line.start, line.end)
            if line is self.lines[at + 1]:
                owner = named
            elif named and named != owner:
                return NOBODY
        return owner

    def _title_unit(self, line: Line, rank: int, *, multi: bool) -> Unit:
        """Return the unit of a heading or bold line, and open its block.

        Args:
            line: The line.
            rank: The rank of the block; a smaller number encloses a larger.
            multi: Whether the siblings of the title name brands.
        """
        start, end = bare_start(self.body, line.start, line.end), line.end
        while end > start and self.body[end - 1] in " :*":
            end -= 1
        whole = self.outline.decide(Label(start, end, end), self._top, multi=multi)
        roles = {UnitRole.NONE, UnitRole.BEST_FOR}
        if rank == _LEAD_RANK and whole.role not in roles:
            rank = _ROLE_RANK
        self._end_blocks(rank)
        if whole.role in _LASTING_ROLES and not (whole.owner or whole.closed or self._top.owner):
            whole = whole._replace(owner=self.last_owner)
        elif whole.owner:
            self.last_owner = NOBODY
        if whole.role is UnitRole.BEST_FOR and _AWARDED.search(whole.label):
            whole = whole.with_role(UnitRole.NONE)
        self.stack.append(whole.at(rank))
        self.carried, self.listed = whole.owner, False
        if not whole.owner:
            self.section = self.body[start:end].strip(" :*")
        return self._unit(line.start, end, whole.owner, UnitRole.TITLE, whole.label)

    def _table_units(self, rows: Sequence[Line]) -> Iterator[Unit]:
        """Yield the units of a table: its cells in order, each read like the text of a
        list item.
        """
        self._end_blocks(_ITEM_RANK)
        above = self._top.owner
        for row, cell in table_cells(self.body, rows, self.names):
            owner = cell.owner or (above if cell.inherits else NOBODY)
            if cell.role in _LASTING_ROLES and cell.inherits:
                owner = owner or self.last_owner
            if cell.role is UnitRole.TITLE:
                yield self._unit(cell.start, cell.end, owner, cell.role, cell.label)
                continue
            self.stack.append(Context(_CELL_RANK, owner, cell.role, cell.label))
            line = Line(cell.start, cell.end, LineKind.ITEM, bold=row.bold)
            yield from self._line_units(line, opens=False, multi=False)
            self.stack.pop()

    def _item_units(self, line: Line, *, multi: bool) -> Iterator[Unit]:
        """Yield the units of a line of a list item. The first line of an item opens its block on
        the stack.

        Args:
            line: The line.
            multi: Whether the items of the list name different brands.
        """
        start = bare_start(self.body, line.start, line.end)
        if not line.opens and role_of(self.body[start : line.end]) is not None:
            self._end_blocks(_ITEM_RANK)
            yield self._title_unit(line, _LEAD_RANK, multi=False)
            return
        rank = _ITEM_RANK + line.level
        self._end_blocks(rank if line.opens else rank + 1)
        if line.opens:
            above = self._top
            multi = multi and not (above.rank > _ITEM_RANK and above.owner and above.role in _OWN)
            owner = NOBODY if multi else above.owner
            self.stack.append(Context(rank, owner, above.role, above.label, above.closed))
        yield from self._line_units(line, opens=line.opens, multi=multi)
        if line.opens and not multi:
            self._give_list_to_first_item()

    def _give_list_to_first_item(self) -> None:
        """Give the list below an award without a name to the brand of its first item."""
        above, item = self.stack[-2:]
        free = not above.owner and not above.closed and item.owner and not item.owner.foreign
        if free and kind_of(above.label) is LabelKind.AWARD:
            self.stack[-2] = above._replace(owner=item.owner)

    def _paragraph_units(self, line: Line, at: int) -> Iterator[Unit]:
        """Yield the units of a line of a paragraph. A bold line or a bare name is a title and opens
        a block on the stack; other text sets `carried` and `last_owner`.

        Args:
            line: The line.
            at: The index of the line in `lines`.
        """
        start = bare_start(self.body, line.start, line.end)
        if line.opens:
            self.listed = self.listed or self._top.rank >= _ITEM_RANK
            self._end_blocks(_ITEM_RANK)
            if self._top.owner or not _GOING_ON.match(self.body, start):
                self.carried = self._top.owner
        if self._is_lead(line, start, last=at + 1 == len(self.lines)) or self._is_list_role(
            at, start
        ):
            multi = not self._top.owner and bool(self.outline.titled)
            yield self._title_unit(line, _LEAD_RANK, multi=multi)
            return
        closes = _CLOSING.match(self.body, start) or self.body[line.end - 1] == "?"
        if self.listed and line.opens and closes and not self.names.within(line.start, line.end):
            self._end_blocks(1)
            self.carried = NOBODY
        yield from self._line_units(line, opens=False, multi=False)
        self.last_owner = self.carried

    def _is_list_role(self, at: int, start: int) -> bool:
        """Return whether a line is the role, such as "Cons", of the list below it."""
        below = self.lines[at + 1].kind if at + 1 < len(self.lines) else None
        text = self.body[start : self.lines[at].end]
        short = text.count(" ") < _LISTED_WORDS
        return below is LineKind.ITEM and short and role_of(text) in _LISTED_ROLES

    def _is_lead(self, line: Line, start: int, *, last: bool) -> bool:
        """Return whether a line of a paragraph is a title of the lines below: bold, ending in a
        colon, or a bare name.

        Args:
            line: The line.
            start: Offset after its bullets and number.
            last: Whether no line follows.
        """
        text = self.body[start : line.end]
        words = text.count(" ") + 1
        if not text or words > _BOLD_LEAD_WORDS:
            return False
        bold = sum(b - a for a, b in line.bold)
        if bold >= 0.8 * len(text.rstrip(" :")) and text[-1] not in ".!?":
            return True
        if text[-1] == ":":
            return len(text) < _INTRODUCING_CHARACTERS or role_of(text) is not None
        plain = words <= _LEAD_WORDS and text[-1] not in ".!?" and ": " not in text
        return (
            plain and not last and bool(self.names.begins(start, line.end)) and not has_verb(text)
        )

    def _line_units(self, line: Line, *, opens: bool, multi: bool) -> Iterator[Unit]:
        """Yield the units of a line that is no title.

        Args:
            line: The line.
            opens: Whether the first label or subject decides for the lines below.
            multi: Whether the siblings of the line name brands.
        """
        base = context = self._top
        found = self.names.within(line.start, line.end)
        for number, piece in enumerate(line_pieces(self.body, line.start, line.end, found)):
            start, end = piece.start, piece.end
            if self.ended or is_footer(self.body, start, end, notices=self.notices):
                self.ended = self.ended or "AI responses may include" in self.body[start:end]
                yield self._unit(start, end, NOBODY, UnitRole.FOOTER)
                continue
            if piece.card:
                product = Owner(self.body[start:end], foreign=True)
                yield self._unit(start, end, self.names.owner(start, end) or product, UnitRole.SHOP)
                context, self.carried = base, base.owner
                continue
            signed, label, labels, held = emoji_role(self.body, start, end), None, 0, False
            while start < end and labels < _MAX_LABELS:
                label = self.outline.label(start, end, line)
                if label is None:
                    break
                first = not (number or labels)
                above = context if first else context.with_role(base.role)
                context = self._label_context(label, above, end, line, multi=multi and first)
                if opens and not number:
                    self.stack[-1] = context.at(self._top.rank)
                self.carried = context.owner
                if context.closed and not context.owner:
                    self.section = context.label
                yield self._unit(
                    label.start, label.end, context.owner, UnitRole.TITLE, context.label
                )
                held = context.role in _LISTED_ROLES or self._is_named(label, end, context.owner)
                start, labels = label.value, labels + 1
            if not is_worded(self.body, start, end):
                if labels and line.kind is LineKind.PARAGRAPH and end == line.end:
                    self.stack.append(context.at(_ROLE_RANK))
                continue
            if opens and not (labels or number):
                context = self._opening_context(start, end, context, multi=multi)
                self.stack[-1] = context
            owner = (held and context.owner) or self._piece_owner(start, end, context, line)
            role = context.role
            if (
                number
                and not labels
                and (
                    role not in _LASTING_ROLES
                    or (role is UnitRole.CON and _DECIDING.match(self.body, start))
                )
            ):
                role = base.role
            if signed and role in _PLAIN_ROLES:
                role = signed
            free = role is signed or (role in _LISTED_ROLES and not context.owner)
            own = owner == context.owner or (free and bool(owner))
            yield self._unit(
                start, end, owner, role if own else UnitRole.NONE, context.label if own else ""
            )

    def _label_context(
        self, label: Label, above: Context, limit: int, line: Line, *, multi: bool
    ) -> Context:
        """Return the context that a label in a line opens; below a bare "Cons", every name has
        cons.

        Args:
            label: The label.
            above: The context that the label inherits.
            limit: Offset after the value of the label.
            line: The line.
            multi: Whether the siblings of the label name brands.
        """
        top = self._top
        if line.kind is LineKind.PARAGRAPH:
            return self.outline.decide_in_text(label, above, top.owner, self.carried, limit, line)
        runs_on = bool(above.owner) and above.owner != top.owner
        multi = multi or (runs_on and self._is_product(label, line))
        listed = bool(above.owner) and not multi
        context = self.outline.decide(label, above, multi=multi, limit=limit, listed=listed)
        plain = bool(context.owner) and context.role is UnitRole.NONE
        if plain and not top.owner and top.role in _LISTED_ROLES:
            return context.with_role(top.role)
        return context

    def _is_product(self, label: Label, line: Line) -> bool:
        """Return whether a label in a line names a product: "Zorbo 7 with Pump", "2. Zorbo"."""
        before = self.body[max(line.start, label.start - _NUMBER_CHARACTERS) : label.start]
        text = self.body[label.start : label.end]
        numbered = _NUMBERED.search(before) and not is_property(text)
        return bool(numbered or _PRODUCT.fullmatch(text))

    def _is_named(self, label: Label, end: int, owner: Owner) -> bool:
        """Return whether a label is the name of an owner, so that the rest of the piece is text
        about the owner.

        Args:
            label: The label.
            end: Offset after the piece.
            owner: The owner, by the context that the label has opened.
        """
        if owner.foreign:
            named = owner.name == self.body[label.start : label.end]
            return named and not self.names.leads(label.value, end)
        return any(owner.is_brand(m.brand) for m in self.names.within(label.start, label.end))

    def _opening_context(self, start: int, end: int, context: Context, *, multi: bool) -> Context:
        """Return the context of a list item without a label: of the brand or product with which the
        item opens, else `context`.

        Args:
            start: Offset of the item's first piece.
            end: Offset after the piece.
            context: The context that the item inherits.
            multi: Whether the items of the list name different brands.
        """
        own = self.names.of_opening(start, end)
        if own and (multi or not context.owner):
            return context._replace(owner=own, label="")
        if multi and end - start < _TITLE_CHARACTERS and self.body[end - 1] not in ".!?":
            product = self.body[bare_start(self.body, start, end) : end]
            return context._replace(owner=Owner(product, foreign=True))
        return context

    def _piece_owner(self, start: int, end: int, context: Context, line: Line) -> Owner:
        """Return the owner of a piece of text, and keep it in `carried` for the text that follows.

        Args:
            start: Offset of the piece, after its labels.
            end: Offset after the piece.
            context: The context of the piece.
            line: The line with the piece.
        """
        found = self.names.within(start, end)
        start = bare_start(self.body, start, end)
        in_list = line.kind is LineKind.ITEM
        if found and not in_list and all(mention.negated for mention in found):
            return self.names.owner(found[0].start, end)
        if context.owner and (
            in_list or any(context.owner.is_brand(mention.brand) for mention in found)
        ):
            return context.owner
        subject = self.names.of_sentence(start, end) if found else NOBODY
        leaves = _CLOSING.match(self.body, start) is not None or self.body[end - 1] == "?"
        before = context.owner or (NOBODY if in_list else self.carried)
        goes_on = _ELIDED.match(self.body, start) or _PRONOUN.match(self.body, start)
        near = start + _PRONOUN_CHARACTERS
        if goes_on and found and not leaves and goes_on.end() <= found[0].start < near:
            return before
        advises = _ADVISING.match(self.body, start) is not None
        if context.owner:
            return subject if subject or leaves or (advises and self.listed) else context.owner
        if context.closed and not all(subject.is_brand(mention.brand) for mention in found):
            subject = NOBODY
        if subject or in_list:
            self.carried = subject or self.carried
            return subject
        aside = bool(found) and all(
            _ASIDE.search(self.body, max(start, mention.start - _ASIDE_CHARACTERS), mention.start)
            for mention in found
        )
        ends = context.closed and not _PRONOUN.match(self.body, start)
        if (found and not aside) or leaves or advises or ends:
            self.carried = NOBODY
        return self.carried
