"""All commands: the headings of help, the modules below each, and the commands of each module.

Help and completion need names and summaries alone. Those are in ``listing.jsonl`` too, also of the
commands of built-in plugins, so that help imports no command. ``python -m
overheard.commands.registry`` writes that file from the `CommandSpec`s, and a test compares both.

A new module of commands belongs into `SECTIONS`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from itertools import chain
from pathlib import Path

from overheard.cards.command import CommandSpec, Face, Kind, Named
from overheard.config.sections import Config
from overheard.plugins import built_in_plugins, load_plugins

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Measure and read": ("check", "report", "trend", "answers", "changes", "ask", "status", "runs"),
    "Alerts": ("alerts", "alert_actions", "routes"),
    "Fine-tuning": ("brief",),
    "What is measured": ("brands", "suggestions", "prompts", "facts", "claims", "models"),
    "Run": ("processes", "schedules", "spend", "audit"),
    "Set up": (
        "setup.terminal",
        "setup.checklist",
        "setup.naming",
        "setup.starting",
        "access",
        "plugins",
        "doctor",
    ),
    "Try out": ("power", "demo"),
    "Maintain": ("scores", "import_history", "export", "database"),
    "Learn": ("guide",),
}
"""Under what heading help shows the commands of which modules of this package, in this order."""
ADDED = "Added by plugins"
"""The heading of the commands of plugins that name none of `SECTIONS`."""
LISTING = Path(__file__).with_name("listing.jsonl")
"""A line for each command, see `CommandListing.line`."""


@dataclass(frozen=True, slots=True)
class CommandListing(Named):
    """A command as help lists it, without its options.

    Attributes:
        heading: The heading of help, one of `SECTIONS` or `ADDED`.
        name: A verb (``check``), or a noun and a verb (``brands add``).
        summary: What the command does, in one sentence.
        faces: Where the command can be used.
        module: The module of this package that has the command, such as ``brands``; empty for the
            command of a plugin.
        plugin: The built-in plugin that has the command; empty for the other commands.
        loaded: The command of a plugin that is loaded; None for a command that is imported when it
            is needed.
    """

    heading: str
    name: str
    summary: str
    faces: frozenset[Face]
    module: str = ""
    plugin: str = ""
    loaded: CommandSpec | None = None

    @classmethod
    def of(cls, spec: CommandSpec, plugin: str = "") -> CommandListing:
        """Return the entry of a plugin's command."""
        heading = spec.section if spec.section in SECTIONS else ADDED
        return cls(heading, spec.name, spec.summary, spec.faces, plugin=plugin, loaded=spec)

    def load(self, face: Face) -> CommandSpec:
        """Return the whole command; its module is imported, or its plugin is loaded.

        Args:
            face: Whether it is used in a chat or a terminal. For a chat, options for files of this
                machine are left out.
        """
        spec = self.loaded
        if spec is None:
            specs = built_in_commands(self.plugin) if self.plugin else _specs(self.module)
            spec = next(spec for spec in specs if spec.name == self.name)
        return _for_face(spec, face)

    @property
    def line(self) -> str:
        """The line of the command in `LISTING`: a JSON list of heading, name, summary, faces,
        module and plugin.
        """
        faces = sorted(self.faces)
        return json.dumps([self.heading, self.name, self.summary, faces, self.module, self.plugin])


def _for_face(spec: CommandSpec, face: Face) -> CommandSpec:
    """Return a command, for a chat without its options for files of this machine."""
    if face is Face.TERMINAL or not any(o.kind is Kind.FILE for o in spec.options):
        return spec
    return replace(spec, options=tuple(o for o in spec.options if o.kind is not Kind.FILE))


@cache
def _specs(module: str) -> tuple[CommandSpec, ...]:
    """Return the commands that a module of this package defines, in the order of their definitions.
    The module is imported; the result is cached.
    """
    values = vars(import_module(f"overheard.commands.{module}")).values()
    return tuple(dict.fromkeys(value for value in values if isinstance(value, CommandSpec)))


@cache
def built_in_commands(plugin: str = "") -> tuple[CommandSpec, ...]:
    """Return the commands of a built-in plugin, or of all of them, without any settings. The result
    is cached.
    """
    points = [point for point in built_in_plugins() if plugin in ("", point.name)]
    return tuple(load_plugins(Config(), points).commands.values())


@cache
def _listings() -> tuple[CommandListing, ...]:
    """Return the entries of `LISTING`; no command is imported. The result is cached."""
    entries = map(json.loads, LISTING.read_text(encoding="utf-8").splitlines())
    return tuple(
        CommandListing(heading, name, summary, frozenset(map(Face, faces)), module, plugin)
        for heading, name, summary, faces, module, plugin in entries
    )


def listing_of_specs() -> str:
    """Return the text that the file `LISTING` must have: a line for each command that help lists,
    in the order of `SECTIONS` and of the definitions, and then the commands of built-in plugins. It
    is made from the commands themselves, which are all imported for it.
    """
    entries = [
        CommandListing(heading, spec.name, spec.summary, spec.faces, module)
        for heading, modules in SECTIONS.items()
        for module in modules
        for spec in _specs(module)
        if spec.listed
    ]
    entries += [
        CommandListing.of(spec, point.name)
        for point in sorted(built_in_plugins(), key=lambda point: point.name)
        for spec in built_in_commands(point.name)
    ]
    return "".join(f"{entry.line}\n" for entry in entries)


def sections(
    face: Face, added: Iterable[CommandSpec] = ()
) -> Iterator[tuple[str, tuple[CommandListing, ...]]]:
    """Yield each heading of help with the commands below it, in the order of `SECTIONS`, and last
    those of plugins without a heading. Only commands that can be used in a chat or a terminal
    (`face`) are yielded, and headings without such a command are left out.

    Args:
        added: Commands of plugins; those of built-in ones are yielded in any case.
    """
    known = {listing.name for listing in _listings()}
    more = (CommandListing.of(spec) for spec in added if spec.name not in known)
    entries = [entry for entry in (*_listings(), *more) if face in entry.faces]
    for heading in (*SECTIONS, ADDED):
        if shown := tuple(entry for entry in entries if entry.heading == heading):
            yield heading, shown


def first_words() -> frozenset[str]:
    """Return the first words of all commands, also of built-in plugins; a third party's commands
    begin with another word.
    """
    return frozenset(listing.name.partition(" ")[0] for listing in _listings())


def commands() -> tuple[CommandSpec, ...]:
    """Return all commands of chats and the terminal, also those of built-in plugins; all modules
    are imported.
    """
    core = chain.from_iterable(map(_specs, chain.from_iterable(SECTIONS.values())))
    return (*core, *built_in_commands())


def offered(face: Face, plugins: Iterable[CommandSpec] | None = None) -> tuple[CommandSpec, ...]:
    """Return the commands that can be used in a chat or a terminal (`face`); all modules are
    imported.

    Args:
        plugins: The commands of plugins; None for those of built-in ones.
    """
    core = chain.from_iterable(map(_specs, chain.from_iterable(SECTIONS.values())))
    specs = (*core, *(built_in_commands() if plugins is None else plugins))
    return tuple(_for_face(spec, face) for spec in specs if face in spec.faces)


if __name__ == "__main__":
    LISTING.write_text(listing_of_specs(), encoding="utf-8")
