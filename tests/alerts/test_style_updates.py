"""The style canary reads what the store holds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kit.scripted import reply
from overheard.alerts.service import STYLE_SOURCE, style_updates
from overheard.detection.silent_updates import CONFIRMING_SESSIONS, MIN_STYLE_SESSIONS
from overheard.domain import Answer, Finish, Model, ModelUpdate, Panel, Prompt, Question, Run
from overheard.interfaces import Store
from overheard.measure.blocks import RunKey
from overheard.testing.deployment import open_test_store

START = datetime(2026, 3, 2, tzinfo=UTC)
MODEL = Model("svc", "m-1")
PROMPTS = tuple(Prompt(f"Which tool is best for team {n}?") for n in range(12))


def plain(prompt: int) -> str:
    """Write one sentence."""
    return f"Acme is good for team {prompt} and so is Zeta."


def listed(prompt: int) -> str:
    """Write a list."""
    return f"- **Acme** for team {prompt}\n- **Zeta**\n- **Umbra**"


async def ask(
    store: Store,
    week: int,
    write: Callable[[int], str],
    finish: Finish = Finish.COMPLETE,
    minutes: int = 0,
) -> RunKey:
    """Keep a run in which every prompt was answered in a style."""
    at = START + timedelta(weeks=week, minutes=minutes)
    run = await store.runs.start(Run(f"run {week} {minutes}", at, Panel((), PROMPTS, (MODEL,))))
    await store.answers.add(
        [
            Answer(run.id, Question(prompt, MODEL), reply(write(n), finish), at)
            for n, prompt in enumerate(PROMPTS)
        ]
    )
    return RunKey(at, run.id)


async def test_a_new_style_is_an_update() -> None:
    """It says what changed and when, in the second session that shows it; the runs after it are
    compared with each other.
    """
    store = open_test_store()
    runs = [await ask(store, week, plain) for week in range(4)]
    assert await style_updates(store, runs) == []
    runs.append(await ask(store, 4, listed))
    assert await style_updates(store, runs) == []
    runs.append(await ask(store, 5, listed))
    (update,) = await style_updates(store, runs)
    assert (update.model, update.at, update.source) == (MODEL, runs[4].at, "style")
    assert "bullets up" in update.note
    await store.updates.add(update)
    assert await style_updates(store, runs) == [update_without_number(update)]
    runs += [await ask(store, week, listed) for week in range(6, 12)]
    assert await style_updates(store, runs) == []


async def test_the_first_session_of_a_new_style_is_part_of_its_past() -> None:
    """So the next change is seen as soon as there are enough sessions of the style before it."""
    store = open_test_store()
    runs = [await ask(store, week, plain) for week in range(4)]
    runs += [await ask(store, week, listed) for week in range(4, 4 + MIN_STYLE_SESSIONS)]
    await store.updates.add(ModelUpdate(MODEL, runs[4].at, STYLE_SOURCE))
    runs += [await ask(store, week, plain) for week in range(20, 20 + CONFIRMING_SESSIONS)]

    [update] = await style_updates(store, runs)
    assert update.at == runs[-CONFIRMING_SESSIONS].at


def update_without_number(update: ModelUpdate) -> ModelUpdate:
    """Return an update as it is before it is stored."""
    return replace(update, id=0)


async def test_runs_of_one_session_are_one() -> None:
    """Six runs within two hours are no six sessions."""
    store = open_test_store()
    runs = [await ask(store, 0, plain, minutes=15 * n) for n in range(6)]
    runs += [await ask(store, week, listed) for week in (1, 2)]
    assert await style_updates(store, runs) == []


async def test_cut_answers_have_no_style() -> None:
    """An answer that was cut is short for another reason."""
    store = open_test_store()
    runs = [await ask(store, week, plain) for week in range(4)]
    runs += [await ask(store, week, listed, Finish.LENGTH) for week in (4, 5)]
    assert await style_updates(store, runs) == []


async def test_the_first_run_has_nothing_before_it() -> None:
    """It is what later ones are compared with."""
    store = open_test_store()
    assert await style_updates(store, [await ask(store, 0, plain)]) == []
