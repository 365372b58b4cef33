"""Slack's events over HTTP. slack-bolt judges each request by its signature and its age."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow

from overheard.chat.slack.client import NAME
from overheard.errors import ChatUnavailable

EVENTS = "/slack/events"
LARGEST = 1 << 20
"""Bytes of a request; Slack's own are much smaller."""


@contextlib.asynccontextmanager
async def serving(
    app: AsyncApp, flow: AsyncOAuthFlow | None, host: str, port: int
) -> AsyncIterator[int]:
    """Serve Slack's requests within the block, which is given the port.

    Raises:
        ChatUnavailable: when the address cannot be listened on.
    """
    runner = web.AppRunner(_routes(app, flow), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        # While one bot hands over to another on the same machine, both listen.
        site = web.TCPSite(runner, host, port, reuse_port=hasattr(socket, "SO_REUSEPORT") or None)
        try:
            await site.start()
        except OSError as error:
            remedy = "choose another with host and port in [slack]"
            reason = f"it cannot listen on {host}:{port} ({error.strerror})"
            raise ChatUnavailable(chat=NAME, reason=reason, remedy=remedy) from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _routes(app: AsyncApp, flow: AsyncOAuthFlow | None) -> web.Application:
    async def event(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    server = web.Application(client_max_size=LARGEST)
    server.add_routes([web.post(EVENTS, event)])
    if flow:
        server.add_routes(_installation(flow))
    return server


def _installation(flow: AsyncOAuthFlow) -> list[web.RouteDef]:
    async def install(request: web.Request) -> web.Response:
        return await to_aiohttp_response(
            await flow.handle_installation(await to_bolt_request(request))
        )

    async def installed(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await flow.handle_callback(await to_bolt_request(request)))

    return [web.get(flow.install_path, install), web.get(flow.redirect_uri_path, installed)]
