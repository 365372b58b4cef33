"""The REST half of a small Discord on loopback: strict, with faults on request."""

import fnmatch
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import web

from kit.discord_gateway import TOKEN, Gateway
from kit.discord_payloads import (
    ALL,
    CHANNEL,
    GUILD,
    ME,
    USER,
    Json,
    application,
    channel,
    guild,
    member,
    message,
)
from kit.discord_rules import COMPONENTS_V2, Refused, check

DIRECT = "4000000000000000001"
"""The channel of direct messages with the person."""


@dataclass
class Fault:
    """What happens instead to the next request that fits.

    Attributes:
        method: Of the request.
        path: A pattern of its path.
        status: Of the answer; 0 hangs up after the request was carried out.
        headers: Of the answer.
        body: Of the answer.
        times: How often.
    """

    method: str
    path: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    times: int = 1


@dataclass(frozen=True)
class Seen:
    """A request that arrived."""

    method: str
    path: str
    body: Any
    files: tuple[str, ...] = ()


class Rest:
    """What a Discord with one server, one channel and one bot keeps, and what it answers.

    Attributes:
        seen: Requests, in the order in which they arrived.
        messages: By id, in the order in which they were posted.
        threads: Ids of threads, which are those of their messages.
        commands: By server's id; those for all places under an empty one.
        faults: What goes wrong next.
        answered: By interaction, what it was answered first.
        clicked: By interaction, the message whose button was clicked.
        gateway: Its gateway.
        uploads: The newest file of each name.
        max_upload: Bytes that the files of a message may have.
    """

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.messages: dict[str, Json] = {}
        self.threads: set[str] = set()
        self.commands: dict[str, list[Json]] = {}
        self.faults: list[Fault] = []
        self.answered: dict[str, Json] = {}
        self.clicked: dict[str, str] = {}
        self.gateway = Gateway(ALL)
        self.uploads: dict[str, bytes] = {}
        self.max_upload = 10_000_000
        self.ids = count(2 * 10**18)
        self._nonces: dict[str, str] = {}

    def shown(self, place: str = CHANNEL) -> list[Json]:
        """Return the messages of a channel or a thread."""
        return [one for one in self.messages.values() if one["channel_id"] == place]

    def paths(self, method: str) -> list[str]:
        """Return the paths of requests of a kind."""
        return [seen.path for seen in self.seen if seen.method == method]

    async def rest(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        path = "/" + request.match_info["path"]
        body, uploads = await _body(request)
        self.seen.append(Seen(request.method, path, body, tuple(uploads)))
        fault = self._fault(request.method, path)
        if fault and fault.status:
            self.gateway.stir()
            return _json(fault.body or {}, status=fault.status, headers=fault.headers)
        try:
            status, answer = self._serve(request, path, body, uploads)
        except Refused as refused:
            status, answer = refused.status, {"code": refused.code, "message": str(refused)}
        self.gateway.stir()
        if fault and request.transport:
            request.transport.abort()
        return _json(answer, status=status) if status != 204 else web.Response(status=204)

    def _fault(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.method == method and fnmatch.fnmatch(path, fault.path):
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None

    def _serve(
        self, request: web.Request, path: str, body: Any, uploads: dict[str, bytes]
    ) -> tuple[int, Any]:
        known = request.headers.get("Authorization") == f"Bot {TOKEN}"
        if not known and not path.startswith(("/webhooks", "/interactions")):
            raise Refused(401, 0, "401: Unauthorized")
        check(request.method, path, body, tuple(uploads))
        if sum(map(len, uploads.values())) > self.max_upload:
            raise Refused(413, 40005, "Request entity too large")
        self.uploads |= uploads
        match request.method, path.strip("/").split("/"):
            case method, ["applications", _, *where, "commands"]:
                return 200, self._commands(method, where[-1] if where else "", body)
            case "POST", ["users", "@me", "channels"]:
                self.threads.add(DIRECT)  # a place with messages, as a thread is
                return 200, channel(DIRECT) | {"type": 1, "recipients": [USER]}
            case method, ["channels", place, *what]:
                return self._channel(method, place, what, body, request.query.get("after", ""))
            case "POST", ["interactions", name, _, "callback"]:
                return self._callback(name, body)
            case method, ["webhooks", _, token, *what]:
                return self._followup(method, token[1:], what, body)
            case _, parts:
                return 200, self._read(parts)

    def _read(self, parts: list[str]) -> Any:
        match parts:
            case ["users", "@me"]:
                return USER
            case ["oauth2", "applications", "@me"]:
                return application()
            case ["users", "@me", "guilds"]:
                return [{"id": GUILD, "name": "Acme", "owner": False, "permissions": ALL}]
            case ["guilds", _, "channels"]:
                return [channel(CHANNEL)]
            case ["guilds", _, "members", _]:
                return member(USER)
            case ["guilds", name] if name == GUILD:
                return guild(self.gateway.permissions)
        raise Refused(404, 0, "404: Not Found")

    def _commands(self, method: str, place: str, body: Any) -> list[Json]:
        if method == "PUT":
            self.commands[place] = [one | _told(one) for one in body]
        return self.commands.get(place, [])

    def _channel(
        self, method: str, place: str, what: list[str], body: Any, after: str
    ) -> tuple[int, Any]:
        if place != CHANNEL and place not in self.threads:
            raise Refused(404, 10003, "Unknown Channel")
        match method, what:
            case "GET", []:
                return 200, channel(place)
            case "GET", ["messages"]:
                later = [one for one in self.shown(place) if int(one["id"]) > int(after or 0)]
                return 200, later[::-1]
            case "POST", ["messages"]:
                return 200, self._post(place, body)
            case "POST", ["messages", name, "threads"]:
                return 201, self._begin_thread(place, name)
            case method, ["messages", name]:
                return self._one(method, name, body)
        raise Refused(404, 0, "404: Not Found")

    def _one(self, method: str, name: str, body: Any) -> tuple[int, Any]:
        if method == "DELETE":
            del self.messages[self._message(name)["id"]]
            return 204, None
        return 200, self._edit(name, body) if method == "PATCH" else self._message(name)

    def _begin_thread(self, place: str, name: str) -> Json:
        if name in self.threads:
            raise Refused(400, 160004, "A thread has already been created for this message")
        self.threads.add(name)
        self.messages[name]["flags"] |= 1 << 5
        return channel(name) | {"type": 11, "parent_id": place, "owner_id": ME}

    def _post(self, place: str, body: Json, **more: Any) -> Json:
        nonce = body.get("nonce")
        if body.get("enforce_nonce") and nonce in self._nonces:
            return self.messages[self._nonces[nonce]]
        name = str(next(self.ids))
        self.messages[name] = message(name, place, body) | more
        if nonce:
            self._nonces[nonce] = name
        return self.messages[name]

    def _message(self, name: str) -> Json:
        if name not in self.messages:
            raise Refused(404, 10008, "Unknown Message")
        return self.messages[name]

    def _edit(self, name: str, body: Json) -> Json:
        self._message(name)
        before = self.messages[name]
        shown = {k: v for k, v in body.items() if k in {"content", "embeds", "components"}}
        shown = {k: v if v is not None else before[k][:0] for k, v in shown.items()}
        flags = before["flags"] | ((body.get("flags") or 0) & COMPONENTS_V2)
        after = before | shown | {"flags": flags}
        if flags & COMPONENTS_V2 and (after["content"] or after["embeds"]):
            raise Refused(400, 50035, "Invalid Form Body: content or embeds next to components")
        self.messages[name] = after
        self.messages[name]["edited_timestamp"] = "2026-01-01T00:00:01+00:00"
        return self.messages[name]

    def _callback(self, name: str, body: Json) -> tuple[int, Any]:
        if name in self.answered:
            raise Refused(400, 40060, "Interaction has already been acknowledged.")
        data = body.get("data") or {}
        self.answered[name] = {"type": body["type"], "data": data}
        told: Json = {"interaction": {"id": name, "type": 2}}
        if body["type"] in {4, 5, 6, 7}:
            shown = self._respond(name, body["type"], data)
            self.answered[name]["message"] = shown["id"]
            told["interaction"]["response_message_id"] = shown["id"]
            told["resource"] = {"type": body["type"], "message": shown}
        return 200, told

    def _respond(self, name: str, type_: int, data: Json) -> Json:
        if type_ == 6:
            return self.messages[self.clicked[name]]
        if type_ == 7:
            return self._edit(self.clicked[name], data)
        return self._answer(name, data)

    def _answer(self, name: str, data: Json) -> Json:
        """Post a message that answers an interaction, and says so."""
        metadata = {"id": name, "type": 2, "user": USER, "authorizing_integration_owners": {}}
        if self.clicked[name]:
            metadata |= {"type": 3, "interacted_message_id": self.clicked[name]}
        flags = data.get("flags", 0)
        return self._post(CHANNEL, data, flags=flags, interaction_metadata=metadata)

    def _followup(self, method: str, name: str, what: list[str], body: Any) -> tuple[int, Any]:
        if method == "POST":
            return 200, self._answer(name, body)
        which = what[-1] if what[-1] != "@original" else self.answered[name].get("message", "")
        if method == "PATCH":
            return 200, self._edit(which, body)
        self.messages.pop(which, None)
        return 204, None


def _told(command: Json) -> Json:
    """Return a command as Discord returns it: permissions are text."""
    needed = command["default_member_permissions"]
    return {"default_member_permissions": None if needed is None else str(needed)}


def _json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Answer as Discord does: discord.py reads JSON only where no charset is named."""
    told = {"Content-Type": "application/json", **(headers or {})}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=told)


async def _body(request: web.Request) -> tuple[Any, dict[str, bytes]]:
    """Return the JSON of a request, and the contents of its files by their names."""
    if not request.can_read_body:
        return None, {}
    if request.content_type == "application/json":
        return await request.json(), {}
    form = await request.post()
    files = [value for value in form.values() if isinstance(value, web.FileField)]
    contents = {file.filename: file.file.read() for file in files}
    return json.loads(str(form["payload_json"])), contents
