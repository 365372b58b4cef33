"""A card: what a command answers and what an alert says, without a platform's vocabulary.

A renderer turns it into Block Kit, an embed or a terminal panel, within that platform's limits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

LONGEST_ACTION = 90
_ADDRESS = re.compile(r"https://[!-'*-;=?-Z_a-z~]{1,1000}")
"""What needs no escaping on any platform: no brackets, no space, no backslash."""


class Severity(StrEnum):
    """How a card is coloured."""

    PLAIN = "plain"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Tainted:
    """Text that a model or another stranger wrote. Only a renderer turns it into plain text,
    and escapes it for its platform.
    """

    text: str


Text = str | Tainted
"""Our own words, or a stranger's."""


@dataclass(frozen=True, slots=True)
class Field:
    """A short fact with a name.

    Attributes:
        name: What it is.
        value: Its value, as people read it.
        wide: Whether it wants a line of its own.
    """

    name: str
    value: Text
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence from an answer, and where it was said."""

    source: str
    text: Tainted


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header; numbers come already written. Columns align by `right`.

    Attributes:
        header: A name for each column.
        rows: Cells, as many in each row as there are columns.
        right: Indices of the columns that are aligned to the right.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    right: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Image:
    """A picture, and what it shows in words for those who cannot see it.

    Attributes:
        png: The picture; empty where it could not be drawn, so that its words stand for it.
        alt: What it shows.
        name: Of its file.
    """

    png: bytes
    alt: str
    name: str = "chart.png"


@dataclass(frozen=True, slots=True)
class Link:
    """A place where there is more to read.

    Attributes:
        label: What stands there, in a few words.
        url: Where it leads; nothing but ``https`` is shown as a link.
    """

    label: str
    url: str

    @property
    def safe(self) -> bool:
        """Whether it may be shown as a link."""
        return bool(_ADDRESS.fullmatch(self.url))


class Style(StrEnum):
    """How a button looks."""

    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a reader can do with a card. A click does what typing the words would.

    Attributes:
        words: A command and its arguments, such as ``alerts acknowledge 12``; at most
            `LONGEST_ACTION` characters, which every platform can carry.
        label: On the button.
        style: How the button looks.
        confirm: A question to ask first, or an empty string.
    """

    words: str
    label: str
    style: Style = Style.PLAIN
    confirm: str = ""


def fitting(*actions: Action) -> tuple[Action, ...]:
    """Return those actions whose words every platform can carry."""
    return tuple(action for action in actions if len(action.words) <= LONGEST_ACTION)


@dataclass(frozen=True, slots=True)
class Card:
    """One message.

    Attributes:
        title: What it is about, in a few words; empty for a card that only machines read.
        text: Sentences, in paragraphs divided by an empty line.
        fields: Short facts.
        table: Rows, or None.
        quotes: Sentences that models wrote.
        image: A picture, or None.
        actions: What the reader can do.
        severity: Its colour.
        footer: A small last line.
        more: Cards that belong under it, such as the alerts that a check raised.
        data: The same content for machines, a dictionary or a list, ready for JSON; what
            ``--json`` prints.
        failed: Whether what was asked for was not done; the terminal then ends with 1.
        link: Where there is more to read, or None; it stands below the text.
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
    link: Link | None = None
