"""The store's face: everything that is kept, in one SQL database."""

from __future__ import annotations

from overheard_storage.addresses import address, explained
from overheard_storage.alerts import AlertShelf
from overheard_storage.batching import BatchShelf
from overheard_storage.catalogue import CatalogueShelf
from overheard_storage.census import CensusShelf
from overheard_storage.database import Database
from overheard_storage.editions import EditionShelf
from overheard_storage.finetuning import FinetuneShelf
from overheard_storage.operations import OperationShelf
from overheard_storage.outbox import OutboxShelf
from overheard_storage.retaining import RetentionShelf
from overheard_storage.runs import RunShelf
from overheard_storage.schema import bring_up, require_current
from overheard_storage.scores import ScoreShelf
from overheard_storage.tabulating import TableShelf
from overheard_storage.talking import TalkShelf
from overheard_storage.watching import WatchShelf
from overheard_storage.working import WorkShelf


class SqlStore(
    CatalogueShelf,
    RunShelf,
    BatchShelf,
    CensusShelf,
    ScoreShelf,
    TableShelf,
    EditionShelf,
    RetentionShelf,
    WatchShelf,
    AlertShelf,
    OutboxShelf,
    OperationShelf,
    FinetuneShelf,
    TalkShelf,
    WorkShelf,
):
    """The `overheard.interfaces.Store` on SQLite or PostgreSQL; `open_store` makes one."""

    @classmethod
    def at(cls, url: str) -> SqlStore:
        """Return a store whose tables are known to exist in this version; nothing is checked."""
        return cls(Database(address(url)))

    async def close(self) -> None:
        """Let connections go."""
        await self._database.close()


async def open_store(url: str, *, migrate: bool = True) -> SqlStore:
    """Open a store, and make it where there is none.

    Args:
        url: ``sqlite:///file.db``, the bare path of such a file, or ``postgresql://...``.
        migrate: Whether older tables are brought up to this version.

    Raises:
        StoreError: when it cannot be used; the message names it, without its password.
    """
    place = address(url)
    with explained(place):
        database = Database(place)
        try:
            await (bring_up(database) if migrate else require_current(database))
        except BaseException:
            await database.close()
            raise
    return SqlStore(database)


async def migrate(url: str) -> tuple[str | None, str]:
    """Bring a store's tables up to this version.

    Returns:
        Their revision before, None where there were none, and after.

    Raises:
        StoreError: when the store cannot be used.
    """
    place = address(url)
    with explained(place):
        database = Database(place)
        try:
            return await bring_up(database)
        finally:
            await database.close()
