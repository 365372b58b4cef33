"""The terminal's grammar: each command of the registry as a command of click."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import click
from click.exceptions import NoArgsIsHelpError

from overheard.cards.command import CommandSpec, Face, Kind, Option
from overheard.commands.registry import ADDED, CommandListing
from overheard.config.problems import suggestion

LIST, SHOW = "list", "show"
"""The verbs of a noun for which none is typed: without a number, and with one."""

Run = Callable[[click.Context, CommandSpec, dict[str, Any]], None]
"""Runs a command with what was typed: its own options, and those that commands have in common
as `AGREED`, `CHART` and `JSON`.
"""

AGREED, CHART, JSON = "agreed", "chart_file", "as_json"

Sections = Iterable[tuple[str, Sequence[CommandListing]]]


_ASIDE = re.compile(r"\. \(?Did you mean (?:one of: )?(.*?)\?\)?$")
"""How click adds what may have been meant."""

More = Callable[[click.Context], Iterable[CommandListing]]
"""Returns the commands that plugins add."""


class Noun(click.Group):
    """The commands of a noun. Without a verb, or a word that resembles a verb, its command is
    `list`; with a number, `show`; if the noun has such a command.
    """

    def __init__(self, name: str, **more: Any) -> None:
        super().__init__(name, no_args_is_help=True, **more)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments after the noun; a missing verb is taken as `list`, a number as
        `show`.
        """
        if args and args[0].isdecimal() and SHOW in self.commands:
            args = [SHOW, *args]
        verbless = not args or args[0].startswith("-") or not self._resembles_verb(args[0])
        if verbless and LIST in self.commands and "--help" not in args:
            args = [LIST, *args]
        return super().parse_args(ctx, args)

    def _resembles_verb(self, word: str) -> bool:
        """Return whether a word is a verb of the noun, or resembles one."""
        return word in self.commands or bool(suggestion(word, self.commands))

    def _learn(self, ctx: click.Context) -> None:
        """Add commands that are not known from the start; here there are none."""

    def summary(self) -> tuple[str, str]:
        """Return its entry in the help of the root: its verbs, or its only command."""
        if len(self.commands) > 1:
            return str(self.name), ", ".join(self.commands)
        [command] = self.commands.values()
        return f"{self.name} {command.name}", command.help or ""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the name, the click command and the remaining arguments for a verb.

        Raises:
            click.UsageError: when the noun has no such verb; the message suggests a similar one.
        """
        if args[0] not in self.commands and not args[0].startswith("-"):
            self._learn(ctx)
        if args[0] not in self.commands and not args[0].startswith("-"):
            ctx.fail(f'There is no command "{args[0]}"{suggestion(args[0], self.commands)}.')
        return super().resolve_command(ctx, args)


class Unclear(click.UsageError):
    """An error of usage: click's own words, in one sentence with a remedy."""

    def __init__(self, error: click.UsageError) -> None:
        super().__init__(error.format_message(), error.ctx)

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence to a file; by default to standard error."""
        path = self.ctx.command_path if self.ctx else "overheard"
        problem = _ASIDE.sub(r"; did you mean \1", " ".join(self.message.split())).rstrip(".")
        click.echo(f"{problem}; see: {path} --help", file=file, err=file is None)


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """Raise `Unclear` in place of click's errors of usage within the block."""
    try:
        yield
    except (Unclear, NoArgsIsHelpError):
        raise
    except click.UsageError as error:
        raise Unclear(error) from None


class Root(Noun):
    """All commands, shown in sections."""

    def __init__(
        self, sections: Sections, run: Run, more_commands: More = lambda _: (), **more: Any
    ) -> None:
        """Create a click command for each listed command; the commands of plugins are added when
        needed.

        Args:
            sections: The heading and the commands of each section of the help.
            run: Runs a command.
            more_commands: Returns the commands of plugins.
            more: Further arguments of `click.Group`.
        """
        super().__init__("overheard", **more)
        self._more, self._run = more_commands, run
        self._sections: dict[str, dict[str, click.Command]] = {}
        for heading, listings in sections:
            names = self._sections[heading] = {}
            for listing in listings:
                names.setdefault(*self._add_listing(listing, run))

    def make_context(self, *given: Any, **named: Any) -> click.Context:
        """Return the context of a call, with the options before the command; errors are
        `Unclear`.
        """
        with in_one_sentence():
            return super().make_context(*given, **named)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command of a context; errors of usage are `Unclear`."""
        with in_one_sentence():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under their headings."""
        self._learn(ctx)
        for heading, commands in self._sections.items():
            with formatter.section(heading):
                formatter.write_dl([_flags_of(command) for command in commands.values()])

    def _learn(self, ctx: click.Context) -> None:
        """Add the commands of plugins under the heading `ADDED`, which loads the plugins."""
        names = self._sections.setdefault(ADDED, {})
        for listing in self._more(ctx):
            names.setdefault(*self._add_listing(listing, self._run))
        if not names:
            del self._sections[ADDED]

    def _add_listing(self, listing: CommandListing, run: Run) -> tuple[str, click.Command]:
        """Add a command to its noun, or to the root when it has none.

        Returns:
            The name and the click command to show in the root's help.
        """
        command: click.Command = SpecCommand(listing, run)
        if not listing.noun:
            self.add_command(command)
            return listing.name, command
        noun = self.commands.get(listing.noun) or Noun(listing.noun)
        if isinstance(noun, Noun):
            noun.add_command(command)
            self.add_command(noun)
        return listing.noun, noun


def _flags_of(command: click.Command) -> tuple[str, str]:
    return (
        command.summary() if isinstance(command, Noun) else (str(command.name), command.help or "")
    )


class SpecCommand(click.Command):
    """A command of the registry; it is imported, and its parameters are made, when it is used."""

    def __init__(self, listing: CommandListing, run: Run) -> None:
        def callback(**values: Any) -> None:
            run(click.get_current_context(), self._spec, values)

        super().__init__(listing.verb, callback=callback, help=listing.summary)
        self._listing = listing

    @cached_property
    def _spec(self) -> CommandSpec:
        return self._listing.load(Face.TERMINAL)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the parameters of the command, and ``--help``; they are made at the first use."""
        self.params = self.params or [
            *map(_param, self._spec.options),
            *_common_options(self._spec),
        ]
        return super().get_params(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        examples = "\n".join(f"  overheard {example}" for example in self._spec.examples)
        self.epilog = f"\b\nExamples:\n{examples}" if examples else None
        super().format_epilog(ctx, formatter)


def _common_options(spec: CommandSpec) -> list[click.Parameter]:
    """Return the options that all commands have in common: ``--yes``, ``--chart`` and ``--json``,
    as far as they apply to a command.
    """
    yes = "Spend without asking first." if spec.spends else "Do it without asking first."
    asks = click.Option(["--yes", AGREED], is_flag=True, help=yes)
    chart = click.Option(
        ["--chart", CHART],
        type=click.Path(path_type=Path),
        metavar="FILE",
        default=Path(spec.chart) if spec.chart else None,
        show_default=True,
        help="Save the chart as a PNG file.",
    )
    as_json = click.Option(
        ["--json", JSON], is_flag=True, help="Print one JSON document as the last line of stdout."
    )
    return [
        *([asks] if spec.asks else []),
        *([chart] if spec.chart is not None else []),
        as_json,
    ]


def _param(option: Option) -> click.Parameter:
    return _click_argument(option) if option.positional else _click_option(option)


def _click_argument(option: Option) -> click.Argument:
    """Return the click argument for an option that is written without its name."""
    many: Mapping[str, Any] = {"nargs": -1} if option.many else {"default": _click_default(option)}
    shown = option.placeholder if option.required else f"[{option.placeholder}]"
    return click.Argument(
        [option.name],
        type=_click_type(option),
        required=option.required,
        metavar=f"{shown}..." if option.many else shown,
        help=option.help,
        **(many if option.many or option.default is not None else {}),
    )


def _click_option(option: Option) -> click.Option:
    """Return the click option for an option that is written with its name."""
    help_ = option.help
    if option.many:
        help_ = f"{help_.rstrip('.')}; can be repeated."
    flag = option.kind is Kind.FLAG
    # With a default of None, click would take a required option for given.
    bare = option.many or option.required
    more: dict[str, Any] = {} if bare else {"default": _click_default(option)}
    return click.Option(
        [f"--{option.written}", option.name],
        type=None if flag else _click_type(option),
        is_flag=flag,
        multiple=option.many,
        required=option.required,
        metavar=None if flag or option.choices else option.placeholder,
        help=help_,
        show_default=not flag and option.default not in (None, ""),
        **more,
    )


def _click_default(option: Option) -> Any:
    """Return an option's default as click takes it: text for a choice, so that an enum gives its
    value.
    """
    chosen = option.choices and option.default is not None
    return str(option.default) if chosen else option.default


def _click_type(option: Option) -> click.ParamType[Any]:
    """Return the click type that checks an option's values."""
    if option.choices:
        return click.Choice(list(map(str, option.choices)))
    if option.kind is Kind.INTEGER:
        return click.IntRange(_whole(option.low), _whole(option.high))
    if option.kind is Kind.NUMBER:
        return click.FloatRange(option.low, option.high)
    if option.kind is Kind.FILE:
        return click.Path(path_type=Path)
    return click.STRING


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
