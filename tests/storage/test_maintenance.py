"""Looking after a store as a whole: copies, backups, and whether it is well."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from kit.postgres_server import PostgreSQL
from kit.scripted import Quiet
from kit.stored_items import NOON, listed
from overheard.domain import (
    Alert,
    Answer,
    Brand,
    Catalogue,
    Citation,
    Detail,
    Fact,
    Finish,
    Model,
    Panel,
    Prompt,
    Question,
    Reply,
    Run,
    Schedule,
    Score,
    ScoreRecord,
    Shift,
)
from overheard.errors import FileUnwritable, StoreError
from overheard.interfaces import Store
from overheard_storage import SqlStore, migrate, open_store
from overheard_storage.maintenance import SqlMaintenance

GPT = Model("openai", "gpt-5")
BEST = Prompt("What is the best tracker?", ("buying",), ("Acme",))
TOOLS = SqlMaintenance()


async def fill(store: Store) -> None:
    """Keep something in most tables; one answer is a copy of a later one."""
    facts = (Fact("Acme", "price", "$ 10", None, "https://acme.com"),)
    await store.catalogue.provision(
        Catalogue((Brand("Acme"), Brand("Ünï")), (BEST,), facts, (Schedule("daily", "0 9 * * *"),))
    )
    panel = Panel(("Acme",), (BEST,), (GPT,), 3, 7)
    first = await store.runs.start(Run("first", NOON, panel))
    second = await store.runs.start(Run("second", NOON))
    failed = Answer(first.id, Question(BEST, GPT, 0), Reply("", Finish.FAILED), NOON, error="Away.")
    said = Reply(
        "Acme ☃ is best.", Finish.COMPLETE, citations=(Citation("https://a.b", "A"),), cost_usd=0.25
    )
    await store.answers.add([failed])
    [kept] = await store.answers.add([Answer(second.id, Question(BEST, GPT, 0), said, NOON)])
    copied = Answer(
        first.id,
        Question(BEST, GPT, 0),
        Reply("Acme ☃ is best.", Finish.COMPLETE),
        NOON,
        reused_from=kept.id,
    )
    await store.answers.add([copied])
    score = Score("visibility", 1.0, "Acme ☃ is best.", (Detail("price", "wrong", "$ 9"),))
    records = [
        ScoreRecord(kept.id, brand, "visibility", "1", each)
        for brand, each in (("Acme", score), ("Ünï", Score("visibility", 0.0)))
    ]
    await store.scores.add("visibility", "1", [(kept, records)])
    shift = Shift("Acme", GPT, "visibility", first.id, 0.7, 0.4, -0.3, (-0.4, -0.1))
    await store.alerts.add(Alert(shift, NOON))


async def contents(store: Store) -> list[object]:
    """Return what a store gives out."""
    return [
        await store.catalogue.current(),
        await store.runs.find(),
        await listed(store.answers.stream()),
        await listed(store.scores.stream()),
        await store.blocks.find(),
        await store.alerts.find(),
        await store.money.spending(),
    ]


@pytest.fixture
async def filled(url: str) -> AsyncIterator[SqlStore]:
    """A store of each kind with something in it."""
    store = await open_store(url)
    await fill(store)
    yield store
    await store.close()


def change(url: str, statement: LiteralString) -> None:
    """Change a database directly, without checks of foreign keys."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file, file:
            file.execute(statement)
        return
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement)


async def test_a_store_moves_to_postgresql_and_back(tmp_path: Path, postgresql: PostgreSQL) -> None:
    """Everything that the store gives out is the same, numbers included, and it counts on."""
    first, second = f"sqlite:///{tmp_path}/first.db", f"sqlite:///{tmp_path}/second.db"
    urls = [first, postgresql.bare(), second]
    store = await open_store(first)
    await fill(store)
    expected = await contents(store)
    await store.close()

    there = await TOOLS.copy(urls[0], urls[1], Quiet())
    assert (there["answers"], there["scores"]) == (2, 1)
    assert await TOOLS.copy(urls[1], urls[2], Quiet()) == there
    for url in urls[1:]:
        copied = await open_store(url)
        assert await contents(copied) == expected
        assert (await copied.runs.start(Run("third", NOON))).id == 3
        await copied.close()


async def test_a_store_that_is_not_empty_is_not_copied_over(
    filled: SqlStore, tmp_path: Path, url: str
) -> None:
    """Nothing is added to it."""
    other = f"sqlite:///{tmp_path}/other.db"
    store = await open_store(other)
    await store.catalogue.set_brand(Brand("Zed"))
    await store.close()
    before = await contents(filled)

    with pytest.raises(StoreError, match=r"it is not empty, there are .* in it; name a new"):
        await TOOLS.copy(other, url, Quiet())
    assert await contents(filled) == before


class Stopping(Quiet):
    """Progress that cancels the work in the middle."""

    def advance(self, steps: int = 1) -> None:  # noqa: ARG002 - a `Progress`
        """Give up."""
        raise KeyboardInterrupt


@pytest.mark.usefixtures("filled")
async def test_a_copy_that_is_cut_off_leaves_the_target_empty(url: str, tmp_path: Path) -> None:
    """So that the copy can be started again."""
    target = f"sqlite:///{tmp_path}/copy.db"
    with pytest.raises(KeyboardInterrupt):
        await TOOLS.copy(url, target, Stopping())
    assert sum((await TOOLS.copy(url, target, Quiet())).values()) > 10


@pytest.mark.usefixtures("filled")
async def test_a_whole_store_is_well(url: str) -> None:
    """Its blocks are held against its scores, and it has a size."""
    health = await TOOLS.examine(url)
    assert health.well
    assert (health.compared, health.differing, health.orphans) == (2, 0, {})
    assert health.size > 10_000


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE blocks SET total = 3", "2 differing, {}"),
        ("DELETE FROM blocks", "2 differing, {}"),
        ("DELETE FROM zeros", "1 differing, {}"),
        ("DELETE FROM metrics", "0 differing, {'blocks.metric_id': 2, 'scores.metric_id': 1}"),
    ],
)
@pytest.mark.usefixtures("filled")
async def test_what_is_not_well_is_found(url: str, statement: LiteralString, found: str) -> None:
    """A wrong sum, a missing one, and rows that refer to nothing."""
    change(url, statement)
    health = await TOOLS.examine(url)
    assert not health.well
    orphans = dict(sorted((health.orphans or {}).items()))
    assert f"{health.differing} differing, {orphans}".startswith(found.removesuffix("}"))


async def test_a_database_without_tables_is_told_of(bare_url: str) -> None:
    """The database is left as it is."""
    if bare_url.startswith("sqlite"):
        sqlite3.connect(bare_url.removeprefix("sqlite:///")).execute("PRAGMA user_version = 1")
    health = await TOOLS.examine(bare_url)
    assert (health.revision, health.well) == (None, False)


async def test_a_backup_is_a_store_of_its_own(tmp_path: Path) -> None:
    """It is made while the store is open, and never over another file."""
    store = await open_store(f"sqlite:///{tmp_path}/store.db")
    await fill(store)
    file = tmp_path / "backup.db"

    assert await TOOLS.back_up(f"sqlite:///{tmp_path}/store.db", file) == file.stat().st_size

    backup = await open_store(str(file))
    assert await contents(backup) == await contents(store)
    await backup.close()
    await store.close()
    with pytest.raises(FileUnwritable, match="it is there already"):
        await TOOLS.back_up(f"sqlite:///{tmp_path}/store.db", file)


async def test_postgresql_is_backed_up_by_its_own_tool(
    tmp_path: Path, postgresql: PostgreSQL
) -> None:
    """The message names it."""
    url = postgresql.bare()
    await migrate(url)
    with pytest.raises(StoreError, match="pg_dump --format=custom"):
        await TOOLS.back_up(url, tmp_path / "backup.db")


async def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    """A mistyped path is an error."""
    with pytest.raises(StoreError, match="there is no such file"):
        await TOOLS.examine(f"sqlite:///{tmp_path}/none.db")
    assert sorted(tmp_path.iterdir()) == []  # noqa: ASYNC240 - nothing else runs
