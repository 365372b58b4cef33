"""A command, described once for every face: the terminal, Slack's text, Discord's tree."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from overheard.cards.card import Card


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


@dataclass(frozen=True, slots=True)
class Option:
    """One argument of a command.

    Attributes:
        name: The keyword under which the function takes it; lower case, with underscores, which
            people see as hyphens.
        help: What it means, as a short phrase.
        kind: What its value is.
        required: Whether the command cannot do without it.
        many: Whether it takes several values; the function gets a tuple.
        positional: Whether it is written without its name in the terminal and in Slack.
        default: What the function gets when it is not given.
        choices: The values that are allowed, or empty.
        low: The smallest number, or None.
        high: The largest number, or None.
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
    """

    name: str
    summary: str
    run: Callable[..., Awaitable[Card]]
    options: tuple[Option, ...] = ()
    role: Role = Role.VIEWER
    spends: bool = False
    private: bool = False
    examples: tuple[str, ...] = ()
