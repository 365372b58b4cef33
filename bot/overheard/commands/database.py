"""`db`: the store as a whole: its schema, whether it is well, copies of it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import Card, Field, Severity, Table
from overheard.cards.command import IN_TERMINAL, CommandSpec, Role, argument
from overheard.deployment import Call
from overheard.domain.operations import StoreHealth, TableSize
from overheard.session import Session

MAX_DEAD_SHARE, MAX_DEAD_ROWS = 0.2, 1_000
"""A table is reported when more than this share of its rows, and more than this number, is dead."""
MAX_FREE_SHARE = 0.25
"""A file is reported when more than this share of it is empty."""
MB, GB = 2**20, 2**30
"""Bytes."""


async def upgrade_store(session: Session, _: Call) -> Card:
    """Migrate the schema of the configured store to the revision of this version, and return the
    card with both revisions. The schema of a store of that revision stays as it is. The use of the
    command is then written to the audit log of the store.
    """
    config = session.read_config()
    before, after = await session.maintenance().migrate(config.storage.url)
    async with session.open_deployment(config):
        pass  # opening writes the use of this command to the audit log, whose table exists now
    text = f"It is at revision {after}{' already' if before == after else ''}."
    return Card("Store upgraded", text, data={"before": before, "after": after})


async def check_store(session: Session, _: Call) -> Card:
    """Show whether the configured store is intact, its size, and whether a vacuum would help. The
    card of a damaged store, or of one with another schema, is failed.
    """
    health = await session.maintenance().examine(session.read_config().storage.url)
    problems, advice = _problem_lines(health), _advice_sentences(health)
    return Card(
        title="The store is well" if health.well else "The store is not well",
        text=" ".join([*problems, *advice]),
        fields=(
            Field("Revision", health.revision or "none"),
            Field("Size", _mb_or_gb(health.size)),
            Field("Blocks compared with their scores", f"{health.compared:,}"),
        ),
        table=_sizes_table(health.tables),
        severity=Severity.GOOD if health.well else Severity.BAD,
        footer=health.place,
        failed=not health.well,
        data={**asdict(health), "tables": [t.name for t in health.tables], "well": health.well},
    )


async def copy(
    session: Session,
    call: Call,
    *,
    target: Annotated[str, argument("Its URL, as in [storage].", word="url")],
) -> Card:
    """Copy all tables of the configured store into another, empty store, and return the card with
    the number of rows of each table that is not empty. The configuration is not changed.

    Args:
        session: The session that reads the configuration.
        target: The URL of the other store, such as ``postgresql://overheard@db/overheard``.

    Raises:
        StoreError: when a store cannot be used, or the target is not empty.
    """
    config = session.read_config()
    # Opening writes the use of this command to the audit log.
    async with session.open_deployment(config, create=False):
        counts = await session.maintenance().copy(config.storage.url, target, call.progress)
    rows = tuple((name, f"{count:,}") for name, count in counts.items() if count)
    return Card(
        title=f"Copied {wording.count(sum(counts.values()), 'row')}",
        text="The counts of all tables are the same in both. To use the copy, name it in "
        "[storage] url.",
        table=Table(("Table", "Rows in both"), rows, right=frozenset({1})) if rows else None,
        severity=Severity.GOOD,
        data={"rows": dict(counts)},
    )


async def back_up(
    session: Session, _: Call, *, file: Annotated[Path, argument("The new file.")]
) -> Card:
    """Write a copy of the configured SQLite store to a new file, and return the card with its size.
    Other processes may use the store meanwhile.

    Raises:
        StoreError: when the store cannot be used, or is a PostgreSQL database.
        FileUnwritable: when the file exists already, or cannot be written.
    """
    config = session.read_config()
    # Opening writes the use of this command to the audit log.
    async with session.open_deployment(config, create=False):
        size = await session.maintenance().back_up(config.storage.url, file)
    return Card(
        title=f"Wrote {_mb_or_gb(size)} to {file}",
        text="To restore it, stop Overheard and put it in the place of the store's file; remove "
        "the files beside that which end in -wal and -shm.",
        severity=Severity.GOOD,
        data={"file": str(file), "bytes": size},
    )


def _problem_lines(health: StoreHealth) -> list[str]:
    """Return the problems of a store as sentences, the last of which says what to do; empty for an
    intact store. A store of another schema has only this problem, since the rest is not examined.
    """
    if health.revision != health.expected:
        revision = health.revision or "none"
        remedy = "run: overheard db upgrade"
        return [f"Its tables are of revision {revision}, and {health.expected} is needed; {remedy}"]
    lines = [f"The database says: {problem}." for problem in health.broken]
    lines += [
        f"{wording.count(count, 'row')} of {place} {'refers' if count == 1 else 'refer'} to "
        f"something that is not there."
        for place, count in (health.orphans or {}).items()
    ]
    if health.differing:
        lines.append(
            f"{wording.count(health.differing, 'block')} of {health.compared:,} differ from the "
            f"scores that they sum up."
        )
    return [*lines, "Restore a backup."] if lines else []


def _advice_sentences(health: StoreHealth) -> list[str]:
    """Return what would free space in a store, as sentences: a vacuum of a file that is largely
    empty, and one of each table with many dead rows. If there is nothing of the kind, a single
    sentence says that no vacuum is needed. Empty if the size of the store is 0, which means that it
    was not examined.
    """
    lines = []
    if health.size and health.free > MAX_FREE_SHARE * health.size:
        lines.append(
            f"{_mb_or_gb(health.free)} of the file are empty, and will be used again; to have them "
            f"back now, stop Overheard and run VACUUM in sqlite3."
        )
    lines += [
        f"{wording.count(table.dead, 'row')} of {table.name} are dead, beside {table.rows:,}; see "
        f"that autovacuum runs, or run: VACUUM (ANALYZE) {table.name};"
        for table in health.tables
        if table.dead > max(MAX_DEAD_ROWS, MAX_DEAD_SHARE * (table.rows + table.dead))
    ]
    if not lines and health.size:
        return ["It needs no vacuum."]
    return lines


def _sizes_table(tables: tuple[TableSize, ...]) -> Table | None:
    """Return a table of the given tables of a store, in their order, with rows, size, dead rows and
    the time of the last vacuum; None without any.
    """
    rows = tuple(
        (
            table.name,
            f"{table.rows:,}",
            _mb_or_gb(table.size),
            f"{table.dead:,}",
            f"{table.vacuumed:%Y-%m-%d %H:%M}" if table.vacuumed else "never",
        )
        for table in tables
    )
    header = ("Table", "Rows, about", "Size", "Dead rows", "Vacuumed")
    return Table(header, rows, right=frozenset({1, 2, 3})) if rows else None


def _mb_or_gb(size: int) -> str:
    """Return a size in bytes as megabytes, or gigabytes from 1 GB on: ``12.3 MB``."""
    return f"{size / MB:,.1f} MB" if size < GB else f"{size / GB:,.1f} GB"


UPGRADE = CommandSpec(
    "db upgrade",
    "Bring the store's schema to this version.",
    upgrade_store,
    role=Role.ADMIN,
    faces=IN_TERMINAL,
    opens=False,
)
CHECK = CommandSpec(
    "db check",
    "Show whether the store is whole, how large it is, and whether it needs a vacuum.",
    check_store,
    faces=IN_TERMINAL,
    opens=False,
)
COPY = CommandSpec(
    "db copy",
    "Copy everything into an empty store, such as from SQLite to PostgreSQL.",
    copy,
    role=Role.ADMIN,
    examples=("db copy postgresql://overheard@db/overheard", "db copy sqlite:///copy.db"),
    faces=IN_TERMINAL,
    opens=False,
)
BACKUP = CommandSpec(
    "db backup",
    "Write an SQLite store to a new file, while it is in use.",
    back_up,
    role=Role.ADMIN,
    examples=("db backup overheard-monday.db",),
    faces=IN_TERMINAL,
    opens=False,
)
