"""A deployment for tests: a new store, the installed plugins, and a chat user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from overheard.cards.command import CommandSpec, Role
from overheard.chat.desk import ChatDesk
from overheard.config.loader import parse_config
from overheard.deployment import assemble
from overheard.domain import ScoreRecord
from overheard.interfaces import Person, Store
from overheard.plugins import load_plugins
from overheard.testing.fakes import EchoProvider, FakeChat, FixedClock, Screen
from overheard.testing.store import open_test_store

DECLARED = """
[[brands]]
name = "Acme"
competitors = ["Zenith"]

[[prompts]]
text = "Which tool is best?"
"""


class OpenGate:
    """An access policy under which every person has the same role.

    Attributes:
        role: The role of every person.
        notes: Name, words and outcome of each command, in order.
    """

    def __init__(self, role: Role = Role.ADMIN) -> None:
        self.role = role
        self.notes: list[tuple[str, str, str]] = []

    async def allowed(self, person: Person, _: str, spec: CommandSpec) -> str | None:
        """Return a refusal when the command needs a higher role, else None."""
        return None if spec.role <= self.role else f"{person.name} may not use {spec.name}."

    async def note(
        self, person: Person, _: str, words: str, __: CommandSpec, outcome: str = "done"
    ) -> None:
        """Append a command to `notes`."""
        self.notes.append((person.name, words, outcome))


@dataclass(frozen=True)
class Deployment:
    """All of Overheard but the network; commands take the same way as in production.

    Attributes:
        chat: Types commands, clicks buttons and reads cards.
        provider: The provider that is asked.
        store: An SQLite store; `close_test_stores` removes it.
        clock: The current time of the deployment.
        problems: The problem of each faulty plugin by its name, worded as `overheard plugins` does.
        provides: What each plugin provides, by its name.
    """

    chat: FakeChat
    provider: EchoProvider
    store: Store
    clock: FixedClock
    problems: dict[str, str]
    provides: dict[str, tuple[str, ...]]

    async def type(self, words: str) -> Screen:
        """Type words after the root command and return what the chat showed."""
        return await self.chat.type(words)

    async def scores(self, metric: str = "") -> list[ScoreRecord]:
        """Return the stored scores of one metric, or of all metrics."""
        kept = [record async for record in self.store.scores.stream()]
        return [record for record in kept if metric in ("", record.score.metric)]


class OpenDeployment(Protocol):
    """The type of the fixture `overheard_deployment`."""

    async def __call__(self, config: str = "") -> Deployment:
        """Open a deployment with more configuration; see `open_deployment`."""
        ...


async def open_deployment(
    config: str = "",
    *,
    provider: EchoProvider | None = None,
    clock: FixedClock | None = None,
    role: Role = Role.ADMIN,
    forms: bool = False,
) -> Deployment:
    """Open a deployment on a test store, with all installed plugins, found by their entry points.

    Args:
        config: More configuration as TOML, for example the tables of a plugin. The brand Acme,
            its competitor Zenith and one prompt are declared already.
        provider: The provider that is asked, in addition to those that the configuration names.
        clock: The current time of the deployment.
        role: The role of every person.
        forms: Whether the chat has forms.
    """
    read = parse_config(DECLARED + config)
    provider, clock, store = provider or EchoProvider(), clock or FixedClock(), open_test_store()
    plugins = load_plugins(read)
    plugins.providers[provider.name] = provider
    opened = await assemble(read, store, plugins, clock=clock)
    return Deployment(
        FakeChat(ChatDesk(opened, OpenGate(role)), forms=forms),
        provider,
        store,
        clock,
        {report.name: report.problem for report in plugins.faulty},
        {report.name: report.provides for report in plugins.reports},
    )
