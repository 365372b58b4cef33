"""Finding and loading of plugins: each one's fault stays its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from typing import Any, Generic, TypeVar

from overheard.config.loader import Config
from overheard.config.settings import suggestion
from overheard.hookspecs import PROJECT, PluginSettings
from overheard.plugins.isolate import ASK, Guards
from overheard.plugins.output import plugin_code, separated_output
from overheard.plugins.registration import (
    SECTIONS,
    Fault,
    Registered,
    fault_of,
    refuse_clashes,
    register,
)
from overheard.plugins.report import PluginReport, Plugins, source_of
from overheard.plugins.scorer_process import Origin
from overheard.plugins.trust import check_allowed
from overheard.plugins.wrappers import guarded

LOAD_TIMEOUT_S = 10.0
"""Seconds that a plugin may take to be imported and to register."""
NEXT_LOAD_S = 0.5
"""Seconds after which the next plugin is begun in addition to one that takes long."""

UNREADABLE = (
    "has an entry_points.txt that cannot be read, so its plugins are not known; reinstall it, or "
    "remove it"
)

Result = TypeVar("Result")


def installed_plugins() -> tuple[list[EntryPoint], list[str]]:
    """Return the entry points of plugins, and the distributions whose own cannot be read."""
    try:
        return list(entry_points(group=PROJECT)), []
    except Exception:  # one broken record, and no distribution's can be listed
        return _one_by_one()


def _one_by_one() -> tuple[list[EntryPoint], list[str]]:
    points: list[EntryPoint] = []
    broken: list[str] = []
    for distribution in distributions():
        try:
            points.extend(distribution.entry_points.select(group=PROJECT))
        except Exception:  # whatever its file holds
            broken.append(_identity(distribution)[0] or "a distribution without a name")
    return points, broken


def distribution_of(plugin: str) -> str:
    """Return the distribution that a plugin came with; the name itself where there is none."""
    points, _ = installed_plugins()
    return next((_source(point)[0] for point in points if point.name == plugin), plugin)


def _source(point: EntryPoint) -> tuple[str, str]:
    name, version = _identity(point.dist) if point.dist else ("", "")
    return name or point.value, version


def _identity(distribution: Distribution) -> tuple[str, str]:
    """Return the name and version that a record states, or empty strings."""
    try:
        metadata = distribution.metadata  # each access reads it from the disk
        return metadata["Name"] or "", metadata["Version"] or ""
    except Exception:  # no text at all, or none that Python reads
        return "", ""


@dataclass(frozen=True, slots=True)
class _Found:
    """A plugin that is installed.

    Attributes:
        point: Its entry point.
        distribution: Name of its distribution.
        version: Version of that, or an empty string.
        installed: The record of that, or None.
        settings: Its tables, by section.
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
    def secrets(self) -> Sequence[str]:
        """The secrets of its tables, once it has read them."""
        return [secret for mine in self.settings.values() for secret in mine.secrets]

    def report(self, problem: str, provides: tuple[str, ...] = ()) -> PluginReport:
        """Return its report."""
        asked = {
            table: kind for mine in self.settings.values() for table, kind in mine.asked.items()
        }
        return PluginReport(
            self.point.name, self.version, provides, problem, self.distribution, asked
        )


class _Call(threading.Thread, Generic[Result]):
    """A call in a daemon thread, which does not keep the process from ending.

    A thread cannot be ended from outside: one that is too late goes on, and is waited for no more.
    """

    def __init__(self, work: Callable[[], Result]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._result: list[Result] = []
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Make the call."""
        try:
            with plugin_code():
                self._result.append(self._work())
        except BaseException as error:  # even an attempt to exit
            self._error = error

    def result(self, deadline: float) -> Result:
        """Return the result, or raise the error.

        Args:
            deadline: When to wait no longer, on the monotonic clock.

        Raises:
            TimeoutError: when there is neither by then.
        """
        self.join(max(0.0, deadline - time.monotonic()))
        if self.is_alive():
            raise TimeoutError
        if self._error is not None:
            raise self._error
        return self._result[0]


@dataclass(frozen=True, slots=True)
class _Loading:
    """A plugin that is being loaded, or the fault for which it is not."""

    found: _Found
    call: _Call[tuple[Registered, Guards]] | None = None
    deadline: float = 0.0
    fault: str = ""


def load_plugins(
    config: Config, found: Iterable[EntryPoint] | None = None, *, timeout_s: float = LOAD_TIMEOUT_S
) -> Plugins:
    """Load every plugin that is installed, the built-in ones first.

    A plugin that takes long does not delay the others: the time of all that hang is that of one.
    What a plugin prints in the meantime goes to stderr.

    Args:
        config: Its tables of `SECTIONS` go to the plugins they belong to.
        found: The entry points to load; by default those of the group ``overheard``.
        timeout_s: Seconds that each plugin may take.
    """
    points, unreadable = installed_plugins() if found is None else (found, [])
    known = [_found(point, config) for point in points]
    ordered = sorted(known, key=lambda one: (not one.ours, one.point.name))
    plugins = Plugins()
    with separated_output():
        begun = [_begin(one, config, plugins, timeout_s) for one in ordered]
        plugins.reports.extend([_finish(one, plugins, timeout_s) for one in begun])
    plugins.reports.extend(_ownerless(config, [one.point.name for one in ordered]))
    plugins.reports.extend(PluginReport(name, "", problem=UNREADABLE) for name in unreadable)
    return plugins


def _found(point: EntryPoint, config: Config) -> _Found:
    name, version = _source(point)
    settings = {section: _settings(config, section, point.name) for section in SECTIONS}
    return _Found(point, name, version, point.dist, settings)


def _begin(found: _Found, config: Config, plugins: Plugins, timeout_s: float) -> _Loading:
    """Begin to load a plugin; go on without it after `NEXT_LOAD_S`."""
    try:
        if not found.ours:
            check_allowed(config, found.distribution, found.version, found.installed)
    except Fault as fault:
        return _Loading(found, fault=str(fault))

    def load() -> tuple[Registered, Guards]:
        made = register(found.point, found.distribution, found.settings)
        source = source_of(found.distribution, found.version)
        guards = Guards(found.point.name, source, found.secrets, plugins.notices, plugins.guards)
        if found.ours:
            return guarded(made, guards), guards
        tables = _tables(config, "scorers", found.point.name)
        origin = Origin(found.point, found.distribution, tables, config.file)
        return guarded(made, guards, plugins.scorer_process, origin), guards

    deadline = time.monotonic() + timeout_s
    call = _Call(load)
    call.join(min(NEXT_LOAD_S, timeout_s))
    return _Loading(found, call, deadline)


def _finish(loading: _Loading, plugins: Plugins, timeout_s: float) -> PluginReport:
    """Take over what a plugin registers, or report why not."""
    found = loading.found
    if loading.call is None:
        return found.report(loading.fault)
    try:
        made, guards = loading.call.result(loading.deadline)
        refuse_clashes(made, plugins)
    except TimeoutError:
        return found.report(f"is not ready within {timeout_s:g} s; {ASK}")
    except BaseException as error:  # even an interrupt: only the plugin raises one there
        return found.report(str(fault_of(error, found.secrets, "fails to register", ASK)))
    _take(made, guards, plugins)
    problems = (problem for mine in found.settings.values() for problem in mine.problems)
    return found.report(" ".join(problems), made.names())


def _take(made: Registered, guards: Guards, plugins: Plugins) -> None:
    """Add what a plugin registers to what others have registered."""
    plugins.landscapes.update(made.landscapes)
    plugins.providers.update(made.providers)
    plugins.scorers.update(made.scorers)
    plugins.chats.update(made.chats)
    plugins.feeds.update(made.feeds)
    plugins.commands.update(made.commands)
    for hook, listeners in made.listeners.items():
        for listener in listeners:
            plugins.listeners.add(hook, listener)
    plugins.secrets.extend(guards.secrets)


def _settings(config: Config, section: str, plugin: str) -> PluginSettings:
    return PluginSettings(_tables(config, section, plugin), section, config.file)


def _tables(config: Config, section: str, plugin: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the tables of a section that belong to a plugin, without the key ``plugin``."""
    tables: Mapping[str, Mapping[str, Any]] = getattr(config, section)
    return {
        name: {key: value for key, value in table.items() if key != "plugin"}
        for name, table in tables.items()
        if table.get("plugin", name) == plugin
    }


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
