"""The tables of config.toml for chats, schedules, routes, access, budgets, limits and operation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from overheard.config.cron import find_zone, read_cron
from overheard.config.secrets import Secret
from overheard.config.settings_base import Line, Settings
from overheard.domain import Account

CHANNEL = r"^[a-z][a-z0-9_-]*:\S+$"
MAX_CONCURRENCY = 1_000
"""The most calls to a provider at a time: each holds a connection and memory."""
MAX_REPEATS = 1_000
"""The most repeats of a question in a check."""
_IDS = {"slack": r"([A-Z0-9]+/)?[A-Z0-9]+", "discord": r"@?\d+"}
"""What ids look like, by platform; other chats have their own."""


def is_name(channel: str) -> bool:
    """Return whether a channel or person of Slack or Discord is written by name, not by id."""
    platform, _, written = channel.partition(":")
    return platform in _IDS and not re.fullmatch(_IDS[platform], written)


class Zoned(Settings):
    """A table with times in a time zone.

    Attributes:
        timezone: An IANA zone, such as ``Europe/Berlin``.
    """

    timezone: str = "UTC"

    @field_validator("timezone")
    @classmethod
    def _is_timezone(cls, timezone: str) -> str:
        find_zone(timezone)
        return timezone


class Timed(Zoned):
    """A table with the due times of a job.

    Attributes:
        cron: Five fields: minute, hour, day of month, month, day of week.
    """

    cron: str = Field(min_length=1)

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, cron: str) -> str:
        return read_cron(cron).fields


class ScheduleTable(Timed):
    """``[[schedules]]``: see `overheard.domain.Schedule`."""

    name: Line
    brands: tuple[str, ...] = ()
    repeats: int = Field(default=1, ge=1, le=MAX_REPEATS)
    batch: bool = False


class CanaryTable(Timed):
    """``[canary]``: when `overheard run` asks the configured canaries."""

    cron: str = "0 5 * * *"


class RouteTable(Zoned):
    """``[[routes]]``: the alerts that are posted in a channel.

    Attributes:
        channel: ``slack:C0123456789`` or ``discord:123456789012345678``.
        brands: Names of brands; empty means all.
        metrics: Names of metrics; empty means all.
        severities: ``bad`` for deteriorations, ``good`` for improvements; both by default.
        quiet: Hours in which no new alert is posted, such as ``22:00-07:00``; these alerts are
            posted afterwards. Empty means no quiet hours.
        also_in_channel: Whether the growth, recovery or end of a snooze of an alert is also posted
            in the channel, and not only in the alert's thread.
    """

    channel: str = Field(pattern=CHANNEL, examples=["slack:C0123456789"])
    brands: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    severities: tuple[Literal["bad", "good"], ...] = ("bad", "good")
    quiet: str = ""
    also_in_channel: bool = False

    @field_validator("quiet")
    @classmethod
    def _is_quiet(cls, quiet: str) -> str:
        """Return quiet hours; raise ValueError unless they are two different times of day, or
        empty.
        """
        if quiet:
            try:
                first, last = read_hours(quiet)
            except ValueError:
                first = last = time()
            if first == last:
                raise ValueError('must be two times of the day, such as "22:00-07:00"')
        return quiet


class ReportTable(Timed):
    """``[[reports]]``: a digest of the week that is posted on a schedule.

    Attributes:
        name: The unique name.
        channel: The channel, as in a route.
        brands: Names of brands; empty means all tracked brands.
    """

    name: Line
    channel: str = Field(pattern=CHANNEL, examples=["slack:C0123456789"])
    brands: tuple[str, ...] = ()


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


class QueueTable(Settings):
    """``[queue]``: which process asks and scores.

    Attributes:
        engine: ``inline``: the process that starts the run. ``pgqueuer``: the processes of
            `overheard worker`; this needs a PostgreSQL database in ``[storage] url``.
    """

    engine: Literal["inline", "pgqueuer"] = "inline"


class LoggingTable(Settings):
    """``[logging]``: the log of `overheard run` and `overheard worker` on standard error.

    Attributes:
        format: ``text`` for people, or ``json``: one object per line, with the ids of run, command
            and task.
        level: ``warning``, or ``info`` to log start and end of runs and tasks as well.
    """

    format: Literal["text", "json"] = "text"
    level: Literal["info", "warning"] = "warning"


class TelemetryTable(Settings):
    """``[telemetry]``: OpenTelemetry traces of runs.

    Attributes:
        traces: Whether spans are exported by OTLP; OpenTelemetry's own variables, such as
            ``OTEL_EXPORTER_OTLP_ENDPOINT``, set the address.
        service: The service name of this deployment in traces.
    """

    traces: bool = False
    service: str = Field(default="overheard", min_length=1)


class RetentionTable(Settings):
    """``[retention]``: how long the texts of answers and quotes are kept.

    Older texts are written to a file and removed from the store. Values, blocks and spend stay.

    Attributes:
        days: Number of days; 0 keeps texts without end.
        brands: Number of days for questions that were asked for a brand; an answer for several
            brands is kept for the longest of their periods.
        folder: The folder of the files; a relative path starts at that of the configuration.
    """

    days: int = Field(default=0, ge=0)
    brands: Mapping[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    folder: Path = Path("texts")


class HealthTable(Timed):
    """``[health]``: the health and metrics server of `overheard run` and `overheard worker`.

    Attributes:
        host: The address to listen on; by default only this machine can connect.
        port: The port; 0 for no server. Each process of a machine needs another port, see
            `overheard worker`.
        notices: Channels, as in a route, in which admins are notified of a suspended plugin and of
            a chat that is disabled or keeps failing. Without channels, notices are only logged.
        alive: Channels in which a sign of life is posted; see `commands/delivery_cards.py`.
        cron: When the sign of life is posted; by default on Mondays at eight.
    """

    cron: str = "0 8 * * mon"

    host: str = "127.0.0.1"
    port: int = Field(default=8484, ge=0, le=65535)
    notices: tuple[Annotated[str, Field(pattern=CHANNEL)], ...] = Field(
        default=(), examples=["slack:C0123456789"]
    )
    alive: tuple[Annotated[str, Field(pattern=CHANNEL)], ...] = Field(
        default=(), examples=["slack:C0123456789"]
    )


def read_hours(text: str) -> tuple[time, time]:
    """Return start and end of quiet hours that are written as ``22:00-07:00``.

    Raises:
        ValueError: when the text has another form.
    """
    first, _, last = text.partition("-")
    return time.fromisoformat(first.strip()), time.fromisoformat(last.strip())


Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class BudgetTable(Settings):
    """``[budget]``: limits of spending in US dollars; None means no limit.

    Attributes:
        run: Limit of one run.
        day: Limit of a day, which begins at midnight UTC.
        month: Limit of a calendar month in UTC.
        brands: Limit of a month, by brand; brands that share an answer split its cost.
        channels: Limit of a month for commands of a channel, by ``slack:C0123456789``.
    """

    run: Dollars | None = None
    day: Dollars | None = None
    month: Dollars | None = None
    brands: Mapping[str, Dollars] = Field(default_factory=dict)
    channels: Mapping[str, Dollars] = Field(default_factory=dict)

    def allowed(self, account: Account) -> float | None:
        """Return the limit of an account in US dollars, or None without a limit."""
        if account.kind == "brand":
            return self.brands.get(account.name)
        if account.kind == "channel":
            return self.channels.get(account.name)
        limits = {"run": self.run, "day": self.day, "month": self.month}
        return limits.get(account.kind)


class LimitTable(Settings):
    """``[limits."PROVIDER"]`` or ``[limits."PROVIDER/MODEL"]``: rate limits of calls.

    Limits that a service reports with its replies are respected too; the stricter limit holds.

    Attributes:
        concurrency: The largest number of concurrent calls; None means the value in the provider's
            own table.
        requests_per_minute: The largest number of calls that begin in a minute.
        tokens_per_minute: The largest number of tokens sent and received in a minute.
    """

    concurrency: int | None = Field(default=None, ge=1, le=MAX_CONCURRENCY)
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)


class ModelTable(Settings):
    """``[models."provider/model"]``: how a model is shown.

    Attributes:
        name: The model's name for readers, such as ``ChatGPT``.
    """

    name: str = Field(min_length=1, max_length=40)


class PageTable(Settings):
    """``[page]``: the style of a report's page, see ``report --html``.

    Attributes:
        logo: A PNG, JPEG, GIF, WebP or SVG picture of at most 200 kB, which is embedded.
        color: The brand's colour, as ``#rrggbb``; empty for blue.
    """

    logo: Path | None = None
    color: str = Field(default="", pattern=r"^(#[0-9a-fA-F]{6})?$", examples=["#1a73e8"])


class AssistantTable(Settings):
    """``[assistant]``: a model that chooses the command for a question that is not understood.

    Attributes:
        model: The model, as ``provider/model``; empty for none.
        budget: The most that it may cost a month, in US dollars.
    """

    model: str = Field(
        default="", pattern=r"^([a-z][a-z0-9_-]*/\S+)?$", examples=["openai/gpt-5.4-mini"]
    )
    budget: Dollars = 1.0


class AskingTable(Settings):
    """``[asking]``: retries of a question.

    Attributes:
        tries: The largest number of calls for one question, when a service is busy or broken.
        deadline: Seconds after the first call from which the question is not retried.
    """

    tries: int = Field(default=4, ge=1, le=10)
    deadline: float = Field(default=600, gt=0, le=3600)


class BurstsTable(Settings):
    """``[bursts]``: small additional runs where a change is suspected.

    Attributes:
        automatic: Whether `overheard run` starts bursts by itself; otherwise cards suggest a burst
            and ``overheard bursts run`` starts it.
        calls_a_year: Calls that bursts may make to each model in 365 days, in addition to scheduled
            runs. 440 calls and a weekly run of 30 prompts are 2,000 calls.
    """

    automatic: bool = False
    calls_a_year: int = Field(default=440, ge=0)


DISCORD_API = "https://discord.com/api/v10"
DISCORD_GATEWAY = "wss://gateway.discord.gg/"


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
    application_id: int | None = Field(default=None, gt=0)
    command: str = Field(default="overheard", pattern=r"^[a-z0-9_-]{1,32}$")
    guilds: tuple[Annotated[int, Field(gt=0)], ...] = ()
    direct_messages: bool = True
    permissions: tuple[str, ...] = ()
    api_url: str = Field(default=DISCORD_API, pattern=r"^https?://\S+$")
    gateway_url: str = Field(default=DISCORD_GATEWAY, pattern=r"^wss?://\S+$")


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
