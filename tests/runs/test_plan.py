"""Tests of the plan of a run: what is asked, and which run goes on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kit.scripted import ScriptedProvider
from overheard.domain import Batch, Brand, Catalogue, Model, Panel, Prompt, Run, RunState
from overheard.errors import NothingToAsk, UnknownName
from overheard.interfaces import Store
from overheard.runs.plan import (
    choose_brands,
    choose_models,
    find_model,
    find_run,
    lay_out,
    new_run,
    unfinished,
)
from overheard.testing.deployment import open_test_store

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ACME = Brand("Acme", aliases=("Acme Boards",))
ZETA, RIVAL = Brand("Zeta"), Brand("Rival", tracked=False)
ALL, OWN, OTHER = Prompt("Best?"), Prompt("Acme?", brands=("Acme",)), Prompt("Z?", brands=("Zeta",))
CATALOGUE = Catalogue((ACME, ZETA, RIVAL), (ALL, OWN, OTHER))
PROVIDERS = {name: ScriptedProvider(name) for name in ("svc", "other")}
ONE, TWO = Model("svc", "m-1"), Model("other", "m-1")
PANEL = Panel(("Acme",), (ALL, OWN), (ONE, TWO), 2)


def test_a_panel_has_the_prompts_that_concern_its_brands() -> None:
    """By default all tracked brands and all models; a brand that is named twice is there once."""
    assert lay_out(CATALOGUE, PROVIDERS) == Panel(
        ("Acme", "Zeta"), (ALL, OWN, OTHER), (ONE, TWO), 1, 0
    )
    chosen = lay_out(
        *(CATALOGUE, PROVIDERS),
        brands=["acme boards", "Acme"],
        models=["other/m-1", "other/m-1"],
        repeats=3,
        seed=9,
    )
    assert chosen == Panel(("Acme",), (ALL, OWN), (TWO,), 3, 9)
    assert lay_out(CATALOGUE, PROVIDERS, brands=["Rival"]).prompts == (ALL,)


@pytest.mark.parametrize(
    ("catalogue", "providers", "missing"),
    [
        (Catalogue((RIVAL,), (ALL,)), PROVIDERS, r"no brand is configured, add a \[\[brands\]\]"),
        (Catalogue((ACME,), (OTHER,)), PROVIDERS, r"no prompt is configured, add a \[\[prompts"),
        (CATALOGUE, {}, r"no model is configured, add a \[providers"),
    ],
)
def test_what_is_missing_for_a_run_is_named(
    catalogue: Catalogue, providers: dict[str, ScriptedProvider], missing: str
) -> None:
    """With what to do about it."""
    with pytest.raises(NothingToAsk, match=missing):
        lay_out(catalogue, providers)


def test_an_unknown_brand_or_model_is_told_with_those_there_are() -> None:
    """And with the one that was probably meant."""
    assert choose_brands(CATALOGUE, ["Zeta", "ACME"]) == [ZETA, ACME]
    with pytest.raises(UnknownName, match=r'"Acne".*Acme.*Acme, Zeta, Rival'):
        choose_brands(CATALOGUE, ["Acne"])
    with pytest.raises(UnknownName, match=r'"Acne".*none yet'):
        choose_brands(Catalogue((), ()), ["Acne"])
    assert find_model("svc/anything", PROVIDERS) == Model("svc", "anything")
    for text in ("svc", "sv/m-1", "gone/m-1"):
        with pytest.raises(UnknownName, match=r"svc/m-1, other/m-1"):
            find_model(text, PROVIDERS)
    with pytest.raises(UnknownName, match="none yet"):
        find_model("svc/m-1", {})
    assert choose_models(PROVIDERS) == (ONE, TWO)


def test_a_new_run_has_a_name_of_its_own() -> None:
    """That begins with its time."""
    first, second = (new_run(PANEL, NOW, label="l", asked_by="Ann", channel="c") for _ in "ab")

    assert first.key != second.key
    assert first.key.startswith("2026-03-02T12:00:00Z-")
    assert len(first.key) == len("2026-03-02T12:00:00Z-abcd")
    assert first == Run(first.key, NOW, PANEL, label="l", asked_by="Ann", channel="c")


async def begun(store: Store, key: str, panel: Panel | None = PANEL, **more: float) -> Run:
    """Start a run so long ago."""
    return await store.runs.start(Run(key, NOW - timedelta(**more), panel))


@pytest.mark.parametrize(
    "other",
    [
        replace(PANEL, brands=("Zeta",)),
        replace(PANEL, models=(ONE,)),
        replace(PANEL, prompts=(ALL, OTHER)),
        replace(PANEL, repeats=3),
        replace(PANEL, batch=True),
        None,
    ],
)
async def test_only_a_run_of_the_same_questions_goes_on(other: Panel | None) -> None:
    """Whatever its seed: that is the run's own."""
    store = open_test_store()
    await begun(store, "other", other)
    assert await unfinished(store, PANEL, NOW) is None
    assert [run.state for run in await store.runs.find()] == [RunState.RUNNING]
    run = await begun(store, "same", replace(PANEL, seed=4))
    assert await unfinished(store, PANEL, NOW) == run


async def test_a_run_of_twelve_hours_ago_is_closed_unless_it_is_carried_out() -> None:
    """Or unless it waits for a batch."""
    store = open_test_store()
    run = await begun(store, "r", hours=12)
    await store.batches.keep(Batch(run.id, ONE, ("q",), run.started_at, "batch_0"))
    assert await unfinished(store, PANEL, NOW) == run
    [batch] = await store.batches.unfinished()
    await store.batches.keep(replace(batch, ended_at=NOW))
    async with store.locks.run_lock(run.id):
        assert await unfinished(store, PANEL, NOW) is None
    assert await store.runs.state(run.id) is RunState.RUNNING
    assert await unfinished(store, PANEL, NOW) is None
    [kept] = await store.runs.find()
    assert (kept.state, kept.finished_at) == (RunState.PARTIAL, NOW)
    young = await begun(store, "young", hours=11, minutes=59)
    assert await unfinished(store, PANEL, NOW) == young


async def test_a_run_is_found_by_its_name_or_a_part_of_it() -> None:
    """Imported history has no name that people know."""
    store = open_test_store()
    with pytest.raises(UnknownName, match=r'no run called "one".*none yet'):
        await find_run(store.runs, "one")
    for key in ("one", "one-two", "three", "4", "5", "6"):
        await begun(store, key)
    await begun(store, "imported", None)

    assert (await find_run(store.runs, "one")).key == "one"
    assert (await find_run(store.runs, "two")).key == "one-two"
    with pytest.raises(UnknownName, match="several are called so") as raised:
        await find_run(store.runs, "e")
    assert known_runs(raised.value) == {"one", "one-two", "three"}
    with pytest.raises(UnknownName, match='"import"; known') as raised:
        await find_run(store.runs, "import")
    assert len(known_runs(raised.value)) == 5


def known_runs(error: UnknownName) -> set[str]:
    """Return the runs that an error names."""
    return set(str(error).rpartition("known: ")[2].removesuffix(".").split(", "))
