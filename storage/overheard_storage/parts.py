"""What tables are made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

column = partial(Column, nullable=False)
"""A column that always holds something."""


def number() -> Column[int]:
    """A table's own small number."""
    return Column("id", Integer, primary_key=True)


def part(name: str, target: str) -> Column[int]:
    """Part of a primary key that refers to another table."""
    return Column(name, ForeignKey(f"{target}.id"), primary_key=True)


def reference(name: str, target: str) -> Column[int]:
    """A column that refers to another table."""
    return Column(name, ForeignKey(f"{target}.id"), nullable=False)


def unlooked(name: str, target: str) -> ForeignKeyConstraint:
    """A column that refers to another table, and that PostgreSQL does not look up.

    Looking up takes it longer than writing the row does. SQLite's takes next to nothing, and
    SQLite cannot drop a constraint without writing the table anew.
    """
    key = ForeignKeyConstraint([name], [f"{target}.id"], info={"dialect": "sqlite"})
    return key.ddl_if(dialect="sqlite")


def made_on(dialect: str) -> Callable[..., bool]:
    """Return what tells Alembic which parts of the tables a kind of database has."""
    return lambda item, *_: item.info.get("dialect", dialect) == dialect
