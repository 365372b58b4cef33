"""A strict Slack on loopback: its Web API, and what people do in it, over sockets or HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import random
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from kit.slack_judge import judge_options, judge_view
from kit.slack_methods import CHANNEL, SECRET, TEAM, USER
from kit.slack_web import SlackWeb


class SlackPeer(SlackWeb):
    """A running Slack with one workspace.

    Attributes:
        events_url: Where events are posted; empty for Socket Mode.
        acks: Seconds between an event and its acknowledgement.
        opened: How many sockets were opened.
        mute: Whether sockets are silent: no hello, and no answer to a ping.
    """

    def __init__(self) -> None:
        super().__init__()
        self.events_url = ""
        self.acks: list[float] = []
        self.opened = 0
        self.mute = False
        self._sockets: list[web.WebSocketResponse] = []
        self._waiting: dict[str, tuple[float, asyncio.Future[Any]]] = {}

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[SlackPeer]:
        """Serve within the block."""
        server = web.Application(client_max_size=1 << 24)
        server.add_routes([*self.routes, web.get("/socket", self._socket)])
        runner = web.AppRunner(server, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await self.drop()
            await runner.cleanup()

    # --- what people do -----------------------------------------------------------------------

    async def command(self, text: str, *, channel: str = CHANNEL, **more: Any) -> Any:
        """Type a slash command; returns the acknowledgement."""
        return await self.send("slash_commands", self.typed(text, channel=channel, **more))

    def typed(self, text: str, *, channel: str = CHANNEL, **more: Any) -> dict[str, Any]:
        """Return the payload of a slash command."""
        return {
            "command": "/overheard",
            "text": text,
            "team_id": TEAM,
            "channel_id": channel,
            "user_id": USER,
            "user_name": "ann",
            "response_url": f"{self.url}/response/{next(self.numbers)}",
            "trigger_id": self.trigger(),
            "api_app_id": "A1",
            **more,
        }

    async def click(
        self, message: dict[str, Any], label: str, *, own: bool = False, user: str = USER
    ) -> Any:
        """Click a button of a message."""
        button = find_button(message["blocks"], label)
        container = {
            "type": "message",
            "message_ts": message.get("ts", "9.9"),
            "channel_id": message.get("channel", CHANNEL),
            "is_ephemeral": own,
            **({"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}),
        }
        payload = {
            "container": container,
            "channel": {"id": container["channel_id"]},
            "actions": [{**button, "block_id": "b"}],
            "response_url": f"{self.url}/response/{next(self.numbers)}",
            **self._interaction("block_actions", user),
        }
        return await self.send("interactive", payload)

    async def click_home(self, label: str) -> Any:
        """Click a button in the App Home."""
        view = self.homes[USER]
        payload = {
            "container": {"type": "view", "view_id": "V1"},
            "view": view,
            "actions": [{**find_button(view["blocks"], label), "block_id": "b"}],
            **self._interaction("block_actions", USER),
        }
        return await self.send("interactive", payload)

    async def submit(
        self, view: dict[str, Any], values: dict[str, Any], *, user: str = USER
    ) -> Any:
        """Send a modal back, with a state for each block."""
        ids = {
            block["block_id"]: block["element"]["action_id"]
            for block in view["blocks"]
            if block["type"] == "input"
        }
        state = {block: {ids[block]: told} for block, told in values.items()}
        payload = {
            "view": {**view, "id": "V1", "state": {"values": state}},
            **self._interaction("view_submission", user),
        }
        ack = await self.send("interactive", payload)
        if ack and ack.get("response_action") == "update":
            self.judge(judge_view(ack["view"]))
            self.modals.append(ack["view"])
        return ack

    async def suggest(self, view: dict[str, Any], block: str, typed: str) -> list[str]:
        """Type into a menu of a modal; returns the values that are offered."""
        [action] = [b["element"]["action_id"] for b in view["blocks"] if b.get("block_id") == block]
        payload = {
            "view": view,
            "block_id": block,
            "action_id": action,
            "value": typed,
            **self._interaction("block_suggestion", USER),
        }
        ack = await self.send("interactive", payload)
        self.judge(judge_options(ack["options"]))
        return [option["value"] for option in ack["options"]]

    async def visit_home(self) -> Any:
        """Open the App Home."""
        event = {"type": "app_home_opened", "user": USER, "channel": "D1", "tab": "home"}
        return await self.event(event, f"Ev{next(self.numbers)}")

    async def say(
        self, text: str, *, channel: str = CHANNEL, thread: str = "", ts: str = "", **more: Any
    ) -> str:
        """Write a message to the bot, in a channel with a mention or directly; returns its id."""
        direct = channel.startswith("D")
        ts = ts or f"1700000000.{next(self.numbers):06d}"
        event = {
            "type": "message" if direct else "app_mention",
            "user": USER,
            "channel": channel,
            "text": text,
            "ts": ts,
            **({"channel_type": "im"} if direct else {}),
            **({"thread_ts": thread} if thread else {}),
            **more,
        }
        await self.event(event, f"Ev{ts}")
        return ts

    async def event(self, event: dict[str, Any], event_id: str) -> Any:
        """Send an event."""
        payload = {"type": "event_callback", "team_id": TEAM, "event": event, "event_id": event_id}
        return await self.send("events_api", payload)

    def _interaction(self, kind: str, user: str) -> dict[str, Any]:
        return {
            "type": kind,
            "team": {"id": TEAM},
            "user": {"id": user, "username": "ann", "team_id": TEAM},
            "trigger_id": self.trigger(),
            "api_app_id": "A1",
        }

    # --- how events reach the bot -------------------------------------------------------------

    async def send(self, kind: str, payload: dict[str, Any]) -> Any:
        """Send something over the socket, or by HTTP; returns the acknowledgement's payload."""
        if self.events_url:
            return await self._post(kind, payload)
        await self.until(lambda: self._sockets)
        envelope = f"E{next(self.numbers)}"
        future = asyncio.get_running_loop().create_future()
        self._waiting[envelope] = (time.monotonic(), future)
        told = {"type": kind, "envelope_id": envelope, "payload": payload}
        # Slack chooses one of an app's sockets as it likes.
        chosen = random.choice(self._sockets)  # noqa: S311 - no secret
        await chosen.send_json({**told, "accepts_response_payload": True})
        return await asyncio.wait_for(future, 10)

    async def disconnect(self) -> None:
        """Ask the bot to open a new connection, as Slack does every few hours."""
        await self._sockets[-1].send_json({"type": "disconnect", "reason": "refresh_requested"})

    async def drop(self) -> None:
        """Cut all sockets."""
        for socket in [*self._sockets]:
            await socket.close()

    async def _post(self, kind: str, payload: dict[str, Any]) -> Any:
        if kind == "events_api":
            status, text = await self.post(json.dumps(payload), "application/json")
        elif kind == "interactive":
            form = aiohttp.FormData({"payload": json.dumps(payload)})()
            status, text = await self.post(_written(form), "application/x-www-form-urlencoded")
        else:
            form = aiohttp.FormData(payload)()
            status, text = await self.post(_written(form), "application/x-www-form-urlencoded")
        assert status == 200, text
        return json.loads(text) if text.startswith("{") else None

    async def post(
        self, body: str, content_type: str, *, secret: str = SECRET, age: float = 0
    ) -> tuple[int, str]:
        """Post a signed request to the bot, and return its answer."""
        stamp = str(int(time.time() - age))
        signed = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256)
        headers = {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signed.hexdigest()}",
            "Content-Type": content_type,
        }
        began = time.monotonic()
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.events_url, data=body.encode(), headers=headers) as response,
        ):
            text = await response.text()
        self.acks.append(time.monotonic() - began)
        return response.status, text

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self.opened += 1
        if not self.mute:
            await socket.send_json({"type": "hello", "num_connections": 1})
        self._sockets.append(socket)
        await self.tell()
        async for message in socket:
            if self.mute:
                continue
            if message.type == WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type == WSMsgType.TEXT:
                self._acknowledged(json.loads(message.data))
        self._sockets.remove(socket)
        await self.tell()
        return socket

    def _acknowledged(self, ack: dict[str, Any]) -> None:
        began, future = self._waiting.pop(ack["envelope_id"])
        self.acks.append(time.monotonic() - began)
        future.set_result(ack.get("payload"))


def _written(form: Any) -> str:
    return bytes(form._value).decode()


def find_button(blocks: list[dict[str, Any]], label: str) -> dict[str, Any]:
    """Return the button of this label, or a menu in which the entry of this label is chosen."""
    elements: list[dict[str, Any]] = []
    elements += [b for block in blocks if block["type"] == "actions" for b in block["elements"]]
    elements += [block["accessory"] for block in blocks if "accessory" in block]
    for element in elements:
        if element.get("text", {}).get("text") == label:
            return element
        for option in element.get("options", ()):
            if option["text"]["text"] == label:
                return {**element, "selected_option": option}
    raise AssertionError(f"there is no {label}")
