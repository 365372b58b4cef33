"""Finding plugins, and keeping each one's faults to itself."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from itertools import chain, islice
from typing import Any, TypeVar

import pluggy
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from overheard import hookspecs
from overheard.cards.command import CommandSpec
from overheard.config import Config
from overheard.domain import Landscape
from overheard.errors import OverheardError
from overheard.hookspecs import API_VERSION, HOOKS, PROJECT, PluginSettings
from overheard.interfaces import Chat, Judge, Provider, Scorer, UpdateFeed
from overheard.plugins import shapes
from overheard.plugins.guard import MOST_FAULTS, Guard, TooLong, in_thread
from overheard.plugins.listeners import MOST_FAULTS as MOST_DEAF
from overheard.plugins.reports import PluginReport, Plugins
from overheard.plugins.reserved import WORDS
from overheard.plugins.shapes import Fault
from overheard.plugins.trust import check_allowed
from overheard.plugins.watched import WatchedFeed, WatchedScorer, watched_command
from overheard.plugins.wording import one_line, redacted
from overheard.settings import suggestion

SECTIONS = ("providers", "scorers", "chats", "feeds", "listeners")
"""The tables of the configuration that belong to plugins."""
NOTICES = ("overheard_answer_scored", "overheard_shift_detected", "overheard_alert_posted")
PATIENCE = 10.0
"""Seconds that a plugin may take to be imported and to register."""
MOST_OBJECTS = 1_000
"""Objects that a plugin may register for one hook."""

_ASK = "ask its author, or remove it"


@dataclass(frozen=True, slots=True)
class _Made:
    """What one plugin registers."""

    providers: dict[str, Provider]
    scorers: dict[str, Scorer]
    landscapes: dict[str, Landscape]
    chats: dict[str, Chat]
    feeds: dict[str, UpdateFeed]
    commands: dict[str, CommandSpec]
    listeners: dict[str, list[Any]] = field(default_factory=dict)

    def named(self) -> tuple[str, ...]:
        """Return what it is, in words."""
        kinds = ("provider", "scorer", "landscape", "chat", "feed", "command")
        names = [f"{kind} {name}" for kind in kinds for name in getattr(self, f"{kind}s")]
        heard = [
            f"listener {hook.removeprefix('overheard_')}"
            for hook, listeners in self.listeners.items()
            for _ in listeners
        ]
        return (*names, *heard)


def load_plugins(
    config: Config, found: Iterable[EntryPoint] | None = None, *, patience: float = PATIENCE
) -> Plugins:
    """Load every plugin that is installed, the built-in ones first.

    What a plugin prints meanwhile goes to stderr: stdout belongs to the command's result.

    Args:
        config: Its tables of `SECTIONS` go to the plugins they belong to.
        found: The entry points to load; by default those of the group ``overheard``.
        patience: Seconds that each may take.
    """
    points = entry_points(group=PROJECT) if found is None else found
    ordered = sorted(points, key=lambda point: (_distribution(point)[0] != PROJECT, point.name))
    plugins = Plugins()
    with contextlib.redirect_stdout(sys.stderr):
        plugins.reports.extend([_load(point, config, plugins, patience) for point in ordered])
    plugins.reports.extend(_ownerless(config, [point.name for point in ordered]))
    return plugins


def _load(point: EntryPoint, config: Config, plugins: Plugins, patience: float) -> PluginReport:
    distribution, version = _distribution(point)
    settings = {section: _settings(config, section, point.name) for section in SECTIONS}

    def register() -> _Made:
        return _made(_register(point, distribution), settings, plugins)

    try:
        check_allowed(config, distribution, version)
        made = _guard(lambda: in_thread(register, patience), "fails to register", _ASK)
    except TooLong:
        late = f"is not ready within {patience:g} s; {_ASK}"
        return PluginReport(point.name, version, (), late, distribution)
    except Fault as fault:
        return PluginReport(point.name, version, (), str(fault), distribution)
    _take(made, point.name, plugins, watched=distribution != PROJECT)
    return PluginReport(
        point.name,
        version,
        made.named(),
        " ".join(problem for mine in settings.values() for problem in mine.problems),
        distribution,
        {table: kind for mine in settings.values() for table, kind in mine.asked.items()},
    )


def _made(hooks: Any, settings: Mapping[str, PluginSettings], plugins: Plugins) -> _Made:
    """Call each hook, and look at what it returns."""

    def objects(hook: str, section: str) -> list[Any]:
        results = getattr(hooks, hook)(settings=settings[section])
        return _all(results)

    landscapes = _all(hooks.overheard_landscapes())
    commands = _all(hooks.overheard_commands())
    return _Made(
        shapes.providers(objects("overheard_providers", "providers"), plugins.providers),
        shapes.scorers(objects("overheard_scorers", "scorers"), plugins.scorers),
        shapes.landscapes(landscapes, plugins.landscapes),
        shapes.chats(objects("overheard_chats", "chats"), plugins.chats),
        shapes.feeds(objects("overheard_update_feeds", "feeds"), plugins.feeds),
        shapes.commands(commands, plugins.commands, WORDS),
        {hook: shapes.listeners(hook, objects(hook, "listeners")) for hook in NOTICES},
    )


def _all(results: Iterable[Iterable[Any]]) -> list[Any]:
    """Draw what hooks return; one without an end would eat all memory, in a thread for ever."""
    found = list(islice(chain.from_iterable(results), MOST_OBJECTS + 1))
    if len(found) > MOST_OBJECTS:
        raise Fault(f"registers more than {MOST_OBJECTS} objects of one kind; {_ASK}")
    return found


def _take(made: _Made, plugin: str, plugins: Plugins, *, watched: bool) -> None:
    """Take over what a plugin registered; that of other people is watched over."""

    def guard(part: str, most: int | None = MOST_FAULTS) -> Guard:
        plugins.guards.append(Guard(part, most))
        return plugins.guards[-1]

    plugins.providers.update(made.providers)
    plugins.landscapes.update(made.landscapes)
    plugins.chats.update(made.chats)
    for name, scorer in made.scorers.items():
        # A judge has more parts than a scorer; what it asks has limits of its own.
        alone = not watched or isinstance(scorer, Judge)
        plugins.scorers[name] = (
            scorer if alone else WatchedScorer(scorer, guard(f"The scorer {name}"))
        )
    for name, feed in made.feeds.items():
        plugins.feeds[name] = WatchedFeed(feed, guard(f"The feed {name}"))
    for name, spec in made.commands.items():
        plugins.commands[name] = watched_command(spec, guard(f'The command "{name}"', None))
    for hook, listeners in made.listeners.items():
        for listener in listeners:
            whose = guard(f"A listener of the plugin {plugin}", MOST_DEAF)
            plugins.listeners.add(hook, listener, whose)


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
        raise Fault(_misfit(error, plugin)) from None
    return manager.hook


def _misfit(error: pluggy.PluginValidationError, plugin: object) -> str:
    for name in dir(plugin):
        if hasattr(getattr(plugin, name, None), f"{PROJECT}_impl") and name not in HOOKS:
            hint = suggestion(name, HOOKS) or f"; known: {', '.join(HOOKS)}"
            return f"has a hook {name}, which does not exist{hint}"
    return f"has a hook of the wrong shape: {one_line(error)}; compare it with the documentation"


def _check_api(supported: object) -> None:
    supported = redacted(str(supported))
    try:
        fits = SpecifierSet(supported).contains(API_VERSION)
    except InvalidSpecifier:
        raise Fault(
            f'states overheard_api = "{supported}", which is no version range; '
            'write one such as ">=1.0,<2"'
        ) from None
    if not fits:
        raise Fault(
            f"works with plugin API {supported}, and this is {API_VERSION}; "
            "install a version of it that fits"
        )


Result = TypeVar("Result")


def _guard(call: Callable[[], Result], failing: str, remedy: str) -> Result:
    """Call into a plugin; whatever it raises becomes a sentence, even an attempt to exit."""
    try:
        return call()
    except (KeyboardInterrupt, Fault, TooLong):
        raise
    except OverheardError as error:
        raise Fault(redacted(str(error))) from None
    except BaseException as error:
        raise Fault(f"{failing}: {one_line(error)}; {remedy}") from None


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


def _distribution(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist else (point.value, "")
