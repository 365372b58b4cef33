"""`plugins new`: a project for a plugin, that works as it stands."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from overheard.cards.card import Card, Severity
from overheard.cards.command import CommandSpec, Face, Option
from overheard.errors import BadUsage, FileUnwritable

KINDS = ("provider", "scorer", "chat", "feed", "command")
LIBRARIES = dict.fromkeys(("provider", "chat", "feed"), ("aiohttp>=3.11",))
"""What a kind's code needs beside Overheard."""
TABLES = {"provider": "providers", "chat": "chats", "feed": "feeds"}
"""The tables of the configuration without which a kind does nothing."""
_CONFIGURED = """
It does something once the configuration has a table for it:

    [{table}.mine]
    plugin = "{name}"
"""


async def new_plugin(deployment: Any, *, name: str, kind: str) -> Card:  # noqa: ARG001 - as commands are called
    """Write an installable project into a new folder here.

    Args:
        deployment: Is not needed.
        name: What the plugin is called.
        kind: One of `KINDS`.

    Raises:
        BadUsage: when the name is none.
        FileUnwritable: when the folder is there already, or cannot be written.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*", name):
        problem = f'"{name}" is no name of a plugin: small letters, figures and hyphens'
        raise BadUsage(problem=problem, usage=PLUGINS_NEW.usage)
    word = name.replace("-", "_")
    folder = Path(f"overheard-{word.replace('_', '-')}")
    try:
        (folder / "tests").mkdir(parents=True)
        for file, template in _files(word, kind).items():
            (folder / file).write_text(_filled(template, word, kind), encoding="utf-8")
    except OSError as error:
        raise FileUnwritable(file=folder, reason=error.strerror) from None
    return Card(
        title=f"{folder} is written",
        text=f"Try it: cd {folder}; pip install -e '.[test]'; pytest; overheard plugins",
        severity=Severity.GOOD,
        data={"folder": str(folder), "kind": kind},
    )


def _files(word: str, kind: str) -> dict[str, str]:
    return {
        "pyproject.toml": "pyproject",
        "README.md": "readme",
        f"overheard_{word}.py": kind,
        f"tests/test_{word}.py": f"{kind}_test",
    }


def _filled(template: str, word: str, kind: str) -> str:
    text = (files("overheard.commands") / "template" / f"{template}.txt").read_text("utf-8")
    places = {
        "name": word,
        "dashed": word.replace("_", "-"),
        "upper": word.upper(),
        "title": "".join(part.capitalize() for part in word.split("_")),
        "label": word.replace("_", " ").capitalize(),
        "kind": kind,
        "dependencies": '", "'.join((*LIBRARIES.get(kind, ()), "overheard>=0.1")),
        "configured": _CONFIGURED.format(table=TABLES[kind], name=word) if kind in TABLES else "",
    }
    for place, value in places.items():
        text = text.replace(f"@{place}@", value)
    return text


PLUGINS_NEW = CommandSpec(
    "plugins new",
    "Write a project for a plugin, with tests, that works as it stands.",
    new_plugin,
    (
        Option("name", "What it is called.", required=True, positional=True),
        Option("kind", "What it brings.", choices=KINDS, default="scorer"),
    ),
    examples=("plugins new reading-level", "plugins new acme --kind provider"),
    faces=frozenset({Face.TERMINAL}),
    opens=False,
)
