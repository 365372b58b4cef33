"""Looking after a store that no deployment has open."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from overheard.domain.tending import StoreHealth
from overheard.interfaces.running import Progress


class Tending(Protocol):
    """What can be done with a store as a whole, by its URL."""

    async def migrate(self, url: str) -> tuple[str | None, str]:
        """Bring its schema to this version; return the revision before and after.

        Raises:
            StoreError: when it cannot be used.
        """
        ...

    async def examine(self, url: str) -> StoreHealth:
        """See whether it is well, and how large it is; nothing is changed.

        Raises:
            StoreError: when it cannot be used.
        """
        ...

    async def copy(self, source: str, target: str, progress: Progress) -> Mapping[str, int]:
        """Copy all there is into an empty store, in one transaction: all of it, or nothing.

        Numbers stay as they are. What is written to the source meanwhile is not copied.

        Returns:
            How many rows each table has, counted in both.

        Raises:
            StoreError: when one of them cannot be used, the target is not empty, or a count
                differs; the target is empty then.
        """
        ...

    async def back_up(self, url: str, file: Path) -> int:
        """Write an SQLite store as it is at this moment to a new file; return its bytes.

        Raises:
            StoreError: when it is none, or cannot be used.
            FileUnwritable: when the file is there, or cannot be written.
        """
        ...
