"""Prompts, added, changed and removed."""

import pytest

from kit.office import Office, open_office
from kit.program import Program
from overheard.commands.arguments import find_prompt
from overheard.domain import Prompt, prompt_key
from overheard.errors import UnknownName

BEST = prompt_key("Which tool is best?")


async def test_a_prompt_needs_no_quotation_marks(office: Office) -> None:
    """What is typed behind the command is the question."""
    screen = await office.chat.type("prompts add Is Acme worth its price? --brand acme --tag money")
    [_, added] = (await office.store.catalogue.current()).prompts

    assert screen.card.title == "Added a question"
    assert added == Prompt("Is Acme worth its price?", ("money",), ("Acme",))


async def test_the_same_question_is_not_asked_twice(office: Office) -> None:
    """White space does not make another one."""
    screen = await office.chat.type("prompts add Which  tool is best?")

    assert "This question is there already" in str(screen.card.text)


@pytest.mark.parametrize("typed", ["", "  "])
async def test_an_empty_text_is_no_question(typed: str) -> None:
    """Even where there is only one, nothing is shown or removed by it."""
    catalogue = (await open_office()).deployment.catalogue
    with pytest.raises(UnknownName, match="no question called"):
        find_prompt(catalogue, typed, kind="question")

    assert find_prompt(catalogue, "WHICH tool").key == BEST


async def test_labels_change_and_the_history_goes_on(office: Office) -> None:
    """The prompt stays the same one."""
    await office.chat.type("prompts add Is Acme good? --tag old")
    screen = await office.chat.type('prompts edit "is acme" --tag new --topic quality')
    [_, after] = (await office.store.catalogue.current()).prompts

    assert after == Prompt("Is Acme good?", ("new",), topic="quality")
    assert "Its history goes on." in str(screen.card.text)


async def test_another_text_is_another_prompt(office: Office) -> None:
    """The old one is retired, and the card says what that means."""
    await office.chat.type("prompts add Is Acme good? --tag x")
    screen = await office.chat.type('prompts edit "is acme" --text "Is Acme bad?"')
    [_, after] = (await office.store.catalogue.current()).prompts

    assert after == Prompt("Is Acme bad?", ("x",))
    assert [p.text for p in (await office.store.catalogue.retired()).prompts] == ["Is Acme good?"]
    assert "its history begins now" in str(screen.card.text)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (f"prompts remove {BEST}", "This question is declared in config.toml"),
        ('prompts edit "Which tool" --tag x', "This question is declared in config.toml"),
        ("prompts remove Why", 'There is no question called "Why"; known: Which tool is best?'),
        ("prompts add Why? --brand Nobody", 'There is no brand called "Nobody"'),
    ],
)
async def test_what_cannot_be_is_one_sentence(office: Office, words: str, problem: str) -> None:
    """Nothing is changed."""
    before = await office.store.catalogue.current()
    screen = await office.chat.type(words)

    assert str(screen.card.text).startswith(problem)
    assert await office.store.catalogue.current() == before


async def test_a_beginning_that_two_prompts_share_names_neither(office: Office) -> None:
    """Both are shown, and a longer beginning distinguishes them."""
    await office.chat.type("prompts add Is Acme good?")
    await office.chat.type("prompts add Is Acme good value?")
    both = await office.chat.type("prompts remove Is Acme")
    one = await office.chat.type("prompts remove Is Acme good?")

    assert "known: Is Acme good?, Is Acme good value?" in str(both.card.text)
    assert one.card.title == "Ask a question no longer?"


async def test_removing_can_be_undone(office: Office) -> None:
    """The prompt comes back with its labels."""
    await office.chat.type("prompts add Is Acme good? --tag x")
    removed = await office.chat.click(await office.chat.type("prompts remove Is Acme"), "Go on")
    assert len((await office.store.catalogue.current()).prompts) == 1
    await office.chat.click(removed, "Undo")

    assert (await office.store.catalogue.current()).prompts[1] == Prompt("Is Acme good?", ("x",))


async def test_a_form_shows_a_prompt_as_it_is() -> None:
    """It is sent back by its key, which no edit changes."""
    office = await open_office(forms=True)
    await office.chat.type("prompts add Is Acme good? --tag x")
    screen = await office.chat.type("prompts edit Is Acme")
    assert screen.form
    await office.chat.submit(screen, topic="quality")

    assert (await office.store.catalogue.current()).prompts[1].topic == "quality"


async def test_the_list_can_be_that_of_one_brand(office: Office) -> None:
    """Prompts without a brand are for all."""
    await office.chat.type("prompts add Is Zeta good? --brand Zeta")

    assert len((await office.chat.type("prompts list Acme")).card.data["prompts"]) == 1
    assert len((await office.chat.type("prompts list Zeta")).card.data["prompts"]) == 2


def test_the_terminal_does_the_same(terminal: Program) -> None:
    """Added prompts come after the declared ones."""
    terminal.run("prompts", "add", "Is Acme good?", "--brand", "Acme")
    prompts = terminal.json("prompts")["prompts"]

    assert [(prompt["text"], prompt["from"]) for prompt in prompts] == [
        ("Which tool is best?", "configuration"),
        ("Is Acme good?", "people"),
    ]
