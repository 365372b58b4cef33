"""Tests of panels that ask some prompts more often than others."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kit.scripted import reply
from overheard.domain import Answer, Model, Panel, Prompt, Question, Run, RunState
from overheard.runs.answers import reusable
from overheard.runs.plan import unfinished
from overheard.runs.presence import attendances
from overheard.testing.deployment import open_test_store
from overheard_storage.rows import panel_of, run_row

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
BEST, CHEAP = PROMPTS = (Prompt("Best?"), Prompt("Cheapest?"))
MODEL, OTHER = MODELS = (Model("svc", "m-1"), Model("svc", "m-2"))
UNEVEN = Panel(("Acme",), PROMPTS, MODELS, times=(3, 1))


def test_each_prompt_is_asked_as_often_as_it_says() -> None:
    """Repeat by repeat, of every model."""
    asked = [(q.prompt, q.repeat) for q in UNEVEN.questions(MODEL)]

    assert asked == [(BEST, 0), (CHEAP, 0), (BEST, 1), (BEST, 2)]
    assert len(UNEVEN) == len(list(UNEVEN.questions())) == 8


def test_without_times_all_prompts_are_asked_alike() -> None:
    """`repeats` holds for all."""
    panel = Panel(("Acme",), PROMPTS, MODELS, 2)

    assert list(panel.asks()) == [(BEST, 2), (CHEAP, 2)]
    assert len(panel) == len(list(panel.questions())) == 8


@pytest.mark.parametrize("times", [(3,), (3, 0), (1, 1, 1)])
def test_times_must_be_those_of_the_prompts(times: tuple[int, ...]) -> None:
    """Any other panel is a mistake of its caller."""
    with pytest.raises(ValueError, match="from 1 on for each prompt"):
        Panel(("Acme",), PROMPTS, MODELS, times=times)


def test_a_model_that_is_asked_nothing_about_a_brand_did_not_fail_to_answer() -> None:
    """All its prompts are skipped, or are those of another brand."""
    skips = frozenset({(BEST.key, str(OTHER))})
    own, others = replace(BEST, brands=("Acme",)), replace(CHEAP, brands=("Umbra",))
    panel = Panel(("Acme", "Umbra"), (own, others), MODELS, skips=skips)
    run = Run("check", NOW, panel, id=1, state=RunState.COMPLETE)

    assert list(attendances([run], "Acme", {}, MODELS)) == [MODEL]
    assert list(attendances([run], "Umbra", {}, MODELS)) == [MODEL, OTHER]


def test_what_is_left_to_ask_is_counted_for_each_prompt() -> None:
    """Before the first call, and after some."""
    asked = [Question(BEST, MODEL, 0).key, Question(CHEAP, OTHER, 0).key]

    assert UNEVEN.unasked() == {(p, m): n for p, n in UNEVEN.asks() for m in MODELS}
    assert UNEVEN.unasked(asked) == {(BEST, MODEL): 2, (CHEAP, MODEL): 1, (BEST, OTHER): 3}


async def test_no_more_answers_are_reused_than_are_asked_for() -> None:
    """Three earlier answers to each: three serve the first prompt, one the second."""
    store = open_test_store()
    before = await store.runs.start(Run("before", NOW, Panel(("Acme",), PROMPTS, (MODEL,), 3)))
    questions = before.panel.questions() if before.panel else ()
    await store.answers.add([Answer(before.id, q, reply(), NOW) for q in questions])
    run = await store.runs.start(Run("burst", NOW, UNEVEN))

    found = await reusable(store, run, timedelta(days=1), NOW)
    assert found == {(BEST, MODEL): 3, (CHEAP, MODEL): 1}


async def test_a_run_of_other_times_is_not_taken_up() -> None:
    """Nor one that asks all alike; one with the same rounds in other words is the same."""
    store = open_test_store()
    run = await store.runs.start(Run("burst", NOW, UNEVEN))
    others = (Panel(("Acme",), PROMPTS, MODELS, 3), Panel(("Acme",), PROMPTS, MODELS, 1, 0, (1, 3)))

    assert [await unfinished(store, panel, NOW) for panel in others] == [None, None]
    assert await unfinished(store, UNEVEN, NOW) == run


def test_a_panel_that_was_kept_without_times_still_loads() -> None:
    """It asks all prompts alike."""
    row = run_row(Run("old", NOW, Panel(("Acme",), PROMPTS, MODELS, 2)))
    del row["panel"]["times"]

    assert panel_of(row["panel"]) == Panel(("Acme",), PROMPTS, MODELS, 2)
