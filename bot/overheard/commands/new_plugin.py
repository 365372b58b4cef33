"""`plugins new`: a project for a plugin, that works without changes.

It is taken from ``plugins/plugin-template``, a project that holds a plugin of each kind and works
as it lies there: ``my_scorer`` becomes the name that is wanted, and what is about other kinds is
left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import overheard
from overheard.cards.card import Card, Severity
from overheard.cards.command import CommandSpec, Face, argument, option
from overheard.errors import BadUsage, FileUnwritable
from overheard.plugins import RESERVED_WORDS, installed_plugins

KINDS = ("provider", "scorer", "chat", "feed", "command")
PARTS = {"pyproject.toml": r"^", "README.md": r"^(?=## )"}
"""Where the parts of a file begin of which each may be about one kind: lines, and sections."""


async def new_plugin(
    _: object,
    __: object,
    *,
    name: Annotated[str, argument("What it is called.")],
    kind: Annotated[str, option("What it brings.", choices=KINDS)] = "scorer",
) -> Card:
    """Write an installable project into a new folder here.

    Args:
        name: What the plugin is called.
        kind: One of `KINDS`.

    Raises:
        BadUsage: when the name is none, or is taken.
        FileUnwritable: when the folder is there already, or cannot be written.
    """
    word = name.replace("-", "_")
    project = dict(_project(word, kind))
    if problem := _flaw(name, word, kind, project):
        raise BadUsage(problem=problem, usage=PLUGINS_NEW.usage)
    folder = Path(f"overheard-{word.replace('_', '-')}")
    try:
        (folder / "tests").mkdir(parents=True)
        for file, text in project.items():
            (folder / file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileUnwritable(file=folder, reason=error.strerror) from None
    return Card(
        title=f"{folder} is written",
        text=f"Try it: cd {folder}; pip install -e '.[test]'; pytest; overheard plugins",
        severity=Severity.GOOD,
        data={"folder": str(folder), "kind": kind},
    )


def template() -> Traversable:
    """Return the project that new ones are taken from; a checkout has it where people read it."""
    installed = files("overheard.commands") / "template"
    checkout = Path(__file__).parents[3] / "plugins" / "plugin-template"
    return installed if (installed / "README.md").is_file() else checkout


def _project(word: str, kind: str) -> Iterator[tuple[str, str]]:
    """Yield each file of a new project, and its text."""
    mine = f"my_{kind}"
    for file in (*PARTS, f"overheard_{mine}.py", f"tests/test_{mine}.py"):
        text = (template() / file).read_text(encoding="utf-8")
        yield file.replace(mine, word), _rename(_about(kind, text, file), word, kind)


def _about(kind: str, text: str, file: str) -> str:
    """Leave out the parts that are only about other kinds."""
    if file not in PARTS:
        return text
    others = [f"my_{other}" for other in KINDS if other != kind]
    parts = re.split(PARTS[file], text, flags=re.MULTILINE)
    kept = [p for p in parts if f"my_{kind}" in p or not any(other in p for other in others)]
    return re.sub(r"  # my_.*", "", "".join(kept)).rstrip() + "\n"


def _rename(text: str, word: str, kind: str) -> str:
    """Put a name in the place of that of the template, however it is written."""
    dashed = word.replace("_", "-")
    title = "".join(map(str.capitalize, word.removesuffix(f"_{kind}").split("_")))
    names = {
        f"my_{kind}": word,
        f"MY_{kind.upper()}": word.upper(),
        f"my-{kind}": dashed,
        f"My {kind}": word.replace("_", " ").capitalize(),
        "overheard-my-plugin": f"overheard-{dashed}",
    }
    for old, new in names.items():
        text = text.replace(old, new)
    return re.sub(r"\bMy(?=[A-Z])", title, text)


def _flaw(name: str, word: str, kind: str, project: Mapping[str, str]) -> str:
    """Return why a plugin cannot be called so, or an empty string."""
    if not re.fullmatch(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*", name):
        return f'"{name}" is no name of a plugin: small letters, figures and hyphens'
    if any(point.name == word for point in installed_plugins()[0]):
        return f'a plugin called "{word}" is installed'
    if kind == "command" and word.replace("_", "-") in RESERVED_WORDS:
        return f'there is a command "{name}"'
    made = re.findall(r"^class (\w+)", project[f"overheard_{word}.py"], re.MULTILINE)
    if taken := sorted({*made} & {*overheard.__all__}):
        return f'"{name}" would make a class {taken[0]}, as Overheard has one'
    return ""


PLUGINS_NEW = CommandSpec(
    "plugins new",
    "Write a project for a plugin, with tests, that works as it stands.",
    new_plugin,
    examples=("plugins new reading-level", "plugins new acme --kind provider"),
    faces=frozenset({Face.TERMINAL}),
    opens=False,
)
