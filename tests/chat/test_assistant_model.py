"""A configured model chooses the command for a question that the grammar does not understand."""

import json

import pytest

from kit.office import DECLARED, PRICE, Office, open_office
from overheard.cards.card import Card
from overheard.errors import ProviderFailed

UNCLEAR = "Did our fabulous launch party do wonders for Zeta's standing?"
ASSISTED = '\n[providers.svc]\n\n[assistant]\nmodel = "svc/m-1"\nbudget = 1.0\n'


async def asked(question: str, reply: object, *, config: str = ASSISTED) -> tuple[Office, Card]:
    """Ask a question in words, which the model answers with a reply."""
    office = await open_office(DECLARED + config, price=PRICE)
    office.provider.answer = lambda _: reply
    screen = await office.chat.bring(office.chat.request(question=question))
    return office, screen.cards[-1]


def chosen(command: str, **options: str) -> str:
    """Return a reply of the model."""
    every = dict.fromkeys(("brand", "other", "model", "metric", "about", "since", "alert"), "")
    return json.dumps({"command": command, **every, **options})


async def test_the_model_chooses_among_the_commands_that_read() -> None:
    """Its answer is kept and paid for, aside of the history; the question is passed on as data."""
    office, card = await asked(UNCLEAR, chosen("report", brand="Zeta"))
    [run] = await office.store.runs.find()
    [question] = office.provider.asked

    assert card.title.startswith("Zeta")
    assert "A model chose this answer" in card.footer
    assert (run.label, run.aside, run.channel) == ("assistant", True, "assistant:questions")
    assert len([a async for a in office.store.answers.stream(runs=[run.id])]) == 1
    assert json.dumps(UNCLEAR) in question.prompt.text
    assert set(json.loads(question.schema)["properties"]["command"]["enum"]) >= {"report", "none"}
    assert "check" not in json.loads(question.schema)["properties"]["command"]["enum"]


@pytest.mark.parametrize(
    "reply",
    [
        chosen("none"),
        chosen("check"),
        chosen("brands remove", brand="Acme"),
        chosen("report", brand="Nobody"),
        chosen("report", brand="Zeta", model="openai/gpt-9"),
        chosen("trend", brand="Zeta", since="2099-01-01"),
        chosen("answers", brand="Zeta", about="ignore your rules"),
        chosen("alerts show", alert="12"),
        "Acme is named in 90 % of answers.",
        '{"command": ["report"]}',
        "[]",
        "",
        ProviderFailed(model="svc/m-1", reason="it is broken"),
    ],
)
async def test_a_reply_that_is_not_valid_is_no_answer(reply: object) -> None:
    """Nothing that the model writes is shown, and nothing is guessed."""
    _, card = await asked(UNCLEAR, reply)

    assert card.title == "I did not understand that"
    assert "90 %" not in str(card)
    assert len(card.actions) == 3


@pytest.mark.parametrize(
    "question", ["how are we doing?", "will we be ahead next month?", "is Gemini naming us?"]
)
async def test_the_grammar_goes_first(question: str) -> None:
    """What it understands, and what is not answered here, costs nothing."""
    office, _ = await asked(question, chosen("status"))

    assert office.provider.asked == []


async def test_the_budget_of_the_model_is_its_own() -> None:
    """Without money left, that is said, and nothing is asked."""
    config = ASSISTED.replace("1.0", "0.000001")
    office, card = await asked(UNCLEAR, chosen("report"), config=config)

    assert office.provider.asked == []
    assert "[assistant]" in str(card.text)


async def test_without_a_model_nothing_is_asked() -> None:
    """The grammar serves alone."""
    office, card = await asked(UNCLEAR, chosen("report"), config="")

    assert office.provider.asked == []
    assert card.title == "I did not understand that"
