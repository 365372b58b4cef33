"""Tests of paths in the configuration: they start at the folder of the file."""

from pathlib import Path

import pytest

from overheard.config.loader import load_config
from overheard.config.secrets import Secret
from overheard.config.settings_base import Settings, located_url
from overheard.hookspecs import PluginSettings


class Table(Settings):
    """A plugin's table with files."""

    file: Path
    other: Path | None = None
    key: Secret


def test_the_store_and_the_texts_lie_next_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default and when they are named, from any working directory."""
    (tmp_path / "a").mkdir()
    named = tmp_path / "a" / "named.toml"
    text = '[storage]\nurl = "sqlite:///data/x.db"\n[retention]\nfolder = "old"\n'
    named.write_text(text)
    (tmp_path / "a" / "plain.toml").write_text("")
    monkeypatch.chdir(tmp_path)

    config, plain = load_config(Path("a/named.toml")), load_config(tmp_path / "a/plain.toml")

    assert config.storage.url == "sqlite:///a/data/x.db"
    assert config.retention.folder == Path("a/old")
    assert plain.storage.url == f"sqlite:///{tmp_path}/a/overheard.db"
    assert plain.retention.folder == tmp_path / "a" / "texts"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////srv/x.db",
        "sqlite:///~/x.db",
        "/srv/x.db",
        "postgresql://user@host/x",
        "sqlite://",
    ],
)
def test_other_places_stay_as_they_are(url: str) -> None:
    """Absolute paths, home folders and servers."""
    assert located_url(url, Path("/etc/overheard")) == url


def test_a_bare_path_is_the_path_of_a_file() -> None:
    """It has no scheme."""
    assert located_url("x.db", Path("/etc")) == "/etc/x.db"


def test_files_of_plugins_and_of_secrets_start_there_too(tmp_path: Path) -> None:
    """Fields of the type `Path`, and files that hold secrets."""
    (tmp_path / "key").write_text("s3cret\n")
    tables = {"mine": {"file": "a.txt", "other": "/b.txt", "key_file": "key"}}
    settings = PluginSettings(tables, "feeds", str(tmp_path / "config.toml"))

    [(_, table)] = settings.each(Table)

    assert (table.file, table.other) == (tmp_path / "a.txt", Path("/b.txt"))
    assert table.key.get_secret_value() == "s3cret"
