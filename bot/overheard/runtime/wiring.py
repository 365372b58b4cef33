"""The wiring of the process: store, plugins and deployment for the commands of the terminal."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import TYPE_CHECKING

from overheard import cli
from overheard.config.sections import Config
from overheard.domain import TaskKind
from overheard.errors import StoreMissing
from overheard.interfaces import Chat, Queue, Store
from overheard.interfaces.store import StoreMaintenance
from overheard.plugins import load_plugins, separate_output, watchdog
from overheard.session import Session

if TYPE_CHECKING:
    from overheard.deployment import Deployment

EXIT_TIMEOUT_S = 3.0
"""Seconds from a command's end to that of the process."""
_leaving: list[Timer] = []
"""The timer that ends the process, if the process is about to end."""
GC_THRESHOLD_OBJECTS = 20_000
"""Number of new objects after which the garbage collector runs on the youngest generation."""


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)


@asynccontextmanager
async def open_deployment(config: Config, *, create: bool = True) -> AsyncIterator[Deployment]:
    """Open the deployment that a configuration describes, and close it after the block.

    Args:
        config: The configuration.
        create: Whether a missing store is created. Otherwise the deployment has an
            empty store that is removed after the block, and `Deployment.missing_store` is set.

    Raises:
        StoreError: when the store cannot be used.
    """
    async with AsyncExitStack() as stack:
        store, missing = await _open_store(config.storage.url, stack, create=create)
        yield await stack.enter_async_context(_assemble(config, store, missing))


async def _open_store(url: str, stack: AsyncExitStack, *, create: bool) -> tuple[Store, str]:
    """Open a store, or a temporary store in place of a missing one.

    Args:
        url: The URL of the store.
        stack: Removes the temporary store.
        create: Whether a missing store is created.

    Returns:
        The store, and the URL of the missing store or "".
    """
    from overheard_storage import open_store  # SQLAlchemy is slow to import, and help needs none

    try:
        return await open_store(url, create=create), ""
    except StoreMissing as error:
        folder = stack.enter_context(TemporaryDirectory(prefix="overheard-"))
        return await open_store(str(Path(folder, "empty.db"))), error.url


@asynccontextmanager
async def _assemble(config: Config, store: Store, missing: str) -> AsyncIterator[Deployment]:
    """Provide a deployment around an open store, with its plugins, and close all of them after the
    block.

    Args:
        config: The configuration.
        store: The open store.
        missing: The URL of a missing store, in whose place `store` is; else empty.
    """
    from overheard.deployment import assemble, local_zone  # slow to import, and help needs none

    plugins = load_plugins(config)
    try:
        deployment = await assemble(
            config,
            store,
            plugins,
            clock=SystemClock(),
            queue=None if missing else await _queue(config, store),
            zone=local_zone(),
            missing_store=missing,
        )
        with _rested_collector(), watchdog():
            yield deployment
    finally:
        for provider in plugins.providers.values():
            # A plugin that cannot close its connections must not keep the store from closing.
            with contextlib.suppress(Exception):
                await provider.close()
        plugins.close()
        await store.close()


@contextmanager
def _rested_collector() -> Iterator[None]:
    """Exclude loaded objects from garbage collection, and collect less often, within the block.

    A run makes some thousand objects for each answer and frees them by reference counting. Python's
    default, a collection after every 700 objects, took a quarter of the time of scoring.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(max(GC_THRESHOLD_OBJECTS, before[0]), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def store_maintenance() -> StoreMaintenance:
    """Return the maintenance of stores."""
    from overheard_storage.maintenance import SqlMaintenance

    return SqlMaintenance()


def session() -> Session:
    """Return the argument of the terminal's commands: how deployments are opened, served and
    maintained.
    """
    return Session(
        open_deployment, store_maintenance, serve=_serve, open_chats=_open_chats, work=_work
    )


def main() -> None:
    """Run the command of the terminal, and end the process, even when a plugin's thread hangs.

    Raises:
        SystemExit: with the status of the command.
    """
    separate_output()
    try:
        cli.app(obj=session())
    except SystemExit as end:
        sys.stdout.flush()
        # A thread that a plugin has begun may never end.
        _set_exit_timer(
            EXIT_TIMEOUT_S, end.code if isinstance(end.code, int) else int(bool(end.code))
        )
        raise


async def _serve(deployment: Deployment) -> None:
    from overheard.runtime.server import serve  # all of the chat, which no other command needs

    await serve(deployment, leave=_set_exit_timer)


async def _work(deployment: Deployment, kinds: Collection[TaskKind], at_once: int) -> None:
    from overheard.runtime.worker import work

    await work(deployment, kinds, at_once, leave=_set_exit_timer)


async def _queue(config: Config, store: Store) -> Queue | None:
    """Return the queue that the configuration names: PGQueuer's in PostgreSQL, whose tables are
    created or upgraded, or None for the queue in this process.

    Raises:
        StoreError: when the queue's package is missing.
    """
    if config.queue.engine == "inline":
        return None
    from overheard.runtime.postgres_queue import PostgresQueue

    queue = PostgresQueue(config.storage.url, store)
    await queue.install()
    return queue


def _open_chats(config: Config) -> Mapping[str, Chat]:
    from overheard.runtime.server import open_chats

    return {**open_chats(config), **load_plugins(config).chats}


def _set_exit_timer(longest: float, code: int = 0) -> None:
    """Set a timer that ends the process, even if a thread or a plugin hangs; it replaces an earlier
    timer.

    Nothing is lost: all results are in the store, and runs are resumed at the next start.

    Args:
        longest: Seconds until the process ends.
        code: Exit status.
    """
    while _leaving:
        _leaving.pop().cancel()
    timer = Timer(longest, os._exit, (code,))
    timer.daemon = True
    _leaving.append(timer)
    timer.start()
