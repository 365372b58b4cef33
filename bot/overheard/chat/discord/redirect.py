"""Discord elsewhere: another address for one client's API and gateway.

discord.py keeps both addresses in class attributes (`Route.BASE`,
`DiscordWebSocket.DEFAULT_GATEWAY`), which all clients of a process share. Here only what this
client sends is sent elsewhere: its requests, its gateway, and its answers to interactions, which
go through an adapter of their own that is found in a context variable.
"""

from __future__ import annotations

from typing import Any

import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from overheard.tables.chats import DISCORD_API, DISCORD_GATEWAY, DiscordTable


def redirect(client: discord.Client, settings: DiscordTable) -> None:
    """Send a client's requests and its gateway to the addresses of its settings."""
    if settings.api_url != DISCORD_API:
        _redirect_requests(client, settings.api_url.rstrip("/"))
    if settings.gateway_url != DISCORD_GATEWAY:
        _redirect_gateway(client, settings.gateway_url)


def redirect_answers(settings: DiscordTable) -> None:
    """Send the answers of interactions that arrive in this task and its children elsewhere, too."""
    if settings.api_url != DISCORD_API:
        async_context.set(_Adapter(settings.api_url.rstrip("/")))


def _redirect_requests(client: discord.Client, base: str) -> None:
    request = client.http.request

    async def elsewhere(route: Route, **more: Any) -> Any:
        return await request(_moved(route, base), **more)

    client.http.request = elsewhere  # type: ignore[method-assign]


def _redirect_gateway(client: discord.Client, gateway: str) -> None:
    connect = client.http.ws_connect
    default = str(DiscordWebSocket.DEFAULT_GATEWAY)

    async def elsewhere(url: str, **more: Any) -> Any:
        return await connect(url.replace(default, gateway, 1), **more)

    client.http.ws_connect = elsewhere  # type: ignore[method-assign]


class _Adapter(AsyncWebhookAdapter):
    """Answers interactions elsewhere."""

    def __init__(self, base: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # discord.py has no types there
        self._base = base

    async def request(self, route: Route, *args: Any, **more: Any) -> Any:
        """Send a request."""
        return await super().request(_moved(route, self._base), *args, **more)


def _moved(route: Route, base: str) -> Route:
    route.url = route.url.replace(Route.BASE, base, 1)
    return route
