"""The chats of a configuration, opened for a process: Slack, Discord, and those of plugins."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from overheard.config.sections import Config
from overheard.deployment import Deployment
from overheard.errors import ChatUnavailable
from overheard.installation import reinstall_command
from overheard.interfaces import Chat, DarkChat

log = logging.getLogger("overheard")

CLOSE_TIMEOUT_S = 0.5
"""Seconds that a chat has to close its connections."""


@asynccontextmanager
async def opened_chats(deployment: Deployment) -> AsyncIterator[dict[str, Chat]]:
    """Provide the chats of a deployment, by name, within the block. They are closed afterwards,
    each within `CLOSE_TIMEOUT_S`; what they raise then is ignored.

    A plugin's chat replaces a platform of the same name. Charts are drawn dark for chats that are
    dark.
    """
    chats = {**open_chats(deployment.config), **deployment.plugins.chats}
    if chats:  # without one, no start waits for the kinds of charts
        from overheard.cards.charts.renderer import darken

        darken(name for name, chat in chats.items() if isinstance(chat, DarkChat) and chat.dark)
    try:
        yield chats
    finally:
        for chat in chats.values():
            with contextlib.suppress(Exception):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await chat.close()


def open_chats(config: Config) -> dict[str, Chat]:
    """Return the chats that a configuration has tables for, by name; they are not connected yet. A
    chat whose package is not installed is logged with a remedy, and left out.
    """
    chats: dict[str, Chat] = {}
    for name in ("slack", "discord"):
        if getattr(config, name) is None:
            continue
        try:
            chats[name] = _new_chat(name, config)
        except ModuleNotFoundError as error:
            remedy = f"install it with: {reinstall_command('overheard')}"
            reason = f"the package {error.name} is missing"
            log.warning("%s", ChatUnavailable(chat=name, reason=reason, remedy=remedy))
    return chats


def _new_chat(name: str, config: Config) -> Chat:
    """Return the chat of a configured platform, which is not connected yet.

    Args:
        name: ``slack`` or ``discord``.

    Raises:
        ModuleNotFoundError: when the platform's package is not installed.
    """
    # Imported here, because the package of each platform takes half a second.
    if name == "slack":
        assert config.slack  # noqa: S101 - the caller has checked
        from overheard.chat.slack.chat import SlackChat

        return SlackChat(config.slack)
    assert config.discord  # noqa: S101 - the caller has checked
    from overheard.chat.discord.chat import DiscordChat

    return DiscordChat(config.discord)
