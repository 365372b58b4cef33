"""`slack manifest` and `discord invite`: what lets the bot into each chat."""

from __future__ import annotations

import base64
import binascii
import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from overheard.cards.card import Card
from overheard.cards.command import IN_TERMINAL, CommandSpec, option
from overheard.config.chat_sections import DiscordTable, SlackTable
from overheard.deployment import Call
from overheard.errors import ChatUnavailable
from overheard.session import Session

SLACK_SCOPES = (
    "commands",  # take the slash command
    "chat:write",  # answer, and post alerts
    "app_mentions:read",  # answer questions in which the bot is mentioned
    "im:history",  # answer direct messages
    "assistant:write",  # propose questions in the assistant panel
    "files:write",  # put charts into threads
    "channels:history",  # find out after a crash whether an alert was posted in a public channel
    "groups:history",  # the same in a private one
    "users:read",  # show times in the reader's zone
    "usergroups:read",  # give roles to user groups
    "channels:read",  # greet in a public channel that it is invited to
    "groups:read",  # the same in a private one
)
"""The rights of the bot, each with its purpose."""
OPTIONAL_SLACK_SCOPES = frozenset(
    {"usergroups:read", "assistant:write", "channels:read", "groups:read"}
)
"""Scopes without which the bot works, except for their own purpose."""
SLACK_EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "assistant_thread_context_changed",
    "assistant_thread_started",
    "member_joined_channel",
    "message.im",
    "tokens_revoked",
)
"""The events that Slack sends to the bot."""
SLACK_EVENTS_PATH = "/slack/events"
SLACK_REDIRECT_PATH = "/slack/oauth_redirect"
EXAMPLE_ADDRESS = "https://bot.example.com"
"""Placeholder for the bot's own address, until [slack] names it as url."""


async def slack_manifest(
    session: Session,
    _: Call,
    *,
    form: Annotated[
        str, option("How to write it.", word="format", choices=("yaml", "json"))
    ] = "yaml",
) -> Card:
    """Print the manifest of the configured Slack app to standard output.

    Args:
        session: The session that reads the configuration; without a file, the defaults apply.
        form: ``yaml`` or ``json``.

    Raises:
        ConfigError: for an invalid configuration, with all its faults.
    """
    settings = session.read_config(needed=False).slack or SlackTable()
    written = manifest(settings)
    text = to_yaml(written) if form == "yaml" else json.dumps(written, indent=2)
    sys.stdout.write(text + "\n")
    return Card("", data=written)


def manifest(settings: SlackTable) -> dict[str, Any]:
    """Return the manifest of a Slack app in the form of Slack's schema, for the settings of
    ``[slack]``.
    """
    return {
        "display_information": {
            "name": "Overheard",
            "description": "Hears what AI models say about your brand, and tells when it changes.",
            "background_color": "#1f2328",
        },
        "features": _manifest_features(settings),
        "oauth_config": _manifest_scopes(settings),
        "settings": _manifest_settings(settings),
    }


def _manifest_features(settings: SlackTable) -> dict[str, Any]:
    """Return the part ``features`` of a Slack app's manifest: home tab, assistant, slash
    command.
    """
    command = {
        "command": settings.command,
        "description": "Measure, read and configure what AI models say about your brand",
        "usage_hint": "help",
        "should_escape": False,
        **_request_address(settings, "url"),
    }
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "assistant_view": {
            "assistant_description": "Answers questions about what AI models say of your brand.",
        },
        "bot_user": {"display_name": "Overheard", "always_online": False},
        "slash_commands": [command],
    }


def _manifest_scopes(settings: SlackTable) -> dict[str, Any]:
    needed = [scope for scope in SLACK_SCOPES if scope not in OPTIONAL_SLACK_SCOPES]
    scopes = {"bot": needed, "bot_optional": sorted(OPTIONAL_SLACK_SCOPES)}
    if not settings.many:
        return {"scopes": scopes}
    return {"redirect_urls": [_address(settings) + SLACK_REDIRECT_PATH], "scopes": scopes}


def _manifest_settings(settings: SlackTable) -> dict[str, Any]:
    """Return the part ``settings`` of a Slack app's manifest: events, interactivity, Socket
    Mode.
    """
    return {
        "event_subscriptions": {
            **_request_address(settings, "request_url"),
            "bot_events": list(SLACK_EVENTS),
        },
        "interactivity": {
            "is_enabled": True,
            **_request_address(settings, "request_url"),
            **_request_address(settings, "message_menu_options_url"),
        },
        "org_deploy_enabled": False,
        "socket_mode_enabled": settings.mode == "socket",
        "token_rotation_enabled": False,
    }


def _request_address(settings: SlackTable, key: str) -> dict[str, str]:
    """Return the address of Slack's requests as an entry `key` of the manifest; empty in Socket
    Mode.
    """
    return {} if settings.mode == "socket" else {key: _address(settings) + SLACK_EVENTS_PATH}


def _address(settings: SlackTable) -> str:
    return settings.url.rstrip("/") or EXAMPLE_ADDRESS


def to_yaml(value: Any, indent: str = "") -> str:
    """Return a dictionary as YAML whose lines begin with `indent`; texts are in quotes as in JSON,
    which YAML reads.
    """
    lines: list[str] = []
    for key, inner in value.items():
        if isinstance(inner, dict):
            lines += [f"{indent}{key}:", to_yaml(inner, indent + "  ")]
        elif isinstance(inner, list):
            lines += [f"{indent}{key}:", *(_list_entry(child, indent + "  ") for child in inner)]
        else:
            lines.append(f"{indent}{key}: {json.dumps(inner)}")
    return "\n".join(lines)


def _list_entry(value: Any, indent: str) -> str:
    if not isinstance(value, dict):
        return f"{indent}- {json.dumps(value)}"
    return f"{indent}- {to_yaml(value, indent + '  ').lstrip()}"


SLACK_MANIFEST = CommandSpec(
    "slack manifest",
    "Write the manifest that makes the app at Slack, from the configuration.",
    slack_manifest,
    faces=IN_TERMINAL,
    opens=False,
    examples=("slack manifest", "slack manifest --format json"),
)


DISCORD_PERMISSIONS: Mapping[str, int] = {
    "view_channel": 1 << 10,
    "send_messages": 1 << 11,
    "embed_links": 1 << 14,
    "attach_files": 1 << 15,
    "read_message_history": 1 << 16,
    "create_public_threads": 1 << 35,
    "send_messages_in_threads": 1 << 38,
}
"""The permissions that the bot needs in a channel: Discord's bit by discord.py's name."""
_DISCORD_SCOPES = ("bot", "applications.commands")
_INVITATION_PAGE = "https://discord.com/oauth2/authorize"


async def invite(session: Session, _: Call) -> Card:
    """Print the address that adds the bot to a Discord server with the least permissions.

    Raises:
        ChatUnavailable: when neither the settings nor the token hold the application's id.
    """
    settings = session.read_config(needed=False).discord or DiscordTable()
    application = application_of(settings)
    if application is None:
        raise ChatUnavailable(
            chat="Discord",
            reason="the application's id is not known",
            remedy="set the environment variable DISCORD_TOKEN, or write application_id into "
            "[discord]; it is on the page General Information of your application at "
            "https://discord.com/developers/applications",
        )
    url = invitation(application)
    sys.stdout.write(url + "\n")  # one line, whole at any width
    data = {"url": url, "application_id": str(application), "permissions": needed()}
    return Card("", data=data)


def invitation(application: int) -> str:
    """Return the address that adds an application's bot to a server."""
    query = {"client_id": application, "scope": " ".join(_DISCORD_SCOPES), "permissions": needed()}
    return f"{_INVITATION_PAGE}?{urlencode(query)}"


def needed() -> int:
    """Return the bot's permissions as Discord's bit mask."""
    return sum(DISCORD_PERMISSIONS.values())


def application_of(settings: DiscordTable) -> int | None:
    """Return the id of the Discord application from the settings or from the first part of the
    token (the id in base 64); None if neither has it.
    """
    if settings.application_id or settings.token is None:
        return settings.application_id
    first = settings.token.get_secret_value().strip().split(".")[0]
    try:
        decoded = base64.b64decode(first + "=" * (-len(first) % 4), validate=True).decode()
        return int(decoded) if decoded.isascii() and decoded.isdigit() else None
    except (binascii.Error, ValueError):
        return None


DISCORD_INVITE = CommandSpec(
    "discord invite",
    "Print the address that lets the bot into a Discord server.",
    invite,
    faces=IN_TERMINAL,
    opens=False,
    examples=("discord invite",),
)
