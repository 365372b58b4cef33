"""What goes wrong with Discord, as our errors tell it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from overheard.cards import wording
from overheard.errors import ChatFailed, ChatUnavailable

NAME = "Discord"
PORTAL = "https://discord.com/developers/applications"
REASONS = {
    10003: "there is no such channel, or the bot is not in its server",
    10008: "there is no such message any more",
    50001: "the bot may not see the channel; let it in by the channel's permissions",
    50007: "this person takes no direct messages",
    50013: "the bot lacks a permission in the channel; `overheard doctor` says which",
}
"""By Discord's error code; https://docs.discord.com/developers, opcodes and status codes."""
REFUSED = 4004
"""The gateway's close code for a bad token."""


def no_token() -> ChatUnavailable:
    """Return what to say when nobody gave a token."""
    remedy = "set the environment variable DISCORD_TOKEN, or name a file as token_file in [discord]"
    return ChatUnavailable(chat=NAME, reason="there is no token", remedy=remedy)


def refused() -> ChatUnavailable:
    """Return what to say when Discord does not take the token."""
    remedy = f"reset it on the page Bot of your application at {PORTAL} and set DISCORD_TOKEN"
    return ChatUnavailable(chat=NAME, reason="Discord refuses the token", remedy=remedy)


@contextmanager
def told() -> Iterator[None]:
    """Turn what discord.py and sockets raise into `ChatFailed`."""
    try:
        yield
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        raise failure(error) from None


def failure(error: Exception) -> ChatFailed:
    """Return an error as ours; only a refusal is certain not to have gone through."""
    failed = ChatFailed(chat=NAME, reason=_reason(error))
    failed.retry_after = _retry_after(error)
    refusal = isinstance(error, discord.HTTPException) and error.status < 500
    unsent = isinstance(error, discord.RateLimited | aiohttp.ClientConnectorError)
    failed.ambiguous = not (refusal or unsent)
    return failed


def _reason(error: Exception) -> str:
    if isinstance(error, discord.RateLimited):
        return "it asks for fewer messages"
    if isinstance(error, TimeoutError):
        return "it took too long"
    if not isinstance(error, discord.HTTPException):
        return f"the connection failed ({type(error).__name__})"
    if error.code in REASONS:
        return REASONS[error.code]
    if error.status == 429:
        return "it asks for fewer messages"
    said = wording.shorten(wording.line(error.text), 200).rstrip(".")
    return f"it answered {error.status}{f' ({said})' if said else ''}"


def _retry_after(error: Exception) -> float | None:
    if isinstance(error, discord.RateLimited):
        return error.retry_after
    if not isinstance(error, discord.HTTPException):
        return None
    try:
        return float(error.response.headers["Retry-After"])
    except (KeyError, ValueError):
        return None
