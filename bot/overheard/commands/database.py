"""`db`: the store as a whole: its schema, whether it is well, copies of it, and texts that
``[retention]`` deletes after a time.

Each text is written to a file first. What was counted in it stays: scores, trends, alerts and
costs. Old texts are deleted daily as well, by the same functions.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from overheard.cards import wording
from overheard.cards.card import Card, Field, Severity, Table, picked
from overheard.cards.command import IN_TERMINAL, CommandSpec, Role, argument
from overheard.commands.catalogue import require_yes
from overheard.deployment import Call
from overheard.domain import Answer, Run, ScoreRecord
from overheard.domain.operations import StoreHealth, TableSize
from overheard.errors import FileUnwritable
from overheard.interfaces import Store
from overheard.runs.history_lines import answer_line
from overheard.scoring.scorer_calls import batches
from overheard.session import Session

MAX_DEAD_SHARE, MAX_DEAD_ROWS = 0.2, 1_000
"""A table is reported when more than this share of its rows, and more than this number, is dead."""
MAX_FREE_SHARE = 0.25
"""A file is reported when more than this share of it is empty."""
MB, GB = 2**20, 2**30
"""Bytes."""


async def upgrade_store(session: Session) -> Card:
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


async def check_store(session: Session) -> Card:
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
    session: Session, *, target: Annotated[str, argument("Its URL, as in [storage].", word="url")]
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
        counts = await session.maintenance().copy(config.storage.url, target, session.progress)
    rows = tuple((name, f"{count:,}") for name, count in counts.items() if count)
    return Card(
        title=f"Copied {wording.count(sum(counts.values()), 'row')}",
        text="The counts of all tables are the same in both. To use the copy, name it in "
        "[storage] url.",
        table=Table(("Table", "Rows in both"), rows, right=frozenset({1})) if rows else None,
        severity=Severity.GOOD,
        data={"rows": dict(counts)},
    )


async def back_up(session: Session, *, file: Annotated[Path, argument("The new file.")]) -> Card:
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


_on_closed_store = partial(CommandSpec, role=Role.ADMIN, faces=IN_TERMINAL, opens=False)
"""A command that opens the store itself, in the terminal."""
UPGRADE = _on_closed_store("db upgrade", "Bring the store's schema to this version.", upgrade_store)
CHECK = _on_closed_store(
    "db check",
    "Show whether the store is whole, how large it is, and whether it needs a vacuum.",
    check_store,
    role=Role.VIEWER,
)
COPY = _on_closed_store(
    "db copy",
    "Copy everything into an empty store, such as from SQLite to PostgreSQL.",
    copy,
    examples=("db copy postgresql://overheard@db/overheard", "db copy sqlite:///copy.db"),
)
BACKUP = _on_closed_store(
    "db backup",
    "Write an SQLite store to a new file, while it is in use.",
    back_up,
    examples=("db backup overheard-monday.db",),
)


GROUP_SIZE = 200
"""Texts that are removed in one transaction, once they are safe in the file."""
DUTY = "retention"
"""The name of the lock that keeps two processes from the same work."""


async def retain(call: Call, *, agreed: bool = False) -> Card:
    """Delete the texts that are older than the configuration allows from the store, after writing
    them to a file, and return a card with their number.

    Nothing happens without a limit in the configuration, or without an older text.

    Args:
        agreed: Whether a person has confirmed the deletion.

    Raises:
        ChangeNeedsYes: when there are old texts and the deletion was not confirmed.
        FileUnwritable: when the file cannot be written; texts that are not in it stay in the store.
    """
    table = call.config.retention
    if not table.limited:
        text = f"{call.config.file} says nothing of [retention], so texts are kept for ever."
        return Card("Nothing to do", text, data={"texts": 0})
    count, oldest = 0, ""
    async for answer in expired_answers(call):
        count, oldest = count + 1, oldest or wording.moment(answer.asked_at, call.zone)
    if not count:
        return Card("Nothing to do", "No text is older than it may be.", data={"texts": 0})
    require_yes(
        f"{wording.count(count, 'text')}, the first of {oldest}, will be written to a file in "
        f"{table.folder} and removed from the store",
        agreed=agreed,
    )
    texts, file = await retain_texts(call)
    return Card(
        title=f"Removed {wording.count(texts, 'text')}",
        text="What was counted in them stays: scores, trends, alerts and costs.",
        fields=(Field("Written to", str(file)),) if file else (),
        severity=Severity.GOOD,
        data={"texts": texts, "file": str(file or "")},
    )


async def retain_texts(call: Call) -> tuple[int, Path | None]:
    """Write old texts to a new file in the configured folder, and delete them from the store,
    `GROUP_SIZE` at a time. Return the number of these texts, and the file, None for no text.

    All answers are scored first. A text is deleted only once its line is on the disk: after an
    interruption nothing is lost, and at most one group is in two files. Without a limit, or while
    another process does the same, nothing happens.
    """
    async with call.store.locks.leader_lock(DUTY) as is_locked:
        if not is_locked or not call.config.retention.limited:
            return 0, None
        await call.caught_up()
        runs = {run.id: run for run in await call.store.runs.find()}
        now = call.clock.now()
        file = call.config.retention.folder / f"texts-{now:%Y%m%dT%H%M%SZ}.jsonl"
        removed = 0
        async for group in batches(expired_answers(call), GROUP_SIZE):
            lines = await _archive_lines(call.store, group, runs)
            await asyncio.to_thread(append, file, lines)
            removed += await call.store.retention.forget_texts([answer.id for answer in group])
        return removed, file if removed else None


async def expired_answers(call: Call) -> AsyncIterator[Answer]:
    """Yield the stored answers whose texts are older than the configuration allows; nothing if no
    limit is set.

    A brand has a limit of its own in days, or the general one; 0 means no limit. An answer about
    several brands is kept for the longest of their times, and for ever if one has no limit. An
    answer to a prompt for all brands concerns all tracked brands.
    """
    usual_days, days_of_brand = call.config.retention.days, _days_by_brand(call)
    now = call.clock.now()
    limits = [days for days in (usual_days, *days_of_brand.values()) if days]
    if not limits:
        return
    tracked = [brand.name for brand in call.catalogue.tracked]
    async for answer in call.store.retention.old_texts(now - timedelta(days=min(limits))):
        brands = answer.question.prompt.brands or tracked
        days_kept = [days_of_brand.get(name, usual_days) for name in brands] or [usual_days]
        if all(days_kept) and answer.asked_at < now - timedelta(days=max(days_kept)):
            yield answer


def append(file: Path, lines: bytes) -> None:
    """Append lines to a file and flush them to the disk. A missing file is created with its folder,
    readable by its owner alone.

    After an error the file is cut to its length before, so that no part of a line stays.

    Raises:
        FileUnwritable: when the lines cannot be written, such as on a full disk.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(file, "ab", buffering=0, opener=private) as out:
            length_before = out.seek(0, os.SEEK_END)
            try:
                _write_synced(out, lines)
            except OSError:
                out.truncate(length_before)
                raise
        if not length_before:
            _sync_folder(file.parent)
    except OSError as error:
        raise FileUnwritable(file=file, reason=error.strerror) from None


def _write_synced(out: BinaryIO, lines: bytes) -> None:
    """Write all bytes to an unbuffered file, and flush them to the disk. An OSError is passed
    on.
    """
    left = memoryview(lines)
    while left:
        left = left[out.write(left) :]
    os.fsync(out.fileno())


def private(path: str, flags: int) -> int:
    """Open a file as `os.open` does; a file that is created can be read and written by its owner
    alone.
    """
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    """Flush a folder to the disk, so that a new file's name survives a power failure."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _days_by_brand(call: Call) -> dict[str, int]:
    """Return the days for which texts are kept, by the full name of each brand that has a setting
    of its own. An alias in the configuration becomes the full name; an unknown name stays.
    """
    days_of_brand = {}
    for name, days in call.config.retention.brands.items():
        brand = call.catalogue.brand(name)
        days_of_brand[brand.name if brand else name] = days
    return days_of_brand


async def _archive_lines(store: Store, answers: Sequence[Answer], runs: dict[int, Run]) -> bytes:
    """Return answers as JSON lines in UTF-8, in their order and in the form that `export` writes
    and `import` reads. Each line also has the ``quotes`` of the answer's scores, since these are
    texts of the answer as well; an empty list without any.
    """
    quotes: dict[int, list[dict[str, Any]]] = {}
    for record in await store.scores.of_answers([answer.id for answer in answers]):
        if record.score.quote or any(detail.quote for detail in record.score.details):
            quotes.setdefault(record.answer_id, []).append(_quote_json(record))
    lines = [
        answer_line(answer, runs[answer.run_id]) | {"quotes": quotes.get(answer.id, [])}
        for answer in answers
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def _quote_json(record: ScoreRecord) -> dict[str, Any]:
    """Return the quote of a score, its findings, and the scorer that made it, for JSON output."""
    return {
        **picked(record, "brand", "scorer", "version"),
        **picked(record.score, "metric", "quote"),
        "details": [asdict(detail) for detail in record.score.details],
    }


RETAIN = CommandSpec(
    "db retain",
    "Write texts that are older than [retention] allows to a file, and remove them.",
    retain,
    role=Role.ADMIN,
    needs_store=True,
    faces=IN_TERMINAL,
    confirms=True,
)
