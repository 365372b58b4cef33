"""Tests of reusing answers."""

from datetime import UTC, datetime, timedelta

import pytest

from kit.scripted import reply
from overheard.domain import Answer, Block, Finish, Model, Panel, Prompt, Question, Run
from overheard.errors import BadUsage
from overheard.interfaces import Store
from overheard.runs.answers import parse_age, reusable, reuse, summed_blocks
from overheard.testing.deployment import open_test_store

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PROMPTS = (Prompt("Best?"), Prompt("Cheapest?"))
MODEL = Model("svc", "m-1")
PANEL = Panel(("Acme",), PROMPTS, (MODEL,), repeats=2)


async def answered(store: Store, at: datetime, finish: Finish = Finish.COMPLETE) -> Run:
    """Keep a run with one answer to the first prompt."""
    run = await store.runs.start(Run(f"{at} {finish}", at, PANEL))
    text = reply(f"As of {at:%d}", finish, cost_usd=0.25)
    await store.answers.add([Answer(run.id, Question(PROMPTS[0], MODEL), text, at)])
    return run


async def test_the_newest_whole_answers_within_the_age_are_copied() -> None:
    """Each serves one question; they cost nothing, name their originals and count as asked."""
    store = open_test_store()
    for days in (2, 0.3, 0.2, 0.1):
        await answered(store, NOW - days * DAY)
    await answered(store, NOW - 0.05 * DAY, Finish.CUT)
    run = await store.runs.start(Run("new", NOW, PANEL))
    found = await reusable(store, run, DAY, NOW)

    assert await reuse(store, run, DAY, NOW) == 2
    copies = [answer async for answer in store.answers.stream(runs=[run.id])]
    originals = [answer async for answer in store.answers.stream() if answer.run_id != run.id]
    assert found == {(PROMPTS[0], MODEL): 2}
    assert [copy.question.repeat for copy in copies] == [0, 1]
    assert [copy.reused_from for copy in copies] == [originals[3].id, originals[2].id]
    assert {copy.reply.cost_usd for copy in copies} == {0.0}
    assert await store.money.spent(run_id=run.id) == 0
    assert await store.answers.asked(run.id) == {copy.question.key for copy in copies}


async def test_a_copy_is_neither_scored_nor_copied_again() -> None:
    """It is no new evidence, and its age is that of the original."""
    store = open_test_store()
    await answered(store, NOW - DAY / 2)
    first = await store.runs.start(Run("first", NOW, PANEL))
    await reuse(store, first, DAY, NOW)
    second = await store.runs.start(Run("second", NOW, PANEL))

    assert len([one async for one in store.scores.unscored("s", "1")]) == 1
    assert await reuse(store, second, DAY, NOW) == 1
    [copy] = [answer async for answer in store.answers.stream(runs=[second.id])]
    assert copy.reused_from == 1


def test_blocks_of_new_and_reused_answers_are_summed() -> None:
    """One row for a stream and prompt, for all people who asked."""
    block = Block(1, NOW, "p", MODEL, "Acme", "visibility", 2, 1.0, 1.0, "v@1")
    other = Block(1, NOW, "q", MODEL, "Acme", "visibility", 1, 0.0, 0.0, "v@1")
    [first, second] = summed_blocks([block, other, block])

    assert (first.n, first.total, first.squares) == (4, 2.0, 2.0)
    assert second == other


@pytest.mark.parametrize(
    ("text", "age"), [("24h", DAY), ("7d", 7 * DAY), ("30min", DAY / 48), (" 2 h ", DAY / 12)]
)
def test_an_age_is_read(text: str, age: timedelta) -> None:
    """Minutes, hours, days."""
    assert parse_age(text) == age


@pytest.mark.parametrize("text", ["24", "soon", "-1h", "1e9d", "h"])
def test_what_is_no_age_is_told(text: str) -> None:
    """The sentence shows how to write one."""
    with pytest.raises(BadUsage, match="write it as 30min, 24h or 7d"):
        parse_age(text)
