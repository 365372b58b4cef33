"""Chat `discord`: cards as components, commands, buttons and forms by discord.py."""

from collections.abc import Iterator
from functools import partial

from overheard import Chat, CommandSpec, LaterChat, PluginSettings, hookimpl
from overheard_discord.invitation import DISCORD_INVITE
from overheard_discord.settings import DiscordSettings


@hookimpl
def overheard_chats(settings: PluginSettings) -> Iterator[LaterChat]:
    """Yield the chat of ``[discord]``, if there is such a table."""
    for _, mine in settings.each(DiscordSettings):
        yield LaterChat("discord", partial(_chat, mine))


@hookimpl
def overheard_commands() -> Iterator[CommandSpec]:
    """Yield the command that prints the bot's invitation."""
    yield DISCORD_INVITE


def _chat(settings: DiscordSettings) -> Chat:
    from overheard_discord.chat import DiscordChat

    return DiscordChat(settings)
