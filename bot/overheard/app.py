"""The only wiring: configuration, plugins, store, commands, terminal."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from overheard import cli
from overheard.checks.scoring import Scoring
from overheard.commands.context import Context
from overheard.config import Config
from overheard.interfaces import Progress
from overheard.plugins import load_plugins


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)


@asynccontextmanager
async def open_context(config: Config, progress: Progress) -> AsyncIterator[Context]:
    """Open the deployment that a configuration describes, and close it behind the block.

    Raises:
        StoreError: when the store cannot be used.
    """
    from overheard_storage import open_store  # SQLAlchemy is slow to import, and help needs none

    store = await open_store(config.storage.url)
    plugins = load_plugins(config)
    try:
        await store.provision(config.catalogue())
        catalogue = await store.catalogue()
        clock = SystemClock()
        yield Context(
            config=config,
            store=store,
            catalogue=catalogue,
            plugins=plugins,
            scoring=Scoring(plugins.scorers.values(), catalogue),
            clock=clock,
            progress=progress,
            zone=clock.now().astimezone().tzinfo or UTC,
        )
    finally:
        for provider in plugins.providers.values():
            # A plugin that cannot let go of its connections must not keep the store from it.
            with contextlib.suppress(Exception):
                await provider.close()
        await store.close()


async def migrate(url: str) -> tuple[str | None, str]:
    """Bring a store's schema to this version; return its revision before and after."""
    import overheard_storage

    return await overheard_storage.migrate(url)


def main() -> None:
    """Run the terminal face."""
    cli.app(obj=cli.Session(open_context, migrate))
