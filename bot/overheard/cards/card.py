"""Cards: the results of commands and the messages of alerts, independent of a platform.

A renderer turns a card into Block Kit, an embed or a terminal panel, within the platform's limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, StrEnum
from typing import Any

from overheard.domain import Model

MAX_FILE_BYTES = 8_000_000
"""The largest file that every platform can carry; Discord takes 10 MB in a message."""
LONGEST_ACTION = 90
"""The largest number of characters in `Action.words` that every platform can carry."""
_ADDRESS = re.compile(r"https://[!-'*-;=?-Z_a-z~]{1,1000}")
"""An ``https`` address that needs no escaping on any platform (no brackets, space, backslash)."""


class Severity(StrEnum):
    """The colour of a card."""

    PLAIN = "plain"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"

    @property
    def icon(self) -> str:
        """An emoji that shows the colour as a shape, and a space, for the start of a title; empty
        for plain.
        """
        return _ICONS[self]


_ICONS = {
    Severity.PLAIN: "",
    Severity.GOOD: "\N{WHITE HEAVY CHECK MARK} ",
    Severity.WARNING: "\N{WARNING SIGN}\N{VARIATION SELECTOR-16} ",
    Severity.BAD: "\N{LARGE RED CIRCLE} ",
}


@dataclass(frozen=True, slots=True)
class Tainted:
    """Untrusted text, such as a model's answer. Only a renderer reads and escapes it."""

    text: str


Text = str | Tainted
"""Text written by Overheard, or untrusted text."""


class Style(StrEnum):
    """The style of a button."""

    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a card. A click has the same effect as typing the words.

    Attributes:
        words: A command and its arguments, such as ``alerts acknowledge 12``; at most
            `LONGEST_ACTION` characters.
        label: The text on the button.
        confirm: A question that must be confirmed first, or an empty string.
        menu: Whether it is an entry of the card's menu, for what is seldom needed.
    """

    words: str
    label: str
    style: Style = Style.PLAIN
    confirm: str = ""
    menu: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A menu of actions of one kind, such as the metrics of a report.

    Attributes:
        label: What is chosen, such as "Show" or "Snooze"; shown while no entry is chosen.
        actions: The entries, with different words; a choice has the same effect as typing them.
        chosen: The index of the entry that the card shows now, or None. With an entry, the answer
            to a choice takes the place of the card.
    """

    label: str
    actions: tuple[Action, ...]
    chosen: int | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A named value.

    Attributes:
        name: The label.
        value: The value as text.
        wide: Whether the field takes a full line.
        action: A button next to the field, or None.
    """

    name: str
    value: Text
    wide: bool = False
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence from an answer, and its source (such as model and prompt)."""

    source: str
    text: Tainted


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text cells; numbers are already formatted.

    Attributes:
        header: The names of the columns.
        rows: The cells; each row has one cell per column.
        right: Indices of the right-aligned columns.
        strong: The index of the row that the card is about, or None.
        pictured: Whether the card's picture shows the same; where the picture is shown, the table
            is left out.
        caption: What the cells are, such as "Named in % of answers"; empty where the card says it.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    right: frozenset[int] = frozenset()
    strong: int | None = None
    pictured: bool = False
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture with alternative text.

    Attributes:
        png: The PNG file; empty when it could not be drawn, and then `alt` is shown instead.
        name: The name of the file.
    """

    png: bytes
    alt: str
    name: str = "chart.png"


@dataclass(frozen=True, slots=True)
class File:
    """A file that a card hands over, such as a page or a table.

    Attributes:
        content: The bytes; more than `MAX_FILE_BYTES` are not sent, and the card says so.
        name: The name of the file, such as ``acme.html``.
        media: The media type, such as ``text/html``.
        alt: What it is, in a few words.
    """

    content: bytes = field(repr=False)
    name: str
    media: str
    alt: str

    @property
    def fits(self) -> bool:
        """Whether the file has at most `MAX_FILE_BYTES`, so that every platform can send it."""
        return len(self.content) <= MAX_FILE_BYTES


@dataclass(frozen=True, slots=True)
class Link:
    """A link to further information.

    Attributes:
        label: The text of the link.
        url: The address; only ``https`` addresses are shown as links.
    """

    label: str
    url: str

    @property
    def safe(self) -> bool:
        """Whether the address may be shown as a link."""
        return bool(_ADDRESS.fullmatch(self.url))


def fitting(*actions: Action) -> tuple[Action, ...]:
    """Return the actions whose words are at most `LONGEST_ACTION` characters long, in
    their order.
    """
    return tuple(action for action in actions if len(action.words) <= LONGEST_ACTION)


MOST_BUTTONS = 3
"""Buttons of a card with which a single entry of its menu is a button too."""


def divided(actions: Sequence[Action]) -> tuple[list[Action], list[Action]]:
    """Return the buttons of a card and the entries of its menu, both in the order of `actions`.

    Of several with the same words, only the first is kept, a button rather than an entry. A single
    entry becomes the last button when the card has fewer than `MOST_BUTTONS` others.
    """
    distinct: dict[str, Action] = {}
    for action in sorted(actions, key=lambda action: action.menu):
        distinct.setdefault(action.words, action)
    buttons = [action for action in distinct.values() if not action.menu]
    entries = [action for action in distinct.values() if action.menu]
    if len(entries) == 1 and len(buttons) < MOST_BUTTONS:
        return buttons + entries, []
    return buttons, entries


@dataclass(frozen=True, slots=True)
class Card:
    """A message for a person, or the result of a command.

    Attributes:
        title: A few words; empty for a card that only machines read.
        text: Paragraphs, separated by empty lines.
        fields: Named values.
        table: A table, or None.
        quotes: Sentences that models wrote.
        image: A picture, or None.
        actions: The buttons, and the entries of the card's menu.
        severity: The colour.
        footer: A small last line.
        more: Cards to show below, such as the alerts that a check raised.
        data: The content as a JSON-compatible dictionary or list, which ``--json`` prints.
        failed: Whether the command was not carried out; the terminal then exits with status 1.
        partial: Whether only a part of the command was carried out; the terminal then exits with
            status 3.
        link: A link below the text, or None.
        file: A file that is sent with the card, or None.
        private: Whether a chat shows it to the person alone who asked, as it repeats a message.
        choice: A menu of which one entry can be the current one, or None.
    """

    title: str
    text: Text = ""
    fields: tuple[Field, ...] = ()
    table: Table | None = None
    quotes: tuple[Quote, ...] = ()
    image: Image | None = None
    actions: tuple[Action, ...] = ()
    severity: Severity = Severity.PLAIN
    footer: str = ""
    more: tuple[Card, ...] = ()
    data: Any = field(default_factory=dict)
    failed: bool = False
    partial: bool = False
    link: Link | None = None
    choice: Choice | None = None
    file: File | None = None
    private: bool = False

    def whole(self) -> Iterator[Card]:
        """Yield the card and then, depth first, all cards below it (`more`), in reading order."""
        yield self
        for below in self.more:
            yield from below.whole()


def picked(entry: object, *names: str) -> dict[str, Any]:
    """Return some attributes of an object by name, as the `data` of a card has them."""
    return {name: json_value(getattr(entry, name)) for name in names}


def json_value(value: Any) -> Any:
    """Return a value as JSON has it: a moment or day in ISO 8601, a member of an enumeration as its
    value, a model as ``provider/model``, a tuple as a list, and any other value as it is.
    """
    if isinstance(value, tuple):
        return list(map(json_value, value))
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Model):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
