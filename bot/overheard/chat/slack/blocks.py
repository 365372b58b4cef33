"""Cards as Block Kit, within all its limits. Pure: the same card gives the same blocks.

What does not fit is parted into several messages, and what is left out is counted. Nothing in a
card is read as markup, ours or a stranger's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Image, Quote, Severity, Style
from overheard.chat.limits import SLACK
from overheard.chat.slack import text
from overheard.chat.slack.text import (
    Block,
    calm,
    cut,
    escape,
    link,
    pieces,
    plain,
    quote,
    rich,
    section,
    shown,
    small,
    span,
)

CLICK = "overheard"
"""How the ids of our buttons begin."""
LONGEST_TEXT = 12_000
"""Characters of a card's text before the rest is left out."""
LONGEST_NARROW = 200
"""Characters of a fact that stands beside another."""
LONGEST_NOTICE = 300
"""Characters of what a notification tells."""
MOST_MESSAGES = 6
MARKS = {
    Severity.PLAIN: "",
    Severity.GOOD: "\N{WHITE HEAVY CHECK MARK} ",
    Severity.WARNING: "\N{WARNING SIGN}\N{VARIATION SELECTOR-16} ",
    Severity.BAD: "\N{LARGE RED CIRCLE} ",
}
TOLD = {
    Severity.PLAIN: "",
    Severity.GOOD: "Good: ",
    Severity.WARNING: "Warning: ",
    Severity.BAD: "Attention: ",
}
"""The severity in words, for notifications and screen readers."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        blocks: What is shown.
        text: What notifications and screen readers tell, escaped.
        images: Pictures that belong into its thread.
    """

    blocks: tuple[Block, ...]
    text: str
    images: tuple[Image, ...] = ()


def render(card: Card, *, pictures: bool = True) -> tuple[Message, ...]:
    """Return the messages that show a card and those below it; at least one.

    Args:
        card: What to show.
        pictures: Whether pictures follow in the thread; else they are told in words.
    """
    cards = [list(_parts(one, pictures=pictures)) for one in family(card)]
    packs = list(_pack(cards, SLACK.blocks))
    kept = [*packs[:MOST_MESSAGES]]
    if left := len(packs) - len(kept):
        kept[-1].append(_Part(small(f"{wording.count(left, 'more message')} left out.", 100), card))
    return tuple(_message(pack) for pack in kept)


def home(card: Card) -> dict[str, Any]:
    """Return a card as the view of the App Home."""
    cards = [list(_parts(one, pictures=False)) for one in family(card)]
    first, *rest = _pack(cards, SLACK.home)
    blocks = [part.block for part in first]
    if rest:
        blocks.append(small("There is more than fits here.", 100))
    return {"type": "home", "blocks": blocks}


def family(card: Card) -> Iterator[Card]:
    """Yield a card and all that belong to it, in the order in which they are read."""
    yield card
    for below in card.more:
        yield from family(below)


@dataclass(frozen=True, slots=True)
class _Part:
    """A block, the card it is from, and a picture that goes with it."""

    block: Block
    card: Card
    image: Image | None = None


def _parts(card: Card, *, pictures: bool) -> Iterator[_Part]:
    for block in chain(_title(card), _text(card), _link(card), _fields(card.fields)):
        yield _Part(block, card)
    if card.table:
        yield from (_Part(block, card) for block in text.blocks(card.table))
    yield from (_Part(_quote(one), card) for one in card.quotes)
    if card.image:
        drawn = pictures and bool(card.image.png)
        yield _Part(_image(card.image, pictures=drawn), card, card.image if drawn else None)
    yield from (_Part(block, card) for block in _actions(card.actions))
    if card.footer:
        yield _Part(small(cut(shown(card.footer), SLACK.context), SLACK.context), card)


def _title(card: Card) -> Iterator[Block]:
    title = MARKS[card.severity] + wording.line(card.title)
    if title.strip():
        yield {"type": "header", "text": plain(title, SLACK.header)}
    if len(title) > SLACK.header:
        yield rich(section(span(cut(title, SLACK.text), "bold")))


def _text(card: Card) -> Iterator[Block]:
    for piece in pieces(cut(shown(card.text), LONGEST_TEXT), SLACK.text):
        yield rich(section(span(piece)))


def _link(card: Card) -> Iterator[Block]:
    if card.link and card.link.safe:
        yield rich(section(link(wording.line(card.link.label), card.link.url)))


def _fields(fields: Sequence[Field]) -> Iterator[Block]:
    """Yield facts in their order: short ones side by side, others on lines of their own."""
    for narrow, group in groupby(fields, key=_is_narrow):
        if narrow:
            yield from _columns([_fact(field) for field in group])
        else:
            yield from map(_line, group)


def _is_narrow(field: Field) -> bool:
    name, value = wording.line(field.name), shown(field.value)
    fits = len(name) + len(value) <= LONGEST_NARROW
    return not field.wide and fits and calm(name) and calm(value)


def _columns(facts: Sequence[Block]) -> Iterator[Block]:
    for start in range(0, len(facts), SLACK.fields):
        yield {"type": "section", "fields": list(facts[start : start + SLACK.fields])}


def _fact(field: Field) -> Block:
    text = f"*{wording.line(field.name) or '-'}*\n{shown(field.value) or '-'}"
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _line(field: Field) -> Block:
    name = wording.shorten(wording.line(field.name), LONGEST_NARROW)
    value = cut(shown(field.value), SLACK.text - LONGEST_NARROW)
    return rich(section(span(name, "bold"), span(f"\n{value or '-'}")))


def _quote(said: Quote) -> Block:
    source = wording.shorten(wording.line(said.source), LONGEST_NARROW)
    text = cut(shown(said.text), SLACK.text - LONGEST_NARROW)
    return rich(section(span(source, "bold")), quote(span(text, "italic")))


def _image(image: Image, *, pictures: bool) -> Block:
    alt = wording.printable(image.alt)
    told = "The chart is in the thread." if pictures else f"Chart: {alt}"
    return small(told, SLACK.alt)


def _actions(actions: Sequence[Action]) -> Iterator[Block]:
    buttons = [_button(action, number) for number, action in enumerate(actions)]
    for start in range(0, len(buttons), SLACK.buttons):
        yield {"type": "actions", "elements": buttons[start : start + SLACK.buttons]}


def _button(action: Action, number: int) -> Block:
    label = wording.line(action.label)
    button: Block = {
        "type": "button",
        "action_id": f"{CLICK}:{number}",
        "text": plain(label, SLACK.label),
        "value": action.words[: SLACK.value],
    }
    if action.style is not Style.PLAIN:
        button["style"] = action.style.value
    return {**button, "confirm": _confirm(action, label)} if action.confirm else button


def _confirm(action: Action, label: str) -> Block:
    confirm: Block = {
        "title": plain(label, SLACK.question_title),
        "text": plain(wording.printable(action.confirm), SLACK.question),
        "confirm": plain(label, SLACK.question_button),
        "deny": plain("Cancel", SLACK.question_button),
    }
    return {**confirm, "style": "danger"} if action.style is Style.DANGER else confirm


def _pack(cards: Iterable[Sequence[_Part]], most: int) -> Iterator[list[_Part]]:
    """Yield parts in groups that a message can hold, with a line between two cards.

    A card is parted only where it is too long by itself. A place is kept free in each group, for
    saying that something is left out.
    """
    pack: list[_Part] = []
    for parts in cards:
        line = [_Part({"type": "divider"}, parts[0].card)] if pack and parts else []
        if pack and not _fits([*pack, *line, *parts], most):
            yield pack
            pack, line = [], []
        pack += line
        for part in parts:
            if pack and not _fits([*pack, part], most):
                yield pack
                pack = []
            pack.append(part)
    yield pack or [_Part(small("Nothing to show.", 100), Card(""))]


def _fits(parts: Sequence[_Part], most: int) -> bool:
    return len(parts) < most and _weight(parts) <= SLACK.message


def _weight(parts: Iterable[_Part]) -> int:
    return sum(_characters(part.block) for part in parts)


def _characters(piece: Any) -> int:
    if isinstance(piece, dict):
        return sum(map(_characters, piece.values()))
    if isinstance(piece, list):
        return sum(map(_characters, piece))
    return len(piece) if isinstance(piece, str) else 0


def _message(pack: Sequence[_Part]) -> Message:
    card = pack[0].card
    said = wording.shorten(
        wording.line(": ".join(filter(None, [card.title, shown(card.text)]))), LONGEST_NOTICE
    )
    images = tuple(part.image for part in pack if part.image)
    return Message(
        tuple(part.block for part in pack), escape(TOLD[card.severity] + said) or "-", images
    )
