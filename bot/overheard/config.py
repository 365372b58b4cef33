"""The configuration: one TOML file, read into frozen, validated tables.

Secrets are never in it, see `overheard.settings`. All that is wrong is said at once.
"""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, PrivateAttr, field_validator

from overheard.domain import Brand, Catalogue, Fact, Prompt, Schedule
from overheard.errors import ConfigError
from overheard.settings import Secret, Settings, check, suggestion

VARIABLE = "OVERHEARD_CONFIG"
DEFAULT_FILE = "config.toml"

Name = Field(min_length=1)


class StorageTable(Settings):
    """``[storage]``: where everything is kept.

    Attributes:
        url: ``sqlite:///file.db`` or ``postgresql://user@host/database``.
    """

    url: str = "sqlite:///overheard.db"


class BrandTable(Settings):
    """``[[brands]]``: see `overheard.domain.Brand`. Only the name is needed."""

    name: str = Name
    aliases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    category: str = ""
    tracked: bool = True


class PromptTable(Settings):
    """``[[prompts]]``: see `overheard.domain.Prompt`. Without brands it is asked for all."""

    text: str = Name
    tags: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()


class FactTable(Settings):
    """``[[facts]]``: see `overheard.domain.Fact`."""

    brand: str = Name
    field: str = Name
    value: str = Name
    as_of: date | None = None
    source: str = ""


class ScheduleTable(Settings):
    """``[[schedules]]``: see `overheard.domain.Schedule`."""

    name: str = Name
    cron: str = Name
    timezone: str = "UTC"
    brands: tuple[str, ...] = ()
    repeats: int = Field(default=1, ge=1)

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, cron: str) -> str:
        from apscheduler.triggers.cron import CronTrigger  # slow, and few commands need it

        try:
            CronTrigger.from_crontab(cron, timezone="UTC")
        except ValueError as error:
            raise ValueError(
                f'must have five fields, such as "0 7 * * mon" for Mondays at seven ({error})'
            ) from None
        return cron

    @field_validator("timezone")
    @classmethod
    def _is_timezone(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError('must be an IANA zone, such as "Europe/Berlin"') from None
        return timezone


class RouteTable(Settings):
    """``[[routes]]``: which alerts go to which channel.

    Attributes:
        channel: ``slack:C0123456789`` or ``discord:123456789012345678``.
        brands: Names of brands; empty means all.
        metrics: Names of metrics; empty means all.
    """

    channel: str = Field(pattern=r"^(slack|discord):\S+$")
    brands: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()


class SlackTable(Settings):
    """``[slack]``: the Slack app.

    Attributes:
        bot_token: The bot's token, ``xoxb-...``.
        app_token: The app-level token for Socket Mode, ``xapp-...``.
    """

    bot_token: Secret = Field(json_schema_extra={"env": "SLACK_BOT_TOKEN"})
    app_token: Secret = Field(json_schema_extra={"env": "SLACK_APP_TOKEN"})


class DiscordTable(Settings):
    """``[discord]``: the Discord bot.

    Attributes:
        token: The bot's token.
    """

    token: Secret = Field(json_schema_extra={"env": "DISCORD_TOKEN"})


class BudgetTable(Settings):
    """``[budget]``: what may be spent, in US dollars; without a limit, only a yes is asked for.

    Attributes:
        run: By one run.
        day: From midnight UTC.
        month: From the first of the month UTC.
    """

    run: float | None = Field(default=None, ge=0)
    day: float | None = Field(default=None, ge=0)
    month: float | None = Field(default=None, ge=0)


class AlertsTable(Settings):
    """``[alerts]``: when to speak.

    Attributes:
        false_alarms_per_year: How many alerts a year per brand may be mistakes.
        minimum_points: The smallest change of a rate worth telling, in points.
        minimum_sentiment: The smallest change of sentiment worth telling, on -1 to 1.
        minimum_ranks: The smallest change of position worth telling, in ranks.
        metrics: Which metrics may raise an alert; empty means all.
    """

    false_alarms_per_year: float = Field(default=1.0, gt=0, le=50)
    minimum_points: float = Field(default=5.0, ge=0, le=100)
    minimum_sentiment: float = Field(default=0.15, ge=0, le=2)
    minimum_ranks: float = Field(default=0.5, ge=0)
    metrics: tuple[str, ...] = ()


class Config(Settings):
    """The whole file. `providers` and `scorers` hold each plugin's tables as they were written;
    the plugin's own settings class validates them.
    """

    storage: StorageTable = StorageTable()
    brands: tuple[BrandTable, ...] = ()
    prompts: tuple[PromptTable, ...] = ()
    facts: tuple[FactTable, ...] = ()
    schedules: tuple[ScheduleTable, ...] = ()
    routes: tuple[RouteTable, ...] = ()
    providers: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    scorers: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    slack: SlackTable | None = None
    discord: DiscordTable | None = None
    budget: BudgetTable = BudgetTable()
    alerts: AlertsTable = AlertsTable()
    _file: str = PrivateAttr(default=DEFAULT_FILE)

    @property
    def file(self) -> str:
        """Where it was read from, as messages name it."""
        return self._file

    def catalogue(self) -> Catalogue:
        """Return what the file says to measure; competitors without a table become brands.

        Whatever spelling a table uses for a brand, the catalogue uses its name.
        """
        brands = [Brand(**table.model_dump()) for table in self.brands]
        known = {name.casefold() for brand in brands for name in brand.names}
        rivals = dict.fromkeys(r for brand in brands for r in brand.competitors)
        brands += [Brand(r, tracked=False) for r in rivals if r.casefold() not in known]
        known_as = {name.casefold(): brand.name for brand in brands for name in brand.names}

        def named(*spellings: str) -> tuple[str, ...]:
            return tuple(known_as.get(s.casefold(), s) for s in spellings)

        return Catalogue(
            tuple(replace(brand, competitors=named(*brand.competitors)) for brand in brands),
            tuple(Prompt(p.text, p.tags, named(*p.brands)) for p in self.prompts),
            tuple(Fact(**f.model_dump() | {"brand": named(f.brand)[0]}) for f in self.facts),
            tuple(
                Schedule(**s.model_dump() | {"brands": named(*s.brands)}) for s in self.schedules
            ),
        )


def find_config(named: Path | None) -> Path:
    """Return the file to read: the one that was named, else $OVERHEARD_CONFIG, else
    ``config.toml`` here.
    """
    return named or Path(os.environ.get(VARIABLE) or DEFAULT_FILE)


def load_config(file: Path) -> Config:
    """Read a configuration.

    Raises:
        ConfigError: with all that is wrong, each as a sentence with file, table and key.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        remedy = (
            f"copy config.example.toml to it, or name another file with --config or ${VARIABLE}"
        )
        raise ConfigError([f"{file} cannot be read: {reason}; {remedy}."]) from None
    return parse_config(text, str(file))


def parse_config(text: str, file: str = DEFAULT_FILE) -> Config:
    """Read a configuration from its text; see `load_config`."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{file} is not valid TOML: {error}; mend that line."]) from None
    config, problems = check(Config, tables, file)
    if config:
        config._file = file
        problems = list(_contradictions(config))
    if config is None or problems:
        raise ConfigError(problems)
    return config


def _contradictions(config: Config) -> Iterator[str]:
    names = [brand.name for brand in config.brands]
    yield from _repeated(config, "brands", "name", names)
    yield from _shared(config)
    yield from _repeated(config, "prompts", "text", [Prompt(p.text).key for p in config.prompts])
    yield from _repeated(config, "schedules", "name", [s.name for s in config.schedules])
    for table in ("prompts", "schedules", "routes"):
        for number, entry in enumerate(getattr(config, table), 1):
            yield from _unknown(config, f"[[{table}]] number {number}: brands", entry.brands)
    for number, fact in enumerate(config.facts, 1):
        yield from _unknown(config, f"[[facts]] number {number}: brand", [fact.brand])


def _repeated(config: Config, table: str, key: str, values: list[str]) -> Iterator[str]:
    for value, count in Counter(value.casefold() for value in values).items():
        if count > 1:
            places = [str(i) for i, v in enumerate(values, 1) if v.casefold() == value]
            yield (
                f"{config.file}, [[{table}]] numbers {' and '.join(places)}: "
                f"the same {key} stands there {count} times; keep one."
            )


def _shared(config: Config) -> Iterator[str]:
    """Tell of a spelling that means two brands: every mention would count for both."""
    owners: dict[str, str] = {}
    for brand in config.brands:
        for spelling in dict.fromkeys(name.casefold() for name in (brand.name, *brand.aliases)):
            owner = owners.setdefault(spelling, brand.name)
            if owner.casefold() != brand.name.casefold():
                yield (
                    f'{config.file}, [[brands]]: "{spelling}" stands for both {owner} and '
                    f"{brand.name}; leave it to one of them."
                )


def _unknown(config: Config, place: str, names: Iterable[str]) -> Iterator[str]:
    known = config.catalogue()
    for name in names:
        if known.brand(name) is None:
            hint = suggestion(name, [brand.name for brand in known.brands])
            yield (
                f'{config.file}, {place}: there is no brand "{name}"{hint}; '
                f"use the name of one of the [[brands]]."
            )
