"""What every store does with the editions of the scores: SQLite and PostgreSQL."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from kit.scripted import reply
from kit.stored_items import NOON, listed
from overheard.domain import (
    Answer,
    Brand,
    Catalogue,
    Edition,
    EditionState,
    Fact,
    Model,
    Prompt,
    Question,
    Rule,
    Run,
    Score,
    ScoreRecord,
)
from overheard.interfaces import Store

RULE = Rule("Ring", exact_case=True, near=("doorbell",), languages=("en",))
CATALOGUE = Catalogue(
    (Brand("Acme", ("ACME Inc",), competitors=("Ring",)), Brand("Ring", rules=(RULE,))),
    facts=(Fact("Acme", "founded", "1999", date(2026, 1, 2), previous=("1998",)),),
)
OLD, NEW = frozenset({"visibility@1+a", "sentiment@1+a"}), frozenset({"visibility@1+b"})


async def answered(store: Store, count: int, key: str = "first") -> Sequence[Answer]:
    """Keep so many answers of a run."""
    run = await store.runs.start(Run(key, NOON))
    prompt, model = Prompt("Which is best?"), Model("svc", "m-1")
    return await store.answers.add(
        [Answer(run.id, Question(prompt, model, n), reply(), NOON) for n in range(count)]
    )


async def score(store: Store, version: str, answers: Sequence[Answer]) -> None:
    """Let a version of visibility read answers."""
    given = [
        (a, [ScoreRecord(a.id, "Acme", "visibility", version, Score("visibility", 1.0))])
        for a in answers
    ]
    await store.scores.add("visibility", version, given)


async def states(store: Store) -> list[str]:
    """Return the states of the editions."""
    return [edition.state.value for edition in await store.editions.all()]


async def test_an_edition_comes_back_whole(store: Store) -> None:
    """With its brands, their rules and the facts; prompts are no part of it."""
    given = Edition(OLD, CATALOGUE, NOON, EditionState.READY, "It waits.")
    asked = replace(CATALOGUE, prompts=(Prompt("Which is best?"),))
    kept = await store.editions.add(replace(given, catalogue=asked))
    assert await store.editions.all() == [replace(given, id=kept.id)]


async def test_one_edition_is_used_and_one_is_to_be_used(store: Store) -> None:
    """An edition that loses its state to another one becomes kept."""
    first = await store.editions.add(Edition(OLD, CATALOGUE, NOON, EditionState.USED))
    await store.editions.add(Edition(NEW, CATALOGUE, NOON + timedelta(hours=1)))
    third = await store.editions.add(
        Edition(frozenset({"c"}), CATALOGUE, NOON + timedelta(hours=2))
    )
    assert await states(store) == ["used", "kept", "scoring"]
    await store.editions.set_state(third.id, EditionState.READY, "It waits.")
    assert await states(store) == ["used", "kept", "ready"]
    await store.editions.set_state(third.id, EditionState.USED)
    assert await states(store) == ["kept", "kept", "used"]
    await store.editions.set_state(first.id, EditionState.USED)
    assert await states(store) == ["used", "kept", "kept"]


async def test_the_same_versions_are_the_same_edition(store: Store) -> None:
    """A change that is taken back leads back to the scores from before it."""
    first = await store.editions.add(Edition(OLD, CATALOGUE, NOON, EditionState.KEPT))
    again = await store.editions.add(Edition(OLD, CATALOGUE, NOON + timedelta(hours=1)))
    assert again.id == first.id
    assert await states(store) == ["scoring"]


async def test_unscored_answers_are_told_apart_by_who_has_seen_them(store: Store) -> None:
    """Those that another version has read, those that none has, and those of one run."""
    answers = await answered(store, 3)
    [late] = await answered(store, 1, "second")
    await score(store, "1", answers[:2])
    new = ("visibility", "2")
    numbers = [answer.id for answer in (*answers, late)]
    assert await listed(store.scores.unscored(*new)) == numbers
    assert await listed(store.scores.unscored(*new, seen=True)) == numbers[:2]
    assert await listed(store.scores.unscored(*new, seen=False)) == numbers[2:]
    part = Run("second", NOON, id=late.run_id)
    assert await listed(store.scores.unscored(*new, part=part)) == [late.id]


async def test_the_newest_can_come_first(store: Store) -> None:
    """Over more answers than are fetched at a time, and also while they are being scored."""
    answers = await answered(store, 1_100)
    by_number = {answer.id: answer for answer in answers}
    seen = []
    async for number in store.scores.unscored("visibility", "1", newest=True):
        seen.append(number)
        if number % 100 == 0:
            await score(store, "1", [by_number[number]])
    assert seen == [*by_number][::-1]


async def test_what_is_scored_is_counted(store: Store) -> None:
    """How many answers there are for scorers, and how many a version has read."""
    answers = await answered(store, 3)
    aside = await store.runs.start(Run("aside", NOON, aside=True))
    await store.answers.add([replace(answers[0], run_id=aside.id, id=0)])
    await score(store, "1", answers[:2])
    assert await store.scores.count_scorable() == 3
    assert await store.scores.count_read("visibility", "1") == 2
    assert await store.scores.count_read("visibility", "2") == 0


async def test_scores_that_nobody_needs_are_removed(store: Store) -> None:
    """With their blocks and their editions; a second call finds nothing, and they can be given
    again.
    """
    answers = await answered(store, 3)
    for version in ("1+a", "1+b"):
        await score(store, version, answers)
    await store.editions.add(Edition(OLD, CATALOGUE, NOON, EditionState.KEPT))
    await store.editions.add(Edition(NEW, CATALOGUE, NOON, EditionState.USED))
    assert await store.scores.prune(NEW) == 3
    assert {block.version for block in await store.blocks.find()} == NEW
    assert {record.version async for record in store.scores.stream()} == {"1+b"}
    assert [edition.versions for edition in await store.editions.all()] == [NEW]
    assert await store.scores.prune(NEW) == 0
    await score(store, "1+a", answers)
    assert await store.scores.count_read("visibility", "1+a") == 3
