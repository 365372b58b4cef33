"""All commands together: each face can offer them, and help teaches each."""

import inspect
import json
import sys
from collections import Counter

import pytest

from kit.installing import Shelf
from kit.office import Office
from kit.program import Program
from overheard.cards.card import LONGEST_ACTION
from overheard.cards.command import Face
from overheard.chat.parser import parse
from overheard.commands.registry import LISTING, commands, listing_of_specs, offered, sections
from overheard.config.sections import Config
from overheard.plugins import added_plugins, installed_plugins, load_plugins


def test_each_name_is_one_command() -> None:
    """No two commands share a name, and no verb is a noun as well: Discord has no such tree."""
    for face in Face:
        names = Counter(spec.name for spec in offered(face))
        assert [name for name, count in names.items() if count > 1] == []
        assert {spec.noun for spec in offered(face)} & set(names) == set()


def test_each_command_can_be_taught() -> None:
    """It says in one sentence what it does, and its examples are commands that it takes."""
    for spec in commands():
        assert spec.summary.endswith("."), spec.name
        assert len(spec.summary) <= 100, spec.name
        alike = [one for one in commands() if one.faces & spec.faces]
        for example in spec.examples:
            order = parse(example, alike)
            assert (order.spec.name, order.missing) == (spec.name, ())


def test_each_command_is_called_with_its_call_and_its_options() -> None:
    """Its function requires nothing else."""
    for spec in commands():
        signature = inspect.signature(spec.run)
        signature.bind(None, **{option.name: None for option in spec.options})


def test_positional_options_can_be_told_apart() -> None:
    """Only the last one takes many, and none that is required comes after one that is not."""
    for spec in commands():
        places = [option for option in spec.options if option.positional]
        assert not any(option.many for option in places[:-1]), spec.name
        assert sorted(places, key=lambda option: not option.required) == places, spec.name
        assert len({option.written for option in spec.options}) == len(spec.options), spec.name


def test_what_is_left_out_is_allowed() -> None:
    """The terminal checks a default by the same bounds as a given value."""
    options = [option for spec in commands() for option in spec.options]
    for option in (one for one in options if isinstance(one.default, (int, float))):
        assert option.low is None or option.default >= option.low, option.name
        assert option.high is None or option.default <= option.high, option.name


async def test_help_shows_every_command_of_the_chat(office: Office) -> None:
    """Those that only a terminal can do are left out, and forms and steps that buttons lead to."""
    card = (await office.chat.type("help everything")).card

    assert set(card.data["commands"]) == {s.name for s in offered(Face.CHAT) if s.listed}
    assert "demo" not in card.data["commands"]


async def test_help_teaches_a_noun_with_buttons(office: Office) -> None:
    """Each verb has one, which teaches it."""
    noun = await office.chat.type("help brands")
    verb = await office.chat.click(noun, "brands add")

    assert verb.card.title == "brands add"
    assert "brands add NAME" in str(verb.card.text)


async def test_a_button_tries_only_what_costs_and_changes_nothing(office: Office) -> None:
    """The others are typed by hand."""
    free = await office.chat.type("help status")
    dear = await office.chat.type("help check")

    assert [action.words for action in free.card.actions] == ["status"]
    assert dear.card.actions == ()


async def test_help_with_what_does_not_exist_suggests_the_nearest(office: Office) -> None:
    """A sentence, as everywhere."""
    screen = await office.chat.type("help brand")

    assert 'There is no command called "brand"; did you mean "brands"' in str(screen.card.text)


async def test_no_button_is_too_long_for_a_chat(office: Office) -> None:
    """One for a long name is left out."""
    screen = await office.chat.type(f"brands add {'Umbra' * 20}")

    assert all(len(action.words) <= LONGEST_ACTION for action in screen.card.actions)
    assert screen.card.title.startswith("Added Umbra")


def test_help_lists_each_command_as_it_is() -> None:
    """The file that help reads has each command's module, name, summary and faces."""
    written = LISTING.read_text(encoding="utf-8")
    assert written == listing_of_specs(), (
        "write it anew with: uv run python -m overheard.commands.registry"
    )
    assert sorted(entry.name for _, entries in sections(Face.CHAT) for entry in entries) == sorted(
        spec.name for spec in commands() if Face.CHAT in spec.faces and spec.listed
    )


HELP_ROOMS = {
    *(
        "__main__",
        "api",
        "cards",
        "chat_kit",
        "cli",
        "config",
        "deprecations",
        "domain",
        "errors",
        "hookspecs",
    ),
    *(
        "installation",
        "interfaces",
        "numpy_proxy",
        "plugins",
        "provider_kit",
        "session",
        "special_functions",
    ),
}
"""The rooms that help needs as a whole."""
HELP_MODULES = {
    "chat": {"chat", "chat.terminal", "chat.terminal.grammar"},
    "commands": {"commands", "commands.registry"},
    "reading": {"reading", "reading.phrasings", "reading.word_lists"},
    "runtime": {"runtime", "runtime.wiring"},
}
"""The modules that help needs of other rooms."""
HELP_PACKAGES = {
    *("annotated_types", "click", "overheard", "packaging", "pluggy", "pydantic"),
    *("pydantic_core", "typing_extensions", "typing_inspection"),
}
"""The packages that help needs beside the standard library."""


def test_help_imports_no_command_and_nothing_that_is_slow(
    terminal: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither detection and alerts nor a database, an SDK or numpy; of plugins, those that may add
    a command.
    """
    Shelf(terminal.folder, monkeypatch).example("changelog")
    lines = (
        "import atexit, sys",
        "from overheard.__main__ import main",
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))",
        "sys.argv[1:] = ['--help']",
        "main()",
    )
    out, err = terminal.python("\n".join(lines)).communicate()
    modules = err.split()
    own = [name.removeprefix("overheard.") for name in modules if name.startswith("overheard.")]
    packages = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names)
    packages -= {"sitecustomize"}  # Debian's Python has one

    assert "Measure and read:" in out
    assert "Added by plugins:" in out
    assert {name.partition(".")[0] for name in own} <= HELP_ROOMS | HELP_MODULES.keys()
    for room, needed in HELP_MODULES.items():
        assert {name for name in own if name.partition(".")[0] == room} == needed
    assert {name for name in packages if name[0] != "_"} <= HELP_PACKAGES | {"overheard_changelog"}


def test_the_commands_of_built_in_plugins_are_listed() -> None:
    """So help need not load them."""
    built_in = [point for point in installed_plugins()[0] if point not in added_plugins()]
    plugins = load_plugins(Config(), built_in)

    assert len(plugins.reports) == len(built_in) > 10
    listed = {json.loads(line)[1] for line in LISTING.read_text(encoding="utf-8").splitlines()}
    assert {"slack manifest", "discord invite"} <= plugins.commands.keys() <= listed


def test_a_command_of_a_built_in_plugin_is_typed_taught_and_completed(terminal: Program) -> None:
    """Its plugin is loaded when it is used."""
    out, _ = terminal.run("landscape", "--help")
    root = terminal.run("--help")[0]

    assert "overheard landscape openai" in out
    assert "landscape" in root.partition("Fine-tuning:")[2].partition("What is measured:")[0]
    assert terminal.json("help", "dataset")["commands"].keys() >= {"dataset build"}


def test_the_terminal_suggests_what_was_meant(terminal: Program) -> None:
    """For a verb, a noun's verb, and an option."""
    _, verb = terminal.run("chek", code=2)
    _, noun = terminal.run("brands", "ad", code=2)
    _, option = terminal.run("check", "--repeat", "3", code=2)

    assert 'There is no command "chek"; did you mean "check"; see: overheard --help' in verb
    assert 'There is no command "ad"; did you mean "add"; see: overheard brands --help' in noun
    assert "--repeats" in option


def test_a_command_that_has_left_the_program_says_where_it_went(terminal: Program) -> None:
    """In one sentence, and help lists it no more."""
    _, left = terminal.run("simulate", "--panels", "5", code=2)
    listed, _ = terminal.run("--help")

    assert left == (
        'There is no command "simulate" any more: in the folder bench of a clone, run: uv '
        "run python -m overheard_lab simulate.\n"
    )
    assert "simulate" not in listed


def test_the_terminal_teaches_without_a_configuration(terminal: Program) -> None:
    """A person who has just installed it can read."""
    (terminal.folder / "config.toml").unlink()

    assert terminal.json("help", "brands", "add")["name"] == "brands add"
    assert "demo" in terminal.json("help")["commands"]


def test_a_noun_alone_is_its_list_in_the_terminal(terminal: Program) -> None:
    """Its help shows the verbs."""
    out, _ = terminal.run("brands", "--help")

    assert terminal.json("brands") == terminal.json("brands", "list")
    assert "suggest" in out


def test_choices_are_written_as_they_are_shown(terminal: Program) -> None:
    """Also those that are an enum in the program."""
    terminal.run("db", "upgrade")
    out, _ = terminal.run("export", "answers", "--format", "csv")

    assert out.startswith("asked_at,run,prompt,")


def test_an_option_that_is_needed_is_asked_for(terminal: Program) -> None:
    """Click takes a default of None for a value."""
    _, err = terminal.run("dataset", "build", "Acme", code=2)

    assert "Missing option '--out'" in err
