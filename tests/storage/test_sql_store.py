"""What depends on the database: transactions, several processes, addresses, errors."""

import asyncio
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError, StatementError

from kit.stored_items import NOON
from overheard.domain import (
    Answer,
    Brand,
    Finish,
    Model,
    Prompt,
    Question,
    Reply,
    Run,
    Score,
    ScoreRecord,
)
from overheard.errors import StoreError
from overheard.testing.deployment import create_test_store
from overheard_storage import open_store
from overheard_storage.database import Database, parse_url

GPT = Model("openai", "gpt-5")
BEST = Prompt("What is the best tracker?")
LONG = "Acme is named here. " * 500

WRITER = """
import asyncio, itertools, sys
from datetime import UTC, datetime
from overheard.domain import Answer, Finish, Model, Prompt, Question, Reply, Run
from overheard.testing.deployment import create_test_store
from overheard_storage import open_store
from overheard_storage.database import Database, parse_url

async def main(url, text):
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    store = await open_store(url)
    run = await store.runs.start(Run("killed", at))
    held = store.locks.run_lock(run.id)
    assert await held.__aenter__()
    for first in itertools.count(0, 5):
        repeats = range(first, first + 5)
        questions = [Question(Prompt("Best?"), Model("local", "m"), r) for r in repeats]
        reply = Reply(text, Finish.COMPLETE, cost_usd=0.25)
        await store.answers.add([Answer(run.id, question, reply, at) for question in questions])
        print(first + 5, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


def answer_to(run: Run, repeat: int, prompt: Prompt = BEST, model: Model = GPT) -> Answer:
    """Make an answer that has no number yet."""
    reply = Reply(LONG, Finish.COMPLETE, cost_usd=0.25)
    return Answer(run.id, Question(prompt, model, repeat), reply, NOON)


def record(answer: Answer, metric: str = "visibility") -> ScoreRecord:
    """Make a score of an answer."""
    return ScoreRecord(answer.id, "Acme", "visibility", "1", Score(metric, 1.0))


@contextmanager
def statements(notice: Callable[[int], None] | None = None) -> Iterator[list[tuple[str, Any]]]:
    """Give a list that fills up with the statements that reach a database.

    Args:
        notice: Called with their number before each is carried out.
    """
    seen: list[tuple[str, Any]] = []

    def see(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        seen.append((statement, values))
        if notice:
            notice(len(seen))

    event.listen(Engine, "before_cursor_execute", see)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", see)


def cancel_at(stop: int, task: asyncio.Task[Any], count: int) -> None:
    """Cancel a task when so many statements have been seen."""
    if count == stop:
        task.cancel()


class TestKeeping:
    """What is written stays written, whole."""

    async def test_a_store_that_is_opened_again_holds_what_it_held(self, url: str) -> None:
        """Closing loses nothing, and numbers of names go on where they were."""
        store = await open_store(url)
        run = await store.runs.start(Run("first", NOON))
        (answer,) = await store.answers.add([answer_to(run, 0)])
        await store.close()
        again = await open_store(url)
        assert [kept async for kept in again.answers.stream()] == [answer]
        assert await again.answers.add([answer_to(run, 0)]) == []
        (other,) = await again.answers.add([answer_to(run, 0, model=Model("local", "m"))])
        assert [kept async for kept in again.answers.stream()] == [answer, other]
        await again.close()

    async def test_a_killed_writer_leaves_whole_answers_and_their_cost(self, url: str) -> None:
        """Every answer that was acknowledged is there, none is cut, none is unpaid, and the run
        that it held can be taken up at once.
        """
        writer = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, url, LONG, stdout=asyncio.subprocess.PIPE
        )
        assert writer.stdout is not None
        acknowledged = 0
        store = await open_store(url)
        while acknowledged < 40:
            acknowledged = int(await writer.stdout.readline())
        async with store.locks.run_lock(1) as mine:
            assert not mine, "two processes hold one run"
        writer.send_signal(signal.SIGKILL)
        await writer.communicate()
        async with store.locks.run_lock(1) as mine:
            assert mine, "a run is held by a process that is dead"
        kept = [answer async for answer in store.answers.stream()]
        assert len(kept) >= acknowledged
        assert len(kept) % 5 == 0
        assert {answer.reply.text for answer in kept} == {LONG}
        assert await store.money.spent() == 0.25 * len(kept)
        await store.close()

    async def test_a_write_that_has_begun_is_finished(self, url: str) -> None:
        """At whichever statement its task is cancelled, all is kept and paid, and others go on."""
        store = await open_store(url)
        run = await store.runs.start(Run("first", NOON))
        for stop in range(1, 9):
            given = [answer_to(run, 10 * stop + i) for i in range(5)]
            task = asyncio.create_task(store.answers.add(given))
            with statements(partial(cancel_at, stop, task)):
                await asyncio.gather(task, return_exceptions=True)
        kept = [answer async for answer in store.answers.stream()]
        assert len(kept) == 8 * 5
        assert await store.money.spent() == 0.25 * len(kept)
        await store.close()

    async def test_a_write_that_fails_leaves_nothing(self, url: str) -> None:
        """One answer of an unknown run, and none of its delivery is kept or paid."""
        store = await open_store(url)
        run = await store.runs.start(Run("first", NOON))
        stray = answer_to(Run("stray", NOON, id=999), 0)
        with pytest.raises(IntegrityError):
            await store.answers.add([answer_to(run, 0), stray])
        assert [answer async for answer in store.answers.stream()] == []
        assert await store.money.spent() == 0.0
        await store.close()

    async def test_a_time_without_a_zone_is_refused(self, url: str) -> None:
        """It is not known which moment it means."""
        store = await open_store(url)
        with pytest.raises(StatementError, match="has no time zone"):
            await store.runs.start(Run("first", datetime(2026, 3, 1)))  # noqa: DTZ001 - the point
        await store.close()


class TestSharing:
    """Several writers at once."""

    async def test_two_stores_write_at_once(self, url: str) -> None:
        """Neither fails on a locked database, and nothing is stored or counted twice."""
        stores = [await open_store(url) for _ in range(2)]
        run, same = [await store.runs.start(Run("first", NOON)) for store in stores]
        assert run == same

        async def write(number: int) -> list[Answer]:
            store = stores[number % 2]
            prompt = Prompt(f"Question {number % 5}?")
            new = await store.answers.add([answer_to(run, number // 10, prompt)])
            for metric in ("visibility", "top1"):
                scores = [(answer, [record(answer, metric)]) for answer in new]
                await store.scores.add(metric, "1", scores)
            return new

        written = [answer for new in await asyncio.gather(*map(write, range(30))) for answer in new]
        assert len(written) == 15
        for store in stores:
            assert len([answer async for answer in store.answers.stream()]) == 15
            assert sum(block.n for block in await store.blocks.find(metric="top1")) == 15
            assert await store.money.spent() == 3.75
            await store.close()

    async def test_a_writer_keeps_others_out_from_its_first_read_on(self, tmp_path: Path) -> None:
        """What it has read is still true when it writes: a writer that reads first never fails."""
        file = tmp_path / "overheard.db"
        create_test_store(file)
        database = Database(parse_url(f"sqlite:///{file}"))
        with closing(sqlite3.connect(file, timeout=0)) as other, other:
            async with database.writing() as connection:
                await connection.execute(text("SELECT count(*) FROM models"))
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    other.execute("INSERT INTO models (provider, name) VALUES ('b', 'other')")
                await connection.execute(
                    text("INSERT INTO models (provider, name) VALUES ('a', 'first')")
                )
            assert other.execute("SELECT name FROM models").fetchall() == [("first",)]
        await database.close()

    async def test_many_answers_arrive_at_once(self, url: str) -> None:
        """More writers than connections wait their turn."""
        store = await open_store(url)
        run = await store.runs.start(Run("first", NOON))
        writes = [store.answers.add([answer_to(run, i)]) for i in range(60)]
        numbers = {answer.id for new in await asyncio.gather(*writes) for answer in new}
        assert len(numbers) == 60
        await store.close()

    async def test_a_name_that_another_process_made_is_found(self, url: str) -> None:
        """Two stores that learn of a brand, a prompt and a model give them the same numbers."""
        first, second = await open_store(url), await open_store(url)
        run = await first.runs.start(Run("first", NOON))
        for repeat, store in enumerate((first, second, first)):
            (answer,) = await store.answers.add([answer_to(run, repeat)])
            await store.scores.add("visibility", "1", [(answer, [record(answer)])])
        assert [block.n for block in await second.blocks.find()] == [3]
        await first.close()
        await second.close()


class TestSpeed:
    """What keeps reading cheap, however much is kept."""

    async def test_the_trend_of_a_stream_is_read_from_the_index_alone(self, tmp_path: Path) -> None:
        """SQLite answers it from one stretch of the covering index."""
        file = tmp_path / "overheard.db"
        store = await open_store(str(file))
        since = NOON - timedelta(days=90)
        with statements() as seen:
            await store.blocks.find(brand="Acme", model=GPT, metric="visibility", since=since)
        await store.close()
        statement, values = seen[-1]
        with sqlite3.connect(file) as connection:
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
        reads = [step for *_, step in plan if " blocks " in step]
        stretch = "(brand_id=? AND model_id=? AND metric_id=? AND at>?)"
        assert reads == [f"SEARCH blocks USING COVERING INDEX ix_blocks_stream {stretch}"]


class TestOpening:
    """Where a store may lie, and what is said when it cannot be used."""

    @pytest.mark.parametrize("form", ["sqlite:///{}", "sqlite+aiosqlite:///{}", "{}"])
    async def test_a_file_is_made_with_its_folders(self, tmp_path: Path, form: str) -> None:
        """A URL and a bare path both do."""
        file = tmp_path / "new" / "folder" / "over heard.db"
        store = await open_store(form.format(file))
        await store.catalogue.set_brand(Brand("Acme"))
        await store.close()
        assert file.is_file()

    async def test_a_file_is_ready_for_several_processes(self, tmp_path: Path) -> None:
        """It is in write-ahead mode."""
        file = tmp_path / "overheard.db"
        await (await open_store(str(file))).close()
        with sqlite3.connect(file) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    async def test_a_file_that_is_no_database_is_refused(self, tmp_path: Path) -> None:
        """The message names it and the reason."""
        file = tmp_path / "notes.db"
        file.write_text("These are my notes. " * 100)
        with pytest.raises(StoreError, match=r"notes\.db cannot be used: the file is not an"):
            await open_store(str(file))
        assert file.read_text().startswith("These are my notes.")

    async def test_a_path_through_a_file_is_refused(self, tmp_path: Path) -> None:
        """A folder that cannot be made is named."""
        (tmp_path / "file").touch()
        with pytest.raises(StoreError, match="check that the path is right"):
            await open_store(f"sqlite:///{tmp_path}/file/overheard.db")

    async def test_who_waits_for_a_server_is_told_so(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """One line has the address without its password, and how long it may take."""
        monkeypatch.setattr("overheard_storage.database._WAIT_S", 1.0)
        monkeypatch.setattr("overheard_storage.database._NOTICE_S", 0.2)
        with pytest.raises(StoreError):
            await open_store("postgres://ann:hunter2@127.0.0.1:1/db")
        [record] = caplog.records
        assert record.getMessage() == (
            "The database postgresql://ann:***@127.0.0.1:1/db does not answer yet; waiting for it "
            "up to 1 seconds."
        )

    async def test_a_password_is_never_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Neither the one in its place nor one among the parameters."""
        monkeypatch.setattr("overheard_storage.database._WAIT_S", 0.0)
        with pytest.raises(StoreError) as caught:
            await open_store("postgres://ann:hunter2@127.0.0.1:1/db?password=hunter3")
        assert "postgresql://ann:***@127.0.0.1:1/db cannot be used" in str(caught.value)
        assert "hunter" not in str(caught.value)
        assert "check that the server runs" in str(caught.value)

    @pytest.mark.parametrize(
        "url", ["mysql://ann:hunter2@host/db", "postgresql://ann:hunter2@host:port/db", "://x"]
    )
    async def test_an_address_of_no_known_kind_is_refused(self, url: str) -> None:
        """The message says how one is written."""
        with pytest.raises(StoreError, match="write it as sqlite:///") as caught:
            await open_store(url)
        assert "hunter2" not in str(caught.value)

    async def test_a_missing_driver_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """PostgreSQL is an extra; the message says how to install it."""
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(StoreError, match=r"psycopg is missing; .*psycopg\[binary\]"):
            await open_store("postgresql://ann@host/db")

    @pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", ":memory:", ""])
    async def test_a_store_needs_a_file(self, url: str) -> None:
        """A database in memory would be another one on every connection."""
        with pytest.raises(StoreError, match="it names no file"):
            await open_store(url)

    async def test_a_refused_store_can_be_mended(self, tmp_path: Path) -> None:
        """Its connections are closed, so that the next attempt starts from the beginning."""
        file = tmp_path / "overheard.db"
        file.write_text("no database " * 100)
        with pytest.raises(StoreError):
            await open_store(str(file))
        file.unlink()
        await (await open_store(str(file))).close()
