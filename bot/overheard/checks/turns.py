"""How scorers take turns at answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from overheard.domain import Answer
from overheard.interfaces import Scorer


async def in_turn(
    streams: Iterable[tuple[Scorer, AsyncIterator[list[Answer]]]],
) -> AsyncIterator[tuple[Scorer, list[Answer]]]:
    """Yield a batch for each scorer in turn, so that all of them read an answer soon after each
    other.
    """
    left = list(streams)
    while left:
        for scorer, stream in list(left):
            batch = await anext(stream, None)
            if batch is None:
                left.remove((scorer, stream))
            else:
                yield scorer, batch


async def batches(answers: AsyncIterator[Answer], size: int) -> AsyncIterator[list[Answer]]:
    """Yield answers so many at a time."""
    batch: list[Answer] = []
    async for answer in answers:
        batch.append(answer)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
