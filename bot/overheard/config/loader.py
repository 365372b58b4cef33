"""The configuration: one TOML file as frozen, validated settings.

The file contains no secrets, see `overheard.config.secrets`. All errors are reported at once.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from overheard.config.contradictions import contradictions
from overheard.config.problems import told
from overheard.config.sections import DEFAULT_FILE, Config
from overheard.config.settings_base import Settings, validate_table
from overheard.domain import Catalogue
from overheard.errors import ConfigError

VARIABLE = "OVERHEARD_CONFIG"
MAX_CONFIG_BYTES = 4 * 2**20
"""The longest configuration file; /dev/zero would have no end."""


def find_config(named: Path | None) -> Path:
    """Return the named file, else $OVERHEARD_CONFIG, else ``config.toml`` in this folder."""
    return named or Path(os.environ.get(VARIABLE) or DEFAULT_FILE)


def load_config(file: Path) -> Config:
    """Read and validate a configuration file.

    Raises:
        ConfigError: with every problem as a sentence that names file, table and key.
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
        raise ConfigError(told([f"{file} is not valid TOML: {error}; mend that line."])) from None
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
        known = config.catalogue()
        problems = list(contradictions(config, known))
        config = _with_full_names(config, known)
    if config is None or problems:
        raise ConfigError(told(problems))
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


def _with_full_names(config: Config, known: Catalogue) -> Config:
    """Return a configuration whose tables have the name of each brand, for any of its spellings.

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
