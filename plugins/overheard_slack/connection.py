"""How Slack's events arrive: over a websocket (Socket Mode) or as signed HTTP requests."""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from overheard import ChatUnavailable
from overheard_slack.client import NAME, SlackClient, SlackFailed
from overheard_slack.manifest import SLACK_EVENTS_PATH
from overheard_slack.workspaces import token_refusal

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 0.5
"""Seconds to wait for Slack's closing frame when a socket is closed."""
CHECKS_A_PING = 4
"""How often it is checked between two pings whether a socket is silent."""
MAX_REQUEST_BYTES = 1 << 20
"""Larger HTTP requests are refused; Slack's own are much smaller."""


@dataclass(frozen=True, slots=True)
class SocketTimeouts:
    """The times after which a socket counts as dead.

    Attributes:
        silence_s: Seconds without a message or an answered ping after which a new socket is opened.
        ping_interval_s: Seconds between two pings.
    """

    silence_s: float = 60.0
    ping_interval_s: float = 10.0


class SocketState:
    """The socket in use: whether Slack has accepted the connection, and how long it is silent."""

    def __init__(self) -> None:
        self._socket: SocketModeClient | None = None
        self._greeted_session: object = None
        self._last_message = 0.0

    @property
    def up(self) -> bool:
        """Whether a socket is open and Slack has sent at least one message over it."""
        session = self._socket.current_session if self._socket else None
        return session is not None and not session.closed and session is self._greeted_session

    @property
    def silence_s(self) -> float:
        """The seconds since the socket's last message or answered ping, or since `tracking`."""
        # The SDK notes the time of an answered ping by the wall clock, hence time.time() here.
        last_ping = (self._socket and self._socket.last_ping_pong_time) or 0.0
        return time.time() - max(self._last_message, last_ping)

    @contextlib.contextmanager
    def tracking(self, socket: SocketModeClient) -> Iterator[None]:
        """Count a socket as the one in use within the block, and none afterwards."""
        self._socket, self._last_message = socket, time.time()
        socket.on_message_listeners.append(self._note_message)
        try:
            yield
        finally:
            self._socket = None

    async def _note_message(self, _: aiohttp.WSMessage) -> None:
        """Mark the session as accepted: Slack's first message on a session is "hello"."""
        self._last_message = time.time()
        self._greeted_session = self._socket.current_session if self._socket else None


async def run_socket(
    app: AsyncApp, client: SlackClient, timeouts: SocketTimeouts, state: SocketState
) -> None:
    """Receive events over Socket Mode until cancelled.

    A socket that is down is silent. After `timeouts.silence_s` seconds without a message or an
    answered ping, the socket is closed, and a new one is opened; that is logged.

    Args:
        client: Calls Slack with the app-level token.
        timeouts: When a socket counts as dead, and the interval of pings.
        state: Is told which socket is in use.

    Raises:
        SlackFailed: when Slack cannot be asked for a socket.
    """
    while True:
        await _check_token(client)
        await _receive_until_silent(app, client, timeouts, state)
        log.warning("Slack's socket was silent for %g s; opening a new one", timeouts.silence_s)


async def _check_token(client: SlackClient) -> None:
    """Check the app-level token by asking Slack for the address of a socket.

    The SDK asks again itself, but it repeats a call with a refused token without end.

    Raises:
        SlackFailed: when the call fails for another reason.
    """
    try:
        await client.call("apps_connections_open", app_token=client.token)
    except SlackFailed as error:
        raise token_refusal(error, "app_token") or error from None


async def _receive_until_silent(
    app: AsyncApp, client: SlackClient, timeouts: SocketTimeouts, state: SocketState
) -> None:
    """Open a socket, receive events over it until it has been silent for some time, and close it.

    Silence is the time since the last message or answered ping, or since the start, so that a
    socket that cannot be opened is closed as well. It is also closed when the task is cancelled.

    Args:
        client: Calls Slack with the app-level token.
        timeouts: The silence that ends the socket, and the interval of pings.
        state: Is told that this socket is in use until then.
    """
    ping_s = timeouts.ping_interval_s
    handler = AsyncSocketModeHandler(app, client.token, web_client=client.web, ping_interval=ping_s)
    socket: SocketModeClient = handler.client
    with state.tracking(socket):
        connecting = asyncio.create_task(socket.connect())  # type: ignore[no-untyped-call]
        try:
            while state.silence_s < timeouts.silence_s:  # noqa: ASYNC110 - no event
                await asyncio.sleep(ping_s / CHECKS_A_PING)
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            await _close(socket)


async def _close(socket: SocketModeClient) -> None:
    """Close a socket; if Slack's closing frame does not come within `CLOSE_TIMEOUT_S` seconds, end
    the SDK's tasks for the socket and close its HTTP session.
    """
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await socket.close()  # type: ignore[no-untyped-call]
    except TimeoutError:
        for task in (socket.message_receiver, socket.message_processor):
            if task is not None:
                task.cancel()
        if socket.current_session_monitor is not None:
            socket.current_session_monitor.cancel()
        await socket.aiohttp_client_session.close()


@contextlib.asynccontextmanager
async def http_server(
    app: AsyncApp, secret: str, flow: AsyncOAuthFlow | None, host: str, port: int
) -> AsyncIterator[int]:
    """Serve Slack's HTTP requests within the block, and yield the port.

    Requests with a wrong signature or an old time stamp get the status 401 and are not parsed.
    Requests that are larger than `MAX_REQUEST_BYTES` are refused.

    Args:
        app: Receives the events.
        secret: The secret with which Slack signs its requests.
        flow: Serves the pages of an installation by OAuth; None where there are no such pages.
        host: The address to listen on.
        port: The port to listen on; 0 lets the system choose.

    Raises:
        ChatUnavailable: when the address is in use or not available.
    """
    verifier = SignatureVerifier(secret)

    async def receive_event(request: web.Request) -> web.Response:
        # Before slack-bolt, which parses a body first and fails on a malformed one.
        if not verifier.is_valid_request(await request.read(), dict(request.headers)):
            return web.json_response({"error": "invalid request"}, status=401)
        return await _answer(app.async_dispatch, request)

    server = web.Application(client_max_size=MAX_REQUEST_BYTES)
    server.router.add_post(SLACK_EVENTS_PATH, receive_event)
    if flow:
        server.router.add_get(flow.install_path, partial(_answer, flow.handle_installation))
        server.router.add_get(flow.redirect_uri_path, partial(_answer, flow.handle_callback))
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        # During a handover on one machine, the old and the new bot listen on the same port.
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


async def _answer(
    handle: Callable[[AsyncBoltRequest], Awaitable[BoltResponse]], request: web.Request
) -> web.Response:
    """Answer an HTTP request as slack-bolt handles it."""
    return await to_aiohttp_response(await handle(await to_bolt_request(request)))
