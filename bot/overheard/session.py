"""A session of the terminal: how a deployment is opened, served and maintained.

It imports no deployment: help begins here, and a deployment takes longer to import than help.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar

from overheard.cards.command import CommandSpec, Face
from overheard.config.loader import example_config, find_config, load_config
from overheard.config.sections import Config
from overheard.domain import TaskKind
from overheard.interfaces import NoProgress, Progress
from overheard.interfaces.store import StoreMaintenance
from overheard.plugins import Plugins, added_commands, added_plugins, load_plugins

if TYPE_CHECKING:
    from overheard.deployment import Call, Deployment


@dataclass(frozen=True, slots=True)
class Session:
    """The argument of terminal commands that need no open deployment, or open one themselves.

    Attributes:
        open_deployment: Opens the deployment of a configuration within a block; with
            ``create=False`` a missing store is not created, but replaced by an empty one that is
            removed at the end, and `Deployment.missing_store` has its URL.
        maintenance: Returns the maintenance of stores.
        config: The configuration file that was given, or None.
        serve: Runs a deployment until the process is stopped.
        work: Runs a worker for some kinds of tasks, so many at a time, until the process is
            stopped.
        ask: Asks the person at the terminal a question and returns the answer, by default the
            second argument; None where no person can answer.
        reserved_words: The first words of the commands of Overheard, which no plugin may take.
        zone: The time zone of the person at the terminal.
        progress: Shows the progress of long work.
    """

    open_deployment: Callable[..., AbstractAsyncContextManager[Deployment]]
    maintenance: Callable[[], StoreMaintenance]
    config: Path | None = None
    serve: Callable[[Deployment], Awaitable[None]] | None = None
    work: Callable[[Deployment, Collection[TaskKind], int], Awaitable[None]] | None = None
    ask: Callable[[str, str], str] | None = None
    reserved_words: Collection[str] = ()
    zone: tzinfo = UTC
    progress: Progress = field(default_factory=NoProgress)
    face: ClassVar[Face] = Face.TERMINAL

    def read_config(self, *, needed: bool = True) -> Config:
        """Return the configuration, read from the given file, else from the usual place.

        If it is not needed, no file was given and none is at the usual place, the result is an
        empty configuration.

        Args:
            needed: Whether a missing file is an error.

        Raises:
            ConfigError: when the file is missing or wrong; with all problems, as sentences.
        """
        file = find_config(self.config)
        if not needed and self.config is None and not file.exists():
            return Config()
        return load_config(file)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Call]:
        """Open the configured deployment within the block, and yield the call of the person at the
        terminal; a missing store is not created.

        If there is no configuration, it is the bundled example, with a store that is removed after
        the block.

        Raises:
            ConfigError: when the configuration is wrong.
        """
        with TemporaryDirectory(prefix="overheard-example-") as folder:
            configured = self.config is not None or find_config(None).exists()
            config = self.read_config() if configured else example_config(Path(folder))
            async with self.open_deployment(config, create=not configured) as deployment:
                yield self.call(deployment)

    def call(self, deployment: Deployment) -> Call:
        """Return the call of the person at the terminal in an open deployment."""
        from overheard.deployment import Call

        return Call(deployment, zone=self.zone, progress=self.progress)

    @property
    def plugins(self) -> Plugins:
        """The installed plugins and the state of each, loaded at each access; without a
        configuration file, as an empty configuration loads them.

        Raises:
            ConfigError: when the configuration is wrong.
        """
        return load_plugins(self.read_config(needed=False), reserved=self.reserved_words)

    @property
    def plugin_commands(self) -> Collection[CommandSpec]:
        """The commands of installed plugins, loaded at each access. Empty, without reading the
        configuration, when no plugin is installed besides those of Overheard.

        Raises:
            ConfigError: when the configuration is wrong.
        """
        points = added_plugins()
        if not points:
            return ()
        return added_commands(self.read_config(needed=False), points, self.reserved_words)
