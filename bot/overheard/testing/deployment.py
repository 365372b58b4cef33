"""A deployment for tests: a new store, the installed plugins, and a chat user.

A test store is a copy of an SQLite file whose tables exist already.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from overheard.cards.command import CommandSpec, Role
from overheard.chat.desk import ChatDesk
from overheard.commands.registry import first_words
from overheard.config.loader import parse_config
from overheard.deployment import assemble
from overheard.domain import ScoreRecord
from overheard.interfaces import Person, Store
from overheard.plugins import load_plugins
from overheard.testing.fakes import EchoProvider, FakeChat, FixedClock, Screen

if TYPE_CHECKING:
    from overheard_storage import SqlStore

DECLARED = """
[[brands]]
name = "Acme"
competitors = ["Zenith"]

[[prompts]]
text = "Which tool is best?"
"""


class OpenGate:
    """An access policy under which every person has the same role.

    Attributes:
        role: The role of every person.
        notes: Name, words and outcome of each command, in order.
    """

    def __init__(self, role: Role = Role.ADMIN) -> None:
        self.role = role
        self.notes: list[tuple[str, str, str]] = []

    async def allowed(self, person: Person, _: str, spec: CommandSpec) -> str | None:
        """Return None when the command needs this role or a lower one, else a refusal as a
        sentence.
        """
        return None if spec.role <= self.role else f"{person.name} may not use {spec.name}."

    async def note(
        self, person: Person, _: str, words: str, __: CommandSpec, outcome: str = "done"
    ) -> None:
        """Append the person's name, the words and the outcome of a command to `notes`."""
        self.notes.append((person.name, words, outcome))


@dataclass(frozen=True)
class Deployment:
    """All of Overheard except the network; commands are carried out as in production.

    Attributes:
        chat: Types commands, clicks buttons and reads cards.
        provider: The provider that is asked.
        store: An SQLite store; `close_test_stores` removes its file.
        clock: The current time of the deployment.
        problems: The problem of each faulty plugin by its name, as in `overheard plugins`.
        provides: The objects that each plugin provides, by its name.
    """

    chat: FakeChat
    provider: EchoProvider
    store: Store
    clock: FixedClock
    problems: dict[str, str]
    provides: dict[str, tuple[str, ...]]

    async def type(self, words: str) -> Screen:
        """Type words after the root command and return the answers of the chat."""
        return await self.chat.type(words)

    async def scores(self, metric: str = "") -> list[ScoreRecord]:
        """Return the stored scores of one metric, or of all metrics, in the order of their
        answers.
        """
        kept = [record async for record in self.store.scores.stream()]
        return [record for record in kept if metric in ("", record.score.metric)]


class OpenDeployment(Protocol):
    """The type of the fixture `overheard_deployment`."""

    async def __call__(self, config: str = "") -> Deployment:
        """Open a deployment with more configuration; see `open_deployment`."""


async def open_deployment(
    config: str = "",
    *,
    provider: EchoProvider | None = None,
    clock: FixedClock | None = None,
    role: Role = Role.ADMIN,
    forms: bool = False,
) -> Deployment:
    """Return a deployment on a new test store, with all installed plugins, found by their entry
    points. `close_test_stores` removes the store.

    Args:
        config: More configuration as TOML, for example the tables of a plugin. The brand Acme,
            its competitor Zenith and one prompt are declared already.
        provider: The provider that is asked, in addition to those of the configuration; it
            replaces one of the same name. None for a new `EchoProvider`.
        clock: The current time of the deployment; None for a new `FixedClock`.
        role: The role of every person.
        forms: Whether the chat has forms.

    Raises:
        ConfigError: when the configuration is invalid.
    """
    read = parse_config(DECLARED + config)
    provider, clock, store = provider or EchoProvider(), clock or FixedClock(), open_test_store()
    plugins = load_plugins(read, reserved=first_words())
    plugins.providers[provider.name] = provider
    opened = await assemble(read, store, plugins, clock=clock)
    return Deployment(
        FakeChat(ChatDesk(opened, OpenGate(role)), forms=forms),
        provider,
        store,
        clock,
        {report.name: report.problem for report in plugins.faulty},
        {report.name: report.provides for report in plugins.reports},
    )


_TEMPLATE = "template.db"
_numbers = count(1)
_open: dict[Path, SqlStore] = {}
_closed: dict[Path, SqlStore] = {}
"""Stores whose files are gone: they have compiled the statements of earlier tests."""


def open_test_store(copied: Path | None = None) -> Store:
    """Return an open SQLite store in a new file, in about 10 ms.

    The file is a copy of a store whose tables are created once for each process. An object of a
    store that `close_test_stores` has closed is used again, because it has compiled its statements.
    `close_test_stores` removes the file; at the latest the end of the process does.

    Args:
        copied: File of a closed store to copy; None for an empty store.
    """
    from overheard_storage import SqlStore  # SQLAlchemy is slow to import, and few tests need it

    if _closed:
        file, closed = _closed.popitem()
        store = closed.reopened()
    else:
        file = Path(_folder().name, f"{next(_numbers)}.db")
        store = SqlStore.at(str(file))
    create_test_store(file, copied)
    _open[file] = store
    return store


def create_test_store(file: Path, copied: Path | None = None) -> None:
    """Write an SQLite store with all its tables to a file that only its owner can read, without
    running the migrations.

    Args:
        file: The file, which is replaced.
        copied: File of a closed store to copy; None for an empty store.
    """
    shutil.copyfile(copied or Path(_folder().name, _TEMPLATE), file)
    file.chmod(0o600)


def close_test_stores() -> None:
    """Close all test stores of this process and remove their files; for the end of a test.

    It blocks until they are closed. It needs no event loop, and works also when the loop that used
    the stores is closed. The closed stores are kept for `open_test_store`.
    """
    if not _open:
        return

    async def close() -> None:
        for store in _open.values():
            await store.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, close()).result()
    for file in _open:
        for database_file in file.parent.glob(f"{file.name}*"):
            database_file.unlink()
    _closed.update(_open)
    _open.clear()


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return the temporary folder of this process's test stores, with the migrated file to copy;
    created at the first call.
    """
    from overheard_storage import migrate

    folder = tempfile.TemporaryDirectory(prefix="overheard-", ignore_cleanup_errors=True)
    with ThreadPoolExecutor(1) as thread:  # the caller's event loop may be running in this one
        thread.submit(asyncio.run, migrate(str(Path(folder.name, _TEMPLATE)))).result()
    return folder
