"""How scorers take turns at answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

from overheard.domain import Answer
from overheard.interfaces import Scorer

Share = tuple[Scorer, Sequence[Answer]]
"""Some answers that a scorer is to read."""


async def in_turn(
    streams: Iterable[tuple[Scorer, AsyncIterator[list[Answer]]]],
) -> AsyncIterator[list[Share]]:
    """Yield the next share of each scorer that has one, so that all of them read an answer
    together, or soon after each other.
    """
    left = list(streams)
    while left:
        taken = [(scorer, stream, await anext(stream, None)) for scorer, stream in left]
        left = [(scorer, stream) for scorer, stream, batch in taken if batch]
        if left:
            yield [(scorer, batch) for scorer, _, batch in taken if batch]


def together(shares: Sequence[Share]) -> Iterator[tuple[Answer, list[int]]]:
    """Yield each answer once, with the indices of the shares that hold it."""
    found: dict[int, tuple[Answer, list[int]]] = {}
    for at, (_, answers) in enumerate(shares):
        for answer in answers:
            found.setdefault(answer.id, (answer, []))[1].append(at)
    yield from found.values()


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
