"""Plugins that are installed on the path, as pip would leave them."""

import sys
from pathlib import Path
from textwrap import dedent

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


class Shelf:
    """Where a test installs plugins; gone with the test."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch
        monkeypatch.syspath_prepend(folder)

    def install(self, name: str, code: str, version: str = "1.2") -> None:
        """Install a distribution ``overheard-NAME`` of one module."""
        module = f"overheard_{name}"
        self._monkeypatch.delitem(sys.modules, module, raising=False)
        (self._folder / f"{module}.py").write_text(dedent(code))
        info = self._folder / f"overheard_{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: overheard-{name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[overheard]\n{name} = {module}\n")

    def example(self, name: str) -> None:
        """Install one of the examples."""
        module = EXAMPLES / f"overheard_{name}" / f"overheard_{name}.py"
        self.install(name, module.read_text(encoding="utf-8"))
