"""``[discord]`` in config.toml."""

from typing import Annotated

from pydantic import Field

from overheard import Secret, Settings

DISCORD_API = "https://discord.com/api/v10"
DISCORD_GATEWAY = "wss://gateway.discord.gg/"
_ADDRESS = r"://[^\s@/?#]+(/[^\s?#]*)?"
"""An address after its scheme, without a login or query: messages show addresses."""
Snowflake = Annotated[int, Field(gt=0, lt=2**63)]
"""An id of Discord."""


class DiscordSettings(Settings):
    """``[discord]``: the Discord bot. Its token is needed only when the bot connects.

    Attributes:
        token: The bot's token.
        application_id: The application's id; by default it is read from the token.
        command: The slash command of every day; `-setup` and `-expert` behind it are the others.
        guilds: Ids of the servers that may use the bot; empty means all servers of the bot.
        direct_messages: Whether the bot can be used in direct messages.
        permissions: Discord permissions that a member needs to see the command, such as
            ``["manage_guild"]``, unless a server's administrator overrides them; empty means none.
        api_url: The address of Discord's API; change it for a proxy. It is that of all clients of
            discord.py in this process.
        gateway_url: The address of Discord's gateway, for the same clients.
    """

    token: Secret | None = Field(default=None, json_schema_extra={"env": "DISCORD_TOKEN"})
    application_id: Snowflake | None = None
    command: str = Field(default="overheard", pattern=r"^[a-z0-9_-]{1,32}$")
    guilds: tuple[Snowflake, ...] = ()
    direct_messages: bool = True
    permissions: tuple[str, ...] = ()
    api_url: str = Field(default=DISCORD_API, pattern=rf"^https?{_ADDRESS}$")
    gateway_url: str = Field(default=DISCORD_GATEWAY, pattern=rf"^wss?{_ADDRESS}$")

    def serves(self, guild: int | None) -> bool:
        """Return whether a server, given by its id, may use the bot; None for direct messages."""
        if guild is None:
            return self.direct_messages
        return not self.guilds or guild in self.guilds
