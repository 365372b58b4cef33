"""Tests of the command tree, forms and buttons as Discord gets them."""

import copy
from typing import Any

import pytest

from kit.discord_desk import SPECS, ScriptedDesk, nothing
from kit.discord_rules import check
from overheard.cards.card import Action
from overheard.cards.command import CommandSpec, Face, Kind, Option
from overheard.chat_kit.requests import MAX_QUESTIONS, ButtonQuestions, Click, ClickKind
from overheard.commands.registry import offered
from overheard.interfaces import Form
from overheard_discord import forms, slash_commands as tree

SPEC = {spec.name: spec for spec in SPECS}
ADD = SPEC["brands add"]


def drawn(specs: tuple[CommandSpec, ...] = SPECS) -> tree.Node:
    """Return the trees of a server as one."""
    first, *others = roots(specs)
    return first | {"options": sum((one["options"] for one in others), first["options"])}


def roots(specs: tuple[CommandSpec, ...] = SPECS) -> list[tree.Node]:
    """Return the trees of a server."""
    return tree.roots("overheard", specs, context=tree.IN_GUILD)


def under(node: tree.Node, *names: str) -> tree.Node:
    """Return a node below another."""
    for name in names:
        [node] = [one for one in node["options"] if one["name"] == name]
    return node


def test_verbs_are_commands_and_nouns_are_groups() -> None:
    """`/overheard check`, `/overheard-setup brands add`."""
    everyday, setup = roots()
    assert (everyday["name"], setup["name"]) == ("overheard", "overheard-setup")
    assert [one["name"] for one in everyday["options"]] == ["check", "spend"]
    assert [one["name"] for one in under(setup, "brands")["options"]] == ["list", "add", "edit"]
    check("PUT", "/applications/1/guilds/2/commands", [everyday, setup])


def test_our_own_commands_are_what_discord_takes() -> None:
    """The trees of all that help lists keep to the limits, and nothing is left out or cut."""
    specs = tuple(spec for spec in offered(Face.CHAT) if spec.listed)
    trees = roots(specs)
    check("PUT", "/applications/1/guilds/2/commands", trees)
    for spec in specs:
        node = under(drawn(specs), *tree.path(spec))
        assert node["description"] == spec.summary[:100]
        told = {option["name"]: option["description"] for option in node["options"]}
        for option in spec.options:
            assert told[option.written].startswith(option.help[:50].rstrip("."))
    assert [tree.node_size(one) < 7_000 for one in trees] == [True] * 3, "too full"


def test_every_day_is_in_the_first_root() -> None:
    """What a person tries first is where it is in Slack."""
    everyday, setup, expert = roots(offered(Face.CHAT))
    names = {one["name"] for one in everyday["options"]}
    assert {"check", "report", "status", "alerts", "evidence", "claims", "brief", "help"} <= names
    assert {"brands", "prompts", "facts", "schedules"} <= {o["name"] for o in setup["options"]}
    assert {"runs", "scores", "audit"} <= {one["name"] for one in expert["options"]}


def test_options_are_typed() -> None:
    """Numbers have their bounds, choices their values, and names are completed."""
    brands, repeats, as_of, detail = under(drawn(), "check")["options"]
    assert (brands["type"], brands["autocomplete"]) == (tree.STRING, True)
    assert (repeats["type"], repeats["min_value"], repeats["max_value"]) == (tree.INTEGER, 1, 9)
    assert (as_of["name"], as_of["type"]) == ("as-of", tree.STRING)
    assert [one["value"] for one in detail["choices"]] == ["little", "all"]


def test_what_has_no_room_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """Commands beyond Discord's limit are named in the log."""
    specs = tuple(CommandSpec(f"verb{n}", "Do it.", nothing) for n in range(27))
    assert len(drawn(specs)["options"]) == 25
    assert "no room for /overheard verb26" in caplog.text


def test_descriptions_become_shorter_where_all_have_no_room() -> None:
    """Many commands with many options are still all there."""
    options = tuple(Option(f"option{n}", "What it means, told at length. " * 3) for n in range(12))
    specs = tuple(CommandSpec(f"verb{n}", "Do it. " * 12, nothing, options) for n in range(20))
    root = drawn(specs)

    check("PUT", "/applications/1/guilds/2/commands", [root])
    assert len(under(root, "verb19")["options"]) == 12
    assert under(root, "verb19", "option11")["description"].endswith("…")


def returned(node: Any) -> Any:
    """Return a tree as Discord returns it: with more fields, and without empty ones."""
    if isinstance(node, list):
        return [returned(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {key: returned(one) for key, one in node.items() if one not in (None, False, [])}
    return kept | {"name_localizations": None}


def test_a_tree_is_known_again() -> None:
    """What Discord adds and leaves out is no change."""
    assert tree.is_same(roots(), returned(roots()))
    assert tree.is_same(roots(), returned(roots()[::-1]))
    assert not tree.is_same(roots(), returned(roots()[:1])), "a root is missing"
    assert not tree.is_same(roots()[:1], returned(roots())), "a root is too many"


@pytest.mark.parametrize(
    ("where", "key", "value"),
    [
        (("check",), "description", "Else."),
        (("check", "repeats"), "max_value", 5),
        (("check", "detail"), "choices", []),
        (("check", "as-of"), "autocomplete", True),
        (("brands", "add", "name"), "required", False),
        (("brands",), "options", []),
    ],
)
def test_a_change_is_seen(where: tuple[str, ...], key: str, value: Any) -> None:
    """Another text, bound, choice or command, also one that we have no more, is a change."""
    theirs = copy.deepcopy(drawn())
    under(theirs, *where)[key] = value
    assert not tree.is_same([drawn()], [theirs])
    assert not tree.is_same([], [theirs])
    assert not tree.is_same([drawn()], [])


def test_a_command_that_is_gone_is_none() -> None:
    """A person's Discord may show an old tree for a while."""
    assert tree.read_call({"options": [{"name": "gone", "type": 1}]}, ScriptedDesk()) is None


def test_a_list_is_divided_by_commas() -> None:
    """Quotation marks protect a comma."""
    assert tree.split('Acme, "Ajax, Inc" ,, Zeta') == ["Acme", "Ajax, Inc", "Zeta"]
    assert tree.split("") == []


def test_suggestions_keep_to_the_limits() -> None:
    """No more than 25, none longer than Discord takes, none twice."""
    option = Option("brand", "Which", Kind.BRAND)
    found = ["x" * 101, "", "Acme", "Acme", *map(str, range(40))]
    shown = tree.option_choices(option, "", found)
    assert len(shown) == 25
    assert shown[0].name == "Acme"
    assert shown[1].name == "0"


async def opened(**values: Any) -> list[dict[str, Any]]:
    """Return the inputs of a form for adding a brand."""
    shown = forms.modal(Form(ADD, "Add a brand", values)).to_dict()
    assert len(shown["title"]) <= 45
    assert shown["custom_id"] == "form:brands add"
    return list(shown["components"])


async def test_a_form_has_five_inputs_at_most() -> None:
    """Required ones come first; what has no room shares the last, one a line."""
    labels = await opened(name="Acme", category="tool", tracked=False, weight=2.5)
    inputs = [label["component"] for label in labels]
    assert [one["custom_id"] for one in inputs] == [
        "name",
        "aliases",
        "domains",
        "category",
        "more",
    ]
    assert inputs[0]["required"]
    assert inputs[4]["value"] == "tracked: no\nweight: 2.5"
    assert "Tracked and weight" in labels[4]["description"]


async def test_a_form_shows_what_is_wrong() -> None:
    """The problem takes the place of the title."""
    shown = forms.modal(Form(ADD, "Add a brand", problem="There is one of that name already."))
    assert shown.title == "There is one of that name already."


def test_a_form_comes_back_as_options() -> None:
    """Lists are divided by lines, yes is yes; no number stays text, what is empty is left out."""
    typed = {
        "name": "Acme ",
        "aliases": "Acme Inc\n\nAjax, Inc",
        "domains": "",
        "category": "",
        "more": "tracked: no\nWeight: heavy\nnonsense",
    }
    components = [
        {"type": 18, "component": {"type": 4, "custom_id": key, "value": value}}
        for key, value in typed.items()
    ]
    assert forms.read_options({"components": components}, ADD) == {
        "name": "Acme",
        "aliases": ["Acme Inc", "Ajax, Inc"],
        "tracked": False,
        "weight": "heavy",
    }


async def test_what_a_form_leaves_out_moves_no_input() -> None:
    """An option that follows it is read where it was shown."""
    shown = forms.modal(Form(ADD, "Add", choices={"aliases": ()})).to_dict()
    own = [label["component"]["custom_id"] for label in shown["components"]]
    assert own == ["name", "domains", "category", "tracked", "weight"]
    components = [
        {"type": 18, "component": {"type": 4, "custom_id": key, "value": f"{at}"}}
        for at, key in enumerate(own)
    ]
    assert forms.read_options({"components": components}, ADD)["weight"] == 4


async def test_choices_are_menus() -> None:
    """What is one of a few is chosen, and what was chosen comes back."""
    spec = CommandSpec(
        "x",
        "X.",
        nothing,
        options=(
            Option("loud", "Loud", Kind.FLAG),
            Option("form", "How", choices=("yaml", "json")),
            Option("count", "How many", Kind.INTEGER),
        ),
    )
    shown = forms.modal(Form(spec, "X", {"loud": True, "form": "json", "count": 3})).to_dict()
    menus = [label["component"] for label in shown["components"]]
    assert [[o["value"] for o in m["options"] if o["default"]] for m in menus[:2]] == [
        ["yes"],
        ["json"],
    ]
    chosen = [
        {"type": 18, "component": {"type": 3, "custom_id": "loud", "values": ["no"]}},
        {"type": 18, "component": {"type": 3, "custom_id": "form", "values": []}},
        {"type": 18, "component": {"type": 4, "custom_id": "count", "value": "7"}},
    ]
    assert forms.read_options({"components": chosen}, spec) == {"loud": False, "count": 7}


@pytest.mark.parametrize("kind", ClickKind)
def test_a_button_is_read_from_its_id(kind: ClickKind) -> None:
    """The id holds all that is needed, also words with colons."""
    click = Click(kind, "alerts snooze 12 --until 2026-01-01T07:00")
    assert Click.read(click.id) == click
    assert len(Click(ClickKind.CANCEL, "x" * 90).id) <= 100


def test_an_id_of_others_is_none() -> None:
    """A button that is not ours does nothing."""
    assert Click.read("else:check") is None
    assert Click.read("check") is None


def test_questions_do_not_pile_up() -> None:
    """Only the latest are kept; an older one is asked by the button's label."""
    questions = ButtonQuestions()
    for number in range(MAX_QUESTIONS + 1):
        questions.click(Action(f"close {number}", "Close", confirm=f"Close {number}?"))
    assert questions.question("close 1", "Close") == "Close 1?"
    assert questions.question("close 0", "Close") == "Close: are you sure?"
