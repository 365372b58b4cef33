"""False claims over answers, and direct questions about facts."""

from dataclasses import replace

import pytest

from kit.office import Office, open_office
from kit.scripted import reply
from overheard.cards.card import Card
from overheard.cards.command import Role
from overheard.commands.claims import list_claims
from overheard.deployment import Call
from overheard.domain import Answer, Citation, Model, Prompt, Question, Run
from overheard.errors import UnknownName
from overheard.scoring.service import Scoring
from overheard_accuracy import Accuracy

CONFIG = """
[[brands]]
name = "Acme"
competitors = ["Zeta"]

[[facts]]
brand = "Acme"
field = "free plan"
value = "yes"

[[facts]]
brand = "Acme"
field = "founded"
value = "2014"
previous = ["2013"]
"""
NO_PLAN = "Acme has no free plan."


async def heard(*said: tuple[str, str, str]) -> Office:
    """Return a deployment whose models said something, each citing a source."""
    office = await open_office(CONFIG)
    deployment = office.deployment
    scoring = Scoring([Accuracy()], deployment.catalogue)
    office.deployment = replace(deployment, scoring=scoring)
    run = await office.store.runs.start(Run("r", deployment.clock.now()))
    await office.store.answers.add(
        [
            Answer(
                run.id,
                Question(Prompt("Which tool is best?"), Model("svc", model), number),
                reply(text, citations=(Citation(url),) if url else ()),
                deployment.clock.now(),
            )
            for number, (model, text, url) in enumerate(said)
        ]
    )
    return office


async def test_the_same_claim_of_several_models_is_one() -> None:
    """It says who makes it, in how many answers, and what they cite with it."""
    office = await heard(
        ("a", NO_PLAN, "https://www.reviews.example/acme"),
        ("b", NO_PLAN, "https://reviews.example/other"),
        ("b", "It is fine. Acme has no free plan.", ""),
        ("c", "Acme was founded in 1999.", "http://[broken"),
        ("c", "Acme was founded in 2014 and has a free plan.", ""),
    )
    card = await list_claims(Call(office.deployment), brand="Acme", days=30)
    plan, founded = card.data["claims"]

    assert (plan["stated"], plan["truth"], plan["answers"]) == ("no free plan", "yes", 3)
    assert plan["models"] == ["svc/a", "svc/b"]
    assert plan["quotes"] == [NO_PLAN]
    assert plan["sources"] == [{"domain": "reviews.example", "answers": 2}]
    assert (founded["stated"], founded["verdict"], founded["sources"]) == ("1999", "wrong", [])
    newest_card = await list_claims(Call(office.deployment), brand="Acme")
    newest = newest_card.data["claims"]
    counted = {(one["stated"], *one["models"]): one["answers"] for one in newest}
    assert counted == {
        ("no free plan", "svc/a"): 1,
        ("no free plan", "svc/b"): 2,
        ("1999", "svc/c"): 1,
    }, "the newest answers of each model have counts of their own"
    assert str(newest_card.text).startswith("b says “no free plan” in ")


async def test_claims_of_one_model_or_about_one_fact() -> None:
    """The others are left out; a fact that is not known is said to be unknown."""
    office = await heard(
        ("m-1", NO_PLAN, ""), ("b", NO_PLAN, ""), ("b", "Acme was founded in 1999.", "")
    )

    async def card(**chosen: str) -> Card:
        return await list_claims(Call(office.deployment), brand="Acme", **chosen)  # type: ignore[arg-type]

    def told(card: Card) -> list[tuple[str, list[str]]]:
        return [(claim["stated"], claim["models"]) for claim in card.data["claims"]]

    assert told(await card(model="m-1")) == [("no free plan", ["svc/m-1"])]
    assert told(await card(about="Founded")) == [("1999", ["svc/b"])]
    assert str((await card(about="seats")).text).startswith("Nothing is known about Acme")
    with pytest.raises(UnknownName, match="nobody"):
        await card(model="nobody")


async def test_a_claim_in_other_words_is_the_same_claim() -> None:
    """Three models that each deny the free plan in their own way say one thing."""
    office = await heard(
        ("a", NO_PLAN, ""),
        ("b", "Acme does not offer a free version.", ""),
        ("c", "Acme only has paid plans, and there is no freemium.", ""),
    )
    [plan] = (await list_claims(Call(office.deployment), brand="Acme", days=30)).data["claims"]
    assert (plan["stated"], plan["models"]) == ("no free plan", ["svc/a", "svc/b", "svc/c"])


async def test_what_was_true_once_is_told_as_out_of_date() -> None:
    """And other numbers are other claims."""
    office = await heard(
        ("a", "Acme was founded in 2013.", ""), ("b", "Acme was founded in 2003.", "")
    )
    card = await list_claims(Call(office.deployment), brand="Acme")

    assert {c["stated"]: c["verdict"] for c in card.data["claims"]} == {
        "2013": "stale",
        "2003": "wrong",
    }


async def test_true_answers_make_no_claims() -> None:
    """The card says so."""
    office = await heard(("a", "Acme was founded in 2014.", ""))
    card = await list_claims(Call(office.deployment), brand="Acme")

    assert card.data["claims"] == []
    assert str(card.text) == "No answer states any of the known facts wrongly."


async def test_facts_are_asked_after_a_yes_and_once() -> None:
    """Each by one question that is asked for this brand and tagged."""
    office = await open_office(CONFIG)
    office.gate.role = Role.OPERATOR
    assert "may not use" in str((await office.chat.type("prompts suggest acme --facts")).card.text)
    office.gate.role = Role.ADMIN
    question = await office.chat.type("facts ask acme")
    assert "2 questions will be asked" in str(question.card.text)
    assert (await office.store.catalogue.current()).prompts == ()
    await office.chat.click(question, "Go on")
    asked = (await office.store.catalogue.current()).prompts

    assert [prompt.text for prompt in asked] == [
        "Does Acme have a free plan?",
        "When was Acme founded?",
    ]
    assert {(prompt.tags, prompt.brands) for prompt in asked} == {(("fact",), ("Acme",))}
    card = (await office.chat.type("prompts suggest acme --facts")).card
    assert card.data == {"added": []}
