"""Discord's API: its errors as errors of the bot, and other addresses for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from overheard import ChatFailed, ChatUnavailable, wording
from overheard_discord.settings import DiscordSettings

NAME = "discord"
"""The chat's name in configuration, routes and channel names."""
PLATFORM = "Discord"
"""The chat's name in sentences for people."""
PORTAL = "https://discord.com/developers/applications"
REASONS = {
    10003: "there is no such channel, or the bot is not in its server",
    10008: "there is no such message any more",
    50001: "the bot may not see the channel; let it in by the channel's permissions",
    50007: "this person takes no direct messages",
    50013: "the bot lacks a permission in the channel; `overheard doctor` says which",
}
"""Reasons by error code; https://docs.discord.com/developers, opcodes and status codes."""
MAX_ERROR_TEXT = 200
"""Characters of Discord's own words in an error."""
INVALID_TOKEN_CLOSE_CODE = 4004
"""The code with which the gateway closes a connection whose token is invalid."""
DISALLOWED_INTENTS_CLOSE_CODE = 4014
"""The code with which the gateway closes a connection with intents that it does not allow."""


def refused_token() -> ChatUnavailable:
    """Return the error for a token that Discord refuses."""
    remedy = f"reset it on the page Bot of your application at {PORTAL} and set DISCORD_TOKEN"
    return ChatUnavailable(chat=PLATFORM, reason="Discord refuses the token", remedy=remedy)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise `ChatFailed` in place of the errors of discord.py and of connections in the block.

    Raises:
        ChatFailed: for such an error; any other error stays as it is.
    """
    try:
        yield
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        raise chat_failed(error) from None


def chat_failed(error: Exception) -> ChatFailed:
    """Return an error of discord.py or of a connection as `ChatFailed`.

    It is marked as ambiguous, because the request may have had its effect all the same, unless
    Discord refused the request (HTTP status under 500) or the request was never sent. Its
    `retry_after` is set if Discord says when it takes requests again.
    """
    failed = ChatFailed(chat=PLATFORM, reason=_failure_reason(error))
    failed.retry_after = _retry_after(error)
    refusal = isinstance(error, discord.HTTPException) and error.status < 500
    unsent = isinstance(error, discord.RateLimited | aiohttp.ClientConnectorError)
    failed.ambiguous = not (refusal or unsent)
    return failed


def _failure_reason(error: Exception) -> str:
    """Return why a request failed, as a clause about Discord ("it took too long").

    Rate limits, timeouts and lost connections have clauses of their own. A refusal has that of
    `REASONS`; with another code, it is Discord's HTTP status and words, of which `MAX_ERROR_TEXT`
    characters are kept.
    """
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
    text = wording.shorten(wording.line(error.text), MAX_ERROR_TEXT).rstrip(".")
    return f"it answered {error.status} ({text})" if text else f"it answered {error.status}"


def _retry_after(error: Exception) -> float | None:
    """Return the seconds after which Discord accepts requests again; None if it does not say.

    They come from discord.py's own error for a rate limit, or from the header ``Retry-After``.
    """
    if isinstance(error, discord.RateLimited):
        return error.retry_after
    if not isinstance(error, discord.HTTPException):
        return None
    try:
        return float(error.response.headers["Retry-After"])
    except (KeyError, ValueError):
        return None


def redirect(client: discord.Client, settings: DiscordSettings) -> None:
    """Let a client, and no other one in this process, use the addresses of ``[discord]``."""
    request, connect = client.http.request, client.http.ws_connect
    default_gateway = str(DiscordWebSocket.DEFAULT_GATEWAY)

    async def redirected_request(route: Route, **more: Any) -> Any:
        return await request(_redirected(route, settings), **more)

    async def redirected_connect(url: str, **more: Any) -> Any:
        return await connect(url.replace(default_gateway, settings.gateway_url, 1), **more)

    client.http.request = redirected_request  # type: ignore[method-assign]
    client.http.ws_connect = redirected_connect  # type: ignore[method-assign]


def redirect_answers(settings: DiscordSettings) -> None:
    """Let this task, and the tasks that it starts, answer interactions at the address of
    ``[discord]``.
    """
    async_context.set(_RedirectedAdapter(settings))


class _RedirectedAdapter(AsyncWebhookAdapter):
    """Answers interactions at the address of ``[discord]``."""

    def __init__(self, settings: DiscordSettings) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # discord.py has no types there
        self._settings = settings

    async def request(self, route: Route, *args: Any, **more: Any) -> Any:
        """Send a request, and return the answer."""
        return await super().request(_redirected(route, self._settings), *args, **more)


def _redirected(route: Route, settings: DiscordSettings) -> Route:
    route.url = route.url.replace(Route.BASE, settings.api_url.rstrip("/"), 1)
    return route
