"""What else plugins bring: update feeds, listeners, and what their commands are shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Protocol, runtime_checkable

from overheard.domain import (
    Alert,
    Answer,
    Block,
    Catalogue,
    Model,
    ModelUpdate,
    Run,
    ScoreRecord,
    Shift,
)
from overheard.interfaces.services import Clock


@runtime_checkable
class UpdateFeed(Protocol):
    """Somebody who knows when models are updated, such as a vendor's changelog."""

    @property
    def name(self) -> str:
        """Unique among feeds."""
        ...

    async def updates(self, since: datetime) -> Sequence[ModelUpdate]:
        """Return the updates since a moment, in any order.

        It is asked again and again: the same update always has the same model and time.

        Raises:
            OverheardError: when it cannot be read; its sentence is shown.
        """
        ...


class History(Protocol):
    """What was asked, answered and found, to be read."""

    async def runs(self, *, limit: int | None = None) -> list[Run]:
        """Return runs, the newest first."""
        ...

    def answers(
        self, *, runs: Collection[int] | None = None, prompts: Collection[str] | None = None
    ) -> AsyncIterator[Answer]:
        """Stream answers in the order of their numbers, of some runs or prompt keys or of all."""
        ...

    def scores(self, *, runs: Collection[int] | None = None) -> AsyncIterator[ScoreRecord]:
        """Stream scores in the order of their answers."""
        ...

    async def blocks(
        self,
        *,
        brand: str | None = None,
        model: Model | None = None,
        metric: str | None = None,
        since: datetime | None = None,
    ) -> list[Block]:
        """Return scores, summed up by run, prompt, model, brand and metric, the oldest first."""
        ...

    async def updates(self, model: Model | None = None) -> list[ModelUpdate]:
        """Return model updates, the oldest first."""
        ...

    async def alerts(self, *, brand: str | None = None) -> list[Alert]:
        """Return alerts, the newest first."""
        ...


@dataclass(frozen=True, slots=True)
class View:
    """What the function of a plugin's command is given.

    Attributes:
        catalogue: What is measured.
        history: What was asked, answered and found.
        clock: What time it is.
        zone: The reader's time zone.
        who: Who asks, as the audit log names them.
        channel: Where they ask, as ``platform:id``; ``terminal`` for the terminal.
    """

    catalogue: Catalogue
    history: History
    clock: Clock
    zone: tzinfo
    who: str
    channel: str


class ScoredListener(Protocol):
    """Is told of each answer that a scorer has read."""

    async def __call__(self, answer: Answer, scores: Sequence[ScoreRecord]) -> None:
        """Take notice; whatever is raised changes nothing."""
        ...


class ShiftListener(Protocol):
    """Is told of each shift that raises an alert."""

    async def __call__(self, shift: Shift, alert: Alert) -> None:
        """Take notice; whatever is raised changes nothing."""
        ...


class PostedListener(Protocol):
    """Is told when an alert's message stands in a channel."""

    async def __call__(self, alert: Alert, channel: str, message: str) -> None:
        """Take notice; whatever is raised changes nothing.

        Args:
            alert: As it was posted.
            channel: Where, as ``platform:id``.
            message: The platform's id of the message.
        """
        ...


Listener = ScoredListener | ShiftListener | PostedListener
