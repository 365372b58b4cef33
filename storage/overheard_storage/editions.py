"""Which scores are read: the editions, and the removal of scores that nobody needs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import COMPLETE, PENDING, Catalogue, Edition, EditionState
from overheard_storage.database import uninterrupted
from overheard_storage.shelf import Shelf, among
from overheard_storage.tables import answers, blocks, editions, readings, runs, scorers, scores

SLICE = 5_000
"""Answers whose scores are removed in one transaction, so that others can write in between."""

_CATALOGUE = TypeAdapter(Catalogue)


class EditionShelf(Shelf):
    """The Protocol `overheard.interfaces.Store` says what each method does."""

    async def editions(self) -> list[Edition]:
        """Return all editions, the oldest first."""
        query = select(editions).order_by(editions.c.at, editions.c.id)
        return [_edition(row) for row in await self._database.rows(query)]

    @uninterrupted
    async def add_edition(self, edition: Edition) -> Edition:
        """Keep an edition; of those with the same versions there is one."""
        row = _row(edition)
        new = self._database.insert(editions)
        again = {name: new.excluded[name] for name in row if name != "versions"}
        upsert = new.on_conflict_do_update(index_elements=["versions"], set_=again)
        async with self._database.writing() as connection:
            await _displace(connection, edition.state)
            kept = await connection.execute(upsert.returning(editions.c.id), row)
            return replace(edition, id=kept.scalar_one())

    @uninterrupted
    async def set_edition(self, number: int, state: EditionState, note: str = "") -> None:
        """Say what an edition is good for; the one that was used before is kept."""
        async with self._database.writing() as connection:
            await _displace(connection, state)
            await _set(connection, number, state, note)

    @uninterrupted
    async def leave_edition(self, number: int, instead: int) -> None:
        """Use an edition again instead of the one that is used."""
        async with self._database.writing() as connection:
            await _set(connection, number, EditionState.LEFT)
            await _set(connection, instead, EditionState.USED)

    async def prune_scores(self, versions: Collection[str]) -> int:
        """Remove all scores but those of some versions, and the editions that read them."""
        rows = await self._database.rows(select(scorers))
        gone = [row.id for row in rows if f"{row.name}@{row.version}" not in versions]
        await self._remove_blocks(gone, versions)
        removed = 0
        highest = await self._database.rows(select(func.max(readings.c.answer_id)))
        for start in range(0, (highest[0][0] or 0) + 1, SLICE):
            removed += await self._remove_scores(gone, range(start, start + SLICE))
        return removed

    async def read_by(self, scorer: str, version: str) -> int:
        """Return how many answers a version of a scorer has read."""
        number = await self._registers.scorers.find(scorer, version)
        gone = select(answers.c.id).where(answers.c.gone)
        query = select(func.count()).where(
            readings.c.scorer_id == number, readings.c.answer_id.not_in(gone)
        )
        return int((await self._database.rows(query))[0][0])

    async def scorable(self) -> int:
        """Return how many answers scorers are shown."""
        aside = select(runs.c.id).where(runs.c.aside)
        query = select(func.count()).where(
            answers.c.finish.in_(sorted(COMPLETE)),
            answers.c.reused_from.is_(None),
            ~answers.c.gone,
            answers.c.run_id.not_in(aside),
        )
        return int((await self._database.rows(query))[0][0])

    @uninterrupted
    async def _remove_blocks(self, gone: Collection[int], versions: Collection[str]) -> None:
        found = [one.id for one in await self.editions() if not one.versions <= set(versions)]
        async with self._database.writing() as connection:
            await connection.execute(delete(editions).where(among(editions.c.id, found)))
            await connection.execute(delete(blocks).where(among(blocks.c.scorer_id, gone)))

    @uninterrupted
    async def _remove_scores(self, gone: Collection[int], part: range) -> int:
        async with self._database.writing() as connection:
            kept = scores.c.answer_id, readings.c.answer_id
            mine = [number.between(part.start, part.stop - 1) for number in kept]
            said = delete(scores).where(mine[0], among(scores.c.scorer_id, gone))
            read = delete(readings).where(mine[1], among(readings.c.scorer_id, gone))
            removed = (await connection.execute(said)).rowcount
            await connection.execute(read)
            return removed


async def _displace(connection: AsyncConnection, state: EditionState) -> None:
    """Keep the edition whose place another one takes."""
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
    catalogue = Catalogue(edition.catalogue.brands, facts=edition.catalogue.facts)
    return {
        "versions": "\n".join(sorted(edition.versions)),
        "catalogue": _CATALOGUE.dump_python(catalogue, mode="json"),
        "at": edition.at,
        "state": edition.state,
        "note": edition.note,
    }


def _edition(row: Row[Any]) -> Edition:
    return Edition(
        versions=frozenset(row.versions.split("\n")) - {""},
        catalogue=_CATALOGUE.validate_python(row.catalogue),
        at=row.at,
        state=EditionState(row.state),
        note=row.note,
        id=row.id,
    )
