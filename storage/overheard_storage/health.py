"""The health, the size and the census of a store."""

from collections.abc import Collection
from datetime import datetime
from math import isclose
from typing import Any

from sqlalchemy import Column, case, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import COMPLETE, Census, RunState
from overheard.domain.operations import FAILING, SHOWN, WAITING, StoreHealth, TableSize
from overheard_storage.blocks import every_score, sums_query
from overheard_storage.database import Database
from overheard_storage.faults import shown
from overheard_storage.repository import Repository, among
from overheard_storage.tables import (
    REVISION,
    alerts,
    answers,
    blocks,
    brands,
    deliveries,
    metadata,
    readings,
    runs,
)
from overheard_storage.upgrades import read_revision

COMPARED_RUNS = 20
"""Runs whose blocks are compared with their scores: the newest and some of all ages."""
NEWEST_RUNS = 20
"""Complete runs among which each brand's last check is searched."""
_LISTED_TABLES = 6
"""Tables whose size is reported, the largest first."""

_OPEN = deliveries.c.shown < deliveries.c.wanted

_SIZES = text("""
    SELECT relname, n_live_tup, pg_total_relation_size(relid), n_dead_tup,
        greatest(last_vacuum, last_autovacuum)
    FROM pg_stat_user_tables WHERE schemaname = current_schema()
    ORDER BY pg_total_relation_size(relid) DESC LIMIT :most
""")


class CensusRepository(Repository):
    """Counts for the monitoring of a deployment."""

    async def census(self, versions: Collection[str]) -> Census:
        """Return counts of the store: runs, alerts and deliveries by state, failed attempts at open
        deliveries, the times of the oldest answer without scores and of the oldest start among
        running runs, and the last check of each brand.

        Args:
            versions: The versions of scorers in use ("scorer@version"). An answer that any of them
                has read counts as scored.
        """
        status = case((~_OPEN, SHOWN), (deliveries.c.problem != "", FAILING), else_=WAITING)
        failed = select(func.coalesce(func.sum(deliveries.c.attempts), 0)).where(_OPEN)
        running = (runs.c.state == RunState.RUNNING, ~runs.c.aside)
        oldest_start = (
            select(runs.c.started_at).where(*running).order_by(runs.c.started_at).limit(1)
        )
        # Of running runs only: all answers of a finished run have been read.
        read = select(readings.c.answer_id).where(
            readings.c.scorer_id.in_(await self._scorer_ids(versions)),
            readings.c.answer_id == answers.c.id,
        )
        unread = (
            select(answers.c.asked_at)
            .join(runs)
            .where(
                *running,
                answers.c.finish.in_(sorted(COMPLETE)),
                answers.c.reused_from.is_(None),
                ~read.exists(),
            )
            .order_by(answers.c.asked_at)
            .limit(1)
        )
        oldest_unscored, oldest_running = [
            next((row[0] for row in await self._database.rows(query)), None)
            for query in (unread, oldest_start)
        ]
        return Census(
            runs=await self._counts(runs.c.state),
            alerts=await self._counts(alerts.c.state),
            deliveries=await self._counts(status.label("status")),
            attempts=int((await self._database.rows(failed))[0][0]),
            unscored_since=oldest_unscored,
            unseen_since=oldest_running,
            checked=await self._last_checks(),
        )

    async def _last_checks(self) -> dict[str, datetime]:
        """Return, by brand, the start of the newest complete run that measured the brand, among the
        `NEWEST_RUNS` newest.
        """
        done = (runs.c.state == RunState.COMPLETE) & ~runs.c.aside
        newest = select(runs.c.id).where(done).order_by(runs.c.started_at.desc()).limit(NEWEST_RUNS)
        numbers = [row[0] for row in await self._database.rows(newest)]
        measured = (
            select(brands.c.name, func.max(runs.c.started_at))
            .select_from(blocks)
            .join(runs, runs.c.id == blocks.c.run_id)
            .join(brands, brands.c.id == blocks.c.brand_id)
            .where(among(blocks.c.run_id, numbers))
            .group_by(brands.c.name)
        )
        return dict(map(tuple, await self._database.rows(measured)))

    async def _scorer_ids(self, versions: Collection[str]) -> list[int]:
        named = [version.partition("@") for version in sorted(versions)]
        numbers = [await self._lookups.scorers.find(name, version) for name, _, version in named]
        return [number for number in numbers if number]

    async def _counts(self, what: Any | Column[str]) -> dict[str, int]:
        """Return the number of rows for each value of a column."""
        query = select(what, func.count()).group_by(what)
        return {
            str(value): int(count) for value, count in map(tuple, await self._database.rows(query))
        }


async def examine_store(database: Database) -> StoreHealth:
    """Return the health of a store: problems of its integrity, rows whose foreign key has no
    target, blocks that differ from their scores, and sizes in bytes. When the tables are of another
    revision, only the revisions are given.

    Raises:
        StoreError: when the store cannot be read.
    """
    place = shown(database.url)
    async with database.reading() as connection:
        revision = await connection.run_sync(read_revision)
        if revision != REVISION:
            return StoreHealth(place, revision, REVISION)
        broken = await _integrity_problems(connection) if database.is_sqlite else ()
        orphans = await _orphan_counts(connection)
        compared, differing = await _compare_blocks(connection, sqlite=database.is_sqlite)
        size, free, tables = await (
            _sqlite_size(connection) if database.is_sqlite else _postgresql_sizes(connection)
        )
        return StoreHealth(
            *(place, revision, REVISION, broken, orphans),
            *(compared, differing, size, free, tables),
        )


async def _integrity_problems(connection: AsyncConnection) -> tuple[str, ...]:
    """Return at most 5 problems that SQLite's integrity check reports."""
    faults = (await connection.execute(text("PRAGMA integrity_check(5)"))).scalars().all()
    return () if list(faults) == ["ok"] else tuple(map(str, faults))


async def _orphan_counts(connection: AsyncConnection) -> dict[str, int]:
    """Return the number of rows whose foreign key has no target, by ``table.column``; columns
    without such rows are left out.

    Databases prevent such rows unless the checks are switched off, to restore a part of a backup
    for example.
    """
    counts = {}
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            parent = key.column.table.alias()
            has_target = exists().where(parent.c[key.column.name] == key.parent)
            query = (
                select(func.count()).select_from(table).where(key.parent.is_not(None), ~has_target)
            )
            if count := await connection.scalar(query):
                counts[f"{table.name}.{key.parent.name}"] = int(count)
    return counts


async def _compare_blocks(connection: AsyncConnection, *, sqlite: bool) -> tuple[int, int]:
    """Return (number of compared blocks, number that differ) of the blocks of at most
    `COMPARED_RUNS` runs and the sums of their scores.

    Half of the runs are the newest, the others lie at even distances among the older ones. A block
    that is only in the store, or only in the sums, is compared and differs.
    """
    number = func.row_number().over(order_by=runs.c.id.desc())
    listed = select(runs.c.id, number.label("place"), func.count().over().label("all")).subquery()
    half = COMPARED_RUNS // 2
    sampled = select(listed.c.id).where(
        (listed.c.place <= half) | (listed.c.place % (listed.c.all / half + 1) == 0)
    )
    ids = (await connection.execute(sampled.limit(COMPARED_RUNS))).scalars().all()
    sampled_answers = select(answers.c.id).where(among(answers.c.run_id, ids))
    sums = sums_query(every_score(lambda answer: answer.in_(sampled_answers), sqlite=sqlite))
    kept = select(*(blocks.c[column.name] for column in sums.selected_columns))
    stored, summed = [
        {tuple(row[:6]): tuple(row[6:]) for row in await connection.execute(query)}
        for query in (kept.where(among(blocks.c.run_id, ids)), sums)
    ]
    differing = [key for key in stored | summed if not _are_equal(stored.get(key), summed.get(key))]
    return len(stored | summed), len(differing)


def _are_equal(first: tuple[Any, ...] | None, second: tuple[Any, ...] | None) -> bool:
    """Return whether two rows of sums are equal up to rounding errors (1e-6); False if one is
    missing.
    """
    if first is None or second is None:
        return False
    return all(
        isclose(a, b, rel_tol=1e-6, abs_tol=1e-6) for a, b in zip(first, second, strict=True)
    )


async def _sqlite_size(connection: AsyncConnection) -> tuple[int, int, tuple[TableSize, ...]]:
    """Return the size of an SQLite file and its unused part in bytes, and no tables."""
    names = ("page_size", "page_count", "freelist_count")
    page, count, free = [await connection.scalar(text(f"PRAGMA {name}")) for name in names]
    return page * count, page * free, ()


async def _postgresql_sizes(connection: AsyncConnection) -> tuple[int, int, tuple[TableSize, ...]]:
    """Return the size of a PostgreSQL database in bytes, 0 for the unknown unused part, and its
    largest tables.
    """
    size = await connection.scalar(text("SELECT pg_database_size(current_database())"))
    rows = await connection.execute(_SIZES, {"most": _LISTED_TABLES})
    return int(size or 0), 0, tuple(TableSize(*row) for row in rows)
