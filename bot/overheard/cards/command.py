"""A command, described once for every face: the terminal, Slack's text, Discord's tree."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from overheard.cards.card import Card
from overheard.errors import BadUsage

LONGEST = 8_000
"""Characters of a text that somebody types."""

NAME = 100
"""Characters of a name: what a chat can offer for completion."""

_SPECIAL = re.compile('[\\s"\u201c\u201d]|^(--|[\u2013\u2014])')


def quoted(text: str) -> str:
    """Return a value as one word of a command, between quotation marks where it needs them."""
    if text and not _SPECIAL.search(text):
        return text
    return '"' + text.replace('"', "\u201d") + '"'


class Role(IntEnum):
    """What a person may do; each role may do what those below it may."""

    VIEWER = 0
    """Read: reports, trends, evidence."""
    OPERATOR = 1
    """Spend: checks and questions; acknowledge and snooze alerts."""
    ADMIN = 2
    """Configure: brands, prompts, facts, schedules."""


class Kind(StrEnum):
    """What an option's value is; faces offer completions and check it."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    BRAND = "brand"
    """The name of a brand."""
    MODEL = "model"
    """``provider/model``."""
    METRIC = "metric"
    PROMPT = "prompt"
    """A prompt's key or the beginning of its text."""
    SCHEDULE = "schedule"
    ALERT = "alert"
    """An alert's number."""
    TIME = "time"
    """``2026-11-24``, ``2026-11-24T07:00``, ``today``, ``yesterday``, in the reader's zone."""
    FILE = "file"
    """A path on this machine; the function gets a `Path`. Only for the terminal."""


class Face(StrEnum):
    """Where a command can be used."""

    TERMINAL = "terminal"
    CHAT = "chat"


EVERYWHERE = frozenset(Face)


_PLACEHOLDERS = {
    Kind.INTEGER: "N",
    Kind.NUMBER: "N",
    Kind.MODEL: "PROVIDER/MODEL",
    **{kind: kind.upper() for kind in (Kind.BRAND, Kind.METRIC, Kind.PROMPT, Kind.SCHEDULE)},
    **{kind: kind.upper() for kind in (Kind.ALERT, Kind.TIME, Kind.FILE)},
}


@dataclass(frozen=True, slots=True)
class Option:
    """One argument of a command.

    Attributes:
        name: The keyword under which the function takes it; lower case, with underscores.
        help: What it means, as a short phrase.
        kind: What its value is.
        required: Whether the command cannot do without it.
        many: Whether it takes several values; the function gets a tuple.
        positional: Whether it is written without its name in the terminal and in Slack.
        default: What the function gets when it is not given.
        choices: The values that are allowed, or empty.
        low: The smallest number, or None.
        high: The largest number, or None.
        longest: How many characters a value may have.
        word: How people write it; by default the name, with hyphens for underscores.
    """

    name: str
    help: str
    kind: Kind = Kind.TEXT
    required: bool = False
    many: bool = False
    positional: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    longest: int = LONGEST
    word: str = ""

    @property
    def written(self) -> str:
        """The name as people write it, such as ``model`` or ``as-of``."""
        return self.word or self.name.replace("_", "-")

    @property
    def placeholder(self) -> str:
        """What stands for a value of it in help, such as ``BRAND`` or ``N``."""
        if self.choices:
            return "|".join(self.choices)
        return _PLACEHOLDERS.get(self.kind) or self.written.upper()


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command: what it is called, what it takes, who may use it, and the function that does it.

    Attributes:
        name: A verb (``check``), or a noun and a verb (``brands add``).
        summary: What it does, in one sentence.
        run: ``async def run(context, **options) -> Card``.
        options: What it takes, in the order of the positional ones.
        role: The least role that may use it.
        spends: Whether it may cost money; its function takes ``agreed: bool`` and raises
            `ConfirmationNeeded` with the price.
        private: Whether only the person who asked sees the result.
        examples: Argument lists as people type them, without the root command.
        confirms: Whether it asks for a yes before it does something that is hard to take back;
            like one that spends, its function takes ``agreed`` and raises `ConfirmationNeeded`.
        faces: Where it can be used.
        opens: Whether it works in an open deployment. Else the terminal gives its function a
            `overheard.commands.context.Session`, from which one can be opened.
        fill: ``async def fill(context, **options) -> Mapping``: what a form for it is filled in
            with, from what was given; a command that changes something has one. Where a form
            can be opened it is, when only what is required was given.
        title: What stands above its form; by default its verb and noun, as in ``Add brand``.
        chart: The file in which the terminal saves its pictures when nobody names one; empty when
            it then saves none, None for a command that has no pictures.
    """

    name: str
    summary: str
    run: Callable[..., Awaitable[Card]]
    options: tuple[Option, ...] = ()
    role: Role = Role.VIEWER
    spends: bool = False
    private: bool = False
    examples: tuple[str, ...] = ()
    confirms: bool = False
    faces: frozenset[Face] = EVERYWHERE
    opens: bool = True
    title: str = ""
    chart: str | None = None
    fill: Callable[..., Awaitable[Mapping[str, Any]]] | None = None

    @property
    def asks(self) -> bool:
        """Whether it may ask for a yes, and so takes ``agreed``."""
        return self.spends or self.confirms

    @property
    def noun(self) -> str:
        """The noun it belongs to, or an empty string for a verb of its own."""
        return self.name.rpartition(" ")[0]

    @property
    def verb(self) -> str:
        """The last word of its name."""
        return self.name.rpartition(" ")[2]

    @property
    def usage(self) -> str:
        """How it is written, such as ``check [BRAND]... [--repeats N]``."""
        return " ".join([self.name, *map(_written, self.options)])


def require_sizes(spec: CommandSpec, values: Mapping[str, Any]) -> None:
    """Refuse what is empty and must not be, and what is longer than anybody means.

    Raises:
        BadUsage: naming the option.
    """
    for option in spec.options:
        given = values.get(option.name)
        for one in given if isinstance(given, tuple) else (given,):
            if problem := _oversize(option, one):
                shown = option.written.capitalize()
                raise BadUsage(problem=f"{shown} {problem}", usage=spec.usage)


def _oversize(option: Option, value: object) -> str:
    if not isinstance(value, str):
        return ""
    if option.required and not value.strip():
        return "must not be empty"
    if len(value) > option.longest:
        return f"has {len(value):,} characters, and may have {option.longest:,}"
    return ""


def _written(option: Option) -> str:
    more = "..." if option.many else ""
    if option.positional:
        shown = f"{option.placeholder}{more}"
    elif option.kind is Kind.FLAG:
        shown = f"--{option.written}"
    else:
        shown = f"--{option.written} {option.placeholder}"
    if option.required:
        return shown
    return f"[{option.placeholder}]{more}" if option.positional else f"[{shown}]"
