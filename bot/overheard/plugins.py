"""Finding plugins, and keeping each one's faults to itself.

Every plugin is loaded on its own. One that cannot be used becomes one sentence with its name, its
version and the remedy, and everything else runs on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

import pluggy
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from overheard import hookspecs
from overheard.config import Config
from overheard.errors import OverheardError
from overheard.hookspecs import API_VERSION, HOOKS, PROJECT, PluginSettings
from overheard.interfaces import Provider, Scorer
from overheard.settings import suggestion

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class PluginReport:
    """What became of one plugin.

    Attributes:
        name: Its entry point's name, or the name that the configuration asks for.
        version: Of the distribution it came with, or an empty string.
        provides: What it registered, such as ``scorer visibility``.
        problem: Why it failed and what to do; empty when all is well. A plugin of which some
            tables are wrong has a problem and still provides the rest.
    """

    name: str
    version: str
    provides: tuple[str, ...] = ()
    problem: str = ""

    @property
    def loaded(self) -> bool:
        """Whether it can be used, at least in part."""
        return bool(self.provides) or not self.problem


@dataclass(frozen=True, slots=True)
class Plugins:
    """All that plugins registered, by name, and a report on each."""

    providers: dict[str, Provider] = field(default_factory=dict)
    scorers: dict[str, Scorer] = field(default_factory=dict)
    reports: list[PluginReport] = field(default_factory=list)

    @property
    def faulty(self) -> list[PluginReport]:
        """The plugins that something is wrong with."""
        return [report for report in self.reports if report.problem]


class _Fault(Exception):
    """Why one plugin cannot be used, and the remedy."""


def load_plugins(config: Config, found: Iterable[EntryPoint] | None = None) -> Plugins:
    """Load every plugin that is installed, the built-in ones first.

    Args:
        config: Its ``[providers.*]`` and ``[scorers.*]`` tables go to the plugins they belong to.
        found: The entry points to load; by default those of the group ``overheard``.
    """
    points = entry_points(group=PROJECT) if found is None else found
    ordered = sorted(points, key=lambda point: (_distribution(point)[0] != PROJECT, point.name))
    plugins = Plugins()
    for point in ordered:
        plugins.reports.append(_load(point, config, plugins))
    plugins.reports.extend(_ownerless(config, [point.name for point in ordered]))
    return plugins


def _load(point: EntryPoint, config: Config, plugins: Plugins) -> PluginReport:
    distribution, version = _distribution(point)
    asked, scored = (_settings(config, s, point.name) for s in ("providers", "scorers"))
    try:
        hooks = _register(point, distribution)
        providers = _objects(hooks.overheard_providers, asked)
        scorers = _objects(hooks.overheard_scorers, scored)
        _take("provider", Provider, providers, plugins.providers)
        _take("scorer", Scorer, scorers, plugins.scorers)
    except _Fault as fault:
        return PluginReport(point.name, version, problem=str(fault))
    plugins.providers.update((provider.name, provider) for provider in providers)
    plugins.scorers.update((scorer.name, scorer) for scorer in scorers)
    names = [f"provider {p.name}" for p in providers] + [f"scorer {s.name}" for s in scorers]
    problems = " ".join(asked.problems + scored.problems)
    return PluginReport(point.name, version, tuple(names), problems)


def _register(point: EntryPoint, distribution: str) -> Any:
    """Import one plugin into a manager of its own and return its hooks."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    reinstall = f'reinstall it with "pip install --force-reinstall {distribution}" or remove it'
    plugin = _guard(point.load, "cannot be imported", reinstall)
    _check_api(getattr(plugin, "overheard_api", ""))
    try:
        manager.register(plugin, point.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise _Fault(_misfit(error, plugin)) from None
    return manager.hook


def _misfit(error: pluggy.PluginValidationError, plugin: object) -> str:
    for name in dir(plugin):
        if hasattr(getattr(plugin, name, None), f"{PROJECT}_impl") and name not in HOOKS:
            hint = suggestion(name, HOOKS) or f"; known: {', '.join(HOOKS)}"
            return f"has a hook {name}, which does not exist{hint}"
    return f"has a hook of the wrong shape: {_one_line(error)}; compare it with the documentation"


def _check_api(supported: object) -> None:
    try:
        fits = SpecifierSet(str(supported)).contains(API_VERSION)
    except InvalidSpecifier:
        raise _Fault(
            f'states overheard_api = "{supported}", which is no version range; '
            'write one such as ">=1.0,<2"'
        ) from None
    if not fits:
        raise _Fault(
            f"works with plugin API {supported}, and this is {API_VERSION}; "
            "install a version of it that fits"
        )


def _objects(hook: Callable[..., list[Iterable[Any]]], settings: PluginSettings) -> list[Any]:
    def call() -> list[Any]:
        return [made for result in hook(settings=settings) for made in result]

    return _guard(call, "fails to register", "ask its author, or remove it")


Made = TypeVar("Made")


def _guard(call: Callable[[], Made], failing: str, remedy: str) -> Made:
    """Call into a plugin; whatever it raises becomes a sentence, even an attempt to exit."""
    try:
        return call()
    except OverheardError as error:
        raise _Fault(str(error)) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _Fault(f"{failing}: {_one_line(error)}; {remedy}") from None


def _take(kind: str, shape: type, made: list[Any], taken: Mapping[str, Any]) -> None:
    """Check that objects are of the right shape, and that their names are free."""
    names: set[str] = set()
    for thing in made:
        if lacking := _missing(shape, thing):
            raise _Fault(
                f"registers {type(thing).__name__} as a {kind}, and it lacks "
                f"{', '.join(lacking)}; ask its author, or remove it"
            )
        if thing.name in taken or thing.name in names:
            raise _Fault(
                f'registers a {kind} called "{thing.name}", and that name is taken; '
                "remove one of the two"
            )
        names.add(thing.name)
    if kind == "scorer":
        _take_metrics(made, taken.values())


def _take_metrics(made: list[Scorer], taken: Iterable[Scorer]) -> None:
    measured = {metric.name: scorer.name for scorer in taken for metric in scorer.metrics}
    for scorer in made:
        for metric in scorer.metrics:
            if metric.name in measured:
                raise _Fault(
                    f'measures "{metric.name}", which the scorer {measured[metric.name]} '
                    "measures already; remove one of the two"
                )


def _missing(shape: type, thing: object) -> list[str]:
    wanted = sorted(name for name in vars(shape) if not name.startswith("_"))
    return [name for name in wanted if not hasattr(thing, name)]


def _settings(config: Config, section: str, plugin: str) -> PluginSettings:
    tables: Mapping[str, Mapping[str, Any]] = getattr(config, section)
    mine = {
        name: {key: value for key, value in table.items() if key != "plugin"}
        for name, table in tables.items()
        if table.get("plugin", name) == plugin
    }
    return PluginSettings(mine, section, config.file)


def _ownerless(config: Config, installed: list[str]) -> Iterable[PluginReport]:
    for section in ("providers", "scorers"):
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


def _distribution(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist else (point.value, "")


def _one_line(error: BaseException) -> str:
    words = " ".join(str(error).split())[:LONGEST_REASON].rstrip(".")
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
