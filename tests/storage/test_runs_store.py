"""What every store does with runs and the results of their tasks."""

from dataclasses import replace
from datetime import timezone

from kit.stored_items import BEST, CHEAP, GPT, HOUR, LLAMA, NOON, SCORER, answers_of, record, run_of
from overheard.domain import Panel, Prompt, Run, RunState, Task, TaskKind
from overheard.interfaces import Store


class TestRuns:
    """What was asked."""

    async def test_a_run_comes_back_whole(self, store: Store) -> None:
        """Every field of a run and its panel is kept."""
        panel = Panel(("Acme",), (BEST, CHEAP), (GPT, LLAMA), 3, 42, (2, 1))
        run = Run("weekly-1", NOON, panel, label="weekly", asked_by="schedule weekly")
        kept = await store.runs.start(run)
        assert kept.id > 0
        assert replace(kept, id=0) == run
        assert await store.runs.find() == [kept]

    async def test_a_label_may_be_long(self, store: Store) -> None:
        """Longer than what an index of PostgreSQL takes as it is."""
        label = "".join(chr(0x4E00 + n) for n in range(8_000))
        await store.runs.start(Run("long", NOON, label=label))
        assert [run.label for run in await store.runs.find(label=label)] == [label]

    async def test_a_known_key_returns_the_run_already_kept(self, store: Store) -> None:
        """Starting a run again, after a restart, does not make a second one."""
        first = await run_of(store)
        again = await store.runs.start(Run("first", NOON + HOUR, label="other"))
        assert again == first
        assert await store.runs.find() == [first]

    async def test_an_imported_run_begins_with_its_earliest_part(self, store: Store) -> None:
        """An earlier start moves the run and its blocks; a run with a panel stays where it is."""
        (answer,) = await answers_of(store, 1)
        await store.scores.add(*SCORER, [(answer, [record(answer)])])
        moved = await store.runs.start(Run("first", NOON - HOUR))
        asked = await store.runs.start(Run("asked", NOON, Panel(("Acme",), (BEST,), (GPT,), 1, 0)))
        assert moved.started_at == NOON - HOUR
        assert await store.runs.start(Run("asked", NOON - HOUR)) == asked
        assert await store.runs.find() == [asked, moved]
        assert [block.at for block in await store.blocks.find()] == [NOON - HOUR]

    async def test_a_run_ends_once_it_is_finished(self, store: Store) -> None:
        """Finishing sets the state and the time, of this run alone."""
        first, second = await run_of(store), await run_of(store, "second", NOON + HOUR)
        await store.runs.finish(first.id, RunState.PARTIAL, NOON + HOUR)
        ended = replace(first, state=RunState.PARTIAL, finished_at=NOON + HOUR)
        assert await store.runs.find() == [second, ended]

    async def test_runs_are_filtered_by_state_and_cut_at_a_limit(self, store: Store) -> None:
        """The newest runs, by their start, come first."""
        late, early, middle = [
            await run_of(store, key, NOON + hours * HOUR)
            for key, hours in (("late", 3), ("early", 1), ("middle", 2))
        ]
        await store.runs.finish(late.id, RunState.COMPLETE, NOON + 4 * HOUR)
        assert [run.key for run in await store.runs.find(limit=2)] == ["late", "middle"]
        assert await store.runs.find(state=RunState.RUNNING) == [middle, early]

    async def test_times_come_back_aware_and_in_utc(self, store: Store) -> None:
        """A time given in another zone is the same moment afterwards."""
        tokyo = timezone(9 * HOUR)
        await store.runs.start(Run("tokyo", NOON.astimezone(tokyo)))
        (kept,) = await store.runs.find()
        assert kept.started_at == NOON
        assert kept.started_at.tzinfo is not None

    async def test_runs_are_filtered_by_label_start_and_standing(self, store: Store) -> None:
        """The latest of those that count are found without reading all that there were."""
        for key, label, aside, hours in (
            ("early", "", False, 0),
            ("burst", "burst", False, 1),
            ("aside", "", True, 2),
            ("late", "", False, 3),
        ):
            await store.runs.start(Run(key, NOON + hours * HOUR, label=label, aside=aside))
        assert [run.key for run in await store.runs.find(label="burst")] == ["burst"]
        assert [run.key for run in await store.runs.find(aside=True)] == ["aside"]
        found = await store.runs.find(aside=False, until=NOON + 2 * HOUR, limit=1)
        assert [run.key for run in found] == ["burst"]

    async def test_a_run_is_held_by_one_at_a_time(self, store: Store) -> None:
        """A second lock is refused at once; another run, and the same run later, can be locked."""
        first, second = await run_of(store, "a"), await run_of(store, "b")

        async with store.locks.run_lock(first.id) as mine, store.locks.run_lock(second.id) as other:
            assert (mine, other) == (True, True)
            async with store.locks.run_lock(first.id) as again:
                assert not again
        async with store.locks.run_lock(first.id) as later:
            assert later


async def test_a_run_is_found_as_it_stands(store: Store) -> None:
    """However often its number is asked for, its state is that of now, and its panel the same;
    another number has none.
    """
    panel = Panel(("Acme",), (Prompt("Which?"),), (LLAMA,))
    run = await store.runs.start(Run("asked", NOON, panel))
    assert (await store.runs.get(run.id), await store.runs.get(run.id)) == (run, run)
    await store.runs.steer(run.id, RunState.PAUSED)
    assert await store.runs.get(run.id) == replace(run, state=RunState.PAUSED)
    assert await store.runs.get(run.id + 1) is None


async def test_the_first_result_of_a_task_stays(store: Store) -> None:
    """A second delivery changes nothing."""
    run = await run_of(store)
    first, other = Task(TaskKind.ASK, run.id, "openai"), Task(TaskKind.SCORE, run.id, "openai")
    await store.runs.keep_result(first, {"complete": 3})
    await store.runs.keep_result(first, {"complete": 4})
    assert await store.runs.results(run.id, [first.key, other.key]) == {first.key: {"complete": 3}}


async def test_results_are_forgotten_with_their_run(store: Store) -> None:
    """And those of others are kept."""
    run, other = await run_of(store), await run_of(store, "second")
    tasks = [Task(TaskKind.ASK, run.id), Task(TaskKind.ASK, other.id)]
    for task in tasks:
        await store.runs.keep_result(task, {})
    await store.runs.forget_results(run.id)
    assert await store.runs.results(run.id, [tasks[0].key]) == {}
    assert await store.runs.results(other.id, [tasks[1].key]) == {tasks[1].key: {}}
