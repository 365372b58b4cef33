"""How much there is, and how far behind the work: counts for whoever watches a deployment."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, case, func, select

from overheard.domain import COMPLETE, Census, RunState
from overheard.domain.operations import FAILING, SHOWN, WAITING
from overheard_storage.shelf import Shelf
from overheard_storage.tables import alerts, answers, deliveries, readings, runs

_OPEN = deliveries.c.shown < deliveries.c.wanted


class CensusShelf(Shelf):
    """The Protocol `overheard.interfaces.Store` says what each method does."""

    async def census(self, versions: Collection[str]) -> Census:
        """Count what is there."""
        standing = case((~_OPEN, SHOWN), (deliveries.c.problem != "", FAILING), else_=WAITING)
        vain = select(func.coalesce(func.sum(deliveries.c.attempts), 0)).where(_OPEN)
        going = (runs.c.state == RunState.RUNNING, ~runs.c.aside)
        begun = select(runs.c.started_at).where(*going).order_by(runs.c.started_at).limit(1)
        # Of the runs that go on alone: an answer of one that ended has been read.
        read = select(readings.c.answer_id).where(
            readings.c.scorer_id.in_(await self._scorers(versions)),
            readings.c.answer_id == answers.c.id,
        )
        unread = (
            select(answers.c.asked_at)
            .join(runs)
            .where(
                *going,
                answers.c.finish.in_(sorted(COMPLETE)),
                answers.c.reused_from.is_(None),
                ~read.exists(),
            )
            .order_by(answers.c.asked_at)
            .limit(1)
        )
        return Census(
            await self._counts(runs.c.state),
            await self._counts(alerts.c.state),
            await self._counts(standing.label("standing")),
            int((await self._database.rows(vain))[0][0]),
            *[
                next((row[0] for row in await self._database.rows(q)), None)
                for q in (unread, begun)
            ],
        )

    async def _scorers(self, versions: Collection[str]) -> list[int]:
        named = [version.partition("@") for version in sorted(versions)]
        found = [await self._registers.scorers.find(name, version) for name, _, version in named]
        return [number for number in found if number]

    async def _counts(self, what: Any | Column[str]) -> dict[str, int]:
        query = select(what, func.count()).group_by(what)
        return {
            str(value): int(count) for value, count in map(tuple, await self._database.rows(query))
        }
