"""What every store does with alerts' lives, deliveries, schedules and the audit log."""

from dataclasses import replace
from datetime import datetime, timedelta

from kit.stored_items import NOON
from overheard.domain import (
    Alert,
    AlertEvent,
    AlertEventKind,
    AlertState,
    AuditEntry,
    Catalogue,
    Delivery,
    DeliveryKind,
    Model,
    Run,
    Schedule,
    Shift,
)
from overheard.interfaces import Store
from overheard_storage import open_store

MINUTE = timedelta(minutes=1)
LEASE = 2 * MINUTE
BRAND, BOARD = "slack:C1", "discord:7"
CHATS = ("slack", "discord")


def to(channel: str = BRAND, due_at: datetime = NOON, subject: str = "") -> Delivery:
    """Make a delivery of an alert that has no number yet."""
    return Delivery(DeliveryKind.ALERT, "", channel, due_at, subject)


async def raised(store: Store, *deliveries: Delivery, key: str = "first") -> Alert:
    """Keep an alert that is to be shown somewhere."""
    run = await store.runs.start(Run(key, NOON))
    model = Model("openai", "gpt-5")
    numbers = (0.7, 0.45, -0.25, (-0.4, -0.1))
    shift = Shift("Acme", model, "visibility", run.id, *numbers)
    alert, _ = await store.alerts.add(Alert(shift, NOON), deliveries)
    return alert


def acknowledged(alert: Alert) -> tuple[Alert, AlertEvent]:
    """Return an alert after Ada has acknowledged it, and the event."""
    after = replace(alert, state=AlertState.ACKNOWLEDGED, by="Ada", revision=alert.revision + 1)
    return after, AlertEvent(AlertEventKind.ACKNOWLEDGED, NOON + MINUTE, "Ada", "On it.")


async def claimed(
    store: Store, owner: str = "one", now: datetime = NOON, limit: int = 10
) -> list[Delivery]:
    """Claim what is due."""
    return await store.deliveries.claim(owner, now, now + LEASE, chats=CHATS, limit=limit)


class TestLife:
    """What happens to an alert."""

    async def test_that_it_was_raised_is_its_first_event(self, store: Store) -> None:
        """An alert has a history from the start."""
        alert = await raised(store)
        (event,) = await store.alerts.events(alert.id)
        assert (event.what, event.at, event.alert_id) == (AlertEventKind.RAISED, NOON, alert.id)
        assert await store.alerts.get(alert.id) == alert
        assert await store.alerts.get(alert.id + 1) is None

    async def test_a_change_is_kept_with_its_event(self, store: Store) -> None:
        """The state, the person and the end of the state are read back unchanged."""
        alert = await raised(store)
        until = NOON + MINUTE
        snoozed = replace(
            alert, state=AlertState.SNOOZED, by="Ada", until=until, revision=alert.revision + 1
        )
        event = AlertEvent(AlertEventKind.SNOOZED, NOON, "Ada", "For a minute.")
        assert await store.alerts.change(snoozed, event)
        assert await store.alerts.get(alert.id) == snoozed
        kept = (await store.alerts.events(alert.id))[1]
        assert replace(kept, id=0) == replace(event, alert_id=alert.id)

    async def test_of_two_changes_at_once_one_is_kept(self, store: Store) -> None:
        """The slower change returns False, and nothing of it is stored."""
        alert = await raised(store, to())
        change, event = acknowledged(alert)
        assert await store.alerts.change(change, event)
        closed = replace(change, state=AlertState.CLOSED, by="Bob")
        assert not await store.alerts.change(closed, replace(event, who="Bob"))
        assert await store.alerts.get(alert.id) == change
        assert [event.who for event in await store.alerts.events(alert.id)] == ["", "Ada"]
        assert len(await store.deliveries.find()) == 2

    async def test_an_alert_that_grows_keeps_what_it_told_first(self, store: Store) -> None:
        """Later shifts are read back with the first one, in order; none is stored twice."""
        alert = await raised(store, to())
        grown = alert
        for revision, key in enumerate(("second", "third"), 2):
            run = await store.runs.start(Run(key, NOON))
            further = replace(alert.shift, run_id=run.id, before=0.45, after=0.2, id=0)
            grown = replace(
                grown, later=(*grown.later, further), state=AlertState.GROWING, revision=revision
            )
            assert await store.alerts.change(grown, AlertEvent(AlertEventKind.GREW, NOON))
            kept = await store.alerts.get(alert.id)
            assert kept
            assert (kept.shift, kept.also) == (alert.shift, ())
            assert [replace(shift, id=0) for shift in kept.later] == [
                replace(shift, id=0) for shift in grown.later
            ]
            grown = kept
        assert len({shift.id for shift in grown.moved}) == 3

    async def test_an_alert_knows_which_one_it_follows(self, store: Store) -> None:
        """A recurrence links the alert before it."""
        first = await raised(store)
        run = await store.runs.start(Run("second", NOON))
        shift = replace(first.shift, run_id=run.id)
        second, _ = await store.alerts.add(Alert(shift, NOON, follows=first.id))
        assert (await store.alerts.find())[0].follows == second.follows == first.id


class TestDeliveries:
    """What channels are to be shown."""

    async def test_deliveries_are_kept_with_their_alert(self, store: Store) -> None:
        """Each gets the alert's number and its key; a second alert of the run adds none."""
        alert = await raised(store, to(), to(BOARD))
        await raised(store, to("slack:C2"))
        found = await store.deliveries.find(alert_id=alert.id)
        assert [(d.channel, d.key, d.alert_id) for d in found] == [
            (BRAND, f"alert-{alert.id}@{BRAND}", alert.id),
            (BOARD, f"alert-{alert.id}@{BOARD}", alert.id),
        ]
        assert await store.deliveries.find(channel=BOARD, waiting=True) == found[1:]

    async def test_a_key_is_written_down_once(self, store: Store) -> None:
        """A report of the same slot is one report."""
        report = Delivery(DeliveryKind.WEEKLY_DIGEST, "weekly-1", BRAND, NOON, "weekly")
        await store.deliveries.add([report, replace(report, key="weekly-2")])
        await store.deliveries.add([replace(report, subject="again")])
        found = await store.deliveries.find()
        assert [(d.key, d.subject) for d in found] == [
            ("weekly-1", "weekly"),
            ("weekly-2", "weekly"),
        ]

    async def test_what_is_claimed_belongs_to_one_process(self, store: Store) -> None:
        """The next one finds nothing until the time is over, and then knows that it is unsure."""
        await raised(store, to())
        (first,) = await claimed(store)
        assert (first.uncertain, first.leased_until) == (False, NOON + LEASE)
        assert await claimed(store, "two", NOON + MINUTE) == []
        (second,) = await claimed(store, "two", NOON + 3 * MINUTE)
        assert (second.id, second.uncertain) == (first.id, True)
        assert not await store.deliveries.record(first, "one", message="1.1", shown=1)
        assert await store.deliveries.record(second, "two", message="1.2", shown=1)
        assert [d.message for d in await store.deliveries.find()] == ["1.2"]
        assert await claimed(store, now=NOON + 9 * MINUTE) == []

    async def test_only_what_is_due_and_can_be_posted_is_claimed(self, store: Store) -> None:
        """Later deliveries wait, other platforms are skipped, and the oldest come first."""
        late, soon = to("slack:late", NOON + MINUTE), to("slack:soon", NOON - MINUTE)
        await raised(store, late, to(), soon, to(BOARD))
        found = await store.deliveries.claim("one", NOON, NOON + LEASE, chats=["slack"], limit=5)
        assert [d.channel for d in found] == ["slack:soon", BRAND]
        assert await store.deliveries.claim("one", NOON, NOON + LEASE, chats=[], limit=5) == []
        assert [d.channel for d in await claimed(store, limit=1, now=NOON + MINUTE)] == [BOARD]

    async def test_what_failed_is_tried_later(self, store: Store) -> None:
        """The reason and the number of attempts are kept, and whether anything is in doubt."""
        await raised(store, to())
        (delivery,) = await claimed(store)
        tried = [
            await store.deliveries.postpone(
                delivery, "one", due_at=NOON + MINUTE, problem="It is down.", uncertain=uncertain
            )
            for uncertain in (False, True)
        ]
        assert tried == [True, False]
        assert await claimed(store) == []
        (delivery,) = await claimed(store, now=NOON + MINUTE)
        assert (delivery.attempts, delivery.problem) == (1, "It is down.")
        assert not delivery.uncertain
        await store.deliveries.record(delivery, "one", message="1.1", shown=1)
        (delivery,) = await store.deliveries.find()
        assert (delivery.attempts, delivery.problem, delivery.uncertain) == (0, "", False)

    async def test_a_change_is_to_be_shown_wherever_the_alert_is(self, store: Store) -> None:
        """The message wants its new revision, and its thread the event; the terminal has none."""
        alert = await raised(store, to(), to(BOARD))
        await store.deliveries.add_shown(alert.id, "terminal", NOON)
        await store.alerts.change(*acknowledged(alert))
        found = await store.deliveries.find(alert_id=alert.id)
        assert [(d.kind, d.channel, d.wanted) for d in found] == [
            (DeliveryKind.ALERT, BRAND, 2),
            (DeliveryKind.ALERT, BOARD, 2),
            (DeliveryKind.ALERT, "terminal", 2),
            (DeliveryKind.EVENT, BRAND, 1),
            (DeliveryKind.EVENT, BOARD, 1),
        ]

    async def test_events_wait_for_their_message_and_come_in_order(self, store: Store) -> None:
        """A thread has a message above it, and its events come in order."""
        alert = await raised(store, to())
        change, event = acknowledged(alert)
        await store.alerts.change(change, event)
        closed = replace(change, state=AlertState.CLOSED, revision=3)
        await store.alerts.change(closed, AlertEvent(AlertEventKind.CLOSED, NOON + MINUTE, "Ada"))
        later = NOON + MINUTE
        (message,) = await claimed(store, now=later)
        assert message.kind is DeliveryKind.ALERT
        await store.deliveries.record(message, "one", message="1.1", shown=3)
        (first,) = await claimed(store, now=later)
        assert (first.kind, first.thread) == (DeliveryKind.EVENT, "1.1")
        assert await claimed(store, "two", later) == []
        await store.deliveries.record(first, "one", message="1.2", shown=1)
        (second,) = await claimed(store, now=later)
        assert second.event_id > first.event_id

    async def test_two_processes_never_claim_the_same(self, url: str) -> None:
        """Each delivery goes to one of them, however closely they ask."""
        import asyncio

        one, two = await open_store(url), await open_store(url)
        await raised(one, *(to(f"slack:C{number}") for number in range(30)))
        rounds = await asyncio.gather(
            *(
                claimed(store, owner, limit=3)
                for _ in range(10)
                for store, owner in ((one, "one"), (two, "two"))
            )
        )
        taken = [delivery.id for each in rounds for delivery in each]
        assert len(taken) == len(set(taken))
        assert len(taken) >= 25
        await one.close()
        await two.close()


class TestOperating:
    """How a deployment is run."""

    async def test_a_duty_is_one_process_s(self, store: Store) -> None:
        """Another duty can be led at the same time, and the same one again once it is free."""
        async with (
            store.locks.leader_lock("scheduler") as mine,
            store.locks.leader_lock("scheduler") as second,
            store.locks.leader_lock("else") as other,
        ):
            assert (mine, second, other) == (True, False, True)
        async with store.locks.leader_lock("scheduler") as again:
            assert again

    async def test_a_schedule_begins_when_it_is_first_seen(self, store: Store) -> None:
        """Slots from before are skipped."""
        state = await store.schedules.state("weekly", NOON)
        assert (state.begun, state.done, state.paused, state.problem) == (NOON, NOON, False, "")
        assert await store.schedules.state("weekly", NOON + MINUTE) == state

    async def test_a_slot_is_taken_once(self, store: Store) -> None:
        """Neither it nor an earlier one is taken again."""
        await store.schedules.state("weekly", NOON)
        slot = NOON + MINUTE
        assert not await store.schedules.begin_slot("other", slot)
        assert await store.schedules.begin_slot("weekly", slot)
        assert not await store.schedules.begin_slot("weekly", slot)
        assert not await store.schedules.begin_slot("weekly", NOON)
        state = await store.schedules.state("weekly", NOON)
        assert (state.begun, state.done) == (slot, NOON)
        await store.schedules.finish_slot("weekly", slot, "It failed.")
        state = await store.schedules.state("weekly", NOON)
        assert (state.done, state.problem) == (slot, "It failed.")

    async def test_a_paused_schedule_takes_no_slot(self, store: Store) -> None:
        """Resumed, it goes on from then."""
        assert await store.schedules.pause("weekly", NOON, paused=True)
        assert not await store.schedules.pause("weekly", NOON, paused=True)
        assert not await store.schedules.begin_slot("weekly", NOON + MINUTE)
        assert await store.schedules.pause("weekly", NOON + LEASE, paused=False)
        assert not await store.schedules.begin_slot("weekly", NOON + MINUTE)
        assert await store.schedules.begin_slot("weekly", NOON + 3 * MINUTE)

    async def test_a_schedule_is_added_changed_and_removed(self, store: Store) -> None:
        """What people added can be changed; what the configuration declares stays."""
        declared = Schedule("daily", "0 9 * * *")
        await store.catalogue.provision(Catalogue(schedules=(declared,)))
        first = Schedule("weekly", "0 7 * * mon", "Europe/Berlin", ("Acme",), 3)
        second = Schedule("weekly", "0 8 * * *")
        assert await store.catalogue.set_schedule(first)
        assert (await store.catalogue.current()).schedules == (declared, first)
        assert await store.catalogue.set_schedule(second)
        assert not await store.catalogue.set_schedule(Schedule("daily", "0 1 * * *"))
        assert (await store.catalogue.current()).schedules == (declared, second)
        assert not await store.catalogue.remove_schedule("daily")
        assert await store.catalogue.remove_schedule("weekly")
        assert not await store.catalogue.remove_schedule("weekly")
        assert (await store.catalogue.current()).schedules == (declared,)
        assert await store.catalogue.set_schedule(first)
        assert (await store.catalogue.current()).schedules == (declared, first)

    async def test_the_audit_log_comes_back_whole_and_the_newest_first(self, store: Store) -> None:
        """It is cut by time and by number."""
        first = AuditEntry(NOON, "Ada (slack:U1)", BRAND, "check", "check acme", "refused")
        second = AuditEntry(NOON + MINUTE, "terminal", "terminal", "schedules pause", "weekly")
        for entry in (first, second):
            await store.audit.add(entry)
        found = await store.audit.find()
        assert [replace(entry, id=0) for entry in found] == [second, first]
        assert (
            await store.audit.find(since=NOON + MINUTE)
            == await store.audit.find(limit=1)
            == found[:1]
        )


async def test_a_delivery_that_is_put_off_is_due_when_no_process_does_so_any_more(
    store: Store,
) -> None:
    """And not at all once it is removed, or while a process has claimed it."""
    kept = Delivery(DeliveryKind.PROGRESS, "progress-1", BRAND, NOON, message="1.1")
    await store.deliveries.put(kept)
    await store.deliveries.put(replace(kept, due_at=NOON + MINUTE, subject="run"))
    assert await claimed(store) == []
    [due] = await claimed(store, now=NOON + MINUTE)
    assert (due.subject, due.message) == ("run", "1.1")

    await store.deliveries.put(replace(kept, subject="other"))
    [found] = await store.deliveries.find(channel=BRAND)
    assert found.subject == "run"
    await store.deliveries.remove("progress-1")
    assert await store.deliveries.find(channel=BRAND) == []
