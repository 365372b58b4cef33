"""What every command is given: the parts of a running deployment."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from overheard.checks.scoring import Scoring
from overheard.config import Config
from overheard.domain import Catalogue
from overheard.interfaces import Clock, Progress, Store
from overheard.plugins import Plugins


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
    who: str = "terminal"
    channel: str = "terminal"


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
