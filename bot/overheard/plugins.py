"""Finding plugins, and keeping each one's faults to itself.

Every plugin is loaded on its own. One that cannot be used becomes one sentence with its name, its
version and the remedy, and everything else runs on.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

import pluggy
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from overheard import hookspecs
from overheard.config import Config
from overheard.domain import Metric, Scale
from overheard.errors import OverheardError
from overheard.hookspecs import API_VERSION, HOOKS, PROJECT, PluginSettings
from overheard.interfaces import Provider, Scorer
from overheard.settings import suggestion

LONGEST_REASON = 300

SHORTEST_SECRET = 8
"""Characters; a shorter value is too likely to be an ordinary word."""

_SECRET_VARIABLE = re.compile("KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
_LOGIN = re.compile(r"(?<=://)(?:[^\s/?#]+|[^\s/@:]*:\S+)@")


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

    What a plugin prints meanwhile goes to stderr: stdout belongs to the command's result.

    Args:
        config: Its ``[providers.*]`` and ``[scorers.*]`` tables go to the plugins they belong to.
        found: The entry points to load; by default those of the group ``overheard``.
    """
    points = entry_points(group=PROJECT) if found is None else found
    ordered = sorted(points, key=lambda point: (_distribution(point)[0] != PROJECT, point.name))
    plugins = Plugins()
    with contextlib.redirect_stdout(sys.stderr):
        plugins.reports.extend([_load(point, config, plugins) for point in ordered])
    plugins.reports.extend(_ownerless(config, [point.name for point in ordered]))
    return plugins


def _load(point: EntryPoint, config: Config, plugins: Plugins) -> PluginReport:
    distribution, version = _distribution(point)
    asked, scored = (_settings(config, s, point.name) for s in ("providers", "scorers"))

    def register() -> tuple[dict[str, Provider], dict[str, Scorer]]:
        hooks = _register(point, distribution)
        providers = _objects(hooks.overheard_providers, asked)
        scorers = _objects(hooks.overheard_scorers, scored)
        return _providers(providers, plugins.providers), _scorers(scorers, plugins.scorers)

    try:
        providers, scorers = _guard(register, "fails to register", "ask its author, or remove it")
    except _Fault as fault:
        return PluginReport(point.name, version, problem=str(fault))
    plugins.providers.update(providers)
    plugins.scorers.update(scorers)
    names = [f"provider {name}" for name in providers] + [f"scorer {name}" for name in scorers]
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
    supported = _redacted(str(supported))
    try:
        fits = SpecifierSet(supported).contains(API_VERSION)
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
    return [made for result in hook(settings=settings) for made in result]


Made = TypeVar("Made")


def _guard(call: Callable[[], Made], failing: str, remedy: str) -> Made:
    """Call into a plugin; whatever it raises becomes a sentence, even an attempt to exit."""
    try:
        return call()
    except (KeyboardInterrupt, _Fault):
        raise
    except OverheardError as error:
        raise _Fault(_redacted(str(error))) from None
    except BaseException as error:
        raise _Fault(f"{failing}: {_one_line(error)}; {remedy}") from None


def _providers(made: list[Any], taken: Mapping[str, Provider]) -> dict[str, Provider]:
    return _named("provider", Provider, made, taken, _provider_flaw)


def _scorers(made: list[Any], taken: Mapping[str, Scorer]) -> dict[str, Scorer]:
    scorers = _named("scorer", Scorer, made, taken, _scorer_flaw)
    _refuse_shared_metrics(scorers, taken)
    return scorers


def _named(
    kind: str,
    shape: type,
    made: list[Any],
    taken: Mapping[str, Any],
    flaw_of: Callable[[Any], str],
) -> dict[str, Any]:
    """Return objects by name, once they are of the right shape and their names are free."""
    named: dict[str, Any] = {}
    for thing in made:
        lacking = ", ".join(_missing(shape, thing))
        if flaw := f"it lacks {lacking}" if lacking else flaw_of(thing):
            raise _Fault(
                f"registers {type(thing).__name__} as a {kind}, and {flaw}; "
                "ask its author, or remove it"
            )
        if thing.name in taken or thing.name in named:
            raise _Fault(
                f'registers a {kind} called "{thing.name}", and that name is taken; '
                "remove one of the two"
            )
        named[thing.name] = thing
    return named


def _provider_flaw(provider: Provider) -> str:
    if not _is_word(provider.name) or "/" in provider.name:
        return 'its name, that of its table, is not a word without "/"'
    if type(provider.concurrency) is not int or provider.concurrency < 1:
        return "its concurrency is not a whole number, 1 or more"
    if not _are(_is_word, provider.models()):
        return "its models() are not a list of ids"
    return ""


def _scorer_flaw(scorer: Scorer) -> str:
    if not (_is_word(scorer.name) and _is_word(scorer.version)):
        return "its name or version is not a word"
    if not scorer.metrics or not _are(_is_metric, scorer.metrics):
        return "its metrics are not a list of one Metric or more"
    return ""


def _is_word(given: object) -> bool:
    return isinstance(given, str) and given != "" and given.isprintable()


def _is_metric(given: object) -> bool:
    return (
        isinstance(given, Metric)
        and _is_word(given.name)
        and isinstance(given.scale, Scale)
        and isinstance(given.label, str)
    )


def _are(fits: Callable[[object], bool], given: object) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, str) and all(map(fits, given))


def _refuse_shared_metrics(made: Mapping[str, Scorer], taken: Mapping[str, Scorer]) -> None:
    measured = {metric.name: name for name, scorer in taken.items() for metric in scorer.metrics}
    for name, scorer in made.items():
        for metric in scorer.metrics:
            if metric.name in measured:
                raise _Fault(
                    f'measures "{metric.name}", which the scorer {measured[metric.name]} '
                    "measures already; remove one of the two"
                )
            measured[metric.name] = name


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
    kind = type(error).__name__
    try:
        words = _redacted(str(error))[:LONGEST_REASON].rstrip(".")
    except Exception:  # an error of the plugin's own, which cannot even be told
        return kind
    return f"{kind}: {words}" if words else kind


def _redacted(text: str) -> str:
    """Return a plugin's words on one line, without secrets of the environment and logins."""
    values = {value for name, value in os.environ.items() if _SECRET_VARIABLE.search(name)}
    for value in sorted(values, key=len, reverse=True):  # one may begin with another
        if len(value) >= SHORTEST_SECRET:
            text = text.replace(value, "***")
    return " ".join(_LOGIN.sub("***@", text).split())
