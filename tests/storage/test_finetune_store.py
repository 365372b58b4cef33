"""What every store keeps for the fine-tuning side: one suite for SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

from kit.stored_items import NOON
from overheard.domain import (
    Answer,
    Approval,
    Finish,
    Model,
    Prompt,
    Publication,
    Question,
    Reply,
    Run,
)
from overheard.interfaces import Store

DONE = Publication("Acme", "a1b2c3", "claim", "price", "$8", NOON, "Ada")


async def two_answers(store: Store) -> list[Answer]:
    """Keep two answers."""
    run = await store.runs.start(Run("first", NOON))
    question = Question(Prompt("Which?"), Model("svc", "m-1"))
    reply = Reply("Acme.", Finish.COMPLETE)
    asked = [Answer(run.id, replace(question, repeat=n), reply, NOON) for n in range(2)]
    return await store.answers.add(asked)


async def test_approvals_come_back_in_the_order_of_their_answers(store: Store) -> None:
    """With who said so and when."""
    first, second = await two_answers(store)
    later = Approval(second.id, "", "Ada", NOON)
    earlier = Approval(first.id, "Acme costs $10.", "Grace", NOON)
    await store.finetune.approve(later)
    await store.finetune.approve(earlier)

    assert await store.finetune.approvals() == [earlier, later]
    assert [one.corrects for one in await store.finetune.approvals()] == [True, False]


async def test_answers_are_found_by_their_numbers(store: Store) -> None:
    """Those that there are."""
    first, second = await two_answers(store)
    found = [answer.id async for answer in store.answers.stream(numbers=[second.id, 999])]

    assert found == [second.id]
    assert [a async for a in store.answers.stream(numbers=[])] == []
    assert first.id != second.id


async def test_the_last_word_on_an_answer_counts(store: Store) -> None:
    """An answer has one approval, and it can be taken back once."""
    first, _ = await two_answers(store)
    await store.finetune.approve(Approval(first.id, "", "Ada", NOON))
    last = Approval(first.id, "Better.", "Grace", NOON + timedelta(days=1))
    await store.finetune.approve(last)
    assert await store.finetune.approvals() == [last]

    assert await store.finetune.withdraw_approval(first.id)
    assert not await store.finetune.withdraw_approval(first.id)
    assert await store.finetune.approvals() == []


async def test_publications_belong_to_a_brand(store: Store) -> None:
    """The oldest comes first, and an item is published once."""
    older = replace(DONE, item="ffffff", at=NOON - timedelta(days=3))
    for one in (replace(DONE, who="Grace"), DONE, older, replace(DONE, brand="Zeta")):
        await store.finetune.publish(one)
    assert await store.finetune.publications("Acme") == [older, DONE]
    assert await store.finetune.publications("Nobody") == []

    assert await store.finetune.retract_publication("Acme", DONE.item)
    assert not await store.finetune.retract_publication("Acme", DONE.item)
    assert not await store.finetune.retract_publication("Nobody", DONE.item)
    assert await store.finetune.publications("Acme") == [older]
