"""The checks of `overheard doctor` for Discord: token, servers, and permissions in channels."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from overheard.chat.discord.api import PORTAL, chat_failed
from overheard.chat.discord.client import DiscordClient
from overheard.chat.discord.sync import is_served
from overheard.commands.chat_apps import DISCORD_PERMISSIONS, invitation
from overheard.interfaces import Finding

PLACE = "discord"


async def examine(client: DiscordClient, channels: Sequence[str]) -> list[Finding]:
    """Return findings about the application, the servers and channels.

    Args:
        client: A client that is logged in.
        channels: The ids of the channels that alerts go to.

    Raises:
        discord.HTTPException: when Discord does not return the bot's servers.
    """
    findings = [_check_application(client), *await _check_servers(client)]
    return [*findings, *[await _check_channel(client, channel) for channel in channels]]


def _check_application(client: DiscordClient) -> Finding:
    """Return a finding about the application's endpoint, which must be empty."""
    application = client.application
    if application and application.interactions_endpoint_url:
        return Finding(
            f"{PLACE}: application",
            "it sends commands and clicks to a web address instead of this bot",
            f"empty the Interactions Endpoint URL of the application at {PORTAL}",
        )
    return Finding(f"{PLACE}: token and application")


async def _check_servers(client: DiscordClient) -> list[Finding]:
    """Return a finding for each server that the bot serves, or should be in."""
    ids = {guild.id async for guild in client.fetch_guilds(with_counts=False)}
    invite = f"open {invitation(client.application_id or 0)}"
    served = {guild for guild in ids if is_served(client.settings, guild)}
    missing = [guild for guild in client.settings.guilds if guild not in ids]
    absent = [
        Finding(f"{PLACE}: server {guild}", "the bot is not in this server", invite)
        for guild in missing
    ]
    if not served and not missing:
        absent = [Finding(f"{PLACE}: servers", "the bot is in no server", invite)]
    return [*absent, *(Finding(f"{PLACE}: server {guild}") for guild in sorted(served))]


async def _check_channel(client: DiscordClient, channel: str) -> Finding:
    """Return a finding about the bot's permissions in a channel."""
    where = f"{PLACE}: channel {channel}"
    if not channel.isdecimal():
        remedy = "copy the channel's id in Discord, which Developer Mode in its settings shows"
        return Finding(where, "this is no channel's id", remedy)
    try:
        missing = await _missing_permissions(client, int(channel))
    except (discord.HTTPException, discord.InvalidData) as error:
        remedy = "let the bot see the channel, or mend the channel's id in [[routes]]"
        return Finding(where, str(chat_failed(error).details["reason"]), remedy)
    if missing:
        names = ", ".join(name.replace("_", " ") for name in missing)
        return Finding(where, f"the bot may not: {names}", "allow it in the channel's permissions")
    return Finding(where)


async def _missing_permissions(client: DiscordClient, channel: int) -> list[str]:
    """Return the names of the permissions that the bot needs and lacks in a channel."""
    guild_id = getattr((await client.fetch_channel(channel)), "guild", None)
    if guild_id is None:
        return []  # direct messages need no permissions
    # discord.py computes permissions only for a channel of a server whose roles are known.
    guild = await client.fetch_guild(guild_id.id, with_counts=False)
    me = await guild.fetch_member(client.user.id if client.user else 0)
    permissions = (await guild.fetch_channel(channel)).permissions_for(me)
    return [name for name in DISCORD_PERMISSIONS if not getattr(permissions, name)]
