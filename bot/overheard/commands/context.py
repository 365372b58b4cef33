"""What every command is given: the parts of a running deployment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path
from typing import Protocol

from overheard.cards.command import Face
from overheard.config.loader import Config, find_config, load_config
from overheard.domain import Catalogue, TaskKind
from overheard.interfaces import Chat, Clock, Progress, Queue, Store
from overheard.interfaces.operations import Tending
from overheard.plugins import Plugins, load_plugins
from overheard.runs.limits import Limits
from overheard.runs.queue import InlineQueue
from overheard.scoring.rescoring import Rescoring, in_use
from overheard.scoring.service import Scoring

TERMINAL = "terminal"
"""Who asks in the terminal, and where."""


@dataclass(frozen=True, slots=True)
class Context:
    """A deployment that is open.

    Attributes:
        config: As it was read.
        store: What is kept.
        catalogue: What is measured, from the configuration and from people.
        plugins: Providers and scorers, and what became of each plugin.
        scoring: The scorers, by the names and facts that the scores are read by: after a change
            those of before, until history has been scored anew.
        clock: What time it is.
        progress: Who is shown how long work goes on.
        zone: The reader's time zone.
        limits: Whose turn it is to be asked, shared by all runs of this process.
        queue: Who carries out the tasks of runs.
        who: Who asks, as the audit log names them.
        channel: Where they ask, as ``platform:id``; ``terminal`` for the terminal.
        reading: Held while answers are scored, so that two commands do not score the same ones.
    """

    config: Config
    store: Store
    catalogue: Catalogue
    plugins: Plugins
    scoring: Scoring
    clock: Clock
    progress: Progress
    zone: tzinfo
    limits: Limits = field(default_factory=Limits)
    queue: Queue = field(default_factory=InlineQueue)
    who: str = TERMINAL
    channel: str = TERMINAL
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def face(self) -> Face:
        """Where the answer is read."""
        return Face.TERMINAL if self.channel == TERMINAL else Face.CHAT

    async def refreshed(self) -> Context:
        """Return the deployment as it is now: people add brands meanwhile. No scorer has failed
        yet in what is returned.
        """
        catalogue = await self.store.catalogue()
        scoring = await in_use(self.scoring.over(catalogue), self.store)
        return replace(self, catalogue=catalogue, scoring=scoring)

    @property
    def rescoring(self) -> Rescoring:
        """Whoever scores history for the names and facts of now."""
        return Rescoring(self.store, self.current, self.clock)

    @property
    def current(self) -> Scoring:
        """The scorers by the names and facts of now, whatever the scores are read by."""
        return self.scoring.over(self.catalogue)

    async def caught_up(self, expected: int = 0) -> Context:
        """Score what nobody has read, and history anew where that is done at once.

        Args:
            expected: How many answers there will be, or 0 when nobody knows.

        Returns:
            The deployment with the scorers whose scores are read from now on.
        """
        async with self.reading:
            return replace(self, scoring=await self.rescoring.settle(self.progress, expected))


class OpenContext(Protocol):
    """Opens a deployment and closes it behind the block."""

    def __call__(self, config: Config, progress: Progress) -> AbstractAsyncContextManager[Context]:
        """Open what a configuration describes; progress goes to whoever is named."""
        ...


class Serve(Protocol):
    """Runs a deployment."""

    async def __call__(self, context: Context) -> None:
        """Run until the process is stopped."""
        ...


class Work(Protocol):
    """Runs a worker."""

    async def __call__(self, context: Context, kinds: Collection[TaskKind], at_once: int) -> None:
        """Run until the process is stopped, with so many tasks of these kinds at a time."""
        ...


class OpenChats(Protocol):
    """Makes chats."""

    def __call__(self, config: Config) -> Mapping[str, Chat]:
        """Return the chats that a configuration describes, by name."""
        ...


def _no_chats(config: Config) -> Mapping[str, Chat]:  # noqa: ARG001 - an `OpenChats`
    return {}


class Unwatched:
    """Progress that nobody is shown."""

    def start(self, title: str, total: int) -> None:
        """Do nothing."""

    def advance(self, steps: int = 1) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Session:
    """A deployment that is not open: what commands are given that need none, or one of their own.

    Attributes:
        open_context: Opens one.
        tending: Returns whoever looks after stores.
        config: The file that was named, or None.
        progress: Who is shown how long work goes on.
        serve: Runs a deployment until the process is stopped.
        open_chats: Makes the chats that a configuration describes, by name; they connect later.
        work: Runs a worker until the process is stopped.
    """

    open_context: OpenContext
    tending: Callable[[], Tending]
    config: Path | None = None
    progress: Progress = field(default_factory=Unwatched)
    serve: Serve | None = None
    open_chats: OpenChats = _no_chats
    work: Work | None = None

    def read_config(self, *, needed: bool = True) -> Config:
        """Read the configuration; where none is needed and none is there, it is empty.

        Raises:
            ConfigError: with all that is wrong.
        """
        file = find_config(self.config)
        if not needed and self.config is None and not file.exists():
            return Config()
        return load_config(file)

    @property
    def face(self) -> Face:
        """Where the answer is read."""
        return Face.TERMINAL

    @property
    def plugins(self) -> Plugins:
        """What is installed, and what became of it."""
        return load_plugins(self.read_config(needed=False))
