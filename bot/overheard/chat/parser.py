"""Parses typed words into a command with its options, and suggests what was nearly right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from overheard.cards.command import CommandSpec, Kind, Option, quoted, require_sizes
from overheard.config.problems import suggestion
from overheard.errors import BadUsage, UnknownCommand

LIST, SHOW = "list", "show"
"""The verbs of a noun for which none is typed: without a number, and with one."""

SUGGESTIONS = 2
"""With the one for help, a card has three buttons."""

_DASHES = "(?:--|[\u2013\u2014])"
"""The prefix of an option's name. Chats make one long dash of two hyphens."""
_QUOTE = '"([^"]*)"|[\u201c\u201d]([^\u201c\u201d]*)[\u201c\u201d]'
_TOKEN = re.compile(rf"({_DASHES}[\w-]+[=:])?(?:{_QUOTE})|(\S+)")
_NAMED = re.compile(rf"{_DASHES}([A-Za-z][\w-]*)(?:[=:](.*))?", re.DOTALL)

_YES, _NO = {"true", "yes", "on", "1", ""}, {"false", "no", "off", "0"}


class _Quoted(str):
    """Words between quotation marks, which are never an option's name."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Order:
    """A command, and the options for it.

    Attributes:
        spec: The command.
        options: The values by name; options that were not given have their defaults.
        missing: The required options that were not given.
        helped: Whether only help about the command is asked for.
    """

    spec: CommandSpec
    options: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[Option, ...] = ()
    helped: bool = False

    @property
    def given(self) -> dict[str, Any]:
        """The options whose values differ from the defaults, by name."""
        usual = {option.name: option.default for option in self.spec.options}
        return {n: v for n, v in self.options.items() if v not in (None, (), usual.get(n))}

    @property
    def words(self) -> str:
        """The command as a person would type it."""
        given = self.given
        typed = (_words_of_value(o, given[o.name]) for o in self.spec.options if o.name in given)
        return " ".join([self.spec.name, *chain.from_iterable(typed)])


def parse(words: str, commands: Sequence[CommandSpec], names: Collection[str] = ()) -> Order:
    """Return the command and the options in the words after the root command.

    Args:
        words: The text.
        commands: All commands.
        names: Names of brands; a name of several words needs no quotation marks.

    Raises:
        UnknownCommand: when the words name no command; it hints at the nearest one.
        BadUsage: when an option does not exist or has a value that it cannot have.
    """
    tokens = _tokens(words)
    spec, rest = _command_and_rest(tokens, commands)
    values, loose = _split_by_name(spec, rest)
    if "help" in values:
        return Order(spec, helped=True)
    return _order(spec, values | _assign_positional(spec, loose, names, values))


def fill(spec: CommandSpec, given: Mapping[str, Any]) -> Order:
    """Return a command with the values that a chat's own form or tree has collected.

    Args:
        spec: The command.
        given: Values by the option's name or written name; empty values and None are left out.

    Raises:
        BadUsage: see `parse`.
    """
    options = _options_by_name(spec)
    values = {
        options[name].name: _listed_values(options[name], value)
        for name, value in given.items()
        if name in options and value is not None and value != ""
    }
    return _order(spec, values)


def spec_of(words: str, commands: Sequence[CommandSpec]) -> CommandSpec | None:
    """Return the command that words begin with, as `parse` finds it, or None."""
    try:
        return _command_and_rest(_tokens(words), commands)[0]
    except UnknownCommand:
        return None


def near(words: str, commands: Iterable[CommandSpec]) -> list[CommandSpec]:
    """Return up to `SUGGESTIONS` commands whose names resemble the first words, the likeliest
    first.
    """
    typed = " ".join(_tokens(words)[:2]).casefold()
    by_name = {spec.name: spec for spec in commands}
    verbs = {name.split()[0]: name for name in reversed(by_name)}
    close = difflib.get_close_matches(typed, by_name, n=SUGGESTIONS, cutoff=0.6)
    first = difflib.get_close_matches(typed.partition(" ")[0], verbs, n=SUGGESTIONS, cutoff=0.6)
    candidates = dict.fromkeys([*close, *(verbs[verb] for verb in first)])
    return [by_name[name] for name in candidates][:SUGGESTIONS]


def _tokens(words: str) -> list[str]:
    return [
        word or (f"{name}{quote or curly}" if name else _Quoted(quote or curly))
        for name, quote, curly, word in _TOKEN.findall(words)
    ]


def _command_and_rest(
    tokens: Sequence[str], commands: Sequence[CommandSpec]
) -> tuple[CommandSpec, list[str]]:
    """Return the command that the first words name, and the words after its name.

    Upper and lower case are the same; a noun alone is its list, a noun with a number its `show`.

    Raises:
        UnknownCommand: when the words name no command.
    """
    by_name = {spec.name: spec for spec in commands}
    lowered = [token.casefold() for token in tokens[:2]] or ["help"]
    for size in (2, 1):
        if spec := by_name.get(" ".join(lowered[:size])):
            return spec, list(tokens[size:])
    showing = by_name.get(f"{lowered[0]} {SHOW}")
    if showing and lowered[1:] and lowered[1].isdecimal():
        return showing, list(tokens[1:])
    listing = by_name.get(f"{lowered[0]} {LIST}")
    verbs = [spec.verb for spec in commands if spec.noun == lowered[0]]
    if listing and (len(tokens) < 2 or not difflib.get_close_matches(lowered[1], verbs)):
        return listing, list(tokens[1:])
    typed = " ".join(tokens[: 2 if verbs else 1])
    close = near(" ".join(tokens), commands)
    hint = f'; did you mean "{close[0].name}"' if close else ""
    raise UnknownCommand(name=typed, hint=hint)


def _split_by_name(
    spec: CommandSpec, tokens: Iterable[str]
) -> tuple[dict[str, list[str]], list[str]]:
    """Return the values of options that are written with their names, by option, and the other
    words.

    A ``--help`` anywhere gives only the option ``help``.

    Raises:
        BadUsage: when an option does not exist, or lacks its value.
    """
    options = _options_by_name(spec)
    values: dict[str, list[str]] = {}
    loose: list[str] = []
    waiting: Option | None = None
    for token in tokens:
        named = None if isinstance(token, _Quoted) else _NAMED.fullmatch(token)
        if named is None:
            target = loose if waiting is None else values.setdefault(waiting.name, [])
            target.append(token)
            waiting = None
            continue
        name, value = named[1].casefold(), named[2]
        if name == "help":
            return {"help": []}, []
        option = options.get(name)
        if option is None:
            hint = suggestion(name, options) or f"; {spec.name} has no such option"
            raise _wrong(spec, f'there is no option "--{name}"{hint}')
        if value is None and option.kind is not Kind.FLAG:
            waiting = option
        else:
            values.setdefault(option.name, []).append(value or "")
    if waiting is not None:
        raise _wrong(spec, f"--{waiting.written} needs a value")
    return values, loose


def _options_by_name(spec: CommandSpec) -> dict[str, Option]:
    """Return the options of a command by both of their names: the written one and the
    function's.
    """
    written = {option.written: option for option in spec.options}
    return written | {option.name: option for option in spec.options}


def _assign_positional(
    spec: CommandSpec, loose: list[str], names: Collection[str], given: Collection[str]
) -> dict[str, list[str]]:
    """Return values for the positional options, in their order, from words without an option's
    name.

    Args:
        spec: The command.
        loose: The words, in their order.
        names: Names of brands, which may have several words.
        given: The names of the options that have a value already.

    Raises:
        BadUsage: when words are left over.
    """
    values: dict[str, list[str]] = {}
    places = [o for o in spec.options if o.positional and o.name not in given]
    for place, option in enumerate(places):
        if option.kind is Kind.BRAND:
            loose = _join_names(loose, names)
        takes_rest = place == len(places) - 1 and (option.many or option.kind in _SENTENCES)
        taken, loose = (loose, []) if takes_rest else (loose[:1], loose[1:])
        if taken:
            values[option.name] = taken if option.many else [_joined_words(taken)]
    if loose:
        raise _wrong(spec, f'"{loose[0]}" has no meaning here')
    return values


_SENTENCES = {Kind.TEXT, Kind.PROMPT, Kind.BRAND}
"""The kinds that may be several words without quotation marks in the last place."""


def _joined_words(tokens: Sequence[str]) -> str:
    """Return words joined to one value; quotation marks between them are kept."""
    if len(tokens) == 1:
        return tokens[0]
    return " ".join(f'"{token}"' if isinstance(token, _Quoted) else token for token in tokens)


def _join_names(tokens: list[str], names: Collection[str]) -> list[str]:
    """Return words in their order, with neighbours that form a known name joined to one."""
    known = {name.casefold() for name in names}
    longest = max((len(name.split()) for name in known), default=1)
    joined: list[str] = []
    while tokens:
        size = next(
            (n for n in range(longest, 1, -1) if " ".join(tokens[:n]).casefold() in known), 1
        )
        joined.append(" ".join(tokens[:size]) if size > 1 else tokens[0])
        tokens = tokens[size:]
    return joined


def _order(spec: CommandSpec, values: Mapping[str, Sequence[Any]]) -> Order:
    """Return the order for typed values; required options without a value are listed as missing.

    Args:
        spec: The command.
        values: The typed values by the names of the options.

    Raises:
        BadUsage: when an option cannot have its value.
    """
    options: dict[str, Any] = {}
    missing = []
    for option in spec.options:
        given = values.get(option.name)
        if given:
            read = tuple(_read_value(spec, option, item) for item in given)
            options[option.name] = read if option.many else read[-1]
        else:
            options[option.name] = () if option.many and not option.default else option.default
            missing += [option] if option.required else []
    require_sizes(spec, options)
    return Order(spec, options, tuple(missing))


def _read_value(spec: CommandSpec, option: Option, given: Any) -> Any:
    """Return typed text as a value of its option: a bool, a choice, a number, or stripped text.

    Args:
        spec: The command, for messages.
        option: The option.
        given: The text; a bool is returned unchanged.

    Raises:
        BadUsage: when the option cannot have the value.
    """
    if isinstance(given, bool):
        return given
    text = str(given).strip()
    if option.kind is Kind.FLAG:
        return _flag(spec, option, text)
    if option.choices:
        return _choice(spec, option, text)
    if option.kind in {Kind.INTEGER, Kind.NUMBER}:
        return _read_number(spec, option, text)
    return text


def _flag(spec: CommandSpec, option: Option, text: str) -> bool:
    if text.casefold() in _YES | _NO:
        return text.casefold() in _YES
    raise _wrong(spec, f'{option.written} is yes or no, and not "{text}"')


def _choice(spec: CommandSpec, option: Option, text: str) -> str:
    """Return the option's choice that equals a typed text, ignoring case.

    Raises:
        BadUsage: when the option has no such choice.
    """
    for choice in option.choices:
        if text.casefold() == choice.casefold():
            return choice
    hint = suggestion(text, option.choices)
    raise _wrong(spec, f'{option.written} is {_either(option.choices)}, and not "{text}"{hint}')


def _read_number(spec: CommandSpec, option: Option, text: str) -> float:
    """Return typed text as a number within the option's range; an int for a whole number.

    Raises:
        BadUsage: when the text is no such number.
    """
    whole = option.kind is Kind.INTEGER
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        kind = "a whole number" if whole else "a number"
        raise _wrong(spec, f'{option.written} is {kind}, and not "{text}"') from None
    if option.low is not None and not number >= option.low:
        raise _wrong(spec, f"{option.written} is {option.low:g} or more, and not {text}")
    if option.high is not None and not number <= option.high:
        raise _wrong(spec, f"{option.written} is {option.high:g} or less, and not {text}")
    return number


def _either(choices: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))


def _listed_values(option: Option, value: Any) -> list[Any]:
    """Return the values of an option in a form, in their order.

    A list is returned unchanged; in a text for many values, commas and lines separate the values.
    """
    if not isinstance(value, str):
        return list(value) if isinstance(value, list | tuple) else [value]
    if not option.many:
        return [value]
    return [part.strip() for part in re.split(r"[,\n]", value) if part.strip()]


def _words_of_value(option: Option, value: Any) -> list[str]:
    """Return the words of a command line that give an option a value.

    Args:
        option: The option.
        value: Its value; a tuple for an option of many values.
    """
    values = [quoted(str(item)) for item in (value if isinstance(value, tuple) else (value,))]
    if option.positional:
        return values
    if option.kind is Kind.FLAG:
        return [f"--{option.written}"]
    return [word for item in values for word in (f"--{option.written}", item)]


def _wrong(spec: CommandSpec, problem: str) -> BadUsage:
    return BadUsage(problem=problem[:1].upper() + problem[1:], usage=spec.usage)


AUTOCOMPLETED_KINDS = frozenset(
    {Kind.BRAND, Kind.MODEL, Kind.METRIC, Kind.PROMPT, Kind.SCHEDULE, Kind.ALERT}
)
"""Kinds of options whose values the desk offers while a person types."""
