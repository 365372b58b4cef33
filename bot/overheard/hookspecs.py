"""The hooks. A hook registers; the object that it returns does the work.

A plugin is a module or an object that an entry point of the group ``overheard`` names. Each hook
is optional. Each plugin is called on its own, so that its fault stays its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pluggy

from overheard.cards.command import CommandSpec
from overheard.config.catalogue import Market
from overheard.config.problems import told
from overheard.config.secrets import secrets_of
from overheard.config.sections import PLUGIN_SECTIONS, Config, header
from overheard.config.settings_base import Settings, SomeSettings, validate_table
from overheard.domain import Landscape
from overheard.errors import SettingsError
from overheard.installation import PROJECT
from overheard.interfaces import (
    Chat,
    LaterChat,
    PostedListener,
    Provider,
    ScoredListener,
    Scorer,
    ShiftListener,
    UpdateFeed,
)

API_VERSION = "1.0"
"""The version of this contract. A plugin may state the range it works with as a module attribute,
``overheard_api = ">=1.0,<2"``; without one it is taken to work with any."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class PluginSettings:
    """The tables of the configuration that belong to one plugin, and no others.

    The table ``[providers.NAME]`` belongs to the plugin called NAME, or to the plugin that the
    table gives with ``plugin = "..."``; ``[scorers.NAME]`` and the others likewise.
    """

    def __init__(
        self,
        tables: Mapping[str, Mapping[str, Any]],
        section: str,
        file: str,
        markets: Sequence[Market] = (),
    ) -> None:
        """Keep the plugin's tables unread.

        Args:
            tables: The tables of the section that belong to the plugin, by name.
            section: The section, such as ``providers``.
            file: The name of the configuration file; relative paths start at its folder.
            markets: The configured markets, for settings with the field `markets`.
        """
        self.tables = tables
        self._section = section
        self._file = file
        self._markets = markets
        self.problems: list[str] = []
        """The problems of the tables that `each` left out, as whole sentences."""
        self.asked: dict[str, type[Settings]] = {}
        """The settings that the plugin reads from each table, such as ``providers.acme``."""
        self.secrets: list[str] = []
        """The secrets in the tables that were read, which no message of the plugin may show."""

    @classmethod
    def by_section(cls, config: Config, plugin: str) -> dict[str, PluginSettings]:
        """Return the tables of a plugin by section. A table belongs to the plugin that its key
        ``plugin`` names or, without it, to the plugin with the name of the table.
        """

        def tables(section: str) -> dict[str, dict[str, Any]]:
            return {
                name: {key: value for key, value in table.items() if key != "plugin"}
                for name, table in config.plugin_tables(section).items()
                if table.get("plugin", name) == plugin
            }

        where = config.file, config.markets
        return {name: cls(tables(name), name, *where) for name in PLUGIN_SECTIONS}

    def each(self, settings: type[SomeSettings]) -> Iterator[tuple[str, SomeSettings]]:
        """Yield the name and the validated settings of each valid table, in the order of the file.

        An invalid table is left out, and its problem is added to `problems`.
        """
        self.asked[f"{self._section}.NAME"] = settings
        for name, table in self.tables.items():
            try:
                checked = self._check(settings, name, table)
            except SettingsError as error:
                self.problems.append(str(error))
            else:
                yield name, checked

    def one(self, settings: type[SomeSettings], name: str) -> SomeSettings:
        """Return the settings of a table by its name; the defaults without such a table.

        Args:
            settings: The type of the settings.
            name: The name of the table, such as ``sentiment`` for ``[scorers.sentiment]``.

        Raises:
            SettingsError: when the table is invalid, or missing though a setting has no default;
                the message has file, table and key.
        """
        self.asked[header(self._section, name)] = settings
        return self._check(settings, name, self.tables.get(name, {}))

    def unread(self) -> Iterator[str]:
        """Yield a sentence for each table that the plugin has not read, and that therefore has no
        effect.

        Nothing is yielded once the plugin has called `each`, which reads all tables.
        """
        section = self._section
        if f"{section}.NAME" in self.asked:
            return
        for name in self.tables:
            if header(section, name) not in self.asked:
                yield (
                    f"{self._file}, [{section}.{name}]: this plugin has nothing for [{section}]; "
                    f"remove the table, or move it to the section of the plugin."
                )

    def _check(self, settings: type[SomeSettings], name: str, table: Any) -> SomeSettings:
        """Return a table as validated settings, and remember its secrets. Relative paths start at
        the folder of the configuration file.
        """
        where = f"{self._file}, [{header(self._section, name)}]"
        if self._markets and "markets" in settings.model_fields:
            table = {"markets": self._markets, **table}
        checked, problems = validate_table(settings, table, where, Path(self._file).parent)
        if checked is None:
            raise SettingsError(problem=" ".join(told(problems)))
        self.secrets += secrets_of(checked)
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
    """Return the scorers of this plugin, in any order.

    Called once at start.

    Example:
        ::

            @hookimpl
            def overheard_scorers(settings):
                yield ReadingLevel(settings.one(ReadingLevelSettings, "reading_level"))
    """
    raise NotImplementedError


@hookspec
def overheard_landscapes() -> Iterable[Landscape]:
    """Return a `Landscape` for each vendor that this plugin describes: the ways of fine-tuning that
    the vendor sells, the models that end, and how the vendor keeps customers' data and trains on
    it.

    Called once at start, whether or not the vendor is configured.

    Example:
        ::

            @hookimpl
            def overheard_landscapes():
                return read_landscapes("overheard_acme")
    """
    raise NotImplementedError


@hookspec
def overheard_chats(settings: PluginSettings) -> Iterable[Chat | LaterChat]:
    """Return the chats of this plugin, one for each of its ``[chats.*]`` tables.

    Called once at start. ``Chat.run`` connects; nothing is connected here. A chat whose SDK takes
    long to import is returned as a `LaterChat`.

    Example:
        ::

            @hookimpl
            def overheard_chats(settings):
                for name, mine in settings.each(WebhookSettings):
                    yield WebhookChat(name, mine)
    """
    raise NotImplementedError


@hookspec
def overheard_commands(settings: PluginSettings) -> Iterable[CommandSpec]:
    """Return the commands of this plugin; the first word of each is used by no other plugin.

    Called once at start, with the ``[commands.*]`` tables of this plugin. The function of each
    command gets an `overheard.View`.

    Example:
        ::

            @hookimpl
            def overheard_commands(settings):
                yield CommandSpec("words", "Count the words of all answers.", count_words)

        with ``async def count_words(view, *, brand: Annotated[str, argument("The brand.")])``.
    """
    raise NotImplementedError


@hookspec
def overheard_update_feeds(settings: PluginSettings) -> Iterable[UpdateFeed]:
    """Return the update feeds of this plugin, as a rule one for each of its ``[feeds.*]`` tables.

    Called once at start. The feeds are read before a check searches for shifts, by ``updates
    list``, and every hour by ``overheard run``.

    Example:
        ::

            @hookimpl
            def overheard_update_feeds(settings):
                for name, mine in settings.each(ChangelogSettings):
                    yield ChangelogFeed(name, mine)
    """
    raise NotImplementedError


@hookspec
def overheard_answer_scored(settings: PluginSettings) -> Iterable[ScoredListener]:
    """Return listeners that are called for each answer that a scorer has read.

    Called once at start, with the ``[listeners.*]`` tables of this plugin.

    Example:
        ::

            async def notify(answer, scores): ...

            @hookimpl
            def overheard_answer_scored(settings):
                yield notify
    """
    raise NotImplementedError


@hookspec
def overheard_shift_detected(settings: PluginSettings) -> Iterable[ShiftListener]:
    """Return listeners that are called for each shift that raises an alert.

    Called once at start, with the ``[listeners.*]`` tables of this plugin.

    Example:
        ::

            async def notify(shift, alert): ...

            @hookimpl
            def overheard_shift_detected(settings):
                yield notify
    """
    raise NotImplementedError


@hookspec
def overheard_alert_posted(settings: PluginSettings) -> Iterable[PostedListener]:
    """Return listeners that are called when an alert's message was posted in a channel.

    Called once at start, with the ``[listeners.*]`` tables of this plugin.

    Example:
        ::

            async def notify(alert, channel, message): ...

            @hookimpl
            def overheard_alert_posted(settings):
                yield notify
    """
    raise NotImplementedError


HOOKS = tuple(name for name in globals() if name.startswith("overheard_"))
"""The names of all hooks."""
