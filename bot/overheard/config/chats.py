"""The chat platforms, as the configuration describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from overheard.config.settings import Secret, Settings

DISCORD_API = "https://discord.com/api/v10"
DISCORD_GATEWAY = "wss://gateway.discord.gg/"


class SlackTable(Settings):
    """``[slack]``: the Slack app. Its secrets are asked for when the bot connects.

    Attributes:
        mode: ``socket`` needs no address that Slack can reach; ``http`` does, and its requests
            are judged by their signature.
        bot_token: The bot's token, ``xoxb-...``.
        app_token: The app-level token for Socket Mode, ``xapp-...``.
        signing_secret: What Slack signs requests with, for ``http``.
        command: The slash command.
        base_url: Where Slack's Web API is; another for GovSlack or a proxy.
        host: The address to listen on, for ``http``.
        port: The port to listen on, for ``http``.
        url: How Slack reaches this bot, such as ``https://bot.example.com``, for ``http``.
        client_id: The app's client id; with it, many workspaces can install the bot themselves at
            ``/slack/install``, for ``http``.
        client_secret: The secret that belongs to it.
        installations: The database in which the tokens of those workspaces are kept.
    """

    mode: Literal["socket", "http"] = "socket"
    bot_token: Secret | None = Field(default=None, json_schema_extra={"env": "SLACK_BOT_TOKEN"})
    app_token: Secret | None = Field(default=None, json_schema_extra={"env": "SLACK_APP_TOKEN"})
    signing_secret: Secret | None = Field(
        default=None, json_schema_extra={"env": "SLACK_SIGNING_SECRET"}
    )
    command: str = Field(default="/overheard", pattern=r"^/[a-z0-9_-]{1,31}$")
    base_url: str = Field(default="https://slack.com/api/", pattern=r"^https?://\S+$")
    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)
    url: str = Field(default="", pattern=r"^(https?://\S+)?$", examples=["https://bot.acme.com"])
    client_id: str = ""
    client_secret: Secret | None = Field(
        default=None, json_schema_extra={"env": "SLACK_CLIENT_SECRET"}
    )
    installations: str = "sqlite:///overheard-slack.db"

    @property
    def many(self) -> bool:
        """Whether workspaces install the bot themselves."""
        return self.mode == "http" and bool(self.client_id)


class DiscordTable(Settings):
    """``[discord]``: the Discord bot. Its token is asked for when the bot connects.

    Attributes:
        token: The bot's token.
        application_id: The application's id; by default it is read from the token.
        command: The slash command under which all others stand.
        guilds: Ids of the servers that may use the bot; empty means all that it is in.
        direct_messages: Whether it can be used in direct messages.
        permissions: Discord permissions a member needs to see the command, until a server's
            administrator decides otherwise, such as ``["manage_guild"]``; empty: everybody does.
        api_url: Where Discord's API is; another for a proxy.
        gateway_url: Where its gateway is.
    """

    token: Secret | None = Field(default=None, json_schema_extra={"env": "DISCORD_TOKEN"})
    application_id: int | None = Field(default=None, gt=0)
    command: str = Field(default="overheard", pattern=r"^[a-z0-9_-]{1,32}$")
    guilds: tuple[int, ...] = ()
    direct_messages: bool = True
    permissions: tuple[str, ...] = ()
    api_url: str = Field(default=DISCORD_API, pattern=r"^https?://\S+$")
    gateway_url: str = Field(default=DISCORD_GATEWAY, pattern=r"^wss?://\S+$")


class ChatTable(Settings):
    """``[chat]``: what holds for all chats.

    Attributes:
        spend_without_asking: What a command may cost at most, in US dollars, without showing its
            price and waiting for a yes.
        channels: Another such limit for single channels, by ``platform:id``.
    """

    spend_without_asking: float = Field(default=0.0, ge=0)
    channels: Mapping[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)

    def free(self, channel: str) -> float:
        """Return what a command in a channel may cost without asking."""
        return self.channels.get(channel, self.spend_without_asking)
