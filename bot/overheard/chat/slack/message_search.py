"""Finding messages by the key that the bot wrote into their metadata."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from overheard.chat.slack.client import SlackClient

POST_EVENT = "overheard_post"
"""The type of the metadata in which a message carries its key, invisible to readers."""
PART_EVENT = "overheard_part"
"""The type of the metadata of a message that continues the message above its thread."""
SEARCH_WINDOW_S = 7 * 86_400.0
"""Threads whose latest reply is older than this are not searched."""
PAGE_SIZE = 200
MAX_PAGES = 10
"""Pages of a channel or thread that are searched, newest first."""
MAX_THREADS = 20
"""Threads of a channel that are searched, those with the latest replies first."""

Posted = Mapping[str, Any]
"""A message as Slack returns it."""


async def find_post(client: SlackClient, channel: str, key: str, now: float) -> str | None:
    """Return the id of a recent message with a key, in a channel or its threads, or None.

    Needs the scopes channels:history and, for private channels, groups:history.

    Args:
        client: Calls Slack.
        channel: The channel's id.
        key: The key in the message's metadata.
        now: The time, in seconds since 1970.

    Raises:
        SlackFailed: when Slack does not return the messages.
    """
    since = now - SEARCH_WINDOW_S
    threads: list[tuple[float, str]] = []
    async for message in _pages(client, "conversations_history", channel=channel):
        if _key(message) == key:
            return str(message["ts"])
        latest = float(message.get("latest_reply") or 0)
        if latest > since:
            threads.append((latest, message["ts"]))
    for _, thread in sorted(threads, reverse=True)[:MAX_THREADS]:
        if message_id := await _find_in_thread(client, channel, thread, key, since):
            return message_id
    return None


async def find_parts(client: SlackClient, channel: str, message: str) -> list[str]:
    """Return the ids of the messages in a message's thread that continue the message.

    Raises:
        SlackFailed: when Slack does not return the messages.
    """
    thread = _pages(client, "conversations_replies", channel=channel, ts=message)
    return sorted([str(reply["ts"]) async for reply in thread if _event(reply) == PART_EVENT])


async def _find_in_thread(
    client: SlackClient, channel: str, thread: str, key: str, since: float
) -> str | None:
    """Return the id of the message with a key in a thread, or None."""
    arguments: dict[str, Any] = {"channel": channel, "ts": thread, "oldest": f"{since:.6f}"}
    async for message in _pages(client, "conversations_replies", **arguments):
        if _key(message) == key:
            return str(message["ts"])
    return None


async def _pages(client: SlackClient, method: str, **where: Any) -> AsyncIterator[Posted]:
    """Yield the messages of at most `MAX_PAGES` pages that a method returns."""
    cursor: dict[str, Any] = {"limit": PAGE_SIZE, "include_all_metadata": True}
    for _ in range(MAX_PAGES):
        answer = await client.call(method, **where, **cursor)
        for message in answer.get("messages") or ():
            yield message
        following = (answer.get("response_metadata") or {}).get("next_cursor")
        if not following:
            return
        cursor["cursor"] = following


def _event(message: Posted) -> str:
    """Return the type of a message's metadata, or an empty string."""
    return str((message.get("metadata") or {}).get("event_type", ""))


def _key(message: Posted) -> str | None:
    """Return the key of a message that the bot posted, or None."""
    if _event(message) != POST_EVENT:
        return None
    return (message["metadata"].get("event_payload") or {}).get("key")
