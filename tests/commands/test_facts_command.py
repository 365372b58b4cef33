"""Facts, added, changed and removed."""

from datetime import date

import pytest

from kit.office import Office, open_office
from kit.program import Program
from overheard.domain import Fact

TODAY = date(2026, 3, 2)
ACME = '[storage]\nurl = "sqlite:///store.db"\n[[brands]]\nname = "Acme"\n'


async def test_a_fact_is_true_as_of_today(office: Office) -> None:
    """Unless another day is given."""
    await office.chat.type("facts add acme price $10 a month --source https://acme.com")
    await office.chat.type("facts add acme seats 5 --as-of 2026-01-31")
    [_, price, seats] = (await office.store.catalogue.current()).facts

    assert price == Fact("Acme", "price", "$10 a month", TODAY, "https://acme.com")
    assert seats.as_of == date(2026, 1, 31)


async def test_an_old_value_is_remembered(office: Office) -> None:
    """An answer that states it is out of date, and not wrong."""
    await office.chat.type("facts add Acme price $10 --as-of 2026-01-31")
    await office.chat.type("facts edit Acme Price $12")
    await office.chat.type("facts edit Acme price $14")
    [_, price] = (await office.store.catalogue.current()).facts

    assert price == Fact("Acme", "price", "$14", TODAY, previous=("$12", "$10"))


async def test_a_value_that_is_true_again_is_not_old(office: Office) -> None:
    """It leaves the old ones."""
    for words in ("add Acme price $10", "edit Acme price $12", "edit Acme price $10"):
        await office.chat.type(f"facts {words}")
    [_, price] = (await office.store.catalogue.current()).facts

    assert (price.value, price.previous) == ("$10", ("$12",))


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("facts add Acme founded 2001", "The founded of Acme is there already"),
        ("facts edit Acme founded 2001", "The founded of Acme is declared in config.toml"),
        ("facts remove Acme founded", "The founded of Acme is declared in config.toml"),
        ("facts edit Acme prise 3", 'There is no fact about Acme called "prise"; known: founded.'),
        ("facts add Acme price $1 --as-of never", '"never"'),
    ],
)
async def test_what_cannot_be_is_one_sentence(office: Office, words: str, problem: str) -> None:
    """Nothing is changed."""
    before = await office.store.catalogue.current()
    screen = await office.chat.type(words)

    assert str(screen.card.text).startswith(problem) or problem in str(screen.card.text)
    assert await office.store.catalogue.current() == before


async def test_removing_can_be_undone(office: Office) -> None:
    """The last value comes back."""
    await office.chat.type("facts add Acme price $10")
    await office.chat.type("facts edit Acme price $12")
    removed = await office.chat.click(await office.chat.type("facts remove Acme price"), "Go on")
    assert len((await office.store.catalogue.current()).facts) == 1
    await office.chat.click(removed, "Undo")

    assert (await office.store.catalogue.current()).facts[1].value == "$12"


async def test_a_form_shows_a_fact_as_it_is() -> None:
    """What is not touched stays."""
    office = await open_office(forms=True)
    await office.chat.type("facts add Acme price $10 --source https://acme.com")
    screen = await office.chat.type("facts edit Acme price")
    assert screen.form
    await office.chat.submit(screen, value="$12")
    [_, price] = (await office.store.catalogue.current()).facts

    assert (price.value, price.source) == ("$12", "https://acme.com")


def test_the_terminal_does_the_same(terminal: Program) -> None:
    """A fact has a brand, a field and a value."""
    terminal.run("facts", "add", "Acme", "price", "$10")
    facts = terminal.json("facts", "list", "Acme")["facts"]

    assert [(fact["field"], fact["value"], fact["from"]) for fact in facts] == [
        ("founded", "1999", "configuration"),
        ("price", "$10", "people"),
    ]


@pytest.mark.parametrize(
    ("field", "value", "checked"),
    [
        ("price", "$19 a month", True),
        ("price: Pro plan", "$49 a month", True),
        ("price", "19", False),
        ("free plan", "yes", True),
        ("free plan", "maybe", False),
        ("founded", "2014", True),
        ("founded", "long ago", False),
        ("headquarters", "Lyon", True),
        ("ceo", "Ada Byron", True),
        ("employees", "250", True),
        ("products", "Boards; Desks", True),
        ("certifications", "ISO 27001", True),
        ("never say", "Acme is ISO certified", True),
        ("mascot", "an otter", False),
    ],
)
def test_a_fact_that_no_scorer_reads_is_told(
    terminal: Program, field: str, value: str, checked: bool
) -> None:
    """The answer says that answers are not checked against it."""
    terminal.configure(ACME)
    told = terminal.json("facts", "add", "Acme", field, value)

    assert told["checked"] is checked


def test_a_fact_is_not_checked_on_a_day_to_come(terminal: Program) -> None:
    """A slip in the year would keep it fresh for ever."""
    terminal.configure(ACME)
    _, told = terminal.run("facts", "add", "Acme", "price", "$10", "--as-of", "2999-01-01", code=1)

    assert "1 Jan 2999 is still to come; write it as yesterday" in told


def test_a_list_names_facts_that_no_scorer_reads(terminal: Program) -> None:
    """Also those that the configuration declares."""
    fact = '[[facts]]\nbrand = "Acme"\nfield = "{}"\nvalue = "{}"\n'
    sheet = fact.format("founded", "2014") + fact.format("price", "19")
    terminal.configure(ACME + sheet)
    out, _ = terminal.run("facts")

    assert "No scorer reads Acme's price, so no answer is checked against that." in out


def test_a_fact_is_asked_about_directly(terminal: Program) -> None:
    """General questions rarely bring a fact up, so the card offers a question of its own."""
    terminal.configure(ACME)
    out, _ = terminal.run("facts", "add", "Acme", "price", "$10 a month")

    assert "General questions rarely bring it up" in out


JUDGE = '[providers.local]\n\n[scorers.judge]\nmodel = "echo/echo"\nbudget = 1\n\n'


def test_a_field_of_your_own_is_read_by_the_judge_only(terminal: Program) -> None:
    """The card says so, and so does the list."""
    terminal.configure(ACME + JUDGE)
    out, _ = terminal.run("facts", "add", "Acme", "warranty", "five years")
    listed, _ = terminal.run("facts")

    assert "Only the judge checks answers against it" in out
    assert "Only the judge checks Acme's warranty." in listed
