"""The Web API of the Slack on loopback, with uploads and response URLs.

It refuses what Slack refuses: unknown tokens, missing scopes and arguments, blocks beyond the
limits, channels that the bot is not in. It has faults on request.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from kit.slack_judge import judge_message, judge_view
from kit.slack_methods import (
    APP_TOKEN,
    BOT_TOKEN,
    CHANNEL,
    METHODS,
    SCOPES,
    TEAM,
    USER,
    Arguments,
    Fault,
    Method,
    Refused,
    read_arguments,
)


class SlackWeb:
    """The Web API of one workspace.

    Attributes:
        calls: Each call's method and arguments, in order.
        messages: All messages, in order; a channel's are those with its `channel`.
        uploads: Files that were put into a channel, or into none, with their content.
        replies: What was sent to response URLs.
        modals: Views that were opened, or put in the place of one.
        whispers: Messages in a channel that only one person sees.
        owners: People who own the workspace.
        homes: The App Home of each person.
        members: Channels that the bot is in.
        tokens: The bot's tokens that are good, with their team.
        scopes: What the bot may do.
        app_token: The app-level token that is good.
        faults: What happens to the next calls of a method.
        changed: Notified after every call.
    """

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[str, Arguments]] = []
        self.messages: list[dict[str, Any]] = []
        self.uploads: list[dict[str, Any]] = []
        self.replies: list[dict[str, Any]] = []
        self.modals: list[dict[str, Any]] = []
        self.whispers: list[dict[str, Any]] = []
        self.owners: set[str] = set()
        self.homes: dict[str, dict[str, Any]] = {}
        self.members = {CHANNEL}
        self.tokens = {BOT_TOKEN: TEAM}
        self.scopes = SCOPES
        self.app_token = APP_TOKEN
        self.faults: dict[str, list[Fault]] = {}
        self.changed = asyncio.Condition()
        self.numbers = itertools.count(1)
        self._triggers: dict[str, float] = {}
        self._files: dict[str, dict[str, Any]] = {}

    @property
    def api(self) -> str:
        """The base URL of the Web API."""
        return f"{self.url}/api/"

    @property
    def routes(self) -> list[web.RouteDef]:
        """What is served."""
        return [
            web.route("*", "/api/{method}", self._api),
            web.post("/upload/{id}", self._upload),
            web.post("/response/{id}", self._response),
        ]

    def of(self, method: str) -> list[Arguments]:
        """Return the arguments of all calls of a method."""
        return [arguments for name, arguments in self.calls if name == method]

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until something is so, and return it."""
        async with self.changed, asyncio.timeout(20):
            await self.changed.wait_for(condition)
        return condition()

    async def tell(self) -> None:
        """Let those look who wait for something."""
        async with self.changed:
            self.changed.notify_all()

    def trigger(self) -> str:
        """Return what lets the bot open a modal, for 3 seconds."""
        trigger = f"trigger.{next(self.numbers)}"
        self._triggers[trigger] = time.monotonic()
        return trigger

    def judge(self, problems: Iterable[str]) -> None:
        """Refuse blocks that are not as Slack wants them."""
        if found := [*problems]:
            raise Refused("invalid_blocks", response_metadata={"messages": found})

    # --- the Web API --------------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.StreamResponse:
        name, arguments = request.match_info["method"], await read_arguments(request)
        self.calls.append((name, arguments))
        faults = self.faults.get(name, [])
        fault = faults.pop(0) if faults else None
        headers = {"x-oauth-scopes": self.scopes}
        answer: dict[str, Any] = {}
        if fault is None or fault.done:
            try:
                token = request.headers.get("Authorization", "").removeprefix("Bearer ")
                answer = {"ok": True, **self._answer(name, token, arguments)}
            except Refused as refused:
                answer = refused.answer
        await self.tell()
        if fault and fault.hang_up:
            assert request.transport
            request.transport.abort()
            return web.Response()
        if fault:
            return web.Response(
                status=fault.status,
                text=fault.body,
                headers=fault.headers,
                content_type=fault.content_type,
            )
        return web.json_response(answer, headers=headers)

    def _answer(self, name: str, token: str, arguments: Arguments) -> dict[str, Any]:
        method = METHODS.get(name)
        if method is None:
            raise Refused("unknown_method")
        self._check_token(name, token, method)
        if missing := method.needs - set(arguments):
            raise Refused("invalid_arguments", response_metadata={"messages": sorted(missing)})
        if unknown := set(arguments) - method.needs - method.takes - {"token", "team_id"}:
            raise Refused("invalid_arg_name", response_metadata={"messages": sorted(unknown)})
        return getattr(self, f"_{name.replace('.', '_')}")(arguments, token)  # type: ignore[no-any-return]

    def _check_token(self, name: str, token: str, method: Method) -> None:
        if name == "oauth.v2.access":
            return
        if name == "apps.connections.open":
            if token != self.app_token:
                raise Refused("invalid_auth")
            return
        if token not in self.tokens:
            raise Refused("invalid_auth")
        if method.scope and method.scope not in self.scopes.split(","):
            raise Refused("missing_scope", needed=method.scope, provided=self.scopes)

    def _auth_test(self, _: Arguments, token: str) -> dict[str, Any]:
        return {"team_id": self.tokens[token], "user_id": "UBOT", "bot_id": "B1", "user": "bot"}

    def _apps_connections_open(self, _: Arguments, __: str) -> dict[str, Any]:
        return {"url": f"{self.url.replace('http', 'ws')}/socket"}

    def _chat_postMessage(self, arguments: Arguments, _: str) -> dict[str, Any]:  # noqa: N802 - Slack's name
        channel = self._channel(arguments["channel"])
        self._judge_pictures(arguments)
        self.judge(judge_message(arguments))
        ts = f"{time.time():.0f}.{next(self.numbers):06d}"
        self.messages.append({**arguments, "channel": channel, "ts": ts, "edits": 0})
        return {"channel": channel, "ts": ts}

    def _chat_update(self, arguments: Arguments, _: str) -> dict[str, Any]:
        self._judge_pictures(arguments)
        self.judge(judge_message(arguments))
        message = self._message(arguments)
        message.update(blocks=arguments.get("blocks", []), text=arguments["text"])
        message["edits"] += 1
        return {"channel": message["channel"], "ts": message["ts"]}

    def _chat_delete(self, arguments: Arguments, _: str) -> dict[str, Any]:
        self.messages.remove(self._message(arguments))
        return {}

    def _chat_getPermalink(self, arguments: Arguments, _: str) -> dict[str, Any]:  # noqa: N802 - Slack's name
        message = self._message({**arguments, "ts": arguments["message_ts"]})
        channel, ts = message["channel"], message["ts"]
        permalink = f"https://acme.slack.com/archives/{channel}/p{ts.replace('.', '')}"
        return {"channel": channel, "permalink": permalink}

    def _assistant_threads_setStatus(self, arguments: Arguments, _: str) -> dict[str, Any]:  # noqa: N802 - Slack's name
        self._channel(arguments["channel_id"])
        return {}

    def _assistant_threads_setSuggestedPrompts(  # noqa: N802 - Slack's name
        self, arguments: Arguments, _: str
    ) -> dict[str, Any]:
        prompts = arguments["prompts"]
        if not 0 < len(prompts) <= 4 or any({"title", "message"} != set(one) for one in prompts):
            raise Refused("invalid_arguments")
        return {}

    def _views_open(self, arguments: Arguments, _: str) -> dict[str, Any]:
        born = self._triggers.pop(arguments["trigger_id"], None)
        if born is None or time.monotonic() - born > 3:
            raise Refused("expired_trigger_id" if born else "invalid_trigger_id")
        self.judge(judge_view(arguments["view"]))
        self.modals.append(arguments["view"])
        return {"view": arguments["view"]}

    def _views_update(self, arguments: Arguments, _: str) -> dict[str, Any]:
        self.judge(judge_view(arguments["view"]))
        self.modals.append(arguments["view"])
        return {"view": arguments["view"]}

    def _chat_postEphemeral(self, arguments: Arguments, _: str) -> dict[str, Any]:  # noqa: N802 - Slack's name
        channel = self._channel(arguments["channel"])
        self.judge(judge_message(arguments))
        self.whispers.append({**arguments, "channel": channel})
        return {"message_ts": "1.1"}

    def _views_publish(self, arguments: Arguments, _: str) -> dict[str, Any]:
        self.judge(judge_view(arguments["view"]))
        self._judge_pictures(arguments["view"])
        self.homes[arguments["user_id"]] = arguments["view"]
        return {"view": arguments["view"]}

    def _users_info(self, arguments: Arguments, _: str) -> dict[str, Any]:
        profile = {"display_name": "Ann Lee"}
        account = {"id": arguments["user"], "tz": "Europe/Berlin", "profile": profile}
        return {"user": {**account, "is_owner": arguments["user"] in self.owners}}

    def _usergroups_list(self, _: Arguments, __: str) -> dict[str, Any]:
        return {"usergroups": [{"id": "S1", "users": [USER]}, {"id": "S2", "users": []}]}

    def _conversations_history(self, arguments: Arguments, _: str) -> dict[str, Any]:
        channel = self._channel(arguments["channel"])
        mine = [m for m in self.messages if m["channel"] == channel]
        told = [
            {**m, "reply_count": len(replies), "latest_reply": replies[-1]["ts"]} if replies else m
            for m in mine
            if "thread_ts" not in m
            for replies in [[r for r in mine if r.get("thread_ts") == m["ts"]]]
        ]
        return self._page(told[::-1], arguments)

    def _conversations_replies(self, arguments: Arguments, _: str) -> dict[str, Any]:
        ts = arguments["ts"]
        return self._page([m for m in self.messages if ts in _threads(m)], arguments)

    def _page(self, messages: list[dict[str, Any]], arguments: Arguments) -> dict[str, Any]:
        oldest = float(arguments.get("oldest", 0))
        messages = [m for m in messages if float(m["ts"]) >= oldest]
        start, size = int(arguments.get("cursor", 0)), min(int(arguments.get("limit", 100)), 999)
        shown = [dict(m) for m in messages[start : start + size]]
        if arguments.get("include_all_metadata") not in (True, "1", "true"):
            shown = [{k: v for k, v in m.items() if k != "metadata"} for m in shown]
        cursor = str(start + size) if start + size < len(messages) else ""
        return {"messages": shown, "response_metadata": {"next_cursor": cursor}}

    def _judge_pictures(self, arguments: Arguments) -> None:
        """Refuse pictures of files that were not uploaded."""
        uploaded = {upload["id"] for upload in self.uploads}
        for block in arguments.get("blocks", []):
            if block["type"] == "image" and block["slack_file"]["id"] not in uploaded:
                raise Refused("invalid_blocks")

    def _files_getUploadURLExternal(self, arguments: Arguments, _: str) -> dict[str, Any]:  # noqa: N802 - Slack's name
        number = f"F{next(self.numbers)}"
        self._files[number] = {**arguments}
        return {"file_id": number, "upload_url": f"{self.url}/upload/{number}"}

    def _files_completeUploadExternal(self, arguments: Arguments, _: str) -> dict[str, Any]:  # noqa: N802 - Slack's name
        shown = arguments.get("channel_id", "")
        channel = self._channel(shown) if shown else ""
        files = arguments["files"]
        for told in _listed(files):
            file = self._files[told["id"]]
            if len(file.get("content", b"")) != int(file["length"]):
                raise Refused("invalid_arguments")
            where = {"channel": channel, "thread": arguments.get("thread_ts", "")}
            self.uploads.append({**file, **told, **where})
        return {"files": [{"id": told["id"]} for told in _listed(files)]}

    def _oauth_v2_access(self, arguments: Arguments, _: str) -> dict[str, Any]:
        if arguments["code"] != "good":
            raise Refused("invalid_code")
        self.tokens["xoxb-T2"] = "T2"
        return {
            "app_id": "A1",
            "authed_user": {"id": "U2"},
            "access_token": "xoxb-T2",
            "token_type": "bot",
            "scope": self.scopes,
            "bot_user_id": "UBOT",
            "team": {"id": "T2", "name": "Two"},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _channel(self, channel: str) -> str:
        if channel.startswith("U"):
            return f"D{channel[1:]}"
        if channel not in self.members and not channel.startswith("D"):
            raise Refused("not_in_channel")
        return channel

    def _message(self, arguments: Arguments) -> dict[str, Any]:
        for message in self.messages:
            if (message["channel"], message["ts"]) == (arguments["channel"], arguments["ts"]):
                return message
        raise Refused("message_not_found")

    # --- uploads and response URLs ------------------------------------------------------------

    async def _upload(self, request: web.Request) -> web.Response:
        self._files[request.match_info["id"]]["content"] = await request.read()
        return web.Response(text="OK - 1", content_type="text/plain")

    async def _response(self, request: web.Request) -> web.Response:
        reply = await request.json()
        url = request.match_info["id"]
        problems = [] if reply.get("delete_original") else [*judge_message(reply)]
        used = sum(1 for told in self.replies if told["url"] == url)
        if used >= 5 or problems:
            return web.Response(status=404, text="used_url" if used >= 5 else str(problems))
        self.replies.append({**reply, "url": url})
        await self.tell()
        return web.Response(text="ok")


def _threads(message: dict[str, Any]) -> set[str]:
    return {message["ts"], message.get("thread_ts", "")}


def _listed(files: Any) -> list[dict[str, Any]]:
    """Return the files of a call, which may come as JSON."""
    found: list[dict[str, Any]] = json.loads(files) if isinstance(files, str) else files
    return found
