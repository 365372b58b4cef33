"""What a store counts for the monitoring: one suite for SQLite and PostgreSQL."""

from datetime import timedelta

from kit.stored_items import NOON
from overheard.domain import (
    Answer,
    Census,
    Delivery,
    DeliveryKind,
    Finish,
    Model,
    Panel,
    Prompt,
    Question,
    Reply,
    Run,
    RunState,
)
from overheard.interfaces import Store

MINUTE = timedelta(minutes=1)
READ = frozenset({"visibility@1", "sentiment@1"})
GPT = Model("openai", "gpt-5")
PANEL = Panel((), (Prompt("Which is best?"),), (GPT,))


def answer(run: Run, repeat: int, finish: Finish = Finish.COMPLETE) -> Answer:
    """Return an answer that came so many minutes after noon."""
    question = Question(PANEL.prompts[0], GPT, repeat)
    return Answer(run.id, question, Reply("Acme.", finish), NOON + repeat * MINUTE, 1.0)


async def test_an_empty_store_holds_nothing(store: Store) -> None:
    """All counts are empty, and nothing is late."""
    assert await store.census(READ) == Census()


async def test_runs_are_counted_by_state_and_the_oldest_that_goes_on_is_told(store: Store) -> None:
    """A run that ended, or that is outside of the history, is not counted as in progress."""
    for minute, key in enumerate(("ended", "first", "second")):
        await store.runs.start(Run(key, NOON + minute * MINUTE, PANEL))
    await store.runs.start(Run("beside", NOON - MINUTE, PANEL, aside=True))
    await store.runs.finish(1, RunState.COMPLETE, NOON)
    census = await store.census(READ)
    assert census.runs == {"complete": 1, "running": 3}
    assert census.unseen_since == NOON + MINUTE


async def test_the_oldest_answer_that_no_scorer_has_read_is_told(store: Store) -> None:
    """Not one that cannot be scored, nor one that was read, nor one of a run that ended. What a
    scorer has read that is not in use counts for nothing.
    """
    run = await store.runs.start(Run("first", NOON, PANEL))
    given = [answer(run, 0, Finish.LENGTH), answer(run, 1), answer(run, 2), answer(run, 3)]
    kept = await store.answers.add(given)
    assert (await store.census(READ)).unscored_since == NOON + MINUTE
    await store.scores.add("visibility", "0", [(kept[1], ())])
    assert (await store.census(READ)).unscored_since == NOON + MINUTE
    await store.scores.add("visibility", "1", [(kept[1], ())])
    assert (await store.census(READ)).unscored_since == NOON + 2 * MINUTE
    await store.runs.finish(run.id, RunState.COMPLETE, NOON)
    assert (await store.census(READ)).unscored_since is None


async def test_deliveries_are_counted_by_how_they_stand(store: Store) -> None:
    """What failed counts its attempts until it is shown."""
    wanted = [
        Delivery(DeliveryKind.NOTICE, f"notice-{n}", "slack:C0", NOON, "text") for n in range(3)
    ]
    await store.deliveries.add(wanted)
    claimed = await store.deliveries.claim("me", NOON, NOON + MINUTE, chats=["slack"], limit=2)
    failed, shown = claimed
    await store.deliveries.postpone(failed, "me", due_at=NOON, problem="It fails.", uncertain=False)
    await store.deliveries.record(shown, "me", message="1", shown=1)
    census = await store.census(READ)
    assert census.deliveries == {"failing": 1, "shown": 1, "waiting": 1}
    assert census.attempts == 1
    (again,) = await store.deliveries.claim("me", NOON, NOON + MINUTE, chats=["slack"], limit=1)
    await store.deliveries.record(again, "me", message="2", shown=1)
    assert (await store.census(READ)).attempts == 0
