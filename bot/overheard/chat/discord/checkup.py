"""Whether Discord is as it should be: token, servers, and what the bot may do in each channel."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from overheard.chat.discord.client import Client
from overheard.chat.discord.errors import PORTAL, failure
from overheard.chat.discord.sync import serves
from overheard.commands.discord import PERMISSIONS, invitation
from overheard.interfaces import Finding

PLACE = "discord"


async def examine(client: Client, channels: Sequence[str]) -> list[Finding]:
    """Look at everything that a client that is logged in can see.

    Args:
        client: Who looks.
        channels: The ids of channels that alerts go to.
    """
    found = [_application(client), *await _servers(client)]
    return [*found, *[await _channel(client, channel) for channel in channels]]


def _application(client: Client) -> Finding:
    application = client.application
    if application and application.interactions_endpoint_url:
        return Finding(
            f"{PLACE}: application",
            "it sends commands and clicks to a web address instead of this bot",
            f"empty the Interactions Endpoint URL of the application at {PORTAL}",
        )
    return Finding(f"{PLACE}: token and application")


async def _servers(client: Client) -> list[Finding]:
    ids = {guild.id async for guild in client.fetch_guilds(with_counts=False)}
    invite = f"open {invitation(client.application_id or 0)}"
    served = {guild for guild in ids if serves(client.settings, guild)}
    missing = [guild for guild in client.settings.guilds if guild not in ids]
    absent = [
        Finding(f"{PLACE}: server {guild}", "the bot is not in this server", invite)
        for guild in missing
    ]
    if not served and not missing:
        absent = [Finding(f"{PLACE}: servers", "the bot is in no server", invite)]
    return [*absent, *(Finding(f"{PLACE}: server {guild}") for guild in sorted(served))]


async def _channel(client: Client, channel: str) -> Finding:
    where = f"{PLACE}: channel {channel}"
    if not channel.isdecimal():
        remedy = "copy the channel's id in Discord, which Developer Mode in its settings shows"
        return Finding(where, "this is no channel's id", remedy)
    try:
        lacking = await _lacking(client, int(channel))
    except (discord.HTTPException, discord.InvalidData) as error:
        remedy = "let the bot see the channel, or mend the channel's id in [[routes]]"
        return Finding(where, str(failure(error).details["reason"]), remedy)
    if lacking:
        names = ", ".join(name.replace("_", " ") for name in lacking)
        return Finding(where, f"the bot may not: {names}", "allow it in the channel's permissions")
    return Finding(where)


async def _lacking(client: Client, channel: int) -> list[str]:
    """Return the permissions that the bot lacks in a channel."""
    guild_id = getattr((await client.fetch_channel(channel)), "guild", None)
    if guild_id is None:
        return []  # a direct message: there is nothing to lack
    # A channel knows its permissions only with its server's roles.
    guild = await client.fetch_guild(guild_id.id, with_counts=False)
    me = await guild.fetch_member(client.user.id if client.user else 0)
    permissions = (await guild.fetch_channel(channel)).permissions_for(me)
    return [name for name in PERMISSIONS if not getattr(permissions, name)]
