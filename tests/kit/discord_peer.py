"""A small Discord on loopback: REST and gateway on real sockets, strict, with faults on request.

It refuses what Discord refuses: components beyond the limits, doubled custom ids, a
second answer to an interaction. With a copy of Discord's OpenAPI document named by
``DISCORD_OPENAPI``, each body is judged by that as well.
"""

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from kit.discord_payloads import GUILD, Json, interaction
from kit.discord_rest import Rest
from kit.discord_rules import title, walk, words


class Peer(Rest):
    """A running Discord, and the people who use it."""

    def __init__(self) -> None:
        super().__init__()
        self._runner: web.AppRunner | None = None
        self.url = ""

    @property
    def api_url(self) -> str:
        """Where its API is."""
        return f"http://{self.url}/api/v10"

    @property
    def gateway_url(self) -> str:
        """Where its gateway is."""
        return f"ws://{self.url}/gateway/"

    async def start(self) -> None:
        """Begin to listen."""
        app = web.Application()
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_route("*", "/api/v10/{path:.*}", self.rest)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"{host}:{port}"
        self.gateway.address = self.gateway_url

    async def close(self) -> None:
        """Close all connections."""
        self.gateway.drop()
        if self._runner:
            await self._runner.cleanup()

    async def ready(self) -> None:
        """Wait until the bot is connected and its commands are up to date."""
        await self.gateway.until(lambda: self.gateway.connected and {"", GUILD} <= {*self.commands})

    async def asked(self, method: str, times: int) -> None:
        """Wait until that many requests of a kind have arrived."""
        await self.gateway.until(lambda: len(self.paths(method)) == times)

    async def interact(self, type_: int, data: Json, **more: Any) -> str:
        """Let a person do something; return the interaction's id once it has its first answer."""
        name = str(next(self.ids))
        self.clicked[name] = more.get("message", {}).get("id", "")
        await self.gateway.send("INTERACTION_CREATE", interaction(name, type_, data) | more)
        await self.gateway.until(lambda: name in self.answered)
        return name

    async def command(self, *names: str, **options: Any) -> str:
        """Let a person use a command."""
        kinds = {bool: 5, int: 4, float: 10}
        inner: list[Json] = [
            {"name": key, "type": kinds.get(type(value), 3), "value": value}
            for key, value in options.items()
        ]
        for depth, one in enumerate(reversed(names), 1):
            inner = [{"name": one, "type": depth, "options": inner}]
        data = {"id": "1", "name": "overheard", "type": 1, "options": inner}
        return await self.interact(2, data)

    async def click(self, name: str, label: str, **more: Any) -> str:
        """Let a person click a button of a message."""
        shown = self.messages[name]
        nested = list(walk(shown["components"]))
        [button] = [one for one in nested if one["type"] == 2 and one["label"] == label]
        data = {"custom_id": button["custom_id"], "component_type": 2}
        return await self.interact(3, data, message=shown, **more)

    async def choose(self, name: str, label: str, **more: Any) -> str:
        """Let a person choose an entry of a message's menu."""
        shown = self.messages[name]
        [(menu, value)] = [
            (one, option["value"])
            for one in walk(shown["components"])
            for option in one.get("options", [])
            if option["label"] == label
        ]
        data = {"custom_id": menu["custom_id"], "component_type": 3, "values": [value]}
        return await self.interact(3, data, message=shown, **more)

    def first_answer(self, interaction: str) -> Json:
        """Return what an interaction was answered first."""
        return self.answered[interaction]

    def titles(self, interactions: Iterable[str]) -> list[str]:
        """Return the titles of what some interactions are answered by now."""
        numbers = [self.answered[one]["message"] for one in interactions]
        told = [self.messages[number] for number in numbers if number in self.messages]
        return [title(one) for one in told if words(one)]

    def answer(self, interaction: str) -> Json:
        """Return the message that is an interaction's own answer."""
        return self.messages[self.answered[interaction]["message"]]
