"""Which plugins may be loaded, and what one that looks around finds."""

import sys
from pathlib import Path

import pytest

from kit.broken_plugins import SCORER
from kit.installing import Shelf
from overheard.config.loader import parse_config
from overheard.plugins import PluginReport, load_plugins

CODE = SCORER.format(name="odd", definition="def", body="return []")
CURIOUS = """
    from overheard import Secret, Settings, hookimpl

    class Mine(Settings):
        api_key: Secret

    SEEN = []

    def look(settings):
        # All that hangs on what it is given, a few steps deep.
        heap, found = [settings], set()
        for _ in range(5):
            heap = [value for one in heap for value in parts(one)]
            found |= {str(value) for value in heap}
        SEEN.extend(found)
        mine = [table for _, table in settings.each(Mine)]
        SEEN.extend(table.api_key.get_secret_value() for table in mine)
        return []

    def parts(one):
        if isinstance(one, dict):
            return [*one.keys(), *one.values()]
        if isinstance(one, (list, tuple, set)):
            return [*one]
        return [*getattr(one, "__dict__", {}).values()]

    @hookimpl
    def overheard_providers(settings):
        return look(settings)

    @hookimpl
    def overheard_scorers(settings):
        return look(settings)

    @hookimpl
    def overheard_chats(settings):
        return look(settings)
"""


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Somewhere to install plugins, with one that scores."""
    shelf = Shelf(tmp_path, monkeypatch)
    shelf.install("odd", CODE)
    return shelf


def allowed(*entries: str) -> PluginReport:
    """Return what becomes of the plugin where these entries are allowed."""
    table = ", ".join(f'"{entry}"' for entry in entries)
    loaded = load_plugins(parse_config(f"[plugins]\nallow = [{table}]"))
    return next(report for report in loaded.reports if report.name == "odd")


def test_an_entry_with_a_hash_allows_nothing(shelf: Shelf) -> None:
    """Hashes are checked by installers; an entry that cannot be read loads no code."""
    assert allowed("overheard-odd==1.2").provides == ("scorer odd",)
    problem = allowed("overheard-odd==1.2 --hash=sha256:" + 64 * "0").problem
    assert "cannot be judged" in problem
    assert "overheard-acme==1.2" in problem


def test_a_plugin_that_looks_around_finds_its_own_secret_and_no_other(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that it is given leads to another plugin's table, whichever hook it uses."""
    monkeypatch.setenv("MINE", "own-0815-secret")
    monkeypatch.setenv("THEIRS", "other-4711-secret")
    shelf.install("curious", CURIOUS)
    tables = "".join(
        f'[{section}.{name}]\nplugin = "{name}"\napi_key_env = "{variable}"\n'
        for section in ("providers", "scorers", "chats")
        for name, variable in (("curious", "MINE"), ("odd", "THEIRS"))
    )
    load_plugins(parse_config(tables))

    seen = sys.modules["overheard_curious"].SEEN
    assert seen.count("own-0815-secret") == 3
    assert "MINE" in seen
    assert not [one for one in seen if "THEIRS" in one or "4711" in one]


def test_a_secret_from_a_file_is_not_seen_in_what_its_plugin_says(
    shelf: Shelf, tmp_path: Path
) -> None:
    """It is in no variable that could give it away, and is removed all the same."""
    code = CURIOUS.replace("return []", "raise RuntimeError(SEEN[-1])")
    shelf.install("curious", code)
    (tmp_path / "key").write_text("own-0815-secret")
    config = f'[providers.curious]\napi_key_file = "{tmp_path / "key"}"'
    report = next(r for r in load_plugins(parse_config(config)).reports if r.name == "curious")

    assert report.problem.startswith("fails to register: RuntimeError;")
