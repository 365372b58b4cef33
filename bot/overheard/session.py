"""A session of the terminal: how a deployment is opened, served and maintained.

It imports no deployment: help begins here, and a deployment takes longer to import than help.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from overheard.cards.command import CommandSpec
from overheard.config.loader import find_config, load_config
from overheard.config.sections import Config
from overheard.domain import TaskKind
from overheard.interfaces import Chat
from overheard.interfaces.store import StoreMaintenance
from overheard.plugins import Plugins, added_commands, added_plugins, load_plugins

if TYPE_CHECKING:
    from overheard.deployment import Deployment


class OpenDeployment(Protocol):
    """Opens a deployment, and closes it after the block."""

    def __call__(
        self, config: Config, *, create: bool = True
    ) -> AbstractAsyncContextManager[Deployment]:
        """Return a context manager that opens a deployment and closes it after the block.

        A missing store is created; without `create`, a temporary store takes its place, see
        `Deployment.missing_store`.
        """
        ...


class Serve(Protocol):
    """Runs a deployment."""

    async def __call__(self, deployment: Deployment) -> None:
        """Run until the process is stopped."""
        ...


class Work(Protocol):
    """Runs a worker."""

    async def __call__(
        self, deployment: Deployment, kinds: Collection[TaskKind], at_once: int
    ) -> None:
        """Run until the process is stopped, with a number of concurrent tasks of these kinds."""
        ...


class OpenChats(Protocol):
    """Makes chats."""

    def __call__(self, config: Config) -> Mapping[str, Chat]:
        """Return the chats that a configuration describes, by name."""
        ...


def _no_chats(config: Config) -> Mapping[str, Chat]:  # noqa: ARG001 - an `OpenChats`
    return {}


@dataclass(frozen=True, slots=True)
class Session:
    """The argument of terminal commands that need no open deployment, or open one themselves.

    Attributes:
        open_deployment: Opens a deployment.
        maintenance: Returns the maintenance of stores.
        config: The configuration file that was given, or None.
        serve: Runs a deployment until the process is stopped.
        open_chats: Makes the chats that a configuration describes, by name; they connect later.
        work: Runs a worker until the process is stopped.
        ask: Asks the person at the terminal a question and returns the answer, by default the
            second argument; None where no person can answer.
    """

    open_deployment: OpenDeployment
    maintenance: Callable[[], StoreMaintenance]
    config: Path | None = None
    serve: Serve | None = None
    open_chats: OpenChats = _no_chats
    work: Work | None = None
    ask: Callable[[str, str], str] | None = None

    def read_config(self, *, needed: bool = True) -> Config:
        """Return the configuration from its file; an empty one if it is not needed and the file is
        missing.

        Raises:
            ConfigError: with all problems, as sentences.
        """
        file = find_config(self.config)
        if not needed and self.config is None and not file.exists():
            return Config()
        return load_config(file)

    @property
    def plugins(self) -> Plugins:
        """The installed plugins and the state of each; loads them at each access."""
        return load_plugins(self.read_config(needed=False))

    @property
    def plugin_commands(self) -> Collection[CommandSpec]:
        """The commands of plugins, which are loaded at each access."""
        return added_commands(self.read_config(needed=False)) if added_plugins() else ()
