"""What every store does with texts that got old: SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kit.stored_items import NOON, listed
from overheard.domain import (
    Answer,
    Approval,
    Detail,
    Finish,
    Model,
    Prompt,
    Question,
    Reply,
    Run,
    Score,
    ScoreRecord,
    Search,
)
from overheard.interfaces import Store

DAY = timedelta(days=1)
DETAILS = (Detail("price", "wrong", "$ 10", "It costs $ 10."), Detail("founded", "correct"))


@pytest.fixture
async def kept(store: Store) -> list[Answer]:
    """Three answers of three days, each scored once with a quote."""
    run = await store.runs.start(Run("first", NOON))
    asked = [
        Answer(
            run.id,
            Question(Prompt("Which is best?"), Model("svc", "m-1"), day),
            Reply(
                f"Acme, on day {day}.", Finish.COMPLETE, cost_usd=0.25, searches=(Search("best"),)
            ),
            NOON + day * DAY,
        )
        for day in range(3)
    ]
    answers = await store.answers.add(asked)
    scores = [(answer, [score_of(answer, answer.question.repeat)]) for answer in answers]
    await store.scores.add("visibility", "1", scores)
    return answers


def score_of(answer: Answer, value: float, version: str = "1") -> ScoreRecord:
    """Make a score that quotes."""
    score = Score("visibility", value, answer.reply.text, DETAILS)
    return ScoreRecord(answer.id, "Acme", "visibility", version, score)


async def test_only_what_is_older_than_a_time_is_old(store: Store, kept: list[Answer]) -> None:
    """In the order of their numbers; what was asked at the very time is not older."""
    assert await listed(store.retention.old_texts(NOON + 2 * DAY)) == kept[:2]


async def test_searches_of_an_answer_without_a_text_are_removed_too(store: Store) -> None:
    """A model may refuse after it has searched."""
    run = await store.runs.start(Run("refused", NOON))
    reply = Reply("", Finish.REFUSED, searches=(Search("acme lawsuit"),))
    question = Question(Prompt("Which is best?"), Model("svc", "m-1"))
    [refused] = await store.answers.add([Answer(run.id, question, reply, NOON)])
    [old] = await listed(store.retention.old_texts(NOON + DAY))
    await store.retention.forget_texts([old.id])

    assert old == refused
    [left] = await listed(store.answers.stream())
    assert (left.reply.searches, left.gone) == ((), True)


async def test_what_was_approved_for_a_dataset_keeps_its_text(
    store: Store, kept: list[Answer]
) -> None:
    """The text is approved for a dataset."""
    await store.finetune.approve(Approval(kept[0].id, "", "Ada", NOON))
    assert await listed(store.retention.old_texts(NOON + 2 * DAY)) == kept[1:2]


async def test_a_forgotten_text_leaves_everything_but_itself(
    store: Store, kept: list[Answer]
) -> None:
    """Scores lose their sentences, and nothing that is counted or paid changes."""
    blocks, spent = await store.blocks.find(), await store.money.spent()

    assert await store.retention.forget_texts([kept[0].id]) == 1

    blank = replace(kept[0], reply=replace(kept[0].reply, text="", searches=()), gone=True)
    assert await listed(store.answers.stream()) == [blank, *kept[1:]]
    bare = tuple(replace(detail, quote="") for detail in DETAILS)
    first, second, _ = await listed(store.scores.stream())
    assert first.score == Score("visibility", 0.0, "", bare)
    assert second == score_of(kept[1], 1.0)
    assert (await store.blocks.find(), await store.money.spent()) == (blocks, spent)


async def test_a_text_is_forgotten_once(store: Store, kept: list[Answer]) -> None:
    """A second call removes nothing, and the answers are no longer listed as old."""
    numbers = [answer.id for answer in kept[:2]]
    assert [await store.retention.forget_texts(numbers) for _ in range(2)] == [2, 0]
    assert await listed(store.retention.old_texts(NOON + 9 * DAY)) == kept[2:]


async def test_no_scorer_is_shown_an_answer_without_its_text(
    store: Store, kept: list[Answer]
) -> None:
    """Nor is it counted among those that are to be read."""
    await store.retention.forget_texts([kept[0].id])
    assert await listed(store.scores.unscored("visibility", "2")) == [
        answer.id for answer in kept[1:]
    ]
    assert (
        await store.scores.count_scorable(),
        await store.scores.count_read("visibility", "1"),
    ) == (2, 2)


async def test_a_new_version_is_given_the_scores_of_what_it_cannot_read(
    store: Store, kept: list[Answer]
) -> None:
    """In its blocks too, once, and only for the texts that are gone."""
    await store.retention.forget_texts([answer.id for answer in kept[1:]])
    await store.scores.add("visibility", "2", [(kept[0], [score_of(kept[0], 1.0, "2")])])

    assert [await store.retention.carry_scores("visibility", "1", "2") for _ in range(2)] == [2, 0]

    old, new = await store.blocks.find()
    assert (old.version, old.n, old.total, old.squares) == ("visibility@1", 3, 3.0, 5.0)
    assert (new.version, new.n, new.total, new.squares) == ("visibility@2", 3, 4.0, 6.0)
    said = [r.score.value for r in await listed(store.scores.stream()) if r.version == "2"]
    assert said == [1.0, 1.0, 2.0]


async def test_scores_are_found_by_their_answers(store: Store, kept: list[Answer]) -> None:
    """In the order of the answers' numbers."""
    found = await store.scores.of_answers([kept[2].id, kept[0].id])
    assert found == [score_of(kept[0], 0.0), score_of(kept[2], 2.0)]
