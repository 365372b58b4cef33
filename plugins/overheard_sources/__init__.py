"""Why answers moved: what models search for, are shown and cite; causes, experiments, imports."""

from collections.abc import Iterator

from overheard import CommandSpec, hookimpl

__all__ = ["overheard_commands"]

COMMANDS: tuple[CommandSpec, ...] = ()


@hookimpl
def overheard_commands() -> Iterator[CommandSpec]:
    """Yield the commands of this plugin."""
    yield from COMMANDS
