"""What plugins registered, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from overheard.cards.command import CommandSpec
from overheard.config.settings import Settings
from overheard.domain import Landscape
from overheard.interfaces import Chat, Provider, Scorer, UpdateFeed
from overheard.plugins.aside import Aside
from overheard.plugins.guard import Guard
from overheard.plugins.listeners import Listeners
from overheard.plugins.notices import Notices
from overheard.plugins.wording import source_of


@dataclass(frozen=True, slots=True)
class PluginReport:
    """What became of one plugin.

    Attributes:
        name: Its entry point's name, or the name that the configuration asks for.
        version: Of the distribution it came with, or an empty string.
        provides: What it registered, such as ``scorer visibility``.
        problem: Why it failed and what to do; empty when all is well. A plugin of which some
            tables are wrong has a problem and still provides the rest.
        distribution: What it was installed with, or an empty string.
        settings: What it expects to stand in which table, such as ``providers.NAME``.
    """

    name: str
    version: str
    provides: tuple[str, ...] = ()
    problem: str = ""
    distribution: str = field(default="", compare=False)
    settings: Mapping[str, type[Settings]] = field(default_factory=dict, compare=False)

    @property
    def loaded(self) -> bool:
        """Whether it can be used, at least in part."""
        return bool(self.provides) or not self.problem

    @property
    def told(self) -> str:
        """Its problem as a sentence, which says whose it is."""
        source = source_of(self.distribution, self.version)
        whose = f" ({source})" if source else ""
        return f"Plugin {self.name}{whose}: {self.problem.rstrip('.')}."


@dataclass(frozen=True, slots=True)
class Plugins:
    """All that plugins registered, by name, and a report on each.

    Attributes:
        providers: Who serves models.
        scorers: Who reads answers.
        reports: What became of each plugin.
        chats: Platforms beside the built-in ones.
        commands: Commands beside the built-in ones.
        feeds: Who knows when models are updated.
        landscapes: What is known of vendors.
        listeners: Who is told of what happens.
        guards: Who watches over the parts that came with plugins of other people.
        notices: What admins should hear of these.
        secrets: Those of their settings, so that nobody shows them by mistake.
        asides: Where the code of each plugin runs.
    """

    providers: dict[str, Provider] = field(default_factory=dict)
    scorers: dict[str, Scorer] = field(default_factory=dict)
    reports: list[PluginReport] = field(default_factory=list)
    landscapes: dict[str, Landscape] = field(default_factory=dict)
    chats: dict[str, Chat] = field(default_factory=dict)
    commands: dict[str, CommandSpec] = field(default_factory=dict)
    feeds: dict[str, UpdateFeed] = field(default_factory=dict)
    listeners: Listeners = field(default_factory=Listeners)
    guards: list[Guard] = field(default_factory=list)
    notices: Notices = field(default_factory=Notices)
    secrets: list[str] = field(default_factory=list, repr=False)
    asides: list[Aside] = field(default_factory=list)

    @property
    def faulty(self) -> list[PluginReport]:
        """The plugins that something is wrong with."""
        return [report for report in self.reports if report.problem]

    @property
    def paused(self) -> list[str]:
        """Which parts are left alone for now and why, as sentences."""
        return [guard.pause for guard in self.guards if guard.pause]

    def resume(self, plugin: str) -> list[str]:
        """Have every part of a plugin tried again that is left alone; return what each is."""
        resting = [guard for guard in self.guards if guard.plugin == plugin and guard.pause]
        for guard in resting:
            guard.resume()
        return [guard.part for guard in resting]

    def close(self) -> None:
        """Let the plugins' threads go."""
        for aside in self.asides:
            aside.close()
