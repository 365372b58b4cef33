"""An outbox at a real chat, with a clock that is moved by hand, and an alert to post."""

from datetime import timedelta

from kit.recording import HandClock
from overheard.alerts.handling import Handling
from overheard.alerts.outbox import Outbox, Outgoing, Routes
from overheard.alerts.service import Lifecycle
from overheard.cards.card import Card
from overheard.config.sections import RouteTable
from overheard.domain import Alert, Delivery, Model, Run, Shift
from overheard.interfaces import Chat
from overheard.testing.deployment import open_test_store


class Bot:
    """An outbox that posts to a chat; its cards link to the message `earlier`.

    Args:
        chat: The chat.
        channel: Its id of the channel to which alerts are routed.
    """

    def __init__(self, chat: Chat, channel: str) -> None:
        self.store = open_test_store()
        self.earlier = ""
        self.chat = chat
        self.clock = HandClock()
        routes = Routes([RouteTable(channel=f"{chat.name}:{channel}")], {})
        self.lifecycle = Lifecycle(self.store, routes, self.clock)
        self.handling = Handling(self.store, self.clock)
        self.outbox = Outbox(self.store.deliveries, {chat.name: chat}, self.compose, self.clock)

    async def raise_alert(self) -> Alert:
        """Raise an alert."""
        run = await self.store.runs.start(Run("first", self.clock.now()))
        numbers = (0.7, 0.45, -0.25, (-0.4, -0.1))
        shift = Shift("Acme", Model("svc", "m-1"), "visibility", run.id, *numbers)
        alert, _ = await self.lifecycle.raise_alert(Alert(shift, self.clock.now()))
        return alert

    async def compose(self, delivery: Delivery) -> Outgoing | None:
        """Write a card that says how the alert is."""
        alert = await self.store.alerts.get(delivery.alert_id)
        card = Card(f"Alert: {alert.state}" if alert else "")
        return Outgoing(card, alert.revision, earlier=self.earlier) if alert else None

    async def settle(self) -> None:
        """Work until all is posted, for three hours at most."""
        end = self.clock.now() + timedelta(hours=3)
        while self.clock.now() < end and await self.store.deliveries.find(waiting=True):
            if not await self.outbox.work():
                self.clock.pass_(seconds=30)
