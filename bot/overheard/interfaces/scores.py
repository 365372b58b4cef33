"""What is kept of how answers were scored."""

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


class ScoreStore(Protocol):
    """The part of the store that keeps scores, and the blocks that sum them up."""

    def unscored(
        self,
        scorer: str,
        version: str,
        *,
        seen: bool | None = None,
        newest: bool = False,
        part: Run | None = None,
    ) -> AsyncIterator[int]:
        """Stream the numbers of the complete answers that this version of a scorer has not read.

        Answers that are reused are not among them, nor those of runs that stand aside.

        Args:
            scorer: The scorer's name.
            version: Its version.
            seen: True for those alone that another version of it has read, False for those that
                none has, None for both.
            newest: Whether the latest come first; by default they come last.
            part: A run whose panel says which of its answers are meant; None for all there are.
        """
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
        run: int | None = None,
    ) -> list[Block]:
        """Return blocks in the order of the runs' start, then run, prompt, model, brand, metric."""
        ...

    async def block_table(
        self,
        brands: Collection[str] | None = None,
        *,
        model: Model | None = None,
        metric: str | None = None,
        until: datetime | None = None,
    ) -> BlockTable:
        """Return the blocks of some brands by column, which is many times as fast.

        Args:
            brands: Their names; by default all brands there are.
            model: The only model that is wanted.
            metric: The only metric that is wanted.
            until: The latest time at which the run of a block began.
        """
        ...

    async def reused_blocks(self, run_id: int) -> list[Block]:
        """Return the scores of the answers that a run reuses, summed up as if they were its own.

        They are kept nowhere as blocks: trends and detection do not read them.
        """
        ...


class EditionStore(Protocol):
    """The part of the store that keeps which scores are read."""

    async def editions(self) -> list[Edition]:
        """Return all editions, the oldest first."""
        ...

    async def add_edition(self, edition: Edition) -> Edition:
        """Keep an edition and return it with its number.

        Of editions with the same versions there is one: it gets the state, the note and the time
        that are given. One that is used or to be used takes the place of another, which is kept.
        """
        ...

    async def set_edition(self, number: int, state: EditionState, note: str = "") -> None:
        """Say what an edition is good for.

        One transaction: when it is to be used, the one that was used before is kept.
        """
        ...

    async def leave_edition(self, number: int, instead: int) -> None:
        """Use an edition again instead of the one that is used, which nobody wants by itself.

        One transaction.

        Args:
            number: The one that is used now.
            instead: The one to use.
        """
        ...

    async def prune_scores(self, versions: Collection[str]) -> int:
        """Remove all editions, scores, readings and blocks but those of some versions.

        Blocks go first, so that nothing is read of what is half removed. Cut off in between, it
        is done by another call.

        Args:
            versions: What is left, as `Block.version` names them.

        Returns:
            How many scores were removed.
        """
        ...

    async def read_by(self, scorer: str, version: str) -> int:
        """Return how many of the answers that scorers are shown a version of a scorer has read."""
        ...

    async def scorable(self) -> int:
        """Return how many answers scorers are shown; none whose text is gone."""
        ...
