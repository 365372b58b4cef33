"""What scorers have read is not looked at again, and nothing is passed over."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier
from sqlalchemy import func, select, text

import overheard_storage.answers
from overheard.domain import Answer, Finish, Model, Prompt, Question, Reply, Run
from overheard_storage import SqlStore, open_store
from overheard_storage.answers import advance
from overheard_storage.database import Database
from overheard_storage.tables import answers, scorers

SCORER = ("visibility", "1")
START = datetime(2026, 3, 2, 7, tzinfo=UTC)
FAILED = Reply("", Finish.FAILED)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Move marks by three answers, from the second on."""
    monkeypatch.setattr(overheard_storage.answers, "MIN_STEP", 2)
    monkeypatch.setattr(overheard_storage.answers, "MAX_STEP", 3)


async def answered(store: SqlStore, *replies: Reply) -> list[Answer]:
    """Keep answers of one run."""
    run = await store.runs.start(Run("run", START))
    return await store.answers.add(
        [
            Answer(run.id, Question(Prompt("Which?"), Model("svc", "m"), n), reply, START)
            for n, reply in enumerate(replies)
        ]
    )


async def rest(store: SqlStore) -> list[int]:
    """Return the numbers of the answers that are left for the scorer."""
    return [number async for number in store.scores.unscored(*SCORER)]


async def mark(store: SqlStore) -> int:
    """Return the scorer's mark."""
    [row] = await store._database.rows(select(func.max(scorers.c.read_to)))
    return int(row[0])


async def test_a_mark_moves_as_far_as_all_is_read(url: str) -> None:
    """However many strides that takes; it stays where the next answer is left soon after."""
    store = await open_store(url)
    whole = [Reply(f"Acme {n}", Finish.COMPLETE) for n in range(9)]
    kept = await answered(store, *whole)
    await store.scores.add(*SCORER, [(answer, []) for answer in kept if answer.id != 8])
    assert (await rest(store), await mark(store)) == ([8], 6)
    await store.scores.add(*SCORER, [(kept[7], [])])
    assert (await rest(store), await mark(store)) == ([], 9)
    await store.close()


async def test_an_answer_that_replaces_a_failed_one_is_read(url: str) -> None:
    """It has the number of the failed one, which the mark has passed."""
    store = await open_store(url)
    whole = [Reply(f"Acme {n}", Finish.COMPLETE) for n in range(5)]
    kept = await answered(store, FAILED, *whole)
    await store.scores.add(*SCORER, [(answer, []) for answer in kept if answer.complete])
    assert (await rest(store), await mark(store)) == ([], 6)
    anew = replace(kept[0], reply=whole[0])
    assert [answer.id for answer in await store.answers.add([anew])] == [kept[0].id]
    assert await rest(store) == [kept[0].id]
    await store.close()


async def execute(store: SqlStore, statement: str) -> None:
    """Do what a process does that knows nothing of marks, such as one of revision 0001."""
    async with store._database.writing() as connection:
        await connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE answers SET finish = 'complete', text = 'Acme' WHERE id = 1", [1]),
        ("DELETE FROM readings WHERE answer_id BETWEEN 2 AND 3", [2, 3]),
    ],
)
async def test_marks_go_back_whoever_writes(url: str, statement: str, expected: list[int]) -> None:
    """A process of an older version at the same time leaves no answer behind a watermark."""
    store = await open_store(url)
    kept = await answered(store, FAILED, *[Reply("Acme", Finish.COMPLETE)] * 5)
    await store.scores.add(*SCORER, [(answer, []) for answer in kept if answer.complete])
    assert (await rest(store), await mark(store)) == ([], 6)
    await execute(store, statement)
    assert await rest(store) == expected
    await store.close()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_mark_passes_no_answer_that_is_on_its_way(url: str) -> None:
    """It has a number, is not committed yet, and later numbers are committed before it."""
    store = await open_store(url)
    [first] = await answered(store, Reply("Acme", Finish.COMPLETE))
    names = [column.name for column in answers.columns if column.name not in {"id", "repeat"}]
    copied = SQL(", ").join(map(Identifier, names))
    async with await AsyncConnection.connect(url) as older:
        copy = SQL("INSERT INTO answers (repeat, {0}) SELECT 9, {0} FROM answers").format(copied)
        await older.execute(copy)
        later = await answered(store, *[Reply("Acme", Finish.COMPLETE)] * 5)
        await store.scores.add(*SCORER, [(answer, []) for answer in (first, *later)])
        looking = asyncio.create_task(rest(store))
        await asyncio.wait({looking}, timeout=0.1)
        await older.commit()
    assert await looking == [2]
    await store.close()


async def test_a_scorer_whose_scores_were_pruned_reads_all_anew(url: str) -> None:
    """Its mark goes back with them."""
    store = await open_store(url)
    kept = await answered(store, *[Reply(f"Acme {n}", Finish.COMPLETE) for n in range(5)])
    await store.scores.add(*SCORER, [(answer, []) for answer in kept])
    assert (await rest(store), await mark(store)) == ([], 5)
    await store.scores.prune([])
    assert await rest(store) == [1, 2, 3, 4, 5]
    await store.close()


async def test_a_scorer_that_nobody_knows_has_no_mark(url: str) -> None:
    """It has read nothing."""
    store = await open_store(url)
    await answered(store, *[Reply("Acme", Finish.COMPLETE)] * 3)
    database: Database = store._database
    assert await advance(database, 0) == 0
    assert await rest(store) == [1, 2, 3]
    await store.close()
