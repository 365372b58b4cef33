"""What every store does with money and with runs that are steered: SQLite and PostgreSQL."""

import asyncio
import gc
from datetime import timedelta
from typing import Any

import pytest

from kit.stored_items import NOON
from overheard.domain import (
    Account,
    Answer,
    Balance,
    Finish,
    Model,
    Panel,
    Payer,
    Prompt,
    Question,
    Reply,
    ReservationRequest,
    Run,
    RunState,
    Score,
    ScoreRecord,
    Spending,
)
from overheard.interfaces import Store
from overheard_storage import open_store
from overheard_storage.rows import run_of as row_to_run

DAY = Account("day", period="2026-03-01")
MONTH = Account("month", period="2026-03")
SHARED, OWN = Prompt("Best?", topic="buying", language="en"), Prompt("Acme?", brands=("Acme",))
MODEL = Model("svc", "m-1")
PANEL = Panel(("Acme", "Zed"), (SHARED, OWN), (MODEL,), repeats=9)


async def run_of(store: Store, key: str = "r") -> Run:
    """Start a run that was asked for in a channel."""
    return await store.runs.start(Run(key, NOON, PANEL, asked_by="Ann", channel="slack:C1"))


def answer(run: Run, usd: float | None, *, prompt: Prompt = SHARED, repeat: int = 0) -> Answer:
    """Make an answer that cost something."""
    reply = Reply("Acme.", Finish.COMPLETE, cost_usd=usd)
    return Answer(run.id, Question(prompt, MODEL, repeat), reply, NOON)


async def test_what_is_held_and_spent_stays_within_what_is_allowed(store: Store) -> None:
    """All of several accounts, or none of them."""
    run = await run_of(store)

    assert (
        await store.money.reserve(
            run.id, [ReservationRequest(DAY, 4, 5), ReservationRequest(MONTH, 4, 9)]
        )
        is None
    )
    assert (
        await store.money.reserve(
            run.id, [ReservationRequest(MONTH, 1, 9), ReservationRequest(DAY, 2, 5)]
        )
        == DAY
    )
    assert await store.money.balances([DAY, MONTH]) == {DAY: Balance(0, 4), MONTH: Balance(0, 4)}
    assert await store.money.reserve(run.id, [ReservationRequest(DAY, 1, 5)]) is None


async def test_runs_that_book_in_turn_are_read_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who pays for a run never changes."""
    first, second = await run_of(store, "first"), await run_of(store, "second")
    read = []

    def counted(row: Any) -> Run:
        read.append(row.id)
        return row_to_run(row)

    monkeypatch.setattr("overheard_storage.money.run_of", counted)
    for repeat in range(3):
        for run in (first, second):
            await store.answers.add([answer(run, 1.0, repeat=repeat)])

    assert read == [first.id, second.id]
    assert await store.money.spent() == 6.0


async def test_a_part_of_what_is_held_can_be_given_back(store: Store) -> None:
    """Others who ask for the same run keep theirs; who holds nothing any more is no holder."""
    run = await run_of(store)
    await store.money.reserve(
        run.id, [ReservationRequest(DAY, 3, 5), ReservationRequest(MONTH, 3, 9)]
    )
    await store.money.give_back(run.id, {DAY: 1, MONTH: 3})
    assert await store.money.balances([DAY, MONTH]) == {DAY: Balance(0, 2), MONTH: Balance(0, 0)}
    assert await store.money.reserving_runs() == {run.id}
    await store.money.give_back(run.id, {DAY: 2})
    assert await store.money.reserving_runs() == set()


async def test_the_cost_of_an_answer_is_taken_out_of_what_its_run_holds(store: Store) -> None:
    """In the transaction that stores the answer, and from its run only."""
    run, other = await run_of(store), await run_of(store, "other")
    for holder in (run, other):
        await store.money.reserve(holder.id, [ReservationRequest(DAY, 2, 9)])
    await store.answers.add([answer(run, 0.5), answer(run, 0.25, repeat=1)])

    assert await store.money.balances([DAY]) == {DAY: Balance(0.75, 3.25)}
    await store.answers.add([answer(run, 7, repeat=2)])
    assert await store.money.balances([DAY]) == {DAY: Balance(7.75, 2.0)}
    assert await store.money.reserving_runs() == {run.id, other.id}
    await store.money.release(other.id)
    assert await store.money.balances([DAY]) == {DAY: Balance(7.75, 0.0)}


async def test_an_answer_is_booked_on_everybody_it_is_for(store: Store) -> None:
    """Brands share an answer's cost; the run, its channel, the day and the month bear it all."""
    run = await run_of(store)
    await store.answers.add([answer(run, 1.0), answer(run, 0.5, prompt=OWN)])
    await store.answers.add([answer(run, 1.0)])
    whole = [Account("run", str(run.id)), Account("channel", "slack:C1", "2026-03"), DAY, MONTH]
    acme, zed = (Account("brand", name, "2026-03") for name in ("Acme", "Zed"))
    balances = await store.money.balances([*whole, acme, zed])

    assert [balances[account].spent for account in whole] == [1.5] * 4
    assert (balances[acme].spent, balances[zed].spent) == (1.0, 0.5)
    assert sum(each.usd for each in await store.money.spending()) == 1.5


async def test_only_who_pays_for_the_last_answers_is_kept(store: Store) -> None:
    """A process that checks for years keeps few of its past runs."""
    gc.freeze()  # so that only new objects are looked at
    for number in range(40):
        run = await run_of(store, f"r{number}")
        await store.answers.add([answer(run, 0.5)])
    del run
    gc.collect()
    kept = sum(type(one) is Payer for one in gc.get_objects())
    gc.unfreeze()

    assert 0 < kept < 20


async def test_spending_is_summed_up_by_run_prompt_and_model(store: Store) -> None:
    """With all that a prompt says; what cost nothing is left out, and what had no tokens is an
    estimate.
    """
    run = await run_of(store)
    await store.answers.add(
        [answer(run, 1.0), answer(run, 2.0, repeat=1), answer(run, 4.0, prompt=OWN)]
    )
    await store.answers.add([answer(run, None, repeat=2), answer(run, 0.0, repeat=3)])
    spent = await store.money.spending(since=NOON)

    assert sorted(spent, key=lambda each: each.usd) == [
        Spending(run.id, SHARED, MODEL, 2, 3.0, 3.0),
        Spending(run.id, OWN, MODEL, 1, 4.0, 4.0),
    ]
    assert await store.money.spending(since=NOON + timedelta(seconds=1)) == []


@pytest.mark.timeout(60)
async def test_two_processes_never_hold_more_than_there_is(url: str) -> None:
    """Two stores on one database, forty claims at once for thirteen's worth of money."""
    first, second = await open_store(url), await open_store(url)
    runs = [await run_of(first, "one"), await run_of(second, "two")]

    async def claim(number: int) -> bool:
        store, run = (first, runs[0]) if number % 2 else (second, runs[1])
        return (
            await store.money.reserve(
                run.id, [ReservationRequest(DAY, 3, 40), ReservationRequest(MONTH, 3, 90)]
            )
            is None
        )

    held = await asyncio.gather(*(claim(number) for number in range(40)))
    balances = await second.money.balances([DAY])
    await first.close()
    await second.close()

    assert sum(held) == 13
    assert balances[DAY].held == pytest.approx(39)


async def test_a_run_is_steered_until_it_has_ended(store: Store) -> None:
    """Paused, resumed, cancelled; a run that has ended stays as it ended."""
    run = await run_of(store)
    assert await store.runs.state(run.id) is RunState.RUNNING
    for state in (RunState.PAUSED, RunState.RUNNING, RunState.CANCELLED):
        assert await store.runs.steer(run.id, state)
        assert await store.runs.state(run.id) is state

    assert not await store.runs.steer(run.id, RunState.RUNNING)
    assert not await store.runs.steer(run.id + 1, RunState.PAUSED)
    [kept] = await store.runs.find()
    assert (kept.state, kept.channel, kept.asked_by) == (RunState.CANCELLED, "slack:C1", "Ann")


async def test_a_reused_answer_is_kept_and_not_scored_again(store: Store) -> None:
    """The scores of its original are summed up for the run that reuses it, and in no block."""
    run, later = await run_of(store), await run_of(store, "later")
    [original] = await store.answers.add([answer(run, 1.0)])
    given = [Score("visibility", 1.0), Score("top1", 0.0)]
    scores = [ScoreRecord(original.id, "Acme", "s", "1", score) for score in given]
    await store.scores.add("s", "1", [(original, scores)])
    reply = Reply("Acme.", Finish.COMPLETE, cost_usd=0.0)
    question = Question(SHARED, MODEL, 1)
    copy = Answer(later.id, question, reply, NOON, reused_from=original.id)
    [kept] = await store.answers.add([copy])

    assert [a async for a in store.answers.stream(runs=[later.id])] == [kept]
    assert kept.reused_from == original.id
    assert [a async for a in store.scores.unscored("s", "1")] == []
    assert [block.run_id for block in await store.blocks.find()] == [run.id, run.id]
    zero, block = await store.blocks.reused(later.id)
    assert (zero.metric, zero.n, zero.total) == ("top1", 1, 0.0)
    assert (block.run_id, block.prompt, block.brand, block.n) == (later.id, SHARED.key, "Acme", 1)
    assert (block.total, block.squares, block.version) == (1.0, 1.0, "s@1")
