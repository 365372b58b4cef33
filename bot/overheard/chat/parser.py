"""Parses typed words into a command with its options, and suggests what was nearly right."""

import difflib
import re
from collections import ChainMap
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import Any

from overheard.cards.command import CommandSpec, Kind, Option, quoted, require_sizes
from overheard.config.problems import suggestion
from overheard.deprecations import OLD_COMMANDS, old_command
from overheard.errors import BadUsage, CommandRemoved, UnknownCommand

LIST, SHOW = "list", "show"
"""The verbs that a noun has when none is typed: ``alerts`` lists, ``alerts 12`` shows one."""

SUGGESTIONS = 2
"""The most commands that are suggested: with the button for help, a card has three buttons."""

SIMILARITY = 0.6
"""The least similarity (0 to 1, as `difflib` measures it) of a name that is suggested."""

_DASHES = "(?:--|[\u2013\u2014])"
"""The prefix of an option's name. Chats make one long dash of two hyphens."""
_QUOTE = '"([^"]*)"|[\u201c\u201d]([^\u201c\u201d]*)[\u201c\u201d]'
_TOKEN = re.compile(rf"({_DASHES}[\w-]+[=:])?(?:{_QUOTE})|(\S+)")
_NAMED = re.compile(rf"{_DASHES}([A-Za-z][\w-]*)(?:[=:](.*))?", re.DOTALL)

_FLAG_WITHOUT_VALUE = ""
"""The value of a flag that is typed as ``--batch``, and not as ``--batch=yes``."""
_YES, _NO = {"true", "yes", "on", "1", _FLAG_WITHOUT_VALUE}, {"false", "no", "off", "0"}


class _Quoted(str):
    """Words between quotation marks, which are never an option's name."""

    __slots__ = ()


@dataclass(frozen=True)
class Order:
    """A command, and the options for it.

    Attributes:
        options: The values by name; options that were not given have their defaults.
        missing: The required options that were not given.
        helped: Whether only help about the command is asked for.
    """

    spec: CommandSpec
    options: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[Option, ...] = ()
    helped: bool = False

    def __post_init__(self) -> None:
        """Give the command the fields that its given options change (`Option.makes`)."""
        given = self.given
        changes = [option.makes for option in self.spec.options if option.name in given]
        if changed := ChainMap(*map(dict, changes)):
            object.__setattr__(self, "spec", replace(self.spec, **changed))

    @cached_property
    def given(self) -> dict[str, Any]:
        """The options whose values differ from their defaults, by name.

        None and empty tuples are left out, also where the default is another.
        """
        defaults = {option.name: option.default for option in self.spec.options}
        return {n: v for n, v in self.options.items() if v not in (None, (), defaults.get(n))}

    @cached_property
    def words(self) -> str:
        """The command as a person would type it, without the root command: ``check Acme --repeats
        3``.

        Only options in `given` are written, in the order of the command's options; a positional one
        behind one that is left out has its name.
        """
        given, options = self.given, self.spec.options
        left_out = [at for at, o in enumerate(options) if o.positional and o.name not in given]
        first = min(left_out, default=len(options))
        typed = (
            _words_of_value(o if at < first else replace(o, positional=False), given[o.name])
            for at, o in enumerate(options)
            if o.name in given
        )
        return " ".join([self.spec.name, *chain.from_iterable(typed)])


def parse(words: str, commands: Sequence[CommandSpec], names: Collection[str] = ()) -> Order:
    """Return the command, with its options, that typed words mean: ``check Acme --repeats 3``.

    Options that are not typed have their defaults; missing required ones are listed in the order.
    With ``--help`` anywhere after the command's name, the rest is not read. Without words, the
    command is ``help``.

    Args:
        words: The text after the root command.
        commands: All commands.
        names: Names of brands; a name of several words needs no quotation marks.

    Raises:
        UnknownCommand: when the words name no command; it hints at the nearest one.
        CommandRemoved: for a command of an earlier release.
        BadUsage: when an option does not exist, lacks its value or has a value that it cannot have,
            or when a word has no meaning.
    """
    tokens = _tokens(words)
    spec, rest = _command_and_rest(tokens, commands)
    if any((_named_option(token) or ("",))[0] == "help" for token in rest):
        return Order(spec, helped=True)
    values, unnamed = _split_named_options(spec, rest)
    return _order(spec, values | _assign_positional(spec, unnamed, names, values))


def fill(spec: CommandSpec, given: Mapping[str, Any]) -> Order:
    """Return a command with the values that a form or a chat's own command has collected.

    Args:
        given: Values by the option's name or written name. None, empty texts and unknown names are
            left out; a text for an option of many values is split at commas and line ends.

    Raises:
        BadUsage: when an option has a value that it cannot have.
    """
    options = _options_by_name(spec)
    values = {
        options[name].name: _listed_values(options[name], value)
        for name, value in given.items()
        if name in options and value is not None and value != ""
    }
    return _order(spec, values)


def spec_of(words: str, commands: Sequence[CommandSpec]) -> CommandSpec | None:
    """Return the command that words begin with, or None when they name none.

    If the rest of the words gives it options that change it, it is changed. Without words, the
    command is ``help``.
    """
    try:
        spec, _ = _command_and_rest(_tokens(words), commands)
    except (CommandRemoved, UnknownCommand):
        return None
    with suppress(BadUsage):
        return parse(words, commands).spec
    return spec


def named(name: str, commands: Sequence[CommandSpec]) -> Order:
    """Return the command with a name, as a form or a chat's own command has it.

    For the name of an earlier release it is the command that does the same now, with the options by
    which it does.

    Raises:
        UnknownCommand: when there is no such command.
        CommandRemoved: for a command of an earlier release.
    """
    if spec := next((spec for spec in commands if spec.name == name), None):
        return Order(spec)
    if name in OLD_COMMANDS:
        return parse(name, commands)
    raise UnknownCommand(name=name, hint="")


def near(words: str, commands: Iterable[CommandSpec]) -> list[CommandSpec]:
    """Return up to `SUGGESTIONS` commands whose names resemble the first two words.

    Commands whose whole name is similar come first, the most similar before all; then, for each
    similar first word, the first command that begins with it. Empty when nothing is similar.
    """
    typed = " ".join(_tokens(words)[:2]).casefold()
    by_name = {spec.name: spec for spec in commands}
    by_first_word = {name.split()[0]: name for name in reversed(by_name)}
    close = difflib.get_close_matches(typed, by_name, n=SUGGESTIONS, cutoff=SIMILARITY)
    close_first = difflib.get_close_matches(
        typed.partition(" ")[0], by_first_word, n=SUGGESTIONS, cutoff=SIMILARITY
    )
    candidates = dict.fromkeys([*close, *(by_first_word[word] for word in close_first)])
    return [by_name[name] for name in candidates][:SUGGESTIONS]


def _tokens(words: str) -> list[str]:
    """Return the words of a text, in which quotation marks hold words together.

    ``ask "a b" --about="c d"`` gives ``ask``, ``a b`` (as `_Quoted`) and ``--about=c d``. A mark
    that is not closed is part of its word.
    """
    return [
        word or (f"{name}{quote or curly}" if name else _Quoted(quote or curly))
        for name, quote, curly, word in _TOKEN.findall(words)
    ]


def _command_and_rest(
    tokens: Sequence[str], commands: Sequence[CommandSpec]
) -> tuple[CommandSpec, list[str]]:
    """Return the command that the first words name, and the words after its name.

    Upper and lower case are the same. A name of two words counts before one of one word. A noun
    alone (``alerts``) is its list, and with a number (``alerts 12``) its `show`; a noun with other
    words is its list too, unless the second word resembles one of its verbs. Without words, it is
    ``help``. Words of an earlier release are those that are typed now.
    """
    name, rest = old_command(tokens)
    if name:
        old = OLD_COMMANDS[name]
        if not old.instead:
            raise CommandRemoved(name=name, reason=old.reason)
        tokens = [*_tokens(old.instead), *rest]
    by_name = {spec.name: spec for spec in commands}
    lowered = [token.casefold() for token in tokens[:2]] or ["help"]
    for size in (2, 1):
        if spec := by_name.get(" ".join(lowered[:size])):
            return spec, list(tokens[size:])
    noun, second = lowered[0], "".join(lowered[1:])
    show_command = by_name.get(f"{noun} {SHOW}")
    if show_command and second.isdecimal():
        return show_command, list(tokens[1:])
    list_command = by_name.get(f"{noun} {LIST}")
    verbs = [spec.verb for spec in commands if spec.noun == noun]
    is_misspelt_verb = bool(second and difflib.get_close_matches(second, verbs))
    if list_command and not is_misspelt_verb:
        return list_command, list(tokens[1:])
    typed = " ".join(tokens[: 2 if verbs else 1])
    close = near(" ".join(tokens), commands)
    hint = f'; did you mean "{close[0].name}"' if close else ""
    raise UnknownCommand(name=typed, hint=hint)


def _named_option(token: str) -> tuple[str, str | None] | None:
    """Return the name and the value of ``--name=value`` or ``--name:value``; None for other words.

    The name is in lower case. The value is None for ``--name`` alone, and empty for ``--name=``.
    Words in quotation marks are never an option.
    """
    named = None if isinstance(token, _Quoted) else _NAMED.fullmatch(token)
    return (named[1].casefold(), named[2]) if named else None


def _split_named_options(
    spec: CommandSpec, tokens: Iterable[str]
) -> tuple[dict[str, list[str]], list[str]]:
    """Return the values that are typed with an option's name, by option, and all other words.

    ``Acme --repeats 3 --batch`` gives ``{"repeats": ["3"], "batch": [""]}`` and ``["Acme"]``. The
    word after ``--repeats`` is its value; after ``--repeats=3`` or a flag, the next word belongs to
    nothing. An option that is typed again has several values. ``--about=`` gives an empty value.
    """
    options = _options_by_name(spec)
    values: dict[str, list[str]] = {}
    unnamed: list[str] = []
    without_value: Option | None = None
    for token in tokens:
        named = _named_option(token)
        if named is None:
            target = values.setdefault(without_value.name, []) if without_value else unnamed
            target.append(token)
            without_value = None
            continue
        if without_value is not None:
            break
        name, value = named
        option = options.get(name)
        if option is None:
            hint = suggestion(name, options) or f"; {spec.name} has no such option"
            raise _usage_error(spec, f'there is no option "--{name}"{hint}')
        if value is None and option.kind is not Kind.FLAG:
            without_value = option
        else:
            values.setdefault(option.name, []).append(value or _FLAG_WITHOUT_VALUE)
    if without_value is not None:
        raise _usage_error(spec, f"--{without_value.written} needs a value")
    return values, unnamed


def _options_by_name(spec: CommandSpec) -> dict[str, Option]:
    """Return the options of a command by the name that people write (``as-of``) and by that of the
    function's parameter (``as_of``); the latter wins.
    """
    written = {option.written: option for option in spec.options}
    return written | {option.name: option for option in spec.options}


def _assign_positional(
    spec: CommandSpec, unnamed: list[str], names: Collection[str], given: Collection[str]
) -> dict[str, list[str]]:
    """Return values for the positional options, in their order, from words without an option's
    name.
    """
    values: dict[str, list[str]] = {}
    places = [o for o in spec.options if o.positional and o.name not in given]
    for place, option in enumerate(places):
        if option.kind is Kind.BRAND:
            unnamed = _join_names(unnamed, names)
        takes_rest = place == len(places) - 1 and (option.many or option.kind in _SENTENCES)
        taken, unnamed = (unnamed, []) if takes_rest else (unnamed[:1], unnamed[1:])
        if taken:
            values[option.name] = taken if option.many else [_join_words(taken)]
    if unnamed:
        raise _usage_error(spec, f'"{unnamed[0]}" has no meaning here')
    return values


_SENTENCES = {Kind.TEXT, Kind.PROMPT, Kind.BRAND}
"""The kinds that may be several words without quotation marks in the last place."""


def _join_words(tokens: Sequence[str]) -> str:
    """Return words joined to one value by spaces."""
    if len(tokens) == 1:
        return tokens[0]
    return " ".join(f'"{token}"' if isinstance(token, _Quoted) else token for token in tokens)


def _join_names(tokens: list[str], names: Collection[str]) -> list[str]:
    """Return words in their order, with neighbours that form a known name joined to one word.

    The longest name wins; upper and lower case are the same, and stay as typed.
    """
    known = {name.casefold() for name in names}
    longest = max((len(name.split()) for name in known), default=1)
    joined: list[str] = []
    while tokens:
        sizes = range(longest, 1, -1)
        size = next((n for n in sizes if " ".join(tokens[:n]).casefold() in known), 1)
        joined.append(" ".join(tokens[:size]) if size > 1 else tokens[0])
        tokens = tokens[size:]
    return joined


def _order(spec: CommandSpec, values: Mapping[str, Sequence[Any]]) -> Order:
    """Return a command with its values converted to the types of its options, and the required
    options that are missing.
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
    """Return a typed text as its option's value: a bool, a choice, a number, or stripped text."""
    if isinstance(given, bool):
        return given
    text = str(given).strip()
    if option.kind is Kind.FLAG:
        if text.casefold() in _YES | _NO:
            return text.casefold() in _YES
        raise _usage_error(spec, f'{option.written} is yes or no, and not "{text}"')
    if option.choices:
        return _read_choice(spec, option, text)
    if option.kind in {Kind.INTEGER, Kind.NUMBER}:
        try:
            return option.number(text)
        except ValueError as error:
            wanted = f'{option.written} is {error}, and not "{text}"'
            raise _usage_error(spec, wanted) from None
    return text


def _read_choice(spec: CommandSpec, option: Option, text: str) -> str:
    """Return the option's choice that equals a typed text, ignoring case, as it is written in
    `choices`.
    """
    for choice in option.choices:
        if text.casefold() == choice.casefold():
            return choice
    hint = suggestion(text, option.choices)
    either = " or ".join(filter(None, (", ".join(option.choices[:-1]), option.choices[-1])))
    raise _usage_error(spec, f'{option.written} is {either}, and not "{text}"{hint}')


def _listed_values(option: Option, value: Any) -> list[Any]:
    """Return the values that a form gave for an option, as a list in their order."""
    if not isinstance(value, str):
        return list(value) if isinstance(value, list | tuple) else [value]
    if not option.many:
        return [value]
    return [part.strip() for part in re.split(r"[,\n]", value) if part.strip()]


def _words_of_value(option: Option, value: Any) -> list[str]:
    """Return the words of a command line that give an option a value, quoted where necessary."""
    values = [quoted(str(item)) for item in (value if isinstance(value, tuple) else (value,))]
    if option.positional:
        return values
    if option.kind is Kind.FLAG:
        return [f"--{option.written}" if value else f"--{option.written}=no"]
    return [word for item in values for word in (f"--{option.written}", item)]


def _usage_error(spec: CommandSpec, problem: str) -> BadUsage:
    """Return an error that states a problem, with a capital letter, and the command's usage."""
    return BadUsage(problem=problem[:1].upper() + problem[1:], usage=spec.usage)
