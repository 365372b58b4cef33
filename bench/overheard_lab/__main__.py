"""The commands of the laboratory, with the terminal's grammar of the program."""

from __future__ import annotations

from typing import Any

import click

from overheard.cards.command import CommandSpec
from overheard.chat.terminal.execution import execute
from overheard.chat.terminal.grammar import Root
from overheard.commands.registry import CommandListing
from overheard.runtime.wiring import open_deployment, store_maintenance
from overheard.session import Session
from overheard_lab.simulate import SIMULATE


def _run(ctx: click.Context, spec: CommandSpec, values: dict[str, Any]) -> None:
    """Run a command: none of them reads a configuration."""
    ctx.find_root().params["config"] = None
    execute(ctx, spec, values)


app = Root(
    [("Try out", [CommandListing.of(SIMULATE)])],
    _run,
    help="Try the monitor on simulated brands.",
    context_settings={"max_content_width": 100},
)

if __name__ == "__main__":
    app(obj=Session(open_deployment, store_maintenance), prog_name="python -m overheard_lab")
