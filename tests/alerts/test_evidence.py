"""Tests of what is known of an alert: what happened before it, and which runs explain it."""

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from kit.alert_shapes import DAY, MODEL, NOON, OTHER, PROMPTS, alert_of, shift_of, stream_of
from kit.scripted import reply
from overheard.alerts import evidence as module
from overheard.alerts.evidence import (
    AlertPast,
    alert_explanation,
    gather_evidence,
    last_said,
    measured_shift,
    moved_prompts,
    read_pasts,
)
from overheard.alerts.story import Period
from overheard.cards.model_names import ModelNames
from overheard.detection.baseline import MAX_BASELINE_RUNS
from overheard.domain import (
    VISIBILITY,
    WHOLE_MODEL,
    Alert,
    AlertEvent,
    AlertEventKind,
    AlertState,
    Answer,
    Brand,
    Catalogue,
    Detail,
    Question,
    ReportedStatement,
    Run,
    RunKey,
    Score,
    ScoreRecord,
    Shift,
    StatementKind,
)
from overheard.measure.blocks import Stream
from overheard.testing.deployment import open_test_store

STATEMENT = ReportedStatement(StatementKind.CLAIM, "price", "$49", "$14", verdict="wrong")
CATALOGUE = Catalogue((Brand("Acme", competitors=("Zeta",)), Brand("Zeta"), Brand("Far")))


def past_of(*streams: Stream, began: int = 3, earlier: tuple[Period, ...] = ()) -> AlertPast:
    """Return a past in which the change began with the run of a day."""
    starts = {number: NOON + number * DAY for number in range(200)}
    return AlertPast(starts, RunKey(NOON + began * DAY, began), streams, earlier, None)


@pytest.fixture
def explained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What alerts are explained by: key, streams, beginning and updates."""
    given: list[tuple[Any, ...]] = []
    monkeypatch.setattr(module, "explain", lambda *what: given.append(what))
    return given


def runs_that_explain(
    explained: list[tuple[Any, ...]], alert: Alert, past: AlertPast
) -> list[list[int]] | None:
    """Return the runs of each stream by which an alert is explained, or None where it is not."""
    explained.clear()
    alert_explanation(alert, past)
    return [[run.id for run in stream.runs] for stream in explained[0][1]] if explained else None


def test_a_change_is_explained_by_the_runs_since_the_level_before_it(
    explained: list[tuple[Any, ...]],
) -> None:
    """From the end of an earlier change, or the beginning of one that was accepted, up to the end
    of the alert; at most as many before as a baseline has.
    """
    mine, other = (stream_of("Acme", model, [[2, 2]] * 9) for model in (MODEL, OTHER))
    ended = Period(NOON + 1 * DAY, NOON + 3 * DAY, 1)

    def runs(*earlier: Period, **more: Any) -> list[list[int]] | None:
        past = past_of(other, mine, began=6, earlier=earlier)
        return runs_that_explain(explained, alert_of(**more), past)

    assert runs() == [[*range(1, 10)]] * 2
    assert explained[0][0] == mine.key
    assert explained[0][2:] == (RunKey(NOON + 6 * DAY, 6), ())
    assert runs(ended) == [[*range(3, 10)]] * 2
    assert runs(ended, replace(ended, began=NOON + 2 * DAY, accepted=True)) == [[*range(3, 10)]] * 2
    assert runs(replace(ended, accepted=True)) == [[*range(1, 10)]] * 2
    assert runs(replace(ended, ended=None, began=NOON + 4 * DAY)) == [[*range(4, 10)]] * 2
    assert runs(replace(ended, ended=NOON + 6 * DAY)) is None, "no run of its own before it"
    assert runs(over_at=NOON + 7 * DAY + timedelta(hours=1)) == [[*range(1, 8)]] * 2
    assert runs(over_at=NOON + 6 * DAY) == [[*range(1, 7)]] * 2
    assert runs(over_at=NOON + 5 * DAY) is None

    long = stream_of("Acme", MODEL, [[2, 2]] * (MAX_BASELINE_RUNS + 20))
    [compared] = runs_that_explain(explained, alert_of(), past_of(long, began=130)) or []
    assert (compared[0], compared[-1]) == (130 - MAX_BASELINE_RUNS, MAX_BASELINE_RUNS + 20)


def test_what_cannot_be_compared_is_not_explained(explained: list[tuple[Any, ...]]) -> None:
    """An alert of statements alone, a metric that its model has no stream of, a first run."""
    mine = stream_of("Acme", MODEL, [[2, 2]] * 4)
    claim = shift_of(metric="false claims", statement=STATEMENT)
    whole = alert_of(shift_of(brand=WHOLE_MODEL), also=(shift_of(),))
    for alert, past in (
        (alert_of(claim), past_of(mine)),
        (alert_of(), past_of(replace(mine, key=mine.key._replace(model=OTHER)))),
        (alert_of(), past_of(mine, began=1)),
        (alert_of(), past_of(mine, began=5)),
    ):
        assert runs_that_explain(explained, alert, past) is None
    assert runs_that_explain(explained, alert_of(claim, also=(shift_of(),)), past_of(mine))
    assert runs_that_explain(explained, whole, past_of(mine))
    assert explained[0][0] == mine.key._replace(brand=WHOLE_MODEL)


async def test_earlier_changes_are_those_of_the_brand_at_the_model() -> None:
    """Also those of the model as a whole that report the brand; not its own, later ones, and those
    of other models and brands.
    """
    store = open_test_store()
    runs = [await store.runs.start(Run(f"day {n}", NOON + n * DAY)) for n in range(9)]

    async def raised(run: int, *also: Shift, state: AlertState = AlertState.OPEN, **of: Any) -> int:
        shift = shift_of(run_id=runs[run].id, began=runs[run].id, **of)
        alert = Alert(shift, runs[run].started_at, also, state=state)
        return (await store.alerts.add(alert, []))[0].id

    def part(run: int, brand: str) -> Shift:
        return shift_of(brand=brand, run_id=runs[run].id, began=runs[run].id)

    first = await raised(0, state=AlertState.CLOSED)
    await raised(1, model=OTHER)
    second = await raised(2, part(2, "Zeta"), part(2, "Acme"), brand=WHOLE_MODEL)
    await raised(3, part(3, "Zeta"), brand=WHOLE_MODEL)
    await raised(4, brand="Zeta")
    own = await raised(6, state=AlertState.RECOVERED)
    await raised(7, metric="sentiment")
    whole = await raised(8, part(8, "Acme"), brand=WHOLE_MODEL)
    alerts = {alert.id: alert for alert in await store.alerts.find()}
    pasts = await read_pasts(store, CATALOGUE, [], [alerts[own], alerts[whole], alerts[second]])

    assert pasts[own].earlier == (
        Period(runs[0].started_at, None, first, accepted=True),
        Period(runs[2].started_at, None, second),
    )
    assert pasts[own].began == RunKey(runs[6].started_at, runs[6].id)
    assert pasts[own].starts == {run.id: run.started_at for run in runs}
    assert [period.began for period in pasts[whole].earlier] == [
        runs[2].started_at,
        runs[3].started_at,
    ]
    assert pasts[second].earlier == ()
    assert (pasts[own].model_alert, pasts[whole].model_alert) == (None, None)


async def scored(*days: dict[str, tuple[Any, ...]]) -> tuple[Any, list[RunKey]]:
    """Return a store with a run a day, and the runs: in each the first brands are scored in answers
    to some questions, with details by brand.
    """
    store, runs = open_test_store(), []
    for day, details in enumerate(days):
        run = await store.runs.start(Run(f"day {day}", NOON + day * DAY))
        runs.append(RunKey(run.started_at, run.id))
        for model in (MODEL, OTHER):
            asked = [Question(prompt, model) for prompt in PROMPTS[:2]]
            answers = await store.answers.add(
                [Answer(run.id, one, reply("Acme is good."), run.started_at) for one in asked]
            )
            for version, found in details.items():
                records = [
                    ScoreRecord(a.id, brand, "s", version, Score(VISIBILITY, 1.0, details=found))
                    for a in answers
                    for brand in ("Acme", "Zeta", "Far")
                ]
                by_answer = [(a, [r for r in records if r.answer_id == a.id]) for a in answers]
                await store.scores.add("s", version, by_answer)
    return store, runs


async def test_an_alert_is_compared_with_its_competitors_alone() -> None:
    """That of a model as a whole with all brands; up to a time where one is given."""
    store, runs = await scored({"1": ()}, {"1": ()})
    mine = (await store.alerts.add(alert_of(shift_of(run_id=runs[1].id)), []))[0]
    whole_shift = shift_of(brand=WHOLE_MODEL, run_id=runs[1].id)
    whole = (await store.alerts.add(alert_of(whole_shift, also=(mine.shift,)), []))[0]

    async def compared(*alerts: Alert, until: datetime | None = None) -> list[tuple[set[str], int]]:
        pasts = await read_pasts(store, CATALOGUE, ["s@1"], alerts, until)
        streams = [pasts[alert.id].streams for alert in alerts]
        return [({s.key.brand for s in one}, len(one[0].runs)) for one in streams]

    own, every = {"Acme", "Zeta"}, {"Acme", "Zeta", "Far"}
    assert await compared(mine) == [(own, 2)]
    assert await compared(mine, whole) == [(own, 2), (every, 2)]
    assert await compared(mine, until=NOON) == [(own, 1)]


async def read(store: Any, alert: Alert) -> Any:
    """Return the evidence of an alert as a message reads it."""
    call: Any = SimpleNamespace(
        store=store,
        catalogue=CATALOGUE,
        scoring=SimpleNamespace(metrics={}, versions=["s@1"], finding_versions=["s@1"]),
        zone=NOON.tzinfo,
        names=ModelNames(),
    )
    return await gather_evidence(call, alert)


async def test_the_latest_check_counts_a_claim_and_the_last_two_say_whether_it_is_right() -> None:
    """Of the alert's model and the present scorers; right is known when the alert is over."""
    wrong = Detail("price", verdict="wrong", stated="$49")
    right, founded = Detail("price", verdict="correct"), Detail("founded", verdict="correct")
    store, runs = await scored(
        {"1": (right,)}, {"1": (founded,), "2": (right,)}, {"1": (wrong, wrong), "2": (wrong,)}
    )
    claims = [
        shift_of(metric="false claims", run_id=runs[0].id, statement=replace(STATEMENT, said=said))
        for said in ("$49", "$59")
    ]
    alert = (await store.alerts.add(alert_of(claims[0], also=(claims[1],)), []))[0]
    found = await read(store, alert)
    assert {claim.said: count for claim, count in found.stated.items()} == {"$49": 2, "$59": 0}
    assert found.right == frozenset()
    for ended, expected in ((1, {"price"}), (2, set())):
        over = replace(alert, state=AlertState.RECOVERED, over_at=runs[ended].at)
        assert (await read(store, over)).right == expected


def test_the_picture_of_an_alert_is_of_the_brand_that_moved_first() -> None:
    """Not of a statement or the model; of statements alone it shows how often the brand is
    named.
    """
    claim = shift_of(metric="false claims", statement=STATEMENT)
    moved = shift_of(metric="sentiment")
    assert measured_shift(alert_of(claim, also=(moved, shift_of()))) is moved
    assert measured_shift(alert_of(shift_of(brand=WHOLE_MODEL), also=(moved,))) is moved
    assert measured_shift(alert_of(claim)) == replace(claim, metric=VISIBILITY)


def test_readers_saw_the_latest_of_the_explanations() -> None:
    """That of the last revision, else that of the alert."""
    revised = [AlertEvent(AlertEventKind.REVISED, NOON, note=note) for note in ("One.", "Two.")]
    grown = AlertEvent(AlertEventKind.GREW, NOON, note="More.")
    whole = shift_of(brand=WHOLE_MODEL, explanation="The model.")
    assert last_said(alert_of(), [grown]) == "Only this model moved."
    assert last_said(alert_of(), [*revised, grown]) == "Two."
    assert last_said(alert_of(whole, also=(shift_of(),)), []) == "The model."


def test_the_first_five_questions_that_moved_along_are_shown() -> None:
    """Those that stayed, or moved the other way, are not."""
    shift = shift_of()
    first, second, *others = shift.prompts
    mixed = (replace(first, after=1.0), replace(second, before=0.0, after=0.5), *others)
    assert moved_prompts(replace(shift, prompts=mixed)) == tuple(others)
    assert moved_prompts(shift) == shift.prompts[:5]
