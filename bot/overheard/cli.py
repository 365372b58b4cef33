"""The terminal face: its grammar, and the commands of plugins."""

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from overheard.cards.command import CommandSpec, Face
from overheard.chat.terminal import grammar
from overheard.commands.registry import CommandListing, sections
from overheard.errors import OverheardError
from overheard.session import Session


def _run_command(ctx: click.Context, spec: CommandSpec, values: dict[str, Any]) -> None:
    """Run a command of the terminal."""
    # It imports the whole deployment, and help needs none.
    from overheard.chat.terminal.execution import execute

    execute(ctx, spec, values)


def _plugin_commands(ctx: click.Context) -> list[CommandListing]:
    """Return the commands of plugins that have a terminal form.

    Empty without a session, and when the configuration cannot be read or a plugin cannot be loaded:
    help must work then as well.
    """
    if not isinstance(ctx.obj, Session):
        return []
    session = replace(ctx.obj, config=ctx.params.get("config"))
    try:
        commands = session.plugin_commands
    except OverheardError:
        return []
    return [CommandListing.of(spec) for spec in commands if Face.TERMINAL in spec.faces]


app = grammar.Root(
    sections(Face.TERMINAL),
    _run_command,
    _plugin_commands,
    context_settings={"max_content_width": 100},
    help="Hear what AI models say about your brand, and when a model update changes it.",
    params=[
        click.Option(
            ["--config"],
            type=click.Path(path_type=Path),
            metavar="PATH",
            help="The configuration; else $OVERHEARD_CONFIG, else config.toml.",
        ),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=lambda ctx, _, wanted: _show_version(ctx) if wanted else None,
            help="Show the version.",
        ),
    ],
)


def _show_version(ctx: click.Context) -> None:
    """Print the version, and end the program."""
    click.echo(version("overheard"))
    ctx.exit()
