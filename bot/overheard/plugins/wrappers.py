"""What plugins registered, as the rest of the program uses it: behind guards.

Here are feeds and listeners; providers, scorers, and chats with commands are in
``guarded_provider.py``, ``guarded_scorers.py`` and ``views.py``.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from overheard.domain import Alert, Answer, ModelUpdate, ScoreRecord
from overheard.errors import PluginFault
from overheard.interfaces import Listener, UpdateFeed
from overheard.plugins import validation
from overheard.plugins.guard import Guard, Guards
from overheard.plugins.guarded_provider import GuardedProvider
from overheard.plugins.guarded_scorers import guarded_scorer
from overheard.plugins.registration import Registered
from overheard.plugins.scorer_process import PluginLocation, ScorerProcess
from overheard.plugins.views import GuardedChat, guarded_command

FEED_TIMEOUT_S = 30.0
"""Seconds that an update feed may take."""
LISTENER_TIMEOUT_S = 5.0
"""Seconds that a listener may take for one notification."""
MAX_LISTENER_FAULTS = 3
"""Faults in a row after which a listener is paused: each notification waits for it."""


def guarded(
    registered: Registered,
    guards: Guards,
    process: ScorerProcess | None = None,
    origin: PluginLocation | None = None,
) -> Registered:
    """Return the objects that a plugin registers, behind guards.

    Chats, feeds, commands and listeners have guards in any case; landscapes are data and need none.
    Providers and scorers get guards if ``process`` and ``origin`` are given. Chats and commands are
    never paused.

    Args:
        guards: Makes the guards.
        process: Runs the scorers of a third party; None for a built-in plugin.
        origin: The plugin, for the process that runs its scorers; None for a built-in plugin.
    """
    providers, scorers = registered.providers, registered.scorers
    if process is not None and origin is not None:
        providers = {
            name: GuardedProvider(provider, guards) for name, provider in providers.items()
        }
        scorers = {
            name: guarded_scorer(scorer, guards, process, origin)
            for name, scorer in scorers.items()
        }
    return replace(
        registered,
        providers=providers,
        scorers=scorers,
        chats={
            name: GuardedChat(chat, guards.of(f"The chat {name}", None))
            for name, chat in registered.chats.items()
        },
        feeds={
            name: GuardedFeed(feed, guards.of(f"The feed {name}"))
            for name, feed in registered.feeds.items()
        },
        commands={
            name: guarded_command(spec, guards.of(f'The command "{name}"', None))
            for name, spec in registered.commands.items()
        },
        listeners={
            hook: [_guarded_listener(listener, guards) for listener in listeners]
            for hook, listeners in registered.listeners.items()
        },
    )


class GuardedFeed:
    """An update feed whose updates are validated."""

    def __init__(self, feed: UpdateFeed, guard: Guard) -> None:
        self.name = feed.name
        self._feed = feed
        self._guard = guard

    async def updates(self, since: datetime) -> Sequence[ModelUpdate]:
        """Return the feed's updates since a moment, validated.

        Raises:
            PluginFault: when the feed fails, takes longer than `FEED_TIMEOUT_S`, or returns
                something else.
            PluginPaused: when the feed is paused.
        """

        async def read() -> list[ModelUpdate]:
            return validation.validated_updates(await self._feed.updates(since))

        return await self._guard.call(read, FEED_TIMEOUT_S)


def _guarded_listener(listener: Listener, guards: Guards) -> Callable[..., Awaitable[None]]:
    """Return a listener that gets copies of its arguments and raises no fault: faults are counted,
    and `MAX_LISTENER_FAULTS` in a row pause the listener. A call may take `LISTENER_TIMEOUT_S`.
    """
    guard = guards.of(f"A listener of the plugin {guards.plugin}", MAX_LISTENER_FAULTS)

    async def notify(*what: Any) -> None:
        with contextlib.suppress(PluginFault):
            # A copy: other listeners get the same objects, and even a frozen object can be changed.
            await guard.call(partial(listener, *deepcopy(what)), LISTENER_TIMEOUT_S)

    return notify


class Listeners:
    """All listeners, by the hook that registered them."""

    def __init__(self) -> None:
        self._by_hook: dict[str, list[Callable[..., Awaitable[None]]]] = defaultdict(list)

    def add(self, hook: str, listener: Callable[..., Awaitable[None]]) -> None:
        """Add a guarded listener."""
        self._by_hook[hook].append(listener)

    async def answer_scored(self, answer: Answer, scores: Sequence[ScoreRecord]) -> None:
        """Notify that a scorer has read an answer."""
        await self._notify("overheard_answer_scored", answer, scores)

    async def alert_raised(self, alert: Alert) -> None:
        """Notify of each shift of a new alert."""
        for shift in (alert.shift, *alert.also):
            await self._notify("overheard_shift_detected", shift, alert)

    async def alert_posted(self, alert: Alert, channel: str, message: str) -> None:
        """Notify that an alert's message was posted in a channel."""
        await self._notify("overheard_alert_posted", alert, channel, message)

    async def _notify(self, hook: str, *what: Any) -> None:
        for listener in self._by_hook.get(hook, ()):
            await listener(*what)
