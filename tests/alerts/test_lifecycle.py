"""Tests of an alert's life: what can happen to it, and what is kept of that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from overheard.alerts.alert_log import AlertLog
from overheard.alerts.alert_states import SavedState, after, past_states
from overheard.alerts.handling import Handling
from overheard.alerts.lifecycle import Lifecycle
from overheard.alerts.routes import Routes
from overheard.alerts.story import PARTLY, AlertPart
from overheard.config.sections import RouteTable
from overheard.domain import (
    Alert,
    AlertEvent,
    AlertEventKind,
    AlertState,
    DeliveryKind,
    Metric,
    Model,
    ModelUpdate,
    ReportedStatement,
    Run,
    Scale,
    Shift,
    StatementKind,
)
from overheard.errors import AlertUnchanged, NotUndone, UnknownName
from overheard.testing.deployment import open_test_store
from recording import HandClock

MODEL = Model("svc", "m-1")


def shift_of(run: Run, metric: str = "visibility", since: float = 0.7, to: float = 0.45) -> Shift:
    """Make a shift."""
    change = to - since
    interval = (change - 0.1, change + 0.1)
    return Shift("Acme", MODEL, metric, run.id, since, to, change, interval, chance_a_year=0.01)


class House:
    """A store with the life and the handling of its alerts."""

    def __init__(self) -> None:
        self.store = open_test_store()
        self.clock = HandClock()
        metrics = {"visibility": Metric("visibility", Scale.BINARY, "Visibility")}
        routes = Routes([RouteTable(channel="slack:C1")], metrics)
        self.life = Lifecycle(self.store, routes, self.clock)
        self.handling = Handling(self.store, self.clock)
        self.log = AlertLog(self.store, self.clock)

    async def raise_alert(
        self,
        key: str = "first",
        *,
        metric: str = "visibility",
        moved: tuple[float, float] = (0.7, 0.45),
        also: tuple[str, ...] = (),
        brand: str = "Acme",
    ) -> Alert:
        """Raise an alert."""
        run = await self.store.runs.start(Run(key, self.clock.now()))
        names = (metric, *also)
        shift, *more = (replace(shift_of(run, name, *moved), brand=brand) for name in names)
        alert = Alert(shift, self.clock.now(), tuple(more))
        return (await self.life.raise_alert(alert))[0]

    async def history(self, alert: Alert) -> list[tuple[AlertEventKind, str]]:
        """Return what happened, and who did it."""
        return [(event.what, event.who) for event in await self.store.alerts.events(alert.id)]


async def test_who_acknowledged_it_is_kept() -> None:
    """Others see who takes care of it."""
    house = House()
    alert = await house.handling.acknowledge((await house.raise_alert()).id, "Ada")

    assert (alert.state, alert.by) == (AlertState.ACKNOWLEDGED, "Ada")
    assert await house.history(alert) == [
        (AlertEventKind.RAISED, ""),
        (AlertEventKind.ACKNOWLEDGED, "Ada"),
    ]


async def test_what_cannot_happen_says_why() -> None:
    """A second click shows who was first, and changes nothing."""
    house = House()
    alert = await house.handling.acknowledge((await house.raise_alert()).id, "Ada")
    with pytest.raises(AlertUnchanged, match=r"This alert is acknowledged already \(by Ada\)"):
        await house.handling.acknowledge(alert.id, "Bob")
    with pytest.raises(UnknownName, match="no alert called"):
        await house.handling.close(7, "Bob")

    assert len(await house.history(alert)) == 2


async def test_it_can_be_opened_again() -> None:
    """Whatever was done is undone."""
    house = House()
    number = (await house.raise_alert()).id
    for done in (house.handling.acknowledge, house.handling.close):
        await done(number, "Ada")
        assert (await house.handling.reopen(number, "Bob")).state is AlertState.OPEN


async def test_a_snooze_ends_by_the_clock() -> None:
    """It is silent until then, and open afterwards."""
    house = House()
    alert = await house.raise_alert()
    until = house.clock.now().replace(hour=12)
    snoozed = await house.handling.snooze(alert.id, "Ada", until)

    assert (snoozed.state, snoozed.until) == (AlertState.SNOOZED, until)
    assert await house.handling.wake() == []
    house.clock.at = until
    [woken] = await house.handling.wake()
    assert (woken.state, woken.until, woken.by) == (AlertState.OPEN, None, "")
    assert await house.handling.wake() == []


async def test_a_snooze_ends_with_the_next_update_of_the_model() -> None:
    """An update before it, or of another model, does not count."""
    house = House()
    alert = await house.raise_alert()
    await house.store.updates.add(ModelUpdate(MODEL, house.clock.now()))
    house.clock.pass_(hours=1)
    await house.handling.snooze(alert.id, "Ada", None)
    house.clock.pass_(hours=1)
    await house.store.updates.add(ModelUpdate(Model("svc", "m-2"), house.clock.now()))
    assert await house.handling.wake() == []

    await house.store.updates.add(ModelUpdate(MODEL, house.clock.now()))
    assert [woken.state for woken in await house.handling.wake()] == [AlertState.OPEN]


async def test_an_alert_that_grows_wants_to_be_looked_at_again() -> None:
    """Neither an acknowledgement nor a snooze nor a recovery holds against it; a person who has
    closed it does.
    """
    house = House()
    number = (await house.raise_alert()).id
    await house.handling.snooze(number, "Ada", None)
    further = shift_of(await house.store.runs.start(Run("x", house.clock.now())), to=0.12)
    assert (await house.life.grow(number, [further])).state is AlertState.GROWING
    await house.handling.acknowledge(number, "Ada")
    await house.life.recover(number, "It is back at 70 %.")
    again = shift_of(await house.store.runs.start(Run("y", house.clock.now())), to=0.12)
    assert (await house.life.grow(number, [again])).state is AlertState.GROWING
    await house.handling.close(number, "Ada")
    with pytest.raises(AlertUnchanged, match="closed already"):
        await house.life.grow(number, [replace(again, run_id=99)])

    events = await house.store.alerts.events(number)
    assert [event.note for event in events][2::2] == [
        "The model names it far less.",
        "It is back at 70 %.",
        "",
    ]
    assert events[5].what is AlertEventKind.RELAPSED


async def test_a_later_change_of_several_brands_names_each() -> None:
    """Only where one brand changed is it clear whom "it" means."""
    house = House()
    alert = await house.raise_alert()
    further = shift_of(await house.store.runs.start(Run("x", house.clock.now())), to=0.12)
    await house.life.grow(alert.id, [further, replace(further, brand="Zeta")])

    last = (await house.store.alerts.events(alert.id))[-1]
    assert last.note == "The model names Acme far less and names Zeta far less."


async def test_a_recurrence_follows_the_alert_before_it() -> None:
    """Of the same brand, model and metric; it is a separate alert and message."""
    house = House()
    first = await house.raise_alert()
    await house.handling.close(first.id, "Ada")
    other = await house.raise_alert("second", brand="Zeta")
    again = await house.raise_alert("third")

    assert (first.follows, other.follows, again.follows) == (0, 0, first.id)
    told = await house.store.deliveries.find(channel="slack:C1")
    assert sum(one.kind is DeliveryKind.ALERT for one in told) == 3
    assert await house.raise_alert("third") == again


async def test_what_goes_on_is_the_same_alert() -> None:
    """It is kept with what was reported before, once for each run, and nothing new is posted."""
    house = House()
    first = await house.raise_alert(also=("sentiment",))
    await house.handling.snooze(first.id, "Ada", None)
    grown = await house.raise_alert("second", moved=(0.45, 0.2))
    assert (grown.id, grown.state, grown.by) == (first.id, AlertState.GROWING, "")
    assert grown.moved[:2] == first.moved
    assert [shift.after for shift in grown.later] == [0.2]

    await house.handling.acknowledge(first.id, "Ada")
    again = await house.raise_alert("second", moved=(0.45, 0.2))
    assert (again.state, len(again.later)) == (AlertState.ACKNOWLEDGED, 1)
    last = await house.raise_alert("third", metric="sentiment", moved=(0.3, 0.1))
    assert (last.id, len(last.later)) == (first.id, 2)
    told = await house.store.deliveries.find(channel="slack:C1")
    assert sum(one.kind is DeliveryKind.ALERT for one in told) == 1


async def test_another_metric_joins_what_goes_on() -> None:
    """All that moves at one model is one message, also what moves alone at another time."""
    house = House()
    first = await house.raise_alert()
    grown = await house.raise_alert("second", moved=(0.45, 0.2), also=("sentiment",))
    other = await house.raise_alert("third", metric="joy")

    assert grown.id == other.id == first.id
    metrics = [shift.metric for shift in other.moved]
    assert metrics == ["visibility", "visibility", "sentiment", "joy"]


async def test_half_the_way_back_does_not_end_an_alert() -> None:
    """The message says that it is partly back; the rest of the way ends it."""
    house = House()
    first = await house.raise_alert()
    await house.raise_alert("second", moved=(0.45, 0.2))
    half = await house.raise_alert("third", moved=(0.2, 0.4))
    assert (half.id, half.state) == (first.id, AlertState.GROWING)
    more = await house.raise_alert("fourth", moved=(0.4, 0.7))
    assert (more.id, more.state) == (first.id, AlertState.RECOVERED)
    assert [what for what, _ in await house.history(first)] == [
        AlertEventKind.RAISED,
        AlertEventKind.GREW,
        AlertEventKind.EASED,
        AlertEventKind.RECOVERED,
    ]


async def test_looking_again_at_an_old_run_changes_nothing() -> None:
    """Neither at the run that raised it, nor at the one that ended it."""
    house = House()
    first = await house.raise_alert()
    back = await house.raise_alert("second", moved=(0.45, 0.7))
    for key, moved in (("first", (0.7, 0.45)), ("second", (0.45, 0.7))):
        again = await house.raise_alert(key, moved=moved)
        assert (again.id, again.state, again.revision) == (back.id, back.state, back.revision)

    assert (back.id, back.state) == (first.id, AlertState.RECOVERED)
    assert len(await house.store.alerts.find()) == 1


async def test_a_recovery_and_a_relapse_are_the_same_message() -> None:
    """No second alert, however often it comes and goes; after a month it is a new one."""
    house = House()
    first = await house.raise_alert()
    house.clock.pass_(hours=24 * 7)
    back = await house.raise_alert("second", moved=(0.45, 0.68))
    assert (back.id, back.state) == (first.id, AlertState.RECOVERED)
    assert back.over_at == house.clock.now()
    house.clock.pass_(hours=24 * 7)
    again = await house.raise_alert("third")
    assert (again.id, again.state, again.over_at) == (first.id, AlertState.GROWING, None)
    await house.raise_alert("fourth", moved=(0.45, 0.7))
    house.clock.pass_(hours=24 * 36)
    new = await house.raise_alert("fifth")

    assert (new.id, new.follows) == (first.id + 1, first.id)
    told = await house.store.deliveries.find(channel="slack:C1")
    assert sum(one.kind is DeliveryKind.ALERT for one in told) == 2


async def test_a_claim_and_a_shift_end_together() -> None:
    """Until both are over, the thread says which of them is, once."""
    house = House()
    run = await house.store.runs.start(Run("first", house.clock.now()))
    claim = ReportedStatement(StatementKind.CLAIM, "price", "$49", "$14")
    stated = replace(shift_of(run, "false claims"), statement=claim)
    alert, _ = await house.life.raise_alert(Alert(stated, house.clock.now(), (shift_of(run),)))
    for _ in range(2):
        partly = await house.life.recover(alert.id, "Gone.", AlertPart.STATEMENTS)
        assert partly.state is AlertState.OPEN
    over = await house.life.recover(alert.id, "It is back.")

    assert over.state is AlertState.RECOVERED
    notes = [event.note for event in await house.store.alerts.events(alert.id)]
    assert notes == ["", PARTLY[AlertPart.STATEMENTS], "It is back."]


async def test_a_brand_is_back_alone_once_until_the_alert_grows() -> None:
    """Each brand has its own line in the thread, and the alert stays open."""
    house = House()
    number = (await house.raise_alert()).id
    await house.handling.acknowledge(number, "Ada")
    for brand in ("Acme", "Beta", "Acme"):
        alert = await house.life.brand_is_back(number, brand)
        assert alert.state is AlertState.ACKNOWLEDGED
    run = await house.store.runs.start(Run("second", house.clock.now()))
    await house.life.grow(number, [shift_of(run, since=0.7, to=0.3)])
    await house.life.brand_is_back(number, "Acme")
    notes = [
        event.note
        for event in await house.store.alerts.events(number)
        if event.what is AlertEventKind.EASED
    ]
    back = "{} is back where it was before."
    assert notes == [back.format(brand) for brand in ("Acme", "Beta", "Acme")]


async def test_a_person_marks_an_alert_as_an_update_of_the_model() -> None:
    """The update begins with the alert's run, and the alert keeps its state."""
    house = House()
    alert = await house.raise_alert()
    house.clock.pass_(hours=5)
    update = await house.handling.mark_update(alert.id, "Ada", "")

    assert await house.store.updates.find(MODEL) == [update]
    assert (update.at, update.source) == (alert.opened_at, "people")
    assert (await house.log.find(alert.id)).state is AlertState.OPEN


async def test_two_who_are_equally_quick_are_both_kept() -> None:
    """The slower one's change is made to the alert as the quicker one left it."""
    house = House()
    alert = await house.raise_alert()
    change = house.store.alerts.change

    async def overtaken(changed: Alert, event: object) -> bool:
        house.store.alerts.change = change  # type: ignore[method-assign]
        await house.handling.acknowledge(alert.id, "Ada")
        return await change(changed, event)  # type: ignore[arg-type]

    house.store.alerts.change = overtaken  # type: ignore[method-assign, assignment]
    closed = await house.handling.close(alert.id, "Bob")

    assert (closed.state, closed.revision) == (AlertState.CLOSED, 3)
    assert [who for _, who in await house.history(alert)] == ["", "Ada", "Bob"]


def test_every_change_counts() -> None:
    """Two versions of a message differ in their revision."""
    shift = Shift("Acme", MODEL, "visibility", 1, 0.7, 0.4, -0.3, (-0.4, -0.1))
    alert = Alert(shift, HandClock().now())

    assert after(alert, AlertEventKind.UPDATE) == replace(alert, revision=2)


async def test_an_alert_grows_by_a_run_once() -> None:
    """A second report of the same run returns the alert as it is."""
    house = House()
    alert = await house.raise_alert()
    further = shift_of(await house.store.runs.start(Run("x", house.clock.now())), to=0.12)
    grown = await house.life.grow(alert.id, [further])
    again = await house.life.grow(alert.id, [further])

    assert (again.id, again.revision, len(again.later)) == (grown.id, grown.revision, 1)
    assert len(await house.history(alert)) == 2


async def test_an_unknown_alert_is_answered_with_those_there_are() -> None:
    """At most ten of them."""
    house = House()
    with pytest.raises(UnknownName, match="none yet"):
        await house.log.find(7)
    for number in range(12):
        await house.raise_alert(f"run {number}", brand=f"Brand {number}")

    with pytest.raises(UnknownName) as caught:
        await house.log.find(99)
    assert "12, 11, 10, 9, 8, 7, 6, 5, 4, 3" in str(caught.value)
    assert "3, 2" not in str(caught.value)


@pytest.mark.parametrize(("said", "note"), [("", "said by Ada"), ("m-1 of May", "m-1 of May")])
async def test_an_update_is_noted_with_what_the_person_said(said: str, note: str) -> None:
    """Or with the person, when nothing was said."""
    house = House()
    alert = await house.raise_alert()

    assert (await house.handling.mark_update(alert.id, "Ada", said)).note == note
    assert await house.history(alert) == [
        (AlertEventKind.RAISED, ""),
        (AlertEventKind.UPDATE, "Ada"),
    ]


async def test_an_alert_says_why_it_is_awake() -> None:
    """Its snooze is over, or its model was updated since it was snoozed last."""
    house = House()
    timed, waiting = await house.raise_alert(), await house.raise_alert("second", brand="Zeta")
    await house.handling.snooze(timed.id, "Ada", house.clock.now())
    await house.handling.snooze(waiting.id, "Ada", None)
    house.clock.pass_(hours=1)
    await house.store.updates.add(ModelUpdate(MODEL, house.clock.now()))
    await house.handling.wake()

    notes = [(await house.store.alerts.events(a.id))[-1].note for a in (timed, waiting)]
    assert notes == ["The snooze is over.", "The model was updated."]


async def test_a_second_snooze_waits_for_the_update_after_it() -> None:
    """An update between the two does not end the second."""
    house = House()
    alert = await house.raise_alert()
    await house.handling.snooze(alert.id, "Ada", None)
    house.clock.pass_(hours=1)
    await house.store.updates.add(ModelUpdate(MODEL, house.clock.now()))
    house.clock.pass_(hours=1)
    await house.handling.snooze(alert.id, "Ada", None)

    assert await house.handling.wake() == []


async def test_an_update_at_the_moment_of_a_snooze_does_not_end_it() -> None:
    """It is the update that the snooze was made for."""
    house = House()
    alert = await house.raise_alert()
    await house.handling.snooze(alert.id, "Ada", None)
    await house.store.updates.add(ModelUpdate(MODEL, house.clock.now()))
    house.clock.pass_(hours=1)

    assert await house.handling.wake() == []


async def test_only_a_new_alert_is_called_new() -> None:
    """Neither growth nor a run that is analysed again is announced as one."""
    house = House()
    told = []
    for key, moved in (("first", (0.7, 0.45)), ("first", (0.7, 0.45)), ("second", (0.45, 0.2))):
        run = await house.store.runs.start(Run(key, house.clock.now()))
        alert = Alert(shift_of(run, "visibility", *moved), house.clock.now())
        told.append((await house.life.raise_alert(alert))[1])

    assert told == [True, False, False]


async def last_event(house: House, alert: Alert) -> int:
    """Return the number of an alert's last event."""
    return (await house.store.alerts.events(alert.id))[-1].id


@pytest.mark.parametrize(
    "before", ["", "snooze 1d", "snooze update", "acknowledge", "close"], ids=lambda b: b or "open"
)
@pytest.mark.parametrize("done", ["acknowledge", "snooze 1w", "close"])
async def test_undo_takes_back_exactly_what_was_done(before: str, done: str) -> None:
    """Whatever the alert was before, it is again: state, person and end of a snooze."""
    house = House()
    alert = await house.raise_alert()
    if before == done or (before == "close" and done != "close"):
        return
    if before:
        alert = await act(house, alert, before, "Ada")
    house.clock.pass_(hours=1)
    await act(house, alert, done, "Bob")
    number = await last_event(house, alert)
    undone = await house.handling.undo(alert.id, number, "Bob")

    assert (undone.state, undone.by) == (alert.state, alert.by)
    assert undone.until == alert.until
    with pytest.raises(NotUndone):
        await house.handling.undo(alert.id, number, "Bob")
    if before:  # and then what was done before that
        first = (await house.store.alerts.events(alert.id))[1].id
        assert (await house.handling.undo(alert.id, first, "Ada")).state is AlertState.OPEN


async def act(house: House, alert: Alert, done: str, who: str) -> Alert:
    """Do what a person does."""
    what, _, span = done.partition(" ")
    if what != "snooze":
        return await getattr(house.handling, what)(alert.id, who)  # type: ignore[no-any-return]
    spans = {"1d": timedelta(days=1), "1w": timedelta(weeks=1)}
    until = house.clock.now() + spans[span] if span in spans else None
    return await house.handling.snooze(alert.id, who, until)


@pytest.mark.parametrize(
    ("note", "days"), [("For a day.", 1), ("For a week.", 7), ("Until the next update.", None)]
)
def test_snoozes_of_version_0_1_end_after_their_span(note: str, days: int | None) -> None:
    """Their notes name no time."""
    at = datetime(2026, 3, 2, tzinfo=UTC)
    event = AlertEvent(AlertEventKind.SNOOZED, at, "Ada", note, id=3)
    (_, (number, held)) = past_states([event])
    until = at + timedelta(days=days) if days else None
    assert (number, held) == (3, SavedState(AlertState.SNOOZED, "Ada", until))


async def test_undo_of_a_mark_removes_the_mark_alone() -> None:
    """The snooze before it stays, and so does the update that was known already."""
    house = House()
    alert = await act(house, await house.raise_alert(), "snooze update", "Ada")
    await house.handling.mark_update(alert.id, "Bob", "")
    marked = await last_event(house, alert)
    undone = await house.handling.undo(alert.id, marked, "Bob")

    assert (undone.state, undone.by) == (AlertState.SNOOZED, "Ada")
    assert await house.store.updates.find(MODEL) == []
    with pytest.raises(NotUndone):
        await house.handling.undo(alert.id, marked, "Bob")


async def test_an_update_that_is_known_is_not_marked_again() -> None:
    """Nor is it removed by an undo."""
    house = House()
    alert = await house.raise_alert()
    served = ModelUpdate(MODEL, alert.opened_at, "served model")
    served = await house.store.updates.add(served)

    assert await house.handling.mark_update(alert.id, "Bob (slack:U2)", "") == served
    with pytest.raises(NotUndone):
        await house.handling.undo(alert.id, await last_event(house, alert), "Bob")
    assert await house.store.updates.find(MODEL) == [served]


async def test_what_changed_since_is_not_undone() -> None:
    """Nor what no person did."""
    house = House()
    alert = await act(house, await house.raise_alert(), "acknowledge", "Ada")
    number = await last_event(house, alert)
    await act(house, alert, "close", "Bob")
    raised = (await house.store.alerts.events(alert.id))[0].id

    for event in (number, raised, 99):
        with pytest.raises(NotUndone):
            await house.handling.undo(alert.id, event, "Ada")
