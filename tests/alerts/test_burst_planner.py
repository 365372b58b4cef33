"""Tests of which burst comes next at each model, from runs and suspicions that are given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kit.scripted import reply
from overheard.alerts.bursts import (
    BurstCause,
    BurstPlanner,
    PlannedBurst,
    Suspicion,
    burst_sentence,
)
from overheard.deployment import Call
from overheard.detection.announced_updates import Burst, BurstPolicy
from overheard.domain import (
    BURST,
    Answer,
    Brand,
    Catalogue,
    Model,
    ModelUpdate,
    Panel,
    Prompt,
    Run,
    Score,
    ScoreRecord,
)
from overheard.interfaces import Store
from overheard.measure.blocks import RunKey, Stream, StreamKey
from overheard.testing.deployment import open_test_store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
ONE, TWO, GONE = Model("svc", "m-1"), Model("svc", "m-2"), Model("gone", "m")
SHARED = tuple(Prompt(f"Which tool suits team {number}?") for number in range(3))
OWN = Prompt("Is Acme good?", brands=("Acme",))
CATALOGUE = Catalogue((Brand("Acme"), Brand("Zeta"), Brand("Rival", tracked=False)), (*SHARED, OWN))
PANEL = Panel(("Acme", "Zeta"), (*SHARED, OWN), (ONE,))


class House:
    """A store with runs, and a planner that reads it."""

    def __init__(self, catalogue: Catalogue = CATALOGUE, **policy: Any) -> None:
        self.store: Store = open_test_store()
        past: Any = SimpleNamespace(store=self.store, catalogue=catalogue, versions=["s@1"])
        given = {"calls": 8, "most": 2, "suspicion": 3.0, "budget": 100, **policy}
        self.planner = BurstPlanner(past, BurstPolicy(**given), {"svc"})

    async def ran(self, hours: float, label: str = "", panel: Panel | None = PANEL) -> RunKey:
        """Store a run that began so many hours after noon."""
        at = NOON + hours * HOUR
        run = await self.store.runs.start(Run(f"run {at} {label} {panel}", at, panel, label=label))
        return RunKey(at, run.id)

    async def updated(self, hours: float, source: str = "fingerprint", model: Model = ONE) -> None:
        """Store an update."""
        await self.store.updates.add(ModelUpdate(model, NOON + hours * HOUR, source))

    async def plan(self, *suspicions: Suspicion) -> list[PlannedBurst]:
        """Return the bursts that come next."""
        return await self.planner.plan(suspicions)


def suspicion(largest: float = 2.0, brand: str = "Acme", **more: Any) -> Suspicion:
    """Return what the latest analysis says: by default a suspicion."""
    usual: dict[str, Any] = {"model": ONE, "crossed": False, "alarmed": None, "streams": ()}
    return Suspicion(brand, largest=largest, **{**usual, **more})


CALM = suspicion(0.0)


async def test_a_suspicion_asks_the_prompts_of_its_brand_three_hours_after_the_latest_run() -> None:
    """Once more for all tracked brands that they concern; any process plans the same run."""
    house = House()
    latest = await house.ran(0)
    [planned] = await house.plan(suspicion())

    assert (planned.key, planned.model) == (f"burst-{latest.id}-svc/m-1", ONE)
    assert (planned.cause, planned.brands) == (BurstCause.SUSPICION, ("Acme",))
    assert planned.burst.at == NOON + 3 * HOUR
    assert planned.burst.reason == "something may have changed, burst 1 of at most 2"
    assert planned.panel.brands == ("Acme", "Zeta")
    assert planned.panel.prompts == (*SHARED, OWN)
    assert planned.panel.times == (2, 2, 2, 2)
    assert planned.panel.models == (ONE,)
    assert [planned] == await house.plan(suspicion())
    await house.ran(5)
    [later] = await house.plan(suspicion())
    assert later.panel.seed != planned.panel.seed
    assert 0 <= later.panel.seed < 2**31


async def test_of_several_brands_the_strongest_evidence_counts() -> None:
    """Of those that need a burst; a brand that nobody asks for needs none."""
    house = House()
    latest = await house.ran(0)
    two = suspicion(2.0, "Zeta"), suspicion(2.5, "Acme")
    assert [plan.brands for plan in await house.plan(*two)] == [("Acme",)]
    crossed = suspicion(9.0, "Acme", crossed=True)
    alarmed = suspicion(9.0, "Acme", alarmed=latest)
    for settled in (crossed, alarmed):
        [planned] = await house.plan(two[0], settled)
        assert planned.brands == ("Zeta",)
        assert planned.panel.prompts == SHARED
    equal = suspicion(2.0, "Zeta"), suspicion(2.0, "Acme")
    assert [plan.brands for plan in await house.plan(*equal)] == [("Acme",)]
    assert await house.plan(suspicion(np.log(3.0))) == []
    foreign = Catalogue((Brand("Acme"),), (Prompt("Is Zeta good?", brands=("Zeta",)),))
    alone = House(foreign)
    await alone.ran(0)
    assert await alone.plan(suspicion()) == []


async def test_an_alarm_before_the_last_planned_check_is_past() -> None:
    """One in a burst since then is not."""
    house = House()
    first, burst = await house.ran(0), await house.ran(5, BURST)
    await house.ran(-1)
    earlier = RunKey(NOON - HOUR, 9)

    assert await house.plan(suspicion(alarmed=burst)) == []
    assert await house.plan(suspicion(alarmed=first)) == []
    assert len(await house.plan(suspicion(alarmed=earlier))) == 1


async def test_only_models_that_can_be_asked_get_a_burst_the_earliest_first() -> None:
    """A model without runs gets none."""
    house = House()
    await house.ran(4)
    panel = Panel(("Acme",), SHARED, (TWO, GONE))
    await house.ran(0, panel=panel)
    other, gone = suspicion(model=TWO), suspicion(model=GONE)
    plans = await house.plan(suspicion(), other, gone, suspicion(model=Model("svc", "new")))

    assert [plan.model for plan in plans] == [TWO, ONE]
    await house.ran(4, panel=panel)
    assert [plan.model for plan in await house.plan(other, suspicion())] == [ONE, TWO]


@pytest.mark.parametrize(
    ("runs", "signs", "wanted"),
    [
        ([0], [], False),
        ([0], [-900], True),
        ([0, 168], [-1], False),
        ([0, 168], [0], False),
        ([0, 168], [1], True),
        ([0, 168, 336], [1], False),
        ([0, 168, "b175"], [170], False),
        ([0, 168, "b175"], [175], False),
        ([0, 168, "b175"], [176], True),
        ([0, 168, "b175"], [-900, 170], False),
        (["b-2", 0], [-3], False),
        (["b-2", 0], [-1], True),
        ([0, "b5"], [6], True),
    ],
)
async def test_a_sign_of_an_update_asks_for_one_burst(
    runs: list[float | str], signs: list[float], *, wanted: bool
) -> None:
    """If it came after the last planned check but one; another model's signs say nothing."""
    house = House()
    for run in runs:
        hours = float(str(run).lstrip("b"))
        await house.ran(hours, BURST if isinstance(run, str) else "")
    for hours in signs:
        await house.updated(hours)
    await house.updated(400, model=TWO)
    plans = await house.plan(CALM)

    # A burst is planned after a scheduled run only: the one that follows decides after a burst.
    latest_is_burst = isinstance(runs[-1], str)
    assert [plan.cause for plan in plans] == [BurstCause.SIGN] * (wanted and not latest_is_burst)
    if wanted:
        [planned] = await house.plan(suspicion())
        assert planned.cause is BurstCause.SUSPICION


async def test_the_calls_of_bursts_in_a_year_are_bounded() -> None:
    """Those of a check are not counted, nor those of another model or of runs aside."""
    house = House(budget=20)
    await house.ran(0)
    for hours in (1, 2, 3):
        await house.ran(hours)
        await house.ran(hours + 0.5, BURST, Panel(("Acme",), SHARED, (TWO,)))
    await house.ran(4, BURST, Panel((), SHARED, (ONE,), times=(4, 4, 4)))
    [planned] = await house.plan(suspicion())
    assert planned.burst.calls == 8
    aside = Run("aside", NOON + 5 * HOUR, PANEL, label=BURST, aside=True)
    await house.store.runs.start(aside)
    assert await house.plan(suspicion()) == [planned]
    await house.ran(6)
    await house.ran(7, BURST, Panel((), SHARED[:1], (ONE,)))
    assert await house.plan(suspicion()) == []


async def test_an_imported_run_counts_where_it_has_answers_of_the_model() -> None:
    """It has no panel; the streams show which models it asked."""
    house = House()
    imported = await house.ran(0, panel=None)
    assert await house.plan(suspicion()) == []
    n = np.ones((1, 1), dtype=int)
    total = n.astype(float)
    key = StreamKey("Acme", ONE, "visibility")
    stream = Stream(key, "s@1", (imported,), (SHARED[0].key,), n, total, total)
    [planned] = await house.plan(suspicion(streams=(stream,)))
    assert planned.key == f"burst-{imported.id}-svc/m-1"
    other = RunKey(NOON, imported.id + 1)
    stream = Stream(key, "s@1", (other,), (SHARED[0].key,), n, total, total)
    assert await house.plan(suspicion(streams=(stream,))) == []


@pytest.mark.parametrize("source", ["announced", "feed"])
async def test_an_announced_update_without_answers_before_it_asks_for_nothing(source: str) -> None:
    """There would be nothing to compare with; and it is no sign of a silent update."""
    house = House()
    await house.ran(0)
    await house.updated(1, source)

    assert await house.plan(CALM) == []


async def answered(house: House, hours: float, label: str = "", *, named: bool = True) -> RunKey:
    """Store a run whose answers about Acme are scored."""
    panel = Panel(("Acme",), SHARED, (ONE,), repeats=2)
    key = await house.ran(hours, label, panel)
    answers = await house.store.answers.add(
        [Answer(key.id, question, reply(), key.at) for question in panel.questions()]
    )
    score = Score("visibility", float(named))
    await house.store.scores.add(
        "s", "1", [(a, [ScoreRecord(a.id, "Acme", "s", "1", score)]) for a in answers]
    )
    return key


@pytest.mark.parametrize(
    ("budget", "bursts", "planned"), [(60, 0, True), (59, 0, False), (66, 1, True), (65, 1, False)]
)
async def test_an_announced_update_is_followed_within_the_budget_of_the_year(
    budget: int, bursts: int, *, planned: bool
) -> None:
    """Sixty questions at the time of the update, of the prompts that concern the brand."""
    house = House(budget=budget)
    for number in range(bursts):
        await answered(house, number - 9, BURST)
    latest = await answered(house, 0)
    await house.updated(7, "announced")
    await house.updated(7, "feed", TWO)
    plans = await house.plan(CALM)

    assert [plan.cause for plan in plans] == [BurstCause.UPDATE] * planned
    for plan in plans:
        assert plan.key == f"burst-{latest.id}-svc/m-1"
        assert (plan.brands, plan.burst.at) == (("Acme",), NOON + 7 * HOUR)
        assert plan.burst.calls == len(plan.panel) == 60
        assert plan.burst.reason == "look 1 of 6 after an update"
        assert set(plan.panel.prompts) == {*SHARED, OWN}


async def test_the_earlier_of_two_bursts_comes_first() -> None:
    """A suspicion is looked at three hours after the latest run."""
    house = House(budget=900)
    await answered(house, 0)
    await house.updated(2, "announced")
    assert [plan.cause for plan in await house.plan(suspicion())] == [BurstCause.UPDATE]
    await house.updated(4, "announced")
    assert [plan.cause for plan in await house.plan(suspicion())] == [BurstCause.SUSPICION]


async def test_an_update_that_has_had_its_looks_is_followed_no_further() -> None:
    """Six runs since then are all."""
    house = House(budget=900)
    await answered(house, -5)
    await house.updated(0, "announced")
    for look in range(6):
        [plan] = await house.plan(CALM)
        assert plan.burst.reason == f"look {look + 1} of 6 after an update"
        assert plan.burst.at == NOON + (3 * look + 1 if look else 0) * HOUR
        await answered(house, 3 * look + 1, BURST, named=look % 2 == 0)
    assert await house.plan(CALM) == []


@pytest.mark.parametrize(
    ("cause", "why"),
    [
        (BurstCause.SUSPICION, "Acme and Zeta at svc/m-1 looks suspicious"),
        (BurstCause.SIGN, "svc/m-1 may have been exchanged"),
        (
            BurstCause.UPDATE,
            "It is not clear yet what the update of svc/m-1 did to Acme and Zeta",
        ),
    ],
)
def test_a_burst_is_said_in_one_sentence(cause: BurstCause, why: str) -> None:
    """With the command, where nobody else asks it."""
    burst = Burst(NOON, {"q": 3}, "x")
    planned = PlannedBurst("k", cause, ("Acme", "Zeta"), ONE, burst, PANEL)

    def said(*, automatic: bool) -> str:
        bursts = SimpleNamespace(automatic=automatic)
        deployment: Any = SimpleNamespace(config=SimpleNamespace(bursts=bursts))
        return burst_sentence(deployment, Call(), planned)

    at = "2 Mar 2026, 12:00 UTC"
    assert said(automatic=True) == f"{why}: overheard run asks 3 questions again after {at}."
    assert said(automatic=False) == (
        f"{why}: another check after {at} would tell; run: overheard check"
    )
