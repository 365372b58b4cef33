"""`plugins search` and `plugins install`: what is known, and the installer that keeps it."""

import json
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import requires
from importlib.resources import files
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from overheard.commands.plugins import install_plugin, search_plugins
from overheard.errors import BadUsage, InstallFailed

RECEIPT = """[tool]
requirements = [
  { name = "overheard", extras = ["google"], directory = "/srv/overheard" },
  { name = "cowsay", specifier = ">=6" },
  { name = "overheard-acme", git = "https://example.com/acme" },
]
"""


def wheel(folder: Path) -> Path:
    """Write a wheel with a plugin that provides nothing, and return its path."""
    file = folder / "overheard_acme-1.0-py3-none-any.whl"
    info = "overheard_acme-1.0.dist-info"
    with ZipFile(file, "w") as archive:
        archive.writestr("overheard_acme.py", "")
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: overheard-acme\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/entry_points.txt", "[overheard]\nacme = overheard_acme\n")
        archive.writestr(f"{info}/RECORD", "")
    return file


def recording(folder: Path, program: str) -> Path:
    """Write a program that stores its arguments, and return the file with them."""
    told = folder / f"{program}.json"
    script = folder / program
    code = f"import json, sys; json.dump(sys.argv[1:], open({str(told)!r}, 'w'))"
    script.write_text(f"#!{sys.executable}\n{code}\n", encoding="utf-8")
    script.chmod(0o755)
    return told


def plugins_of(python: str) -> str:
    """Return the names of the plugins that an interpreter finds."""
    found = "from importlib.metadata import entry_points as e; print(*e(group='overheard').names)"
    return subprocess.check_output([python, "-I", "-c", found], text=True)


async def test_a_wheel_is_installed_into_the_environment_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `uv pip`, where the environment has no pip; then its plugin can be found."""
    home = tmp_path / "environment"
    venv.create(home)
    monkeypatch.setattr(sys, "prefix", str(home))
    monkeypatch.setattr(sys, "executable", str(home / "bin" / "python"))
    monkeypatch.setattr("overheard.installation.find_spec", lambda _: None)

    card = await install_plugin(None, name=str(wheel(tmp_path)))
    assert str(card.title).endswith("is installed")
    assert plugins_of(sys.executable) == "acme\n"


@pytest.mark.parametrize(
    ("record", "text", "program", "told"),
    [
        (
            "uv-receipt.toml",
            RECEIPT,
            "uv",
            [
                *("tool", "install", "--python", f"{sys.version_info[0]}.{sys.version_info[1]}"),
                "overheard[google] @ file:///srv/overheard",
                *("--with", "cowsay>=6"),
                *("--with", "overheard-acme @ git+https://example.com/acme"),
                *("--with", "overheard-new>=2"),
            ],
        ),
        (
            "pipx_metadata.json",
            '{"main_package": {"package": "overheard"}}',
            "pipx",
            ["inject", "overheard", "overheard-new>=2"],
        ),
    ],
)
async def test_a_tools_record_keeps_what_was_asked_for(
    record: str,
    text: str,
    program: str,
    told: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next upgrade by `uv tool` or pipx brings the plugin again."""
    (tmp_path / record).write_text(text, encoding="utf-8")
    arguments = recording(tmp_path, program)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))

    await install_plugin(None, name="overheard-new>=2")

    assert json.loads(arguments.read_bytes()) == told


async def test_an_installer_that_fails_or_is_missing_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the program; so does a word that is no plugin, and the way to write it."""
    (tmp_path / "uv-receipt.toml").write_text(RECEIPT, encoding="utf-8")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InstallFailed, match=r"was not installed: uv is not on the PATH\.$"):
        await install_plugin(None, name="mcp")
    (tmp_path / "uv").write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    (tmp_path / "uv").chmod(0o755)
    with pytest.raises(InstallFailed, match="uv ended with 3; its lines above say why"):
        await install_plugin(None, name="mcp")
    with pytest.raises(BadUsage, match='"no such--" is neither a known plugin'):
        await install_plugin(None, name="no such--")


async def test_what_is_known_can_be_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An extra is of the installed Overheard, and is asked for by its own requirements."""
    index = files("overheard.commands") / "plugin_index.toml"
    entries = tomllib.loads(index.read_text(encoding="utf-8"))
    needed = [str(one.marker) for one in map(Requirement, requires("overheard") or ())]
    assert all(f'extra == "{one["extra"]}"' in needed for one in entries.values())

    arguments = recording(tmp_path, "pipx")
    (tmp_path / "pipx_metadata.json").write_text(
        '{"main_package": {"package": "overheard"}}', encoding="utf-8"
    )
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    await install_plugin(None, name="mcp")
    told = [Requirement(one).name for one in json.loads(arguments.read_bytes())[2:]]
    assert told == ["mcp", "uvicorn"]

    card = await search_plugins(None, word="gemini")
    assert card.table
    assert [row[0] for row in card.table.rows] == ["google"]
