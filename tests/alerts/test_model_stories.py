"""Tests of a model that changes as a whole: one message at that model, and not one a brand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from overheard.alerts.detection_service import DetectionService
from overheard.alerts.history import HistoryReader
from overheard.alerts.lifecycle import Lifecycle
from overheard.alerts.routes import Routes
from overheard.alerts.story import StoryState, alerts_about, stories
from overheard.config.loader import AlertsTable
from overheard.config.sections import RouteTable
from overheard.domain import (
    WHOLE_MODEL,
    Alert,
    AlertEventKind,
    AlertState,
    Answer,
    Brand,
    Catalogue,
    Metric,
    Model,
    Prompt,
    Question,
    Run,
    Scale,
    Score,
    ScoreRecord,
)
from overheard.testing.store import open_test_store
from recording import HandClock
from scripted import reply

MODELS = (Model("svc", "a"), Model("svc", "b"))
PROMPTS = tuple(Prompt(f"Which tool is best for team {number}?") for number in range(8))
REPEATS = 3
BRANDS = ("Acme", "Beta", "Cord", "Dune")
METRICS = {"visibility": Metric("visibility", Scale.BINARY, "Visibility")}
CATALOGUE = Catalogue(
    tuple(Brand(name, competitors=tuple(set(BRANDS) - {name})) for name in BRANDS)
)
WEEK = timedelta(weeks=1)
START = datetime(2026, 1, 5, tzinfo=UTC)
USUAL = dict.fromkeys(BRANDS, 0.5)
CHANGED = {"Acme": 0.1, "Beta": 0.9, "Cord": 0.15, "Dune": 0.85}


class House:
    """A deployment of four brands at two models that is asked each week."""

    def __init__(self) -> None:
        self.store = open_test_store()
        self.clock = HandClock(START)
        self.weeks = 0
        self._rng = np.random.default_rng(7)
        self._history = HistoryReader(
            self.store, CATALOGUE, METRICS, {"s@1"}, AlertsTable(minimum_points=10)
        )
        routes = Routes([RouteTable(channel="slack:C1")], METRICS)
        self.lifecycle = Lifecycle(self.store, routes, self.clock)

    async def week(self, rates: Mapping[str, float], model: int = 0) -> list[Alert]:
        """Ask once; one model names the brands at these rates, the other as usual. Return the
        alerts of the run.
        """
        self.weeks += 1
        self.clock.at = START + self.weeks * WEEK
        run = await self.store.runs.start(Run(f"w{self.weeks}", self.clock.now()))
        for number, asked in enumerate(MODELS):
            answers = await self.store.answers.add(
                [
                    Answer(run.id, Question(prompt, asked, repeat), reply(), run.started_at)
                    for prompt in PROMPTS
                    for repeat in range(REPEATS)
                ]
            )
            named = rates if number == model else USUAL
            scored = [
                (
                    answer,
                    [
                        ScoreRecord(answer.id, brand, "s", "1", Score("visibility", float(hit)))
                        for brand, hit in self._hits(named, place).items()
                    ],
                )
                for place, answer in enumerate(answers)
            ]
            await self.store.scores.add("s", "1", scored)
        service = DetectionService(self._history, self.lifecycle)
        return list((await service.detect(run, BRANDS, run.started_at)).alerts)

    def _hits(self, rates: Mapping[str, float], place: int) -> dict[str, bool]:
        """Return which brands an answer names; chance is small, so that few runs are enough."""
        size = len(PROMPTS) * REPEATS
        spread = [(place * 7 + 5 * i) % size / size for i, _ in enumerate(rates)]
        jitter = self._rng.uniform(-0.02, 0.02, len(spread))
        return {
            brand: bool(at + shake < rate)
            for (brand, rate), at, shake in zip(rates.items(), spread, jitter, strict=True)
        }

    async def alerts(self) -> list[Alert]:
        """Return all alerts, the oldest first."""
        return (await self.store.alerts.find())[::-1]


@pytest.fixture
async def house() -> House:
    """A deployment with seven unchanged weeks."""
    house = House()
    for _ in range(7):
        assert await house.week(USUAL) == []
    return house


async def test_a_model_that_changed_is_one_message(house: House) -> None:
    """It has all brands that moved, the largest first, and no brand has an alert of its own."""
    told = [await house.week(CHANGED) for _ in range(4)]
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


async def test_the_way_back_ends_the_message(house: House) -> None:
    """In place; the story of each brand follows it."""
    for _ in range(5):
        await house.week(CHANGED)
    starts = {run.id: run.started_at for run in await house.store.runs.find()}
    alerts = await alerts_about(house.store, "Acme")
    moved = stories(alerts, starts, house.clock.now())["Acme", MODELS[0]]
    assert (moved.state, moved.alert) == (StoryState.MOVED, alerts[0])
    assert moved.is_usual(START + 7 * WEEK)
    assert not moved.is_usual(house.clock.now())

    for _ in range(6):
        await house.week(USUAL)
    [alert] = await house.alerts()
    assert alert.state is AlertState.RECOVERED
    kinds = [event.what for event in await house.store.alerts.events(alert.id)]
    assert kinds.count(AlertEventKind.RECOVERED) == 1
    starts = {run.id: run.started_at for run in await house.store.runs.find()}
    back = stories([alert], starts, house.clock.now())["Acme", MODELS[0]]
    assert back.state is StoryState.RECOVERED


async def test_one_brand_alone_is_its_own_story(house: House) -> None:
    """As before."""
    for _ in range(4):
        await house.week({**USUAL, "Acme": 0.0})
    [alert] = await house.alerts()
    assert (alert.of_model, alert.shift.brand) == (False, "Acme")


async def test_a_brand_that_moves_later_has_news_of_its_own(house: House) -> None:
    """What began long after the model's change does not belong to it."""
    for _ in range(7):
        await house.week(CHANGED)
    for _ in range(5):
        await house.week({**CHANGED, "Beta": 0.2})
    first, *others = await house.alerts()
    assert first.of_model
    assert [alert.shift.brand for alert in others] == ["Beta"]


async def test_looking_twice_tells_it_once(house: House) -> None:
    """Workers look at the models in each part of a run."""
    for _ in range(4):
        await house.week(CHANGED)
    [alert] = await house.alerts()
    run = next(r for r in await house.store.runs.find() if r.id == alert.shift.run_id)
    service = DetectionService(house._history, house.lifecycle)
    again = await service.detect(run, ["Acme"], house.clock.now())
    assert [one.id for one in again.alerts] == [alert.id]
    assert len(await house.alerts()) == 1


async def test_a_route_of_a_brand_leads_to_the_models_that_moved_it(house: House) -> None:
    """And not to the others; it is bad news when one brand lost."""
    for _ in range(4):
        await house.week(CHANGED)
    [alert] = await house.alerts()
    now = house.clock.now()
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
