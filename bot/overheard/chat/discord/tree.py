"""Commands as Discord's command tree: one root, nouns as groups, typed options. Pure.

The tree is plain data, as Discord's API takes it, so that it can be compared with what a server
has: it is sent only when the two differ.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from overheard.cards import wording
from overheard.cards.command import CommandSpec, Kind, Option
from overheard.chat.discord import markup
from overheard.chat.limits import DISCORD

log = logging.getLogger(__name__)

Node = dict[str, Any]
"""A command, group or option, ready for JSON."""

SUBCOMMAND, GROUP, STRING, INTEGER, FLAG, NUMBER = 1, 2, 3, 4, 5, 10
"""Kinds of nodes; https://docs.discord.com/developers, application command option type."""
IN_GUILD, IN_DIRECT_MESSAGE = 0, 1
"""Where a command can be used: its contexts."""

TYPES = {Kind.INTEGER: INTEGER, Kind.NUMBER: NUMBER, Kind.FLAG: FLAG}
MORE = "more"
"""A group for `RARE`: the root has room for 25 children, those of plugins among them."""
RARE = frozenset({"audit", "evidence", "landscape", "power", "shifts"})
"""Verbs that are used rarely."""
COMPLETED = frozenset({Kind.BRAND, Kind.MODEL, Kind.METRIC, Kind.PROMPT, Kind.SCHEDULE, Kind.ALERT})
LENGTHS = (70, 50, 30, 15)
"""To how many characters descriptions are cut, one after the other, until all have room."""
_OPTIONAL = frozenset({"autocomplete", "choices", "max_value", "min_value", "options", "required"})
"""What a node need not have, and we may once have sent."""
LARGEST = 2**53
"""Discord takes no number beyond."""


def tree(
    root: str, specs: Sequence[CommandSpec], *, context: int, permissions: int | None = None
) -> Node:
    """Return the root command with all others under it.

    Where they are too many words for Discord, descriptions become shorter.

    Args:
        root: Its name.
        specs: The commands; what does not fit is left out, and logged.
        context: `IN_GUILD` or `IN_DIRECT_MESSAGE`.
        permissions: What a member needs to see it, as Discord's number, or None.
    """
    made: Node = {
        "name": root,
        "type": 1,
        "description": "Hear what AI models say about your brand.",
        "options": _fitting(_children(specs), root),
        "default_member_permissions": permissions,
        "contexts": [context],
    }
    for longest in LENGTHS:
        if size(made) > DISCORD.command:
            made = _shortened(made, longest)
    return made


def size(node: Node) -> int:
    """Return how many characters of a command Discord counts."""
    choices = (one["name"] + one["value"] for one in node.get("choices", ()))
    own = (node["name"], node["description"], *choices)
    return sum(map(markup.size, own)) + sum(map(size, node.get("options", ())))


def same(ours: Any, theirs: Any) -> bool:
    """Whether Discord has what we would send: it adds fields, and leaves out empty ones."""
    if isinstance(ours, Mapping):
        known: Mapping[str, Any] = theirs if isinstance(theirs, Mapping) else {}
        names = ours.keys() | (known.keys() & _OPTIONAL)
        return all(same(ours.get(name), known.get(name)) for name in names)
    if isinstance(ours, list):
        others = theirs or []
        return len(ours) == len(others) and all(map(same, ours, others))
    # Permissions are sent as a number, and come back as text.
    return bool(ours == theirs) or str(ours) == theirs or not (ours or theirs)


@dataclass(frozen=True, slots=True)
class Called:
    """What somebody called, or is typing.

    Attributes:
        spec: The command.
        options: Its options, by the names that its function takes.
        typing: The option that is being typed, or None.
        typed: What was typed of it so far.
    """

    spec: CommandSpec
    options: Mapping[str, Any]
    typing: Option | None = None
    typed: str = ""


def read(data: Mapping[str, Any], specs: Iterable[CommandSpec]) -> Called | None:
    """Read an interaction's data; None when there is no such command (any more)."""
    names: list[str] = []
    given = list(data.get("options") or ())
    while given and given[0]["type"] in {SUBCOMMAND, GROUP}:
        names.append(given[0]["name"])
        given = list(given[0].get("options") or ())
    spec = next((spec for spec in specs if path(spec) == tuple(names)), None)
    if spec is None:
        return None
    options = {_name(option): option for option in spec.options}
    known = [(options[one["name"]], one) for one in given if one["name"] in options]
    values = {option.name: _value(option, one.get("value")) for option, one in known}
    typing, typed = next(((o, one["value"]) for o, one in known if one.get("focused")), (None, ""))
    return Called(spec, values, typing, str(typed))


def path(spec: CommandSpec) -> tuple[str, ...]:
    """Return the names under the root, at most a group and a command."""
    group = MORE if spec.name in RARE else spec.noun.replace(" ", "-")
    return tuple(filter(None, (group, spec.verb)))


def suggestions(option: Option, typed: str, found: Iterable[str]) -> list[Node]:
    """Return choices for what was typed; of several values it completes the last."""
    before, comma, _ = typed.rpartition(",") if option.many else ("", "", "")
    start = f"{before}{comma} " if comma else ""
    values = [f"{start}{quoted(one) if option.many else one}" for one in found]
    fitting = [one for one in values if 0 < markup.size(one) <= DISCORD.choice]
    return [{"name": one, "value": one} for one in dict.fromkeys(fitting)][: DISCORD.children]


def last_typed(option: Option, typed: str) -> str:
    """Return the part of what was typed that is to be completed."""
    return (typed.rpartition(",")[2] if option.many else typed).strip().strip('"')


def split(typed: str) -> list[str]:
    """Return the values of a list: divided by commas, which quotation marks protect."""
    values = next(csv.reader([typed.replace("\n", ",")], skipinitialspace=True), [])
    return [value.strip() for value in values if value.strip()]


def quoted(value: str) -> str:
    """Return a value as it stands in a list."""
    return f'"{value}"' if "," in value and '"' not in value else value


def _children(specs: Sequence[CommandSpec]) -> Iterator[Node]:
    groups: dict[str, list[Node]] = {}
    for spec in specs:
        *groups_above, verb = path(spec)
        group = "".join(groups_above)
        node = _command(verb, spec)
        if not group:
            yield node
        elif group in groups:
            groups[group].append(node)
        else:
            groups[group] = [node]
            yield {"name": group, "type": GROUP, "options": groups[group]}


def _fitting(children: Iterable[Node], parent: str) -> list[Node]:
    """Return as many as Discord takes, groups with what they are about as their description."""
    nodes = list(children)
    for left in nodes[DISCORD.children :]:
        log.warning("Discord has no room for /%s %s", parent, left["name"])
    for node in nodes:
        if node["type"] == GROUP:
            node["options"] = _fitting(node["options"], f"{parent} {node['name']}")
            verbs = ", ".join(option["name"] for option in node["options"])
            node["description"] = wording.shorten(f"{node['name']}: {verbs}", DISCORD.summary)
    return nodes[: DISCORD.children]


def _shortened(node: Node, longest: int) -> Node:
    """Return a command with shorter descriptions, and so those below it."""
    options = [_shortened(option, longest) for option in node.get("options", ())]
    described = {"description": wording.shorten(node["description"], longest)}
    return node | described | ({"options": options} if options else {})


def _command(name: str, spec: CommandSpec) -> Node:
    # Discord wants those that are required first.
    options = sorted(spec.options, key=lambda option: not option.required)
    return {
        "name": name,
        "type": SUBCOMMAND,
        "description": wording.shorten(spec.summary, DISCORD.summary),
        "options": [_option(option) for option in options[: DISCORD.children]],
    }


def _option(option: Option) -> Node:
    help_ = f"{option.help.rstrip('.')}; several with commas" if option.many else option.help
    kind = STRING if option.many else TYPES.get(option.kind, STRING)
    node: Node = {
        "name": _name(option),
        "type": kind,
        "description": wording.shorten(help_ or option.written, DISCORD.summary),
        "required": option.required,
    }
    if completed(option):
        node["autocomplete"] = True
    elif option.choices:
        node["choices"] = [{"name": one, "value": one} for one in option.choices]
    if kind in {INTEGER, NUMBER}:
        node |= _bounds(option, kind)
    return node


def completed(option: Option) -> bool:
    """Whether values are suggested while one is typed."""
    many_choices = len(option.choices) > DISCORD.children or (option.many and option.choices)
    return option.kind in COMPLETED or bool(many_choices)


def _bounds(option: Option, kind: int) -> Node:
    limits = {"min_value": option.low, "max_value": option.high}
    return {
        name: int(limit) if kind == INTEGER else limit
        for name, limit in limits.items()
        if limit is not None and abs(limit) <= LARGEST
    }


def _name(option: Option) -> str:
    return option.written.lower()[: DISCORD.name]


def _value(option: Option, value: Any) -> Any:
    return split(str(value)) if option.many else value
