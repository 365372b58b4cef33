"""What each method of Slack's Web API needs, and how the Slack on loopback says no."""

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

BOT_TOKEN, APP_TOKEN, SECRET = "xoxb-loopback", "xapp-loopback", "shhh"
TEAM, USER, CHANNEL = "T1", "U1", "C1"
SCOPES = (
    "commands,chat:write,files:write,channels:history,groups:history,users:read,usergroups:read,"
    "app_mentions:read,im:history,assistant:write,channels:read,groups:read"
)
Arguments = dict[str, Any]


@dataclass(frozen=True)
class Method:
    """What a method of the Web API needs and takes."""

    scope: str = ""
    needs: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()


def _method(scope: str, needs: str, takes: str = "") -> Method:
    return Method(scope, frozenset(needs.split()), frozenset(takes.split()))


METHODS = {
    "auth.test": _method("", ""),
    "apps.connections.open": _method("", ""),
    "chat.postMessage": _method(
        "chat:write",
        "channel text",
        "blocks thread_ts reply_broadcast metadata unfurl_links unfurl_media mrkdwn",
    ),
    "chat.update": _method("chat:write", "channel ts text", "blocks"),
    "chat.getPermalink": _method("", "channel message_ts"),
    "chat.delete": _method("chat:write", "channel ts"),
    "assistant.threads.setStatus": _method("assistant:write", "channel_id thread_ts status"),
    "assistant.threads.setSuggestedPrompts": _method(
        "assistant:write", "channel_id prompts", "thread_ts title"
    ),
    "views.open": _method("", "trigger_id view"),
    "views.update": _method("", "view_id view"),
    "chat.postEphemeral": _method("chat:write", "channel user text", "blocks thread_ts"),
    "views.publish": _method("", "user_id view"),
    "users.info": _method("users:read", "user"),
    "usergroups.list": _method("usergroups:read", "", "include_users"),
    "conversations.history": _method(
        "channels:history", "channel", "limit oldest cursor include_all_metadata"
    ),
    "conversations.replies": _method(
        "channels:history", "channel ts", "limit oldest cursor include_all_metadata"
    ),
    "files.getUploadURLExternal": _method("files:write", "filename length", "alt_txt"),
    "files.completeUploadExternal": _method("files:write", "files", "channel_id thread_ts"),
    "oauth.v2.access": _method("", "code", "client_id client_secret redirect_uri"),
}


class Refused(Exception):
    """Slack's answer to what it does not take."""

    def __init__(self, error: str, **more: Any) -> None:
        self.answer = {"ok": False, "error": error, **more}
        super().__init__(error)


@dataclass
class Fault:
    """What happens to a call instead of, or besides, its effect.

    Attributes:
        status: The status of the answer.
        body: The body of the answer.
        headers: Its headers.
        content_type: What it is called.
        done: Whether the call has its effect all the same.
        hang_up: Whether the connection is cut instead of an answer.
    """

    status: int = 500
    body: str = "<html>Internal Server Error</html>"
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "text/html"
    done: bool = False
    hang_up: bool = False


async def read_arguments(request: web.Request) -> Arguments:
    """Return a call's arguments, however they were sent; lists and objects come as JSON."""
    if request.content_type == "application/json":
        told = await request.json() if await request.read() else {}
    else:
        told = {**dict(await request.post()), **dict(request.query)}
    structured = {"blocks", "metadata", "view", "files", "prompts"}
    return {
        name: json.loads(value) if name in structured and isinstance(value, str) else value
        for name, value in told.items()
        if value is not None
    }
