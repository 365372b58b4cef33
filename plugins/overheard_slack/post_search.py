"""Finds the bot's own posts in a Slack channel by their metadata, so that none is posted twice."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from overheard_slack.client import SlackClient

POST_EVENT = "overheard_post"
"""The type of the metadata in which a message carries its key, invisible to readers."""
CONTINUATION_EVENT = "overheard_part"
"""The type of the metadata of a message in a thread that continues the post above the thread."""
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

    The channel's latest messages are searched first, and then, beginning with the latest reply, up
    to `MAX_THREADS` threads. A thread is searched only if it has replies of the last
    `SEARCH_WINDOW_S` seconds, and only for these. Needs the scope channels:history and, for private
    channels, groups:history.

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
    async for message in _messages(client, "conversations_history", channel=channel):
        if _key(message) == key:
            return str(message["ts"])
        latest = float(message.get("latest_reply") or 0)
        if latest > since:
            threads.append((latest, message["ts"]))
    for _, thread in sorted(threads, reverse=True)[:MAX_THREADS]:
        where = {"channel": channel, "ts": thread, "oldest": f"{since:.6f}"}
        async for message in _messages(client, "conversations_replies", **where):
            if _key(message) == key:
                return str(message["ts"])
    return None


async def find_continuations(client: SlackClient, channel: str, message: str) -> list[str]:
    """Return the ids of the messages that continue a post in its thread, oldest first.

    Args:
        client: Calls Slack.
        channel: The channel's id.
        message: The id of the post's first message.

    Raises:
        SlackFailed: when Slack does not return the messages.
    """
    replies = _messages(client, "conversations_replies", channel=channel, ts=message)
    return sorted(
        [str(reply["ts"]) async for reply in replies if _event(reply) == CONTINUATION_EVENT]
    )


async def _messages(client: SlackClient, method: str, **where: Any) -> AsyncIterator[Posted]:
    """Yield the messages of a channel, newest first, or of a thread, oldest first, with their
    metadata.

    These are at most `MAX_PAGES` pages of `PAGE_SIZE` messages; a page is fetched when it is
    needed.

    Args:
        method: ``conversations_history`` or ``conversations_replies``.
        where: The arguments of the method, such as ``channel``.

    Raises:
        SlackFailed: when Slack does not return a page.
    """
    page: dict[str, Any] = {"limit": PAGE_SIZE, "include_all_metadata": True}
    for _ in range(MAX_PAGES):
        answer = await client.call(method, **where, **page)
        for message in answer.get("messages") or ():
            yield message
        next_cursor = (answer.get("response_metadata") or {}).get("next_cursor")
        if not next_cursor:
            return
        page["cursor"] = next_cursor


def _event(message: Posted) -> str:
    """Return the type of a message's metadata, or an empty string."""
    return str((message.get("metadata") or {}).get("event_type", ""))


def _key(message: Posted) -> str | None:
    """Return the key with which `SlackChat.post` has posted a message; None for any other."""
    if _event(message) != POST_EVENT:
        return None
    return (message["metadata"].get("event_payload") or {}).get("key")
