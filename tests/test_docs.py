"""Tests that the documentation knows all that there is."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest

import overheard
from overheard import Answer, Brand, Finish, Model, Prompt, Question, Reply, Score, Scorer
from overheard.cli import app
from overheard.hookspecs import HOOKS
from overheard.measure.reading import Reader

ACME = Brand("Acme")
NOW = datetime(2026, 3, 2, tzinfo=UTC)
DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("name", sorted(overheard.__all__))
def test_every_public_name_is_documented_for_plugin_authors(name: str) -> None:
    """Whoever writes a plugin can look each name up."""
    assert f"{name}" in (DOCS / "writing-plugins.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_section_and_a_plugin_that_uses_it(hook: str) -> None:
    """A hook exists once it is documented, and used by a real plugin."""
    text = (DOCS / "writing-plugins.md").read_text(encoding="utf-8")
    house = DOCS.parent
    real = [*house.glob("plugins/*/__init__.py"), *house.glob("examples/*/overheard_*.py")]

    assert f"### `{hook}(" in text
    assert any(f"def {hook}(" in file.read_text(encoding="utf-8") for file in real)


def test_the_tutorial_builds_a_scorer_that_works() -> None:
    """Its code runs as it stands: of two sentences that name the brand, one is long."""
    text = (DOCS / "writing-plugins.md").read_text(encoding="utf-8")
    module: dict[str, Any] = {}
    exec(text.split("```python\n")[1].split("```")[0], module)  # noqa: S102 - it is our own
    [scorer] = module["overheard_scorers"](None)
    answer = f"Acme is good. {'Very ' * 20}often Acme is the one to choose."
    question = Question(Prompt("Which?"), Model("svc", "m-1"))
    read = Reader([ACME]).read(Answer(1, question, Reply(answer, Finish.COMPLETE), NOW))

    assert isinstance(scorer, Scorer)
    assert scorer.score(read.reading(ACME, ())) == [Score("long_sentences", 0.5)]


def commands(group: click.Group, prefix: str = "") -> dict[str, list[str]]:
    """Return each command with its options."""
    found: dict[str, list[str]] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= commands(command, f"{prefix}{name} ")
        else:
            found[prefix + name] = [option for p in command.params for option in p.opts]
    return found


@pytest.mark.parametrize(("name", "options"), commands(app).items())
def test_every_command_and_option_is_documented(name: str, options: list[str]) -> None:
    """A command has a section that names its options."""
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    section = re.split(r"\n##+ ", text.split(f"## `{name}")[1])[0]

    for option in options:
        if option.startswith("--") and option not in {"--json", "--help"}:
            assert f"`{option}" in section
