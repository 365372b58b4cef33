"""Column types that keep the domain's promises on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

from overheard.domain import storable

LONG = BigInteger().with_variant(Integer(), "sqlite")
"""A number of something that is counted in millions; SQLite numbers rows only in INTEGER."""


class Moment(TypeDecorator[datetime]):
    """A time, kept in UTC and returned aware; one without a zone is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn any aware time into UTC; SQLite keeps it without its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Prose(TypeDecorator[str]):
    """Text that came from outside, of any length.

    Models send what no database takes. `storable` replaces it, so that the rest of the answer is
    kept.
    """

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Replace what cannot be written."""
        return None if value is None else storable(value)
