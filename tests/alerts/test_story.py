"""Tests of the story of a brand at a model: one record, whatever happened to its alerts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as some

from kit.office import DECLARED, executed, open_office
from kit.stories import read_stories
from overheard.alerts.service import Lifecycle
from overheard.alerts.story import (
    Story,
    StoryState,
    Watch,
    alerts_about,
    duration_words,
    stories,
    unrouted,
    update_watched_models,
)
from overheard.commands.alerts import list_alerts
from overheard.commands.changes import list_updates
from overheard.commands.check import check
from overheard.commands.delivery_cards import sign_of_life
from overheard.commands.report import digest
from overheard.commands.status import status
from overheard.deployment import Call
from overheard.detection.placement import ONE_STORY
from overheard.domain import WHOLE_MODEL, Alert, AlertState, Model, ModelUpdate, Shift

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WEEK = timedelta(weeks=1)
MODEL = Model("openai", "gpt-5")
STARTS = {number: NOON + number * WEEK for number in range(60)}
KEY = ("Acme", MODEL)


def alert_of(
    number: int, run: int, state: AlertState = AlertState.OPEN, end: int = 0, **more: Any
) -> Alert:
    """Make an alert of a week; ``end`` is the week in which it was over."""
    shift = Shift("Acme", MODEL, "visibility", run, 0.9, 0.3, -0.6, (-0.7, -0.5), **more)
    over_at = NOON + end * WEEK if end else None
    return Alert(shift, NOON + run * WEEK, state=state, over_at=over_at, id=number)


def story_of(*alerts: Alert, week: int = 20, **more: Any) -> Story:
    """Return the story of Acme as of a week."""
    return stories(alerts, STARTS, NOON + week * WEEK, included=[KEY], **more)[KEY]


def test_nothing_is_steady_or_watched() -> None:
    """Without an alert nothing moved, and every check is usual."""
    assert story_of().state is StoryState.STEADY
    assert story_of(watched={KEY: Watch("visibility")}).state is StoryState.WATCHING
    assert story_of().is_usual(NOON)
    assert story_of().data()["began"] is None


@pytest.mark.parametrize("state", [state for state in AlertState if not state.over])
def test_an_alert_that_is_not_over_has_moved_the_brand(state: AlertState) -> None:
    """Since its change began; the checks before are usual."""
    story = story_of(alert_of(1, 10, state, began=9), watched={KEY: Watch("visibility")})

    assert (story.state, story.began, story.ended) == (StoryState.MOVED, STARTS[9], None)
    assert story.is_usual(STARTS[8])
    assert not story.is_usual(STARTS[9])
    assert not story.is_usual(STARTS[19])


def test_a_recovery_is_part_of_the_story_for_some_weeks() -> None:
    """And its checks are never usual."""
    over = alert_of(1, 10, AlertState.RECOVERED, end=13)
    fresh, old = story_of(over, week=14), story_of(over, week=13 + ONE_STORY // WEEK)

    assert (fresh.state, fresh.alert, fresh.ended) == (StoryState.RECOVERED, over, STARTS[13])
    assert (old.state, old.alert) == (StoryState.STEADY, None)
    for story in (fresh, old):
        usual = [week for week in range(20) if story.is_usual(STARTS[week])]
        assert usual == [*range(10), *range(13, 20)]


def test_what_a_person_accepted_is_usual_from_then_on() -> None:
    """Closing an alert makes its level the usual one."""
    story = story_of(alert_of(1, 10, AlertState.CLOSED, end=11))

    assert story.state is StoryState.STEADY
    assert [week for week in range(8, 13) if story.is_usual(STARTS[week])] == [10, 11, 12]


def test_an_open_alert_is_told_whatever_recovered_after_it() -> None:
    """No recovery hides an alert that needs attention."""
    moved, over = alert_of(1, 5), alert_of(2, 10, AlertState.RECOVERED, end=12)

    assert story_of(moved, over).alert is moved


WEEKS = some.integers(0, 30)
ALERTS = some.lists(
    some.tuples(WEEKS, WEEKS, some.sampled_from(list(AlertState))),
    max_size=6,
    unique_by=lambda a: a[0],
)


@given(ALERTS, some.integers(31, 59), some.randoms())
def test_a_story_agrees_with_its_alerts(
    given_alerts: list[tuple[int, int, AlertState]], week: int, order: Any
) -> None:
    """It has moved if and only if an alert is open, whatever the order in which alerts are read."""
    alerts = [
        alert_of(n, run, state, end=run + 1 + length if state.over else 0)
        for n, (run, length, state) in enumerate(given_alerts, 1)
    ]
    story = story_of(*alerts, week=week)
    shuffled = list(alerts)
    order.shuffle(shuffled)

    assert (story.state is StoryState.MOVED) == any(not a.state.over for a in alerts)
    assert (story.alert is None) == (story.state in {StoryState.STEADY, StoryState.WATCHING})
    assert story == story_of(*shuffled, week=week)
    if story.state is StoryState.MOVED:
        assert story.began
        assert not story.is_usual(story.began)
    if story.state is StoryState.RECOVERED:
        assert story.ended
        assert STARTS[week] - story.ended < ONE_STORY


def test_how_long_it_lasted_is_in_words() -> None:
    """In days, and in weeks from two on."""
    story = story_of(alert_of(1, 10, AlertState.RECOVERED, end=13), week=14)
    [period] = story.periods

    assert duration_words(period, NOON) == "3 weeks"
    [period] = story_of(alert_of(1, 10)).periods
    assert duration_words(period, STARTS[10] + timedelta(hours=3)) == "1 day"


async def test_the_stories_of_a_deployment_are_read() -> None:
    """Also of a brand that has none."""
    office = await open_office()

    assert await read_stories(office.store, NOON) == {}
    [story] = (await read_stories(office.store, NOON, "Acme", included=[KEY])).values()
    assert story.state is StoryState.STEADY


async def test_what_is_watched_and_what_no_channel_shows_is_said_at_home() -> None:
    """An open alert that no route leads anywhere is named by status and the sign of life."""
    office = await open_office(DECLARED + '\n[[routes]]\nchannel = "slack:C1"\nbrands = ["Zeta"]\n')
    deployment, store = office.deployment, office.store
    await executed(check(Call(deployment), repeats=1))
    [run] = await store.runs.find()
    model = Model("svc", "m-1")
    await update_watched_models(store, "Acme", {model}, {model: Watch("visibility")}, NOON)
    assert "Watching: " in (await status(Call(deployment))).title
    assert "Watching: " in (await digest(Call(deployment))).title
    assert await unrouted(deployment.store, deployment.config) == []

    shift = Shift("Acme", model, "visibility", run.id, 0.9, 0.3, -0.6, (-0.7, -0.5))
    alert, _ = await Lifecycle.of(Call(deployment)).raise_alert(Alert(shift, run.started_at))
    assert await unrouted(deployment.store, deployment.config) == [alert]
    home = await status(Call(deployment))
    assert "1 open alert is posted in no channel" in str(home.text)
    assert "Watching" not in str(home.text)
    assert [story["state"] for story in home.data["stories"]] == ["moved"]
    alive = await sign_of_life(Call(deployment))
    assert "posted in no channel" in str(alive.text)


async def test_alerts_are_listed_by_state_and_brand_the_newest_first() -> None:
    """Live ones are all that are not over; how many more there are is said."""
    office = await open_office()
    store = office.store
    await executed(check(Call(office.deployment), repeats=1))
    [run] = await store.runs.find()
    states = [AlertState.OPEN, AlertState.SNOOZED, AlertState.CLOSED, AlertState.RECOVERED]
    for number, state in enumerate(states):
        shift = Shift("Acme", MODEL, "visibility", run.id, 0.9, 0.3, -0.6, (-0.7, -0.5))
        moved = replace(shift, model=Model("svc", f"m-{number}"))
        await store.alerts.add(Alert(moved, run.started_at + number * WEEK, state=state), [])

    async def listed(**only: Any) -> tuple[str, list[int], str]:
        card = await list_alerts(Call(office.deployment), **only)
        return card.title, [row["id"] for row in card.data["alerts"]], str(card.text)

    assert await listed() == ("4 alerts", [4, 3, 2, 1], "")
    assert await listed(state="live") == ("2 live alerts", [2, 1], "")
    assert await listed(state="snoozed") == ("1 snoozed alert", [2], "")
    assert await listed(state="growing") == ("0 growing alerts", [], "There are none.")
    assert await listed(brand="Acme Boards", limit=3) == (
        "4 alerts",
        [4, 3, 2],
        "The newest 3 are shown.",
    )
    assert (await listed(brand="Zeta"))[1] == []
    card = await list_alerts(Call(office.deployment), limit=1)
    assert card.data["more"] == 3
    assert [action.words for action in card.actions] == ["alerts show 4"]


async def test_every_surface_tells_a_change_of_a_model_as_a_whole_once() -> None:
    """`updates` names it with the update, Home and the digest tell it and not the brand's alert
    that belongs to it, and the list of alerts links the two.
    """
    office = await open_office()
    deployment, store = office.deployment, office.store
    await executed(check(Call(deployment), repeats=1))
    [run] = await store.runs.find()
    model = Model("svc", "m-1")
    await store.updates.add(ModelUpdate(model, run.started_at - timedelta(hours=1)))
    mine = Shift("Acme", model, "visibility", run.id, 0.9, 0.3, -0.6, (-0.7, -0.5))
    whole = Alert(replace(mine, brand=WHOLE_MODEL), run.started_at, (mine,))
    brand, _ = await Lifecycle.of(Call(deployment)).raise_alert(Alert(mine, run.started_at))
    told, _ = await Lifecycle.of(Call(deployment)).raise_alert(whole)

    updates = await list_updates(Call(deployment))
    assert "It changed how it speaks about the whole category." in str(updates.text)
    assert updates.data["updates"][0]["whole_model"] == told.id
    listed = await list_alerts(Call(deployment))
    rows = {row["id"]: (row["kind"], row["part_of"]) for row in listed.data["alerts"]}
    assert rows == {told.id: ("model", None), brand.id: ("brand", told.id)}
    title = "m-1 changed how it speaks about your whole category"
    for card in (await status(Call(deployment)), await digest(Call(deployment))):
        said = f"{card.title} {card.text}"
        assert said.count(title) == 1
        assert "names Acme" not in said
    [story] = (await read_stories(store, deployment.clock.now(), "Acme")).values()
    assert (story.state, story.alert) == (StoryState.MOVED, brand)
    assert [alert.id for alert in await alerts_about(store, "Acme")] == [told.id, brand.id]
    assert await alerts_about(store, "Zeta") == []


@pytest.mark.parametrize(
    ("change", "width", "answers", "moved", "bound", "more"),
    [
        (-0.13, 0.16, (400, 72), True, 0.21, 1),
        (-0.13, 0.20, (400, 72), False, 0.23, 1),
        (-0.02, 0.08, (400, 144), False, 0.06, 1),
        (0.02, 0.26, (720, 36), False, 0.15, 2),
        (0.05, 0.26, (80, 36), False, 0.18, None),
        (0.02, 0.54, (1000, 36), False, 0.29, 18),
    ],
)
def test_what_an_update_did_is_told_by_one_test(
    change: float, width: float, answers: tuple[int, int], *, moved: bool, bound: float, more: Any
) -> None:
    """It moved the brand, or not by more than a bound; else how many checks would tell."""
    watch = Watch(
        "visibility",
        NOON,
        (NOON,),
        "feed",
        values=(0.5, 0.5 + change),
        interval=(change - width / 2, change + width / 2),
        answers=answers,
    )
    assert watch.has_moved == moved
    assert watch.bound == pytest.approx(bound)
    assert watch.looks_to_tell == more
    assert Watch.read(watch.data()) == watch


def test_what_an_earlier_version_kept_of_a_watch_is_read() -> None:
    """Values that are no longer kept are left out, and those that were not kept are as usual."""
    kept = {"metric": "visibility", "opened": NOON.isoformat(), "looks": [], "side": -1.0}
    assert Watch.read(kept) == Watch("visibility", NOON)
    uncounted = Watch.read(kept | {"values": [0.5, 0.5], "interval": [-0.2, 0.2]})
    assert (uncounted.least, uncounted.looks_to_tell) == (None, None)
