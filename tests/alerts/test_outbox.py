"""Tests of the outbox: exactly one message, also after faults."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.recording import HandClock, RecordingChat, failing
from overheard.alerts import outbox
from overheard.alerts.handling import Handling
from overheard.alerts.outbox import (
    IDLE_INTERVAL_S,
    LEASE,
    MAX_EDIT_ATTEMPTS,
    Outbox,
    Outgoing,
    Routes,
)
from overheard.alerts.service import Lifecycle
from overheard.cards.card import Card
from overheard.config.sections import RouteTable
from overheard.domain import Alert, Delivery, DeliveryKind, Model, Run, Shift
from overheard.errors import ChatUnavailable
from overheard.interfaces import Chat, Store
from overheard.interfaces.store import DeliveryRepository
from overheard.testing.deployment import open_test_store
from overheard_storage import open_store


class Killed(BaseException):
    """The process ends here and now."""


class House:
    """One alert that is to be posted in two channels, on any store.

    Attributes:
        chat: The platform; it outlives every bot.
        clock: The time.
    """

    def __init__(self, store: Store, *, channels: tuple[str, ...] = ("C1", "C2")) -> None:
        self.store = store
        self.chat = RecordingChat()
        self.clock = HandClock()
        routes = [RouteTable(channel=f"slack:{channel}") for channel in channels]
        self.lifecycle = Lifecycle(store, Routes(routes, {}), self.clock)
        self.handling = Handling(store, self.clock)

    async def raise_alert(self, key: str = "first") -> Alert:
        """Raise an alert."""
        run = await self.store.runs.start(Run(key, self.clock.now()))
        shift = Shift(
            "Acme", Model("svc", key), "visibility", run.id, 0.7, 0.45, -0.25, (-0.4, -0.1)
        )
        alert, _ = await self.lifecycle.raise_alert(Alert(shift, self.clock.now()))
        return alert

    def bot(self, store: Store | None = None) -> Outbox:
        """Start a bot."""
        return Outbox(
            (store or self.store).deliveries, {"slack": self.chat}, self.compose, self.clock
        )

    async def compose(self, delivery: Delivery) -> Outgoing | None:
        """Write a card that says which revision it shows."""
        alert = await self.store.alerts.get(delivery.alert_id)
        assert alert
        if delivery.kind is DeliveryKind.EVENT:
            return Outgoing(Card(f"event {delivery.event_id}"))
        return Outgoing(Card(f"{alert.state} {alert.revision}"), alert.revision)

    async def settle(self, bot: Outbox, hours: float = 1, pause: float = 30) -> None:
        """Let a bot work until everything is posted, however long that takes by its clock.

        Args:
            bot: Does the work.
            hours: When it is given up at the latest.
            pause: Seconds by the clock until the bot works again.
        """
        end = self.clock.now() + timedelta(hours=hours)
        while self.clock.now() < end and await self.store.deliveries.find(waiting=True):
            if not await bot.work():
                self.clock.pass_(seconds=pause)

    def shown(self) -> list[tuple[str, str]]:
        """Return what channels show, by channel, without threads."""
        messages = self.chat.messages.values()
        return sorted((m.channel, m.shows.title) for m in messages if not m.thread)


async def test_an_alert_is_one_message_in_each_channel() -> None:
    """A bot that has nothing to do does nothing."""
    house = House(open_test_store())
    await house.raise_alert()
    bot = house.bot()
    await house.settle(bot)
    calls = list(house.chat.calls)

    assert await bot.work() == 0
    assert house.shown() == [("C1", "open 1"), ("C2", "open 1")]
    assert calls == house.chat.calls == ["post", "post"]


async def test_what_waits_at_the_start_is_posted_once_there_is_a_chat() -> None:
    """It waits for no next look into the outbox, such as the notice of why a bot was restarted."""
    house = House(open_test_store(), channels=("C1",))
    await house.raise_alert()
    bot = house.bot()
    chats: dict[str, Chat] = {}
    bot.chats = chats
    work = asyncio.create_task(bot.run())
    await asyncio.sleep(0.05)
    chats["slack"] = house.chat
    try:
        async with asyncio.timeout(IDLE_INTERVAL_S / 2):
            while not house.shown():  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.01)
    finally:
        work.cancel()


async def test_a_process_that_stays_without_a_chat_soon_looks_for_one_seldom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Such as one that has none, or that waits for another to end."""
    looks = []

    class NoChats(dict[str, Chat]):
        def __bool__(self) -> bool:
            looks.append(self)
            return False

    monkeypatch.setattr(outbox, "START_INTERVAL_S", 0.01)
    monkeypatch.setattr(outbox, "START_S", 0.05)
    bot = House(open_test_store()).bot()
    bot.chats = NoChats()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(bot.run(), 0.5)

    assert 2 <= len(looks) <= 12  # two each time


async def test_a_message_is_edited_as_its_alert_lives() -> None:
    """What happened is shown in its thread, in order."""
    house = House(open_test_store(), channels=("C1",))
    alert = await house.raise_alert()
    bot = house.bot()
    await house.settle(bot)
    await house.handling.acknowledge(alert.id, "Ada")
    await house.handling.close(alert.id, "Ada")
    await house.settle(bot)

    message, *thread = house.chat.messages.values()
    assert message.shows.title == "closed 3"
    assert [(each.card.title, each.thread) for each in thread] == [
        ("event 2", "1.0"),
        ("event 3", "1.0"),
    ]


WRITES = ("claim", "record", "postpone")


class Mortal:
    """A store as one process sees it: after so many steps the process is dead.

    Every call to the store is two steps, before it is done and after; so is every call to the
    chat. A process that is dead does nothing more.
    """

    def __init__(self, house: House, steps: int) -> None:
        self._house = house
        self.steps = steps
        self.deliveries: Any = MortalDeliveries(house.store.deliveries, self.step)
        house.chat.before = house.chat.after = lambda _: self.step()

    def step(self) -> None:
        """Live on, or end."""
        if self.steps <= 0:
            raise Killed
        self.steps -= 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._house.store, name)


class MortalDeliveries:
    """The deliveries of a store, as a process sees them that may die before and after a write."""

    def __init__(self, deliveries: DeliveryRepository, step: Callable[[], None]) -> None:
        self._deliveries = deliveries
        self._step = step

    def __getattr__(self, name: str) -> Any:
        work: Callable[..., Any] = getattr(self._deliveries, name)
        if name not in WRITES:
            return work

        async def call(*given: Any, **named: Any) -> Any:
            self._step()
            result = await work(*given, **named)
            self._step()
            return result

        return call


@pytest.mark.parametrize("steps", range(30))
async def test_a_process_that_is_killed_anywhere_leaves_one_message(steps: int) -> None:
    """Before or after each call to the store and to the chat: the next bot finishes the work."""
    house = House(open_test_store(), channels=("C1",))
    alert = await house.raise_alert()
    mortal = Mortal(house, steps)
    first = house.bot(mortal)
    acknowledged = False
    with contextlib.suppress(Killed, BaseExceptionGroup):
        while True:
            await first.work()
            if not acknowledged and house.chat.messages:
                acknowledged = True
                await house.handling.acknowledge(alert.id, "Ada")
            mortal.step()
    assert mortal.steps == 0
    house.chat.before = house.chat.after = lambda _: None
    if not acknowledged:
        await house.handling.acknowledge(alert.id, "Ada")
    await house.settle(house.bot())

    assert house.shown() == [("C1", "acknowledged 2")]
    assert sorted(m.key for m in house.chat.messages.values()) == [
        "alert-1@slack:C1",
        "event-2@slack:C1",
    ]
    assert await house.store.deliveries.find(waiting=True) == []


async def test_a_chat_that_is_down_for_hours_gets_each_message_once() -> None:
    """Attempts come further and further apart, and go on as soon as it is back."""
    house = House(open_test_store())
    await house.raise_alert()
    bot = house.bot()

    def down(_: str) -> None:
        raise failing()

    house.chat.before = down
    await house.settle(bot, hours=6, pause=300)
    assert house.shown() == []
    assert len(house.chat.calls) < 2 * 50
    (waiting, _) = await house.store.deliveries.find(waiting=True)
    assert waiting.problem == "slack did not take a message: it is down."

    house.chat.before = lambda _: None
    await house.settle(bot, hours=0.25)
    assert sorted(house.shown()) == [("C1", "open 1"), ("C2", "open 1")]


async def test_a_post_that_went_through_unheard_is_not_repeated() -> None:
    """After a time-out it is not known: the chat is asked first."""
    house = House(open_test_store(), channels=("C1",))
    await house.raise_alert()

    def unheard(name: str) -> None:
        if name == "post":
            raise failing(ambiguous=True)

    house.chat.after = unheard
    await house.settle(house.bot())

    assert house.shown() == [("C1", "open 1")]
    assert house.chat.calls == ["post", "find", "edit"]


async def test_a_chat_that_says_when_to_come_back_is_left_alone_until_then() -> None:
    """Retry-After holds for the whole channel, and for no other."""
    house = House(open_test_store())
    await house.raise_alert("first")
    await house.raise_alert("second")
    bot = house.bot()
    told: list[str] = []

    def limited(name: str) -> None:
        told.append(name)
        if len(told) == 1:
            raise failing(retry_after=100)

    house.chat.before = limited
    await bot.work()
    [(open_channel, _)] = {*house.shown()}
    assert house.shown() == [(open_channel, "open 1")] * 2
    house.clock.pass_(seconds=99)
    assert await bot.work() == 0
    house.clock.pass_(seconds=1)
    assert await bot.work() == 2
    assert len(house.shown()) == 4


async def test_a_fault_in_one_channel_holds_up_no_other() -> None:
    """Whatever a chat or a card raises is noted by its kind alone: its text may hold a secret."""
    house = House(open_test_store())
    await house.raise_alert()

    def faulty(name: str) -> None:
        if name == "post" and not house.shown():
            raise RuntimeError("xoxb-secret")

    house.chat.before = faulty
    bot = house.bot()
    await bot.work()
    found = await house.store.deliveries.find(waiting=True)
    assert {delivery.problem for delivery in found} == {"It fails: RuntimeError."}

    house.chat.before = lambda _: None
    await house.settle(bot)
    assert len(house.shown()) == 2


async def test_a_message_that_somebody_deleted_is_let_be() -> None:
    """It is not posted again, and not tried for ever."""
    house = House(open_test_store(), channels=("C1",))
    alert = await house.raise_alert()
    bot = house.bot()
    await house.settle(bot)
    house.chat.messages.clear()
    await house.handling.acknowledge(alert.id, "Ada")
    await house.settle(bot, hours=12, pause=600)

    assert house.shown() == []
    assert house.chat.calls.count("edit") == MAX_EDIT_ATTEMPTS
    assert await house.store.deliveries.find(waiting=True) == []


async def test_a_bot_that_was_asleep_does_not_post_what_another_has_taken() -> None:
    """A machine that wakes up after its time is over looks at its clock before it posts."""
    house = House(open_test_store(), channels=("C1",))
    await house.raise_alert()
    other = house.bot()

    async def asleep(delivery: Delivery) -> Outgoing | None:
        house.clock.pass_(seconds=LEASE.total_seconds() + 1)
        assert await other.work() == 1
        return await house.compose(delivery)

    sleeper = Outbox(house.store.deliveries, {"slack": house.chat}, asleep, house.clock)
    await sleeper.work()
    await house.settle(other)

    assert house.shown() == [("C1", "open 1")]


async def test_a_bot_that_is_stopped_gives_back_what_it_had() -> None:
    """The next one need not wait, and asks first."""
    house = House(open_test_store(), channels=("C1",))
    await house.raise_alert()
    begun = asyncio.Event()

    async def hang(_: str) -> None:
        begun.set()
        await asyncio.Event().wait()

    house.chat.after = hang
    task = asyncio.create_task(house.bot().run())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    house.chat.after = lambda _: None
    await house.bot().work()

    assert house.shown() == [("C1", "open 1")]
    assert house.chat.calls == ["post", "find", "edit"]


async def test_a_card_that_is_not_wanted_any_more_is_not_posted() -> None:
    """Its delivery is done with."""
    house = House(open_test_store())
    await house.raise_alert()

    async def nothing(_: Delivery) -> Outgoing | None:
        return None

    await Outbox(house.store.deliveries, {"slack": house.chat}, nothing, house.clock).work()

    assert house.chat.calls == []
    assert await house.store.deliveries.find(waiting=True) == []


async def test_two_bots_on_one_store_post_each_alert_once(tmp_path: Path) -> None:
    """Started by mistake, they share the work."""
    url = f"sqlite:///{tmp_path}/overheard.db"
    stores = [await open_store(url), await open_store(url)]
    house = House(stores[0])
    for number in range(8):
        await house.raise_alert(str(number))
    bots = [house.bot(store) for store in stores]
    for _ in range(20):
        await asyncio.gather(*(bot.work() for bot in bots))
    for store in stores:
        await store.close()

    keys = [message.key for message in house.chat.messages.values()]
    assert len(keys) == len(set(keys)) == 16


async def test_what_a_channel_has_waiting_is_posted_in_one_go() -> None:
    """A post that worked makes no pause."""
    house = House(open_test_store(), channels=("C1",))
    for key in ("first", "second", "third"):
        await house.raise_alert(key)

    assert await house.bot().work() == 3
    assert len(house.chat.messages) == 3


async def test_a_chat_that_cannot_be_used_is_tried_again() -> None:
    """After five seconds, then ten; why is kept, and nothing may have been posted."""
    house = House(open_test_store(), channels=("C1",))
    await house.raise_alert()

    def refuse(_: str) -> None:
        raise ChatUnavailable(chat="slack", reason="it has no token", remedy="set one")

    house.chat.before = refuse
    for pause in (5, 10, 20):
        await house.bot().work()
        [delivery] = await house.store.deliveries.find(waiting=True)
        assert delivery.due_at == house.clock.now() + timedelta(seconds=pause)
        assert "it has no token" in delivery.problem
        assert not delivery.uncertain
        house.clock.pass_(seconds=pause)


async def test_what_is_not_begun_in_half_of_its_lease_is_given_back() -> None:
    """Another process may take it at once, and knows that it was not posted."""
    house = House(open_test_store(), channels=("C1",))
    for key in ("first", "second"):
        await house.raise_alert(key)
    house.chat.after = lambda _: house.clock.pass_(seconds=61)
    await house.bot().work()

    assert timedelta(seconds=120) == LEASE
    assert len(house.chat.messages) == 1
    [waiting] = await house.store.deliveries.find(waiting=True)
    assert (waiting.uncertain, waiting.due_at) == (False, house.clock.now())


async def test_an_empty_outbox_is_read_again_after_a_pause() -> None:
    """It does not keep the database busy."""
    house = House(open_test_store())
    bot, reads, work = house.bot(), [], Outbox.work

    async def counted() -> int:
        reads.append(house.clock.now())
        return await work(bot)

    bot.work = counted  # type: ignore[method-assign]
    task = asyncio.create_task(bot.run())
    await asyncio.sleep(0.3)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    assert len(reads) == 1


async def test_a_message_links_to_the_earlier_one_where_the_chat_knows_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Without a link it is posted all the same, and the log says why."""
    house = House(open_test_store(), channels=("C1",))
    await house.raise_alert()
    await house.settle(house.bot())
    earlier = ["1.0", "9.0"]

    async def compose(_: Delivery) -> Outgoing:
        return Outgoing(Card("more"), earlier=earlier.pop(0))

    bot = Outbox(house.store.deliveries, {"slack": house.chat}, compose, house.clock)
    with caplog.at_level("INFO", "overheard.alerts.outbox"):
        for key in ("second", "third"):
            await house.raise_alert(key)
            await house.settle(bot)
    _, linked, bare = house.chat.messages.values()

    assert linked.card.link
    assert linked.card.link.url == "https://chat.example/C1/1.0"
    assert bare.card == Card("more")
    [said] = [r.getMessage() for r in caplog.records if "links to no" in r.getMessage()]
    assert said == (
        "A message in C1 links to no earlier one: "
        "slack did not take a message: there is no such message."
    )
