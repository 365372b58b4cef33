"""How long it takes to read how a brand stands, of a store with years of answers.

    uv run python bench/situations.py            20 brands, 10 models, 2 million answers

The bars are a time that the process is busy, 30 ms, and its ratio: of a long history to one of a
quarter. What is read is the newest checks, so the time must not grow with the history.
"""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from figures import Figure, Watch

from overheard.cards.model_names import ModelNames
from overheard.config.loader import parse_config
from overheard.domain import Brand, Catalogue, Metric, Model, Panel, Prompt, Run, RunState, Scale
from overheard.interfaces import Store
from overheard.runtime.wiring import SystemClock
from overheard.views.situation import HEADLINE, SituationReader
from overheard_storage import open_store

BRANDS, PROMPTS, REPEATS, LONG, SHORT = 20, 30, 3, 111, 15
MODELS = tuple(Model("svc", f"m-{number}") for number in range(10))
START = datetime(2024, 10, 14, 7, tzinfo=UTC)
FILL = (
    "INSERT INTO models (provider, name) SELECT 'svc', 'm-' || value FROM json_each('{models}')",
    "INSERT INTO scorers (name, version, read_to) VALUES ('bench', '1', 0)",
    "INSERT INTO metrics (name) VALUES ('visibility')",
    """
    INSERT INTO answers (run_id, prompt_id, model_id, repeat, text, finish, citations, served_model,
        fingerprint, model_version, input_tokens, output_tokens, cached_tokens, reasoning_tokens,
        searches, cost_usd, asked_at, latency, error, gone)
    SELECT runs.id, prompts.id, models.id, value, 'It is a fine choice.', 'complete', '[]', 'm',
        '', '', 20, 160, 0, 0, 0, 0.001, started_at, 1.5, '', 0
    FROM runs, prompts, models, json_each('{repeats}')
    """,
    """
    INSERT INTO blocks SELECT runs.id, prompts.id, models.id, brands.id, 1, 1, started_at, 3,
        (runs.id * 7 + prompts.id * 5 + models.id * 3 + brands.id) % 4,
        (runs.id * 7 + prompts.id * 5 + models.id * 3 + brands.id) % 4
    FROM runs, prompts, models, brands
    WHERE brands.name || '.' LIKE '%' || json_extract(prompts.brands, '$[0]') || '.'
    """,
    "ANALYZE",
)
"""What makes answers and blocks of the runs, prompts and brands that are in a store."""


async def call_of(store: Store, version: str, names: ModelNames) -> Any:
    """Return what a reader of situations reads of a call."""
    catalogue = await store.catalogue.current()
    metrics = {"visibility": Metric("visibility", Scale.BINARY, "Visibility")}
    return SimpleNamespace(
        store=store,
        catalogue=catalogue,
        scoring=SimpleNamespace(catalogue=catalogue, metrics=metrics, versions={version}),
        names=names,
        clock=SystemClock(),
        zone=UTC,
        config=parse_config(""),
    )


async def measure(file: Path, checks: int) -> Watch:
    """Return the times of reading each brand, of a store with so many weekly checks."""
    store = await open_store(f"sqlite:///{file}")
    names = [f"Brand {number}" for number in range(BRANDS)]
    rivals = {name: tuple(f"Rival {number} of {name}" for number in (1, 2)) for name in names}
    brands = [Brand(name, competitors=rivals[name]) for name in names]
    brands += [Brand(rival, tracked=False) for name in names for rival in rivals[name]]
    prompts = [
        Prompt(f"Case {n} of {name}?", brands=(name,)) for name in names for n in range(PROMPTS)
    ]
    await store.catalogue.provision(Catalogue(tuple(brands), tuple(prompts)))
    panel = Panel(tuple(names), tuple(prompts), MODELS, REPEATS)
    for week in range(checks):
        at = START + timedelta(weeks=week)
        await store.runs.start(Run(f"run {week}", at, panel, RunState.COMPLETE))
    with sqlite3.connect(file) as connection:
        for statement in FILL:
            numbers = {"models": list(range(len(MODELS))), "repeats": list(range(REPEATS))}
            connection.execute(statement.format(**numbers))
    reader = SituationReader(await call_of(store, "bench@1", ModelNames(MODELS)))
    await reader.read(brands[0], HEADLINE)  # opens the connections and reads the newest panels
    watch = Watch()
    for brand in brands[:BRANDS]:
        with watch:
            situation = await reader.read(brand, HEADLINE)
        assert len(situation.places) == len(MODELS)
    await store.close()
    return watch


def main() -> None:
    """Print the time of a brand, and how it grows with the history."""
    with TemporaryDirectory() as folder:
        short = asyncio.run(measure(Path(folder) / "short.db", SHORT)).figures("a quarter")
        long = asyncio.run(measure(Path(folder) / "long.db", LONG)).figures("a brand, 2 years")
    print(f"{LONG * BRANDS * PROMPTS * REPEATS * len(MODELS):,} answers")
    ratio = Figure("busy, of a long history to a quarter", long[1].value / short[1].value, "x", 1.5)
    busy = replace(long[1], bar=30)
    for figure in (*short, long[0], busy, ratio):
        print(figure)


if __name__ == "__main__":
    main()
