"""Opens the chats that a configuration describes."""

from __future__ import annotations

import logging

from overheard.config.loader import Config
from overheard.errors import ChatUnavailable
from overheard.installation import reinstall_command
from overheard.interfaces import Chat

log = logging.getLogger("overheard")


def open_chats(config: Config) -> dict[str, Chat]:
    """Return the chats that a configuration describes, by name; log one that is not installed."""
    chats: dict[str, Chat] = {}
    for name in ("slack", "discord"):
        if getattr(config, name) is None:
            continue
        try:
            chats[name] = _open(name, config)
        except ModuleNotFoundError as error:
            remedy = f"install it with: {reinstall_command('overheard')}"
            reason = f"the package {error.name} is missing"
            log.warning("%s", ChatUnavailable(chat=name, reason=reason, remedy=remedy))
    return chats


def _open(name: str, config: Config) -> Chat:
    """Import a platform and return its chat."""
    # Each takes half a second to import.
    if name == "slack" and config.slack:
        from overheard.chat.slack.chat import SlackChat

        return SlackChat(config.slack)
    assert config.discord  # noqa: S101 - the caller has checked
    from overheard.chat.discord.chat import DiscordChat

    return DiscordChat(config.discord)
