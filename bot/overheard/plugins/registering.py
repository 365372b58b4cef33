"""What one plugin registers: imported, asked, and looked at, whatever it raises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from inspect import isasyncgen, iscoroutine
from itertools import chain, islice
from typing import Any, TypeVar

import pluggy
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from overheard import hookspecs
from overheard.cards.command import CommandSpec
from overheard.config.settings import suggestion
from overheard.domain import Landscape
from overheard.errors import OverheardError
from overheard.hookspecs import API_VERSION, HOOKS, PROJECT, PluginSettings
from overheard.interfaces import Chat, Provider, Scorer, UpdateFeed
from overheard.plugins import shapes
from overheard.plugins.reports import Plugins
from overheard.plugins.reserved import WORDS
from overheard.plugins.shapes import Fault
from overheard.plugins.wording import ASK, one_line, redacted, said

NOTICES = ("overheard_answer_scored", "overheard_shift_detected", "overheard_alert_posted")
MOST_OBJECTS = 1_000
"""Objects that a plugin may register for one hook."""
LONGEST_WORDS = 1_000
"""Characters of what a plugin says of its own settings."""

Objects = Mapping[str, list[Any]]
"""What each hook returned."""
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Made:
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


def registered(
    point: EntryPoint, distribution: str, settings: Mapping[str, PluginSettings]
) -> Objects:
    """Import one plugin, and call each of its hooks.

    Raises:
        Fault: when that fails.
    """
    hooks = _hooks(point, distribution)

    def objects(hook: str, section: str) -> list[Any]:
        return _all(getattr(hooks, hook)(settings=settings[section]))

    return {
        "providers": objects("overheard_providers", "providers"),
        "scorers": objects("overheard_scorers", "scorers"),
        "landscapes": _all(hooks.overheard_landscapes()),
        "chats": objects("overheard_chats", "chats"),
        "feeds": objects("overheard_update_feeds", "feeds"),
        "commands": _all(hooks.overheard_commands()),
        **{hook: objects(hook, "listeners") for hook in NOTICES},
    }


def looked_at(objects: Objects, plugins: Plugins) -> Made:
    """Look at what a plugin registered, beside what others have registered before.

    Raises:
        Fault: when it is of the wrong shape, or a name is taken.
    """
    return Made(
        shapes.providers(objects["providers"], plugins.providers),
        shapes.scorers(objects["scorers"], plugins.scorers),
        shapes.landscapes(objects["landscapes"], plugins.landscapes),
        shapes.chats(objects["chats"], plugins.chats),
        shapes.feeds(objects["feeds"], plugins.feeds),
        shapes.commands(objects["commands"], plugins.commands, WORDS),
        {hook: shapes.listeners(hook, objects[hook]) for hook in NOTICES},
    )


def faulted(error: BaseException, secrets: Iterable[str], failing: str, remedy: str) -> Fault:
    """Return what a plugin raised as a sentence, even an attempt to exit."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, OverheardError) and (words := said(error)):
        return Fault(redacted(words, [*secrets])[:LONGEST_WORDS])
    return Fault(f"{failing}: {one_line(error, [*secrets])}; {remedy}")


def _all(results: Iterable[Iterable[Any]]) -> list[Any]:
    """Draw what hooks return; one without an end would eat all memory, in a thread for ever."""
    for result in results:
        if iscoroutine(result):
            result.close()
        if iscoroutine(result) or isasyncgen(result):
            raise Fault(f"has an async hook, and hooks are plain functions; {ASK}")
    found = list(islice(chain.from_iterable(results), MOST_OBJECTS + 1))
    if len(found) > MOST_OBJECTS:
        raise Fault(f"registers more than {MOST_OBJECTS} objects of one kind; {ASK}")
    return found


def _hooks(point: EntryPoint, distribution: str) -> Any:
    """Import one plugin into a manager of its own and return its hooks."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    plugin = _imported(point.load, distribution)
    _check_api(getattr(plugin, "overheard_api", ""))
    try:
        manager.register(plugin, point.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise Fault(_misfit(error, plugin)) from None
    return manager.hook


def _imported(load: Callable[[], Any], distribution: str) -> Any:
    try:
        return load()
    except BaseException as error:
        install = f"pip install --force-reinstall {distribution}"
        remedy = f'reinstall it with "{install}" or remove it'
        raise faulted(error, (), "cannot be imported", remedy) from None


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
            f'states overheard_api = "{supported[:80]}", which is no version range; '
            'write one such as ">=1.0,<2"'
        ) from None
    if not fits:
        raise Fault(
            f"works with plugin API {supported}, and this is {API_VERSION}; "
            "install a version of it that fits"
        )
