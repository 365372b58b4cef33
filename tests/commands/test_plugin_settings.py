"""What can be set for a plugin: shown, checked and in the example, as the core's own settings."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest
from click.testing import CliRunner
from pydantic import Field

from kit.installing import Shelf
from kit.program import sentences
from overheard import Secret, Settings
from overheard.cli import app
from overheard.config.loader import parse_config
from overheard.config.settings_base import described
from overheard.plugins import load_plugins
from overheard.runtime.wiring import session

EXAMPLE = (Path(__file__).parents[2] / "config.example.toml").read_text(encoding="utf-8")
SETTINGS = [
    (report.name, table, settings)
    for report in load_plugins(parse_config("")).reports
    for table, settings in report.settings.items()
]


class AllKinds(Settings):
    """A table with a key of each kind."""

    text: str
    count: int = 3
    share: float | None = None
    sure: bool = True
    names: tuple[str, ...] = ("a", "b")
    which: Literal["one", "two"] = "one"
    file: Path | None = None
    prices: Mapping[str, float] = Field(default_factory=dict)
    key: Secret | None = Field(default=None, json_schema_extra={"env": "THE_KEY"})


def test_keys_are_described_as_they_are_written_in_the_configuration() -> None:
    """In words, with defaults that can be copied; never in Python's."""
    assert list(described(AllKinds)) == [
        ("text", "text", "needed"),
        ("count", "whole number", "3"),
        ("share", "number", ""),
        ("sure", "true or false", "true"),
        ("names", "list of text", '["a", "b"]'),
        ("which", '"one" or "two"', '"one"'),
        ("file", "file", ""),
        ("prices", "table", "{}"),
        ("key_env", "environment variable", "THE_KEY"),
        ("key_file", "file", ""),
    ]


@pytest.mark.parametrize(("plugin", "table", "settings"), SETTINGS, ids=[s[0] for s in SETTINGS])
def test_every_key_of_a_built_in_plugin_stands_in_the_example(
    plugin: str, table: str, settings: type[Settings]
) -> None:
    """The settings are shown for setting a plugin up."""
    keys = [key for key, _, _ in described(settings)]

    assert [key for key in keys if key not in EXAMPLE] == []


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("words = 0", "config.toml, [scorers.wordy]: words must be 1 or more."),
        ('words = "many"', "config.toml, [scorers.wordy]: words must be a whole number"),
        ("word = 3", 'config.toml, [scorers.wordy]: unknown key "word"; did you mean "words".'),
    ],
)
def test_a_table_that_does_not_fit_is_told_as_the_core_tells_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, told: str
) -> None:
    """File, table, key and remedy."""
    Shelf(tmp_path, monkeypatch).install(
        "wordy",
        """
        from pydantic import Field
        from overheard import Settings, hookimpl

        class WordySettings(Settings):
            words: int = Field(default=20, ge=1)

        @hookimpl
        def overheard_scorers(settings):
            settings.one(WordySettings, "wordy")
            return []
        """,
    )
    reports = load_plugins(parse_config(f"[scorers.wordy]\n{table}")).reports

    assert told in next(report.problem for report in reports if report.name == "wordy")


@pytest.mark.parametrize("words", [["plugins", "openai"], ["plugins", "list", "openai"]])
def test_a_plugin_is_shown_by_its_name(words: list[str]) -> None:
    """With the table and the keys that can be set."""
    done = CliRunner().invoke(app, [*words, "--json"], obj=session())
    shown = json.loads(done.stdout.splitlines()[-1])

    assert shown["name"] == "openai"
    assert {"table": "[providers.NAME]", "key": "country", "value": "text", "default": ""} in (
        shown["settings"]
    )


def test_a_plugin_that_waits_for_a_table_says_for_which() -> None:
    """After an installation, the message says what to write."""
    done = CliRunner().invoke(app, ["plugins", "judge"], obj=session())

    assert 'a table for it: [scorers.NAME] with plugin = "judge".' in sentences(done.stdout)


def test_a_plugin_that_is_not_there_is_told_with_what_is() -> None:
    """A near miss is suggested."""
    done = CliRunner().invoke(app, ["plugins", "opnai"], obj=session())

    assert done.exit_code == 1
    assert 'There is no plugin called "opnai"; did you mean "openai"' in done.stderr
