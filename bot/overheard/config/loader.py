"""The configuration: one TOML file as frozen, validated settings.

The file contains no secrets, see `overheard.config.secrets`. All errors are reported at once.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr, field_validator

from overheard.config.catalogue import BrandTable, EntryTable, FactTable, PromptTable, spelling_key
from overheard.config.problems import suggestion
from overheard.config.sections import (
    CHANNEL,
    AccessTable,
    AskingTable,
    AssistantTable,
    BudgetTable,
    BurstsTable,
    CanaryTable,
    ChatTable,
    DiscordTable,
    HealthTable,
    LimitTable,
    LoggingTable,
    ModelTable,
    PageTable,
    QueueTable,
    ReportTable,
    RetentionTable,
    RouteTable,
    ScheduleTable,
    SlackTable,
    TelemetryTable,
    is_name,
)
from overheard.config.settings_base import Settings, validate_table
from overheard.domain import Brand, Catalogue, Fact, LandscapeTopic, Schedule
from overheard.errors import ConfigError

VARIABLE = "OVERHEARD_CONFIG"
DEFAULT_FILE = "config.toml"
PLUGIN_SECTIONS = ("providers", "scorers", "chats", "feeds", "listeners")
"""The tables of `Config` whose entries belong to plugins."""


class StorageTable(Settings):
    """``[storage]``: the database.

    Attributes:
        url: ``sqlite:///file.db`` or ``postgresql://user@host/database``. A relative path of a file
            starts at the folder of the configuration.
    """

    url: str = "sqlite:///overheard.db"

    @field_validator("url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        """Return a database's URL.

        Raises:
            ValueError: for a URL that would be taken for the name of a file, or with parameters
                that would
                be ignored.
        """
        kind = url.partition(":")[0].casefold()
        if not url.isprintable():
            raise ValueError("must be one line without control characters; type it again")
        if kind.startswith(("sqlite", "postgres")) and "://" not in url:
            raise ValueError(f'needs slashes, such as "{_EXAMPLES[kind[:6]]}"')
        if kind.startswith("sqlite") and "?" in url:
            raise ValueError('of a file has no parameters; leave out "?" and what follows it')
        return url


_EXAMPLES = {
    "sqlite": "sqlite:///overheard.db",
    "postgr": "postgresql://user@host/database",
}


class AlertsTable(Settings):
    """``[alerts]``: which changes raise alerts.

    Attributes:
        false_alarms_per_year: Accepted number of false alarms in a year of the whole deployment.
        minimum_points: The smallest change of a rate that raises an alert, in points.
        minimum_sentiment: The smallest change of sentiment that raises an alert, on -1 to 1.
        minimum_ranks: The smallest change of position that raises an alert, in ranks.
        metrics: The metrics that may raise an alert; empty means all.
    """

    false_alarms_per_year: float = Field(default=0.2, gt=0, le=50)
    minimum_points: float = Field(default=5.0, ge=0, le=100)
    minimum_sentiment: float = Field(default=0.15, ge=0, le=2)
    minimum_ranks: float = Field(default=0.5, ge=0)
    metrics: tuple[str, ...] = ()


class PluginsTable(Settings):
    """``[plugins]``: which plugins may be loaded.

    Attributes:
        allow: The distributions that may be loaded in addition to the built-in ones, written as
            for pip: ``overheard-acme`` or ``overheard-acme==1.2``. None allows all.
    """

    allow: tuple[str, ...] | None = None


class Config(Settings):
    """The whole configuration file.

    `providers`, `scorers`, `chats`, `feeds` and `listeners` hold the unvalidated tables of plugins;
    the settings class of the plugin validates them.
    """

    storage: StorageTable = StorageTable()
    queue: QueueTable = QueueTable()
    brands: tuple[BrandTable, ...] = ()
    prompts: tuple[PromptTable, ...] = ()
    facts: tuple[FactTable, ...] = ()
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
    plugins: PluginsTable = PluginsTable()
    slack: SlackTable | None = None
    discord: DiscordTable | None = None
    budget: BudgetTable = BudgetTable()
    limits: Mapping[str, LimitTable] = Field(default_factory=dict)
    asking: AskingTable = AskingTable()
    assistant: AssistantTable = AssistantTable()
    models: Mapping[str, ModelTable] = Field(default_factory=dict)
    page: PageTable = PageTable()
    bursts: BurstsTable = BurstsTable()
    canary: CanaryTable = CanaryTable()
    alerts: AlertsTable = AlertsTable()
    chat: ChatTable = ChatTable()
    landscape: Mapping[str, Mapping[LandscapeTopic, EntryTable]] = Field(default_factory=dict)
    _file: str = PrivateAttr(default=DEFAULT_FILE)

    @property
    def file(self) -> str:
        """The name of the file, as messages show it."""
        return self._file

    def catalogue(self) -> Catalogue:
        """Return the declared catalogue; competitors without a table become untracked brands.

        Tables may refer to a brand by any spelling; the catalogue uses the brand's name.
        """
        brands = [table.brand() for table in self.brands]
        known = {name.casefold() for brand in brands for name in brand.names}
        rivals = {r.casefold(): r for brand in reversed(brands) for r in brand.competitors}
        brands += [Brand(r, tracked=False) for key, r in rivals.items() if key not in known]
        known_as = {name.casefold(): brand.name for brand in brands for name in brand.names}

        def named(*spellings: str) -> tuple[str, ...]:
            return tuple(known_as.get(s.casefold(), s) for s in spellings)

        return Catalogue(
            tuple(replace(brand, competitors=named(*brand.competitors)) for brand in brands),
            tuple(prompt for p in self.prompts for prompt in p.prompts(named(*p.brands))),
            tuple(Fact(**f.model_dump() | {"brand": named(f.brand)[0]}) for f in self.facts),
            tuple(
                Schedule(**s.model_dump() | {"brands": named(*s.brands)}) for s in self.schedules
            ),
        )


def find_config(named: Path | None) -> Path:
    """Return the named file, else $OVERHEARD_CONFIG, else ``config.toml`` in this folder."""
    return named or Path(os.environ.get(VARIABLE) or DEFAULT_FILE)


def load_config(file: Path) -> Config:
    """Read and validate a configuration file.

    Raises:
        ConfigError: with every problem as a sentence that names file, table and key.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        problem = f"{file} cannot be read: it is not UTF-8 text; save it as UTF-8."
        raise ConfigError([problem]) from None
    except OSError as error:
        reason = error.strerror
        remedy = (
            f"write one with: overheard setup, or name another file with --config or ${VARIABLE}"
        )
        raise ConfigError([f"{file} cannot be read: {reason}; {remedy}."]) from None
    return parse_config(text, str(file))


def parse_config(text: str, file: str = DEFAULT_FILE) -> Config:
    """Read and validate a configuration from its text.

    Args:
        text: The content of the file.
        file: The name of the file, for messages; relative paths start at its folder.

    Raises:
        ConfigError: with every problem as a sentence that names file, table and key.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{file} is not valid TOML: {error}; mend that line."]) from None
    except RecursionError:
        problem = f"{file} is not valid TOML: brackets are nested too deeply; remove them."
        raise ConfigError([problem]) from None
    except ValueError:  # Python limits the digits of a whole number
        problem = f"{file} is not valid TOML: a number has thousands of digits; shorten it."
        raise ConfigError([problem]) from None
    folder = Path(file).parent
    config, problems = validate_table(Config, tables, file, folder)
    if config:
        config = _located(config, folder)
        config._file = file
        problems = list(_contradictions(config))
    if config is None or problems:
        raise ConfigError(problems)
    return config


def located_url(url: str, folder: Path) -> str:
    """Return a database's URL with the path of an SQLite file joined to a folder.

    Absolute paths, paths in a home folder (``~``) and servers are returned as they are.
    """
    prefix, separator, path = url.rpartition(":///")
    bare = "://" not in url
    if not bare and not (separator and prefix.startswith("sqlite")):
        return url
    if path in {"", ":memory:"} or path.startswith("~") or Path(path).is_absolute():
        return url
    return f"{prefix}{separator}{(folder / path).as_posix()}"


def _located(config: Config, folder: Path) -> Config:
    """Return a configuration in which the paths of the databases and of the texts' folder are
    joined to a folder.

    Defaults are joined too, which no validator of `Settings` sees.
    """
    storage, retention, slack = config.storage, config.retention, config.slack
    place = located_url(storage.url, folder)
    changed: dict[str, Settings] = {"storage": storage.model_copy(update={"url": place})}
    if "folder" not in retention.model_fields_set:
        changed["retention"] = retention.model_copy(update={"folder": folder / retention.folder})
    if slack:
        url = located_url(slack.installations, folder)
        changed["slack"] = slack.model_copy(update={"installations": url})
    return config.model_copy(update=changed)


def _contradictions(config: Config) -> Iterator[str]:
    """Yield each contradiction between the tables of a file as a sentence with its place and
    remedy.
    """
    names = [brand.name for brand in config.brands]
    yield from _repeated_values(config, "brands", "name", names)
    yield from _shared_spellings(config)
    yield from _repeated_values(
        config, "prompts", "text", [p.key for t in config.prompts for p in t.prompts(())]
    )
    for table in ("schedules", "reports"):
        yield from _repeated_values(config, table, "name", [t.name for t in getattr(config, table)])
    yield from _misnamed_plugins(config)
    yield from _unknown_brands(config)
    yield from _unconfigured_providers(config)
    yield from _channels_by_name(config)
    yield from _unserved_models(config)
    yield from _missing_queue(config)
    yield from _open_to_everyone(config)


def _misnamed_plugins(config: Config) -> Iterator[str]:
    """Yield a sentence for each table of a plugin whose name or ``plugin`` key is not one word."""
    for section in PLUGIN_SECTIONS:
        for name, table in getattr(config, section).items():
            if not re.fullmatch(r"[^/:\s]+", name):
                yield (
                    f'{config.file}, [{section}."{name}"]: the name of this table must be one word '
                    f'without "/" and ":"; rename it.'
                )
            if not isinstance(table.get("plugin", name), str):
                yield (
                    f"{config.file}, [{section}.{name}]: plugin must be the name of a plugin, in "
                    f"quotes."
                )


def _open_to_everyone(config: Config) -> Iterator[str]:
    """Yield a sentence if any workspace can install the bot while ``[access]`` does not limit its
    users.
    """
    access, slack = config.access, config.slack
    if slack and slack.many and not access.channels and "everyone" not in access.model_fields_set:
        yield (
            f"{config.file}, [slack] client_id: any workspace can install the bot, and its people "
            'could spend; write everyone = "nothing", "viewer" or "operator" into [access].'
        )


def _missing_queue(config: Config) -> Iterator[str]:
    """Yield the problem of a queue on PostgreSQL whose store is not there."""
    if config.queue.engine == "pgqueuer" and not config.storage.url.startswith("postgres"):
        yield (
            f'{config.file}, [queue] engine: "pgqueuer" shares work out by a PostgreSQL database; '
            f"name one in [storage] url, or leave this line out."
        )


def _channels_by_name(config: Config) -> Iterator[str]:
    """Yield a sentence for each channel that is written by name: Slack and Discord address them by
    id.
    """
    routed = [("[[routes]]", route.channel) for route in config.routes]
    routed += [("[[reports]]", report.channel) for report in config.reports]
    routed += [("[health] notices", channel) for channel in config.health.notices]
    routed += [("[health] alive", channel) for channel in config.health.alive]
    routed += [("[budget.channels]", channel) for channel in config.budget.channels]
    routed += [("[chat.channels]", channel) for channel in config.chat.channels]
    for table, channel in routed:
        if is_name(channel) or not re.match(CHANNEL, channel):
            yield (
                f'{config.file}, {table}: "{channel}" is a name; write the id, which the '
                f'channel\'s details show, such as "slack:C0123456789".'
            )


def _unconfigured_providers(config: Config) -> Iterator[str]:
    """Yield a sentence for each provider in ``[limits]`` or ``[assistant]`` that is not
    configured.
    """
    asked = config.assistant.model.partition("/")[0]
    if asked and asked not in config.providers:
        yield (
            f"{config.file}, [assistant] model: no provider {asked} is configured; add a table "
            f"[providers.{asked}], or leave this line out."
        )
    for name in config.limits:
        if name.partition("/")[0] not in config.providers:
            hint = suggestion(name, config.providers)
            yield (
                f'{config.file}, [limits."{name}"]: there is no provider of that name{hint}; use '
                f'the name of one of the [providers.*], or "name/model".'
            )


def _unserved_models(config: Config) -> Iterator[str]:
    """Yield a sentence for each model in ``[models]`` whose provider is not configured."""
    for model in config.models:
        provider, slash, name = model.partition("/")
        if not (slash and name) or provider not in config.providers:
            hint = suggestion(provider, config.providers)
            yield (
                f'{config.file}, [models."{model}"]: there is no provider of that name{hint}; '
                f'write the model as "provider/model", with the name of one of the [providers.*].'
            )


def _repeated_values(config: Config, table: str, key: str, values: list[str]) -> Iterator[str]:
    """Yield a sentence for each value of a key that occurs in several tables, ignoring case.

    Args:
        config: The configuration, for the name of its file.
        table: The name of the tables.
        key: The key.
        values: The value of each table, in their order.
    """
    folded = [spelling_key(value) for value in values]
    for value, count in Counter(folded).items():
        if count > 1:
            places = [str(i) for i, v in enumerate(folded, 1) if v == value]
            yield (
                f"{config.file}, [[{table}]] numbers {' and '.join(places)}: "
                f"the same {key} occurs {count} times; keep one."
            )


def _shared_spellings(config: Config) -> Iterator[str]:
    """Yield a sentence for each spelling of two brands: a mention would count for both."""
    owners: dict[str, str] = {}
    for brand in config.brands:
        for spelling in dict.fromkeys(map(spelling_key, (brand.name, *brand.aliases))):
            owner = owners.setdefault(spelling, brand.name)
            if spelling_key(owner) != spelling_key(brand.name):
                yield (
                    f'{config.file}, [[brands]]: "{spelling}" stands for both {owner} and '
                    f"{brand.name}; leave it to one of them."
                )


def _unknown_brands(config: Config) -> Iterator[str]:
    """Yield a sentence for each reference to a brand that does not exist."""
    known = config.catalogue()
    for place, names in _brand_references(config):
        for name in names:
            if known.brand(name) is None:
                hint = suggestion(name, [brand.name for brand in known.brands])
                yield (
                    f'{config.file}, {place}: there is no brand "{name}"{hint}; '
                    f"use the name of one of the [[brands]]."
                )


def _brand_references(config: Config) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield each place of the file that refers to brands, in words, and the names that it uses."""
    for table in ("prompts", "schedules", "routes", "reports"):
        for number, entry in enumerate(getattr(config, table), 1):
            yield f"[[{table}]] number {number}: brands", entry.brands
    yield "[budget.brands]", config.budget.brands
    yield "[retention.brands]", config.retention.brands
    for number, fact in enumerate(config.facts, 1):
        yield f"[[facts]] number {number}: brand", [fact.brand]
