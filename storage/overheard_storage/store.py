"""The store: the repositories of one SQL database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection

from overheard.domain import Census
from overheard.errors import StoreMissing
from overheard.interfaces.store import Store
from overheard_storage.alerts import SqlAlertRepository, SqlUpdateRepository
from overheard_storage.answers import SqlAnswerRepository
from overheard_storage.batches import SqlBatchRepository
from overheard_storage.blocks import SqlBlockRepository
from overheard_storage.catalogue import SqlCatalogueRepository, SqlFinetuneRepository
from overheard_storage.column_types import storable
from overheard_storage.database import Database, is_missing, opening_errors, parse_url
from overheard_storage.deliveries import SqlDeliveryRepository
from overheard_storage.editions import SqlEditionRepository
from overheard_storage.faults import shown
from overheard_storage.health import CensusRepository
from overheard_storage.locks import SqlLockRepository
from overheard_storage.money import SqlMoneyRepository
from overheard_storage.operations import (
    SqlAuditRepository,
    SqlChatStateRepository,
    SqlScheduleRepository,
    SqlSettingRepository,
)
from overheard_storage.repository import Lookups
from overheard_storage.retention import SqlRetentionRepository
from overheard_storage.runs import SqlRunRepository
from overheard_storage.scores import SqlScoreRepository
from overheard_storage.upgrades import require_current, require_tables, upgrade_schema

DRIVER_THREAD = "_connection_worker_thread"
"""Part of the name of the threads of aiosqlite, one for each connection."""
DRIVER_TIMEOUT_S = 1.0
"""Seconds that are waited for such a thread."""


class SqlStore(Store):
    """The `overheard.interfaces.Store` on SQLite or PostgreSQL; `open_store` opens one.

    Args:
        database: The database, whose tables exist in this version.
    """

    storable = staticmethod(storable)

    def __init__(self, database: Database) -> None:
        """Create the repositories, which share a database and the numbers of names."""
        self._database = database
        shared = (database, Lookups(database))
        self.catalogue = SqlCatalogueRepository(*shared)
        self.money = SqlMoneyRepository(*shared)
        self.runs = SqlRunRepository(*shared)
        self.answers = SqlAnswerRepository(*shared, self.money)
        self.batches = SqlBatchRepository(*shared)
        self.retention = SqlRetentionRepository(*shared)
        self.scores = SqlScoreRepository(*shared)
        self.blocks = SqlBlockRepository(*shared)
        self.editions = SqlEditionRepository(*shared)
        self.updates = SqlUpdateRepository(*shared)
        self.alerts = SqlAlertRepository(*shared)
        self.deliveries = SqlDeliveryRepository(*shared)
        self.locks = SqlLockRepository(database)
        self.schedules = SqlScheduleRepository(*shared)
        self.audit = SqlAuditRepository(*shared)
        self.chat_state = SqlChatStateRepository(*shared)
        self.settings = SqlSettingRepository(*shared)
        self.finetune = SqlFinetuneRepository(*shared)
        self._census = CensusRepository(*shared)

    @classmethod
    def at(cls, url: str) -> SqlStore:
        """Return a store without checking its tables, which must exist in this version."""
        return cls(Database(parse_url(url)))

    def reopened(self) -> SqlStore:
        """Return a store on the same database after `close`, for another event loop if need be. It
        remembers nothing except compiled statements.
        """
        return SqlStore(self._database)

    async def census(self, versions: Collection[str]) -> Census:
        """Count what the store holds; see `overheard.interfaces.Store.census`."""
        return await self._census.census(versions)

    async def close(self) -> None:
        """Close all connections."""
        await self._database.close()


async def open_store(url: str, *, migrate: bool = True, create: bool = True) -> SqlStore:
    """Open a store and check or upgrade its tables; return the store, which has to be closed.

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
    with opening_errors(place):
        database = Database(place)
        try:
            await database.reach()
            if not create:
                await require_tables(database)
            await (upgrade_schema(database) if migrate else require_current(database))
        except BaseException:
            await database.close()
            # The driver's threads of connections that could not be opened answer the event loop
            # last of all, and print a traceback if the loop is closed.
            for thread in threading.enumerate():
                if DRIVER_THREAD in thread.name:
                    await asyncio.to_thread(thread.join, DRIVER_TIMEOUT_S)
            raise
    return SqlStore(database)


async def migrate(url: str) -> tuple[str | None, str]:
    """Upgrade a store's tables to this version, and close the store.

    Returns:
        The revision before (None for an empty database) and after.
    """
    place = parse_url(url)
    with opening_errors(place):
        database = Database(place)
        try:
            await database.reach()
            return await upgrade_schema(database)
        finally:
            await database.close()
