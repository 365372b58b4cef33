"""`plugins new`: what it writes works as it stands."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from installing import Shelf
from overheard.commands.new_plugin import KINDS, new_plugin
from overheard.config import parse_config
from overheard.errors import BadUsage, FileUnwritable
from overheard.plugins import load_plugins


@pytest.mark.parametrize("kind", KINDS)
async def test_a_new_plugin_passes_its_own_tests_and_is_loaded(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the command to green tests, whatever its kind."""
    monkeypatch.chdir(tmp_path)
    card = await new_plugin(None, name="my-plugin", kind=kind)
    folder = tmp_path / json.loads(json.dumps(card.data))["folder"]
    shelf = Shelf(folder, monkeypatch)
    shelf.install("my_plugin", (folder / "overheard_my_plugin.py").read_text(encoding="utf-8"))
    done = subprocess.run(  # noqa: ASYNC221 - nothing else runs
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

    reports = {report.name: report for report in load_plugins(parse_config("")).reports}
    assert reports["my_plugin"].problem == ""


async def test_a_folder_that_is_there_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody's work is written over."""
    monkeypatch.chdir(tmp_path)
    await new_plugin(None, name="mine", kind="scorer")

    with pytest.raises(FileUnwritable, match="overheard-mine"):
        await new_plugin(None, name="mine", kind="feed")


async def test_a_name_that_is_none_is_refused() -> None:
    """It becomes a module and a distribution."""
    with pytest.raises(BadUsage, match="small letters"):
        await new_plugin(None, name="../My Plugin", kind="scorer")
