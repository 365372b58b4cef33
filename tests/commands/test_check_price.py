"""What the price of a check says before it, against what it then costs."""

import random

from kit.office import PRICE, executed, open_office
from kit.scripted import reply
from overheard.cards.command import Role
from overheard.commands.check import check
from overheard.commands.setup.draft import price_of_questions
from overheard.deployment import Call
from overheard.domain import Question, Reply, Usage

QUESTIONS = "".join(f'[[prompts]]\ntext = "Which tool is best for {n}?"\n' for n in range(8))


async def test_from_the_second_check_on_the_price_is_within_thirty_per_cent() -> None:
    """However long the answers are: the model's own are what it learns from."""
    office = await open_office(QUESTIONS, price=PRICE)
    sizes = random.Random(7)  # noqa: S311 - sizes of answers

    def answer(_: Question) -> Reply:
        tokens = sizes.randint(60, 240)
        usage = Usage(60, tokens)
        return reply("Acme. " * (tokens // 2), usage=usage, cost_usd=PRICE.cost(usage))

    office.provider.answer = answer
    await office.chat.type("brands add Acme")
    errors = []
    for _ in range(2):
        deployment = await office.deployment.refreshed()
        quote = await price_of_questions(Call(deployment), "Acme", (), repeats=1)
        before = await office.store.money.spent()
        await executed(check(Call(deployment), brands=("Acme",), repeats=1))
        cost = await office.store.money.spent() - before
        assert quote
        errors.append(abs(quote.asking.typical / cost - 1))

    assert max(errors[1:]) < 0.3 < errors[0]


async def test_a_person_who_may_only_read_is_told_the_price() -> None:
    """With --price nothing is asked, and no yes is needed."""
    office = await open_office(price=PRICE)
    office.gate.role = Role.VIEWER

    refused = await office.chat.type("check Acme")
    told = await office.chat.type("check Acme --price")

    assert refused.card.failed
    assert told.card.title.startswith("1 question for ")
    assert told.card.data["at_most_usd"] > 0
    assert office.provider.asked == []
