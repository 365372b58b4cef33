"""`discord invite`: the address at which a server's administrator lets the bot in."""

from __future__ import annotations

import base64
import binascii
import sys
from collections.abc import Mapping
from urllib.parse import urlencode

from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Face
from overheard.config.chats import DiscordTable
from overheard.deployment import Call, Session
from overheard.errors import ChatUnavailable

PERMISSIONS: Mapping[str, int] = {
    "view_channel": 1 << 10,
    "send_messages": 1 << 11,
    "embed_links": 1 << 14,
    "attach_files": 1 << 15,
    "read_message_history": 1 << 16,
    "create_public_threads": 1 << 35,
    "send_messages_in_threads": 1 << 38,
}
"""What the bot needs in a channel, by discord.py's names, and Discord's bit of each."""
SCOPES = ("bot", "applications.commands")
PAGE = "https://discord.com/oauth2/authorize"


async def invite(session: Session, _: Call) -> Card:
    """Print the address that lets the bot into a server, with the least permissions.

    Raises:
        ChatUnavailable: when neither the settings nor the token tell the application's id.
    """
    settings = session.read_config(needed=False).discord or DiscordTable()
    application = application_of(settings)
    if application is None:
        raise ChatUnavailable(
            chat="Discord",
            reason="nobody has told the application's id",
            remedy="set the environment variable DISCORD_TOKEN, or write application_id into "
            "[discord]; it stands on the page General Information of your application at "
            "https://discord.com/developers/applications",
        )
    url = invitation(application)
    sys.stdout.write(url + "\n")  # on a line of its own, whole at any width
    data = {"url": url, "application_id": str(application), "permissions": needed()}
    return Card("", data=data)


def invitation(application: int) -> str:
    """Return the address that lets an application's bot into a server."""
    query = {"client_id": application, "scope": " ".join(SCOPES), "permissions": needed()}
    return f"{PAGE}?{urlencode(query)}"


def needed() -> int:
    """Return the permissions that the bot needs, as Discord's number."""
    return sum(PERMISSIONS.values())


def application_of(settings: DiscordTable) -> int | None:
    """Return the application's id: the first part of a bot's token is its id, in base 64."""
    if settings.application_id or settings.token is None:
        return settings.application_id
    first = settings.token.get_secret_value().strip().split(".")[0]
    try:
        told = base64.b64decode(first + "=" * (-len(first) % 4), validate=True).decode()
        return int(told) if told.isascii() and told.isdigit() else None
    except (binascii.Error, ValueError):
        return None


INVITE = CommandSpec(
    "discord invite",
    "Print the address that lets the bot into a Discord server.",
    invite,
    faces=frozenset({Face.TERMINAL}),
    opens=False,
    examples=("discord invite",),
)
