"""The tables of config.toml, and `Config`, which has all of them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator

from overheard.config.catalogue import BrandTable, EntryTable, FactTable, Market, PromptTable
from overheard.config.cron import find_zone, read_cron
from overheard.config.settings_base import DatabaseUrl, Dollars, Line, Settings
from overheard.domain import Account, Brand, Catalogue, Fact, LandscapeTopic, Scale, Schedule

CHANNEL = r"^[a-z][a-z0-9_-]*:\S+$"
Channels = tuple[Annotated[str, Field(pattern=CHANNEL)], ...]
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


DEFAULT_FILE = "config.toml"
MAX_CONCURRENCY = 1_000
"""The most calls to a provider at a time: each holds a connection and memory."""
MAX_REPEATS = 1_000
"""The most repeats of a question in a check."""


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


class RouteTable(Zoned):
    """``[[routes]]``: the alerts that are posted in a channel.

    Attributes:
        channel: ``slack:C0123456789`` or ``discord:123456789012345678``.
        brands: Names of brands; empty means all.
        metrics: Names of metrics; empty means all.
        severities: ``bad`` for deteriorations, ``good`` for improvements; both by default.
        rivals: Whether alerts of the competitors of these brands are posted, too: they rise, pass
            a brand, fall, or something false is said of them.
        quiet: Hours in which no new alert is posted, such as ``22:00-07:00``; these alerts are
            posted afterwards. Empty means no quiet hours.
        also_in_channel: Whether the growth, recovery or end of a snooze of an alert is also posted
            in the channel, and not only in the alert's thread.
    """

    channel: str = Field(pattern=CHANNEL, examples=["slack:C0123456789"])
    brands: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    severities: tuple[Literal["bad", "good"], ...] = ("bad", "good")
    rivals: bool = False
    quiet: str = ""
    also_in_channel: bool = False

    @field_validator("quiet")
    @classmethod
    def _is_quiet(cls, quiet: str) -> str:
        """Return quiet hours, such as ``22:00-07:00``, unchanged; "" for none."""
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


Days = Annotated[int, Field(ge=0, le=36_500)]
"""A period of at most a century."""


class RetentionTable(Settings):
    """``[retention]``: how long the texts of answers and quotes are kept.

    Older texts are written to a file and removed from the store. Values, blocks and spend stay.

    Attributes:
        days: Number of days; 0 keeps texts without end.
        brands: Number of days for questions that were asked for a brand; an answer for several
            brands is kept for the longest of their periods.
        folder: The folder of the files; a relative path starts at that of the configuration.
    """

    days: Days = 0
    brands: Mapping[str, Days] = Field(default_factory=dict)
    folder: Path = Path("texts")

    @property
    def limited(self) -> bool:
        """Whether the age of any texts is limited."""
        return any((self.days, *self.brands.values()))


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
    notices: Channels = Field(default=(), examples=["slack:C0123456789"])
    alive: Channels = Field(default=(), examples=["slack:C0123456789"])


def read_hours(text: str) -> tuple[time, time]:
    """Return (start, end) of quiet hours that are written as ``22:00-07:00``. The start may be
    later than the end, which is then on the next day.

    Raises:
        ValueError: when the text has another form, or a time has an offset from UTC.
    """
    first, last = (time.fromisoformat(part.strip()) for part in text.split("-", 1))
    if first.tzinfo or last.tzinfo:  # the second part of "22:00-07:00-09:00" has one
        raise ValueError("the hours of a day have no offset")
    return first, last


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
        """Return the limit of an account in US dollars, or None without a limit: of a brand, a
        channel, a run, a day or a month.
        """
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
    requests_per_minute: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    tokens_per_minute: float | None = Field(default=None, gt=0, allow_inf_nan=False)


class ModelTable(Settings):
    """``[models."provider/model"]``: how a model is shown.

    Attributes:
        name: The model's name for readers, such as ``ChatGPT``.
    """

    name: Line = Field(max_length=40)


class PageTable(Settings):
    """``[page]``: the style of a report's page, see ``report --html``.

    Attributes:
        logo: A PNG, JPEG, GIF, WebP or SVG picture of at most 200 kB, which is embedded.
        color: The brand's colour, as ``#rrggbb``; empty for blue.
    """

    logo: Path | None = None
    color: str = Field(default="", pattern=r"^(#[0-9a-fA-F]{6})?$", examples=["#1a73e8"])


class AssistantTable(Settings):
    """``[assistant]``: a model that chooses the command for a question in words.

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
    """``[bursts]``: asking a model again where something may have changed.

    Attributes:
        automatic: Whether `overheard run` asks again by itself; otherwise cards say when another
            check would tell.
        share: What asking again may cost, as a share of what the checks cost.
        calls_a_year: Ignored: `share` bounds the calls. Earlier releases read it.
    """

    automatic: bool = True
    share: float = Field(default=0.25, ge=0, le=4)
    calls_a_year: int | None = Field(default=None, ge=0)


PLUGIN_SECTIONS = ("providers", "scorers", "chats", "feeds", "listeners", "commands")
"""The tables of `Config` whose entries belong to plugins."""
ON_TOP = {"slack": "chats", "discord": "chats", "mcp": "commands"}
"""Tables that are not written in their section, such as ``[chats.slack]``, but by their name."""


def header(section: str, name: str) -> str:
    """Return the header of a plugin's table, such as ``providers.openai`` or ``slack``."""
    return name if ON_TOP.get(name) == section else f"{section}.{name}"


class StorageTable(Settings):
    """``[storage]``: the database.

    Attributes:
        url: ``sqlite:///file.db`` or ``postgresql://user@host/database``. A relative path of a file
            starts at the folder of the configuration.
    """

    url: DatabaseUrl = "sqlite:///overheard.db"

    @property
    def sqlite_file(self) -> Path | None:
        """The absolute path of the file of an SQLite store; None for a PostgreSQL server."""
        if self.url.startswith("postgres"):
            return None
        return Path(self.url.removeprefix("sqlite:///")).expanduser().absolute()


BUDGETS = {"calm": 0.2, "early": 1.0}
"""Budgets of false alarms a year by name: one in five years, and one a year."""


class AlertsTable(Settings):
    """``[alerts]``: which changes raise alerts.

    Attributes:
        false_alarms_per_year: Accepted number of false alarms in a year of the whole deployment, or
            one of `BUDGETS`.
        minimum_points: The smallest change of a rate that raises an alert, in points.
        minimum_sentiment: The smallest change of sentiment that raises an alert, on -1 to 1.
        minimum_ranks: The smallest change of position that raises an alert, in ranks.
        metrics: The metrics that may raise an alert; empty means all.
    """

    false_alarms_per_year: float = Field(default=BUDGETS["calm"], gt=0, le=50)
    minimum_points: float = Field(default=100 * Scale.SHARE.smallest_change, ge=0, le=100)
    minimum_sentiment: float = Field(default=Scale.POLARITY.smallest_change, ge=0, le=2)
    minimum_ranks: float = Field(default=Scale.RANK.smallest_change, ge=0, allow_inf_nan=False)
    metrics: tuple[str, ...] = ()

    @property
    def declared(self) -> bool:
        """Whether the file has the number of false alarms."""
        return "false_alarms_per_year" in self.model_fields_set

    @property
    def budget(self) -> str:
        """The name of the number of false alarms; empty for another number."""
        return next((k for k, v in BUDGETS.items() if v == self.false_alarms_per_year), "")

    @model_validator(mode="before")
    @classmethod
    def _name_budget(cls, table: Any) -> Any:
        """Return the table with the number of a budget that is given by its name."""
        given = table.get("false_alarms_per_year") if isinstance(table, Mapping) else None
        if isinstance(given, str) and given in BUDGETS:
            return {**table, "false_alarms_per_year": BUDGETS[given]}
        return table


class PluginsTable(Settings):
    """``[plugins]``: which plugins may be loaded.

    Attributes:
        allow: The distributions that may be loaded in addition to the built-in ones, written as
            for pip: ``overheard-acme`` or ``overheard-acme==1.2``. None allows all.
    """

    allow: tuple[str, ...] | None = None


class Config(Settings):
    """The whole configuration file.

    Those of `PLUGIN_SECTIONS` and `ON_TOP` hold the tables of plugins, which are validated by the
    settings class of the plugin.
    """

    storage: StorageTable = StorageTable()
    queue: QueueTable = QueueTable()
    brands: tuple[BrandTable, ...] = ()
    prompts: tuple[PromptTable, ...] = ()
    facts: tuple[FactTable, ...] = ()
    markets: tuple[Market, ...] = ()
    schedules: tuple[ScheduleTable, ...] = ()
    routes: tuple[RouteTable, ...] = ()
    reports: tuple[ReportTable, ...] = ()
    access: AccessTable = AccessTable()
    health: HealthTable = HealthTable()
    retention: RetentionTable = RetentionTable()
    logging: LoggingTable = LoggingTable()
    telemetry: TelemetryTable = TelemetryTable()
    providers: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    scorers: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    chats: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    feeds: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    listeners: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    commands: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    plugins: PluginsTable = PluginsTable()
    slack: Mapping[str, Any] | None = None
    discord: Mapping[str, Any] | None = None
    mcp: Mapping[str, Any] | None = None
    budget: BudgetTable = BudgetTable()
    limits: Mapping[str, LimitTable] = Field(default_factory=dict)
    asking: AskingTable = AskingTable()
    assistant: AssistantTable = AssistantTable()
    models: Mapping[str, ModelTable] = Field(default_factory=dict)
    page: PageTable = PageTable()
    bursts: BurstsTable = BurstsTable()
    alerts: AlertsTable = AlertsTable()
    chat: ChatTable = ChatTable()
    landscape: Mapping[str, Mapping[LandscapeTopic, EntryTable]] = Field(default_factory=dict)
    _file: str = PrivateAttr(default=DEFAULT_FILE)

    @property
    def file(self) -> str:
        """The name of the file, as messages show it."""
        return self._file

    def plugin_tables(self, section: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the tables of a section of `PLUGIN_SECTIONS` by name, with those of `ON_TOP`."""
        tables: Mapping[str, Mapping[str, Any]] = getattr(self, section)
        on_top = {name: getattr(self, name) for name, home in ON_TOP.items() if home == section}
        return {**tables, **{name: table for name, table in on_top.items() if table is not None}}

    def catalogue(self) -> Catalogue:
        """Return the brands, prompts, facts and schedules that the file declares.

        Competitors without a table become untracked brands, as the first table writes them. Tables
        may refer to a brand by any spelling and case; the catalogue has the brand's name. A
        spelling that no brand has stays.
        """
        brands = [table.brand() for table in self.brands]
        declared = {name.casefold() for brand in brands for name in brand.names}
        # Reversed, so that the spelling of the first table stays.
        rivals = {
            rival.casefold(): rival for brand in reversed(brands) for rival in brand.competitors
        }
        brands += [
            Brand(rival, tracked=False) for key, rival in rivals.items() if key not in declared
        ]
        name_of = {name.casefold(): brand.name for brand in brands for name in brand.names}

        def named(*spellings: str) -> tuple[str, ...]:
            return tuple(name_of.get(spelling.casefold(), spelling) for spelling in spellings)

        return Catalogue(
            tuple(replace(brand, competitors=named(*brand.competitors)) for brand in brands),
            tuple(prompt for p in self.prompts for prompt in p.prompts(named(*p.brands))),
            tuple(Fact(**f.model_dump() | {"brand": named(f.brand)[0]}) for f in self.facts),
            tuple(
                Schedule(**s.model_dump() | {"brands": named(*s.brands)}) for s in self.schedules
            ),
        )
