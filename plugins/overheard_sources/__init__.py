"""Why answers moved: what models search for, are shown and cite; causes, experiments, imports."""

from collections.abc import Iterator

from overheard import CommandSpec, hookimpl
from overheard_sources.causes import SOURCES_WHY
from overheard_sources.pages import SOURCES_PAGES
from overheard_sources.searches import SOURCES_LIST

__all__ = ["overheard_commands"]

COMMANDS: tuple[CommandSpec, ...] = (SOURCES_LIST, SOURCES_PAGES, SOURCES_WHY)


@hookimpl
def overheard_commands() -> Iterator[CommandSpec]:
    """Yield the commands of this plugin."""
    yield from COMMANDS
