"""How scorers take turns at answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Sequence
from typing import TypeVar

from overheard.domain import Answer
from overheard.interfaces import Scorer, Store

Item = TypeVar("Item")

Share = tuple[Scorer, Sequence[Answer]]
"""Some answers that a scorer is to read."""


async def in_turn(
    store: Store, streams: Iterable[tuple[Scorer, AsyncIterator[int]]], size: int
) -> AsyncIterator[list[Share]]:
    """Yield the next share of each scorer that has one, so that all of them read an answer
    together, or soon after each other. It is fetched once.

    Args:
        store: Where the answers are.
        streams: Their numbers, for each scorer.
        size: The most answers in a share.
    """
    left = [(scorer, batches(stream, size)) for scorer, stream in streams]
    while left:
        taken = [(scorer, stream, await anext(stream, None)) for scorer, stream in left]
        left = [(scorer, stream) for scorer, stream, batch in taken if batch]
        wanted = {number for _, _, batch in taken for number in batch or ()}
        if wanted:
            found = {a.id: a async for a in store.answers(numbers=wanted) if not a.gone}
            yield [
                (scorer, [found[number] for number in batch if number in found])
                for scorer, _, batch in taken
                if batch
            ]


def together(shares: Sequence[Share]) -> Iterator[tuple[Answer, list[int]]]:
    """Yield each answer once, with the indices of the shares that hold it."""
    found: dict[int, tuple[Answer, list[int]]] = {}
    for at, (_, answers) in enumerate(shares):
        for answer in answers:
            found.setdefault(answer.id, (answer, []))[1].append(at)
    yield from found.values()


async def beside(works: Iterable[Coroutine[None, None, None]]) -> None:
    """Do several things beside each other, and wait for all of them; the first error ends the
    others, and is raised as it is.
    """
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None


async def batches(items: AsyncIterator[Item], size: int) -> AsyncIterator[list[Item]]:
    """Yield items so many at a time."""
    batch: list[Item] = []
    async for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
