"""All commands: the headings of help, the modules below each, and the commands of each module.

Help and completion need names and summaries alone. Those are in ``listing.jsonl`` too, so that help
imports no command. ``python -m overheard.commands.registry`` writes that file from the
`CommandSpec`s, and a test compares both.

A new module of commands belongs into `SECTIONS`, and the first word of a new command into
``RESERVED_WORDS`` of ``plugins/registration.py``, so that no plugin takes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from itertools import chain
from pathlib import Path

from overheard.cards.command import CommandSpec, Face, Kind, Named

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Measure and read": (
        "check",
        "report",
        "trend",
        "voice",
        "versus",
        "answers",
        "changes",
        "digest",
        "ask",
        "compare",
        "status",
        "runs",
        "shifts",
        "updates",
        "canary",
    ),
    "Alerts": ("alerts", "alert_actions", "routes"),
    "Fine-tuning": ("landscape", "brief", "dataset", "approvals"),
    "What is measured": (
        "brands",
        "suggestions",
        "prompts",
        "facts",
        "claims",
        "models",
    ),
    "Run": ("processes", "schedules", "bursts", "spend", "audit"),
    "Set up": (
        "setup_terminal",
        "setup_checklist",
        "setup_start",
        "setup_brand",
        "setup_facts",
        "setup_places",
        "access",
        "plugins",
        "doctor",
        "chat_apps",
    ),
    "Try out": ("power", "demo"),
    "Maintain": ("scores", "import_history", "export", "database", "retain"),
    "Learn": ("guide",),
}
"""Under what heading help shows the commands of which modules of this package, in this order."""
ADDED = "Added by plugins"
"""The heading of the commands of plugins."""
LISTING = Path(__file__).with_name("listing.jsonl")
"""A line for each command, see `CommandListing.line`."""


@dataclass(frozen=True, slots=True)
class CommandListing(Named):
    """A command as help lists it, without its options.

    Attributes:
        name: A verb (``check``), or a noun and a verb (``brands add``).
        summary: What the command does, in one sentence.
        faces: Where the command can be used.
        module: The module of this package that has the command, such as ``brands``; empty for the
            command of a plugin.
        loaded: The command of a plugin; None for the other commands, which are imported when they
            are needed.
    """

    name: str
    summary: str
    faces: frozenset[Face]
    module: str = ""
    loaded: CommandSpec | None = None

    @classmethod
    def of(cls, spec: CommandSpec) -> CommandListing:
        """Return the entry of a plugin's command."""
        return cls(spec.name, spec.summary, spec.faces, loaded=spec)

    def load(self, face: Face) -> CommandSpec:
        """Return the whole command; its module is imported.

        Args:
            face: Whether it is used in a chat or a terminal. For a chat, options for files of this
                machine are left out.
        """
        if self.loaded:
            return self.loaded
        spec = next(spec for spec in _specs(self.module) if spec.name == self.name)
        if face is Face.TERMINAL or not any(o.kind is Kind.FILE for o in spec.options):
            return spec
        return replace(spec, options=tuple(o for o in spec.options if o.kind is not Kind.FILE))

    @property
    def line(self) -> str:
        """The line of the command in `LISTING`: a JSON list of module, name, summary and faces."""
        return json.dumps([self.module, self.name, self.summary, sorted(self.faces)])


@cache
def _specs(module: str) -> tuple[CommandSpec, ...]:
    """Return the commands that a module of this package defines, in the order of their definitions.
    The module is imported; the result is cached.
    """
    values = vars(import_module(f"overheard.commands.{module}")).values()
    return tuple(dict.fromkeys(value for value in values if isinstance(value, CommandSpec)))


@cache
def _listings() -> Mapping[str, tuple[CommandListing, ...]]:
    """Return the entries of `LISTING` by module; no command is imported. The result is cached."""
    found: dict[str, tuple[CommandListing, ...]] = {}
    for line in LISTING.read_text(encoding="utf-8").splitlines():
        module, name, summary, faces = json.loads(line)
        entry = CommandListing(name, summary, frozenset(map(Face, faces)), module)
        found[module] = (*found.get(module, ()), entry)
    return found


def listing_of_specs() -> str:
    """Return the text that the file `LISTING` must have: a line for each command, in the order of
    `SECTIONS` and of the definitions. It is made from the commands themselves, whose modules are
    all imported for it.
    """
    modules = chain.from_iterable(SECTIONS.values())
    entries = (
        CommandListing(spec.name, spec.summary, spec.faces, module)
        for module in modules
        for spec in _specs(module)
    )
    return "".join(f"{entry.line}\n" for entry in entries)


def sections(face: Face) -> Iterator[tuple[str, tuple[CommandListing, ...]]]:
    """Yield each heading of help with the commands below it, in the order of `SECTIONS`. Only
    commands that can be used in a chat or a terminal (`face`) are yielded, and headings without
    such a command are left out. Commands of plugins are not among them.
    """
    for heading, modules in SECTIONS.items():
        entries = chain.from_iterable(_listings()[module] for module in modules)
        if shown := tuple(entry for entry in entries if face in entry.faces):
            yield heading, shown


def commands() -> tuple[CommandSpec, ...]:
    """Return all commands of chats and the terminal, without those of plugins; all modules are
    imported.
    """
    return tuple(chain.from_iterable(map(_specs, chain.from_iterable(SECTIONS.values()))))


def offered(face: Face) -> tuple[CommandSpec, ...]:
    """Return the commands that can be used in a chat or a terminal (`face`), without those of
    plugins; all modules are imported.
    """
    return tuple(entry.load(face) for _, entries in sections(face) for entry in entries)


if __name__ == "__main__":
    LISTING.write_text(listing_of_specs(), encoding="utf-8")
