"""What is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from overheard.domain import (
    Alert,
    Answer,
    Block,
    Brand,
    Catalogue,
    Model,
    ModelUpdate,
    Prompt,
    Run,
    RunState,
    ScoreRecord,
)


class Store(Protocol):
    """What is kept. Returns domain objects, never rows; every write is one transaction."""

    async def close(self) -> None:
        """Let connections go."""
        ...

    # The catalogue

    async def provision(self, catalogue: Catalogue) -> None:
        """Make the declared brands, prompts, facts and schedules those of the configuration.

        What was declared before and is no longer is retired: kept for its history, and left out
        of `catalogue`. What people added themselves stays.
        """
        ...

    async def catalogue(self) -> Catalogue:
        """Return what is measured now, in the order in which it was declared or added."""
        ...

    async def add_brands(self, brands: Iterable[Brand]) -> None:
        """Add brands that are not there yet; a known name is left as it is."""
        ...

    async def add_prompts(self, prompts: Iterable[Prompt]) -> None:
        """Add prompts that are not there yet; a known text is left as it is."""
        ...

    # Runs and answers

    async def start_run(self, run: Run) -> Run:
        """Keep a run and return it with its number; a known key returns the run already kept.

        Imported history (a run without a panel) can come in parts: it begins no later than any
        part says.
        """
        ...

    def holding(self, run_id: int) -> AbstractAsyncContextManager[bool]:
        """Hold a run for this process while the block lasts; give False when another holds it.

        The hold ends with the process, however that ends.
        """
        ...

    async def finish_run(self, run_id: int, state: RunState, at: datetime) -> None:
        """Say how and when a run ended."""
        ...

    async def runs(self, *, state: RunState | None = None, limit: int | None = None) -> list[Run]:
        """Return runs, the newest (by start) first."""
        ...

    async def add_answers(self, answers: Sequence[Answer]) -> list[Answer]:
        """Keep answers with what they cost, in one transaction.

        An answer whose run already holds one to the same question is left out, so that nothing
        is kept or paid for twice; an answer that failed gives way to a later one.

        Returns:
            Those that were new, with their numbers.
        """
        ...

    def answers(
        self, *, runs: Collection[int] | None = None, prompts: Collection[str] | None = None
    ) -> AsyncIterator[Answer]:
        """Stream answers in the order of their numbers, of some runs or prompt keys or of all."""
        ...

    async def asked(self, run_id: int) -> set[tuple[str, str, int]]:
        """Return the keys of the questions of a run that have an answer; failed calls have none."""
        ...

    # Scores and blocks

    def unscored(self, scorer: str, version: str) -> AsyncIterator[Answer]:
        """Stream the complete answers that this version of a scorer has not read yet."""
        ...

    async def add_scores(
        self, scorer: str, version: str, scores: Sequence[tuple[Answer, Sequence[ScoreRecord]]]
    ) -> None:
        """Keep what one scorer said of some answers, and add it to their blocks.

        One transaction. An answer that this version has read before is left out, so that a
        second delivery changes nothing. An answer without scores counts as read.
        """
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
        """Return blocks in the order of the runs' start, then run, prompt, model, brand, metric."""
        ...

    # Updates and alerts

    async def add_update(self, update: ModelUpdate) -> ModelUpdate:
        """Keep a model update and return it with its number."""
        ...

    async def updates(self, model: Model | None = None) -> list[ModelUpdate]:
        """Return model updates, the oldest first."""
        ...

    async def add_alert(self, alert: Alert) -> tuple[Alert, bool]:
        """Keep an alert with its shifts, and return it with its number.

        There is one alert for each brand, model and run: a second one returns the first.

        Returns:
            The alert that is kept, and whether it is new.
        """
        ...

    async def alerts(self, *, brand: str | None = None) -> list[Alert]:
        """Return alerts, the newest first."""
        ...

    async def add_delivery(self, alert_id: int, channel: str, at: datetime) -> bool:
        """Note that an alert was shown in a channel; False when it had been already."""
        ...

    # Money

    async def spent(self, *, since: datetime | None = None, run_id: int | None = None) -> float:
        """Return the dollars spent on answers."""
        ...
