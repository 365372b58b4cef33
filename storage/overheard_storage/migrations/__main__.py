"""Write the migration from the last revision to the tables of `overheard_storage.tables`."""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from overheard_storage.database import Database, parse_url
from overheard_storage.tables import REVISION
from overheard_storage.upgrades import configuration


def _write(connection: Connection, message: str) -> None:
    config = configuration(connection)
    command.upgrade(config, "head")
    number = f"{int(REVISION) + 1:04}"
    command.revision(config, message, autogenerate=True, rev_id=number)


async def main(message: str) -> None:
    """Write a migration with the differences between the declared tables and a new database at the
    last revision.

    Args:
        message: The change, in a few words.
    """
    with tempfile.TemporaryDirectory() as folder:
        database = Database(parse_url(str(Path(folder, "fresh.db"))))
        async with database.writing() as connection:
            await connection.run_sync(_write, message)
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:])))
