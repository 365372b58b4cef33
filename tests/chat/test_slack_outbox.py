"""Alerts from the outbox to Slack, through all that can go wrong on the way."""

from datetime import timedelta

import pytest

from overheard.alerts.lifecycle import Lifecycle
from overheard.alerts.outbox import Letter, Outbox
from overheard.alerts.routes import Routes
from overheard.cards.card import Card
from overheard.chat.slack.chat import SlackChat
from overheard.domain import Alert, Delivery, Model, Run, Shift
from overheard.tables.deployment import RouteTable
from overheard.testing.memory_store import MemoryStore
from recording import HandClock
from slack_desk import headers
from slack_methods import CHANNEL, Fault
from slack_peer import SlackPeer

JSON = "application/json"
OUTAGE = [Fault(503), Fault(502), Fault(hang_up=True), Fault(429, "", {"Retry-After": "0"})]
LOST = [
    Fault(500, done=True),
    Fault(hang_up=True, done=True),
    Fault(200, "[]", content_type=JSON, done=True),
]


class Bot:
    """An outbox that posts to Slack, and an alert to post."""

    def __init__(self, chat: SlackChat) -> None:
        self.store = MemoryStore()
        self.clock = HandClock()
        routes = Routes([RouteTable(channel=f"slack:{CHANNEL}")], {})
        self.lifecycle = Lifecycle(self.store, routes, self.clock)
        self.outbox = Outbox(self.store, {"slack": chat}, self.compose, self.clock)

    async def raise_alert(self) -> Alert:
        """Raise an alert."""
        run = await self.store.start_run(Run("first", self.clock.now()))
        numbers = (0.7, 0.45, -0.25, (-0.4, -0.1), 0.003)
        shift = Shift("Acme", Model("svc", "m-1"), "visibility", run.id, *numbers)
        alert, _ = await self.lifecycle.raise_alert(Alert(shift, self.clock.now()))
        return alert

    async def compose(self, delivery: Delivery) -> Letter | None:
        """Write a card that says how the alert is."""
        alert = await self.store.alert(delivery.alert_id)
        return Letter(Card(f"Alert: {alert.state}"), alert.revision) if alert else None

    async def settle(self) -> None:
        """Work until all is posted, for three hours at most."""
        end = self.clock.now() + timedelta(hours=3)
        while self.clock.now() < end and await self.store.deliveries(waiting=True):
            if not await self.outbox.work():
                self.clock.pass_(seconds=30)


@pytest.mark.parametrize(
    "faults", [OUTAGE * 3, LOST[:1], LOST[1:2], LOST[2:]], ids=["outage", "500", "cut", "nonsense"]
)
async def test_whatever_slack_does_there_is_one_message(
    slack: SlackPeer, chat: SlackChat, faults: list[Fault]
) -> None:
    """An outage is waited out; an answer that was lost is no reason to post again."""
    bot = Bot(chat)
    await bot.raise_alert()
    slack.faults["chat.postMessage"] = [*faults]
    await bot.settle()

    assert [headers(message) for message in slack.messages] == [["Alert: open"]]
    assert slack.faults["chat.postMessage"] == []


async def test_one_message_lives_through_the_alerts_life(slack: SlackPeer, chat: SlackChat) -> None:
    """Edited in place, its history in the thread."""
    bot = Bot(chat)
    alert = await bot.raise_alert()
    await bot.settle()
    await bot.lifecycle.acknowledge(alert.id, "Ada")
    await bot.settle()

    message, history = slack.messages
    assert headers(message) == ["Alert: acknowledged"]
    assert history["thread_ts"] == message["ts"]
