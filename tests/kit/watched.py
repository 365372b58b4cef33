"""Endpoints on loopback and a deployment in fake time, for tests of the watch."""

from __future__ import annotations

import hashlib
from typing import ClassVar

from kit.office import executed
from kit.recording import HandClock
from kit.shapes import RESPONSES
from kit.vendors import Call as Asked, Reaction, Vendor
from overheard.alerts.outbox import Outgoing
from overheard.cards.card import Card
from overheard.cards.command import Proposal
from overheard.commands.check import check
from overheard.commands.delivery_cards import compose_delivery
from overheard.commands.models import list_models
from overheard.config.loader import parse_config
from overheard.deployment import Call, Deployment, assemble
from overheard.domain import BURSTS, Delivery
from overheard.plugins import load_plugins
from overheard.runtime.scheduler import Scheduler
from overheard.runtime.server import Server
from overheard.testing.deployment import open_test_store
from overheard_watch.questions import SHORT

WORDS = ("calm", "sky", "light", "drops", "bend", "blue", "waves", "over", "the", "small", "sea")
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
            await self.jobs("watch run", BURSTS)

    async def jobs(self, *names: str) -> None:
        """Do what is due of some jobs."""
        for job in await Server(self.deployment, {}).jobs():
            if job.name in names:
                self.scheduler._current_jobs[job.name] = job
                await self.scheduler.check(job)

    @classmethod
    async def close(cls) -> None:
        """Close the connections of all providers."""
        for house in cls.opened:
            for provider in house.deployment.plugins.providers.values():
                await provider.close()
        cls.opened.clear()

    async def posted(self, delivery: Delivery) -> Card:
        """Return the card of a delivery as it is posted."""
        outgoing = await compose_delivery(self.deployment, delivery)
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
