"""Column types that both databases store alike, and the parts that tables are made of."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Text,
)
from sqlalchemy.types import TypeDecorator

LONG = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit number for tables of millions of rows; SQLite numbers rows only in INTEGER."""


class Moment(TypeDecorator[datetime]):
    """A time, stored in UTC and returned aware; a time without a zone raises ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC (without a zone for SQLite); None stays None. Raises ValueError
        for a time without a zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored time in UTC with its zone; None stays None."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


_UNWRITABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """Return a text with every character that a database cannot store replaced by U+FFFD.

    These are NUL, which PostgreSQL refuses, and lone surrogates, which have no UTF-8 form. A text
    from the store may therefore differ from the one that was sent.
    """
    return _UNWRITABLE.sub("\ufffd", text)


class Prose(TypeDecorator[str]):
    """Text from outside, of any length.

    Models send characters that databases refuse; `storable` replaces them, so that the rest of
    the text is stored.
    """

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the text with characters that cannot be stored replaced; None stays None."""
        return None if value is None else storable(value)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

column = partial(Column, nullable=False)
"""A column that is never NULL."""


def id_column() -> Column[int]:
    """Return the integer primary key ``id`` of a table whose rows are numbered."""
    return Column("id", Integer, primary_key=True)


def key_reference(name: str, target: str) -> Column[int]:
    """Return a column of a primary key that refers to the ``id`` of another table."""
    return Column(name, ForeignKey(f"{target}.id"), primary_key=True)


def reference(name: str, target: str) -> Column[int]:
    """Return a column, never NULL, that refers to the ``id`` of another table."""
    return Column(name, ForeignKey(f"{target}.id"), nullable=False)


def unchecked_reference(name: str, target: str) -> ForeignKeyConstraint:
    """Return a foreign key that exists on SQLite only.

    PostgreSQL's check takes longer than writing the row. SQLite's takes next to no time, and SQLite
    cannot drop a constraint without writing the whole table again.
    """
    key = ForeignKeyConstraint([name], [f"{target}.id"], info={"dialect": "sqlite"})
    return key.ddl_if(dialect="sqlite")


def made_on(dialect: str) -> Callable[..., bool]:
    """Return a filter for Alembic that keeps the parts of the tables that exist in a dialect."""
    return lambda item, *_: item.info.get("dialect", dialect) == dialect
