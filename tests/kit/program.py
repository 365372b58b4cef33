"""The program as its users run it: a process in a folder with a configuration."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from overheard.cli import app
from overheard.runtime.wiring import session
from overheard.testing.deployment import create_test_store

CONFIG = """
[storage]
url = "sqlite:///{folder}/store.db"

[providers.svc]
plugin = "compatible"
base_url = "{url}"
models = ["m-1"]
prices."m-1" = {{ input = 1, output = 2 }}
concurrency = 2

[asking]
tries = 1

[[brands]]
name = "Acme"
competitors = ["Zeta", "Umbra"]
"""
PROMPTS = [f"Which tool is best for team number {number}?" for number in range(12)]


class Program:
    """The command, run in a folder.

    Args:
        folder: Where it runs; its config.toml lies there.
        config: The text of config.toml.
        store: Whether there is a store, store.db, before the first command.
        copied: File of a store that is copied to it; by default it is empty.

    Attributes:
        folder: Where it runs.
    """

    def __init__(
        self, folder: Path, config: str, *, store: bool = True, copied: Path | None = None
    ) -> None:
        self.folder = folder
        self.configure(config)
        if store:
            create_test_store(folder / "store.db", copied)

    def configure(self, config: str) -> None:
        """Write the configuration."""
        (self.folder / "config.toml").write_text(config, encoding="utf-8")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the program as a process, without waiting for its end."""
        return self._start("-m", "overheard", *arguments)

    def python(self, code: str) -> subprocess.Popen[str]:
        """Start it by some lines of Python, which change it first, and do not wait."""
        return self._start("-c", code)

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, code: int | None = 0) -> tuple[str, str]:
        """Run it to its end, in this process, and return what it printed.

        The exit code must be the given one; None accepts any code.
        """
        with contextlib.chdir(self.folder):
            result = CliRunner(env={"COLUMNS": "120"}).invoke(app, list(arguments), obj=session())
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert code in {None, result.exit_code}, result.output
        return result.stdout, result.stderr

    def json(self, *arguments: str, code: int = 0) -> Any:
        """Run it with --json and return the document in the last line."""
        out, _ = self.run(*arguments, "--json", code=code)
        return json.loads(out.splitlines()[-1])

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        """Run an export and return its lines."""
        out, _ = self.run(*arguments)
        return [json.loads(line) for line in out.splitlines()]


Write = Callable[[str, list[dict[str, Any]]], Path]
"""Writes lines of JSON to a file in the folder."""


def sentences(card: str) -> str:
    """Return what a card says, without its border and line breaks."""
    return " ".join(card.replace("│", " ").split())
