"""Models are watched by themselves, from loopback services to the verdict, in fake time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from kit.office import executed
from kit.recording import HandClock
from kit.shapes import RESPONSES
from kit.vendors import Call as Asked, Reaction, Vendor
from overheard.alerts.outbox import Outgoing
from overheard.alerts.story import read_watches
from overheard.cards.card import Card
from overheard.cards.command import Proposal
from overheard.commands.check import check
from overheard.commands.delivery_cards import DeliveryCards
from overheard.commands.models import list_models
from overheard.config.loader import parse_config
from overheard.deployment import Call, Deployment, assemble
from overheard.domain import BURSTS, Delivery, Model
from overheard.plugins import load_plugins
from overheard.runtime.scheduler import Scheduler
from overheard.runtime.server import Server
from overheard.testing.deployment import open_test_store
from overheard_watch.questions import SHORT

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
WORDS = ("calm", "sky", "light", "drops", "bend", "blue", "waves", "over", "the", "small", "sea")
KEPT_NAME = "plugin:watch:svc/m-1"
NAMED = 200
"""Of 256 answers, those that name Acme."""
DAY_USD = 12 * 50e-6
"""What the service charges for a day."""
PROMPTS = [f"Which tool is best for team {number}?" for number in range(12)]


class Endpoint(Vendor):
    """A service whose models answer short questions in their own words.

    Attributes:
        refusals: What it refuses with status 400, by a word in the request.
        swapped: Whether another model answers from now on.
        served: The id of the model that it says answers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.refusals: tuple[str, ...] = ()
        self.swapped = False
        self.served = "m-1-2026-01-01"
        self._number = 0

    def react(self, call: Asked) -> Reaction:
        """Answer, or refuse the request."""
        if call.method == "GET":
            return super().react(call)
        self.calls.append(call)
        if not self.takes(call):
            return Reaction({"error": {"message": "Unsupported value."}}, 400)
        self._number += 1
        text = call.body["input"]
        seed = hashlib.sha256(f"{text} {self._number}".encode()).digest()
        if not text.endswith(SHORT):
            return self._answer("Take Acme." if seed[0] < NAMED else "Take another.")
        said = " ".join(WORDS[byte % len(WORDS)] for byte in seed)
        if self.swapped:
            said = f"Certainly! Great question: {said}. Let me know!"
        return self._answer(said)

    def takes(self, call: Asked) -> bool:
        """Return whether it accepts a request."""
        return not any(word in call.text for word in self.refusals)

    def _answer(self, text: str) -> Reaction:
        return Reaction(RESPONSES.answer(text, "completed") | {"model": self.served})


CONFIG = """
[[routes]]
channel = "fake:C1"
[bursts]
automatic = true
[[brands]]
name = "Acme"
""" + "".join(f'[[prompts]]\ntext = "{text}"\n' for text in PROMPTS)
PROVIDER = """
[providers.{name}]
plugin = "openai"
base_url = "{url}/v1"
api_key_env = "VENDOR_KEY"
models = ["{model}"]
prices = {{ "m-1" = {{ input = 1.0, output = 2.0, search = 0.5 }} }}
"""


class House:
    """A deployment in fake time, whose jobs are carried out hour by hour."""

    opened: ClassVar[list[House]] = []

    def __init__(self, deployment: Deployment, clock: HandClock) -> None:
        self.deployment, self.clock = deployment, clock
        self.call = Call(deployment, "ada", "slack:C1")
        self.opened.append(self)
        self.scheduler = Scheduler(deployment.store, Server(deployment, {}).jobs, clock)

    async def command(self, name: str, **options: object) -> Card:
        """Carry out a command of the plugin, with a yes."""
        found = await self.deployment.plugins.commands[name].run(self.call, **options)
        card = await found.execute() if isinstance(found, Proposal) else found
        assert isinstance(card, Card)
        return card

    async def learn(self, weeks: int) -> None:
        """Check once a week, as a schedule would."""
        for _ in range(weeks):
            self.clock.pass_(days=7)
            await executed(check(self.call, repeats=3))

    async def days(self, count: int) -> None:
        """Let days pass, and do what the scheduler does every three hours."""
        for _ in range(8 * count):
            self.clock.pass_(hours=3)
            for job in await Server(self.deployment, {}).jobs():
                if job.name in {"watch run", BURSTS}:
                    await self.scheduler.check(job)

    async def posted(self, delivery: Delivery) -> Card:
        """Return the card of a delivery as it is posted."""
        outgoing = await DeliveryCards(self.deployment).compose(delivery)
        assert isinstance(outgoing, Outgoing)
        return outgoing.card

    async def told(self) -> dict[str, str]:
        """Return what `models` says of the watch at each model."""
        card = await list_models(self.call)
        return {row["model"]: row["watch"] for row in card.data["models"]}


async def opened(clock: HandClock, *providers: str) -> House:
    """Return a deployment that asks some providers."""
    config = parse_config(CONFIG + "".join(providers))
    plugins = load_plugins(config)
    deployment = await assemble(config, open_test_store(), plugins, clock=clock)
    return House(deployment, clock)


@pytest.fixture
async def endpoint(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Endpoint]:
    """The service."""
    monkeypatch.setenv("VENDOR_KEY", "sk-very-secret")
    async with Endpoint().serving() as service:
        yield service
        for house in House.opened:
            for provider in house.deployment.plugins.providers.values():
                await provider.close()
        House.opened.clear()


async def test_a_swap_becomes_a_verdict_without_a_hand(endpoint: Endpoint) -> None:
    """From the start of a watch to the sentence, at most nine days after the swap."""
    house = await opened(
        HandClock(START), PROVIDER.format(name="svc", url=endpoint.url, model="m-1")
    )
    await house.learn(7)
    await house.command("watch start", model="svc/m-1")
    await house.days(15)
    store = house.deployment.store
    assert await store.updates.find() == []
    assert await house.told() == {"svc/m-1": "watched since 21 Dec, 16 calm days of 14"}
    endpoint.swapped, swapped_at = True, house.clock.now()
    await house.days(9)

    [update] = await store.updates.find()
    assert (update.source, update.model) == ("watch", Model("svc", "m-1"))
    assert timedelta() <= update.at - swapped_at <= timedelta(days=1)
    [watch] = (await read_watches(store)).values()
    assert (watch.source, watch.over) == ("watch", True)
    assert watch.looks[-1] - swapped_at < timedelta(days=9)
    event, verdict = [await house.posted(one) for one in await store.deliveries.find()]
    assert event.title == "m-1 was changed without notice"
    assert "unlike those of the 16 days before" in str(event.text)
    assert "exchanged" not in str(event.text)
    assert verdict.title == "The update of m-1 did not move Acme"
    assert re.search(r"Not by more than \d+ points\.", str(verdict.text))


async def test_whatever_an_endpoint_refuses_it_or_its_sibling_is_watched(
    endpoint: Endpoint,
) -> None:
    """No temperature, no effort but a low one, web search: what it takes is asked, once."""
    house = await opened(
        HandClock(START),
        PROVIDER.format(name="plain", url=endpoint.url, model="gpt-5-mini"),
        PROVIDER.format(name="search", url=endpoint.url, model="m-1+search"),
    )
    endpoint.refusals = ('"temperature"', '"none"', '"minimal"')
    await house.command("watch start", model="plain/gpt-5-mini")
    await house.days(1)
    accepted = [one.body for one in endpoint.calls if endpoint.takes(one)]
    assert len(accepted) == 24
    assert all("temperature" not in body for body in accepted)
    assert {body["reasoning"]["effort"] for body in accepted} == {"low"}
    refused = len(endpoint.calls) - len(accepted)
    await house.days(1)
    assert len(endpoint.calls) == 36 + refused
    endpoint.refusals, endpoint.calls = (), []
    card = await house.command("watch start", model="search/m-1+search")

    assert "Its web search is not watched" in str(card.text)
    assert all("tools" not in one.body for one in endpoint.calls)
    assert {one.body["temperature"] for one in endpoint.calls} == {0.0}
    told = await house.told()
    assert told["search/m-1+search"] == "watched since 4 Nov, learning: day 1 of 14"
    assert told["plain/gpt-5-mini"] == "watched since 2 Nov, learning: day 3 of 14"


async def test_the_watch_stops_when_its_month_is_spent(endpoint: Endpoint) -> None:
    """With a sentence; the next month it goes on."""
    house = await opened(
        HandClock(START), PROVIDER.format(name="svc", url=endpoint.url, model="m-1")
    )
    proposal = await house.deployment.plugins.commands["watch start"].run(
        house.call, model="svc/m-1"
    )
    assert isinstance(proposal, Proposal)
    assert re.fullmatch(r"12 short questions a day, about \$0\.\d+ a month", proposal.price)
    await proposal.execute()
    [kept] = [one for one in await house.deployment.store.settings.all() if one.name == KEPT_NAME]
    poor = {**kept.value, "budget": 13 * DAY_USD}
    await house.deployment.store.settings.put(replace(kept, value=poor))
    await house.days(20)
    assert len(endpoint.calls) == 13 * 12
    assert (await house.told())["svc/m-1"].startswith("not watched until the end of the month")
    [said] = [await house.posted(one) for one in await house.deployment.store.deliveries.find()]
    assert said.title == "m-1 is not watched for now"
    await house.days(10)

    assert len(endpoint.calls) > 13 * 12
    await house.command("watch stop", model="svc/m-1")
    assert (await house.told())["svc/m-1"] == "not watched"


async def test_another_served_model_is_reported_the_same_day(endpoint: Endpoint) -> None:
    """It costs nothing more."""
    house = await opened(
        HandClock(START), PROVIDER.format(name="svc", url=endpoint.url, model="m-1")
    )
    await house.command("watch start", model="svc/m-1")
    endpoint.served = "m-1-2026-11-03"
    await house.days(2)

    [update] = await house.deployment.store.updates.find()
    assert (update.source, update.note) == ("served model", "m-1-2026-11-03")
    assert update.at == START + timedelta(days=1)
