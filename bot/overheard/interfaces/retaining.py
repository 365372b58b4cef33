"""What becomes of texts that got old."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import datetime
from typing import Protocol

from overheard.domain import Answer, ScoreRecord


class RetentionStore(Protocol):
    """The part of the store that lets go of texts, and of nothing that was counted in them."""

    def old_texts(self, before: datetime) -> AsyncIterator[Answer]:
        """Stream the answers that were asked before a time and still have a text, by number.

        Those that somebody approved for a dataset are not among them: they are to be taught.
        """
        ...

    async def scores_of(self, answers: Collection[int]) -> list[ScoreRecord]:
        """Return the scores of some answers, by their numbers and in their order."""
        ...

    async def forget_texts(self, answers: Collection[int]) -> int:
        """Remove the texts of some answers, and the sentences that their scores quote.

        One transaction. Values, verdicts, blocks and spend stay, and so does that the answer was
        read: no scorer is shown it again.

        Returns:
            How many texts were there.
        """
        ...

    async def carry_scores(self, scorer: str, before: str, after: str) -> int:
        """Give a version of a scorer what another one said of answers whose text is gone.

        Blocks included, in small transactions; what the version has already stays as it is.

        Args:
            scorer: The scorer's name.
            before: The version that has read them.
            after: The version that cannot.

        Returns:
            How many answers it was given.
        """
        ...
