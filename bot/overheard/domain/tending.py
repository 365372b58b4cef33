"""What is known of a store that somebody looks after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TableSize:
    """How large a table is.

    Attributes:
        name: The table's.
        rows: How many rows it has, about.
        size: Bytes with its indexes.
        dead: Rows that were replaced or removed and still take room.
        vacuumed: When that room was last made free, or None when it never was.
    """

    name: str
    rows: int
    size: int
    dead: int
    vacuumed: datetime | None


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """What a look at a store found.

    Attributes:
        place: Its URL, without a password.
        revision: Of its tables; None when it has none.
        expected: The revision that this version needs.
        broken: What the database itself finds wrong, as it says it.
        orphans: Rows that refer to something that is not there, by table and column.
        compared: How many blocks were held against the scores that they sum up.
        differing: How many of those differ.
        size: Bytes on the disk.
        free: Bytes of that which are empty and will be used again; 0 where that is not known.
        tables: The largest tables, where the database says how large they are.
    """

    place: str
    revision: str | None
    expected: str
    broken: tuple[str, ...] = ()
    orphans: Mapping[str, int] | None = None
    compared: int = 0
    differing: int = 0
    size: int = 0
    free: int = 0
    tables: tuple[TableSize, ...] = ()

    @property
    def well(self) -> bool:
        """Whether nothing is wrong with it."""
        current = self.revision == self.expected
        return current and not (self.broken or self.orphans or self.differing)
