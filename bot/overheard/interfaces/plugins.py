"""Update feeds, listeners, and the view of the store that plugin commands receive."""

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
    """A source of model updates, such as a vendor's changelog."""

    @property
    def name(self) -> str:
        """Unique among feeds."""
        ...

    async def updates(self, since: datetime) -> Sequence[ModelUpdate]:
        """Return the updates since a moment, in any order.

        Called repeatedly: the same update must always have the same model and time.

        Raises:
            OverheardError: when the source cannot be read; the message is shown.
        """
        ...


class History(Protocol):
    """Read access to runs, answers, scores, updates and alerts."""

    async def runs(self, *, limit: int | None = None) -> list[Run]:
        """Return up to `limit` runs, newest first."""
        ...

    def answers(
        self, *, runs: Collection[int] | None = None, prompts: Collection[str] | None = None
    ) -> AsyncIterator[Answer]:
        """Yield the answers of these runs and prompt keys (None: of all), by number."""
        ...

    def scores(self, *, runs: Collection[int] | None = None) -> AsyncIterator[ScoreRecord]:
        """Yield the scores of these runs (None: of all), in the order of their answers."""
        ...

    async def blocks(
        self,
        *,
        brand: str | None = None,
        model: Model | None = None,
        metric: str | None = None,
        since: datetime | None = None,
    ) -> list[Block]:
        """Return summed scores by run, prompt, model, brand and metric, oldest first."""
        ...

    async def updates(self, model: Model | None = None) -> list[ModelUpdate]:
        """Return the updates of a model, or of all models, oldest first."""
        ...

    async def alerts(self, *, brand: str | None = None) -> list[Alert]:
        """Return the alerts of a brand, or of all brands, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class View:
    """The argument of the function of a plugin's command.

    Attributes:
        catalogue: Brands, prompts, facts and schedules.
        history: Read access to runs, answers, scores and alerts.
        clock: The source of the current time.
        zone: The reader's time zone.
        who: The user of the command, as the audit log names users.
        channel: The channel, as ``platform:id``; ``terminal`` for the terminal.
    """

    catalogue: Catalogue
    history: History
    clock: Clock
    zone: tzinfo
    who: str
    channel: str


class ScoredListener(Protocol):
    """Called for each scored answer."""

    async def __call__(self, answer: Answer, scores: Sequence[ScoreRecord]) -> None:
        """Handle the event; exceptions are logged and have no other effect."""
        ...


class ShiftListener(Protocol):
    """Called for each shift that raises an alert."""

    async def __call__(self, shift: Shift, alert: Alert) -> None:
        """Handle the event; exceptions are logged and have no other effect."""
        ...


class PostedListener(Protocol):
    """Called when the message of an alert was posted."""

    async def __call__(self, alert: Alert, channel: str, message: str) -> None:
        """Handle the event; exceptions are logged and have no other effect.

        Args:
            alert: The alert as it was posted.
            channel: The channel, as ``platform:id``.
            message: The platform's id of the message.
        """
        ...


Listener = ScoredListener | ShiftListener | PostedListener
