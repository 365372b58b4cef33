"""What people type, read as commands."""

from dataclasses import replace
from typing import Any

import pytest

from overheard.cards.command import CommandSpec, Face, Kind, Option, Role, quoted
from overheard.chat.parser import fill, near, parse, spec_of
from overheard.commands.registry import offered
from overheard.errors import BadUsage, UnknownCommand


async def nothing(**_: Any) -> Any:
    """Do nothing, as a command."""


CHECK = CommandSpec(
    "check",
    "Ask.",
    nothing,
    (
        Option("brands", "Brands.", Kind.BRAND, many=True, positional=True),
        Option("models", "Models.", Kind.MODEL, many=True, word="model"),
        Option("repeats", "Repeats.", Kind.INTEGER, default=1, low=1, high=9),
        Option("dry", "Dry.", Kind.FLAG, default=False),
        Option("form", "Form.", choices=("jsonl", "csv"), word="format"),
    ),
)
FACT = CommandSpec(
    "facts add",
    "Add.",
    nothing,
    (
        Option("brand", "Brand.", Kind.BRAND, required=True, positional=True),
        Option("field", "Field.", required=True, positional=True),
        Option("value", "Value.", required=True, positional=True),
    ),
)
LIST = CommandSpec("facts list", "List.", nothing)
HELP = CommandSpec("help", "Help.", nothing)
COMMANDS = (CHECK, FACT, LIST, HELP)
NAMES = ("Acme", "Acme Boards", "Zeta")


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("check", {}),
        ("CHECK acme zeta", {"brands": ("acme", "zeta")}),
        ('check "Some Brand" Zeta', {"brands": ("Some Brand", "Zeta")}),
        ("check acme boards zeta", {"brands": ("acme boards", "zeta")}),
        ("check Acme --repeats 3", {"brands": ("Acme",), "repeats": 3}),
        ("check --repeats=3 Acme", {"brands": ("Acme",), "repeats": 3}),
        ("check \u2014repeats 3", {"repeats": 3}),
        ("check \u201cSome Brand\u201d", {"brands": ("Some Brand",)}),
        ("check --model a/b --model c/d", {"models": ("a/b", "c/d")}),
        ("check --models a/b", {"models": ("a/b",)}),
        ("check --dry", {"dry": True}),
        ("check --format CSV", {"form": "csv"}),
        ('check "--dry"', {"brands": ("--dry",)}),
    ],
)
def test_options_are_read_as_people_write_them(words: str, options: dict[str, Any]) -> None:
    """With quotation marks of both kinds, and with the long dash that chats make of two."""
    usual = {"brands": (), "models": (), "repeats": 1, "dry": False, "form": None}

    assert parse(words, COMMANDS, NAMES).options == usual | options


def test_the_last_words_need_no_quotation_marks() -> None:
    """A sentence at the end is one value, with its punctuation."""
    order = parse('facts add Acme Boards price it\'s "free" for two', COMMANDS, NAMES)

    assert order.options == {
        "brand": "Acme Boards",
        "field": "price",
        "value": 'it\'s "free" for two',
    }


def test_a_noun_alone_is_its_list() -> None:
    """So are options behind a noun."""
    assert parse("facts", COMMANDS).spec is LIST


def test_a_noun_and_a_number_show_that_one() -> None:
    """`alerts 12` is `alerts show 12`, as in a terminal."""
    order = parse("alerts 12", (*COMMANDS, *offered(Face.CHAT)))

    assert order.spec.name == "alerts show"
    assert order.options["alert"] == "12"


def test_nothing_typed_is_a_call_for_help() -> None:
    """The bare root command shows what there is."""
    assert parse("  ", COMMANDS).spec is HELP


def test_help_behind_a_command_asks_about_it() -> None:
    """As in a terminal, whatever else is wrong."""
    assert parse("check Acme --help", COMMANDS).helped
    assert parse("check --model --help", COMMANDS).helped
    assert parse("check --nonsense --help", COMMANDS).helped


def test_what_is_missing_is_named() -> None:
    """It is no error yet: a form can ask for it."""
    order = parse("facts add Acme", COMMANDS)

    assert [option.name for option in order.missing] == ["field", "value"]
    assert order.options["brand"] == "Acme"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("check --repeat 3", 'There is no option "--repeat"; did you mean "repeats"'),
        ("check --repeats", "--repeats needs a value"),
        ("check --model --repeats 3", "--model needs a value"),
        ("check --model --dry", "--model needs a value"),
        ("check --repeats many", 'Repeats is a whole number, and not "many"'),
        ("check --repeats 0", 'Repeats is 1 or more, and not "0"'),
        ("check --repeats 10", 'Repeats is 9 or less, and not "10"'),
        ("check --format cvs", 'Format is jsonl or csv, and not "cvs"; did you mean "csv"'),
        ("check --dry=perhaps", 'Dry is yes or no, and not "perhaps"'),
        ("facts list Acme", '"Acme" has no meaning here'),
    ],
)
def test_a_wrong_option_is_told_with_how_to_write_it(words: str, problem: str) -> None:
    """The sentence names the option and the nearest right one."""
    with pytest.raises(BadUsage) as error:
        parse(words, COMMANDS)

    assert str(error.value).startswith(f"{problem}; write it as ")


@pytest.mark.parametrize(
    ("words", "meant"),
    [("chek Acme", "check"), ("fact add", "facts add"), ("facts ad x", "facts add")],
)
def test_a_near_miss_gets_a_suggestion(words: str, meant: str) -> None:
    """The likeliest command comes first."""
    with pytest.raises(UnknownCommand, match=f'did you mean "{meant}"'):
        parse(words, COMMANDS)

    assert near(words, COMMANDS)[0].name == meant


def test_what_nobody_could_mean_gets_none() -> None:
    """There is nothing near."""
    with pytest.raises(
        UnknownCommand, match=r'There is no command "xyzzy"; "help" shows all of them\.'
    ):
        parse("xyzzy", COMMANDS)


def test_an_order_can_be_typed_again() -> None:
    """The words of an order give the same order."""
    words = 'check "Some Brand" "--dry" --model a/b --repeats 3 --dry'
    order = parse(words, COMMANDS)

    assert order.words == words
    assert parse(order.words, COMMANDS) == order


def test_a_value_behind_one_that_is_left_out_keeps_its_place() -> None:
    """It is not typed as the first one, of which it would then be the value."""
    order = fill(FACT, {"brand": "Acme", "value": "$14"})

    assert order.words == "facts add Acme --value $14"
    assert parse(order.words, COMMANDS) == order


def test_a_flag_that_was_switched_off_stays_off() -> None:
    """Also when the command is typed again, where it is on by default."""
    spec = replace(CHECK, options=(Option("dry", "Dry.", Kind.FLAG, default=True),))
    order = parse("check --dry=no", (spec,))

    assert order.options == {"dry": False}
    assert parse(order.words, (spec,)) == order


def test_a_form_gives_lists_as_text() -> None:
    """With commas or on lines; numbers may come as text; what is empty is left out."""
    order = fill(CHECK, {"brands": "Acme, Zeta\nUmbra", "repeats": "2", "form": "", "other": 1})

    assert order.options == {
        "brands": ("Acme", "Zeta", "Umbra"),
        "models": (),
        "repeats": 2,
        "dry": False,
        "form": None,
    }


@pytest.mark.parametrize("text", ["plain", "two words", "", "--dry", "it's", "\u201cx\u201d"])
def test_a_quoted_value_is_one_word(text: str) -> None:
    """It comes back as it was."""
    assert parse(f"check {quoted(text)}", COMMANDS).options["brands"] == (text,)


def test_a_double_quotation_mark_within_a_value_becomes_a_curly_one() -> None:
    """There is no way to write it, and it means the same."""
    assert parse("check " + quoted('say "hi"'), COMMANDS).options["brands"] == (
        "say \u201dhi\u201d",
    )


def test_an_option_may_need_a_higher_role() -> None:
    """The command is as its given options make it, however it was given; other commands stay."""
    makes = {"role": Role.ADMIN, "confirms": True}
    spec = replace(CHECK, options=(*CHECK.options, Option("all", "A.", Kind.FLAG, makes=makes)))
    plain, changed = (parse(words, [spec]).spec for words in ("check", "check --all"))

    assert plain is spec
    assert (changed.role, changed.confirms, changed.name) == (Role.ADMIN, True, "check")
    assert fill(spec, {"all": True}).spec == changed
    assert spec_of("check --all", [spec]) == changed
