"""Finds the plugins that are installed, and loads those that are allowed."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from importlib.util import find_spec
from pathlib import Path
from tempfile import gettempdir
from traceback import walk_tb

from overheard.cards.command import CommandSpec
from overheard.config.problems import suggestion
from overheard.config.sections import PLUGIN_SECTIONS, Config, header
from overheard.config.settings_base import Settings
from overheard.domain import Landscape, Model
from overheard.errors import FileUnwritable
from overheard.hookspecs import PluginSettings
from overheard.installation import PROJECT
from overheard.interfaces import Chat, Provider, Scorer, UpdateFeed
from overheard.plugins import registration, watchdog
from overheard.plugins.guard import (
    ASK,
    REPORT,
    Guard,
    Guards,
    Notice,
    Notices,
    plugin_code,
    separated_output,
)
from overheard.plugins.guarded import Listeners, guarded
from overheard.plugins.scorer_process import PluginLocation, ScorerProcess
from overheard.plugins.watchdog import LEFT_OUT
from overheard.plugins.watchdog_child import Watched, left_out, write_left_out


def check_allowed(config: Config, name: str, version: str) -> None:
    """Raise an error unless the configuration allows a distribution; called before its code runs.

    Without ``[plugins] allow`` every distribution is allowed. Otherwise it is allowed if an entry
    names it, without a version or with a range that fits.

    Raises:
        Fault: when the distribution is not allowed, with the entry that would allow it; when an
            entry is not valid.
    """
    entries = config.plugins.allow
    if entries is None or any(_allows(entry, name, version, config.file) for entry in entries):
        return
    raise registration.Fault(
        f'is not allowed; if you trust it, add "{name}=={version}" to {config.file}, '
        "[plugins] allow, or else remove it"
    )


def _allows(entry: str, name: str, version: str, file: str) -> bool:
    """Return whether an entry of ``[plugins] allow`` names a distribution and fits its version."""
    # Only a configuration that names its plugins needs them.
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    try:
        allowed = Requirement(entry)
    except InvalidRequirement:
        raise registration.Fault(
            f'cannot be judged: {file}, [plugins] allow has "{entry}"; write a name, or one with a '
            'version such as "overheard-acme==1.2"'
        ) from None
    if canonicalize_name(allowed.name) != canonicalize_name(name):
        return False
    return not allowed.specifier or allowed.specifier.contains(version, prereleases=True)


LOAD_TIMEOUT_S = 10.0
"""Seconds that a plugin may take to be imported and to register."""
NEXT_LOAD_S = 0.5
"""Seconds after which the next plugin is begun in addition to one that takes long."""

UNREADABLE = (
    "has an entry_points.txt that cannot be read, so its plugins are not known; reinstall it, or "
    "remove it"
)


def installed_plugins() -> tuple[list[EntryPoint], list[str]]:
    """Return the entry points of installed plugins, in no fixed order, and the names of the
    distributions whose entry points cannot be read.

    The records of all distributions are read again only after something was installed or removed.
    """
    points, unreadable = _plugins_on(tuple((folder, _changed_ns(folder)) for folder in sys.path))
    return list(points), list(unreadable)


@lru_cache(maxsize=1)
def _plugins_on(_: tuple[tuple[str, int], ...]) -> tuple[list[EntryPoint], list[str]]:
    """Return `installed_plugins` for a search path, with the time of each folder's last change."""
    try:
        return list(entry_points(group=PROJECT)), []
    except Exception:  # a single broken record keeps all others from being listed
        return _readable_plugins()


def _changed_ns(folder: str) -> int:
    """Return when a file or folder was last added to a folder or removed from it, in nanoseconds
    since 1970; 0 for one that is not there.
    """
    try:
        return os.stat(folder or ".").st_mtime_ns
    except OSError:
        return 0


def _readable_plugins() -> tuple[list[EntryPoint], list[str]]:
    """Return the plugins' entry points in all distributions that can be read, and the names of the
    other distributions; one without a readable name is called "a distribution without a name".
    """
    points: list[EntryPoint] = []
    broken: list[str] = []
    for found in distributions():
        try:
            points.extend(found.entry_points.select(group=PROJECT))
        except Exception:  # a malformed metadata file can raise any error
            broken.append(_identity(found)[0] or "a distribution without a name")
    return points, broken


def added_plugins() -> list[EntryPoint]:
    """Return the entry points of plugins that do not come with Overheard."""
    return [point for point in installed_plugins()[0] if _source(point)[0] != PROJECT]


def plugin_at_fault(error: BaseException) -> str:
    """Return the module of the third party's plugin in whose code an exception arose, or whose
    object lacks an attribute; empty for Overheard itself.
    """
    names = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)]
    names.append(type(getattr(error, "obj", None)).__module__)  # of an AttributeError
    plugins = {point.module.partition(".")[0] for point in added_plugins()}
    return next((top for n in reversed(names) if (top := n.partition(".")[0]) in plugins), "")


def built_in_plugins() -> list[EntryPoint]:
    """Return the entry points of the plugins that come with Overheard."""
    return [point for point in installed_plugins()[0] if _source(point)[0] == PROJECT]


def _source(point: EntryPoint) -> tuple[str, str]:
    """Return the name and the version of a plugin's distribution. Without a readable name it is the
    entry point's module; an unknown version is empty.
    """
    name, version = _identity(point.dist) if point.dist else ("", "")
    return name or point.value, version


@lru_cache(maxsize=64)  # the built-in plugins share one record
def _identity(distribution: Distribution) -> tuple[str, str]:
    """Return the name and the version of a distribution; empty strings when they cannot be read."""
    try:
        metadata = distribution.metadata  # each access reads the disk
        return metadata["Name"] or "", metadata["Version"] or ""
    except Exception:  # a missing or malformed metadata file can raise any error
        return "", ""


class _Loader(threading.Thread):
    """Loads one plugin in a daemon thread, which does not keep the process from ending.

    A thread cannot be ended from outside: a late one runs on, and nothing waits for it.

    Args:
        point: The entry point of the plugin.
        plugins: Receives the plugin's objects, guards and notices.
        reserved: The first words of commands that a third party's plugin may not take.
        timeout_s: Seconds that the plugin may take.
    """

    def __init__(
        self,
        point: EntryPoint,
        config: Config,
        plugins: Plugins,
        reserved: Collection[str],
        timeout_s: float,
    ) -> None:
        """Read the plugin's tables from the configuration; `begin` starts the thread."""
        super().__init__(daemon=True)
        self.plugin = point.name
        self.distribution, self.version = _source(point)
        self.is_built_in = self.distribution == PROJECT
        self._point = point
        self._config = config
        self._plugins = plugins
        self._reserved = () if self.is_built_in else reserved
        self._timeout_s = timeout_s
        self._settings = PluginSettings.by_section(config, point.name)
        self._registered: registration.Registered | None = None
        self._error: BaseException | None = None

    def begin(self) -> None:
        """Start to load the plugin in its thread, and wait for the plugin `NEXT_LOAD_S` seconds at
        most, so that a slow plugin does not delay the next.

        A third party's plugin that the configuration does not allow, or that has held up everything
        in this version, is not loaded. Never raises: `finish` reports the fault.
        """
        if not self.is_built_in:
            try:
                check_allowed(self._config, self.distribution, self.version)
                self._refuse_left_out()
            except registration.Fault as fault:
                self._error = fault
                return
        self._deadline = time.monotonic() + self._timeout_s
        self.start()
        self.join(min(NEXT_LOAD_S, self._timeout_s))

    def _refuse_left_out(self) -> None:
        """Raise `Fault`, and tell the admins, if the watchdog has ended a process because of this
        version of the plugin.
        """
        held = left_out(self._plugins.left_out).get(self.plugin, {})
        if held and held.get("version") == self.version:
            fault = registration.Fault(
                f"is left out, because it {held.get('problem')}; update or remove it, or try it "
                f"again with: overheard plugins resume {self.plugin}"
            )
            notice = Notice(self._report(str(fault)).sentence, self.plugin)
            self._plugins.notices.add(notice)
            raise fault

    def run(self) -> None:
        """Import the plugin, call its hooks, and put guards around its objects. The objects, or any
        error, are kept for `finish`. `begin` starts this function in the thread.
        """
        try:
            with plugin_code():
                self._registered = self._import_guarded()
        except BaseException as error:  # even an attempt to exit
            self._error = error

    def finish(self) -> PluginReport:
        """Wait for the plugin until its timeout, add its objects and its secrets to those of all
        plugins, and return a report.

        Never raises. A plugin that is late, has failed, or registers a name in use adds nothing and
        has a problem in the report. One of which some settings are wrong adds the rest and has a
        problem as well.
        """
        was_started = self.ident is not None
        while was_started and self.is_alive() and (left := self._deadline - time.monotonic()) > 0:
            watchdog.beat()
            self.join(min(left, watchdog.BEAT_S))
        if self.is_alive():
            return self._report(f"is not ready within {self._timeout_s:g} s; {ASK}")
        registered, error = self._registered, self._error
        if registered is not None:
            try:
                registration.refuse_clashes(registered, self._plugins, self._reserved)
            except registration.Fault as clash:
                registered, error = None, clash
        if registered is None:
            fault = registration.fault_of(
                error or registration.Fault(), self._secrets, "fails to register", ASK
            )
            return self._report(str(fault))
        _add_objects(registered, self._plugins)
        self._plugins.secrets.extend(self._secrets)
        problems = (
            problem
            for settings in self._settings.values()
            for problem in (*settings.problems, *settings.unread())
        )
        return self._report(" ".join(problems), registered.names())

    @property
    def _secrets(self) -> list[str]:
        """The secrets in the plugin's tables; empty before it has read them."""
        return [secret for settings in self._settings.values() for secret in settings.secrets]

    def _import_guarded(self) -> registration.Registered:
        """Import the plugin and return its objects behind guards. Providers and scorers of a
        built-in plugin have no guard. Scorers of a third party run in the child process, except
        judges.
        """
        plugins, point = self._plugins, self._point
        registered = registration.register(point, self.distribution, self._settings)
        registration.refuse_open_chats(registered, self._config)
        source = source_of(self.distribution, self.version)
        remedy = REPORT if self.is_built_in else f"ask the author of {source}, or remove it"
        guard = Guard("", plugin=point.name, module=point.module, remedy=remedy)
        guard = replace(guard, secrets=self._secrets, notices=plugins.notices)
        guards = Guards(guard, plugins.guards)
        if self.is_built_in:
            return guarded(registered, guards)
        tables = self._settings["scorers"].tables
        location = PluginLocation(
            *(point, self.distribution, tables, self._config.file),
            *(self.version, plugins.left_out),
        )
        return guarded(registered, guards, plugins.scorer_process, location)

    @property
    def watched(self) -> Watched:
        """What the watchdog knows of the plugin, none of whose code runs for that."""
        top, spec = self._point.module.partition(".")[0], None
        with suppress(Exception):  # a finder of another package may raise anything
            spec = find_spec(top)
        folders = spec.submodule_search_locations if spec else None
        code = os.path.join(next(iter(folders)), "") if folders else (spec and spec.origin) or top
        title = self._report("").sentence.partition(":")[0]
        return Watched(code, title, self.version)

    def _report(self, problem: str, provides: tuple[str, ...] = ()) -> PluginReport:
        """Return a report on the plugin with a problem (empty for none), the objects that it
        provides, and the settings class of each table that it has read.
        """
        settings = {
            table: kind
            for plugin_settings in self._settings.values()
            for table, kind in plugin_settings.asked.items()
        }
        return PluginReport(
            self.plugin, self.version, provides, problem, self.distribution, settings
        )


def load_plugins(
    config: Config,
    entry_points: Iterable[EntryPoint] | None = None,
    *,
    reserved: Collection[str] = (),
    timeout_s: float = LOAD_TIMEOUT_S,
) -> Plugins:
    """Load every installed plugin, the built-in plugins first and then by name, and return all
    their objects.

    Plugins load in parallel threads: several plugins that hang delay the start by one timeout only.
    When two plugins register the same name, the one that was loaded first has it. The output of
    plugins goes to stderr. Never raises: faults are in the reports, also of plugins that the
    configuration names and that are not installed or cannot be read.

    Args:
        config: The configuration; each plugin gets its own tables of `PLUGIN_SECTIONS`.
        entry_points: The entry points to load; None for those of the group ``overheard``.
        reserved: The first words of commands that third parties' plugins may not take.
        timeout_s: Seconds that each plugin may take.
    """
    points, unreadable = installed_plugins() if entry_points is None else (entry_points, [])
    plugins = Plugins(left_out=_record_folder(config) / LEFT_OUT)
    loaders = [_Loader(point, config, plugins, reserved, timeout_s) for point in points]
    loaders.sort(key=lambda loader: (not loader.is_built_in, loader.plugin))
    watched = {loader.plugin: loader.watched for loader in loaders if not loader.is_built_in}
    watchdog.begin(watched, plugins.left_out)
    with separated_output():
        for loader in loaders:
            watchdog.beat()
            loader.begin()
        plugins.reports.extend([loader.finish() for loader in loaders])
    watchdog.rest()
    plugins.reports.extend(_missing_plugins(config, [loader.plugin for loader in loaders]))
    plugins.reports.extend(PluginReport(name, "", problem=UNREADABLE) for name in unreadable)
    return plugins


def _record_folder(config: Config) -> Path:
    """Return the folder of the file with the plugins that the next start leaves out. Where that of
    the store or the configuration cannot be written, it is a temporary one of this user alone.
    """
    folder = (config.storage.sqlite_file or Path(config.file)).parent.absolute()
    if os.access(next(one for one in (folder, *folder.parents) if one.exists()), os.W_OK):
        return folder  # perhaps of a store that is still to be made
    digest = sha256(str(Path(config.file).absolute()).encode()).hexdigest()[:16]
    own = Path(gettempdir()) / f"overheard-{digest}"
    with suppress(OSError):
        own.mkdir(mode=0o700, exist_ok=True)
        if own.lstat().st_uid == os.getuid():
            return own
    return folder


def added_commands(
    config: Config, points: Collection[EntryPoint], reserved: Collection[str]
) -> Collection[CommandSpec]:
    """Return the commands of plugins that do not come with Overheard.

    The built-in plugins are loaded only where a name of theirs may be taken: a plugin that takes
    one cannot be used, and neither can its commands. Their commands are known without that.

    Args:
        config: The configuration.
        points: The entry points of these plugins, see `added_plugins`.
        reserved: The first words of commands that are not theirs.
    """
    plugins = load_plugins(config, points, reserved=reserved)
    names = {point.name for point in points}
    reports = [report for report in plugins.reports if report.name in names]
    kinds = [{name.partition(" ")[0] for name in report.provides} for report in reports]
    taking = [found for found in kinds if found & _BUILT_IN_KINDS]
    refused = any(report.problem for report in reports)  # perhaps by one that is refused itself
    if any("command" in found or refused for found in taking):
        plugins = load_plugins(config, reserved=reserved)
    reports = [report for report in plugins.reports if report.name in names]
    provided = {name for report in reports for name in report.provides}
    return [spec for spec in plugins.commands.values() if f"command {spec.name}" in provided]


_BUILT_IN_KINDS = frozenset({"provider", "scorer", "chat", "landscape"})
"""The kinds of objects that built-in plugins register."""


def _add_objects(registered: registration.Registered, plugins: Plugins) -> None:
    """Add the objects and listeners of one plugin to those of all plugins. An object of the same
    kind and name would be replaced: `refuse_clashes` is called before.
    """
    for kind in registration.KINDS:
        getattr(plugins, f"{kind}s").update(getattr(registered, f"{kind}s"))
    for hook, listeners in registered.listeners.items():
        for listener in listeners:
            plugins.listeners.add(hook, listener)


def _missing_plugins(config: Config, installed: list[str]) -> Iterable[PluginReport]:
    """Yield a report for each table of the configuration whose plugin is not installed, with the
    table and the most similar name of an installed plugin, if any.
    """
    for section in PLUGIN_SECTIONS:
        for name, table in config.plugin_tables(section).items():
            plugin = str(table.get("plugin", name))
            if plugin not in installed:
                hint = suggestion(plugin, installed)
                yield PluginReport(
                    plugin,
                    "",
                    problem=f"is asked for by {config.file}, [{header(section, name)}], and is not "
                    f'installed{hint}; install it, or name another one with plugin = "..."',
                )


def source_of(distribution: str, version: str) -> str:
    """Return the distribution and version of a plugin as messages name them."""
    return f"{distribution} {version}".strip()


@dataclass(frozen=True, slots=True)
class PluginReport:
    """The state of one plugin.

    Attributes:
        name: Name of its entry point, or the name in the configuration.
        version: Version of its distribution, or an empty string.
        provides: The registered objects, such as ``scorer visibility``.
        problem: What is wrong, and the remedy; empty when nothing is. A plugin of which some
            tables are wrong has a problem and still provides the rest.
        distribution: The distribution that it was installed with, or an empty string.
        settings: The settings class of each table that it reads, such as ``providers.NAME``.
    """

    name: str
    version: str
    provides: tuple[str, ...] = ()
    problem: str = ""
    distribution: str = field(default="", compare=False)
    settings: Mapping[str, type[Settings]] = field(default_factory=dict, compare=False)

    @property
    def loaded(self) -> bool:
        """Whether the plugin can be used, at least in part."""
        return bool(self.provides) or not self.problem

    @property
    def sentence(self) -> str:
        """The plugin's problem as a sentence with the plugin and its distribution."""
        source = source_of(self.distribution, self.version)
        whose = f" ({source})" if source else ""
        return f"Plugin {self.name}{whose}: {self.problem.rstrip('.')}."


def models_of(providers: Mapping[str, Provider]) -> list[Model]:
    """Return the models that providers ask by default, in the order of the providers and, of one
    provider, in its own order. The providers are given by name.
    """
    return [Model(name, model) for name, p in providers.items() for model in p.models()]


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
        left_out: The file with the plugins that have held up everything.
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
    left_out: Path = Path(LEFT_OUT)

    @property
    def models(self) -> list[Model]:
        """The models that are asked, by provider."""
        return models_of(self.providers)

    @property
    def faulty(self) -> list[PluginReport]:
        """The reports of plugins that have a problem."""
        return [report for report in self.reports if report.problem]

    @property
    def paused(self) -> list[str]:
        """The sentences about the parts that are paused, with the reason."""
        return [guard.pause for guard in self.guards if guard.pause]

    def resume(self, plugin: str) -> list[str]:
        """End the pauses of all paused parts of a plugin, and let the next start load one that is
        left out. Return the names of these parts, such as ``The scorer acme``; empty for none.

        Raises:
            FileUnwritable: when the file of those that are left out cannot be written.
        """
        paused = [guard for guard in self.guards if guard.plugin == plugin and guard.pause]
        for guard in paused:
            guard.resume()
        self.scorer_process.late.get(plugin, set()).clear()
        others = dict(left_out(self.left_out))
        if not others.pop(plugin, None):
            return [guard.part for guard in paused]
        try:
            write_left_out(self.left_out, others)
        except OSError as error:
            raise FileUnwritable(file=self.left_out, reason=error.strerror) from None
        return [f"The plugin {plugin}, with the next start of Overheard"]

    def close(self) -> None:
        """End the child process of scorers."""
        self.scorer_process.close()
