"""The hooks. A hook registers; the object that it returns does the work.

A plugin is a module or an object that an entry point of the group ``overheard`` names. Each hook
is optional. Each plugin is called on its own, so that its fault stays its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pluggy

from overheard.errors import SettingsError
from overheard.interfaces import Provider, Scorer
from overheard.settings import SomeSettings, check

PROJECT = "overheard"
API_VERSION = "1.0"
"""The version of this contract. A plugin may state the range it works with as a module attribute,
``overheard_api = ">=1.0,<2"``; without one it is taken to work with any."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class PluginSettings:
    """The tables of the configuration that belong to one plugin, and no others.

    The table ``[providers.NAME]`` belongs to the plugin called NAME, or to the one that the table
    names with ``plugin = "..."``; ``[scorers.NAME]`` likewise.
    """

    def __init__(self, tables: Mapping[str, Mapping[str, Any]], section: str, file: str) -> None:
        self._tables = tables
        self._section = section
        self._file = file
        self.problems: list[str] = []
        """What is wrong in the tables that `each` left out, as whole sentences."""

    def each(self, settings: type[SomeSettings]) -> Iterator[tuple[str, SomeSettings]]:
        """Yield the name and the validated settings of each table that fits.

        One that does not fit is left out and reported, so that the others can be used.
        """
        for name, table in self._tables.items():
            try:
                checked = self._check(settings, name, table)
            except SettingsError as error:
                self.problems.append(str(error))
            else:
                yield name, checked

    def one(self, settings: type[SomeSettings], name: str) -> SomeSettings:
        """Return the settings of the table of this name, or the defaults where there is none.

        Raises:
            SettingsError: when the table does not fit; it names file, table and key.
        """
        return self._check(settings, name, self._tables.get(name, {}))

    def _check(self, settings: type[SomeSettings], name: str, table: Any) -> SomeSettings:
        checked, problems = check(settings, table, f"{self._file}, [{self._section}.{name}]")
        if checked is None:
            raise SettingsError(problem=" ".join(problems))
        return checked


@hookspec
def overheard_providers(settings: PluginSettings) -> Iterable[Provider]:
    """Return the providers of this plugin, one for each of its ``[providers.*]`` tables.

    Called once at start. Import the vendor's SDK inside the provider's methods, not here.

    Example:
        ::

            @hookimpl
            def overheard_providers(settings):
                for name, mine in settings.each(AcmeSettings):
                    yield AcmeProvider(name, mine)
    """
    raise NotImplementedError


@hookspec
def overheard_scorers(settings: PluginSettings) -> Iterable[Scorer]:
    """Return the scorers of this plugin.

    Called once at start.

    Example:
        ::

            @hookimpl
            def overheard_scorers(settings):
                yield ReadingLevel(settings.one(ReadingLevelSettings, "reading_level"))
    """
    raise NotImplementedError


HOOKS = tuple(name for name in globals() if name.startswith("overheard_"))
"""The names of all hooks."""
