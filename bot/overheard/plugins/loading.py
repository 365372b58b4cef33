"""Finding plugins, and keeping each one's faults to itself."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint
from typing import Any, TypeVar

from overheard.config.loader import Config
from overheard.config.settings import suggestion
from overheard.hookspecs import PROJECT, PluginSettings
from overheard.plugins.installed import identity, installed_plugins
from overheard.plugins.output import sorted_output
from overheard.plugins.registering import Made, Objects, faulted, looked_at, registered
from overheard.plugins.reports import PluginReport, Plugins
from overheard.plugins.shapes import Fault
from overheard.plugins.threads import Errand, TooLong
from overheard.plugins.trust import check_allowed
from overheard.plugins.watching import Watch
from overheard.plugins.wording import ASK, source_of

SECTIONS = ("providers", "scorers", "chats", "feeds", "listeners")
"""The tables of the configuration that belong to plugins."""
PATIENCE = 10.0
"""Seconds that a plugin may take to be imported and to register."""
HASTE = 0.5
"""Seconds after which the next plugin is begun beside one that takes long."""

UNREADABLE = (
    "has an entry_points.txt that cannot be read, so nobody knows its plugins; reinstall it, or "
    "remove it"
)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Found:
    """A plugin that is installed.

    Attributes:
        point: Its entry point.
        distribution: What it was installed with.
        version: Of that, or an empty string.
        installed: What is known of its files, or None.
        settings: What belongs to it, by section.
    """

    point: EntryPoint
    distribution: str
    version: str
    installed: Distribution | None
    settings: Mapping[str, PluginSettings]

    @property
    def ours(self) -> bool:
        """Whether it came with Overheard."""
        return self.distribution == PROJECT

    @property
    def source(self) -> str:
        """What it was installed with and its version."""
        return source_of(self.distribution, self.version)

    @property
    def secrets(self) -> Sequence[str]:
        """The secrets of its tables, once it has read them."""
        return [secret for mine in self.settings.values() for secret in mine.secrets]

    def report(self, problem: str, provides: tuple[str, ...] = ()) -> PluginReport:
        """Say what became of it."""
        asked = {
            table: kind for mine in self.settings.values() for table, kind in mine.asked.items()
        }
        return PluginReport(
            self.point.name, self.version, provides, problem, self.distribution, asked
        )


@dataclass(frozen=True, slots=True)
class _Begun:
    """A plugin that is being imported and registers; or why it is not."""

    found: _Found
    deadline: float = 0.0
    errand: Errand[Objects] | None = None
    fault: str = ""


def load_plugins(
    config: Config, found: Iterable[EntryPoint] | None = None, *, patience: float = PATIENCE
) -> Plugins:
    """Load every plugin that is installed, the built-in ones first.

    One that takes long holds up no other: the time of all that hang is that of one. What a plugin
    prints meanwhile goes to stderr: stdout belongs to the command's result.

    Args:
        config: Its tables of `SECTIONS` go to the plugins they belong to.
        found: The entry points to load; by default those of the group ``overheard``.
        patience: Seconds that each may take.
    """
    points, unreadable = installed_plugins() if found is None else (found, [])
    known = [_found(point, config) for point in points]
    ordered = sorted(known, key=lambda one: (not one.ours, one.point.name))
    plugins = Plugins()
    with sorted_output():
        begun = [_begin(one, config, patience) for one in ordered]
        plugins.reports.extend([_finish(one, plugins, patience) for one in begun])
    plugins.reports.extend(_ownerless(config, [one.point.name for one in ordered]))
    plugins.reports.extend(PluginReport(name, "", problem=UNREADABLE) for name in unreadable)
    return plugins


def _found(point: EntryPoint, config: Config) -> _Found:
    name, version = identity(point)
    settings = {section: _settings(config, section, point.name) for section in SECTIONS}
    return _Found(point, name, version, point.dist, settings)


def _begin(found: _Found, config: Config, patience: float) -> _Begun:
    """Begin to import a plugin; go on without it when that takes long."""
    try:
        if not found.ours:
            check_allowed(config, found.distribution, found.version, found.installed)
    except Fault as fault:
        return _Begun(found, fault=str(fault))
    deadline = time.monotonic() + patience
    errand = Errand(lambda: registered(found.point, found.distribution, found.settings))
    errand.ready(min(HASTE, patience))
    return _Begun(found, deadline, errand)


def _finish(begun: _Begun, plugins: Plugins, patience: float) -> PluginReport:
    """Take over what a plugin registers, or say why not."""
    found = begun.found
    if begun.errand is None:
        return found.report(begun.fault)
    try:
        objects = _result(begun.errand, found, begun.deadline - time.monotonic())
        watch = Watch(found.point.name, found.source, found.secrets, plugins)
        looking = Errand(lambda: watch.over(looked_at(objects, plugins), ours=found.ours))
        made = _result(looking, found, patience)
    except TooLong:
        return found.report(f"is not ready within {patience:g} s; {ASK}")
    except Fault as fault:
        return found.report(str(fault))
    _take(made, watch, plugins)
    problems = (problem for mine in found.settings.values() for problem in mine.problems)
    return found.report(" ".join(problems), made.named())


def _result(errand: Errand[Result], found: _Found, patience: float) -> Result:
    outcome = errand.outcome(patience)
    if outcome.error is not None:  # even an interrupt: nobody but the plugin raises one there
        raise faulted(outcome.error, found.secrets, "fails to register", ASK)
    return outcome.get()


def _take(made: Made, watch: Watch, plugins: Plugins) -> None:
    """Take over what a plugin registered."""
    plugins.landscapes.update(made.landscapes)
    plugins.providers.update(made.providers)
    plugins.scorers.update(made.scorers)
    plugins.chats.update(made.chats)
    plugins.feeds.update(made.feeds)
    plugins.commands.update(made.commands)
    for hook, listeners in made.listeners.items():
        for listener in listeners:
            plugins.listeners.add(hook, listener, watch.listener())


def _settings(config: Config, section: str, plugin: str) -> PluginSettings:
    tables: Mapping[str, Mapping[str, Any]] = getattr(config, section)
    mine = {
        name: {key: value for key, value in table.items() if key != "plugin"}
        for name, table in tables.items()
        if table.get("plugin", name) == plugin
    }
    return PluginSettings(mine, section, config.file)


def _ownerless(config: Config, installed: list[str]) -> Iterable[PluginReport]:
    for section in SECTIONS:
        for name, table in getattr(config, section).items():
            plugin = str(table.get("plugin", name))
            if plugin not in installed:
                hint = suggestion(plugin, installed)
                yield PluginReport(
                    plugin,
                    "",
                    problem=f"is asked for by {config.file}, [{section}.{name}], and is not "
                    f'installed{hint}; install it, or name another one with plugin = "..."',
                )
