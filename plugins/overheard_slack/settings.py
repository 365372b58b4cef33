"""``[slack]`` in config.toml."""

from typing import Literal

from pydantic import Field

from overheard import ChatUnavailable, DatabaseUrl, Secret, Settings

_ADDRESS = r"://[^\s@/?#]+(/[^\s?#]*)?"
"""An address after its scheme, without a login or query: messages show addresses."""


class SlackSettings(Settings):
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

    def secret(self, key: str) -> str:
        """Return the text of a secret, given its key, such as ``bot_token``.

        Raises:
            ChatUnavailable: when it is not configured; it says where to set it.
        """
        secret: Secret | None = getattr(self, key)
        if secret is not None:
            return secret.get_secret_value()
        remedy = f"set the environment variable SLACK_{key.upper()}, or name a file as {key}_file"
        raise ChatUnavailable(
            chat="Slack", reason=f"its {key} is missing", remedy=f"{remedy} in [slack]"
        )
