"""The tutorial of docs/writing-plugins.md, done as it is written there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs" / "writing-plugins.md"
PIP = """#!{python}
# Stands in for pip: what `pip install -e` leaves, without asking a registry.
import pathlib, tomllib
here = pathlib.Path.cwd()
project = tomllib.loads((here / "pyproject.toml").read_text())["project"]
info = pathlib.Path("{site}") / (project["name"].replace("-", "_") + "-0.1.0.dist-info")
info.mkdir(parents=True)
(info / "METADATA").write_text("Name: " + project["name"] + "\\nVersion: 0.1.0\\n")
points = project["entry-points"]["overheard"].items()
(info / "entry_points.txt").write_text(
    "[overheard]\\n" + "".join(f"{{name}} = {{module}}\\n" for name, module in points)
)
"""


def blocks() -> Iterator[tuple[str, str]]:
    """Yield the kind and the text of each block of the tutorial."""
    text = DOCS.read_text(encoding="utf-8")
    tutorial = text[text.index("## A scorer from nothing") : text.index("## Hooks\n")]
    yield from re.findall(r"^```(\w+)\n(.*?)^```$", tutorial, re.MULTILINE | re.DOTALL)


class Reader:
    """A person who types what the tutorial says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        tools = folder / "bin"
        tools.mkdir()
        for name, module in {"overheard": "overheard", "pytest": "pytest"}.items():
            self._tool(tools / name, f'#!/bin/sh\nexec {sys.executable} -m {module} "$@"\n')
        self._tool(tools / "pip", PIP.format(python=sys.executable, site=folder))
        project = folder / "overheard-reading-level"
        self._surroundings = {
            **{name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ},
            "PATH": f"{tools}:/usr/bin:/bin",
            "PYTHONPATH": f"{folder}:{project}",
            "COLUMNS": "120",
        }

    def write(self, code: str) -> None:
        """Write a file whose name is the first line."""
        name, _, text = code.partition("\n")
        (self._folder / name.removeprefix("# ")).write_text(text, encoding="utf-8")

    def run(self, session: str) -> None:
        """Type each command, and see that what is printed has the lines that follow it."""
        for command, told in re.findall(r"^\$ (.*)\n((?:[^$\n].*\n)*)", session, re.MULTILINE):
            if command.startswith("cd "):
                self._folder /= command.removeprefix("cd ")
                continue
            done = subprocess.run(
                ["sh", "-c", command],
                cwd=self._folder,
                env=self._surroundings,
                capture_output=True,
                text=True,
                check=False,
            )
            printed = done.stdout + done.stderr
            assert done.returncode == 0, printed
            for line in told.splitlines():
                assert line in printed, f"{command} does not print {line!r}: {printed}"

    @staticmethod
    def _tool(file: Path, text: str) -> None:
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755)


@pytest.mark.slow
def test_the_tutorial_works_as_it_is_written(tmp_path: Path) -> None:
    """Each command does what is said, and each file is right as printed."""
    reader = Reader(tmp_path)
    steps = {"console": reader.run, "python": reader.write}
    found = list(blocks())
    for kind, text in found:
        steps[kind](text)

    assert [kind for kind, _ in found] == ["console", "python", "python", "console"]
