"""The configuration: one TOML file as frozen, validated settings.

The file contains no secrets, see `overheard.config.secrets`. All errors are reported at once.
"""

from __future__ import annotations

import os
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from overheard.config.contradictions import contradictions
from overheard.config.problems import told
from overheard.config.sections import DEFAULT_FILE, Config
from overheard.config.settings_base import Settings, located_url, validate_table
from overheard.deprecations import REMOVED_TABLES
from overheard.domain import Catalogue
from overheard.errors import ConfigError

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
