"""The configuration: one TOML file as frozen, validated settings, and their contradictions."""

import os
import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from overheard.config.catalogue import spelling_key
from overheard.config.problems import suggestion, told
from overheard.config.sections import CHANNEL, DEFAULT_FILE, PLUGIN_SECTIONS, Config, is_name
from overheard.config.settings_base import Settings, located_url, validate_table
from overheard.deprecations import REMOVED_TABLES
from overheard.domain import Catalogue
from overheard.errors import ConfigError


def contradictions(config: Config, known: Catalogue) -> Iterator[str]:
    """Yield each contradiction between the tables of a configuration file as a sentence with its
    place and remedy; nothing for a consistent file.

    Args:
        config: The configuration, of which each table is valid for itself.
        known: The catalogue that the configuration declares.
    """
    names = [brand.name for brand in config.brands]
    yield from _repeated_values(config, "brands", "name", names)
    yield from _shared_spellings(config)
    yield from _circles_of_parents(config)
    prompt_keys = [prompt.key for table in config.prompts for prompt in table.prompts(())]
    yield from _repeated_values(config, "prompts", "text", prompt_keys)
    yield from _repeated_values(config, "markets", "name", [m.key for m in config.markets])
    for section in ("schedules", "reports"):
        section_names = [table.name for table in getattr(config, section)]
        yield from _repeated_values(config, section, "name", section_names)
    yield from _misnamed_plugins(config)
    yield from _unknown_brands(config, known)
    yield from _brands_limited_twice(config, known)
    yield from _unconfigured_providers(config)
    yield from _channels_by_name(config)
    yield from _unserved_models(config)
    yield from _missing_queue(config)


def _misnamed_plugins(config: Config) -> Iterator[str]:
    """Yield a sentence for each table of a plugin whose name is not one word without "/" and ":"
    of at most 60 characters, and for each whose ``plugin`` key is not text.
    """
    for section in PLUGIN_SECTIONS:
        for name, table in getattr(config, section).items():
            if not re.fullmatch(r"[^/:\s]{1,60}", name) or not name.isprintable():
                yield (
                    f'{config.file}, [{section}."{name}"]: the name of this table must be one word '
                    f'without "/" and ":", of 60 characters at most; rename it.'
                )
            plugin = table.get("plugin", name)
            if not isinstance(plugin, str) or not plugin.strip():
                yield (
                    f"{config.file}, [{section}.{name}]: plugin must be the name of a plugin, in "
                    f"quotes."
                )


def _missing_queue(config: Config) -> Iterator[str]:
    """Yield a sentence if PGQueuer is the configured queue and the store is not in PostgreSQL."""
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
    """Yield a sentence for each value of a key that occurs in several tables, ignoring case; it has
    the numbers of these tables, from 1.
    """
    spelling_keys = [spelling_key(value) for value in values]
    for repeated, count in Counter(spelling_keys).items():
        if count > 1:
            numbers = [str(n) for n, value in enumerate(spelling_keys, 1) if value == repeated]
            yield (
                f"{config.file}, [[{table}]] numbers {' and '.join(numbers)}: "
                f"the same {key} occurs {count} times; keep one."
            )


def _shared_spellings(config: Config) -> Iterator[str]:
    """Yield a sentence for each name or alias that two brands share, ignoring case: a mention would
    count for both. Repetitions within one brand are allowed.
    """
    owners: dict[str, str] = {}
    for brand in config.brands:
        for spelling in dict.fromkeys(map(spelling_key, (brand.name, *brand.aliases))):
            owner = owners.setdefault(spelling, brand.name)
            if spelling_key(owner) != spelling_key(brand.name):
                yield (
                    f'{config.file}, [[brands]]: "{spelling}" stands for both {owner} and '
                    f"{brand.name}; leave it to one of them."
                )


def _circles_of_parents(config: Config) -> Iterator[str]:
    """Yield a sentence for each circle of brands of which each is the parent of the next, also for
    a brand that is its own parent.
    """
    parents = {spelling_key(b.name): spelling_key(b.parent) for b in config.brands if b.parent}
    names = {spelling_key(brand.name): brand.name for brand in config.brands}
    told: set[str] = set()
    for number, brand in enumerate(config.brands, 1):
        chain = [spelling_key(brand.name)]
        while (parent := parents.get(chain[-1], "")) in parents and parent not in chain:
            chain.append(parent)
        if parent == chain[0] and parent not in told:
            told.update(chain)
            circle = ", ".join(names[key] for key in [*chain, parent])
            yield (
                f"{config.file}, [[brands]] number {number}: parent: {brand.name} would be a part "
                f"of itself ({circle}); leave out the parent of one of them."
            )


def unknown_vendors(config: Config, vendors: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each vendor in ``[landscape]`` of whom no plugin knows anything and that
    is no provider of the configuration either.

    Args:
        vendors: The names of the vendors that plugins know, such as ``openai``.
    """
    for name in config.landscape:
        if name not in vendors and name not in config.providers:
            hint = suggestion(name, [*vendors, *config.providers])
            yield (
                f"{config.file}, [landscape.{name}]: there is no vendor of that name{hint}; write "
                f"{', '.join(sorted(vendors))}, or the name of one of the [providers.*]."
            )


def _unknown_brands(config: Config, known: Catalogue) -> Iterator[str]:
    """Yield a sentence, with the nearest name, for each reference to a brand that is not in the
    catalogue `known` under any of its spellings.
    """
    for place, names in _brand_references(config):
        for name in names:
            if known.brand(name) is None:
                hint = suggestion(name, [brand.name for brand in known.brands])
                yield (
                    f'{config.file}, {place}: there is no brand "{name}"{hint}; '
                    f"use the name of one of the [[brands]]."
                )


def _brands_limited_twice(config: Config, known: Catalogue) -> Iterator[str]:
    """Yield a sentence for each brand with several limits in ``[budget.brands]``, or in
    ``[retention.brands]``, under several of its spellings.
    """
    for table in ("budget", "retention"):
        limited_brands = map(known.brand, getattr(config, table).brands)
        names = Counter(brand.name for brand in limited_brands if brand)
        for name, count in names.items():
            if count > 1:
                yield (
                    f'{config.file}, [{table}.brands]: "{name}" occurs {count} times, with other '
                    f"spellings; keep one."
                )


def _brand_references(config: Config) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield (place, names) for each place of the file that may refer to brands: the place in words,
    such as "[[routes]] number 1: brands", and the spellings of brands in it.
    """
    for table in ("prompts", "schedules", "routes", "reports"):
        for number, entry in enumerate(getattr(config, table), 1):
            yield f"[[{table}]] number {number}: brands", entry.brands
    yield "[budget.brands]", config.budget.brands
    yield "[retention.brands]", config.retention.brands
    for number, fact in enumerate(config.facts, 1):
        yield f"[[facts]] number {number}: brand", [fact.brand]


VARIABLE = "OVERHEARD_CONFIG"
MAX_CONFIG_BYTES = 4 * 2**20
"""The longest configuration file; /dev/zero would have no end."""


def find_config(named: Path | None) -> Path:
    """Return the path of the configuration file: `named` if given, else that in the environment
    variable ``OVERHEARD_CONFIG``, else ``config.toml`` in the working directory. The file may be
    missing.
    """
    return named or Path(os.environ.get(VARIABLE) or DEFAULT_FILE)


def load_config(file: Path) -> Config:
    """Return the validated configuration in a file.

    Raises:
        ConfigError: when the file cannot be read, is longer than `MAX_CONFIG_BYTES`, or is not
            UTF-8 text; when its content is wrong, with the problems as sentences that name file,
            table and key.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_CONFIG_BYTES + 1)
        text = content[:MAX_CONFIG_BYTES].decode("utf-8-sig")
    except UnicodeDecodeError:
        problem = f"{file} cannot be read: it is not UTF-8 text; save it as UTF-8."
        raise ConfigError([problem]) from None
    except OSError as error:
        reason = error.strerror
        remedy = (
            f"write one with: overheard setup, or name another file with --config or ${VARIABLE}"
        )
        raise ConfigError([f"{file} cannot be read: {reason}; {remedy}."]) from None
    if len(content) > MAX_CONFIG_BYTES:
        size = f"longer than {MAX_CONFIG_BYTES >> 20} MB, and no configuration"
        raise ConfigError([f"{file} is {size}; name another file with --config or ${VARIABLE}."])
    return parse_config(text, str(file))


def example_config(folder: Path, scale: float = 1.0) -> Config:
    """Return the configuration of the bundled example, which asks a local model only.

    Args:
        folder: The folder of its store, which is created when the deployment is opened.
        scale: The weight of the bundled fine-tune in the local model, from 0 (none) to 1.
    """
    text = files("overheard.config").joinpath("demo.toml").read_text(encoding="utf-8")
    store = f"sqlite:///{(folder / 'example.db').as_posix()}"
    filled = text.replace("{store}", store).replace("{scale}", str(scale))
    return parse_config(filled, "the configuration of the example")


def parse_config(text: str, file: str = DEFAULT_FILE) -> Config:
    """Return the validated configuration in a text.

    Relative paths are joined to the folder of the file, and any spelling of a brand is replaced by
    the brand's name. Contradictions between tables are reported only once each table is valid.

    Args:
        text: The content of the file, in TOML.
        file: The name of the file, for messages and for its folder; it is not read.

    Raises:
        ConfigError: with the problems as sentences that name file, table and key; of more than 20,
            the first and the number of the others.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(told([f"{file} is not valid TOML: {error}; mend that line."])) from None
    except RecursionError:
        problem = f"{file} is not valid TOML: brackets are nested too deeply; remove them."
        raise ConfigError([problem]) from None
    except ValueError:  # Python limits the digits of a whole number
        problem = f"{file} is not valid TOML: a number has thousands of digits; shorten it."
        raise ConfigError([problem]) from None
    folder = Path(file).parent
    tables = {name: table for name, table in tables.items() if name not in REMOVED_TABLES}
    config, problems = validate_table(Config, tables, file, folder)
    if config:
        config = _located(config, folder)
        config._file = file
        known = config.catalogue()
        problems = list(contradictions(config, known))
        config = _with_full_names(config, known)
    if config is None or problems:
        raise ConfigError(told(problems))
    return config


def _with_full_names(config: Config, known: Catalogue) -> Config:
    """Return a configuration in which routes, reports, budgets and retention refer to each brand by
    its name, whatever spelling the file has. A spelling that no brand has stays.

    Alerts and money are compared by the name: another spelling would match none.
    """

    def named(spelling: str) -> str:
        found = known.brand(spelling)
        return found.name if found else spelling

    changed: dict[str, Any] = {}
    for table in ("routes", "reports"):
        if entries := getattr(config, table):
            changed[table] = tuple(
                entry.model_copy(update={"brands": tuple(map(named, entry.brands))})
                for entry in entries
            )
    for table in ("budget", "retention"):
        if brands := (limits := getattr(config, table)).brands:
            full = {named(spelling): limit for spelling, limit in brands.items()}
            changed[table] = limits.model_copy(update={"brands": full})
    return config.model_copy(update=changed) if changed else config


def _located(config: Config, folder: Path) -> Config:
    """Return a configuration in which the default paths of the store and of the folder for removed
    texts are joined to a folder. Paths that the file names are joined already; defaults are not,
    because validators do not see those of a table that is missing.
    """
    storage, retention = config.storage, config.retention
    changed: dict[str, Settings] = {}
    if "storage" not in config.model_fields_set:
        url = located_url(storage.url, folder)
        changed["storage"] = storage.model_copy(update={"url": url})
    if "folder" not in retention.model_fields_set:
        changed["retention"] = retention.model_copy(update={"folder": folder / retention.folder})
    return config.model_copy(update=changed)
