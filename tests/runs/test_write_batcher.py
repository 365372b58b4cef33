"""Tests of the groups in which answers are written."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from kit.scripted import reply
from overheard.domain import Answer, Model, Prompt, Question
from overheard.interfaces.runs import AnswerRepository
from overheard.runs.answers import MAX_GROUP_ANSWERS, WriteBatcher

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def answer(number: int) -> Answer:
    """Return an answer of its own."""
    return Answer(1, Question(Prompt("Which?"), Model("svc", "m-1"), number), reply(), NOON)


class Slow:
    """Writes groups slowly, and fails some.

    Attributes:
        groups: The numbers of the answers of each group.
        fails: The numbers whose groups fail.
    """

    def __init__(self, *fails: int) -> None:
        self.groups: list[list[int]] = []
        self.fails = set(fails)
        self.begun = asyncio.Event()
        self.hold = asyncio.Event()
        self.hold.set()

    async def add(self, answers: Sequence[Answer]) -> list[Answer]:
        """Write a group."""
        self.begun.set()
        self.groups.append([a.question.repeat for a in answers])
        await self.hold.wait()
        if self.fails & set(self.groups[-1]):
            raise OSError("The disk is full.")
        return list(answers)


def batcher(slow: Slow) -> WriteBatcher:
    """Return a batcher that writes slowly."""
    return WriteBatcher(cast("AnswerRepository", slow))


async def kept(numbers: range, slow: Slow) -> list[Any]:
    """Keep answers at once, and return what each was told."""
    async with batcher(slow) as writer:
        return await asyncio.gather(
            *(writer.keep(answer(n)) for n in numbers), return_exceptions=True
        )


async def test_answers_that_come_together_are_written_together() -> None:
    """In groups of at most 25, in their order."""
    slow = Slow()

    assert await kept(range(60), slow) == [None] * 60
    assert MAX_GROUP_ANSWERS == 25
    assert slow.groups == [list(range(25)), list(range(25, 50)), list(range(50, 60))]


async def test_a_group_that_fails_fails_its_answers_and_no_others() -> None:
    """Each is told, and the next group is written."""
    told = await kept(range(30), Slow(3))

    assert [isinstance(error, OSError) for error in told] == [True] * 25 + [False] * 5
    assert told[25:] == [None] * 5


async def test_what_comes_during_a_write_waits_for_the_next_and_an_idle_writer_begins_again() -> (
    None
):
    """A single answer is a group as well."""
    slow = Slow()
    slow.hold.clear()
    async with batcher(slow) as writer:
        first = asyncio.create_task(writer.keep(answer(0)))
        await slow.begun.wait()
        rest = [asyncio.create_task(writer.keep(answer(n))) for n in (1, 2)]
        await asyncio.sleep(0.03)
        assert not first.done()
        slow.hold.set()
        await asyncio.gather(first, *rest)
        assert slow.groups == [[0], [1, 2]]
        await writer.keep(answer(3))
    assert slow.groups == [[0], [1, 2], [3]]


async def test_the_end_of_the_block_waits_for_what_is_being_written() -> None:
    """Also when its `keep` was cancelled: the answer is paid for. An empty block ends at once."""
    slow = Slow()
    async with batcher(slow):
        pass
    assert slow.groups == []
    async with batcher(slow) as writer:
        one, two = (asyncio.create_task(writer.keep(answer(n))) for n in (0, 1))
        await asyncio.sleep(0)
        one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one
    assert slow.groups == [[0, 1]]
    await two
