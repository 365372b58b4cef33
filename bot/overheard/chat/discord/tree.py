"""The commands as Discord's command tree: a few roots, nouns as groups, typed options. Pure.

One root has 8,000 characters and 25 children, which is too little for all commands with whole
descriptions. So the root of every day (``/overheard check``) has two next to it: what is set up
(``/overheard-setup brands add``) and what experts need (``/overheard-expert canary run``).

The tree is plain data as in Discord's API, so that it can be compared with the tree that is
registered in a server. It is sent only when the two differ.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from overheard.cards import wording
from overheard.cards.command import CommandSpec, Kind, Option, Role
from overheard.chat.discord import markup
from overheard.chat.limits import DISCORD
from overheard.chat.parser import AUTOCOMPLETED_KINDS

log = logging.getLogger(__name__)

Node = dict[str, Any]
"""A command, group or option, ready for JSON."""

SUBCOMMAND, GROUP, STRING, INTEGER, FLAG, NUMBER = 1, 2, 3, 4, 5, 10
"""Types of nodes; https://docs.discord.com/developers, application command option type."""
IN_GUILD, IN_DIRECT_MESSAGE = 0, 1
"""The contexts in which a command can be used."""

TYPES = {Kind.INTEGER: INTEGER, Kind.NUMBER: NUMBER, Kind.FLAG: FLAG}
EXPERT = frozenset(
    {
        *("audit", "bursts", "canary", "dataset", "landscape", "plugins", "power"),
        *("runs", "scores", "shifts"),
    }
)
"""Nouns, and verbs without a noun, of the root for experts."""
ROOT_DESCRIPTIONS = {
    "": "See what AI models say about your brand, and what changed.",
    "setup": "Brands, questions, facts, times and rights: what is asked, and who may do what.",
    "expert": "Runs, scores, plugins and what the figures rest on.",
}
"""The roots, in their order: what follows the command's name, and the description."""
DESCRIPTION_LIMITS = (70, 50, 30, 15)
"""Descriptions are cut to these lengths, one after the other, until the whole tree fits."""
_OPTIONAL = frozenset({"autocomplete", "choices", "max_value", "min_value", "options", "required"})
"""Fields that a node may lack, and that an earlier version may have sent."""
MAX_NUMBER = 2**53
"""Discord accepts no larger bound of a number."""


def roots(
    name: str, specs: Sequence[CommandSpec], *, context: int, permissions: int | None = None
) -> list[Node]:
    """Return the root commands with all commands below them, in the order of `ROOT_DESCRIPTIONS`.

    A root without commands is left out.

    Args:
        name: The name of the root for every day, with which the other names begin.
        specs: The commands; a command without room is left out, and logged.
        context: `IN_GUILD` or `IN_DIRECT_MESSAGE`.
        permissions: The permissions that a member needs to see the commands, as Discord's bit set,
            or None.
    """
    configured = {spec.noun for spec in specs if spec.noun and spec.role is Role.ADMIN}
    by_root: dict[str, list[CommandSpec]] = {end: [] for end in ROOT_DESCRIPTIONS}
    for spec in specs:
        group = spec.noun or spec.verb
        is_setup = bool(spec.noun) and spec.noun in configured
        by_root["expert" if group in EXPERT else "setup" if is_setup else ""].append(spec)
    made = []
    for end, below in by_root.items():
        full_name = "-".join(filter(None, (name[: DISCORD.name - len(end) - 1], end)))
        if below:
            command = _root_node(full_name, ROOT_DESCRIPTIONS[end], below)
            made.append(
                command | {"default_member_permissions": permissions, "contexts": [context]}
            )
    return made


def _root_node(name: str, description: str, specs: Sequence[CommandSpec]) -> Node:
    """Return a root command in Discord's JSON.

    All descriptions are cut, see `DESCRIPTION_LIMITS`, until the command fits.

    Args:
        name: The name of the root.
        description: The description of the root.
        specs: The commands below it, in their order.
    """
    options = _fitting_nodes(_child_nodes(specs), name)
    command: Node = {"name": name, "type": 1, "description": description, "options": options}
    for limit in DESCRIPTION_LIMITS:
        if node_size(command) > DISCORD.command:
            command = _shortened_node(command, limit)
    return command


def node_size(node: Node) -> int:
    """Return the number of characters in a node and its children, as Discord counts them."""
    choices = (choice["name"] + choice["value"] for choice in node.get("choices", ()))
    own = (node["name"], node["description"], *choices)
    return sum(map(markup.utf16_length, own)) + sum(map(node_size, node.get("options", ())))


def is_same(wanted: Any, registered: Any) -> bool:
    """Return whether registered commands equal the wanted commands, at any depth of their JSON.

    Args:
        wanted: The wanted JSON.
        registered: The JSON from Discord, which adds fields and leaves out empty ones.
    """
    if isinstance(wanted, Mapping):
        registered_fields: Mapping[str, Any] = registered if isinstance(registered, Mapping) else {}
        names = wanted.keys() | (registered_fields.keys() & _OPTIONAL)
        return all(is_same(wanted.get(name), registered_fields.get(name)) for name in names)
    if isinstance(wanted, list):
        others = registered or []
        if any(isinstance(command, Mapping) and "contexts" in command for command in wanted):
            # Discord returns root commands in no certain order.
            wanted, others = (sorted(nodes, key=lambda n: n["name"]) for nodes in (wanted, others))
        return len(wanted) == len(others) and all(map(is_same, wanted, others))
    # Permissions are sent as a number, and come back as text.
    equal = wanted == registered or str(wanted) == registered
    return bool(equal) or not (wanted or registered)


@dataclass(frozen=True, slots=True)
class DiscordCommand:
    """A command that a person has called, or is typing.

    Attributes:
        spec: The command.
        options: The values of its options, by the names that the command's function takes.
        typing: The option that is being typed, or None.
        typed: The text of that option so far.
    """

    spec: CommandSpec
    options: Mapping[str, Any]
    typing: Option | None = None
    typed: str = ""


def read_call(data: Mapping[str, Any], specs: Iterable[CommandSpec]) -> DiscordCommand | None:
    """Return the command that a person has called or is typing, or None for an unknown command.

    Args:
        data: The data of Discord's interaction.
        specs: The commands.
    """
    names: list[str] = []
    nodes = list(data.get("options") or ())
    while nodes and nodes[0]["type"] in {SUBCOMMAND, GROUP}:
        names.append(nodes[0]["name"])
        nodes = list(nodes[0].get("options") or ())
    spec = next((spec for spec in specs if path(spec) == tuple(names)), None)
    if spec is None:
        return None
    options = {_name(option): option for option in spec.options}
    option_nodes = [(options[node["name"]], node) for node in nodes if node["name"] in options]
    values = {option.name: _value(option, node.get("value")) for option, node in option_nodes}
    focused = ((option, node["value"]) for option, node in option_nodes if node.get("focused"))
    typing, typed = next(focused, (None, ""))
    return DiscordCommand(spec, values, typing, str(typed))


def path(spec: CommandSpec) -> tuple[str, ...]:
    """Return the names of a command below its root, unique among all commands: its noun, if any,
    and its verb.
    """
    return tuple(filter(None, (spec.noun.replace(" ", "-"), spec.verb)))


def option_choices(option: Option, typed: str, values: Iterable[str]) -> list[Node]:
    """Return Discord's choices for an option that is being typed, at most 25; values that are too
    long are left out.

    Args:
        option: The option; in an option of many values, a choice completes the last value.
        typed: The option's text so far.
        values: The values to offer.
    """
    before, comma, _ = typed.rpartition(",") if option.many else ("", "", "")
    start = f"{before}{comma} " if comma else ""
    texts = [f"{start}{list_item(value) if option.many else value}" for value in values]
    fitting = [text for text in texts if 0 < markup.utf16_length(text) <= DISCORD.choice]
    return [{"name": text, "value": text} for text in dict.fromkeys(fitting)][: DISCORD.children]


def last_value(option: Option, typed: str) -> str:
    """Return the value that is being typed: the last one of a list, else the whole text."""
    return (typed.rpartition(",")[2] if option.many else typed).strip().strip('"')


def split(typed: str) -> list[str]:
    """Return the values of a list that are separated by commas or lines; quotes protect a comma."""
    values = next(csv.reader([typed.replace("\n", ",")], skipinitialspace=True), [])
    return [value.strip() for value in values if value.strip()]


def list_item(value: str) -> str:
    """Return a value as an item of a list, in quotes if it has a comma."""
    return f'"{value}"' if "," in value and '"' not in value else value


def _child_nodes(specs: Sequence[CommandSpec]) -> Iterator[Node]:
    """Yield the root's children: commands, and groups in the order of their first command."""
    groups: dict[str, list[Node]] = {}
    for spec in specs:
        *groups_above, verb = path(spec)
        group = "".join(groups_above)
        node = _command_node(verb, spec)
        if not group:
            yield node
        elif group in groups:
            groups[group].append(node)
        else:
            groups[group] = [node]
            yield {"name": group, "type": GROUP, "options": groups[group]}


def _fitting_nodes(children: Iterable[Node], parent: str) -> list[Node]:
    """Return as many nodes as Discord accepts, and log the others; a group's description lists its
    verbs.

    Args:
        children: Commands and groups.
        parent: The names above, for the log.
    """
    nodes = list(children)
    for omitted in nodes[DISCORD.children :]:
        log.warning("Discord has no room for /%s %s", parent, omitted["name"])
    for node in nodes:
        if node["type"] == GROUP:
            node["options"] = _fitting_nodes(node["options"], f"{parent} {node['name']}")
            verbs = ", ".join(option["name"] for option in node["options"])
            node["description"] = wording.shorten(f"{node['name']}: {verbs}", DISCORD.summary)
    return nodes[: DISCORD.children]


def _shortened_node(node: Node, limit: int) -> Node:
    """Return a copy of a node and its children with descriptions of at most `limit` characters."""
    options = [_shortened_node(option, limit) for option in node.get("options", ())]
    described = {"description": wording.shorten(node["description"], limit)}
    return node | described | ({"options": options} if options else {})


def _command_node(name: str, spec: CommandSpec) -> Node:
    """Return a command as a subcommand in the JSON of Discord."""
    # Discord wants required options first.
    # A step of the set-up opens a form, so that its options need no room here.
    options = sorted(() if spec.step else spec.options, key=lambda option: not option.required)
    return {
        "name": name,
        "type": SUBCOMMAND,
        "description": wording.shorten(spec.summary, DISCORD.summary),
        "options": [_option_node(option) for option in options[: DISCORD.children]],
    }


def _option_node(option: Option) -> Node:
    """Return an option in the JSON of Discord, with its choices or its bounds."""
    description = f"{option.help.rstrip('.')}; several with commas" if option.many else option.help
    kind = STRING if option.many else TYPES.get(option.kind, STRING)
    node: Node = {
        "name": _name(option),
        "type": kind,
        "description": wording.shorten(description or option.written, DISCORD.summary),
        "required": option.required,
    }
    if is_autocompleted(option):
        node["autocomplete"] = True
    elif option.choices:
        node["choices"] = [{"name": choice, "value": choice} for choice in option.choices]
    if kind in {INTEGER, NUMBER}:
        node |= _bound_fields(option, kind)
    return node


def is_autocompleted(option: Option) -> bool:
    """Return whether Discord asks the bot for values while a person types the option."""
    many_choices = len(option.choices) > DISCORD.children or (option.many and option.choices)
    return option.kind in AUTOCOMPLETED_KINDS or bool(many_choices)


def _bound_fields(option: Option, kind: int) -> Node:
    """Return the fields of an option's JSON for the bounds of a number.

    Args:
        option: The option; bounds that Discord does not accept are left out.
        kind: `INTEGER` or `NUMBER`.
    """
    limits = {"min_value": option.low, "max_value": option.high}
    return {
        name: int(limit) if kind == INTEGER else limit
        for name, limit in limits.items()
        if limit is not None and abs(limit) <= MAX_NUMBER
    }


def _name(option: Option) -> str:
    return option.written.lower()[: DISCORD.name]


def _value(option: Option, value: Any) -> Any:
    return split(str(value)) if option.many else value
