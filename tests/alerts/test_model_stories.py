"""Tests of a model that changes as a whole: one message at that model, and not one a brand."""

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kit.recording import HandClock
from kit.scripted import ScriptedProvider
from kit.weekly_runs import MODELS, REPEATS, START, WEEK, keep_week
from overheard.alerts.answers import figures_card
from overheard.alerts.events import with_state_and_actions
from overheard.alerts.evidence import AlertEvidence, gather_evidence, read_pasts
from overheard.alerts.history import HistoryReader
from overheard.alerts.message import alert_message
from overheard.alerts.outbox import Routes
from overheard.alerts.service import DetectionService, Lifecycle
from overheard.alerts.story import (
    StoryState,
    Watch,
    alerts_about,
    model_alerts_of,
    stories,
    update_watched_models,
    without_covered,
)
from overheard.cards.card import Severity
from overheard.cards.charts.renderer import without_pictures
from overheard.cards.model_names import ModelNames
from overheard.commands.alerts import alert_card
from overheard.commands.shifts import past_changes
from overheard.config.loader import parse_config
from overheard.config.sections import RouteTable
from overheard.deployment import Call, Deployment, assemble
from overheard.detection.monitor import OWN_PROOF_RUNS
from overheard.domain import (
    WHOLE_MODEL,
    Alert,
    AlertEventKind,
    AlertState,
    BlockTable,
    Brand,
    Catalogue,
    DeliveryKind,
    Metric,
    Run,
    Scale,
    Shift,
)
from overheard.interfaces import Store
from overheard.plugins import Plugins
from overheard.testing.deployment import create_test_store, open_test_store
from overheard_storage import SqlStore
from overheard_visibility.scorer import Visibility

ANSWERS = 8 * REPEATS
"""To eight prompts."""
BRANDS = ("Acme", "Beta", "Cord", "Dune")
METRICS = {"visibility": Metric("visibility", Scale.BINARY, "Visibility")}
CATALOGUE = Catalogue(
    tuple(Brand(name, competitors=tuple(set(BRANDS) - {name})) for name in BRANDS)
)
CONFIG = "[alerts]\nminimum_points = 10\n" + "".join(
    f'[[brands]]\nname = "{brand.name}"\ncompetitors = {list(brand.competitors)}\n'
    for brand in CATALOGUE.brands
)
UNCHANGED_WEEKS, CHANGED_WEEKS = 6, 3
USUAL = dict.fromkeys(BRANDS, 0.5)
CHANGED = {"Acme": 0.1, "Beta": 0.9, "Cord": 0.15, "Dune": 0.85}


class House:
    """A deployment of four brands at two models that is asked each week."""

    def __init__(self, deployment: Deployment, clock: HandClock) -> None:
        self.deployment, self.store, self.clock = deployment, deployment.store, clock
        self.weeks = (clock.now() - START) // WEEK
        routes = Routes([RouteTable(channel="slack:C1")], deployment.scoring.metrics)
        self.lifecycle = Lifecycle(self.store, routes, clock)

    async def week(
        self,
        rates: Mapping[str, float],
        *brands: str,
        watched: bool = True,
        other: Mapping[str, float] = USUAL,
    ) -> list[Alert]:
        """Ask once; one model names the brands at these rates, the other as usual or at its own.
        Return the alerts of the run, if it is watched: of models as a whole, and of some brands
        (Acme).
        """
        self.weeks += 1
        self.clock.at = START + self.weeks * WEEK
        rng = np.random.default_rng(self.weeks)
        scores = {
            model: [hits(named, place, rng) for place in range(ANSWERS)]
            for model, named in zip(MODELS, (rates, other), strict=True)
        }
        [scorer] = self.deployment.scoring.versions
        run = await keep_week(self.store, self.weeks, scores, scorer=scorer)
        return await self.look(run, brands or ("Acme",)) if watched else []

    async def look(self, run: Run, brands: Sequence[str]) -> list[Alert]:
        """Look at a run, and return its alerts."""
        service = DetectionService(HistoryReader.of(Call(self.deployment)), self.lifecycle)
        return list((await service.detect(run, brands, run.started_at)).alerts)

    async def alerts(self) -> list[Alert]:
        """Return all alerts, the oldest first."""
        return (await self.store.alerts.find())[::-1]


def hits(rates: Mapping[str, float], place: int, rng: np.random.Generator) -> dict[str, float]:
    """Return which brands an answer names; chance is small, so that few runs are enough."""
    spread = [(place * 7 + 5 * i) % ANSWERS / ANSWERS for i, _ in enumerate(rates)]
    jitter = rng.uniform(-0.02, 0.02, len(spread))
    return {
        brand: float(at + shake < rate)
        for (brand, rate), at, shake in zip(rates.items(), spread, jitter, strict=True)
    }


async def open_house(store: Store, weeks: int) -> House:
    """Open a deployment on a store with so many weeks."""
    clock = HandClock(START + weeks * WEEK)
    plugins = Plugins({"svc": ScriptedProvider()}, {"visibility": Visibility()})
    return House(await assemble(parse_config(CONFIG), store, plugins, clock=clock), clock)


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store with six unchanged weeks."""
    file = tmp_path_factory.mktemp("weeks") / "unchanged.db"
    create_test_store(file)

    async def fill() -> None:
        store = SqlStore.at(str(file))
        house = await open_house(store, 0)
        for number in range(UNCHANGED_WEEKS):
            last = number == UNCHANGED_WEEKS - 1
            assert await house.week(USUAL, watched=last) == []
        await store.close()

    asyncio.run(fill())
    return file


@pytest.fixture(scope="module")
def changed(unchanged: Path) -> Path:
    """The file of a store with three weeks more, after a change of a model as a whole."""
    file = unchanged.with_name("changed.db")
    create_test_store(file, unchanged)

    async def fill() -> None:
        store = SqlStore.at(str(file))
        house = await open_house(store, UNCHANGED_WEEKS)
        for _ in range(CHANGED_WEEKS):
            await house.week(CHANGED)
        await store.close()

    asyncio.run(fill())
    return file


@pytest.fixture
async def house(unchanged: Path) -> House:
    """A deployment with six unchanged weeks."""
    return await open_house(open_test_store(unchanged), UNCHANGED_WEEKS)


@pytest.fixture
async def moved(changed: Path) -> House:
    """A deployment with six unchanged weeks, and three after a change of a model as a whole."""
    return await open_house(open_test_store(changed), UNCHANGED_WEEKS + CHANGED_WEEKS)


async def test_a_model_that_changed_is_one_message(house: House) -> None:
    """It has all brands that moved, the largest first, and no brand has an alert of its own."""
    told = [await house.week(CHANGED, *BRANDS) for _ in range(3)]
    [alert] = await house.alerts()

    assert any(alert.id in [one.id for one in found] for found in told)
    assert (alert.of_model, alert.shift.model, alert.state) == (True, MODELS[0], AlertState.OPEN)
    assert set(alert.brands) == set(BRANDS)
    moved = {shift.brand: shift.change for shift in alert.also}
    assert moved["Acme"] < -0.2 < 0.2 < moved["Beta"]
    sizes = [abs(shift.change) for shift in alert.also]
    assert sizes == sorted(sizes, reverse=True)
    [delivery] = await house.store.deliveries.find()
    assert (delivery.alert_id, delivery.channel) == (alert.id, "slack:C1")


async def test_the_way_back_ends_the_message(moved: House) -> None:
    """In place; the story of each brand follows it."""
    starts = {run.id: run.started_at for run in await moved.store.runs.find()}
    alerts = await alerts_about(moved.store, "Acme")
    story = stories(alerts, starts, moved.clock.now())["Acme", MODELS[0]]
    assert (story.state, story.alert) == (StoryState.MOVED, alerts[0])
    assert story.is_usual(START + 6 * WEEK)
    assert not story.is_usual(moved.clock.now())

    for number in range(4):
        await moved.week(USUAL, watched=number > 1)
    [alert] = await moved.alerts()
    assert alert.state is AlertState.RECOVERED
    kinds = [event.what for event in await moved.store.alerts.events(alert.id)]
    assert kinds.count(AlertEventKind.RECOVERED) == 1
    starts = {run.id: run.started_at for run in await moved.store.runs.find()}
    back = stories([alert], starts, moved.clock.now())["Acme", MODELS[0]]
    assert back.state is StoryState.RECOVERED


async def test_everything_at_once_is_one_message(house: House) -> None:
    """Both models are kept with a story of their own, and a person gets one message, which looks
    for the fault on our side; when all is back, it says so once.
    """
    for _ in range(3):
        await house.week(CHANGED, *BRANDS, other=CHANGED)
    first, second = await house.alerts()
    assert (first.of_model, second.of_model) == (True, True)
    assert {first.shift.model, second.shift.model} == set(MODELS)
    assert [one.alert_id for one in await house.store.deliveries.find()] == [first.id]
    assert [one.id for one in await without_covered(house.store, [second, first])] == [first.id]
    with without_pictures():
        card = await alert_card(Call(house.deployment, zone=house.deployment.zone), first)
    assert card.title == "Everything moved at once: how we ask, or the whole category"
    assert "So it is at a and b: look first at the questions" in str(card.text)

    listed = (await past_changes(Call(house.deployment))).data
    told = [(one["run"], one["part_of"]) for one in listed if one["kind"] == "model"]
    assert [part for _, part in told] == [None, told[0][0]]

    for number in range(3):
        await house.week(USUAL, *BRANDS, watched=number > 0)
    assert {one.state for one in await house.alerts()} == {AlertState.RECOVERED}
    assert len(await house.alerts()) == 2
    assert {one.alert_id for one in await house.store.deliveries.find()} == {first.id}


async def test_one_brand_alone_is_its_own_story(house: House) -> None:
    """As before."""
    for number in range(3):
        await house.week({**USUAL, "Acme": 0.0}, *BRANDS, watched=number > 0)
    [alert] = await house.alerts()
    assert (alert.of_model, alert.shift.brand) == (False, "Acme")


async def test_a_brand_that_moves_later_has_news_of_its_own(house: House) -> None:
    """What began long after the model's change does not belong to it, and is compared with the
    level since.
    """
    for number in range(OWN_PROOF_RUNS + 3):
        await house.week(CHANGED, watched=number in {1, 2})
    for _ in range(2):
        await house.week({**CHANGED, "Beta": 0.2}, "Acme", "Beta")
    first, *others = await house.alerts()
    assert first.of_model
    [alert] = others
    assert alert.shift.brand == "Beta"
    assert alert.shift.before == pytest.approx(CHANGED["Beta"], abs=0.1)


@pytest.mark.slow
async def test_a_brand_that_is_back_alone_is_told_in_the_thread_of_its_model(moved: House) -> None:
    """Its own alarm was added to the alert of the model, which goes on for the others; once."""
    for _ in range(2):
        await moved.week(CHANGED, *BRANDS)
    [whole] = await moved.alerts()
    assert any(shift.brand == "Acme" and shift.run_id > whole.shift.run_id for shift in whole.moved)
    for _ in range(4):
        await moved.week({**CHANGED, "Acme": USUAL["Acme"]}, *BRANDS)
    runs = await moved.store.runs.find()
    await moved.look(max(runs, key=lambda run: run.started_at), BRANDS)
    [alert] = await moved.alerts()
    assert not alert.state.over
    eased = [
        event.note
        for event in await moved.store.alerts.events(alert.id)
        if event.what is AlertEventKind.EASED
    ]
    assert eased == ["Acme is back where it was before."]


async def test_looking_twice_tells_it_once(moved: House) -> None:
    """Workers look at the models in each part of a run."""
    [alert] = await moved.alerts()
    run = next(r for r in await moved.store.runs.find() if r.id == alert.shift.run_id)
    assert [one.id for one in await moved.look(run, ["Acme"])] == [alert.id]
    assert len(await moved.alerts()) == 1


def brand_alert(words: str) -> Alert:
    """Return an alert of a brand that was raised with the first changed run."""
    shift = Shift("Acme", MODELS[0], "visibility", 7, 0.5, 0.1, -0.4, (-0.5, -0.3), began=7)
    return Alert(replace(shift, explanation=words), START + 7 * WEEK)


async def test_a_later_run_revises_what_an_alert_looks_like(house: House) -> None:
    """One line in the thread says so, and none while the likeliest explanation stays; and an alert
    from before is linked to that of the model.
    """
    alone = "This is probably an update of this model that touches this brand alone."
    await house.week(CHANGED, watched=False)
    early, _ = await house.lifecycle.raise_alert(brand_alert(alone))
    for _ in range(3):
        await house.week(CHANGED)

    events = await house.store.alerts.events(early.id)
    kinds = [event.what for event in events]
    assert kinds.count(AlertEventKind.REVISED) == kinds.count(AlertEventKind.JOINED) == 1
    [revised] = [event for event in events if event.what is AlertEventKind.REVISED]
    assert "the model as a whole" in revised.note
    assert kinds.count(AlertEventKind.CONTINUED) >= 1
    whole = next(one for one in await house.alerts() if one.of_model)
    assert await model_alerts_of(house.store, [early]) == {early.id: whole}
    assert await without_covered(house.store, await house.alerts()) == [whole]
    for number in range(4):
        await house.week(USUAL, watched=number > 1)
    assert {one.state for one in await house.alerts()} == {AlertState.RECOVERED}
    told = [one for one in await house.store.deliveries.find() if one.alert_id == early.id]
    assert [one.kind for one in told].count(DeliveryKind.EVENT) == 3


async def test_open_alerts_are_explained_with_one_read(
    moved: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are; each with the past that it would have alone."""
    early, _ = await moved.lifecycle.raise_alert(brand_alert("A guess."))
    rival = replace(brand_alert("").shift, brand="Beta", before=0.5, after=0.9, change=0.4)
    also, _ = await moved.lifecycle.raise_alert(Alert(rival, START + 7 * WEEK))
    [whole] = [one for one in await moved.alerts() if one.of_model]
    alerts, versions = [early, also, whole], moved.deployment.scoring.versions
    catalogue = Catalogue((Brand("Acme", competitors=("Cord",)), *CATALOGUE.brands[1:]))
    alone = {
        one.id: (await read_pasts(moved.store, catalogue, versions, [one]))[one.id]
        for one in alerts
    }

    read, table = [], moved.store.blocks.table

    async def counted(brands: Collection[str] | None = None, **given: Any) -> BlockTable:
        read.append(brands)
        return await table(brands, **given)

    monkeypatch.setattr(moved.store.blocks, "table", counted)
    for chosen, brands in (([early, also], set(BRANDS)), (alerts, None)):
        read.clear()
        together = await read_pasts(moved.store, catalogue, versions, chosen)
        assert read == [brands]
        assert list(together) == [one.id for one in chosen]
        for number, past in together.items():
            same, mine = alone[number], [one.key for one in past.streams]
            assert replace(past, streams=()) == replace(same, streams=())
            assert mine == [one.key for one in same.streams]
    compared = {number: {one.key.brand for one in past.streams} for number, past in alone.items()}
    assert compared == {early.id: {"Acme", "Cord"}, also.id: set(BRANDS), whole.id: set(BRANDS)}
    assert [alone[one.id].model_alert for one in alerts] == [whole, whole, None]


async def test_what_lies_below_the_budget_is_watched(house: House) -> None:
    """Per brand and model, until a run shows nothing; no message is posted."""
    store, now = house.store, house.clock.now()
    await update_watched_models(store, "Acme", set(MODELS), {MODELS[0]: Watch("visibility")}, now)
    await update_watched_models(store, "Acme", {MODELS[1]}, {MODELS[1]: Watch("top1")}, now)
    kept = await store.settings.get("watched:Acme")
    assert kept
    watched = {one: kept.value["models"][one]["metric"] for one in kept.value["models"]}
    assert watched == {"svc/a": "visibility", "svc/b": "top1"}
    await house.week(USUAL)
    kept = await store.settings.get("watched:Acme")
    assert kept
    assert kept.value == {"models": {}}
    assert await store.deliveries.find() == []


async def test_the_message_says_which_brands_moved(moved: House) -> None:
    """In counts, the largest first; the details have all brands, and what it looks like."""
    [alert] = await moved.alerts()

    async def evidence(catalogue: Catalogue = CATALOGUE) -> AlertEvidence:
        [now] = await moved.alerts()
        versions = moved.deployment.scoring.versions
        call: Any = SimpleNamespace(
            store=moved.store,
            catalogue=catalogue,
            scoring=SimpleNamespace(metrics=METRICS, versions=versions, finding_versions=versions),
            zone=UTC,
            names=ModelNames(),
        )
        return await gather_evidence(call, now)

    with without_pictures():
        short, whole = alert_message(alert, await evidence()), figures_card(alert, await evidence())
    assert short.title == whole.title == "a changed how it speaks about your whole category"
    assert re.fullmatch(
        r"Named less: (Acme|Cord) \(\d of 24 answers, usually 1\d\) and (Acme|Cord) "
        r"\(\d, usually 1\d\)\.\n"
        r"Named more: (Beta|Dune) \(2\d of 24 answers, usually 1\d\) and (Beta|Dune) "
        r"\(2\d, usually 1\d\)\.",
        str(short.text),
    )
    asked = "by API, not the app"
    assert short.footer == f"Nearly certain · looks like the model as a whole · {asked}"
    assert short.severity is whole.severity is Severity.BAD
    assert whole.table
    assert {row[0] for row in whole.table.rows} == set(BRANDS)
    looks = short.data["looks_like"]["weights"]
    assert looks["an update of the model as a whole"] > 0.9
    assert (short.data["kind"], short.data["brand"]) == ("model", None)
    actions = with_state_and_actions(short, alert, UTC).actions
    assert not any(action.words.startswith("brief") for action in actions)
    remaining = [brand for brand in CATALOGUE.brands if brand.name != alert.brands[-1]]
    compared = (await evidence(Catalogue(tuple(remaining)))).rivals
    assert [rival.name for rival in compared] == list(alert.brands[1:])

    for number in range(4):
        await moved.week(USUAL, watched=number > 1)
        if number == 1:
            with without_pictures():
                _assert_counts_agree(str(alert_message(alert, await evidence()).text))
    [alert] = await moved.alerts()
    with without_pictures():
        over = alert_message(alert, await evidence())
    assert over.title == "a speaks about your whole category as before"
    assert "are named as usual again. It lasted" in str(over.text)


def _assert_counts_agree(text: str) -> None:
    """Assert that each count is less or more than usual, as its line says."""
    counts = re.compile(r"(\d+)(?: of 24 answers)?, usually (\d+)")
    less, more = (counts.findall(line) for line in text.splitlines())
    assert all(int(now) < int(usual) for now, usual in less), text
    assert all(int(now) > int(usual) for now, usual in more), text
    assert len(re.findall(r"\d+", text)) <= 12
    assert "(on average" in text


async def test_the_whole_past_shows_it_too(house: House) -> None:
    """`shifts` lists the change once, with the brands that moved, and says of a brand's shift that
    it belongs to it.
    """
    for _ in range(4):
        await house.week(CHANGED, watched=False)
    card = await past_changes(Call(house.deployment), why=True)

    assert card.table
    assert "a changed how it speaks about your whole category" in [
        row[1] for row in card.table.rows
    ]
    [model] = [one for one in card.data["shifts"] if one["kind"] == "model"]
    assert (model["brand"], model["model"], model["run"]) == (None, "svc/a", "w8")
    assert set(model["moved"]) == set(BRANDS)
    brands = [one for one in card.data["shifts"] if one["kind"] == "shift"]
    assert brands
    assert {one["part_of"] for one in brands} == {"w8"}


async def test_what_would_be_decided_about_a_brand_ignores_alerts_of_others(house: House) -> None:
    """Beta's fall is an alert of its own, although one on Acme is open at the same model."""
    fallen = {**USUAL, "Acme": 0.1}
    alerts = [alert for _ in range(CHANGED_WEEKS) for alert in await house.week(fallen)]
    for _ in range(CHANGED_WEEKS):
        await house.week({**fallen, "Beta": 0.1}, watched=False)
    card = await past_changes(Call(house.deployment), why=True)

    assert {alert.brands for alert in alerts} == {("Acme",)}
    decided = {
        brand: {
            (decision["action"], decision["alert"])
            for decision in card.data["decisions"]
            if decision["brand"] == brand and decision["metrics"]
        }
        for brand in ("Acme", "Beta")
    }
    assert decided == {"Acme": {("keep", alerts[0].id)}, "Beta": {("raise", None)}}


async def test_a_route_of_a_brand_leads_to_the_models_that_moved_it(moved: House) -> None:
    """And not to the others; it is bad news when one brand lost."""
    [alert] = await moved.alerts()
    now = moved.clock.now()
    for brands, severities, expected in (
        (("Acme",), ("bad",), 1),
        (("Acme",), ("good",), 0),
        (("Zeta",), ("bad", "good"), 0),
    ):
        route = RouteTable(channel="slack:C1", brands=brands, severities=severities)
        assert len(Routes([route], METRICS).deliveries(alert, now)) == expected
    gained = replace(alert, also=tuple(s for s in alert.also if s.change > 0))
    assert alert.shift.brand == WHOLE_MODEL
    route = RouteTable(channel="slack:C1", severities=("good",))
    assert len(Routes([route], METRICS).deliveries(gained, now)) == 1
