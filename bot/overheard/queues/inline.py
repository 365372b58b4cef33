"""The queue of a single process: whoever has work does it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

from overheard.domain import Task, TaskKind
from overheard.interfaces import Do, Going, Result


class InlineQueue:
    """Carries tasks out on the spot, one after another."""

    spread = False

    async def carry(
        self,
        tasks: Sequence[Task],
        do: Do,
        going: Going | None = None,
    ) -> dict[str, Result]:
        """Carry tasks out; see `overheard.interfaces.Queue`."""
        results: dict[str, Result] = {}
        for task in tasks:
            if going and not await going():
                break
            result = await do(task)
            if result is not None:
                results[task.key] = result
        return results

    async def work(
        self,
        do: Do,  # noqa: ARG002 - there is never anything to do
        kinds: Collection[TaskKind],  # noqa: ARG002
        *,
        at_once: int,  # noqa: ARG002
        seats: Mapping[str, int],  # noqa: ARG002
    ) -> None:
        """Wait until cancelled: nobody else can put anything in."""
        await asyncio.Event().wait()
