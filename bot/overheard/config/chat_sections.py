"""The tables of config.toml for chats: Slack, Discord, who may do what, and channels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator

from overheard.config.secrets import Secret
from overheard.config.settings_base import DatabaseUrl, Dollars, Settings

DISCORD_API = "https://discord.com/api/v10"
DISCORD_GATEWAY = "wss://gateway.discord.gg/"
CHANNEL = r"^[a-z][a-z0-9_-]*:\S+$"
_ADDRESS = r"://[^\s@/?#]+(/[^\s?#]*)?"
"""An address after its scheme, without a login or query: messages show addresses."""
Snowflake = Annotated[int, Field(gt=0, lt=2**63)]
"""An id of Discord."""
_IDS = {"slack": r"([A-Z0-9]+/)?[A-Z0-9]+", "discord": r"@?\d+"}
"""What ids look like, by platform; other chats have their own."""


def is_name(channel: str) -> bool:
    """Return whether a channel or person of Slack or Discord is written by name, not by id."""
    platform, _, written = channel.partition(":")
    return platform in _IDS and not re.fullmatch(_IDS[platform], written)


class AccessTable(Settings):
    """``[access]``: the rights of users in chat; the terminal may do everything.

    People, groups and roles are written as ``platform:id``.

    Attributes:
        everyone: The right of users who are not listed below: ``nothing``, ``viewer`` (read) or
            ``operator`` (spend within the budget, handle alerts).
        viewers: May read.
        operators: May also spend and handle alerts.
        admins: May also configure.
        channels: The channels in which the bot answers; empty means all channels with the bot.
    """

    everyone: Literal["nothing", "viewer", "operator"] = "operator"
    viewers: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

    @field_validator("viewers", "operators", "admins", "channels")
    @classmethod
    def _are_ids(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        for each in ids:
            if not re.match(CHANNEL, each) or is_name(each):
                raise ValueError(f'must hold ids such as "slack:U0123456789", and not "{each}"')
        return ids


class SlackTable(Settings):
    """``[slack]``: the Slack app. Its secrets are needed only when the bot connects.

    Attributes:
        mode: ``socket`` works without a public address; ``http`` needs an address that Slack can
            reach, and verifies the signature of requests.
        bot_token: The bot's token, ``xoxb-...``.
        app_token: The app-level token for Socket Mode, ``xapp-...``.
        signing_secret: The secret with which Slack signs requests, for ``http``.
        command: The slash command.
        base_url: The address of Slack's Web API; change it for GovSlack or a proxy.
        host: The address to listen on, for ``http``.
        port: The port to listen on, for ``http``.
        url: The public address of this bot, such as ``https://bot.example.com``, for ``http``.
        client_id: The app's client id; with a client id, workspaces can install the bot themselves
            at ``/slack/install``, for ``http``.
        client_secret: The app's client secret.
        installations: The database that keeps the tokens of those workspaces.
    """

    mode: Literal["socket", "http"] = "socket"
    bot_token: Secret | None = Field(default=None, json_schema_extra={"env": "SLACK_BOT_TOKEN"})
    app_token: Secret | None = Field(default=None, json_schema_extra={"env": "SLACK_APP_TOKEN"})
    signing_secret: Secret | None = Field(
        default=None, json_schema_extra={"env": "SLACK_SIGNING_SECRET"}
    )
    command: str = Field(default="/overheard", pattern=r"^/[a-z0-9_-]{1,31}$")
    base_url: str = Field(default="https://slack.com/api/", pattern=rf"^https?{_ADDRESS}$")
    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)
    url: str = Field(
        default="", pattern=rf"^(https?{_ADDRESS})?$", examples=["https://bot.acme.com"]
    )
    client_id: str = ""
    client_secret: Secret | None = Field(
        default=None, json_schema_extra={"env": "SLACK_CLIENT_SECRET"}
    )
    installations: DatabaseUrl = "sqlite:///overheard-slack.db"

    @property
    def many(self) -> bool:
        """Whether several workspaces can install the bot themselves."""
        return self.mode == "http" and bool(self.client_id)


class DiscordTable(Settings):
    """``[discord]``: the Discord bot. Its token is needed only when the bot connects.

    Attributes:
        token: The bot's token.
        application_id: The application's id; by default it is read from the token.
        command: The slash command of every day; `-setup` and `-expert` behind it are the others.
        guilds: Ids of the servers that may use the bot; empty means all servers of the bot.
        direct_messages: Whether the bot can be used in direct messages.
        permissions: Discord permissions that a member needs to see the command, such as
            ``["manage_guild"]``, unless a server's administrator overrides them; empty means none.
        api_url: The address of Discord's API; change it for a proxy.
        gateway_url: The address of Discord's gateway.
    """

    token: Secret | None = Field(default=None, json_schema_extra={"env": "DISCORD_TOKEN"})
    application_id: Snowflake | None = None
    command: str = Field(default="overheard", pattern=r"^[a-z0-9_-]{1,32}$")
    guilds: tuple[Snowflake, ...] = ()
    direct_messages: bool = True
    permissions: tuple[str, ...] = ()
    api_url: str = Field(default=DISCORD_API, pattern=rf"^https?{_ADDRESS}$")
    gateway_url: str = Field(default=DISCORD_GATEWAY, pattern=rf"^wss?{_ADDRESS}$")


class ChatTable(Settings):
    """``[chat]``: settings for all chats.

    Attributes:
        spend_without_asking: US dollars up to which a command runs without a confirmation of its
            price.
        channels: The same limit for single channels, by ``platform:id``.
    """

    spend_without_asking: Dollars = 0.0
    channels: Mapping[str, Dollars] = Field(default_factory=dict)

    def free(self, channel: str) -> float:
        """Return the US dollars that a command in a channel may cost without confirmation."""
        return self.channels.get(channel, self.spend_without_asking)
