"""A command, described once for the terminal, Slack and Discord."""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from functools import cached_property
from pathlib import Path
from types import NoneType, SimpleNamespace
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from overheard.cards.card import Card
from overheard.errors import BadUsage

MAX_TEXT_CHARS = 8_000
"""The longest text that a person may type."""

MAX_NAME_CHARS = 100
"""The longest name that a chat can offer for completion."""

_SPECIAL = re.compile('[\\s"\u201c\u201d]|^(--|[\u2013\u2014])')


def quoted(text: str) -> str:
    """Return a value as one word of a command line.

    It gets quotation marks if it is empty, begins like an option's name (``--x``), or has spaces or
    quotation marks; straight ones in the value become curly.
    """
    if text and not _SPECIAL.search(text):
        return text
    return '"' + text.replace('"', "\u201d") + '"'


class Role(IntEnum):
    """The rights of a person; each role includes the rights of those below."""

    ANYONE = -1
    """Nothing: only for the code with which the first admin begins."""
    VIEWER = 0
    """Read: reports, trends, evidence."""
    OPERATOR = 1
    """Spend: checks and questions; acknowledge and snooze alerts."""
    ADMIN = 2
    """Configure: brands, prompts, facts, schedules."""


class Kind(StrEnum):
    """The kind of an option's value; the terminal and the chats check it and offer completions."""

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
    CHANNEL = "channel"
    """A channel, as ``platform:id``; forms offer a picker."""
    PERSON = "person"
    """A person, as ``platform:id`` or a mention; forms offer a picker."""
    CLOCK = "clock"
    """A time of day, as ``09:00``."""
    FILE = "file"
    """A path on this machine; the function gets a `Path`. Only for the terminal."""

    @property
    def autocompleted(self) -> bool:
        """Whether the desk offers values of this kind while a person types."""
        return self in {Kind.BRAND, Kind.MODEL, Kind.METRIC, Kind.PROMPT, Kind.SCHEDULE, Kind.ALERT}


class Face(StrEnum):
    """Where a command can be used."""

    TERMINAL = "terminal"
    CHAT = "chat"


EVERYWHERE = frozenset(Face)
IN_CHAT = frozenset({Face.CHAT})
IN_TERMINAL = frozenset({Face.TERMINAL})
"""Values of `CommandSpec.faces`."""

_PLACEHOLDERS = {
    Kind.INTEGER: "N",
    Kind.NUMBER: "N",
    Kind.MODEL: "PROVIDER/MODEL",
    **{kind: kind.upper() for kind in (Kind.BRAND, Kind.METRIC, Kind.PROMPT, Kind.SCHEDULE)},
    **{kind: kind.upper() for kind in (Kind.ALERT, Kind.TIME, Kind.FILE)},
}


@dataclass(frozen=True)
class Option:
    """One argument of a command.

    Attributes:
        name: The keyword of the function's parameter; lower case, with underscores.
        help: The meaning of the option, as a short phrase.
        required: Whether the command cannot run without the option.
        many: Whether the option takes several values; the function gets a tuple.
        positional: Whether the value is written without the name in the terminal and in Slack.
        default: The function's argument when no value is given.
        choices: The values that are allowed, or empty.
        low: The smallest number, or None.
        high: The largest number, or None.
        longest: The most characters of a value.
        word: How people write the name; by default with hyphens for underscores.
        label: The label of the option's input in a form; by default the written name.
        example: An example of a value, which an empty input of a form shows.
        makes: Fields of the command that are others when the option is given, such as a higher
            ``role``.
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
    longest: int = MAX_TEXT_CHARS
    word: str = ""
    label: str = ""
    example: str = ""
    makes: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def shown(self) -> str:
        """The label of the option's input in a form: its own, else the written name, as in ``As
        of``.
        """
        return self.label or self.written.replace("-", " ").capitalize()

    @cached_property
    def written(self) -> str:
        """The name as people write it, such as ``model`` or ``as-of``."""
        return self.word or self.name.replace("_", "-")

    @property
    def placeholder(self) -> str:
        """The placeholder of a value in help, such as ``BRAND``, ``N`` or ``json|csv``."""
        if self.choices:
            return "|".join(self.choices)
        return _PLACEHOLDERS.get(self.kind) or self.written.upper()

    def number(self, text: str) -> float:
        """Return a text as a number within the range, both ends included: an int for
        `Kind.INTEGER`, otherwise a float.

        Raises:
            ValueError: with what the text has to be instead, such as ``1 or more``.
        """
        whole = self.kind is Kind.INTEGER
        try:
            number = int(text) if whole else float(text)
        except ValueError:
            raise ValueError("a whole number" if whole else "a number") from None
        if self.low is not None and not number >= self.low:
            raise ValueError(f"{self.low:g} or more")
        if self.high is not None and not number <= self.high:
            raise ValueError(f"{self.high:g} or less")
        return number


def option(meaning: str, kind: Kind = Kind.TEXT, **more: Any) -> Option:
    """Describe a parameter of a command's function that is written with its name, such as
    ``--repeats 3``.

    The description is part of the parameter's type: ``repeats: Annotated[int, option("How often
    each is asked.", low=1)] = 1``. Name, default, whether it is required, whether it takes several
    values, and the kinds ``INTEGER``, ``NUMBER``, ``FLAG`` and ``FILE`` follow from the signature;
    the choices follow from a ``Literal``.

    Args:
        meaning: The meaning of the option, as a short phrase.
        kind: The meaning of a text value, such as a brand or a channel.
        more: Further fields of `Option`, such as ``choices``, ``low``, ``high`` and ``word``.
    """
    return Option("", meaning, kind, **more)


def argument(meaning: str, kind: Kind = Kind.TEXT, **more: Any) -> Option:
    """Describe a parameter that is written without its name, such as ``Acme`` in ``check Acme``.

    Args:
        meaning: The meaning of the option, as a short phrase.
        kind: The meaning of a text value, such as a brand.
        more: Further arguments of `option`.
    """
    return replace(option(meaning, kind, **more), positional=True)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A command that has been quoted and waits to be executed.

    Attributes:
        price: The price, in words.
        usd: The most dollars that the command may cost; 0 when it is free, infinite when a price is
            not known.
        execute: Carries the command out and returns its card.
        drawn: Options that were drawn at random, with which the command proposes the same again.
    """

    price: str
    usd: float
    execute: Callable[[], Awaitable[Card]]
    drawn: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FormChoice:
    """An entry of a menu or group of check boxes in a form.

    Attributes:
        value: The value that the command gets.
        label: The text that people read.
    """

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class FormContent:
    """What a form shows in addition to the options of its command.

    Attributes:
        values: Prefilled values, by option; a list is what is ticked.
        choices: The entries of options whose values are chosen and not typed.
        hints: Hints in the place of `Option.help`, by option.
        title: The title; by default that of the command.
        text: One or two sentences above the inputs; by default the command's summary.
        submit: The text of the button; by default that of the platform.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, Sequence[FormChoice]] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    text: str = ""
    submit: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """The result of a step of the set-up.

    Attributes:
        card: The card that is shown, only to this person, where no form can follow.
        form: The words of the step whose form follows, or an empty string.
        run: The words of a command that is carried out next, or an empty string.
        agreed_usd: The price in dollars to which the person has agreed for that command.
    """

    card: Card
    form: str = ""
    run: str = ""
    agreed_usd: float = 0.0


class Named:
    """What is called by a verb (``check``), or a noun and a verb (``brands add``)."""

    __slots__ = ()
    name: str

    @property
    def noun(self) -> str:
        """The first word of a name of two words; empty for a verb without a noun."""
        return self.name.rpartition(" ")[0]

    @property
    def verb(self) -> str:
        """The last word of its name."""
        return self.name.rpartition(" ")[2]


_SIGNATURE = (Option("", "The options are read from the signature of the function."),)


@dataclass(frozen=True, slots=True)
class CommandSpec(Named):
    """A command: its name, its options, who may use it, and the function that carries it out.

    Attributes:
        name: A verb (``check``), or a noun and a verb (``brands add``).
        summary: What it does, in one sentence.
        run: ``async def run(call, *, ...) -> Card``; that of a plugin takes a `View`.
        options: Its options, in the order of the positional ones; by default the
            keyword-only parameters of `run` that are annotated with `option` or `argument`.
        role: The least role that may use it.
        spends: Whether it may cost money. Its function returns a `Proposal`; that of a plugin takes
            ``agreed: bool`` and raises `ConfirmationNeeded` with the price.
        private: Whether only the person who asked sees the result.
        public: Whether everybody sees the answer to a click on its button, though it only reads.
        examples: Argument lists as people type them, without the root command; by default its name
            alone, where no option is required.
        confirms: Whether it asks for a yes before it does something that is hard to take back; its
            function takes ``agreed: bool`` and raises `ChangeNeedsYes`.
        faces: Where it can be used.
        opens: Whether it works in an open deployment. Otherwise the terminal passes its function a
            `overheard.session.Session`, from which a deployment can be opened.
        needs_store: Whether it works on what a store holds already, such as a run or an alert, and
            so creates none. A command for viewers creates none either.
        section: The heading of help below which it is listed, such as ``Alerts``; by default, and
            where there is no such heading, that of all commands of plugins. Only for plugins.
        fill: ``async def fill(call, **options) -> Mapping | FormContent``: the values
            with which its form is filled in; a command that changes something has one. Where forms
            exist the form is opened when only the required options were given.
        title: The heading of its form; by default its verb and noun, as in ``Add brand``.
        chart: The file in which the terminal saves its pictures by default; empty when it then
            saves none, None for a command that has no pictures.
        step: Whether it is a step of the set-up: its form is opened when no option is given, stays
            open while it is carried out, and may be followed by another; it returns a `Step`.
        hourly: Whether the running bot also carries it out by itself every hour, with the yes of
            the person who started it. Only for plugins.
        form_of: The name of the command whose form this is, or empty. A form that needs nothing
            is opened when that command is typed with nothing.
        serves: Whether it serves requests until it is stopped: without a time limit, and with the
            desk in `View.desk`. Only for plugins, in the terminal.
        explains: Whether it tells why the change of an alert happened, whose number is its argument
            ``alert``. The title of its card, a sentence without a full stop, stands in the alert's
            details, and the card answers "why"; ``found`` in its data says whether there is a
            cause. Where it raises an `OverheardError`, nothing is told. Only for plugins.
        reports: Whether it tells what belongs to the report of a brand, its argument ``brand``: the
            title of its card, a sentence without a full stop, stands in the report, the brief and
            the page, where ``found`` in its data is true. Only for plugins.
        asked: Patterns of the questions in words that it answers, each of a whole question. Named
            groups are values of options; a brand, model, day and the alert of the thread are filled
            in. They go before what the grammar understands. Only for plugins.
    """

    name: str
    summary: str
    run: Callable[..., Awaitable[Card | Proposal | Step]]
    options: tuple[Option, ...] = _SIGNATURE
    role: Role = Role.VIEWER
    spends: bool = False
    private: bool = False
    public: bool = False
    examples: tuple[str, ...] = ()
    confirms: bool = False
    faces: frozenset[Face] = EVERYWHERE
    opens: bool = True
    needs_store: bool = False
    title: str = ""
    chart: str | None = None
    section: str = ""
    fill: Callable[..., Awaitable[Mapping[str, Any] | FormContent]] | None = None
    step: bool = False
    hourly: bool = False
    form_of: str = ""
    serves: bool = False
    explains: bool = False
    reports: bool = False
    asked: tuple[re.Pattern[str], ...] = ()

    def __post_init__(self) -> None:
        if self.options is _SIGNATURE:
            object.__setattr__(self, "options", tuple(_options_of(self.run)))
            if not self.examples and not any(option.required for option in self.options):
                object.__setattr__(self, "examples", (self.name,))

    @property
    def listed(self) -> bool:
        """Whether help and the menus of chats list it: a step and a form are reached by buttons."""
        return not (self.step or self.form_of)

    @property
    def asks(self) -> bool:
        """Whether it may ask for a yes."""
        return self.spends or self.confirms

    @property
    def answers_one(self) -> bool:
        """Whether a click on a button of the command is answered to the person who clicked alone.

        True for a private command, and for one that only reads unless it is public: the answer is
        private, or where a chat has threads, in the thread of the message.
        """
        return self.private or (self.role <= Role.VIEWER and not self.asks and not self.public)

    def takes_only(self, option: Option) -> bool:
        """Return whether an option that is missing is the only brand, alert, model or schedule that
        there is. What is removed has to be named, and both of two models.
        """
        same = [one for one in self.options if one.required and one.kind is option.kind]
        may_be_only = option.kind in {Kind.BRAND, Kind.ALERT, Kind.MODEL, Kind.SCHEDULE}
        return same == [option] and may_be_only and self.verb != "remove"

    @property
    def creates_store(self) -> bool:
        """Whether it creates a store that does not exist."""
        return (self.role > Role.VIEWER or self.serves) and not self.needs_store

    @property
    def usage(self) -> str:
        """The command as people type it, such as ``check [BRAND]... [--repeats N]``."""
        return " ".join([self.name, *map(_option_usage, self.options)])


_KINDS = {str: Kind.TEXT, int: Kind.INTEGER, float: Kind.NUMBER, bool: Kind.FLAG, Path: Kind.FILE}


def _options_of(function: Callable[..., Any]) -> Iterator[Option]:
    """Yield an `Option` for each keyword-only parameter that is annotated with one, in their order.

    Other parameters are passed over.
    """
    parameters = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    ]
    source = SimpleNamespace(__annotations__={p.name: p.annotation for p in parameters})
    names = getattr(inspect.unwrap(function), "__globals__", {})
    hints = get_type_hints(source, globalns=names, include_extras=True)
    for parameter in parameters:
        hint = hints[parameter.name]
        annotations = hint.__metadata__ if get_origin(hint) is Annotated else ()
        for option in (item for item in annotations if isinstance(item, Option)):
            named = replace(option, name=parameter.name)
            yield _with_type(named, hint.__origin__, parameter.default)


def _with_type(option: Option, shape: Any, default: Any) -> Option:
    """Return an option with the kind, choices, default and number of values that a parameter
    implies.
    """
    alternatives = [part for part in get_args(shape) if part is not NoneType]
    if NoneType in get_args(shape) and len(alternatives) == 1:  # ``X | None``
        shape = alternatives[0]
    many = get_origin(shape) in (Sequence, tuple)
    if many:
        shape = get_args(shape)[0]
    choices = option.choices
    if get_origin(shape) is Literal:
        shape, choices = str, get_args(shape)
    kind = _KINDS.get(shape)
    if kind is None:
        raise TypeError(
            f"the option {option.name} is of the type {shape}, which nothing typed can be"
        )
    required = default is inspect.Parameter.empty
    has_default = not required and not (many and not default)
    return replace(
        option,
        kind=option.kind if kind is Kind.TEXT else kind,
        many=many,
        choices=choices,
        required=required,
        default=default if has_default else None,
    )


def require_sizes(spec: CommandSpec, values: Mapping[str, Any]) -> None:
    """Check that no required text is empty, and that no text is longer than its option allows.

    Args:
        values: A value, or a tuple of values, by the name of the option. Only texts are checked;
            options without a value are not.

    Raises:
        BadUsage: for the first wrong text in the order of the options; the message names the
            option.
    """
    for option in spec.options:
        given = values.get(option.name)
        for value in given if isinstance(given, tuple) else (given,):
            if problem := _length_problem(option, value):
                shown = option.written.capitalize()
                raise BadUsage(problem=f"{shown} {problem}", usage=spec.usage)


def _length_problem(option: Option, value: object) -> str:
    """Return what is wrong with the length of an option's value, as words after its name: "must not
    be empty". "" when nothing is, and for a value that is no text.
    """
    if not isinstance(value, str):
        return ""
    if option.required and not value.strip():
        return "must not be empty"
    if len(value) > option.longest:
        return f"has {len(value):,} characters, and may have {option.longest:,}"
    return ""


def _option_usage(option: Option) -> str:
    """Return an option as it is written in a line of usage: ``BRAND``, ``[BRAND]...``, ``--to
    CHANNEL`` or ``[--repeats N]``.

    Brackets mean that it may be left out, dots that it takes several values.
    """
    if option.positional:
        dots = "..." if option.many else ""
        return f"{option.placeholder if option.required else f'[{option.placeholder}]'}{dots}"
    is_flag = option.kind is Kind.FLAG
    named = f"--{option.written}" if is_flag else f"--{option.written} {option.placeholder}"
    return named if option.required else f"[{named}]"
