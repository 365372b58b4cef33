"""The gateway of a small Discord on loopback."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

from kit.discord_payloads import Json, guild, ready

Bot = tuple[web.WebSocketResponse, asyncio.Transport]
TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAx.loop.back"


class Gateway:
    """What bots keep a connection to.

    Attributes:
        opened: How each connection began: ``identify`` or ``resume``.
        heartbeats: How many arrived.
        interval: Milliseconds between two of them.
        acknowledges: Whether they are answered.
        refuses: Whether the token is refused.
        permissions: What the bot may do in the server.
        address: The gateway's address, at which bots resume.
    """

    def __init__(self, permissions: str) -> None:
        self.opened: list[str] = []
        self.heartbeats = 0
        self.interval = 30_000
        self.acknowledges = True
        self.refuses = False
        self.permissions = permissions
        self.address = ""
        self._bots: list[Bot] = []
        self._sequence = 0
        self._changed = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether a bot is connected."""
        return bool(self._bots)

    def stir(self) -> None:
        """Let those look again who wait."""
        self._changed.set()

    async def until(self, true: Callable[[], Any]) -> None:
        """Wait until something is so that changes with what arrives."""
        async with asyncio.timeout(20):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    def drop(self) -> None:
        """Cut the connections without a word."""
        for _, transport in self._bots:
            transport.abort()
        self._bots.clear()

    async def send(self, event: str, data: Json) -> None:
        """Send an event to the bots."""
        for bot in [*self._bots]:
            await self._tell(bot, event, data)

    async def _tell(self, bot: Bot, event: str, data: Json) -> None:
        self._sequence += 1
        with contextlib.suppress(ConnectionError):  # it is just hanging up
            await bot[0].send_json({"op": 0, "t": event, "s": self._sequence, "d": data})

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Take a connection."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert request.transport
        bot = (socket, request.transport)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": self.interval}})
        async for said in socket:
            if said.type is WSMsgType.TEXT:
                await self._hear(bot, json.loads(said.data))
                self.stir()
        self._bots = [other for other in self._bots if other is not bot]
        return socket

    async def _hear(self, bot: Bot, said: Json) -> None:
        if said["op"] == 1:
            self.heartbeats += 1
            if self.acknowledges:
                await bot[0].send_json({"op": 11})
        elif said["op"] == 2:
            self.opened.append("identify")
            if self.refuses or said["d"]["token"] != TOKEN:
                await bot[0].close(code=4004, message=b"Authentication failed.")
                return
            self._bots.append(bot)
            await self._tell(bot, "READY", ready(self.address))
            there = guild(self.permissions) | {"unavailable": False}
            await self._tell(bot, "GUILD_CREATE", there)
        elif said["op"] == 6:
            self.opened.append("resume")
            self._bots.append(bot)
            await self._tell(bot, "RESUMED", {})
