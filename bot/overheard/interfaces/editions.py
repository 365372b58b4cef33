"""What is kept of the editions of the scores."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from overheard.domain import Edition, EditionState


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
