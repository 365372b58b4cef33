"""Tests of an alert's life: what the statistics do with it, and what is kept of that."""

from dataclasses import replace

import pytest

from kit.alert_house import House, shift_of
from overheard.alerts.service import REPORTED_ELSEWHERE
from overheard.alerts.story import PARTLY, AlertPart
from overheard.domain import (
    Alert,
    AlertEventKind,
    AlertState,
    DeliveryKind,
    Model,
    ReportedStatement,
    Run,
    StatementKind,
)
from overheard.errors import AlertUnchanged


@pytest.fixture
async def house() -> House:
    """A deployment without alerts."""
    return House()


async def test_an_alert_that_grows_wants_to_be_looked_at_again(house: House) -> None:
    """Neither an acknowledgement nor a snooze nor a recovery holds against it; a person who has
    closed it does.
    """
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


async def test_a_later_change_of_several_brands_names_each(house: House) -> None:
    """Only where one brand changed is it clear whom "it" means."""
    alert = await house.raise_alert()
    further = shift_of(await house.store.runs.start(Run("x", house.clock.now())), to=0.12)
    await house.life.grow(alert.id, [further, replace(further, brand="Zeta")])

    last = (await house.store.alerts.events(alert.id))[-1]
    assert last.note == "The model names Acme far less and names Zeta far less."


async def test_a_recurrence_follows_the_alert_before_it(house: House) -> None:
    """Of the same brand, model and metric; it is a separate alert and message."""
    first = await house.raise_alert()
    await house.handling.close(first.id, "Ada")
    other = await house.raise_alert("second", brand="Zeta")
    again = await house.raise_alert("third")

    assert (first.follows, other.follows, again.follows) == (0, 0, first.id)
    told = await house.store.deliveries.find(channel="slack:C1")
    assert sum(one.kind is DeliveryKind.ALERT for one in told) == 3
    assert await house.raise_alert("third") == again


async def test_what_goes_on_is_the_same_alert(house: House) -> None:
    """It is kept with what was reported before, once for each run, and nothing new is posted."""
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


async def test_another_metric_joins_what_goes_on(house: House) -> None:
    """All that moves at one model is one message, also what moves alone at another time."""
    first = await house.raise_alert()
    grown = await house.raise_alert("second", moved=(0.45, 0.2), also=("sentiment",))
    other = await house.raise_alert("third", metric="joy")

    assert grown.id == other.id == first.id
    metrics = [shift.metric for shift in other.moved]
    assert metrics == ["visibility", "visibility", "sentiment", "joy"]


async def test_half_the_way_back_does_not_end_an_alert(house: House) -> None:
    """The message says that it is partly back; the rest of the way ends it."""
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


async def test_looking_again_at_an_old_run_changes_nothing(house: House) -> None:
    """Neither at the run that raised it, nor at the one that ended it."""
    first = await house.raise_alert()
    back = await house.raise_alert("second", moved=(0.45, 0.7))
    for key, moved in (("first", (0.7, 0.45)), ("second", (0.45, 0.7))):
        again = await house.raise_alert(key, moved=moved)
        assert (again.id, again.state, again.revision) == (back.id, back.state, back.revision)

    assert (back.id, back.state) == (first.id, AlertState.RECOVERED)
    assert len(await house.store.alerts.find()) == 1


async def test_a_recovery_and_a_relapse_are_the_same_message(house: House) -> None:
    """No second alert, however often it comes and goes; after a month it is a new one."""
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


async def test_a_claim_and_a_shift_end_together(house: House) -> None:
    """Until both are over, the thread says which of them is, once."""
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
    stated = replace(stated, model=Model("svc", "m-2"))
    moved = replace(shift_of(run), model=stated.model)
    other, _ = await house.life.raise_alert(Alert(stated, house.clock.now(), (moved,)))
    eased = await house.life.recover(other.id, "Back.", shifts=[moved])
    assert len(eased.later) == 0, "the run was reported already"
    [_, event] = await house.store.alerts.events(other.id)
    assert event.note == PARTLY[AlertPart.METRICS]


async def test_a_claim_that_comes_again_brings_no_old_shift_back(house: House) -> None:
    """The shift that was over stays over, so the alert ends with the claim."""
    run = await house.store.runs.start(Run("first", house.clock.now()))
    claim = ReportedStatement(StatementKind.CLAIM, "price", "$49", "$14")
    stated = replace(shift_of(run, "false claims"), statement=claim)
    alert, _ = await house.life.raise_alert(Alert(stated, house.clock.now(), (shift_of(run),)))
    await house.life.recover(alert.id, "It is back.")
    await house.life.recover(alert.id, "Gone.", AlertPart.STATEMENTS)
    for key in ("second", "third"):
        later = await house.store.runs.start(Run(key, house.clock.now()))
        again, _ = await house.life.raise_alert(
            Alert(replace(stated, run_id=later.id), house.clock.now())
        )
        assert (again.id, again.state) == (alert.id, AlertState.GROWING)
    over = await house.life.recover(alert.id, "Gone.", AlertPart.STATEMENTS)

    assert over.state is AlertState.RECOVERED


async def test_a_brand_is_back_alone_once_until_the_alert_grows(house: House) -> None:
    """Each brand has its own line in the thread, and the alert stays open."""
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


async def test_an_alert_grows_by_a_run_once(house: House) -> None:
    """A second report of the same run returns the alert as it is."""
    alert = await house.raise_alert()
    further = shift_of(await house.store.runs.start(Run("x", house.clock.now())), to=0.12)
    grown = await house.life.grow(alert.id, [further])
    again = await house.life.grow(alert.id, [further])

    assert (again.id, again.revision, len(again.later)) == (grown.id, grown.revision, 1)
    assert len(await house.history(alert)) == 2


async def test_only_a_new_alert_is_called_new(house: House) -> None:
    """Neither growth nor a run that is analysed again is announced as one."""
    told = []
    for key, moved in (("first", (0.7, 0.45)), ("first", (0.7, 0.45)), ("second", (0.45, 0.2))):
        run = await house.store.runs.start(Run(key, house.clock.now()))
        alert = Alert(shift_of(run, "visibility", *moved), house.clock.now())
        told.append((await house.life.raise_alert(alert))[1])

    assert told == [True, False, False]


async def test_a_change_far_beyond_the_old_level_ends_the_alert_and_is_one_of_its_own(
    house: House,
) -> None:
    """The fall is over, and the rise is news; an end in another alert is said to be that."""
    fall = await house.raise_alert(moved=(0.3, 0.1))
    rise = await house.raise_alert("second", moved=(0.1, 0.95))
    [_, ended] = await house.store.alerts.events(fall.id)
    states = {alert.id: alert.state for alert in await house.store.alerts.find()}

    assert rise.id != fall.id
    assert states == {fall.id: AlertState.RECOVERED, rise.id: AlertState.OPEN}
    assert (ended.what, ended.note) == (AlertEventKind.RECOVERED, REPORTED_ELSEWHERE)
