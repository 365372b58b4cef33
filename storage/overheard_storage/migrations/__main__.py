"""Write the migration that takes the tables from the last revision to what `tables` says now."""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from overheard_storage.addresses import address
from overheard_storage.database import Database
from overheard_storage.schema import configuration
from overheard_storage.tables import REVISION


def _write(connection: Connection, message: str) -> None:
    config = configuration(connection)
    command.upgrade(config, "head")
    number = f"{int(REVISION) + 1:04}"
    command.revision(config, message, autogenerate=True, rev_id=number)


async def main(message: str) -> None:
    """Compare a fresh database, brought up to the last migration, with the tables.

    Args:
        message: What changes, in a few words.
    """
    with tempfile.TemporaryDirectory() as folder:
        database = Database(address(str(Path(folder, "fresh.db"))))
        async with database.writing() as connection:
            await connection.run_sync(_write, message)
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:])))
