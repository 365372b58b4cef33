"""What one plugin registered, as the rest of the house sees it: watched over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from overheard.interfaces import Chat, Judge, Provider, Scorer
from overheard.plugins.aside import Aside
from overheard.plugins.chats import WatchedChat
from overheard.plugins.commands import watched_command
from overheard.plugins.feeds import WatchedFeed
from overheard.plugins.guard import MOST_FAULTS, Guard
from overheard.plugins.listeners import MOST_FAULTS as MOST_DEAF
from overheard.plugins.providers import WatchedProvider
from overheard.plugins.registering import Made
from overheard.plugins.reports import Plugins
from overheard.plugins.scorers import WatchedJudge, WatchedScorer


class Watch:
    """Watches over what one plugin registered.

    Args:
        plugin: Its name.
        source: What it was installed with and its version.
        secrets: Those of its settings.
        plugins: Where its guards and its thread are noted.
    """

    def __init__(
        self, plugin: str, source: str, secrets: Collection[str], plugins: Plugins
    ) -> None:
        self._plugin = plugin
        self._source = source
        self._secrets = secrets
        self._plugins = plugins
        self._aside = Aside()
        plugins.asides.append(self._aside)
        plugins.secrets.extend(secrets)

    def over(self, made: Made, *, ours: bool) -> Made:
        """Return what stands for it. Providers and scorers of our own need no watching."""
        watched = replace(
            made,
            chats={name: self._chat(chat) for name, chat in made.chats.items()},
            feeds={
                name: WatchedFeed(feed, self._guard(f"The feed {name}"))
                for name, feed in made.feeds.items()
            },
            commands={
                name: watched_command(spec, self._guard(f'The command "{name}"', None))
                for name, spec in made.commands.items()
            },
        )
        if ours:
            return watched
        return replace(
            watched,
            providers={name: self._provider(one) for name, one in made.providers.items()},
            scorers={name: self._scorer(one) for name, one in made.scorers.items()},
        )

    def listener(self) -> Guard:
        """Return who watches over a listener."""
        return self._guard(f"A listener of the plugin {self._plugin}", MOST_DEAF)

    def _provider(self, provider: Provider) -> Provider:
        return WatchedProvider(provider, self._guard, self._secrets)

    def _scorer(self, scorer: Scorer) -> Scorer:
        if isinstance(scorer, Judge):
            return WatchedJudge(scorer, self._guard(f"The judge {scorer.name}"))
        return WatchedScorer(scorer, self._guard(f"The scorer {scorer.name}"))

    def _chat(self, chat: Chat) -> Chat:
        # In the bot's loop, because it brings requests to the desk.
        guard = self._guard(f"The chat {chat.name}", None, beside=False)
        return WatchedChat(chat, guard, self._secrets)

    def _guard(self, part: str, most: int | None = MOST_FAULTS, *, beside: bool = True) -> Guard:
        guard = Guard(
            part,
            most,
            plugin=self._plugin,
            source=self._source,
            aside=self._aside if beside else None,
            secrets=self._secrets,
            notices=self._plugins.notices,
        )
        self._plugins.guards.append(guard)
        return guard
