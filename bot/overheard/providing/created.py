"""When served models were made: each is looked up once, by a free call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

from overheard.domain import Reply

PATIENCE = 10.0
"""Seconds that a look-up may take. It is asked beside an answer that is there already."""


class CreationDates:
    """Looks up when a model was made, and never fails: what is not told is None.

    Args:
        look_up: From a served model's id to what its service tells: a datetime, or seconds
            since 1970.
    """

    def __init__(self, look_up: Callable[[str], Awaitable[object]]) -> None:
        self._look_up = look_up
        self._known: dict[str, asyncio.Task[datetime | None]] = {}

    async def dated(self, reply: Reply) -> Reply:
        """Return a reply with the date of the model that served it."""
        created = await self._of(reply.served_model) if reply.served_model else None
        return replace(reply, model_created=created)

    async def _of(self, served_model: str) -> datetime | None:
        task = self._known.get(served_model)
        if task is None or task.cancelled():
            task = self._known[served_model] = asyncio.create_task(self._find(served_model))
        return await asyncio.shield(task)

    async def _find(self, served_model: str) -> datetime | None:
        try:
            async with asyncio.timeout(PATIENCE):
                return _moment(await self._look_up(served_model))
        except Exception:  # a gateway may know no models, or answer anything
            return None


def _moment(told: object) -> datetime | None:
    """Read a moment; the first year of all clocks stands for an unknown one."""
    if isinstance(told, datetime):
        moment = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    elif isinstance(told, int | float):
        moment = datetime.fromtimestamp(told, UTC)
    else:
        return None
    return moment if moment.year > 1970 else None
