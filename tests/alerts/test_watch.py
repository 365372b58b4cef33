"""Tests of the watch over runs: what becomes an alert, and what does not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from overheard.alerts.watch import Watch
from overheard.config import AlertsTable
from overheard.domain import (
    Alert,
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
from overheard.testing.memory_store import MemoryStore
from scripted import reply

MODELS = (Model("svc", "a"), Model("svc", "b"))
PROMPTS = tuple(Prompt(f"Which tool is best for team {number}?") for number in range(10))
METRICS = {
    "visibility": Metric("visibility", Scale.BINARY, "Visibility"),
    "sentiment": Metric("sentiment", Scale.POLARITY, "Sentiment"),
}
CATALOGUE = Catalogue((Brand("Acme", competitors=("Zeta",)), Brand("Zeta", tracked=False)))
WEEK = timedelta(days=7)
START = datetime(2026, 1, 5, tzinfo=UTC)

Hit = Callable[[int, int], bool]
"""From the numbers of a prompt and a repeat to whether the brand is named."""

OFTEN: Hit = lambda prompt, repeat: (prompt + repeat) % 3 > 0  # noqa: E731 - reads as a constant
NEVER: Hit = lambda prompt, repeat: False  # noqa: E731, ARG005 - the same
ALWAYS: Hit = lambda prompt, repeat: True  # noqa: E731, ARG005 - the same


class House:
    """A store that is filled run by run, week by week."""

    def __init__(self, **settings: float) -> None:
        self.store = MemoryStore()
        self.settings = AlertsTable.model_validate(settings)
        self.weeks = 0

    async def run(
        self,
        *hits: Hit,
        metric: str = "visibility",
        version: str = "1",
        brand: str = "Acme",
        values: tuple[float, float] = (1.0, 0.0),
    ) -> Run:
        """Keep a run with an answer to each prompt and repeat; one hit function a model."""
        self.weeks += 1
        run = await self.store.start_run(Run(f"w{self.weeks}", START + self.weeks * WEEK))
        for model, hit in zip(MODELS, hits, strict=False):
            answers = await self.store.add_answers(
                [
                    Answer(run.id, Question(prompt, model, repeat), reply(), run.started_at)
                    for prompt in PROMPTS
                    for repeat in range(3)
                ]
            )
            scored = []
            for index, answer in enumerate(answers):
                value = values[0] if hit(*divmod(index, 3)) else values[1]
                score = Score(metric, value)
                scored.append((answer, [ScoreRecord(answer.id, brand, "s", version, score)]))
            await self.store.add_scores("s", version, scored)
        return run

    async def look(self, run: Run, version: str = "1") -> list[Alert]:
        """Look at a run as it comes in."""
        watch = Watch(self.store, CATALOGUE, METRICS, {f"s@{version}"}, self.settings)
        look = await watch.look(run, ["Acme"], run.started_at)
        assert look.compared == (self.weeks > 1 and version == "1")
        return list(look.alerts)


async def test_a_first_run_has_nothing_to_be_compared_with() -> None:
    """No baseline, no alert."""
    house = House()

    assert await house.look(await house.run(ALWAYS)) == []


async def test_runs_that_are_alike_are_silent() -> None:
    """Ten runs of one system raise nothing."""
    house = House()

    assert [await house.look(await house.run(OFTEN)) for _ in range(10)] == [[]] * 10


async def test_a_brand_that_vanishes_raises_one_alert_and_a_new_baseline() -> None:
    """The run after the shift is compared with the shifted one, not with what was before."""
    house = House()
    for _ in range(2):
        await house.look(await house.run(OFTEN))
    [alert] = await house.look(await house.run(NEVER))

    assert alert.shift.metric == "visibility"
    assert (alert.shift.before, alert.shift.after) == pytest.approx((2 / 3, 0.0))
    assert alert.id
    assert await house.look(await house.run(NEVER)) == []
    [recovery] = await house.look(await house.run(OFTEN))
    assert recovery.shift.change > 0


async def test_looking_twice_at_a_run_raises_its_alert_once() -> None:
    """A second try finds the alert that is kept: the first may have been cut off before."""
    house = House()
    await house.run(OFTEN)
    run = await house.run(NEVER)

    assert await house.look(run) == await house.look(run) != []
    assert len(await house.store.alerts()) == 1


async def test_each_model_that_moved_has_its_own_alert() -> None:
    """Two models are two stories, and one that stayed has none."""
    house = House()
    for _ in range(2):
        await house.run(OFTEN, OFTEN)
    [alert] = await house.look(await house.run(NEVER, OFTEN))

    assert alert.shift.model == MODELS[0]


async def test_two_scorer_versions_are_never_compared() -> None:
    """A new version that scores lower is not a shift."""
    house = House()
    await house.run(OFTEN, version="1")
    run = await house.run(NEVER, version="2")

    assert await house.look(run, version="2") == []


async def test_a_change_that_is_sure_but_small_is_not_told() -> None:
    """The effect gate is the user's."""
    careful, curious = House(minimum_sentiment=0.3), House(minimum_sentiment=0.1)
    for house in (careful, curious):
        for _ in range(3):
            await house.run(OFTEN, metric="sentiment", values=(0.52, 0.48))
        run = await house.run(OFTEN, metric="sentiment", values=(0.32, 0.28))
        told = await house.look(run)
        assert bool(told) == (house is curious)


async def test_a_metric_that_may_not_alert_does_not() -> None:
    """[alerts] metrics chooses."""
    house = House()
    house.settings = AlertsTable(metrics=("sentiment",))
    await house.run(OFTEN)

    assert await house.look(await house.run(NEVER)) == []


async def test_a_run_that_came_late_is_compared_with_what_was_before_it() -> None:
    """History that is imported after newer runs keeps its place in time."""
    house = House()
    await house.run(OFTEN)
    late = await house.run(NEVER)
    await house.run(NEVER)

    [alert] = await house.look(late)
    assert alert.shift.answers == (30, 30)
