"""Socket Mode: Slack's events over a websocket that this program opens."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from overheard.chat.slack.client import SlackClient, SlackFailed
from overheard.chat.slack.workspaces import refusal

logger = logging.getLogger(__name__)

PARTING = 0.5
"""Seconds that are waited for the other end of a socket to say goodbye."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How a socket is watched.

    Attributes:
        silence: Seconds without a sign of life after which a socket is built anew.
        ping: Seconds between two pings; each is answered when the line is good.
    """

    silence: float = 60.0
    ping: float = 10.0


class Line:
    """The socket that is held at the moment, if any."""

    def __init__(self) -> None:
        self._socket: SocketModeClient | None = None
        self._greeted: object = None

    @property
    def up(self) -> bool:
        """Whether there is one, it is open, and Slack has said something over it."""
        session = self._socket.current_session if self._socket else None
        return session is not None and not session.closed and session is self._greeted

    @contextlib.contextmanager
    def holding(self, socket: SocketModeClient) -> Iterator[None]:
        """Hold a socket within the block."""
        self._socket = socket
        socket.on_message_listeners.append(self._heard)
        try:
            yield
        finally:
            self._socket = None

    async def _heard(self, _: aiohttp.WSMessage) -> None:
        """Take a message, of which "hello" is the first, as the sign of a whole connection."""
        self._greeted = self._socket.current_session if self._socket else None


async def keep_listening(app: AsyncApp, client: SlackClient, watch: Watch, line: Line) -> None:
    """Listen until cancelled; a socket that is silent or down for too long is built anew.

    Args:
        app: Where events go.
        client: Calls Slack with the app-level token.
        watch: How long is too long.
        line: Is given each socket that is held.

    Raises:
        ChatUnavailable: when Slack refuses the token.
        SlackFailed: when Slack cannot be asked for a socket.
    """
    while True:
        await _check(client)
        await _listen(app, client, watch, line)
        logger.warning("Slack's socket was silent for %g s; it is built anew", watch.silence)


async def _check(client: SlackClient) -> None:
    """Ask for a socket once ourselves: the SDK asks for ever with a token that is no good."""
    try:
        await client.call("apps_connections_open", app_token=client.token)
    except SlackFailed as error:
        raise refusal(error, "app_token") or error from None


async def _listen(app: AsyncApp, client: SlackClient, watch: Watch, line: Line) -> None:
    """Hold one socket until it has been silent for too long."""
    handler = AsyncSocketModeHandler(
        app, client.token, web_client=client.web, ping_interval=watch.ping
    )
    socket: SocketModeClient = handler.client
    life = _Life()
    socket.on_message_listeners.append(life.heard)
    with line.holding(socket):
        connecting = asyncio.create_task(socket.connect())  # type: ignore[no-untyped-call]
        try:
            while life.silence(socket) < watch.silence:  # noqa: ASYNC110 - silence makes no event
                await asyncio.sleep(watch.ping / 4)
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            await _close(socket)


async def _close(socket: SocketModeClient) -> None:
    """Close a socket, also one whose other end is silent."""
    try:
        async with asyncio.timeout(PARTING):
            await socket.close()  # type: ignore[no-untyped-call]
    except TimeoutError:
        for task in (socket.message_receiver, socket.message_processor):
            if task is not None:
                task.cancel()
        if socket.current_session_monitor is not None:
            socket.current_session_monitor.cancel()
        await socket.aiohttp_client_session.close()


class _Life:
    """Remembers when there was the last sign of life."""

    def __init__(self) -> None:
        self._heard = time.time()

    async def heard(self, _: aiohttp.WSMessage) -> None:
        """Take a message as a sign of life."""
        self._heard = time.time()

    def silence(self, socket: SocketModeClient) -> float:
        """Return for how many seconds nothing came, neither a message nor the answer to a ping."""
        # The SDK notes by the same clock, the time of day, when a ping was answered.
        return time.time() - max(self._heard, socket.last_ping_pong_time or 0.0)
