"""Finding a message again by the key that was written into it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from overheard.chat.slack.client import SlackClient

MARK = "overheard_post"
"""The event type of the metadata in which a message carries its key, unseen by readers."""
PART = "overheard_part"
"""The same of a message in a thread that belongs to the message above it."""
RECENT = 7 * 86_400.0
"""Seconds: a thread whose latest reply is older is not looked through."""
PAGE = 200
MOST_PAGES = 10
"""Pages of a channel or thread that are looked through, newest first."""
MOST_THREADS = 20
"""Threads of a channel that are looked through, those with the latest replies first."""

Posted = Mapping[str, Any]


async def find(client: SlackClient, channel: str, key: str, now: float) -> str | None:
    """Return the time stamp of a recent message with this key, in a channel or its threads.

    Needs the scopes channels:history and, for private channels, groups:history.

    Args:
        client: Calls Slack.
        channel: Where to look.
        key: What the message carries.
        now: The time, in seconds since 1970.

    Raises:
        SlackFailed: when Slack does not let us look.
    """
    since = now - RECENT
    threads: list[tuple[float, str]] = []
    async for message in _pages(client, "conversations_history", channel=channel):
        if _key(message) == key:
            return str(message["ts"])
        latest = float(message.get("latest_reply") or 0)
        if latest > since:
            threads.append((latest, message["ts"]))
    for _, thread in sorted(threads, reverse=True)[:MOST_THREADS]:
        if found := await _within(client, channel, thread, key, since):
            return found
    return None


async def parts(client: SlackClient, channel: str, message: str) -> list[str]:
    """Return the time stamps of the messages that follow one in its thread and belong to it.

    Raises:
        SlackFailed: when Slack does not let us look.
    """
    thread = _pages(client, "conversations_replies", channel=channel, ts=message)
    return sorted([str(one["ts"]) async for one in thread if _type(one) == PART])


async def _within(
    client: SlackClient, channel: str, thread: str, key: str, since: float
) -> str | None:
    where: dict[str, Any] = {"channel": channel, "ts": thread, "oldest": f"{since:.6f}"}
    async for message in _pages(client, "conversations_replies", **where):
        if _key(message) == key:
            return str(message["ts"])
    return None


async def _pages(client: SlackClient, method: str, **where: Any) -> AsyncIterator[Posted]:
    cursor: dict[str, Any] = {}
    for _ in range(MOST_PAGES):
        answer = await client.call(method, limit=PAGE, include_all_metadata=True, **where, **cursor)
        for message in answer.get("messages") or ():
            yield message
        following = (answer.get("response_metadata") or {}).get("next_cursor")
        if not following:
            return
        cursor = {"cursor": following}


def _type(message: Posted) -> str:
    return str((message.get("metadata") or {}).get("event_type", ""))


def _key(message: Posted) -> str | None:
    if _type(message) != MARK:
        return None
    return (message["metadata"].get("event_payload") or {}).get("key")
