"""Tests of the contract on what built-in plugins may import: ``import overheard`` and no room."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CONTRACT = "Plugins see the face and nothing behind it"
CORE = ROOT / "bot" / "overheard"
ROOMS = sorted(
    path.stem
    for path in CORE.iterdir()
    if not path.stem.startswith("_") and (path.suffix == ".py" or (path / "__init__.py").exists())
)


def importlinter() -> dict[str, Any]:
    """Return the section of the project's file."""
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    found: dict[str, Any] = tools["importlinter"]
    return found


def contract() -> dict[str, Any]:
    """Return the contract."""
    return next(one for one in importlinter()["contracts"] if one["name"] == CONTRACT)


def lint(folder: Path, planted: str) -> subprocess.CompletedProcess[str]:
    """Check the contract on a copy of a plugin with one more module."""
    plugin = folder / "overheard_visibility"
    shutil.copytree(ROOT / "plugins" / plugin.name, plugin)
    (plugin / "planted.py").write_text(planted, encoding="utf-8")
    forbidden = ", ".join(f'"{name}"' for name in contract()["forbidden_modules"])
    (folder / "pyproject.toml").write_text(
        f"""[tool.importlinter]
root_packages = ["overheard", "overheard_storage", "{plugin.name}"]
[[tool.importlinter.contracts]]
name = "{CONTRACT}"
type = "{contract()["type"]}"
source_modules = ["{plugin.name}"]
forbidden_modules = [{forbidden}]
allow_indirect_imports = true
""",
        encoding="utf-8",
    )
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_import_of_any_room_breaks_the_contract(tmp_path: Path) -> None:
    """Each of them is named, in whichever way it is imported, and so is the store."""
    lines = [f"import overheard.{room}" for room in ROOMS]
    lines += [f"from overheard import {room}" for room in ROOMS]
    lines += ["import overheard_storage", "from overheard.runs import budget"]
    done = lint(tmp_path, "\n".join(lines) + "\n")

    assert done.returncode == 1
    assert len(ROOMS) > 20
    told = " ".join(done.stdout.split())
    for room in (f"overheard.{room}" for room in ROOMS):
        assert f"overheard_visibility.planted -> {room} " in told, room
    assert "overheard_visibility.planted -> overheard_storage " in told


def test_the_face_keeps_the_contract(tmp_path: Path) -> None:
    """A plugin as it should be passes."""
    done = lint(tmp_path, "import overheard\nfrom overheard import Card, hookimpl\n")

    assert done.returncode == 0, done.stdout


def test_the_contract_covers_every_built_in_plugin() -> None:
    """A new one belongs into each list of them."""
    plugins = {path.name for path in (ROOT / "plugins").glob("overheard_*")}
    contracts = importlinter()["contracts"]
    lists = [
        contract()["source_modules"],
        next(one for one in contracts if one["name"].startswith("Nobody"))["forbidden_modules"],
        next(one for one in contracts if one["type"] == "independence")["modules"],
    ]

    assert plugins <= set(importlinter()["root_packages"])
    assert [set(one) for one in lists] == [plugins] * 3
