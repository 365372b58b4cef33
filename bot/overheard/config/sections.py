"""The tables of the configuration that say how a deployment is run: who is told what, when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Literal

from pydantic import Field, field_validator

from overheard.config.cron import Cron, find_zone
from overheard.config.settings import Settings
from overheard.domain import Account

CHANNEL = r"^[a-z][a-z0-9_-]*:\S+$"


class Zoned(Settings):
    """A table that has times in it.

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
    """A table that says when something is due.

    Attributes:
        cron: Five fields: minute, hour, day of month, month, day of week.
    """

    cron: str = Field(min_length=1)

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, cron: str) -> str:
        try:
            Cron(cron)
        except ValueError as error:
            raise ValueError(
                f'must have five fields, such as "0 7 * * mon" for Mondays at seven ({error})'
            ) from None
        return cron


class ScheduleTable(Timed):
    """``[[schedules]]``: see `overheard.domain.Schedule`."""

    name: str = Field(min_length=1)
    brands: tuple[str, ...] = ()
    repeats: int = Field(default=1, ge=1)
    batch: bool = False


class CanaryTable(Timed):
    """``[canary]``: when `overheard run` asks the canaries that have been set up."""

    cron: str = "0 5 * * *"


class RouteTable(Zoned):
    """``[[routes]]``: which alerts go to which channel.

    Attributes:
        channel: ``slack:C0123456789`` or ``discord:123456789012345678``.
        brands: Names of brands; empty means all.
        metrics: Names of metrics; empty means all.
        severities: ``bad`` for what became worse, ``good`` for what became better; both by
            default.
        quiet: Hours in which no new alert is posted, such as ``22:00-07:00``; they are told
            afterwards. Empty: never.
        also_in_channel: Whether an alert that grows, recovers or wakes up is told in the channel
            too, and not in the alert's thread alone.
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
        if quiet:
            try:
                first, last = read_hours(quiet)
            except ValueError:
                first = last = time()
            if first == last:
                raise ValueError('must be two times of the day, such as "22:00-07:00"')
        return quiet


class ReportTable(Timed):
    """``[[reports]]``: a report that is posted by itself.

    Attributes:
        name: Unique.
        channel: Where to, as in a route.
        brands: Names of brands; empty means all that are tracked.
    """

    name: str = Field(min_length=1)
    channel: str = Field(pattern=CHANNEL, examples=["slack:C0123456789"])
    brands: tuple[str, ...] = ()


class AccessTable(Settings):
    """``[access]``: who may do what in chat. People, groups and roles are written as
    ``platform:id``; the terminal may do everything.

    Attributes:
        everyone: What whoever is not named below may do: ``nothing``, ``viewer`` (read) or
            ``operator`` (spend within the budget, take care of alerts).
        viewers: Who may read.
        operators: Who may spend too.
        admins: Who may configure too.
        channels: Where the bot answers; empty means wherever it has been invited.
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
            platform, colon, number = each.partition(":")
            if not (platform and colon and number):
                raise ValueError(f'must hold ids such as "slack:U0123456789", and not "{each}"')
        return ids


class QueueTable(Settings):
    """``[queue]``: who asks and scores.

    Attributes:
        engine: ``inline``: whoever begins a run. ``pgqueuer``: the processes of
            `overheard worker`; this needs a PostgreSQL database in ``[storage] url``.
    """

    engine: Literal["inline", "pgqueuer"] = "inline"


class LoggingTable(Settings):
    """``[logging]``: what `overheard run` and `overheard worker` write to standard error.

    Attributes:
        format: ``text`` for people, or ``json``: one object a line, with the ids of the run, the
            command and the task that it is about.
        level: ``warning``, or ``info`` to hear of the beginning and the end of runs and tasks too.
    """

    format: Literal["text", "json"] = "text"
    level: Literal["info", "warning"] = "warning"


class TelemetryTable(Settings):
    """``[telemetry]``: whether runs are traced by OpenTelemetry.

    Attributes:
        traces: Whether they are. Spans go by OTLP to where OpenTelemetry's own variables say, such
            as ``OTEL_EXPORTER_OTLP_ENDPOINT``.
        service: What this deployment is called there.
    """

    traces: bool = False
    service: str = Field(default="overheard", min_length=1)


class RetentionTable(Settings):
    """``[retention]``: how long texts are kept: answers, and the sentences that scores quote.

    What is older is written to a file, and removed from the store. Values, blocks and spend stay.

    Attributes:
        days: For how many days; 0 for ever.
        brands: The same for what was asked for a brand; an answer that was asked for several is
            kept for as long as any of them asks for.
        folder: Where the files go.
    """

    days: int = Field(default=0, ge=0)
    brands: Mapping[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    folder: str = Field(default="texts", min_length=1)


class HealthTable(Settings):
    """``[health]``: where `overheard run` and `overheard worker` say how they are.

    Attributes:
        host: The address to listen at; by default only this machine can ask.
        port: The port; 0 for none. Each process of a machine needs its own, see `overheard worker`.
        notices: Channels, as in a route, in which admins are told what needs them: a plugin that is
            left alone, or a chat that is disabled or keeps failing. Without one, it stands in the
            log.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8484, ge=0, le=65535)
    notices: tuple[Annotated[str, Field(pattern=CHANNEL)], ...] = Field(
        default=(), examples=["slack:C0123456789"]
    )


def read_hours(text: str) -> tuple[time, time]:
    """Read ``22:00-07:00``.

    Raises:
        ValueError: when it is not written like this.
    """
    first, _, last = text.partition("-")
    return time.fromisoformat(first.strip()), time.fromisoformat(last.strip())


Dollars = Annotated[float, Field(ge=0)]


class BudgetTable(Settings):
    """``[budget]``: what may be spent, in US dollars; without a limit, only a yes is asked for.

    Attributes:
        run: By one run.
        day: From midnight UTC.
        month: From the first of the month UTC.
        brands: By each brand, from the first of the month; brands that share an answer share
            its cost.
        channels: By what is asked for in each channel (``slack:C0123456789``), from the first of
            the month.
    """

    run: Dollars | None = None
    day: Dollars | None = None
    month: Dollars | None = None
    brands: Mapping[str, Dollars] = Field(default_factory=dict)
    channels: Mapping[str, Dollars] = Field(default_factory=dict)

    def allowed(self, account: Account) -> float | None:
        """Return what may be spent by an account; None without a limit."""
        if account.kind == "brand":
            return self.brands.get(account.name)
        if account.kind == "channel":
            return self.channels.get(account.name)
        limits = {"run": self.run, "day": self.day, "month": self.month}
        return limits.get(account.kind)


class LimitTable(Settings):
    """``[limits."PROVIDER"]`` or ``[limits."PROVIDER/MODEL"]``: how fast it may be asked.

    What a service tells in its answers is learnt, and can only make it slower.

    Attributes:
        concurrency: How many calls may be under way at a time; without it, what the provider's
            own table says.
        requests_per_minute: How many calls may begin in a minute.
        tokens_per_minute: How many tokens may be sent and received in a minute.
    """

    concurrency: int | None = Field(default=None, ge=1)
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)


class AskingTable(Settings):
    """``[asking]``: how patiently a question is asked.

    Attributes:
        tries: How often it is asked at most, when a service is busy or broken.
        deadline: Seconds from its first call after which it is not tried again.
    """

    tries: int = Field(default=4, ge=1, le=10)
    deadline: float = Field(default=600, gt=0, le=3600)


class BurstsTable(Settings):
    """``[bursts]``: small runs between the scheduled ones, where something may have changed.

    Attributes:
        automatic: Whether `overheard run` asks them by itself; without it, the cards say which
            one would tell, and ``overheard bursts run`` asks it.
        calls_a_year: Calls that bursts may make to each model in 365 days, beside the scheduled
            ones. 440 and a weekly run of 30 prompts are 2,000.
    """

    automatic: bool = False
    calls_a_year: int = Field(default=440, ge=0)
