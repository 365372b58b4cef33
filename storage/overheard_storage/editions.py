"""Editions: which versions of the scorers are in use, were in use, or are being tried."""

from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import PENDING, Catalogue, Edition, EditionState
from overheard_storage.database import uninterrupted
from overheard_storage.repository import Repository
from overheard_storage.rows import object_of
from overheard_storage.tables import editions

_CATALOGUE = TypeAdapter(Catalogue)


class SqlEditionRepository(Repository):
    """Editions; see `overheard.interfaces.runs.EditionRepository`."""

    async def all(self) -> list[Edition]:
        """Return all editions, the oldest first."""
        query = select(editions).order_by(editions.c.at, editions.c.id)
        return [_edition_of(row) for row in await self._database.rows(query)]

    @uninterrupted
    async def add(self, edition: Edition) -> Edition:
        """Store an edition and return it with its number. An edition of the same versions is
        replaced and keeps its number. If the new one is in use or pending, the edition that was so
        before becomes KEPT.
        """
        row = _edition_row(edition)
        insert = self._database.insert(editions)
        updated = {name: insert.excluded[name] for name in row if name != "versions"}
        upsert = insert.on_conflict_do_update(index_elements=["versions"], set_=updated)
        async with self._database.writing() as connection:
            await _keep_displaced(connection, edition.state)
            result = await connection.execute(upsert.returning(editions.c.id), row)
            return replace(edition, id=result.scalar_one())

    @uninterrupted
    async def set_state(self, number: int, state: EditionState, note: str = "") -> None:
        """Store the state and the note of an edition; another edition that has a state which only
        one can have (in use, or pending) becomes KEPT.
        """
        async with self._database.writing() as connection:
            await _keep_displaced(connection, state)
            await _set_edition_state(connection, number, state, note)


def split_versions(written: str) -> frozenset[str]:
    """Return the versions that a row of `editions` has, one a line."""
    return frozenset(written.split("\n")) - {""}


async def _keep_displaced(connection: AsyncConnection, state: EditionState) -> None:
    """Set the edition to KEPT whose state only one edition can have and another one takes."""
    places = PENDING if state in PENDING else {state} & {EditionState.USED}
    taken = editions.c.state.in_(sorted(places))
    kept = update(editions).where(taken).values(state=EditionState.KEPT, note="")
    await connection.execute(kept)


async def _set_edition_state(
    connection: AsyncConnection, number: int, state: EditionState, note: str = ""
) -> None:
    """Store the state and the note of an edition, given by its number."""
    change = update(editions).where(editions.c.id == number).values(state=state, note=note)
    await connection.execute(change)


def _edition_row(edition: Edition) -> dict[str, Any]:
    """Return the columns of an edition, without its number; of its catalogue only brands and facts
    are stored.
    """
    catalogue = Catalogue(edition.catalogue.brands, facts=edition.catalogue.facts)
    return {
        "versions": "\n".join(sorted(edition.versions)),
        "catalogue": _CATALOGUE.dump_python(catalogue, mode="json"),
        "at": edition.at,
        "state": edition.state,
        "note": edition.note,
    }


def _edition_of(row: Row[Any]) -> Edition:
    """Return the edition of a row; its catalogue has brands and facts only."""
    versions, catalogue = split_versions(row.versions), _CATALOGUE.validate_python(row.catalogue)
    state = EditionState(row.state)
    return object_of(Edition, row, versions=versions, catalogue=catalogue, state=state)
