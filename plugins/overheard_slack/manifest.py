"""The manifest from which Slack makes the app, and the command that prints it."""

import json
from typing import Any

from overheard import IN_TERMINAL, Card, CommandSpec, View
from overheard_slack.settings import SlackSettings

SLACK_SCOPES = (
    "commands",  # take the slash command
    "chat:write",  # answer, and post alerts
    "app_mentions:read",  # answer questions in which the bot is mentioned
    "im:history",  # answer direct messages
    "assistant:write",  # propose questions where people write to the bot
    "files:write",  # show charts, and send files
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
NEEDED_BY_AGENTS = "assistant:write"
"""The optional scope that Slack demands of an app with ``agent_view``."""
SLACK_EVENTS = (
    "app_context_changed",
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "member_joined_channel",
    "message.im",
    "tokens_revoked",
)
"""The events that Slack sends to the bot."""
SUGGESTED_PROMPTS = [
    {"title": "How are we doing?", "message": "How are we doing?"},
    {"title": "What changed?", "message": "What changed this week?"},
    {"title": "What do they say?", "message": "What do they say about our price?"},
    {"title": "What to do?", "message": "What should we do?"},
]
"""The questions that are proposed to people who write to the bot."""
SLACK_EVENTS_PATH = "/slack/events"
SLACK_REDIRECT_PATH = "/slack/oauth_redirect"
EXAMPLE_ADDRESS = "https://bot.example.com"
"""Placeholder for the bot's own address, until [slack] names it as url."""


def manifest(settings: SlackSettings) -> dict[str, Any]:
    """Return the manifest of a Slack app, from which Slack creates the app, for the settings of
    ``[slack]``.

    Source: https://docs.slack.dev/reference/app-manifest
    """
    optional = OPTIONAL_SLACK_SCOPES - {NEEDED_BY_AGENTS}
    needed = [scope for scope in SLACK_SCOPES if scope not in optional]
    returns_to = {"redirect_urls": [_address(settings) + SLACK_REDIRECT_PATH]}
    command = {
        "command": settings.command,
        "description": "Measure, read and configure what AI models say about your brand",
        "usage_hint": "help",
        "should_escape": False,
        **_request_address(settings, "url"),
    }
    return {
        "display_information": {
            "name": "Overheard",
            "description": "Hears what AI models say about your brand, and tells when it changes.",
            "background_color": "#1f2328",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "agent_view": {
                "agent_description": "Answers questions about what AI models say of your brand.",
                "suggested_prompts": SUGGESTED_PROMPTS,
            },
            "bot_user": {"display_name": "Overheard", "always_online": False},
            "slash_commands": [command],
        },
        "oauth_config": {
            **(returns_to if settings.many else {}),
            "scopes": {"bot": needed, "bot_optional": sorted(optional)},
        },
        "settings": {
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
        },
    }


def _request_address(settings: SlackSettings, key: str) -> dict[str, str]:
    """Return the address to which Slack sends requests, as an entry of the manifest under `key`;
    empty in Socket Mode, which has no such address.
    """
    return {} if settings.mode == "socket" else {key: _address(settings) + SLACK_EVENTS_PATH}


def _address(settings: SlackSettings) -> str:
    """Return the bot's own address without a slash at its end; a placeholder if it is not set."""
    return settings.url.rstrip("/") or EXAMPLE_ADDRESS


async def slack_manifest(view: View) -> Card:
    """Return the manifest of the app that the configuration describes, as JSON."""
    app_manifest = manifest(view.tables["chats"].one(SlackSettings, "slack"))
    return Card("", json.dumps(app_manifest, indent=2), data=app_manifest)


SLACK_MANIFEST = CommandSpec(
    "slack manifest",
    "Write the manifest that makes the app at Slack, from the configuration.",
    slack_manifest,
    faces=IN_TERMINAL,
    opens=False,
    section="Set up",
    examples=("slack manifest",),
)
