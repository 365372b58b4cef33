"""A deployment in memory, with the plugins that are installed and somebody who types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import Protocol

from overheard.cards.command import CommandSpec, Role
from overheard.chat.desk import ChatDesk
from overheard.commands.context import Context, Unwatched
from overheard.config.loader import parse_config
from overheard.domain import ScoreRecord
from overheard.interfaces import Person
from overheard.plugins import load_plugins
from overheard.runs.limits import Limits
from overheard.scoring.judge import Judging, Means
from overheard.scoring.service import Scoring
from overheard.testing.clock import FixedClock
from overheard.testing.echo import EchoProvider
from overheard.testing.fake_chat import FakeChat, Screen
from overheard.testing.memory_store import MemoryStore

DECLARED = """
[[brands]]
name = "Acme"
competitors = ["Zenith"]

[[prompts]]
text = "Which tool is best?"
"""


class OpenGate:
    """An `overheard.interfaces.AccessPolicy` that lets everybody in whose role suffices.

    Attributes:
        role: What everybody may do.
        notes: Who did what, and how it ended.
    """

    def __init__(self, role: Role = Role.ADMIN) -> None:
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


@dataclass(frozen=True)
class Deployment:
    """All of Overheard but the network: what is typed goes the way that it goes in production.

    Attributes:
        chat: Somebody who types, clicks and reads cards.
        provider: Who is asked.
        store: What is kept.
        clock: What time it is.
        problems: What is wrong with plugins, by the plugin's name, as `overheard plugins` tells it.
        provides: What each plugin brings, by the plugin's name.
    """

    chat: FakeChat
    provider: EchoProvider
    store: MemoryStore
    clock: FixedClock
    problems: dict[str, str]
    provides: dict[str, tuple[str, ...]]

    async def type(self, words: str) -> Screen:
        """Type something behind the root command, and return what it showed."""
        return await self.chat.type(words)

    async def scores(self, metric: str = "") -> list[ScoreRecord]:
        """Return the scores that are kept, of one metric or of all."""
        kept = [record async for record in self.store.scores()]
        return [record for record in kept if metric in ("", record.score.metric)]


class OpenDeployment(Protocol):
    """What the fixture `overheard_deployment` is."""

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
    """Open a deployment in memory with all plugins that are installed, found by their entry points.

    Args:
        config: More configuration, such as the tables of a plugin, as TOML. The brand Acme with
            its competitor Zenith and one prompt are declared already.
        provider: Who is asked, beside those that the configuration names.
        clock: What time it is.
        role: What everybody may do.
        forms: Whether the chat has forms.
    """
    read = parse_config(DECLARED + config)
    provider, clock, store = provider or EchoProvider(), clock or FixedClock(), MemoryStore()
    plugins = load_plugins(read)
    plugins.providers[provider.name] = provider
    await store.provision(read.catalogue())
    catalogue = await store.catalogue()
    limits, scorers = Limits(read.limits), plugins.scorers.values()
    means = Means(store, plugins.providers, limits, read.budget, read.asking, clock)
    told = plugins.listeners.answer_scored
    context = Context(
        config=read,
        store=store,
        catalogue=catalogue,
        plugins=plugins,
        scoring=Scoring(scorers, catalogue, Judging(means, scorers), told),
        clock=clock,
        limits=limits,
        progress=Unwatched(),
        zone=UTC,
    )
    return Deployment(
        FakeChat(ChatDesk(context, OpenGate(role)), forms=forms),
        provider,
        store,
        clock,
        {report.name: report.problem for report in plugins.faulty},
        {report.name: report.provides for report in plugins.reports},
    )
