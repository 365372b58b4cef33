"""Tests that the documentation knows all that there is."""

import ast
import builtins
import inspect
import keyword
import re
import tomllib
from pathlib import Path

import click
import pytest

import overheard
import pytest_overheard
from kit.source_tree import ROOT, parsed
from overheard import hookspecs, testing
from overheard.cli import app
from overheard.deprecations import old_command
from overheard.hookspecs import HOOKS

DOCS = ROOT / "docs"
GUIDES = (
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/glossary.md",
    *sorted(f"docs/decisions/{record.name}" for record in (DOCS / "decisions").glob("*.md")),
)
ROOTS = (ROOT, ROOT / "bot/overheard", ROOT / "storage")
"""Where paths in guides begin."""
WRITING = (DOCS / "writing-plugins.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", WRITING, re.MULTILINE | re.DOTALL)
FACES = {"overheard": overheard, "overheard.testing": testing}


def public_names(face: str) -> list[str]:
    """Return the public names of a face; those of the kit are no modules."""
    if listed := getattr(FACES[face], "__all__", None):
        return list(listed)
    found = vars(FACES[face]).items()
    return [name for name, thing in found if name[0] != "_" and not inspect.ismodule(thing)]


@pytest.mark.parametrize("face", FACES)
def test_what_is_public_is_what_the_documentation_lists(face: str) -> None:
    """The docs name each public name; none is added or removed by accident."""
    listed = WRITING.split(f"### `import {face}`\n")[1].split("\n### ")[0]

    assert re.findall(r"^\| `(\w+)` \| \S", listed, re.MULTILINE) == sorted(
        public_names(face), key=lambda name: (not name.isupper(), name[0].islower(), name)
    )


@pytest.mark.parametrize("face", FACES)
def test_every_public_name_says_what_it_is(face: str) -> None:
    """A class and a function have a docstring of their own."""
    for name in public_names(face):
        thing = getattr(FACES[face], name)
        if isinstance(thing, type) or inspect.isfunction(thing):
            assert inspect.getdoc(thing), name


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_part_that_shows_a_plugin_which_uses_it(hook: str) -> None:
    """Signature, arguments, when it is called, and an example that is in use."""
    head, part = re.split(rf"^### `{hook}", WRITING, flags=re.MULTILINE)[1].split("\n", 1)
    part = part.split("\n### ")[0]
    names = inspect.signature(getattr(hookspecs, hook)).parameters

    assert re.fullmatch(r"\((.*)\) -> Iterable\[[\w |]+\]`", head)
    assert all(f"{name}:" in head and f"`{name}`:" in part for name in names)
    assert "- Called: " in part
    assert "- Used by: " in part
    assert re.search(rf"^# from (plugins|examples)/.*\n@hookimpl\ndef {hook}\(", part, re.MULTILINE)


@pytest.mark.parametrize("fixture", [n for n in vars(pytest_overheard) if "overheard_" in n])
def test_every_fixture_is_documented(fixture: str) -> None:
    """In the table of the kit."""
    assert f"| `{fixture}` | " in WRITING


@pytest.mark.parametrize("code", BLOCKS, ids=lambda code: code.partition("\n")[0])
def test_each_block_of_code_is_right(code: str) -> None:
    """It is in a file that is tested, or in the tutorial, or it runs as it is."""
    first, _, rest = code.partition("\n")
    if first.startswith("# from "):
        assert rest.strip() in (DOCS.parent / first.removeprefix("# from ")).read_text("utf-8")
    elif not first.startswith("# tests/"):  # those are run by the tutorial
        exec(code, {"__name__": "block"})  # noqa: S102 - it is our own


def commands(group: click.Group, prefix: str = "") -> dict[str, list[str]]:
    """Return each command with its options."""
    found: dict[str, list[str]] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= commands(command, f"{prefix}{name} ")
        else:
            found[prefix + name] = [
                option for p in command.get_params(click.Context(command)) for option in p.opts
            ]
    return found


def test_every_command_and_option_is_documented() -> None:
    """A command has a section that names its options."""
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    for name, options in commands(app).items():
        section = re.split(r"\n##+ ", text.split(f"## `{name}")[1])[0]
        needed = {one for one in options if one.startswith("--")} - {"--json", "--help"}
        assert [option for option in needed if f"`{option}" not in section] == [], name


def test_no_text_for_operators_names_a_command_that_is_gone() -> None:
    """An example, a guide or a hint of the code has the words of today."""
    texts = [ROOT / "README.md", ROOT / "config.example.toml", *DOCS.glob("*.md")]
    texts += [one for room in ("bot", "plugins") for one in (ROOT / room).rglob("*.py")]
    for path in texts:
        for words in re.findall(r"\boverheard ([a-z]+ [a-z]+)", path.read_text(encoding="utf-8")):
            assert not old_command(words.split())[0], f"{path}: overheard {words}"


def test_every_path_that_a_guide_names_exists() -> None:
    """A module or folder in backticks is one of the repository or of the core, and a link opens."""
    for guide in GUIDES:
        text = (ROOT / guide).read_text(encoding="utf-8")
        inline = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
        named = re.findall(r"`(\.?[\w-]+(?:/[\w.-]+)*(?:\.py|\.toml|\.md|/))`", inline)
        linked = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
        lost = [path for path in named if not any((root / path).exists() for root in ROOTS)]
        assert lost == [], guide
        assert [one for one in linked if not ((ROOT / guide).parent / one).exists()] == [], guide


def test_every_class_that_a_guide_places_is_in_that_module() -> None:
    """A path followed by a name, as in the glossary, or a name in a path, as in CONTRIBUTING."""
    text = "\n\n".join((ROOT / guide).read_text(encoding="utf-8") for guide in GUIDES)
    placed = re.findall(r"`([\w/-]+\.py)`:? `(\w+)`", text)
    placed += [
        (path, name)
        for names, path in re.findall(r"((?:`[\w.]+`,? (?:and )?)+)in `([\w/-]+\.py)`", text)
        for name in re.findall(r"`(?:\w+\.)?(\w+)`", names)
    ]

    for path, name in placed:
        [module] = [file for root in ROOTS if (file := root / path).exists()]
        defined = rf"^ *(?:class |(?:async )?def )?{name}\b"
        assert re.search(defined, module.read_text("utf-8"), re.MULTILINE), (path, name)


def test_a_decision_has_a_number_of_its_own_and_is_listed_once() -> None:
    """The index links every record, and no two records have one number."""
    records = [path.name for path in sorted((DOCS / "decisions").glob("[0-9]*.md"))]
    index = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")

    assert len({name[:4] for name in records}) == len(records)
    assert sorted(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", index)) == records


def test_the_glossary_defines_each_term_once() -> None:
    """The first column of its tables has no term twice."""
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    terms = [
        term.strip()
        for cell in re.findall(r"^\| ([^|]+) \|", text, re.M)
        for term in cell.split(",")
        if term.strip() != "Term"
    ]

    assert [term for term in terms if terms.count(term) > 1] == []


def test_the_picture_of_the_rooms_shows_the_order_of_the_import_contract() -> None:
    """Each room is drawn, below or to the right of all rooms that may import it."""
    guide = (DOCS / "architecture.md").read_text(encoding="utf-8")
    picture = guide.split("```")[1]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    rooms = [layer.split(" | ") for layer in layers if layer != "__main__"]
    drawn = [
        [
            re.search(rf"(?:\| +|-> +|pure: +){room}\b", picture)
            for room in layer
            if room != "deprecations"
        ]
        for layer in rooms
    ]

    assert all(all(layer) for layer in drawn)
    places = [max(place.start() for place in layer if place) for layer in drawn]
    assert places == sorted(places)


def test_the_names_in_docstrings_are_names_of_the_code() -> None:
    """A name that was changed is not left in a docstring."""
    known = {
        *dir(builtins),
        *keyword.kwlist,
        "x_row",
        "x_of",
        "db",
        "apprise",
        "compatible",
        "google",
        "openai",
    }
    texts: list[tuple[Path, str]] = []
    for file, nodes in parsed().items():
        known |= {*file.relative_to(ROOT).with_suffix("").parts}
        for node in nodes:
            match node:
                case ast.Constant(value=str(text)):
                    texts.append((file, text))
                case ast.alias(name=name, asname=other):
                    known |= {*name.split("."), other or ""}
                case _:
                    known |= {
                        str(getattr(node, field, "")) for field in ("id", "attr", "arg", "name")
                    }

    dangling = [
        f"{file}: {name}"
        for file, text in texts
        for name in re.findall(r"(?<!`)`([A-Za-z_][\w.]*)(?:\(\))?`(?!`)", text)
        if not known.issuperset(filter(None, name.split(".")))
    ]

    assert len(texts) > 10_000
    assert dangling == []
