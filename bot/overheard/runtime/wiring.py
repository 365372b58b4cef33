"""The wiring of the process: store, plugins and deployment for the commands of the terminal."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import TYPE_CHECKING

from overheard import cli
from overheard.commands.registry import first_words
from overheard.config.loader import unknown_vendors
from overheard.config.sections import Config
from overheard.domain import TaskKind
from overheard.errors import ConfigError, StoreMissing
from overheard.interfaces import Queue, Store
from overheard.interfaces.store import StoreMaintenance
from overheard.plugins import load_plugins, separate_output, watched_loop
from overheard.session import Session

if TYPE_CHECKING:
    from overheard.deployment import Deployment

EXIT_TIMEOUT_S = 3.0
"""Seconds from a command's end to that of the process."""
_exit_timers: list[Timer] = []
"""The timer that ends the process, if the process is about to end; else empty."""
GC_THRESHOLD_OBJECTS = 200_000
"""Number of new objects after which the garbage collector runs on the youngest generation: more
than a batch of answers that is scored has, which are freed by reference counting.
"""
M_ARENA_MAX = -8
"""The number of this option of glibc."""


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)


@asynccontextmanager
async def open_deployment(config: Config, *, create: bool = True) -> AsyncIterator[Deployment]:
    """Provide the deployment that a configuration describes within the block, and close its store
    and plugins afterwards.

    Args:
        create: Whether a missing store is created. Otherwise the deployment has an empty temporary
            store that is removed after the block, and `Deployment.missing_store` is the URL of the
            missing one.
    """
    with contextlib.suppress(AttributeError, ImportError, MemoryError, OSError, TypeError):
        from ctypes import CDLL  # not in every Python

        # With an area for each thread, glibc takes more and more memory between those in use.
        CDLL(None).mallopt(M_ARENA_MAX, 1)
    async with AsyncExitStack() as stack:
        store, missing = await _open_store(config.storage.url, stack, create=create)
        yield await stack.enter_async_context(_assemble(config, store, missing))


async def _open_store(url: str, stack: AsyncExitStack, *, create: bool) -> tuple[Store, str]:
    """Return (open store, URL of the missing store).

    The store is the one at `url`, and the missing URL is "". If there is none and it may not be
    created, the store is a temporary, empty one instead.
    """
    from overheard_storage import open_store  # SQLAlchemy is slow to import, and help needs none

    try:
        return await open_store(url, create=create), ""
    except StoreMissing as error:
        folder = stack.enter_context(TemporaryDirectory(prefix="overheard-"))
        return await open_store(str(Path(folder, "empty.db"))), error.url


@asynccontextmanager
async def _assemble(config: Config, store: Store, missing_url: str) -> AsyncIterator[Deployment]:
    """Provide a deployment around an open store within the block. Its providers, plugins and store
    are closed afterwards; what a provider raises then is ignored.

    Within the block, the garbage collector runs less often and a watchdog ends the process when a
    plugin blocks the event loop.
    """
    from overheard.deployment import assemble, local_zone  # slow to import, and help needs none

    plugins = load_plugins(config, reserved=first_words())
    try:
        # A vendor may be unknown only because its plugin has a fault, which is told elsewhere.
        if not plugins.faulty and (problems := [*unknown_vendors(config, plugins.landscapes)]):
            raise ConfigError(problems)
        async with watched_loop():
            deployment = await assemble(
                config,
                store,
                plugins,
                clock=SystemClock(),
                queue=None if missing_url else await _open_queue(config, store),
                zone=local_zone(),
                missing_store=missing_url,
            )
            with _rarer_garbage_collection():
                yield deployment
    finally:
        for provider in plugins.providers.values():
            # A plugin that cannot close its connections must not keep the store from closing.
            with contextlib.suppress(Exception):
                await provider.close()
        plugins.close()
        await store.close()


@contextmanager
def _rarer_garbage_collection() -> Iterator[None]:
    """Exclude the objects that exist from garbage collection, and collect only after
    `GC_THRESHOLD_OBJECTS` new ones, within the block.

    A run creates some thousand objects for each answer and frees them by reference counting.
    Python's default, a collection after every 700 objects, took a quarter of the time of scoring.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD_OBJECTS, *before[1:])
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
        open_deployment, store_maintenance, serve=_serve, work=_work, reserved_words=first_words()
    )


def main() -> None:
    """Run the command of the terminal, and end the process at the latest `EXIT_TIMEOUT_S` after
    the command, even when a plugin's thread hangs.

    Raises:
        SystemExit: with the status of the command.
    """
    separate_output()
    try:
        cli.app(obj=session())
    except SystemExit as end:
        sys.stdout.flush()
        status = end.code if isinstance(end.code, int) else int(bool(end.code))
        # A thread that a plugin has begun may never end.
        _set_exit_timer(EXIT_TIMEOUT_S, status)
        gc.freeze()  # Python would search all objects for garbage before it ends
        raise


async def _serve(deployment: Deployment) -> None:
    """Serve a deployment until a signal ends the process, see `overheard.runtime.server.serve`."""
    from overheard.runtime.server import serve  # all of the chat, which no other command needs

    await serve(deployment, exit_within=_set_exit_timer)


async def _work(deployment: Deployment, kinds: Collection[TaskKind], at_once: int) -> None:
    """Carry out at most `at_once` tasks of these kinds at a time until a signal to end."""
    from overheard.runtime.worker import work

    await work(deployment, kinds, at_once, exit_within=_set_exit_timer)


async def _open_queue(config: Config, store: Store) -> Queue | None:
    """Return the queue of PGQueuer in the store's database, or None for the queue in this process,
    as the configuration says. The tables of PGQueuer are created or upgraded first.
    """
    if config.queue.engine == "inline":
        return None
    from overheard.runtime.postgres_queue import PostgresQueue

    queue = PostgresQueue(config.storage.url, store)
    await queue.install()
    return queue


def _set_exit_timer(delay_s: float, status: int = 0) -> None:
    """Set a timer that ends the process after `delay_s` seconds, even if a thread or a plugin
    hangs. It replaces the timer of an earlier call.

    Nothing is lost: all results are in the store, and runs are resumed at the next start.
    """
    while _exit_timers:
        _exit_timers.pop().cancel()
    timer = Timer(delay_s, os._exit, (status,))
    timer.daemon = True
    _exit_timers.append(timer)
    timer.start()
