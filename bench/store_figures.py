"""What is measured of a large store: how fast it is read and written, and what it takes."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from secrets import token_hex

import psycopg
from figures import Figure, Watch
from large_store import (
    A_RUN,
    MODELS,
    PROMPTS,
    REPEATS,
    ROUNDS,
    SAID,
    START,
    TEXT,
    WEEK,
    Place,
    market,
)
from situations import call_of

from overheard.alerts.history import HistoryReader
from overheard.cards.model_names import ModelNames
from overheard.config.sections import AlertsTable
from overheard.domain import (
    Answer,
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
from overheard.measure.blocks import streams_of_table
from overheard.measure.trends import trend
from overheard.views.situation import HEADLINE, SituationReader

VERSION = "bench@1"
RUNS = 56
"""Runs that are written to see how fast that is, each of another brand."""
FEW = 50
"""Answers in one transaction where a provider is slow; else those of a whole run."""
TIMES = 10
"""How often what is read is read, each time of another brand."""

Measuring = Callable[[Place], Awaitable[Sequence[Figure]]]


async def read_trends(place: Place) -> Sequence[Figure]:
    """Return the times to read the data of a trend card: for one brand and model, all models, and
    with competitors.
    """
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
                blocks = await place.store.blocks.table(shown, metric="visibility", model=model)
                points = [trend(stream) for stream in streams_of_table(blocks)]
            assert len(points) == names * (1 if model else MODELS)
        figures += watch.figures(title, bar)
    return figures


async def read_situations(place: Place) -> Sequence[Figure]:
    """Return the time to read the situation of a brand: how often it is named, its alerts, its
    newest attempt and its live claims.
    """
    store, catalogue = place.store, await place.store.catalogue.current()
    reader = SituationReader(await call_of(store, VERSION, ModelNames()))
    watch = Watch()
    for number in range(TIMES):
        brand = catalogue.brand(place.brand(13 * number))
        assert brand
        with watch:
            situation = await reader.read(brand, HEADLINE)
        assert len(situation.places) == MODELS
    return watch.figures("a brand's situation", 30)


async def detect(place: Place) -> Sequence[Figure]:
    """Return the times of a brand's detection after a new run, whose history was analysed after the
    run before, and of an analysis of the whole history.
    """
    metrics = {"visibility": Metric("visibility", Scale.BINARY, "Visibility")}
    catalogue = await place.store.catalogue.current()
    past = HistoryReader(place.store, catalogue, metrics, frozenset({VERSION}), AlertsTable())
    new, whole = Watch(), Watch()
    for number in range(TIMES):
        name = place.brand(11 * number)
        with whole:
            replay = await past.replay(name, [])
        before, latest = (Run("", at, id=number) for at, number in replay.monitor.run_keys[-2:])
        await past.extend(name, [], before, (), START)
        with new:
            await past.extend(name, [], latest, (), START)
    title = "  the same without what was kept of its past"
    return [*new.figures("a brand's detection after a run", 60), *whole.figures(title)]


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
    """Write answers with their scores and blocks, by one writer, by two at once and in small
    transactions, and return the rates.
    """
    one, other, third, slow = [await _prepare(place, RUNS * n) for n in range(4)]
    began, busy = time.perf_counter(), time.process_time()
    answers, scores = await _write(place, one)
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    began = time.perf_counter()
    await asyncio.gather(_write(place, other), _write(place, third))
    both = time.perf_counter() - began
    began = time.perf_counter()
    await _write(place, slow, FEW)
    apart = time.perf_counter() - began
    written = RUNS * A_RUN
    rate = partial(Figure, unit="answers/s", most=False)
    return [
        rate("written with scores and blocks, two writers", 2 * written / both, bar=5_000),
        rate("written with scores and blocks, one writer", written / seconds),
        Figure("  for an answer, this process was busy", 1e3 * busy / written, "ms"),
        rate("  of that, answers alone", written / answers),
        Figure("  of that, scores alone", SAID * written / scores, "scores/s"),
        rate(f"the same in transactions of {FEW} answers", written / apart),
    ]


async def weigh(place: Place) -> Sequence[Figure]:
    """Return the peak memory of this process and the size of the database, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Figure("memory of the process that did all this, at most", peak, "MB"),
        Figure("the database", _room(place.url) / 2**20, "MB"),
    ]


def _room(url: str) -> int:
    """Return how many bytes a database takes on the disk."""
    if url.startswith("sqlite"):
        return Path(url.removeprefix("sqlite:///")).stat().st_size
    with psycopg.connect(url) as connection:
        [[room]] = connection.execute("SELECT pg_database_size(current_database())").fetchall()
    return int(room)


STORE: tuple[Measuring, ...] = (read_trends, read_situations, detect, catch_up, write, weigh)
"""What is measured of a store that is loaded, in this order."""


async def _left(place: Place) -> list[Answer]:
    return [answer async for answer in place.store.scores.unscored("bench", "1")]


Written = tuple[str, list[Answer]]
"""A brand, and the answers of a run of it."""


async def _prepare(place: Place, first: int) -> list[Written]:
    """Start runs of brands that no other figure reads, and return each brand with its answers, not
    yet stored.
    """
    models = [Model("svc", f"m-{number}") for number in range(MODELS)]
    reply = Reply(TEXT, Finish.COMPLETE, cost_usd=0.001)
    written = []
    for number in range(first, first + RUNS):
        name = place.brand(-1 - number)
        run = await place.store.runs.start(Run(f"written {token_hex(4)}", START + ROUNDS * WEEK))
        asked = [
            Question(Prompt(f"Question {n} of {name}?"), model, repeat)
            for repeat in range(REPEATS)
            for n in range(PROMPTS)
            for model in models
        ]
        written.append((name, [Answer(run.id, question, reply, START) for question in asked]))
    return written


async def _write(
    place: Place, runs: Sequence[Written], together: int = A_RUN
) -> tuple[float, float]:
    """Store answers and scores in transactions of `together` answers; return (seconds for answers,
    seconds for scores).
    """
    asking = scoring = 0.0
    for name, answers in runs:
        brands = [brand.name for brand in market(name)]
        for start in range(0, len(answers), together):
            began = time.perf_counter()
            kept = await place.store.answers.add(answers[start : start + together])
            asking += time.perf_counter() - began
            said = [(answer, _said(answer, brands)) for answer in kept]
            began = time.perf_counter()
            await place.store.scores.add("bench", "1", said)
            scoring += time.perf_counter() - began
    return asking, scoring


def _said(answer: Answer, brands: Sequence[str]) -> list[ScoreRecord]:
    score = Score("visibility", 1.0, TEXT[:77])
    return [ScoreRecord(answer.id, brand, "bench", "1", score) for brand in brands]
