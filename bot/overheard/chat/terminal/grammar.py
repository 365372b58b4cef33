"""The terminal's grammar: each command of the registry as a command of click."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import click
from click.exceptions import NoArgsIsHelpError
from click.shell_completion import CompletionItem

from overheard.cards.command import CommandSpec, Face, Kind, Option
from overheard.commands.registry import CommandListing
from overheard.config.problems import suggestion
from overheard.deprecations import OLD_COMMANDS, old_command
from overheard.errors import CommandRemoved

LIST, SHOW = "list", "show"
"""The verbs of a noun for which none is typed: without a number, and with one."""

Run = Callable[[click.Context, CommandSpec, dict[str, Any]], None]
"""Runs a command with what was typed: its own options, and those that commands have in common
as `AGREED`, `CHART` and `JSON`.
"""

AGREED, CHART, JSON = "agreed", "chart_file", "as_json"
"""The names of the values of ``--yes``, ``--chart`` and ``--json``."""

Sections = Iterable[tuple[str, Sequence[CommandListing]]]
"""The sections of the help: a heading, and the commands below it."""

_CLICK_HINT = re.compile(r"\. \(?Did you mean (?:one of: )?(.*?)\?\)?$")
"""The sentence that click adds to an error about what may have been meant."""

PluginCommands = Callable[[click.Context], Iterable[CommandListing]]
"""Loads the plugins, and returns the commands that they add."""


class Noun(click.Group):
    """The commands of a noun, such as ``brands`` with ``add`` and ``list``.

    Where no verb is typed, it is ``show`` before a number, and else ``list``, as far as the noun
    has these.

    Args:
        more: Further arguments of `click.Group`.
    """

    def __init__(self, name: str, **more: Any) -> None:
        super().__init__(name, no_args_is_help=True, **more)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments after the noun, and return those that are left for the command.

        A verb is put before them where none is typed: ``show`` before a number, if the noun has
        that command; ``list``, if it has that one, where there is no argument, an option, or a word
        that resembles no verb. A word that resembles a verb is a typing error, and ``--help`` alone
        is about the noun; both get no verb.

        Raises:
            click.UsageError: when the arguments are wrong.
        """
        if args and args[0].isdecimal() and SHOW in self.commands:
            args = [SHOW, *args]
        verb = args[0] if args and not args[0].startswith("-") else ""
        has_verb = bool(verb) and (verb in self.commands or bool(suggestion(verb, self.commands)))
        if not has_verb and LIST in self.commands and "--help" not in args:
            args = [LIST, *args]
        return super().parse_args(ctx, args)

    def _add_plugin_commands(self, ctx: click.Context) -> None:
        """Add commands that are not known from the start; a noun has none of these."""

    def summary(self) -> tuple[str, str]:
        """Return the noun's entry in the help of the root.

        For several commands it is the noun and its verbs, ``("brands", "add, edit, list")``; for
        one it is the command and its help.
        """
        if len(self.commands) > 1:
            return str(self.name), ", ".join(self.commands)
        [command] = self.commands.values()
        return f"{self.name} {command.name}", command.help or ""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the name, the click command and the remaining arguments for typed arguments.

        In the root, the commands of plugins are added when the first argument is no known command.

        Raises:
            click.UsageError: when there is no such command; the message suggests a similar one.
        """
        word = args[0]
        if word not in self.commands and not word.startswith("-"):
            self._add_plugin_commands(ctx)
            if word not in self.commands:
                ctx.fail(f'There is no command "{word}"{suggestion(word, self.commands)}.')
        return super().resolve_command(ctx, args)


class OneSentenceUsageError(click.UsageError):
    """An error of usage that is shown as one sentence with a remedy.

    Args:
        error: The error of click, whose words the sentence has.
    """

    def __init__(self, error: click.UsageError) -> None:
        super().__init__(error.format_message(), error.ctx)

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence, such as ``There is no command "brnds"; did you mean "brands"; see:
        overheard --help``.

        Args:
            file: Where to print; None for standard error.
        """
        path = self.ctx.command_path if self.ctx else "overheard"
        message = " ".join(self.message.split())
        problem = _CLICK_HINT.sub(r"; did you mean \1", message).rstrip(".")
        click.echo(f"{problem}; see: {path} --help", file=file, err=file is None)


@contextmanager
def usage_errors_in_one_sentence() -> Iterator[None]:
    """Raise `OneSentenceUsageError` in place of click's errors of usage within the block.

    The error by which click shows the help of a noun without a verb stays as it is.
    """
    try:
        yield
    except (OneSentenceUsageError, NoArgsIsHelpError):
        raise
    except click.UsageError as error:
        raise OneSentenceUsageError(error) from None


class Root(Noun):
    """All commands, which the help shows in sections."""

    def __init__(
        self,
        sections: Sections,
        run: Run,
        plugin_commands: PluginCommands = lambda _: (),
        **more: Any,
    ) -> None:
        """Create a click command for each listed command.

        The commands of plugins are added when the help needs them, and when an unknown command is
        typed.

        Args:
            sections: The heading and the commands of each section of the help.
            plugin_commands: Returns the commands of plugins; by default there are none.
            more: Further arguments of `click.Group`.
        """
        super().__init__("overheard", **more)
        self._plugin_commands, self._run = plugin_commands, run
        self._sections: dict[str, dict[str, click.Command]] = {}
        """By heading, the commands and nouns of a section by name, in order."""
        for heading, listings in sections:
            commands = self._sections[heading] = {}
            for listing in listings:
                commands.setdefault(*self._add_listing(listing))

    def make_context(self, *given: Any, **named: Any) -> click.Context:
        """Return the context of a call, in which the options before the command are parsed.

        Args:
            given: The arguments of `click.Command.make_context`, which are passed on.
            named: The same, by name.

        Raises:
            OneSentenceUsageError: when these options are wrong.
        """
        with usage_errors_in_one_sentence():
            return super().make_context(*given, **named)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command of a context, and return its result.

        Raises:
            OneSentenceUsageError: when there is no such command, or its arguments are wrong.
        """
        with usage_errors_in_one_sentence():
            return super().invoke(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the name, the click command and the remaining arguments for typed arguments.

        For words of an earlier release, which a line on standard error names, it is the command
        that does the same now.

        Args:
            ctx: The context of the call.
            args: The arguments, at least one.

        Raises:
            click.exceptions.Exit: for a command that was removed, after a sentence on standard
                error.
            click.UsageError: when there is no such command.
        """
        name, rest = old_command(args)
        if name and not any(name in commands for commands in self._sections.values()):
            old = OLD_COMMANDS[name]
            if not old.instead:
                click.echo(str(CommandRemoved(name=name, reason=old.reason)), err=True)
                ctx.exit(click.UsageError.exit_code)
            click.echo(
                f'"overheard {name}" is "overheard {old.instead}" now; the old words end in '
                f"Overheard {old.ends}.",
                err=True,
            )
            args = [*old.instead.split(), *rest]
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands of each section below its heading, for the help of the root.

        Third parties' plugins are loaded for that, because their commands are among them.
        """
        self._add_plugin_commands(ctx)
        for heading, commands in self._sections.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [
                        one.summary() if isinstance(one, Noun) else (str(one.name), one.help or "")
                        for one in commands.values()
                    ]
                )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return what a word that is being typed may become; for a command, plugins are loaded."""
        self._add_plugin_commands(ctx)
        return super().shell_complete(ctx, incomplete)

    def _add_plugin_commands(self, ctx: click.Context) -> None:
        """Load the plugins, and add their commands to the sections that they belong to."""
        for listing in self._plugin_commands(ctx):
            commands = self._sections.setdefault(listing.heading, {})
            commands.setdefault(*self._add_listing(listing))

    def _add_listing(self, listing: CommandListing) -> tuple[str, click.Command]:
        """Add a command to its noun, which is created if necessary, or to the root if it has none.

        If the noun is the name of a command of the root, the new command is not added.
        """
        command: click.Command = SpecCommand(listing, self._run)
        if not listing.noun:
            self.add_command(command)
            return listing.name, command
        noun = self.commands.get(listing.noun) or Noun(listing.noun)
        if isinstance(noun, Noun):
            noun.add_command(command)
            self.add_command(noun)
        return listing.noun, noun


class SpecCommand(click.Command):
    """A command of the registry as a command of click.

    Its module is imported, and its parameters are created, only when it is used.

    Args:
        listing: The command's entry in the registry.
        run: Runs the command; called with click's context, the command and its values.
    """

    def __init__(self, listing: CommandListing, run: Run) -> None:
        def callback(**values: Any) -> None:
            """Run the command with the values of its parameters, by name."""
            run(click.get_current_context(), self._spec, values)

        super().__init__(listing.verb, callback=callback, help=listing.summary)
        self._listing = listing

    @cached_property
    def _spec(self) -> CommandSpec:
        return self._listing.load(Face.TERMINAL)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the parameters of the command: its own, the common ones, and ``--help``.

        The first call creates them, for which the command's module is imported.
        """
        if not self.params:
            spec = self._spec
            last = [option for option in spec.options if option.positional and option.required][-1:]
            may_lack = [option for option in last if spec.opens and spec.takes_only(option)]
            own = [
                _click_argument(option, required=option.required and option not in may_lack)
                if option.positional
                else _click_option(option)
                for option in spec.options
            ]
            self.params = [*own, *_common_options(self._spec)]
        return super().get_params(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples of the command at the end of its help; nothing if it has none."""
        examples = "\n".join(f"  overheard {example}" for example in self._spec.examples)
        self.epilog = f"\b\nExamples:\n{examples}" if examples else None
        super().format_epilog(ctx, formatter)


def _common_options(spec: CommandSpec) -> list[click.Parameter]:
    """Return the common options that apply to a command."""
    options: list[click.Parameter] = []
    if spec.asks:
        meaning = "Spend without asking first." if spec.spends else "Do it without asking first."
        options.append(click.Option(["--yes", AGREED], is_flag=True, help=meaning))
    if spec.chart is not None:
        chart = click.Option(
            ["--chart", CHART],
            type=click.Path(path_type=Path),
            metavar="FILE",
            default=Path(spec.chart) if spec.chart else None,
            show_default=True,
            help="Save the chart as a PNG file.",
        )
        options.append(chart)
    as_json = click.Option(
        ["--json", JSON], is_flag=True, help="Print one JSON document as the last line of stdout."
    )
    return [*options, as_json]


def _click_argument(option: Option, *, required: bool) -> click.Argument:
    """Return the click argument for an option that is written without its name."""
    more: dict[str, Any] = {}
    if option.many:
        more["nargs"] = -1
    elif option.default is not None:
        more["default"] = _click_default(option)
    shown = option.placeholder if required else f"[{option.placeholder}]"
    return click.Argument(
        [option.name],
        type=_click_type(option),
        required=required,
        metavar=f"{shown}..." if option.many else shown,
        help=option.help,
        **more,
    )


def _click_option(option: Option) -> click.Option:
    """Return the click option for an option that is written with its name."""
    meaning = f"{option.help.rstrip('.')}; can be repeated." if option.many else option.help
    is_flag = option.kind is Kind.FLAG
    more: dict[str, Any] = {}
    if not (option.many or option.required):
        # Not for a required option: with a default of None, click would take it for given.
        more["default"] = _click_default(option)
    return click.Option(
        [f"--{option.written}", option.name],
        type=None if is_flag else _click_type(option),
        is_flag=is_flag,
        multiple=option.many,
        required=option.required,
        metavar=None if is_flag or option.choices else option.placeholder,
        help=meaning,
        show_default=not is_flag and option.default not in (None, ""),
        **more,
    )


def _click_default(option: Option) -> Any:
    """Return an option's default for click; for an option with choices it is text or None.

    An enum among the choices gives its value.
    """
    if option.choices and option.default is not None:
        return str(option.default)
    return option.default


def _click_type(option: Option) -> click.ParamType[Any]:
    """Return the click type that checks and converts the values that are typed for an option.

    It allows the option's choices, or numbers between its bounds, both inclusive; a file becomes a
    `Path`, and any other value stays text.
    """
    if option.choices:
        return click.Choice(list(map(str, option.choices)))
    if option.kind is Kind.INTEGER:
        return click.IntRange(_whole_or_none(option.low), _whole_or_none(option.high))
    if option.kind is Kind.NUMBER:
        return click.FloatRange(option.low, option.high)
    if option.kind is Kind.FILE:
        return click.Path(path_type=Path)
    return click.STRING


def _whole_or_none(number: float | None) -> int | None:
    return None if number is None else int(number)
