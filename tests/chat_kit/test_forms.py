"""Forms as fields, for whichever platform shows them."""

from typing import Any

import pytest

from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, FormChoice, Kind, Option
from overheard.chat_kit.forms import NO, YES, InputKind, form_fields, read_form
from overheard.interfaces import Form


async def unused(*_: Any, **__: Any) -> Card:
    """Carry out nothing."""
    return Card("")


OPTIONS = (
    Option("name", "Its name.", required=True),
    Option("aliases", "Other names.", many=True),
    Option("rivals", "Its competitors.", Kind.BRAND, many=True),
    Option("mode", "How fast.", choices=("fast", "slow"), default="fast"),
    Option("repeats", "How often.", Kind.INTEGER, low=1, high=9, default=3),
    Option("tracked", "Whether it is measured.", Kind.FLAG, default=True),
    Option("place", "Where to.", Kind.CHANNEL),
    Option("at", "When.", Kind.CLOCK),
    Option("file", "A file of this machine.", Kind.FILE),
)
SPEC = CommandSpec("brands add", "Add a brand.", unused, OPTIONS)


def test_each_option_says_how_it_is_filled_in() -> None:
    """A file of the bot's machine is asked of nobody."""
    fields = {field.option.name: field for field in form_fields(Form(SPEC, "Add"))}

    assert {name: field.input for name, field in fields.items()} == {
        "name": InputKind.TEXT,
        "aliases": InputKind.LINES,
        "rivals": InputKind.SEARCH,
        "mode": InputKind.CHOICE,
        "repeats": InputKind.NUMBER,
        "tracked": InputKind.FLAG,
        "place": InputKind.CHANNEL,
        "at": InputKind.CLOCK,
    }
    assert [entry.value for entry in fields["mode"].entries] == ["fast", "slow"]
    assert not any(field.values for field in fields.values())


def test_values_choices_and_hints_of_the_form_come_first() -> None:
    """Then the defaults, if they are wanted; nothing to choose from is no field."""
    form = Form(
        SPEC,
        "Edit",
        {"aliases": ("A", "B"), "tracked": False},
        choices={"name": (FormChoice("1", "One"),), "rivals": ()},
        hints={"name": "Which one?"},
    )
    fields = {field.option.name: field for field in form_fields(form, defaults=True)}

    assert "rivals" not in fields
    assert (fields["name"].input, fields["name"].hint) == (InputKind.CHOICE, "Which one?")
    assert fields["aliases"].values == ("A", "B")
    assert fields["tracked"].values == (NO,)
    assert (fields["mode"].values, fields["repeats"].values) == (("fast",), ("3",))


def test_what_was_given_becomes_options() -> None:
    """With their types; what is empty gives none."""
    given = {
        "name": " Acme ",
        "aliases": "Acme Inc\n\n ACME ",
        "rivals": ["Zeta"],
        "mode": [],
        "repeats": "4",
        "tracked": YES,
        "place": "slack:C1",
        "at": "",
    }

    assert read_form(SPEC, given) == (
        {
            "name": "Acme",
            "aliases": ["Acme Inc", "ACME"],
            "rivals": ["Zeta"],
            "repeats": 4,
            "tracked": True,
            "place": "slack:C1",
        },
        {},
    )


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"name": ""}, ("name", "This is needed.")),
        ({"name": "A", "repeats": "many"}, ("repeats", "This must be a whole number.")),
        ({"name": "A", "repeats": "0"}, ("repeats", "This must be 1 or more.")),
        ({"name": "A", "repeats": "10"}, ("repeats", "This must be 9 or less.")),
    ],
)
def test_what_cannot_be_read_is_a_sentence(given: dict[str, str], problem: tuple[str, str]) -> None:
    """At its field, for platforms that show it there; the text stays for those that do not."""
    options, problems = read_form(SPEC, given)

    assert problems == dict([problem])
    assert options.get("repeats") == given.get("repeats")
