"""Brands, added, changed and removed in a chat and in the terminal."""

import re

import pytest

from kit.office import Office, open_office
from kit.program import Program
from kit.scripted import reply
from overheard.commands.setup.naming import fill_questions
from overheard.deployment import Call
from overheard.domain import Brand, Rule


async def test_a_brand_brings_its_competitors(office: Office) -> None:
    """Unknown competitors become brands of the catalogue, which raise no alerts."""
    screen = await office.chat.type(
        "brands add Umbra Corp --alias Umb --competitor acme --competitor Nova --domain umbra.com"
    )
    catalogue = await office.store.catalogue.current()

    assert screen.card.title == "Added Umbra Corp"
    delay = r"A fall of \d+ points is noticed about \d+ days? later than without it\."
    assert re.search(delay, str(screen.card.text))
    assert catalogue.brand("umb") == Brand("Umbra Corp", ("Umb",), ("umbra.com",), ("Acme", "Nova"))
    assert catalogue.brand("Nova") == Brand("Nova", tracked=False)


@pytest.mark.parametrize(
    ("points", "told"),
    [([9.0, 9.0], ""), ([0.6, 0.4], ""), ([1.4, 1.2], "A fall of 1 point is noticed about 1 day")],
)
async def test_a_delay_is_told_only_where_further_checks_show_smaller_falls(
    monkeypatch: pytest.MonkeyPatch, points: list[float], told: str
) -> None:
    """Few answers that name a brand can only show that it is named no more."""
    monkeypatch.setattr("overheard.commands.power.unannounced", lambda _, runs: points[runs - 4])
    office = await open_office()
    screen = await office.chat.type("brands add Umbra")

    assert screen.card.title == "Added Umbra"
    assert told in str(screen.card.text)
    assert bool(told) == ("noticed" in str(screen.card.text))


async def test_a_competitor_can_become_a_brand_of_its_own(office: Office) -> None:
    """It is tracked from then on."""
    await office.chat.type("brands add Umbra --competitor Nova")
    screen = await office.chat.type("brands add nova")

    assert screen.card.title == "Added Nova"
    assert (await office.store.catalogue.current()).brand("Nova") == Brand("Nova")


DECLARED_THERE = "is declared in config.toml and read-only here; change it there and restart."


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("brands add acme", "The brand Acme is there already"),
        ('brands add U --alias "Acme Boards"', '"Acme Boards" already stands for the brand Acme'),
        ("brands add Zeta", f"The brand Zeta {DECLARED_THERE}"),
        ("brands edit Acme --category x", f"The brand Acme {DECLARED_THERE}"),
        ("brands remove Acme", f"The brand Acme {DECLARED_THERE}"),
        ("brands edit Acm --category x", 'There is no brand called "Acm"; did you mean "Acme"'),
        ('brands add U --domain "our site"', "A domain must be a web domain, such as acme.com;"),
        ("brands restore Umbra", 'There is no removed brand called "Umbra".'),
    ],
)
async def test_what_cannot_be_is_one_sentence(office: Office, words: str, problem: str) -> None:
    """Nothing is changed."""
    before = await office.store.catalogue.current()
    screen = await office.chat.type(words)

    assert str(screen.card.text).startswith(problem)
    assert await office.store.catalogue.current() == before


@pytest.mark.parametrize(
    ("name", "warning"), [("Target", "is made of ordinary words"), ("Q7", "is short")]
)
async def test_a_risky_name_is_added_with_a_warning(
    office: Office, name: str, warning: str
) -> None:
    """Its mentions are hard to recognise."""
    screen = await office.chat.type(f"brands add {name}")

    assert f'"{name}" {warning}' in str(screen.card.text)
    assert screen.card.data["warnings"]


async def test_a_rule_is_one_click_away_from_the_warning() -> None:
    """The button opens a form, and what is sent decides from then on what counts."""
    office = await open_office(forms=True)
    screen = await office.chat.type("brands add Target")
    form = await office.chat.click(screen, "A rule for Target")
    await office.chat.type("brands rule target target --near store --exact-case yes")
    again = await office.chat.type("brands edit Target --category shop")

    assert form.form
    assert form.form.values == {
        "brand": "Target",
        "spelling": "Target",
        "near": (),
        "not_near": (),
        "languages": (),
        "exact_case": "no",
        "inside_words": "no",
    }
    found = (await office.store.catalogue.current()).brand("Target")
    assert found
    assert found.rules == (Rule("Target", exact_case=True, near=("store",)),)
    assert ("Target", 'counts written exactly so; beside "store"') in [
        (field.name, field.value) for field in again.card.fields
    ]
    assert not again.card.data["warnings"]


async def test_a_rule_that_asks_for_nothing_is_taken_away(office: Office) -> None:
    """A dash empties a list; what is not given stays."""
    await office.chat.type("brands add Target --alias TGT")
    await office.chat.type("brands rule Target TGT --near store --not-near bow --language de")
    kept = await office.chat.type("brands rule Target TGT --near -")
    gone = await office.chat.type("brands rule Target TGT --not-near - --language -")

    assert kept.card.data["not_near"] == ["bow"]
    assert gone.card.title == "Took the rule away from TGT"
    found = (await office.store.catalogue.current()).brand("Target")
    assert found
    assert found.rules == ()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("brands rule Target Shop --near x", 'There is no spelling of Target called "Shop"'),
        ("brands rule Target Target --exact-case no", "Nothing would change"),
        ("brands rule Acme Acme --near x", f"The brand Acme {DECLARED_THERE}"),
    ],
)
async def test_a_rule_that_cannot_be_is_one_sentence(
    office: Office, words: str, problem: str
) -> None:
    """Nothing is changed."""
    await office.chat.type("brands add Target")
    screen = await office.chat.type(words)

    assert str(screen.card.text).startswith(problem)


async def test_an_address_stands_for_its_domain_and_a_name_is_no_alias_of_itself(
    office: Office,
) -> None:
    """However people write them, they mean the same."""
    await office.chat.type(
        "brands add Umbra --alias Umbra --alias Umb --domain https://umbra.com/about"
    )
    umbra = Brand("Umbra", ("Umb",), ("umbra.com",))

    assert (await office.store.catalogue.current()).brand("Umbra") == umbra


async def test_what_is_not_given_stays_and_a_dash_empties(office: Office) -> None:
    """A list that is given takes the place of the old one."""
    await office.chat.type("brands add Umbra --alias Umb --domain umbra.com --category lamps")
    await office.chat.type("brands edit Umbra --alias UC --domain - --tracked no")

    assert (await office.store.catalogue.current()).brand("Umbra") == Brand(
        "Umbra", ("UC",), category="lamps", tracked=False
    )


async def test_a_change_that_changes_nothing_is_told(office: Office) -> None:
    """With how to write one that does."""
    await office.chat.type("brands add Umbra")
    screen = await office.chat.type("brands edit Umbra")

    assert "Nothing would change" in str(screen.card.text)


async def test_removing_asks_first_and_can_be_undone(office: Office) -> None:
    """What comes back is what was removed."""
    await office.chat.type("brands add Umbra --alias Umb")
    question = await office.chat.type("brands remove umb")
    assert (await office.store.catalogue.current()).brand("Umbra") is not None
    removed = await office.chat.click(question, "Go on")
    assert (await office.store.catalogue.current()).brand("Umbra") is None
    await office.chat.click(removed, "Undo")

    assert (await office.store.catalogue.current()).brand("Umbra") == Brand("Umbra", ("Umb",))


async def test_a_name_that_was_given_away_does_not_come_back(office: Office) -> None:
    """It would mean two brands."""
    await office.chat.type("brands add Umbra")
    await office.chat.click(await office.chat.type("brands remove Umbra"), "Go on")
    await office.chat.type("brands add Nova --alias Umbra")
    screen = await office.chat.type("brands restore Umbra")

    assert '"Umbra" already stands for the brand Nova' in str(screen.card.text)


async def test_the_list_says_where_each_comes_from(office: Office) -> None:
    """Declared and added brands are in one table; a chat, where it is no news, does not say it."""
    await office.chat.type("brands add Umbra")
    card = (await office.chat.type("brands")).card
    assert card.table

    assert "From" not in card.table.header
    assert {brand["name"]: brand["from"] for brand in card.data["brands"]} == {
        "Acme": "configuration",
        "Zeta": "configuration",
        "Umbra": "people",
    }


def test_the_terminal_does_the_same(terminal: Program) -> None:
    """A noun with its verbs; removing needs a yes, which can be given beforehand."""
    terminal.run("brands", "add", "Umbra", "--alias", "Umb", "--competitor", "Acme")
    listed = terminal.json("brands")["brands"]
    _, err = terminal.run("brands", "remove", "Umbra", code=1)
    terminal.run("brands", "remove", "Umbra", "--yes")

    assert [brand["name"] for brand in listed] == ["Acme", "Zeta", "Umbra"]
    assert err.strip() == (
        "This needs a yes: Umbra is no longer measured, and its history is kept; repeat the "
        "command with --yes."
    )
    assert [brand["name"] for brand in terminal.json("brands")["brands"]] == ["Acme", "Zeta"]


async def test_other_spellings_are_suggested_and_do_not_count(office: Office) -> None:
    """From what answers hold; a button adds one to the aliases that are there."""
    await office.chat.type("brands add Brightdesk --alias BD")
    office.provider.answer = lambda _: reply(
        "Bright-Desks is fine. BrightDeskk is too. So is Zeta."
    )
    await office.chat.type("check Brightdesk")
    screen = await office.chat.type("brands suggest Brightdesk")

    assert [found["name"] for found in screen.card.data["spellings"]] == [
        "Bright-Desks",
        "BrightDeskk",
    ]
    assert screen.card.actions[0].words == "brands edit Brightdesk --alias BD --alias Bright-Desks"


@pytest.mark.parametrize(
    ("name", "problem"),
    [("  ", "Name must not be empty"), ("x" * 101, "Name has 101 characters, and may have 100")],
)
def test_a_name_is_neither_empty_nor_endless(terminal: Program, name: str, problem: str) -> None:
    """An empty one would be found in every answer; one sentence says so, and nothing is kept."""
    _, err = terminal.run("brands", "add", name, code=1)

    assert err.startswith(problem)


PROMPTS = '[[prompts]]\ntext = "Which tool is best?"\n'


async def test_competitors_that_answers_list_are_proposed_until_they_are_dismissed() -> None:
    """By the command, in App Home and in the form of the set-up; a person adds them."""
    office = await open_office(PROMPTS)
    await office.chat.type("brands add Acme")
    office.provider.answer = lambda _: reply("- **Acme**: starts at $14.\n- **Freshboard**: cheap")
    await office.chat.type("check Acme --repeats 3")
    card = (await office.chat.type("brands suggest Acme")).card
    [found] = card.data["competitors"]
    assert found == {"name": "Freshboard", "answers": 3}
    add = next(action for action in card.actions if action.label == "Add Freshboard")

    home = await office.desk.home(office.chat.person)
    assert any("3 of 3 answers" in str(field.value) for field in home.fields)
    form = await fill_questions(Call(await office.deployment.refreshed()))
    assert "Freshboard (in 3 of 3 answers)" in [one.label for one in form.choices["names"]]
    await office.chat.type("brands dismiss Acme Freshboard")
    card = (await office.chat.type("brands suggest Acme")).card
    assert card.data["competitors"] == []

    await office.chat.type(add.words)
    acme = (await office.deployment.refreshed()).catalogue.brand("Acme")
    assert acme
    assert "Freshboard" in acme.competitors
