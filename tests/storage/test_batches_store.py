"""What every store keeps of batches: one suite for SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

from kit.stored_items import NOON
from overheard.domain import Batch, Model, Panel, Prompt, Run, Schedule
from overheard.interfaces import Store

MODEL = Model("openai", "gpt-5")
PANEL = Panel(("Acme",), (Prompt("Which?"),), (MODEL,), batch=True)


async def handed_in(store: Store, key: str = "first") -> Batch:
    """Keep a batch that is being handed in."""
    run = await store.runs.start(Run(key, NOON, PANEL))
    return await store.batches.keep(Batch(run.id, MODEL, ("a-0", "a-1"), NOON))


async def test_a_batch_is_kept_before_the_vendor_has_named_it(store: Store) -> None:
    """With the ids of its questions; its name comes later."""
    batch = await handed_in(store)
    assert batch.id
    assert await store.batches.unfinished() == [batch]

    named = await store.batches.keep(replace(batch, vendor_id="batch_1"))
    assert named == replace(batch, vendor_id="batch_1")
    assert await store.batches.unfinished() == [named]


async def test_a_batch_that_has_ended_is_waited_for_no_more(store: Store) -> None:
    """The others are, by their runs, the oldest first."""
    batches = [await handed_in(store, key) for key in ("first", "second", "third")]
    await store.batches.keep(replace(batches[0], ended_at=NOON + timedelta(hours=1)))

    assert await store.batches.unfinished() == batches[1:]
    assert await store.batches.unfinished(runs=[batches[2].run_id]) == [batches[2]]
    assert await store.batches.unfinished(runs=[batches[0].run_id]) == []
    assert await store.batches.unfinished(runs=[]) == []


async def test_a_run_and_a_schedule_know_that_they_ask_in_batches(store: Store) -> None:
    """A run that is taken up again asks what is missing as it asked the rest."""
    await handed_in(store)
    weekly = Schedule("weekly", "0 7 * * mon", batch=True)
    await store.catalogue.set_schedule(weekly)

    assert [run.panel for run in await store.runs.find()] == [PANEL]
    assert (await store.catalogue.current()).schedules == (weekly,)
