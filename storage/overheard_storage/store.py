"""The store: the repositories of one SQL database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection

from overheard.domain import Census
from overheard.errors import StoreMissing
from overheard_storage.alerts import AlertRepository, UpdateRepository
from overheard_storage.answers import AnswerRepository
from overheard_storage.blocks import BlockRepository
from overheard_storage.catalogue import CatalogueRepository, FinetuneRepository
from overheard_storage.database import Database, explained, is_missing, parse_url
from overheard_storage.deliveries import DeliveryRepository
from overheard_storage.faults import shown
from overheard_storage.health import CensusRepository
from overheard_storage.locks import LockRepository
from overheard_storage.money import MoneyRepository
from overheard_storage.operations import (
    AuditRepository,
    ChatStateRepository,
    ScheduleRepository,
    SettingRepository,
)
from overheard_storage.repository import Lookups
from overheard_storage.retention import RetentionRepository
from overheard_storage.runs import BatchRepository, RunRepository
from overheard_storage.scores import EditionRepository, ScoreRepository
from overheard_storage.upgrades import require_current, require_tables, upgrade

DRIVER_THREAD = "_connection_worker_thread"
"""Part of the name of the threads of aiosqlite, one for each connection."""
DRIVER_TIMEOUT_S = 1.0
"""Seconds that are waited for such a thread."""


class SqlStore:
    """The `overheard.interfaces.Store` on SQLite or PostgreSQL; `open_store` opens one.

    Args:
        database: The database, whose tables exist in this version.
    """

    def __init__(self, database: Database) -> None:
        """Create the repositories, which share a database and the numbers of names."""
        self._database = database
        shared = (database, Lookups(database))
        self.catalogue = CatalogueRepository(*shared)
        self.money = MoneyRepository(*shared)
        self.runs = RunRepository(*shared)
        self.answers = AnswerRepository(*shared, self.money)
        self.batches = BatchRepository(*shared)
        self.retention = RetentionRepository(*shared)
        self.scores = ScoreRepository(*shared)
        self.blocks = BlockRepository(*shared)
        self.editions = EditionRepository(*shared)
        self.updates = UpdateRepository(*shared)
        self.alerts = AlertRepository(*shared)
        self.deliveries = DeliveryRepository(*shared)
        self.locks = LockRepository(database)
        self.schedules = ScheduleRepository(*shared)
        self.audit = AuditRepository(*shared)
        self.chat_state = ChatStateRepository(*shared)
        self.settings = SettingRepository(*shared)
        self.finetune = FinetuneRepository(*shared)
        self._census = CensusRepository(*shared)

    @classmethod
    def at(cls, url: str) -> SqlStore:
        """Return a store without checking its tables, which must exist in this version."""
        return cls(Database(parse_url(url)))

    def reopened(self) -> SqlStore:
        """Return a store on the same database after `close`, with nothing remembered except
        compiled statements; it may belong to another event loop.
        """
        return SqlStore(self._database)

    async def census(self, versions: Collection[str]) -> Census:
        """Count what the store holds; see `overheard.interfaces.Store.census`."""
        return await self._census.census(versions)

    async def close(self) -> None:
        """Close all connections."""
        await self._database.close()


async def open_store(url: str, *, migrate: bool = True, create: bool = True) -> SqlStore:
    """Open a store.

    Args:
        url: ``sqlite:///file.db``, the path of such a file, or ``postgresql://...``.
        migrate: Whether older tables are upgraded to this version.
        create: Whether a store that does not exist is created.

    Raises:
        StoreMissing: when the store does not exist, or has no tables, and is not to be created.
        StoreError: when the store cannot be used; the message has its URL without the password.
    """
    place = parse_url(url)
    if not create and is_missing(place):
        raise StoreMissing(url=shown(place))
    with explained(place):
        database = Database(place)
        try:
            if not create:
                await require_tables(database)
            await (upgrade(database) if migrate else require_current(database))
        except BaseException:
            await database.close()
            await _ended_drivers()
            raise
    return SqlStore(database)


async def _ended_drivers() -> None:
    """Wait for the driver's threads of connections that could not be opened.

    Such a thread answers the event loop last of all, and prints a traceback if that is closed.
    """
    for thread in threading.enumerate():
        if DRIVER_THREAD in thread.name:
            await asyncio.to_thread(thread.join, DRIVER_TIMEOUT_S)


async def migrate(url: str) -> tuple[str | None, str]:
    """Upgrade a store's tables to this version.

    Returns:
        The revision before (None for an empty database) and after.

    Raises:
        StoreError: when the store cannot be used.
    """
    place = parse_url(url)
    with explained(place):
        database = Database(place)
        try:
            return await upgrade(database)
        finally:
            await database.close()
