"""Repositories of how answers were scored: scores, blocks and editions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Protocol

from overheard.domain import (
    Answer,
    Block,
    BlockTable,
    Edition,
    EditionState,
    Model,
    Run,
    ScoreRecord,
)


class ScoreRepository(Protocol):
    """Scores of answers, and which answers each version of a scorer has read.

    An answer is scorable when it is complete, is not reused, has its text and belongs to a run
    that is part of the brands' history.
    """

    def unscored(
        self,
        scorer: str,
        version: str,
        *,
        seen: bool | None = None,
        newest: bool = False,
        part: Run | None = None,
    ) -> AsyncIterator[int]:
        """Stream the numbers of the scorable answers that this version has not read.

        Args:
            scorer: The scorer's name.
            version: The scorer's version.
            seen: True for answers that another version of the scorer has read, False for answers
                that no version has read, None for both.
            newest: Whether the order is descending.
            part: A run whose panel restricts its answers; None for the answers of all runs.
        """
        ...

    async def add(
        self, scorer: str, version: str, scores: Sequence[tuple[Answer, Sequence[ScoreRecord]]]
    ) -> None:
        """Store one scorer's scores of some answers, and add them to their blocks, in one
        transaction.

        Answers that this version has read before are left out, so that a repetition changes
        nothing. An answer without scores counts as read.

        Args:
            scorer: The scorer's name.
            version: The scorer's version.
            scores: The answers, each with its scores.
        """
        ...

    async def findings(
        self, brand: str, verdicts: Collection[str], *, runs: Collection[int] | None = None
    ) -> list[ScoreRecord]:
        """Return the scores of a brand that have a detail with one of some verdicts, in the order
        of answers.

        Args:
            brand: The brand's name.
            verdicts: Verdicts of details, such as ``wrong``.
            runs: The numbers of runs; None for all.
        """
        ...

    def stream(self, *, runs: Collection[int] | None = None) -> AsyncIterator[ScoreRecord]:
        """Stream the scores of some runs, or of all, in the order of their answers."""
        ...

    async def of_answers(self, answers: Collection[int]) -> list[ScoreRecord]:
        """Return the scores of some answers, in the order of the answers' numbers."""
        ...

    async def count_read(self, scorer: str, version: str) -> int:
        """Return how many answers that have their text a version of a scorer has read."""
        ...

    async def count_scorable(self) -> int:
        """Return the number of scorable answers."""
        ...

    async def prune(self, versions: Collection[str]) -> int:
        """Delete all editions, scores, readings and blocks except those of some versions.

        Blocks are deleted first, in a transaction of their own, so that half-deleted scores are
        never read. A repeated call completes an interrupted one.

        Args:
            versions: The versions to keep, written as `Block.version`.

        Returns:
            The number of deleted scores.
        """
        ...


class BlockRepository(Protocol):
    """Sums of scores by run, prompt, model, brand, metric and scorer."""

    async def find(
        self,
        *,
        brand: str | None = None,
        model: Model | None = None,
        metric: str | None = None,
        since: datetime | None = None,
        run: int | None = None,
    ) -> list[Block]:
        """Return blocks ordered by the start of the run, run, prompt, model, brand and metric.

        Args:
            brand: The brand; None for all.
            model: The model; None for all.
            metric: The metric; None for all.
            since: The earliest start of the blocks' runs; None for the beginning.
            run: The number of the run; None for all.
        """
        ...

    async def table(
        self,
        brands: Collection[str] | None = None,
        *,
        model: Model | None = None,
        metric: str | None = None,
        until: datetime | None = None,
        newest: tuple[str, int] | None = None,
    ) -> BlockTable:
        """Return blocks as columns, which is many times as fast as `find`.

        Args:
            brands: The names of brands; None for all.
            model: The only model, or None for all.
            metric: The only metric, or None for all.
            until: The latest start of the blocks' runs.
            newest: A brand and a number of runs: of each model, only its newest runs with a value
                of the metric of this brand. It needs a metric.
        """
        ...

    async def reused(self, run_id: int) -> list[Block]:
        """Return the sums of the scores of the answers that a run reuses.

        They are computed and not stored: trends and detection do not read them.
        """
        ...


class EditionRepository(Protocol):
    """Editions: each lists the versions of the scorers whose scores are read together."""

    async def all(self) -> list[Edition]:
        """Return all editions, the oldest first."""
        ...

    async def add(self, edition: Edition) -> Edition:
        """Store an edition and return it with its number.

        Versions are unique: an edition of the same versions gets the new state, note and time. A
        used or pending edition replaces the edition in that state, which becomes kept.
        """
        ...

    async def set_state(self, number: int, state: EditionState, note: str = "") -> None:
        """Set the state and the note of an edition, in one transaction.

        When the state is USED, the edition that was used before becomes kept.
        """
        ...
