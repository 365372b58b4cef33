"""A deployment in memory with a desk, for tests of commands as a chat uses them."""

from collections.abc import Awaitable
from typing import Any

from kit.scripted import ScriptedProvider, SteppingClock, reply
from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Option, Proposal, Role
from overheard.chat.desk import ChatDesk
from overheard.commands.registry import built_in_commands, first_words
from overheard.config.loader import parse_config
from overheard.config.sections import Config
from overheard.deployment import Deployment, assemble
from overheard.domain import Price
from overheard.interfaces import Person, Store
from overheard.plugins import Plugins, added_plugins, load_plugins
from overheard.testing.deployment import open_test_store
from overheard.testing.fakes import FakeChat
from overheard_visibility.scorer import Visibility

DECLARED = """
[[brands]]
name = "Acme"
aliases = ["Acme Boards"]
competitors = ["Zeta"]

[[prompts]]
text = "Which tool is best?"

[[facts]]
brand = "Acme"
field = "founded"
value = "1999"
"""
PRICE = Price(1.0, 2.0)


class OpenGate:
    """Lets people with a sufficient role in, and records what was noted.

    Attributes:
        role: The role of all people.
        notes: Who did what, and how it ended.
    """

    def __init__(self, role: int = Role.ADMIN) -> None:
        self.role = role
        self.notes: list[tuple[str, str, str]] = []

    async def allowed(self, person: Person, _: str, spec: CommandSpec) -> str | None:
        """Refuse what needs more than the role."""
        return None if spec.role <= self.role else f"{person.name} may not use {spec.name}."

    async def note(
        self, person: Person, _: str, words: str, __: CommandSpec, outcome: str = "done"
    ) -> None:
        """Remember it."""
        self.notes.append((person.name, words, outcome))


class Office:
    """A deployment with a desk.

    Attributes:
        store: What is kept.
        provider: Who is asked.
        gate: Who may do what.
        deployment: The deployment.
        desk: Where requests are brought.
        chat: A person who sends them.
    """

    def __init__(
        self,
        deployment: Deployment,
        store: Store,
        provider: ScriptedProvider,
        *,
        forms: bool = False,
        **paces: Any,
    ) -> None:
        self.deployment = deployment
        self.store = store
        self.provider = provider
        self.gate = OpenGate()
        self.desk = ChatDesk(deployment, self.gate, **paces)
        self.chat = FakeChat(self.desk, forms=forms)


async def open_office(
    config: str = DECLARED,
    *,
    forms: bool = False,
    price: Price | None = None,
    store: Store | None = None,
    **paces: Any,
) -> Office:
    """Open a deployment with one scripted provider, and the commands of installed plugins.

    Args:
        config: What the configuration declares.
        forms: Whether the chat has forms.
        price: What the model charges; by default nothing.
        store: What is kept; by default nothing yet.
        paces: Of the desk; by default it shows no progress, however slow the machine is.
    """
    paces = {"patience": 600.0, **paces}
    store = store or open_test_store()
    provider = ScriptedProvider(price=price) if price else ScriptedProvider()
    of_plugins = {spec.name: spec for spec in built_in_commands()}
    of_plugins |= load_plugins(Config(), added_plugins(), reserved=first_words()).commands
    plugins = Plugins({"svc": provider}, {"visibility": Visibility()}, commands=of_plugins)
    deployment = await assemble(parse_config(config), store, plugins, clock=SteppingClock())
    return Office(deployment, store, provider, forms=forms, **paces)


async def executed(quoting: Awaitable[Proposal]) -> Card:
    """Execute what a command proposes, at any price."""
    return await (await quoting).execute()


async def office_with(*commands: CommandSpec, **more: Any) -> Office:
    """Open an office whose desk offers some commands of our own."""
    office = await open_office(**more)
    office.desk = ChatDesk(office.deployment, office.gate, commands, patience=0.01, pause=0.01)
    office.chat = FakeChat(office.desk, forms=office.chat.forms)
    return office


def command(run: Any, *options: Option, **more: Any) -> CommandSpec:
    """Make a command called try."""
    return CommandSpec("try", "Try.", run, options, **more)


async def asked_office(*answers: str, config: str = DECLARED) -> Office:
    """Return an office whose model gave these answers, one in each check."""
    office = await open_office(config)
    for answer in answers:
        office.provider.answer = lambda _, answer=answer: reply(answer)  # type: ignore[misc] # a default value
        await office.chat.type("check --repeats 3")
    return office
