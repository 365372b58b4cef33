"""Everything that plugins have registered, and a report on each plugin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from overheard.cards.command import CommandSpec
from overheard.config.settings import Settings
from overheard.domain import Landscape
from overheard.interfaces import Chat, Provider, Scorer, UpdateFeed
from overheard.plugins.isolate import Guard, Notices
from overheard.plugins.scorer_process import ScorerProcess
from overheard.plugins.wrappers import Listeners


def source_of(distribution: str, version: str) -> str:
    """Return the distribution and version of a plugin as messages name them."""
    return f"{distribution} {version}".strip()


@dataclass(frozen=True, slots=True)
class PluginReport:
    """The state of one plugin.

    Attributes:
        name: Name of its entry point, or the name that the configuration asks for.
        version: Version of its distribution, or an empty string.
        provides: What it registered, such as ``scorer visibility``.
        problem: Why it failed, and the remedy; empty when nothing is wrong. A plugin of which some
            tables are wrong has a problem and still provides the rest.
        distribution: The distribution that it was installed with, or an empty string.
        settings: The settings that it reads from each table, such as ``providers.NAME``.
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
    def sentence(self) -> str:
        """Its problem as a sentence that names the plugin and its distribution."""
        source = source_of(self.distribution, self.version)
        whose = f" ({source})" if source else ""
        return f"Plugin {self.name}{whose}: {self.problem.rstrip('.')}."


@dataclass(frozen=True, slots=True)
class Plugins:
    """The objects that plugins registered, by name, each behind its guard.

    Attributes:
        providers: Services of models.
        scorers: Readers of answers.
        reports: The state of each plugin.
        landscapes: Knowledge of vendors.
        chats: Platforms in addition to the built-in ones.
        commands: Commands in addition to the built-in ones.
        feeds: Sources of model updates.
        listeners: Receivers of notifications.
        guards: Guards of all parts that third-party plugins registered.
        notices: Notices for administrators about these parts.
        secrets: Secrets of the plugins' settings, which nothing may show.
        scorer_process: The child process of third-party scorers.
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
    scorer_process: ScorerProcess = field(default_factory=ScorerProcess)

    @property
    def faulty(self) -> list[PluginReport]:
        """The reports of plugins that have a problem."""
        return [report for report in self.reports if report.problem]

    @property
    def paused(self) -> list[str]:
        """Which parts are paused and why, as sentences."""
        return [guard.pause for guard in self.guards if guard.pause]

    def resume(self, plugin: str) -> list[str]:
        """End the pauses of all parts of a plugin; return the names of these parts."""
        resting = [guard for guard in self.guards if guard.plugin == plugin and guard.pause]
        for guard in resting:
            guard.resume()
        return [guard.part for guard in resting]

    def close(self) -> None:
        """End the child process of scorers."""
        self.scorer_process.close()
