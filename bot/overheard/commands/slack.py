"""`slack manifest`: what makes the app at Slack, with no more rights than the bot uses."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Face, option
from overheard.config.chats import SlackTable
from overheard.deployment import Call, Session

SCOPES = (
    "commands",  # take the slash command
    "chat:write",  # answer, and post alerts
    "files:write",  # put charts into threads
    "channels:history",  # find out after a crash whether an alert was posted in a public channel
    "groups:history",  # the same in a private one
    "users:read",  # show times in the reader's zone
    "usergroups:read",  # give roles to user groups
)
"""What the bot may do, and what for."""
OPTIONAL = frozenset({"usergroups:read"})
"""Scopes without which it works as well, but for what they are for."""
EVENTS = "/slack/events"
REDIRECT = "/slack/oauth_redirect"
UNKNOWN = "https://bot.example.com"
"""Stands where the bot's own address belongs, until [slack] names it as url."""


async def slack_manifest(
    session: Session,
    _: Call,
    *,
    form: Annotated[
        str, option("How to write it.", word="format", choices=("yaml", "json"))
    ] = "yaml",
) -> Card:
    """Write the manifest of the Slack app that the configuration describes to standard output.

    Args:
        session: Where to read the configuration; without a file, the defaults are used.
        form: ``yaml`` or ``json``.

    Raises:
        ConfigError: with all that is wrong.
    """
    settings = session.read_config(needed=False).slack or SlackTable()
    written = manifest(settings)
    text = to_yaml(written) if form == "yaml" else json.dumps(written, indent=2)
    sys.stdout.write(text + "\n")
    return Card("", data=written)


def manifest(settings: SlackTable) -> dict[str, Any]:
    """Return the manifest as Slack's schema has it."""
    return {
        "display_information": {
            "name": "Overheard",
            "description": "Hears what AI models say about your brand, and tells when it changes.",
            "background_color": "#1f2328",
        },
        "features": _features(settings),
        "oauth_config": _rights(settings),
        "settings": _settings(settings),
    }


def _features(settings: SlackTable) -> dict[str, Any]:
    command = {
        "command": settings.command,
        "description": "Measure, read and configure what AI models say about your brand",
        "usage_hint": "help",
        "should_escape": False,
        **_at(settings, "url"),
    }
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": True,
        },
        "bot_user": {"display_name": "Overheard", "always_online": False},
        "slash_commands": [command],
    }


def _rights(settings: SlackTable) -> dict[str, Any]:
    needed = [scope for scope in SCOPES if scope not in OPTIONAL]
    scopes = {"bot": needed, "bot_optional": sorted(OPTIONAL)}
    if not settings.many:
        return {"scopes": scopes}
    return {"redirect_urls": [_address(settings) + REDIRECT], "scopes": scopes}


def _settings(settings: SlackTable) -> dict[str, Any]:
    return {
        "event_subscriptions": {
            **_at(settings, "request_url"),
            "bot_events": ["app_home_opened"],
        },
        "interactivity": {
            "is_enabled": True,
            **_at(settings, "request_url"),
            **_at(settings, "message_menu_options_url"),
        },
        "org_deploy_enabled": False,
        "socket_mode_enabled": settings.mode == "socket",
        "token_rotation_enabled": False,
    }


def _at(settings: SlackTable, key: str) -> dict[str, str]:
    """Return where Slack sends requests; Socket Mode needs no address."""
    return {} if settings.mode == "socket" else {key: _address(settings) + EVENTS}


def _address(settings: SlackTable) -> str:
    return settings.url.rstrip("/") or UNKNOWN


def to_yaml(value: Any, indent: str = "") -> str:
    """Write tables and lists as YAML; texts are written as JSON has them, which YAML reads."""
    lines: list[str] = []
    for key, inner in value.items():
        if isinstance(inner, dict):
            lines += [f"{indent}{key}:", to_yaml(inner, indent + "  ")]
        elif isinstance(inner, list):
            lines += [f"{indent}{key}:", *(_entry(one, indent + "  ") for one in inner)]
        else:
            lines.append(f"{indent}{key}: {json.dumps(inner)}")
    return "\n".join(lines)


def _entry(value: Any, indent: str) -> str:
    if not isinstance(value, dict):
        return f"{indent}- {json.dumps(value)}"
    return f"{indent}- {to_yaml(value, indent + '  ').lstrip()}"


MANIFEST = CommandSpec(
    "slack manifest",
    "Write the manifest that makes the app at Slack, from the configuration.",
    slack_manifest,
    faces=frozenset({Face.TERMINAL}),
    opens=False,
    examples=("slack manifest", "slack manifest --format json"),
)
