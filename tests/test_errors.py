"""Tests of the family of errors."""

import ast
import subprocess
import sys
from functools import cache
from string import Formatter

import pytest

from kit.source_tree import ROOT, parsed
from overheard.errors import (
    ChangeNeedsYes,
    ChatFailed,
    ConfirmationNeeded,
    OverheardError,
    UnknownName,
)


class Written(OverheardError):
    """The {thing} of a third party is
    written as its docstring.
    """


class Closer(ChatFailed):
    """{chat} is closed."""


def test_a_message_is_filled_in_from_the_fields() -> None:
    """The fields are attributes, too."""
    error = UnknownName(kind="brand", name="Acne", hint=', did you mean "Acme"', known="Acme")
    assert str(error) == 'There is no brand called "Acne", did you mean "Acme"; known: Acme.'
    assert (error.kind, error.details["name"]) == ("brand", "Acne")


def test_a_field_may_have_a_default() -> None:
    """The price of what changes and costs nothing is empty."""
    assert ConfirmationNeeded(price="about $1", usd=1.5).usd == 1.5
    change = ChangeNeedsYes(change="it would go")
    assert (change.question, change.usd) == ("It would go. Go on?", float("inf"))


def test_a_docstring_is_the_message_of_a_class_without_one() -> None:
    """As third parties wrote theirs; also of a class whose parent has a message."""
    assert str(Written(thing="error")) == "The error of a third party is written as its docstring."
    assert str(Closer(chat="slack", reason="")) == "slack is closed."


@pytest.mark.parametrize("flags", [[], ["-O"], ["-OO"]])
def test_messages_survive_without_docstrings(flags: list[str]) -> None:
    """`python -OO` strips docstrings, and no error may become empty by that."""
    program = (
        "from overheard.errors import NothingToAsk\n"
        "from overheard.telemetry import TracesUnavailable\n"
        "print(NothingToAsk(missing='no brand'))\n"
        "print(TracesUnavailable(package='x', command='pip install y'))\n"
    )
    command = [sys.executable, *flags, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first == "There is nothing to ask: no brand."
    assert "pip install y" in second


def test_each_error_of_ours_has_a_message_with_declared_fields() -> None:
    """So that type checkers see a field that is missing where it is raised."""
    family = {"OverheardError"}
    for kind in _classes():
        parents = {base.id for base in kind.bases if isinstance(base, ast.Name)} & family
        if not parents or kind.name in family:
            continue
        family.add(kind.name)
        [message] = [
            ast.literal_eval(line.value)
            for line in kind.body
            if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "message"
        ]
        declared = {
            line.target.id
            for one in (kind, *(other for other in _classes() if other.name in parents))
            for line in one.body
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        }
        if not any(
            isinstance(line, ast.FunctionDef) and line.name == "__init__" for line in kind.body
        ):
            assert {name for _, name, _, _ in Formatter().parse(message) if name} <= declared, (
                kind.name
            )
    assert len(family) > 50


@cache
def _classes() -> list[ast.ClassDef]:
    """Return the classes of all parts, errors.py first."""
    trees = {file: nodes[0] for file, nodes in parsed().items()}
    for file in (ROOT / "examples").rglob("*.py"):
        trees[file] = ast.parse(file.read_text(encoding="utf-8"))
    return [
        node
        for file in sorted(trees, key=lambda file: file.name != "errors.py")
        for node in ast.iter_child_nodes(trees[file])
        if isinstance(node, ast.ClassDef)
    ]
