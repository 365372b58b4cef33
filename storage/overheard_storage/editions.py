"""Editions: each names the versions of the scorers whose scores are read together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import PENDING, Catalogue, Edition, EditionState
from overheard_storage.database import uninterrupted
from overheard_storage.repository import Repository
from overheard_storage.tables import editions

_CATALOGUE = TypeAdapter(Catalogue)


class EditionRepository(Repository):
    """Editions; see `overheard.interfaces.scores.EditionRepository`."""

    async def all(self) -> list[Edition]:
        """Return all editions, the oldest first."""
        query = select(editions).order_by(editions.c.at, editions.c.id)
        return [_edition(row) for row in await self._database.rows(query)]

    @uninterrupted
    async def add(self, edition: Edition) -> Edition:
        """Store an edition, which is unique by its versions."""
        row = _row(edition)
        insert = self._database.insert(editions)
        updated = {name: insert.excluded[name] for name in row if name != "versions"}
        upsert = insert.on_conflict_do_update(index_elements=["versions"], set_=updated)
        async with self._database.writing() as connection:
            await _displace(connection, edition.state)
            result = await connection.execute(upsert.returning(editions.c.id), row)
            return replace(edition, id=result.scalar_one())

    @uninterrupted
    async def set_state(self, number: int, state: EditionState, note: str = "") -> None:
        """Set the state and the note; an edition that loses its state becomes kept."""
        async with self._database.writing() as connection:
            await _displace(connection, state)
            await _set(connection, number, state, note)

    @uninterrupted
    async def leave(self, number: int, instead: int) -> None:
        """Mark the used edition as LEFT and use another one."""
        async with self._database.writing() as connection:
            await _set(connection, number, EditionState.LEFT)
            await _set(connection, instead, EditionState.USED)


def split_versions(written: str) -> frozenset[str]:
    """Return the versions that a row of `editions` has, one a line."""
    return frozenset(written.split("\n")) - {""}


async def _displace(connection: AsyncConnection, state: EditionState) -> None:
    """Set the edition to KEPT that has a state which only one edition can have."""
    places = PENDING if state in PENDING else {state} & {EditionState.USED}
    taken = editions.c.state.in_(sorted(places))
    kept = update(editions).where(taken).values(state=EditionState.KEPT, note="")
    await connection.execute(kept)


async def _set(
    connection: AsyncConnection, number: int, state: EditionState, note: str = ""
) -> None:
    change = update(editions).where(editions.c.id == number).values(state=state, note=note)
    await connection.execute(change)


def _row(edition: Edition) -> dict[str, Any]:
    """Return the columns of an edition; its catalogue is cut to the brands and facts."""
    catalogue = Catalogue(edition.catalogue.brands, facts=edition.catalogue.facts)
    return {
        "versions": "\n".join(sorted(edition.versions)),
        "catalogue": _CATALOGUE.dump_python(catalogue, mode="json"),
        "at": edition.at,
        "state": edition.state,
        "note": edition.note,
    }


def _edition(row: Row[Any]) -> Edition:
    """Return the edition of a row."""
    return Edition(
        versions=split_versions(row.versions),
        catalogue=_CATALOGUE.validate_python(row.catalogue),
        at=row.at,
        state=EditionState(row.state),
        note=row.note,
        id=row.id,
    )
