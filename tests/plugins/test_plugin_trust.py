"""Which plugins may be loaded, and what one that looks around finds."""

import base64
import hashlib
import sys
from pathlib import Path

import pytest

from kit.broken_plugins import SCORER
from kit.installing import Shelf
from overheard.config.loader import parse_config
from overheard.plugins import PluginReport, distribution_of, entry_of, load_plugins
from overheard.plugins.loading import Unpinnable

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
    """Somewhere to install plugins, with one that lists its files as pip does."""
    shelf = Shelf(tmp_path, monkeypatch)
    shelf.install("odd", CODE)
    record(tmp_path)
    return shelf


def record(folder: Path) -> None:
    """Write down what is installed, as an installer does."""
    lines = []
    info = folder / "overheard_odd-1.2.dist-info"
    for file in (folder / "overheard_odd.py", info / "METADATA", info / "entry_points.txt"):
        content = file.read_bytes()
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        lines.append(f"{file.relative_to(folder).as_posix()},sha256={digest},{len(content)}")
    lines.append(f"{info.name}/RECORD,,")
    lines.append("__pycache__/overheard_odd.cpython-311.pyc,,")
    (info / "RECORD").write_text("\n".join(lines) + "\n")


def allowed(*entries: str) -> PluginReport:
    """Return what becomes of the plugin where these entries are allowed."""
    table = ", ".join(f'"{entry}"' for entry in entries)
    loaded = load_plugins(parse_config(f"[plugins]\nallow = [{table}]"))
    return next(report for report in loaded.reports if report.name == "odd")


def test_what_was_pinned_is_loaded(shelf: Shelf) -> None:
    """The line that is printed is the one that is to be written."""
    entry = entry_of(distribution_of("odd"))

    assert entry.startswith("overheard-odd==1.2 --hash=sha256:")
    assert allowed(entry).provides == ("scorer odd",)
    assert allowed(entry[:-1] + ("0" if entry[-1] != "0" else "1")).problem.startswith(
        "is not what was pinned: its files are other ones; reinstall it, or, if you trust it as it "
        "is, write what overheard plugins pin overheard-odd prints into config.toml"
    )


def test_a_file_that_was_changed_is_named_and_nothing_of_it_runs(
    shelf: Shelf, tmp_path: Path
) -> None:
    """What runs is what was looked at, to the letter."""
    entry = entry_of("overheard-odd")
    with (tmp_path / "overheard_odd.py").open("a") as code:
        code.write(f"open({str(tmp_path / 'ran')!r}, 'w')\n")

    problem = allowed(entry).problem
    assert "is not what was pinned: overheard_odd.py was changed after installing it" in problem
    assert not (tmp_path / "ran").exists()
    record(tmp_path)  # whoever can change a file can change what is written of it
    assert "its files are other ones" in allowed(entry).problem
    assert not (tmp_path / "ran").exists()


def test_what_an_installer_writes_of_itself_changes_no_pin(shelf: Shelf, tmp_path: Path) -> None:
    """A pin is the same for each way of installing."""
    before = entry_of("overheard-odd")
    info = tmp_path / "overheard_odd-1.2.dist-info"
    (info / "INSTALLER").write_text("uv\n")
    with (info / "RECORD").open("a") as listed:
        listed.write(f"{info.name}/INSTALLER,,3\n")

    assert entry_of("overheard-odd") == before


def test_code_that_lies_elsewhere_cannot_be_pinned(shelf: Shelf, tmp_path: Path) -> None:
    """A pin that covers none of the code is worse than none; that is said."""
    entry, info = entry_of("overheard-odd"), tmp_path / "overheard_odd-1.2.dist-info"
    (info / "RECORD").write_text(f"{info.name}/METADATA,,\n")

    with pytest.raises(Unpinnable, match="does not hold overheard_odd, as with an editable"):
        entry_of("overheard-odd")
    assert "is not loaded, because its list of files" in allowed(entry).problem
    with pytest.raises(Unpinnable, match="nowhere cannot be pinned: it is not installed"):
        entry_of("nowhere")


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
