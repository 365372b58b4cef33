"""Tests of what people do with an alert, and of the state that follows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kit.alert_house import MODEL, House
from kit.recording import HandClock
from overheard.alerts.handling import SavedState, after, past_states
from overheard.domain import (
    Alert,
    AlertEvent,
    AlertEventKind,
    AlertState,
    Model,
    ModelUpdate,
    Shift,
)
from overheard.errors import AlertUnchanged, NotUndone, UnknownName


@pytest.fixture
async def house() -> House:
    """A deployment without alerts."""
    return House()


async def test_what_cannot_happen_says_why(house: House) -> None:
    """A second click shows who was first, and changes nothing."""
    alert = await house.handling.acknowledge((await house.raise_alert()).id, "Ada")
    with pytest.raises(AlertUnchanged, match=r"This alert is acknowledged already \(by Ada\)"):
        await house.handling.acknowledge(alert.id, "Bob")
    with pytest.raises(UnknownName, match="no alert called"):
        await house.handling.close(7, "Bob")

    assert len(await house.history(alert)) == 2


async def test_it_can_be_opened_again(house: House) -> None:
    """Whatever was done is undone."""
    number = (await house.raise_alert()).id
    for done in (house.handling.acknowledge, house.handling.close):
        await done(number, "Ada")
        assert (await house.handling.reopen(number, "Bob")).state is AlertState.OPEN


async def test_a_snooze_ends_by_the_clock(house: House) -> None:
    """It is silent until then, and open afterwards."""
    alert = await house.raise_alert()
    until = house.clock.now().replace(hour=12)
    snoozed = await house.handling.snooze(alert.id, "Ada", until)

    assert (snoozed.state, snoozed.until) == (AlertState.SNOOZED, until)
    assert await house.handling.wake() == []
    house.clock.at = until
    [woken] = await house.handling.wake()
    assert (woken.state, woken.until, woken.by) == (AlertState.OPEN, None, "")
    assert await house.handling.wake() == []


async def test_a_snooze_ends_with_the_next_update_of_the_model(house: House) -> None:
    """An update before it, or of another model, does not count."""
    alert = await house.raise_alert()
    await house.store.updates.add(ModelUpdate(MODEL, house.clock.now()))
    house.clock.pass_(hours=1)
    await house.handling.snooze(alert.id, "Ada", None)
    house.clock.pass_(hours=1)
    await house.store.updates.add(ModelUpdate(Model("svc", "m-2"), house.clock.now()))
    assert await house.handling.wake() == []

    await house.store.updates.add(ModelUpdate(MODEL, house.clock.now()))
    assert [woken.state for woken in await house.handling.wake()] == [AlertState.OPEN]


async def test_a_person_marks_an_alert_as_an_update_of_the_model(house: House) -> None:
    """The update begins with the alert's run, and the alert keeps its state."""
    alert = await house.raise_alert()
    house.clock.pass_(hours=5)
    update = await house.handling.mark_update(alert.id, "Ada", "")

    assert await house.store.updates.find(MODEL) == [update]
    assert (update.at, update.source) == (alert.opened_at, "people")
    assert (await house.log.find(alert.id)).state is AlertState.OPEN


async def test_two_who_are_equally_quick_are_both_kept(house: House) -> None:
    """The slower one's change is made to the alert as the quicker one left it."""
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


async def test_an_unknown_alert_is_answered_with_those_there_are(house: House) -> None:
    """At most ten of them."""
    with pytest.raises(UnknownName, match="none yet"):
        await house.log.find(7)
    for number in range(12):
        await house.raise_alert(f"run {number}", brand=f"Brand {number}")

    with pytest.raises(UnknownName) as caught:
        await house.log.find(99)
    assert "12, 11, 10, 9, 8, 7, 6, 5, 4, 3" in str(caught.value)
    assert "3, 2" not in str(caught.value)


@pytest.mark.parametrize(("said", "note"), [("", "said by Ada"), ("m-1 of May", "m-1 of May")])
async def test_an_update_is_noted_with_what_the_person_said(
    house: House, said: str, note: str
) -> None:
    """Or with the person, when nothing was said."""
    alert = await house.raise_alert()

    assert (await house.handling.mark_update(alert.id, "Ada", said)).note == note
    assert await house.history(alert) == [
        (AlertEventKind.RAISED, ""),
        (AlertEventKind.UPDATE, "Ada"),
    ]


async def test_an_alert_says_why_it_is_awake(house: House) -> None:
    """Its snooze is over, or its model was updated since it was snoozed last."""
    timed, waiting = await house.raise_alert(), await house.raise_alert("second", brand="Zeta")
    await house.handling.snooze(timed.id, "Ada", house.clock.now())
    await house.handling.snooze(waiting.id, "Ada", None)
    house.clock.pass_(hours=1)
    await house.store.updates.add(ModelUpdate(MODEL, house.clock.now()))
    await house.handling.wake()

    notes = [(await house.store.alerts.events(a.id))[-1].note for a in (timed, waiting)]
    assert notes == ["The snooze is over.", "The model was updated."]


async def test_a_second_snooze_waits_for_the_update_after_it(house: House) -> None:
    """An update between the two does not end the second."""
    alert = await house.raise_alert()
    await house.handling.snooze(alert.id, "Ada", None)
    house.clock.pass_(hours=1)
    await house.store.updates.add(ModelUpdate(MODEL, house.clock.now()))
    house.clock.pass_(hours=1)
    await house.handling.snooze(alert.id, "Ada", None)

    assert await house.handling.wake() == []


async def test_an_update_at_the_moment_of_a_snooze_does_not_end_it(house: House) -> None:
    """It is the update that the snooze was made for."""
    alert = await house.raise_alert()
    await house.handling.snooze(alert.id, "Ada", None)
    await house.store.updates.add(ModelUpdate(MODEL, house.clock.now()))
    house.clock.pass_(hours=1)

    assert await house.handling.wake() == []


async def last_event(house: House, alert: Alert) -> int:
    """Return the number of an alert's last event."""
    return (await house.store.alerts.events(alert.id))[-1].id


@pytest.mark.parametrize(
    "before", ["", "snooze 1d", "snooze update", "acknowledge", "close"], ids=lambda b: b or "open"
)
@pytest.mark.parametrize("done", ["acknowledge", "snooze 1w", "close"])
async def test_undo_takes_back_exactly_what_was_done(house: House, before: str, done: str) -> None:
    """Whatever the alert was before, it is again: state, person and end of a snooze."""
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


async def test_undo_of_a_mark_removes_the_mark_alone(house: House) -> None:
    """The snooze before it stays, and so does the update that was known already."""
    alert = await act(house, await house.raise_alert(), "snooze update", "Ada")
    await house.handling.mark_update(alert.id, "Bob", "")
    marked = await last_event(house, alert)
    undone = await house.handling.undo(alert.id, marked, "Bob")

    assert (undone.state, undone.by) == (AlertState.SNOOZED, "Ada")
    assert await house.store.updates.find(MODEL) == []
    with pytest.raises(NotUndone):
        await house.handling.undo(alert.id, marked, "Bob")


async def test_an_update_that_is_known_is_not_marked_again(house: House) -> None:
    """Nor is it removed by an undo."""
    alert = await house.raise_alert()
    served = ModelUpdate(MODEL, alert.opened_at, "served model")
    served = await house.store.updates.add(served)

    assert await house.handling.mark_update(alert.id, "Bob (slack:U2)", "") == served
    with pytest.raises(NotUndone):
        await house.handling.undo(alert.id, await last_event(house, alert), "Bob")
    assert await house.store.updates.find(MODEL) == [served]


async def test_what_changed_since_is_not_undone(house: House) -> None:
    """Nor what no person did."""
    alert = await act(house, await house.raise_alert(), "acknowledge", "Ada")
    number = await last_event(house, alert)
    await act(house, alert, "close", "Bob")
    raised = (await house.store.alerts.events(alert.id))[0].id

    for event in (number, raised, 99):
        with pytest.raises(NotUndone):
            await house.handling.undo(alert.id, event, "Ada")
