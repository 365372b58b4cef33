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
    """Write the manifest of the configured Slack app to standard output, and return an empty card
    with the manifest as data.

    Args:
        session: The session that reads the configuration; without a file, the defaults apply.
        form: ``yaml`` or ``json``.
    """
    settings = session.read_config(needed=False).slack or SlackTable()
    app_manifest = manifest(settings)
    text = to_yaml(app_manifest) if form == "yaml" else json.dumps(app_manifest, indent=2)
    sys.stdout.write(text + "\n")
    return Card("", data=app_manifest)


def manifest(settings: SlackTable) -> dict[str, Any]:
    """Return the manifest of a Slack app, from which Slack creates the app, for the settings of
    ``[slack]``.

    Source: https://docs.slack.dev/reference/app-manifest
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
    """Return the section ``features`` of a Slack app's manifest: the home and messages tabs, the
    assistant panel, the bot user, and the slash command with its configured name.
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
    """Return the section ``oauth_config`` of a Slack app's manifest: the scopes that the bot needs,
    and as optional ones those without which it works. For an app of many workspaces it also has the
    address to which Slack returns after an installation.
    """
    needed = [scope for scope in SLACK_SCOPES if scope not in OPTIONAL_SLACK_SCOPES]
    scopes = {"bot": needed, "bot_optional": sorted(OPTIONAL_SLACK_SCOPES)}
    if not settings.many:
        return {"scopes": scopes}
    return {"redirect_urls": [_address(settings) + SLACK_REDIRECT_PATH], "scopes": scopes}


def _manifest_settings(settings: SlackTable) -> dict[str, Any]:
    """Return the section ``settings`` of a Slack app's manifest: the events that Slack sends, that
    forms and buttons are used, and whether the app uses Socket Mode. Without Socket Mode it also
    has the addresses to which Slack sends its requests.
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
    """Return the address to which Slack sends requests, as an entry of the manifest under `key`;
    empty in Socket Mode, which has no such address.
    """
    return {} if settings.mode == "socket" else {key: _address(settings) + SLACK_EVENTS_PATH}


def _address(settings: SlackTable) -> str:
    """Return the bot's own address without a slash at its end; a placeholder if it is not set."""
    return settings.url.rstrip("/") or EXAMPLE_ADDRESS


def to_yaml(value: Any, indent: str = "") -> str:
    """Return a dictionary as YAML, without a line break at the end. Its values are dictionaries,
    lists, and scalars, which are written as in JSON; a list has dictionaries and scalars. Keys are
    not quoted.

    Args:
        indent: The spaces before each line.
    """
    lines: list[str] = []
    inner_indent = indent + "  "
    for key, inner in value.items():
        if isinstance(inner, dict):
            lines += [f"{indent}{key}:", to_yaml(inner, inner_indent)]
        elif isinstance(inner, list):
            lines += [f"{indent}{key}:", *(_list_entry(child, inner_indent) for child in inner)]
        else:
            lines.append(f"{indent}{key}: {json.dumps(inner)}")
    return "\n".join(lines)


def _list_entry(value: Any, indent: str) -> str:
    """Return a dictionary or a scalar as an entry of a YAML list, after the spaces `indent`."""
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
    """Write the address that adds the bot to a Discord server, with the permissions that it needs
    and no others, to standard output; return an empty card with the address as data.

    Raises:
        ChatUnavailable: when neither the settings nor the token have the application's id.
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
    data = {"url": url, "application_id": str(application), "permissions": permission_bits()}
    return Card("", data=data)


def invitation(application: int) -> str:
    """Return the address at Discord with which a person adds the bot of an application, given by
    its id, to a server.
    """
    query = {
        "client_id": application,
        "scope": " ".join(_DISCORD_SCOPES),
        "permissions": permission_bits(),
    }
    return f"{_INVITATION_PAGE}?{urlencode(query)}"


def permission_bits() -> int:
    """Return the bot's permissions as Discord's bit mask."""
    return sum(DISCORD_PERMISSIONS.values())


def application_of(settings: DiscordTable) -> int | None:
    """Return the id of the Discord application: the configured one, else that of the bot's token,
    whose text before the first dot is the id in base 64. None without a token, and for a token of
    another form.
    """
    if settings.application_id or settings.token is None:
        return settings.application_id
    encoded_id = settings.token.get_secret_value().strip().split(".")[0]
    padding = "=" * (-len(encoded_id) % 4)
    try:
        decoded = base64.b64decode(encoded_id + padding, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return int(decoded) if decoded.isascii() and decoded.isdigit() else None


DISCORD_INVITE = CommandSpec(
    "discord invite",
    "Print the address that lets the bot into a Discord server.",
    invite,
    faces=IN_TERMINAL,
    opens=False,
    examples=("discord invite",),
)
