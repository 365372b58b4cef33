"""What Discord says about things, as its API and its gateway write it."""

from typing import Any

ME, APPLICATION, GUILD, CHANNEL, PERSON = (str(10**18 + n) for n in (1, 1, 2, 3, 4))
ROLE = str(10**18 + 5)
USER = {"id": ME, "username": "overheard", "discriminator": "0", "avatar": None, "bot": True}
ALL = str((1 << 50) - 1)
THEN = "2026-01-01T00:00:00+00:00"
Json = dict[str, Any]


def guild(permissions: str) -> Json:
    """Return the server, whose members may do so much."""
    role = {"id": GUILD, "name": "@everyone", "permissions": permissions, "position": 0}
    role |= {"color": 0, "hoist": False, "managed": False, "mentionable": False, "flags": 0}
    return {
        "id": GUILD,
        "name": "Acme",
        "owner_id": PERSON,
        "roles": [role],
        "channels": [channel(CHANNEL)],
        "members": [],
        "emojis": [],
        "features": [],
        "stickers": [],
        "member_count": 2,
        "premium_tier": 0,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "system_channel_flags": 0,
        "afk_timeout": 300,
        "preferred_locale": "en-GB",
    }


def application() -> Json:
    """Return the bot's application."""
    return {
        "id": APPLICATION,
        "name": "Overheard",
        "icon": None,
        "description": "",
        "bot_public": False,
        "bot_require_code_grant": False,
        "owner": USER | {"id": PERSON, "bot": False},
        "verify_key": "0" * 64,
        "flags": 0,
        "team": None,
    }


def channel(name: str) -> Json:
    """Return a text channel."""
    return {
        "id": name,
        "type": 0,
        "guild_id": GUILD,
        "name": "brand",
        "position": 0,
        "permission_overwrites": [],
        "nsfw": False,
        "flags": 0,
    }


def message(name: str, channel: str, body: Json) -> Json:
    """Return a message of the bot, from what was sent."""
    return {
        "id": name,
        "channel_id": channel,
        "author": USER,
        "content": body.get("content") or "",
        "timestamp": THEN,
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": body.get("embeds") or [],
        "components": body.get("components") or [],
        "pinned": False,
        "type": 0,
        "flags": body.get("flags") or 0,
        "reference": body.get("message_reference"),
    }


def member(user: Json, *roles: str) -> Json:
    """Return a member of the server."""
    return {
        "user": user,
        "roles": list(roles),
        "joined_at": THEN,
        "permissions": ALL,
        "deaf": False,
        "mute": False,
        "flags": 0,
    }


def interaction(name: str, type_: int, data: Json) -> Json:
    """Return something that a person did."""
    ann = {"id": PERSON, "username": "ann", "discriminator": "0", "avatar": None}
    return {
        "id": name,
        "application_id": APPLICATION,
        "type": type_,
        "token": f"t{name}",
        "version": 1,
        "data": data,
        "guild_id": GUILD,
        "channel_id": CHANNEL,
        "channel": channel(CHANNEL),
        "member": member(ann, ROLE),
        "locale": "en-GB",
        "entitlements": [],
        "authorizing_integration_owners": {},
        "context": 0,
        "attachment_size_limit": 10**7,
        "app_permissions": ALL,
    }


def ready(gateway: str) -> Json:
    """Return how the gateway greets the bot."""
    return {
        "v": 10,
        "user": USER,
        "guilds": [{"id": GUILD, "unavailable": True}],
        "session_id": "s",
        "resume_gateway_url": gateway,
        "application": {"id": APPLICATION, "flags": 0},
    }
