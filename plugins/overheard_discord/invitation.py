"""The address that lets the bot into a server, and the command that prints it."""

import base64

from overheard import IN_TERMINAL, Card, ChatUnavailable, CommandSpec, View
from overheard_discord.settings import DiscordSettings

DISCORD_PERMISSIONS = (
    *("view_channel", "send_messages", "embed_links", "attach_files", "read_message_history"),
    *("create_public_threads", "send_messages_in_threads"),
)
"""discord.py's names of the permissions that the bot needs in a channel."""


def invitation(application: int) -> tuple[str, int]:
    """Return the address at Discord with which a person adds the bot of an application, given by
    its id, to a server, and the bot's permissions as Discord's bit mask.
    """
    import discord  # takes long, and no other command needs it

    permissions = discord.Permissions(**dict.fromkeys(DISCORD_PERMISSIONS, True))
    scopes = ("bot", "applications.commands")
    address = discord.utils.oauth_url(application, permissions=permissions, scopes=scopes)
    return address, permissions.value


def application_of(settings: DiscordSettings) -> int | None:
    """Return the id of the Discord application: the configured one, else that of the bot's token,
    whose text before the first dot is the id in base 64. None without a token, and for a token of
    another form.
    """
    if settings.application_id or settings.token is None:
        return settings.application_id
    encoded_id = settings.token.get_secret_value().strip().split(".")[0]
    try:
        decoded = base64.b64decode(f"{encoded_id}==").decode()  # more padding than needed is fine
    except ValueError:
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
    url, permissions = invitation(application)
    data = {"url": url, "application_id": str(application), "permissions": permissions}
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
