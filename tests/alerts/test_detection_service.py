"""Tests of detection after a run: what becomes an alert, and what does not."""

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest

from kit.weekly_runs import MODELS, PROMPTS, REPEATS, keep_week
from overheard.alerts.history import HistoryReader
from overheard.alerts.outbox import Routes
from overheard.alerts.service import CheckJudge, DetectionResult, DetectionService, Lifecycle
from overheard.config.sections import AlertsTable
from overheard.detection.decision_inputs import JudgeCheck
from overheard.detection.power import LEARNING_RUNS
from overheard.domain import (
    Alert,
    AlertEventKind,
    AlertState,
    Brand,
    Catalogue,
    Metric,
    Model,
    Run,
    Scale,
    Score,
    ScoreRecord,
    Shift,
)
from overheard.testing.deployment import open_test_store
from overheard.testing.fakes import FixedClock

METRICS = {
    "visibility": Metric("visibility", Scale.BINARY, "Visibility"),
    "sentiment": Metric("sentiment", Scale.POLARITY, "Sentiment"),
}
CATALOGUE = Catalogue((Brand("Acme", competitors=("Zeta",)), Brand("Zeta", tracked=False)))

Hit = Callable[[int, int], bool]
"""From the numbers of a prompt and a repeat to whether the brand is named."""

OFTEN: Hit = lambda prompt, repeat: (prompt + repeat) % 3 > 0  # noqa: E731 - reads as a constant
NEVER: Hit = lambda prompt, repeat: False  # noqa: E731, ARG005 - the same
ALWAYS: Hit = lambda prompt, repeat: True  # noqa: E731, ARG005 - the same


class House:
    """A store that is filled run by run, week by week."""

    def __init__(self, **settings: float) -> None:
        self.store = open_test_store()
        self.settings = AlertsTable.model_validate(settings)
        self.weeks = 0
        self.heard: list[int] = []

    async def run(
        self,
        *hits: Hit,
        metric: str = "visibility",
        version: str = "1",
        brand: str = "Acme",
        values: tuple[float, float] = (1.0, 0.0),
        served: str = "",
    ) -> Run:
        """Keep a run with an answer to each prompt and repeat; one hit function a model."""
        self.weeks += 1
        scores = {
            model: [
                {brand: values[0] if hit(prompt, repeat) else values[1]}
                for prompt in range(len(PROMPTS))
                for repeat in range(REPEATS)
            ]
            for model, hit in zip(MODELS, hits, strict=False)
        }
        return await keep_week(
            self.store, self.weeks, scores, metric=metric, scorer=f"s@{version}", served=served
        )

    async def watch(
        self, run: Run, version: str = "1", check_judge: CheckJudge | None = None
    ) -> DetectionResult:
        """Look at a run as it comes in."""
        past = HistoryReader(self.store, CATALOGUE, METRICS, {f"s@{version}"}, self.settings)
        lifecycle = Lifecycle(self.store, Routes((), METRICS), FixedClock(run.started_at))
        service = DetectionService(past, lifecycle, listener=self.hear, check_judge=check_judge)
        return await service.detect(run, ["Acme"], run.started_at)

    async def hear(self, alert: Alert) -> None:
        """Note a new alert, as a plugin does."""
        self.heard.append(alert.id)

    async def look(self, run: Run, version: str = "1") -> list[Alert]:
        """Look at a run, and return the alerts that it raised."""
        look = await self.watch(run, version)
        watched = not self.settings.metrics or "visibility" in self.settings.metrics
        assert look.compared == (self.weeks > 1 and version == "1" and watched)
        return list(look.alerts)


@pytest.fixture
async def house() -> House:
    """An empty store."""
    return House()


async def test_a_first_run_has_nothing_to_be_compared_with(house: House) -> None:
    """No baseline, no alert."""
    assert await house.look(await house.run(ALWAYS)) == []


async def test_runs_that_are_alike_are_silent(house: House) -> None:
    """Ten runs of one system raise nothing."""
    assert [await house.look(await house.run(OFTEN)) for _ in range(10)] == [[]] * 10


async def test_a_brand_that_vanishes_raises_one_alert_and_a_new_baseline(house: House) -> None:
    """The run after the shift is compared with the shifted one, not with what was before."""
    for _ in range(3):
        await house.look(await house.run(OFTEN))
    [alert] = await house.look(await house.run(NEVER))

    assert alert.shift.metric == "visibility"
    assert (alert.shift.before, alert.shift.after) == pytest.approx((2 / 3, 0.0))
    assert alert.id
    assert await house.look(await house.run(NEVER)) == []
    assert await house.look(await house.run(OFTEN)) == []
    [ended] = await house.store.alerts.find()
    assert ended.state is AlertState.RECOVERED
    assert house.heard == [alert.id], "plugins hear of a new alert, once"


async def test_what_is_kept_of_the_past_is_dropped_when_the_past_changes(house: House) -> None:
    """A new run analyses itself and the runs that changed a baseline; all runs after one of them
    has other answers, or the settings are others.
    """

    async def analysed(run: Run, **settings: float) -> int:
        table = AlertsTable.model_validate(settings)
        past = HistoryReader(house.store, CATALOGUE, METRICS, {"s@1"}, table)
        found = await past.extend("Acme", [], run, (), run.started_at)
        whole = await past.replay("Acme", [], until=run.started_at)
        assert found.monitor.evidence[run.id] == whole.monitor.evidence[run.id]
        assert [one.run for one in found.alarms] == [one.run for one in whole.alarms]
        return len(found.monitor.evidence)

    runs = [await house.run(OFTEN) for _ in range(5)]
    assert await analysed(runs[-2]) == 4
    assert await analysed(runs[-1]) == 2, "itself and the first"
    assert await analysed(runs[-1]) == 2, "again"
    assert await analysed(runs[-1], false_alarms_per_year=3.0) == 5
    answers = [one async for one in house.store.answers.stream(runs=[runs[1].id])]
    late = [replace(one, question=replace(one.question, repeat=REPEATS)) for one in answers[:1]]
    [answer] = await house.store.answers.add([replace(one, id=0) for one in late])
    record = ScoreRecord(answer.id, "Acme", "s", "1", Score("visibility", 1.0))
    await house.store.scores.add("s", "1", [(answer, [record])])
    assert await analysed(await house.run(NEVER)) == 6, "an answer of the second run came late"
    assert await analysed(await house.run(NEVER)) == 3, "the first, the one with the alarm, itself"


async def test_a_shift_that_is_not_what_it_seems_raises_no_alert(house: House) -> None:
    """A judge that moved is reported instead."""
    for _ in range(3):
        await house.look(await house.run(OFTEN))

    async def check(shift: Shift) -> JudgeCheck:
        return JudgeCheck("judge", "svc/j", 20, 0.6, 0.6 + shift.change, p_value=0.001)

    look = await house.watch(await house.run(NEVER), check_judge=check)
    assert look.alerts == ()
    assert look.doubts == (
        (
            "No alert for Acme at svc/a: visibility seems to have moved by -0.67, and the judge "
            "judge (svc/j), which read 20 of the answers before and since again, sees +0.00 of it."
        ),
    )
    assert await house.store.alerts.find() == []


async def test_each_decision_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """An alert as information, and a silence for debugging, with its reason and numbers."""
    caplog.set_level(logging.DEBUG, "overheard")
    house = House()
    for hit in (OFTEN, OFTEN, OFTEN, NEVER):
        await house.look(await house.run(hit))

    first, *_, last = [record for record in caplog.records if record.name == "overheard"]
    assert (first.levelno, last.levelno) == (logging.DEBUG, logging.INFO)
    assert first.getMessage() == "Run w1, Acme at svc/a: Its baseline has 0 of the 1 run it takes."
    assert last.getMessage() == "Run w4, Acme at svc/a: An alert: visibility moved."


async def test_looking_twice_at_a_run_raises_its_alert_once(house: House) -> None:
    """A second try finds the alert that is kept: the first may have been cut off before."""
    for _ in range(3):
        await house.run(OFTEN)
    run = await house.run(NEVER)

    assert await house.look(run) == await house.look(run) != []
    assert len(await house.store.alerts.find()) == 1


async def test_each_model_that_moved_has_its_own_alert(house: House) -> None:
    """Two models are two stories, and one that stayed has none."""
    for _ in range(5):
        await house.run(OFTEN, OFTEN)
    await house.look(await house.run(NEVER, OFTEN))
    await house.look(await house.run(NEVER, OFTEN))
    [alert] = await house.store.alerts.find()

    assert alert.shift.model == MODELS[0]


async def test_two_scorer_versions_are_never_compared(house: House) -> None:
    """A new version that scores lower is not a shift."""
    await house.run(OFTEN, version="1")
    run = await house.run(NEVER, version="2")

    assert await house.look(run, version="2") == []


async def test_a_change_that_is_sure_but_small_is_not_told(house: House) -> None:
    """The effect gate is the user's."""
    for values in [(0.52, 0.48)] * 12:
        await house.run(OFTEN, metric="sentiment", values=values)
    low = [await house.run(OFTEN, metric="sentiment", values=(0.32, 0.28)) for _ in range(3)]
    for smallest, told in ((0.3, False), (0.1, True)):
        house.settings = AlertsTable.model_validate({"minimum_sentiment": smallest})
        assert any([await house.look(run) for run in low]) == told


async def test_a_metric_that_may_not_alert_does_not(house: House) -> None:
    """[alerts] metrics chooses."""
    house.settings = AlertsTable(metrics=("sentiment",))
    await house.run(OFTEN)

    assert await house.look(await house.run(NEVER)) == []


async def test_a_run_that_came_late_is_compared_with_what_was_before_it(house: House) -> None:
    """History that is imported after newer runs keeps its place in time."""
    for _ in range(3):
        await house.run(OFTEN)
    late = await house.run(NEVER)
    await house.run(NEVER)

    [alert] = await house.look(late)
    assert alert.shift.answers == (90, 30)


async def test_a_short_baseline_is_told(house: House) -> None:
    """A look says how many runs the baseline has and what it could see, until it has enough."""
    told = [await house.watch(await house.run(OFTEN)) for _ in range(LEARNING_RUNS)]
    learning = [look.learning for look in told if look.learning]

    assert [one.runs for one in learning] == list(range(1, LEARNING_RUNS))
    assert all(one.change and 0 < one.change < 1 for one in learning)


async def test_another_served_model_is_kept_as_an_update(house: House) -> None:
    """Once, with the run that shows it, and by itself it raises nothing."""
    for served in ("a-1", "a-1", "a-2"):
        run = await house.run(OFTEN, served=served)
        assert await house.look(run) == await house.look(run) == []

    [update] = await house.store.updates.find()
    assert update.at == run.started_at
    assert (update.model, update.source, update.note) == (MODELS[0], "served model", "a-2")


async def test_an_alert_grows_recovers_and_comes_back(house: House) -> None:
    """A brand that falls in two steps is one alert; the way back ends it, and a fall soon after
    that is the same alert again.
    """
    told = []
    for share in (0.9, 0.9, 0.9, 0.5, 0.5, 0.0, 0.0, 0.9, 0.9, 0.0):
        run = await house.run(lambda p, r, share=share: (3 * p + r) * 7 % 30 < 30 * share)  # type: ignore[misc]
        for _ in range(2):  # a look that is repeated changes nothing
            look = await house.look(run)
        told += [(alert.id, alert.state, alert.follows) for alert in look]

    assert told == [(1, AlertState.OPEN, 0), (1, AlertState.GROWING, 0), (1, AlertState.GROWING, 0)]
    states = [alert.state for alert in await house.store.alerts.find()]
    assert states == [AlertState.GROWING]
    events = [event.what for event in await house.store.alerts.events(1)]
    assert events == [
        AlertEventKind.RAISED,
        AlertEventKind.GREW,
        AlertEventKind.RECOVERED,
        AlertEventKind.RELAPSED,
    ]


async def test_a_posted_message_is_brought_up_to_date_by_runs_that_asked_its_model(
    house: House,
) -> None:
    """And by no others, because they show nothing of it."""
    for _ in range(5):
        await house.run(OFTEN, OFTEN)
    for _ in range(2):
        await house.watch(await house.run(NEVER, OFTEN))
    [alert] = await house.store.alerts.find()
    await house.store.deliveries.add_shown(alert.id, "slack:C1", alert.opened_at)

    async def events_of_next_run(*models: Model) -> list[AlertEventKind]:
        known = len(await house.store.alerts.events(alert.id))
        house.weeks += 1
        named = [{"Acme": 0.0}] * len(PROMPTS) * REPEATS
        await house.watch(await keep_week(house.store, house.weeks, dict.fromkeys(models, named)))
        return [event.what for event in (await house.store.alerts.events(alert.id))[known:]]

    assert alert.shift.model == MODELS[0]
    assert await events_of_next_run(MODELS[0]) == [AlertEventKind.CONTINUED]
    assert await events_of_next_run(MODELS[1]) == []


async def test_a_scorer_that_has_not_read_the_past_is_named_as_the_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is not said that there are too few runs."""
    caplog.set_level(logging.DEBUG, "overheard")
    house = House()
    for _ in range(2):
        await house.run(OFTEN, version="1")
    await house.look(await house.run(OFTEN, version="2"), version="2")

    said = [record.getMessage() for record in caplog.records if record.name == "overheard"]
    assert said == [
        (
            "Run w3, Acme at svc/a: The scorer changed, and its present version has not read the "
            "runs before."
        )
    ]
