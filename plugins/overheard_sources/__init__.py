"""Why answers moved: what models search for, are shown and cite; causes, experiments, imports."""

from collections.abc import Iterator

from overheard import CommandSpec, hookimpl
from overheard_sources.actions import ACTIONS_ADD, ACTIONS_LIST, ACTIONS_REMOVE, ACTIONS_RUN
from overheard_sources.explanation import SOURCES_WHY
from overheard_sources.imports import FIGURES_IMPORT, FIGURES_LIST
from overheard_sources.pages import SOURCES_PAGES
from overheard_sources.searches import SOURCES_LIST

__all__ = ["overheard_commands"]

COMMANDS: tuple[CommandSpec, ...] = (
    *(SOURCES_LIST, SOURCES_PAGES, SOURCES_WHY),
    *(ACTIONS_LIST, ACTIONS_ADD, ACTIONS_REMOVE, ACTIONS_RUN),
    *(FIGURES_LIST, FIGURES_IMPORT),
)


@hookimpl
def overheard_commands() -> Iterator[CommandSpec]:
    """Yield the commands of this plugin."""
    yield from COMMANDS
