"""What every command is given: the parts of a running deployment."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path
from typing import Protocol

from overheard.cards.command import Face
from overheard.checks.limits import Limits
from overheard.checks.scoring import Scoring
from overheard.config import Config, find_config, load_config
from overheard.domain import Catalogue
from overheard.interfaces import Chat, Clock, Progress, Store
from overheard.plugins import Plugins, load_plugins

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
        scoring: The scorers, ready for these brands.
        clock: What time it is.
        progress: Who is shown how long work goes on.
        zone: The reader's time zone.
        limits: Whose turn it is to be asked, shared by all runs of this process.
        who: Who asks, as the audit log names them.
        channel: Where they ask, as ``platform:id``; ``terminal`` for the terminal.
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
    who: str = TERMINAL
    channel: str = TERMINAL

    @property
    def face(self) -> Face:
        """Where the answer is read."""
        return Face.TERMINAL if self.channel == TERMINAL else Face.CHAT

    async def refreshed(self) -> Context:
        """Return the deployment as it is now: people add brands meanwhile. No scorer has failed
        yet in what is returned.
        """
        catalogue = await self.store.catalogue()
        return replace(self, catalogue=catalogue, scoring=self.scoring.over(catalogue))


class OpenContext(Protocol):
    """Opens a deployment and closes it behind the block."""

    def __call__(self, config: Config, progress: Progress) -> AbstractAsyncContextManager[Context]:
        """Open what a configuration describes; progress goes to whoever is named."""
        ...


class Migrate(Protocol):
    """Brings a store's schema to this version."""

    async def __call__(self, url: str) -> tuple[str | None, str]:
        """Return the schema's revision before and after."""
        ...


class Serve(Protocol):
    """Runs a deployment."""

    async def __call__(self, context: Context) -> None:
        """Run until the process is stopped."""
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
        migrate: Brings a store up.
        config: The file that was named, or None.
        progress: Who is shown how long work goes on.
        serve: Runs a deployment until the process is stopped.
        open_chats: Makes the chats that a configuration describes, by name; they connect later.
    """

    open_context: OpenContext
    migrate: Migrate
    config: Path | None = None
    progress: Progress = field(default_factory=Unwatched)
    serve: Serve | None = None
    open_chats: OpenChats = _no_chats

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
