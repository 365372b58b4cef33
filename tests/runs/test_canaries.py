"""Tests of the state of canaries, and of how they are asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kit.scripted import ScriptedProvider, reply
from overheard.domain import Answer, Capabilities, Model, ModelUpdate, Panel, Question, Run
from overheard.interfaces import Store
from overheard.runs.canaries import (
    CANDIDATES,
    DAILY,
    LIMIT,
    REFERENCE,
    SEARCH,
    Canary,
    Probe,
    border_prompts,
    canaries,
    daily_panel,
    first_words,
    reference_panel,
    search_panel,
    whole_search_panel,
)
from overheard.testing.deployment import open_test_store

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ONE, TWO = Model("svc", "m-1"), Model("svc", "m-2")


class Able(ScriptedProvider):
    """A provider that can do several things."""

    def capabilities(self, model: str) -> Capabilities:
        """Say so."""
        return Capabilities(search=model == "m-1", answer_limit=900)


async def test_a_probe_is_its_provider_with_short_answers() -> None:
    """It asks for sixteen tokens, whatever the question says."""
    provider = Able()
    probe = Probe(provider)

    assert (probe.name, probe.concurrency, probe.remedy) == (
        "svc",
        16,
        "report it to the authors of Overheard",
    )
    assert list(probe.models()) == ["m-1"]
    assert probe.price("m-1") == provider.price("m-1")
    assert probe.capabilities("m-1") == Capabilities(search=True, answer_limit=LIMIT)
    question = Question(CANDIDATES[0], ONE, 3)
    assert (await probe.ask(question, seed=5)).text == "Acme is good."
    assert provider.asked == [replace(question, limit=16)]
    assert provider.seeds == [5]
    await probe.close()


def test_the_panels_of_a_canary_ask_as_often_as_their_price_says() -> None:
    """The price beforehand is for the search and the reference together."""
    assert [(len(search_panel(ONE)), len(whole_search_panel(ONE)))] == [(240, 360)]
    assert search_panel(ONE) == Panel((), CANDIDATES, (ONE,), 6)
    assert daily_panel(Canary(TWO, CANDIDATES[:3], {})) == Panel((), CANDIDATES[:3], (TWO,))


async def run_of(store: Store, label: str, age: float, *texts: str, **more: Any) -> Run:
    """Store a run aside whose answers are to the first prompts."""
    panel = more.pop("panel", Panel((), CANDIDATES[:2], (more.pop("model", ONE),)))
    at = NOW - age * DAY
    aside = {"aside": True, **more}
    run = await store.runs.start(Run(f"{label} {age} {panel}", at, panel, label=label, **aside))
    model = panel.models[0] if panel else ONE
    await store.answers.add(
        [
            Answer(run.id, Question(CANDIDATES[n % 2], model, n // 2), reply(text), at)
            for n, text in enumerate(texts)
        ]
    )
    return run


async def test_a_canary_knows_all_first_words_since_its_last_search() -> None:
    """And the hit since then; other models, runs and older searches are not its own."""
    store = open_test_store()
    await run_of(store, SEARCH, 9, "Old")
    await run_of(store, REFERENCE, 8, "Older")
    await run_of(store, SEARCH, 5, "Oak", "Red")
    latest = Panel((), CANDIDATES[:2], (ONE,), 3)
    await run_of(store, REFERENCE, 4, "Elm", "", panel=latest)
    await run_of(store, DAILY, 1, "Ash")
    await run_of(store, "other", 1, "Not this")
    await run_of(store, DAILY, 1, "Nor that", aside=False)
    await run_of(store, REFERENCE, 2, "Fir", model=TWO)
    await run_of(store, SEARCH, 3, "later", panel=None)
    for source, age in (("canary", 6), ("canary", 1), ("feed", 2)):
        await store.updates.add(ModelUpdate(ONE, NOW - age * DAY, source))
    first, second = await canaries(store)

    assert (first.model, first.prompts) == (ONE, latest.prompts)
    assert {key: Counter(texts) for key, texts in first.answers.items()} == {
        CANDIDATES[0].key: Counter(["Oak", "Elm", "Ash"]),
        CANDIDATES[1].key: Counter(["Red"]),
    }
    assert first.hit is not None
    assert first.hit.at == NOW - DAY
    assert (second.model, second.hit) == (TWO, None)
    assert second.answers == {CANDIDATES[0].key: ("Fir",)}
    assert await first_words(store, []) == {}


async def test_a_search_after_the_reference_is_not_over_yet() -> None:
    """The canary goes on with what it knew."""
    store = open_test_store()
    await run_of(store, SEARCH, 5, "Oak")
    await run_of(store, REFERENCE, 4, "Elm")
    await run_of(store, SEARCH, 1, "Yew")
    [canary] = await canaries(store)

    assert set(canary.answers[CANDIDATES[0].key]) == {"Oak", "Elm", "Yew"}


async def test_the_reference_asks_the_prompts_that_are_nearest_to_a_tie() -> None:
    """Twenty times each, in the order of the candidates."""
    store = open_test_store()
    run = await run_of(store, SEARCH, 1, "Oak", "Red", "Oak", "Blue")
    found = await border_prompts(store, run)

    assert [border.prompt for border in found] == [CANDIDATES[1].key, CANDIDATES[0].key]
    assert reference_panel(TWO, found) == Panel((), CANDIDATES[:2], (TWO,), 20)
    assert reference_panel(TWO, found[:1]) == Panel((), CANDIDATES[1:2], (TWO,), 20)
