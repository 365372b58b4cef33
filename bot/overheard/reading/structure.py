"""The structure of an answer: whose line each line is, and what the line says.

Headings, list items, bold lines and tables give the lines below them an owner. A label decides by
its kind: a brand, a role, an award, something generic, or another product. Words with which a
sentence goes on about the subject before are in ``sentence_beginnings.py``.
"""

import re
from collections.abc import Iterator, Sequence
from operator import attrgetter

from overheard.domain import Mention, Unit, UnitRole
from overheard.reading.labels import (
    ADVISING,
    ASIDE,
    AWARDED,
    CLOSING,
    DECIDING,
    ELIDED,
    GOING_ON,
    PRONOUN,
    Label,
    LabelKind,
    bare_start,
    emoji_role,
    has_hedge,
    has_notice,
    has_verb,
    is_award,
    is_footer,
    is_hedge,
    is_property,
    kind_of,
    role_of,
)
from overheard.reading.layout import Line, LineKind, Page
from overheard.reading.outline import Outline, is_bold_title, product_of, table_cells
from overheard.reading.owners import NOBODY, Context, Names, Owner, is_worded, line_pieces
from overheard.reading.undeclared import may_open_with_name

_LEAD_RANK, _ROLE_RANK, _ITEM_RANK, _CELL_RANK = 7, 8, 10, 30
_LISTED_ROLES = frozenset({UnitRole.PRO, UnitRole.CON})
"""Roles that a line without a colon gives to the list below it: "Cons"."""
_OWN = frozenset({UnitRole.PRO, UnitRole.CON, UnitRole.SPECIFICATION, UnitRole.PRICE})
"""Roles of an item below which a list is its owner's, whatever its items begin with."""
_SMALL_WORD = re.compile(r"[a-z\u00df-\u00ff]+\b")
"""A word without a capital, unlike "iOS"."""
_LISTED_WORDS = 3
"""Most words of such a line."""
_LASTING_ROLES = frozenset({UnitRole.PRO, UnitRole.CON, UnitRole.VERDICT, UnitRole.NOTE})
"""Roles that go on in the sentences after the one with the label."""
_PLAIN_ROLES = frozenset({UnitRole.NONE, UnitRole.SPECIFICATION})
"""Roles in the place of which a sign, such as a tick, gives its own."""
_LEAD_WORDS = 14
"""Most words of a line that is a title by its first words."""
_AWARD_LINES = 12
"""Lines below an award in which its only brand is searched."""
_INTRODUCING_CHARACTERS = 60
"""Most characters of a line with a colon at its end that is a title."""
_TITLE_CHARACTERS = 60
"""Most characters of an item that is another product's name."""
_NUMBERED = re.compile(r"(?<![\d.,])\d{1,2}[.)]\s\Z")
"""The number before a label of a list that is written in one line."""
_NUMBER_CHARACTERS = 6
_MAX_LABELS = 4
"""Labels at the beginning of one piece: "Top picks: Acme: Pros: ..."."""

_TOLD = re.compile(r" [\u2013\u2014-] (?=\S+ \S+ \S)")
"""Before what a line tells of the name that it begins with."""
_ASIDE_CHARACTERS = 24
_PRONOUN_CHARACTERS = 60
"""Characters of such a sentence within which a name is no subject; glued text has one later."""


def units(
    page: Page, mentions: Sequence[Mention], undeclared: Sequence[Mention] = ()
) -> tuple[Unit, ...]:
    """Return the units of an answer, in order: titles, sentences, cells, product cards and footers,
    each with its owner and role. The time is linear in the length of the text.

    Args:
        page: The prose with its layout.
        mentions: All mentions of the declared brands in the body, in order.
        undeclared: Those of other brands, which own running text only, in order.
    """
    return tuple(_UnitBuilder(page, mentions, undeclared).build())


class _UnitBuilder:
    """Goes through the lines once, with a stack of blocks.

    Attributes:
        names: The mentions of declared brands, which own blocks.
        prose: Those of all brands, which own running text.
        stack: The blocks that the line is in; the first is the whole answer.
        section: The last heading, or the last title or generic label that is nobody's.
        sections: The headings above, as (level, title).
        carried: The owner of the text before in the same paragraph.
        object: The only brand of a sentence before that has no brand as its subject.
        last_owner: The owner of the last paragraph, which the pros and cons below it belong to.
        listed: Whether a list precedes the paragraph in its block.
        ended: Whether the notices of the service have begun.
        notices: Whether there are any.
        hedges: Whether the model says anything of itself.
    """

    def __init__(
        self, page: Page, mentions: Sequence[Mention], undeclared: Sequence[Mention]
    ) -> None:
        self.body, self.lines = page.body, page.lines
        self.names = self.prose = Names(page.body, mentions)
        if undeclared:
            everyone = sorted((*mentions, *undeclared), key=attrgetter("start"))
            foreign = {m.brand for m in undeclared} - {m.brand for m in mentions}
            self.prose = Names(page.body, everyone, foreign)
        self.notices, self.hedges = has_notice(page.body), has_hedge(page.body)
        self.outline = Outline(page.body, page.lines, self.names, self.prose)
        self.stack: list[Context] = [Context(0)]
        self.section = ""
        self.sections: list[tuple[int, str]] = []
        self.carried = self.object = self.last_owner = NOBODY
        self.listed = self.ended = False

    def build(self) -> Iterator[Unit]:
        """Yield the units of the whole answer, in order. May be called once, because the state
        changes line by line.

        The rows of a table are read together. A horizontal rule ends all blocks. After the notices
        of the service have begun, each line is a footer of nobody.
        """
        table: list[Line] = []
        for at, line in enumerate(self.lines):
            if table and (line.kind is not LineKind.ROW):
                yield from self._table_units(table)
                table = []
            if line.after_rule:
                self._end_blocks(1)
                self.last_owner = NOBODY
            if self.ended:
                yield self._unit(line.start, line.end, NOBODY, UnitRole.FOOTER)
            elif line.kind is LineKind.HEADER or line.kind is LineKind.ROW:
                table.append(line)
            elif line.kind is LineKind.HEADING:
                self._end_blocks(line.level)
                yield self._heading_unit(line, at)
            elif line.kind is LineKind.ITEM:
                yield from self._item_units(line, at)
            else:
                yield from self._paragraph_units(line, at)
        if table:
            yield from self._table_units(table)

    @property
    def _top(self) -> Context:
        """The innermost block."""
        return self.stack[-1]

    def _end_blocks(self, rank: int) -> None:
        """Remove the blocks whose rank is at least `rank` from the stack; the first, which is the
        whole answer, stays.
        """
        while len(self.stack) > 1 and self.stack[-1].rank >= rank:
            self.stack.pop()

    def _unit(self, start: int, end: int, owner: Owner, role: UnitRole, label: str = "") -> Unit:
        text = self.body[start:end]
        return Unit(
            start, end, text, owner.name, owner.foreign, owner.shared, role, label, self.section
        )

    def _heading_unit(self, line: Line, at: int) -> Unit:
        """Return the unit of a heading, and open its section and block; the unit itself is in the
        section above.

        An award without a brand ("Best overall") belongs to the only brand of the lines below, if
        there is one.
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
        """Return the brand that the first line below an award begins with, unless another line
        begins with another brand; else `NOBODY`.

        At most `_AWARD_LINES` lines are read, up to the next heading of the same or a higher level.
        `at` is the index in `lines` of the heading with the award.
        """
        first, heading = at + 1, self.lines[at]
        owner = NOBODY
        for line in self.lines[first : first + _AWARD_LINES]:
            if line.kind is LineKind.HEADING and line.level <= heading.level:
                break
            named = self.names.begins(line.start, line.end)
            if line is self.lines[first]:
                owner = named
            elif named and named != owner:
                return NOBODY
        return owner

    def _title_unit(self, line: Line, rank: int, *, multi: bool) -> Unit:
        """Return the unit of a heading, a bold line or another line that is a title, and open its
        block on the stack.

        The owner and role of the block are those of the whole title, as a label. "Pros", a verdict
        or a note without an owner above goes on about the last paragraph's owner. "Best for travel"
        gives its block no role, because it says the whole award. A title without an owner becomes
        the section.
        """
        start, end = bare_start(self.body, line.start, line.end), line.end
        while end > start and self.body[end - 1] in " :*":
            end -= 1
        text, top = self.body[start:end], self._top
        awards = top.rank == rank and is_award(top.label) and is_award(text)
        if multi or awards or self.outline.is_beside(text):
            self._end_blocks(rank)
        context = self.outline.decide(Label(start, end, end), self._top, multi=multi)
        is_role = context.role not in {UnitRole.NONE, UnitRole.BEST_FOR}
        if rank == _LEAD_RANK and is_role:
            rank = _ROLE_RANK
        self._end_blocks(rank)
        is_ownerless = not (context.owner or context.closed or self._top.owner)
        if context.role in _LASTING_ROLES and is_ownerless:
            context = context._replace(owner=self.last_owner)
        elif context.owner:
            self.last_owner = NOBODY
        if context.role is UnitRole.BEST_FOR and AWARDED.search(context.label):
            context = context.with_role(UnitRole.NONE)
        self.stack.append(context.at(rank))
        self.carried, self.listed = context.owner, False
        if not context.owner:
            self.section = self.body[start:end].strip(" :*")
        return self._unit(line.start, end, context.owner, UnitRole.TITLE, context.label)

    def _table_units(self, rows: Sequence[Line]) -> Iterator[Unit]:
        """Yield the units of a table: its cells in order, each read like the text of a list item.

        A cell with the role of a title is one unit. A cell of a table without owners has the owner
        of the text above; for pros, cons and a verdict also that of the last paragraph.
        """
        self._end_blocks(_ITEM_RANK)
        owner_above = self._top.owner
        for row, cell in table_cells(self.body, rows, self.names):
            owner = cell.owner or (owner_above if cell.inherits else NOBODY)
            if cell.role in _LASTING_ROLES and cell.inherits:
                owner = owner or self.last_owner
            if cell.role is UnitRole.TITLE:
                yield self._unit(cell.start, cell.end, owner, cell.role, cell.label)
                continue
            self.stack.append(Context(_CELL_RANK, owner, cell.role, cell.label))
            line = Line(cell.start, cell.end, LineKind.ITEM, bold=row.bold)
            yield from self._line_units(line, opens=False, multi=False)
            self.stack.pop()

    def _item_units(self, line: Line, at: int) -> Iterator[Unit]:
        """Yield the units of a line of a list item.

        The first line of an item opens its block on the stack, with the context of the block above;
        where the items name different brands, without its owner, except in a list of pros, cons and
        the like below an owner's item. A later line that is only a role ("Pros") is a title. The
        brand of a list's first item owns the award above, if nobody does.
        """
        start = bare_start(self.body, line.start, line.end)
        if not line.opens and role_of(self.body[start : line.end]) is not None:
            self._end_blocks(_ITEM_RANK)
            yield self._title_unit(line, _LEAD_RANK, multi=False)
            return
        rank = _ITEM_RANK + line.level
        self._end_blocks(rank if line.opens else rank + 1)
        above, multi = self._top, at in self.outline.multi
        if line.opens:
            multi = multi and not (above.rank > _ITEM_RANK and above.owner and above.role in _OWN)
            owner = NOBODY if multi else above.owner
            self.stack.append(Context(rank, owner, above.role, above.label, above.closed))
        yield from self._line_units(line, opens=line.opens, multi=multi)
        own = self._top.owner
        is_open = not (multi or above.owner or above.closed) and is_award(above.label)
        if is_open and self.lines[at - 1].kind is not LineKind.ITEM and not own.foreign:
            self.stack[-2] = above._replace(owner=own)

    def _paragraph_units(self, line: Line, at: int) -> Iterator[Unit]:
        """Yield the units of a line of a paragraph.

        A title (`_is_lead`), or the role of the list below ("Cons"), opens a block on the stack.
        Other text is divided into its sentences and sets `carried` and `last_owner`. The first line
        of a paragraph ends lists. It begins with the owner of its block, but a line such as
        "However, it ..." goes on about the owner before. After a list, a closing line or a question
        without a brand ends all blocks.
        """
        start = bare_start(self.body, line.start, line.end)
        if line.opens:
            self.listed = self.listed or self._top.rank >= _ITEM_RANK
            self._end_blocks(_ITEM_RANK)
            if self._top.owner or not GOING_ON.match(self.body, start):
                self.carried = self._top.owner
        if self._is_lead(at, start) or self._is_list_role(at, start):
            multi = not self._top.owner and bool(self.outline.titled)
            multi = multi or self.body[start : line.end].strip(" :") in self.outline.bold_products
            yield self._title_unit(line, _LEAD_RANK, multi=multi)
            return
        closes = CLOSING.match(self.body, start) or self.body[line.end - 1] == "?"
        if self.listed and line.opens and closes and not self.names.within(line.start, line.end):
            self._end_blocks(1)
            self.carried = NOBODY
        yield from self._line_units(line, opens=False, multi=False)
        self.last_owner = self.carried

    def _is_list_role(self, at: int, start: int) -> bool:
        """Return whether a line is only the role, "Pros" or "Cons", of the list below it."""
        below = self.lines[at + 1].kind if at + 1 < len(self.lines) else None
        text = self.body[start : self.lines[at].end]
        short = text.count(" ") < _LISTED_WORDS
        return below is LineKind.ITEM and short and role_of(text) in _LISTED_ROLES

    def _is_lead(self, at: int, start: int) -> bool:
        """Return whether a line of a paragraph is a title of the lines below.

        A line is a title if it is bold (`is_bold_title`); if it ends in a colon and is short or a
        role; or if it has at most `_LEAD_WORDS` words, begins with a brand and has no verb, as a
        bare name. The last line is no bare name,
        nor is one that tells something of the name before a heading, a brand's line or a closing
        one.
        """
        line, below = self.lines[at], next(iter(self.lines[at + 1 : at + 2]), None)
        text = self.body[start : line.end]
        word_count = text.count(" ") + 1
        if not text or is_bold_title(self.body, line):
            return bool(text)
        if text[-1] == ":":
            return len(text) < _INTRODUCING_CHARACTERS or role_of(text) is not None
        if below is None or text[-1] in ".!?" or word_count > _LEAD_WORDS or ": " in text:
            return False
        is_next = (
            below.kind is LineKind.HEADING
            or below.after_rule
            or (below.opens and below.bold[:1] and below.bold[0][0] == below.start)
        )
        closes = CLOSING.match(self.body, below.start) or self.names.begins(below.start, below.end)
        if (is_next or closes) and _TOLD.search(text):
            return False
        return bool(self.names.begins(start, line.end)) and not has_verb(text)

    def _line_units(self, line: Line, *, opens: bool, multi: bool) -> Iterator[Unit]:
        """Yield the units of a line that is no title: of each piece its labels, then its text.

        - A footer, a hedge and a product card are one unit each. After a card, the context of the
          block counts again.
        - A label opens a context for the rest of the line. The role of a label ends with its piece,
          but pros, cons, verdicts and notes go on, cons until a sentence that decides.
        - A label at the end of a paragraph's line, without text, opens a block for the lines below.
        - A sign such as a tick gives its role to text that has none.
        - Text about another owner than that of the context has neither role nor label, unless a
          sign or a bare "Cons" gives the role.
        """
        base = context = self._top
        value, groups, span = line.start, False, (line.start, line.end)
        found = (self.prose if line.kind is LineKind.PARAGRAPH else self.names).within(*span)
        for number, piece in enumerate(line_pieces(self.body, *span, found, line.bold)):
            start, end = piece.start, piece.end
            if nobodys := self._nobodys_role(start, end):
                yield self._unit(start, end, NOBODY, nobodys)
                continue
            if piece.card:
                product = Owner(self.body[start:end], foreign=True)
                yield self._unit(start, end, self.names.owner(start, end) or product, UnitRole.SHOP)
                context, self.carried = base, base.owner
                continue
            sign_role, label_count, decides = emoji_role(self.body, start, end), 0, False
            while start < end and label_count < _MAX_LABELS:
                label = self.outline.label(start, end, line)
                if label is None:
                    break
                is_first = not (number or label_count)
                text = self.body[label.start : label.end]
                is_whole_award = groups and is_award(text) and AWARDED.search(text)
                above = base if is_first or is_whole_award else context.with_role(base.role)
                context = self._label_context(
                    label, above, end, line, multi=multi and is_first, groups=groups
                )
                if opens and not number:
                    self.stack[-1] = context.at(self._top.rank)
                self.carried = context.owner
                if context.closed and not context.owner:
                    self.section = context.label
                yield self._unit(
                    label.start, label.end, context.owner, UnitRole.TITLE, context.label
                )
                decides = context.role in _LISTED_ROLES or self._is_named(label, end, context.owner)
                groups = groups if not is_first else not decides
                start = value = label.value
                label_count += 1
            if not is_worded(self.body, start, end):
                if label_count and line.kind is LineKind.PARAGRAPH and end == line.end:
                    self.stack.append(context.at(_ROLE_RANK))
                continue
            if opens and not (label_count or number):
                context = self._opening_context(start, end, context, multi=multi)
                self.stack[-1] = context
            owner = (decides and context.owner) or self._piece_owner(start, end, context, line)
            role = context.role
            if number and not label_count and self._is_past(start, role, value):
                role = base.role
            if sign_role and role in _PLAIN_ROLES:
                role = sign_role
            is_role_of_any = role is sign_role or (role in _LISTED_ROLES and not context.owner)
            has_context = owner == context.owner or (is_role_of_any and bool(owner))
            role, text = (role, context.label) if has_context else (UnitRole.NONE, "")
            yield self._unit(start, end, owner, role, text)

    def _is_past(self, start: int, role: UnitRole, value: int) -> bool:
        """Return whether the role of a label, whose value begins at `value`, has ended before the
        piece at `start`: it lasts not; or the piece decides or is a price after cons ("Overall,
        ..."); or it begins with a capital and the value does not, and goes on about no subject.
        """
        if role not in _LASTING_ROLES or (
            role is UnitRole.CON and DECIDING.match(self.body, start)
        ):
            return True
        starts_anew = self.body[start].isupper() and _SMALL_WORD.match(self.body, value)
        goes_on = PRONOUN.match(self.body, start) or GOING_ON.match(self.body, start)
        return role in _LISTED_ROLES and bool(starts_anew) and not goes_on

    def _nobodys_role(self, start: int, end: int) -> UnitRole | None:
        """Return the role of a piece that has no owner, whatever it names: a footer, or what the
        model says of itself; None for any other.
        """
        if self.ended or is_footer(self.body, start, end, has_notices=self.notices):
            self.ended = self.ended or "AI responses may include" in self.body[start:end]
            return UnitRole.FOOTER
        hedges = self.hedges and is_hedge(self.body, start, end)
        return UnitRole.HEDGE if hedges else None

    def _label_context(
        self, label: Label, above: Context, limit: int, line: Line, *, multi: bool, groups: bool
    ) -> Context:
        """Return the context that a label in a line opens.

        In a paragraph, the label is decided as text. Elsewhere, behind the name of another owner in
        the same line, a label behind a number that is no property names a product; where the first
        label of the line is no owner's name (`groups`), any label that begins with a name does. A
        label that names an owner below a bare "Cons" or "Pros" has that role.
        """
        top = self._top
        if line.kind is LineKind.PARAGRAPH:
            return self.outline.decide_in_text(label, above, top.owner, self.carried, limit, line)
        if above.owner and above.owner != top.owner:
            low = max(line.start, label.start - _NUMBER_CHARACTERS)
            text = self.body[label.start : label.end]
            numbered = _NUMBERED.search(self.body, low, label.start) and not is_property(text)
            multi = multi or bool(numbered or (groups and product_of(text)))
        listed = bool(above.owner) and not multi
        context = self.outline.decide(label, above, multi=multi, limit=limit, listed=listed)
        names_owner = bool(context.owner) and context.role is UnitRole.NONE
        if names_owner and not top.owner and top.role in _LISTED_ROLES:
            return context.with_role(top.role)
        return context

    def _is_named(self, label: Label, end: int, owner: Owner) -> bool:
        """Return whether a label is the name of an owner, so that the rest of the piece is about
        the owner: it contains the brand. For a product that is not declared, it is the whole name,
        and the text after it does not begin with a brand.
        """
        if owner.foreign:
            named = owner.name == self.body[label.start : label.end]
            return named and not self.names.leads(label.value, end)
        return any(owner.is_brand(m.brand) for m in self.names.within(label.start, label.end))

    def _opening_context(self, start: int, end: int, context: Context, *, multi: bool) -> Context:
        """Return the context of a list item without a label.

        The brand with which the item opens becomes its owner, unless an owner is inherited in a
        list whose items name no different brands. In a list whose items do, a short item without
        the end of a sentence is the name of a product that is not declared. Else `context` is
        returned.
        """
        own = self.names.of_opening(start, end)
        if own and (multi or not context.owner):
            return context._replace(owner=own, label="")
        if multi and end - start < _TITLE_CHARACTERS and self.body[end - 1] not in ".!?":
            if maker := self.names.in_brackets(start, end):
                return context._replace(owner=maker, label="")
            product = self.body[bare_start(self.body, start, end) : end]
            return context._replace(owner=Owner(product, foreign=True))
        return context

    def _piece_owner(  # noqa: PLR0911 - one return a rule, in their order
        self, start: int, end: int, context: Context, line: Line
    ) -> Owner:
        """Return the owner of a piece of text, and update `carried` for the text that follows.

        The first rule that applies decides:

        1. Text outside of lists that advises against all its brands is about the first of them.
        2. In a list, and in text that names it, the owner of the context counts.
           "The former", "the latter" and "both" are the brands before.
        3. Text that goes on about its subject ("It runs on Acme") belongs to the owner before.
        4. Below an owner, the subject of the sentence counts; without a subject nobody in a closing
           sentence, in a question, or in advice after a list; else whom a pronoun points back to,
           or the owner.
        5. The subject of the sentence counts, also for the text that follows. In a block about the
           choice itself, it only counts if the sentence names no other brand. A sentence that opens
           with what may be a name is nobody's, and so is what follows.
        6. In a list, text without a subject belongs to nobody.
        7. Else the owner of the text before counts. Names without a subject, unless only compared
           with, a closing sentence, a question and advice end that owner.
        """
        in_list = line.kind is LineKind.ITEM
        if not (self.carried or in_list) and PRONOUN.match(self.body, start):
            self.carried = self.object
        self.object = NOBODY
        start = bare_start(self.body, start, end)
        closes = CLOSING.match(self.body, start) is not None or self.body[end - 1] == "?"
        advises = ADVISING.match(self.body, start) is not None
        is_choice = closes or advises or context.role is UnitRole.VERDICT
        names = self.names if in_list or (self._top.owner and not is_choice) else self.prose
        found = names.within(start, end)
        if found and not in_list and all(mention.negated for mention in found):
            return names.owner(found[0].start, end)
        if context.owner and (
            in_list or any(context.owner.is_brand(mention.brand) for mention in found)
        ):
            return context.owner
        is_single = bool(context.owner) and not context.owner.shared
        if not (is_single or in_list) and (pair := self.prose.of_pair(start)) is not None:
            self.carried = pair
            return pair
        opening = found[0].start if found else end
        is_running = bool(found or self.carried) and not (in_list or context.owner)
        in_doubt = is_running and may_open_with_name(self.body, start, opening)
        subject = names.of_sentence(start, end) if found and not in_doubt else NOBODY
        owner_before = context.owner or (NOBODY if in_list else self.carried)
        goes_on = ELIDED.match(self.body, start) or PRONOUN.match(self.body, start)
        pronoun_end = start + _PRONOUN_CHARACTERS
        if goes_on and found and not closes and goes_on.end() <= found[0].start < pronoun_end:
            return owner_before
        if context.owner:
            owner = subject
            if not (subject or closes or (advises and self.listed)):
                points_back = not found and PRONOUN.match(self.body, start) is not None
                owner = (points_back and self.carried) or context.owner
            self.carried = subject or self.carried
            return owner
        if context.closed and not all(subject.names(mention.brand) for mention in found):
            subject = NOBODY
        if subject or in_list:
            self.carried = subject or self.carried
            return subject
        only_compared = all(
            ASIDE.search(self.body, max(start, mention.start - _ASIDE_CHARACTERS), mention.start)
            for mention in found
        )
        about_choice = context.closed and not PRONOUN.match(self.body, start)
        of_nobody = in_doubt or closes or advises
        if of_nobody or not only_compared or about_choice:
            self.carried = NOBODY
            if not (only_compared or of_nobody) and len({m.brand for m in found}) == 1:
                self.object = names.owner(found[0].start, end)
        return self.carried
