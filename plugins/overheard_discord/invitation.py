"""The address that lets the bot into a server, and the command that prints it."""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import urlencode

from overheard import IN_TERMINAL, Card, ChatUnavailable, CommandSpec, View
from overheard_discord.settings import DiscordSettings

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
PERMISSION_BITS = sum(DISCORD_PERMISSIONS.values())
"""The bot's permissions as Discord's bit mask."""


def invitation(application: int) -> str:
    """Return the address at Discord with which a person adds the bot of an application, given by
    its id, to a server.
    """
    query = {
        "client_id": application,
        "scope": "bot applications.commands",
        "permissions": PERMISSION_BITS,
    }
    return f"https://discord.com/oauth2/authorize?{urlencode(query)}"


def application_of(settings: DiscordSettings) -> int | None:
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


async def discord_invite(view: View) -> Card:
    """Return the address that adds the bot to a server, with the permissions that it needs and no
    others.

    Raises:
        ChatUnavailable: when neither the settings nor the token have the application's id.
    """
    application = application_of(view.tables["chats"].one(DiscordSettings, "discord"))
    if application is None:
        raise ChatUnavailable(
            chat="Discord",
            reason="the application's id is not known",
            remedy="set the environment variable DISCORD_TOKEN, or write application_id into "
            "[discord]; it is on the page General Information of your application at "
            "https://discord.com/developers/applications",
        )
    url = invitation(application)
    data = {"url": url, "application_id": str(application), "permissions": PERMISSION_BITS}
    return Card("", url, data=data)


DISCORD_INVITE = CommandSpec(
    "discord invite",
    "Print the address that lets the bot into a Discord server.",
    discord_invite,
    faces=IN_TERMINAL,
    opens=False,
    section="Set up",
    examples=("discord invite",),
)
