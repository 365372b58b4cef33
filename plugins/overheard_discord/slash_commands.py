"""The commands as Discord's slash commands; the reading of one that arrives (`read_call`). Pure.

Discord's command tree has a few roots, nouns as groups and typed options.

One root has 8,000 characters and 25 children, which is too little for all commands with whole
descriptions. So the root of every day (``/overheard check``) has two next to it: what is set up
(``/overheard-setup brands add``) and what experts need (``/overheard-expert runs pause``).

The tree is plain data as in Discord's API, so that it can be compared with the tree that is
registered in a server. It is sent only when the two differ.
"""

import csv
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from discord import app_commands

from overheard import CommandSpec, Desk, Kind, Option, Role, wording
from overheard_discord.limits import DISCORD

log = logging.getLogger(__name__)

Node = dict[str, Any]
"""A command, group or option, ready for JSON."""

SUBCOMMAND, GROUP, STRING, INTEGER, FLAG, NUMBER = 1, 2, 3, 4, 5, 10
"""Types of nodes; https://docs.discord.com/developers, application command option type."""
IN_GUILD, IN_DIRECT_MESSAGE = 0, 1
"""The contexts in which a command can be used."""

TYPES = {Kind.INTEGER: INTEGER, Kind.NUMBER: NUMBER, Kind.FLAG: FLAG}
EXPERT = frozenset(
    {*("audit", "dataset", "figures", "landscape", "plugins", "power", "runs", "scores", "watch")}
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
    """Return the root commands, in Discord's JSON, with all commands below them.

    The commands of `EXPERT` are below ``/overheard-expert``. All commands of any other noun that
    has a command for admins are below ``/overheard-setup``. The rest is below ``/overheard``. The
    roots are in the order of `ROOT_DESCRIPTIONS`; one without commands is left out.

    Args:
        name: The name of the root for every day, such as ``overheard``, with which the other names
            begin. It is cut where a name would be too long.
        specs: The commands; a command without room is left out, and logged.
        context: Where the commands are offered: `IN_GUILD` or `IN_DIRECT_MESSAGE`.
        permissions: The permissions that a member needs to see the commands, as Discord's bit set;
            None lets every member see them.
    """
    admin_nouns = {spec.noun for spec in specs if spec.noun and spec.role is Role.ADMIN}
    specs_by_root: dict[str, list[CommandSpec]] = {suffix: [] for suffix in ROOT_DESCRIPTIONS}
    for spec in (one for one in specs if one.listed):
        if (spec.noun or spec.verb) in EXPERT:
            specs_by_root["expert"].append(spec)
        elif spec.noun in admin_nouns:
            specs_by_root["setup"].append(spec)
        else:
            specs_by_root[""].append(spec)
    fields = {"default_member_permissions": permissions, "contexts": [context]}
    nodes = []
    for suffix, specs_below in specs_by_root.items():
        if specs_below:
            beginning = name[: DISCORD.name - len(suffix) - 1]
            full_name = f"{beginning}-{suffix}" if suffix else beginning
            nodes.append(_root_node(full_name, ROOT_DESCRIPTIONS[suffix], specs_below) | fields)
    return nodes


def _root_node(name: str, description: str, specs: Sequence[CommandSpec]) -> Node:
    """Return a root command in Discord's JSON, with its commands and groups.

    While it has more characters than Discord takes, all descriptions in it are cut, to 70
    characters, then to 50, 30 and 15; after that, it is returned as it is. Commands beyond
    Discord's number are left out, and logged.

    Args:
        name: The name of the root, such as ``overheard-setup``.
        specs: The commands below it, in their order.
    """
    options = _fitting_nodes(_child_nodes(specs), name)
    command: Node = {"name": name, "type": 1, "description": description, "options": options}
    for limit in DESCRIPTION_LIMITS:
        if node_size(command) > DISCORD.command:
            command = _shortened_node(command, limit)
    return command


def node_size(node: Node) -> int:
    """Return the number of characters in a command and all below it, as Discord counts them.

    These are names, descriptions and choices, in UTF-16 code units.
    """
    choices = (choice["name"] + choice["value"] for choice in node.get("choices", ()))
    own = (node["name"], node["description"], *choices)
    return sum(map(wording.length, own)) + sum(map(node_size, node.get("options", ())))


def is_same(wanted: Any, registered: Any) -> bool:
    """Return whether registered commands equal the wanted commands; both as Discord's JSON.

    Fields that Discord adds are ignored, but for those of `_OPTIONAL`. An empty value equals a
    missing one, a number equals its text, and root commands may be in any order.

    Args:
        wanted: The wanted commands, or any part of their JSON.
        registered: What Discord has in that place; None for nothing.
    """
    if isinstance(wanted, Mapping):
        registered_fields: Mapping[str, Any] = registered if isinstance(registered, Mapping) else {}
        names = wanted.keys() | (registered_fields.keys() & _OPTIONAL)
        return all(is_same(wanted.get(name), registered_fields.get(name)) for name in names)
    if isinstance(wanted, list):
        others = registered or []
        are_roots = any(isinstance(node, Mapping) and "contexts" in node for node in wanted)
        if are_roots:
            wanted, others = (
                sorted(nodes, key=lambda node: node["name"]) for nodes in (wanted, others)
            )
        return len(wanted) == len(others) and all(map(is_same, wanted, others))
    if not wanted and not registered:
        return True
    # Permissions are sent as a number, and come back as text.
    return bool(wanted == registered or str(wanted) == registered)


@dataclass(frozen=True, slots=True)
class DiscordCommand:
    """A command that a person has called, or is typing.

    Attributes:
        name: The name by which it was called, which may be that of an earlier release.
        options: The values of its options, by the names that the command's function takes.
        typing: The option that is being typed, or None.
        typed: The text of that option so far.
    """

    spec: CommandSpec
    name: str
    options: Mapping[str, Any]
    typing: Option | None = None
    typed: str = ""


def read_call(data: Mapping[str, Any], desk: Desk) -> DiscordCommand | None:
    """Return the command that a person has called or is typing; None for an unknown command.

    The command is found by its path in the tree, whatever the name of the root. Options that the
    command does not have are left out.

    Args:
        data: The data of the interaction, in Discord's JSON.
    """
    names: list[str] = []
    nodes = list(data.get("options") or ())
    while nodes and nodes[0]["type"] in {SUBCOMMAND, GROUP}:
        names.append(nodes[0]["name"])
        nodes = list(nodes[0].get("options") or ())
    own = (spec.name for spec in desk.commands if path(spec) == tuple(names))
    name = next(own, " ".join(names))
    spec = desk.command_of(name)
    if spec is None:
        return None
    options_by_name = {_node_name(option): option for option in spec.options}
    values: dict[str, Any] = {}
    typing, typed = None, ""
    for node in nodes:
        option = options_by_name.get(node["name"])
        if option is None:
            continue
        value = node.get("value")
        values[option.name] = split(str(value)) if option.many else value
        if node.get("focused"):
            typing, typed = option, str(node["value"])
    return DiscordCommand(spec, name, values, typing, typed)


def path(spec: CommandSpec) -> tuple[str, ...]:
    """Return the names of a command below its root: its noun, if it has one, and its verb.

    The path of a command, such as ``("brands", "add")`` or ``("check",)``, is unique.
    """
    return tuple(filter(None, (spec.noun.replace(" ", "-"), spec.verb)))


def option_choices(
    option: Option, typed: str, values: Iterable[str]
) -> list[app_commands.Choice[str]]:
    """Return the choices that complete an option that a person is typing.

    Each distinct value is a choice, up to 25 of them; one that is too long for Discord is left out.
    In a list, a choice is the whole text with its last value completed: after ``Acme, Za``, the
    value ``Zapier`` gives ``Acme, Zapier``.

    Args:
        typed: The option's text so far.
        values: The values to offer, the best first.
    """
    before, comma, _ = typed.rpartition(",") if option.many else ("", "", "")
    beginning = f"{before}{comma} " if comma else ""
    texts = [f"{beginning}{list_item(value) if option.many else value}" for value in values]
    fitting = [text for text in texts if 0 < wording.length(text) <= DISCORD.choice]
    distinct = list(dict.fromkeys(fitting))[: DISCORD.children]
    return [app_commands.Choice(name=text, value=text) for text in distinct]


def last_value(option: Option, typed: str) -> str:
    """Return the value that a person is typing: of a list the last one, else the whole text.

    White space and quotation marks around it are removed.
    """
    value = typed.rpartition(",")[2] if option.many else typed
    return value.strip().strip('"')


def split(typed: str) -> list[str]:
    """Return the values of a list that are separated by commas or lines, without empty ones.

    Quotation marks protect a comma: ``Acme, "Ajax, Inc"`` gives ``Acme`` and ``Ajax, Inc``.
    """
    values = next(csv.reader([typed.replace("\n", ",")], skipinitialspace=True), [])
    return [value.strip() for value in values if value.strip()]


def list_item(value: str) -> str:
    """Return a value as an item of a list, in quotes if it has a comma."""
    return f'"{value}"' if "," in value and '"' not in value else value


def _child_nodes(specs: Sequence[CommandSpec]) -> list[Node]:
    """Return a root's children, in Discord's JSON: commands without a noun, and a group for each
    noun, which comes where its first command is, and whose description is missing.
    """
    nodes: dict[tuple[str, ...], Node] = {}
    for spec in specs:
        *groups_above, verb = path(spec)
        node = _command_node(verb, spec)
        if groups_above:
            group: Node = {"name": groups_above[0], "type": GROUP, "options": []}
            nodes.setdefault((*groups_above, ""), group)["options"].append(node)
        else:
            nodes[verb,] = node
    return list(nodes.values())


def _fitting_nodes(children: Iterable[Node], parent: str) -> list[Node]:
    """Return the first nodes of a root or group, as many as Discord takes, and log the others.

    Groups in it are changed: their commands are limited in the same way, and their description
    becomes their name with their verbs: ``brands: add, edit, list``.
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
    """Return a copy of a node, and of all below it, with descriptions of at most `limit`
    characters.
    """
    shortened = node | {"description": wording.shorten(node["description"], limit)}
    if node.get("options"):
        shortened["options"] = [_shortened_node(option, limit) for option in node["options"]]
    return shortened


def _command_node(name: str, spec: CommandSpec) -> Node:
    """Return a command as a subcommand in Discord's JSON.

    Required options come first, as Discord wants it; options beyond Discord's number are left out.
    """
    options = sorted(spec.options, key=lambda option: not option.required)
    return {
        "name": name,
        "type": SUBCOMMAND,
        "description": wording.shorten(spec.summary, DISCORD.summary),
        "options": [_option_node(option) for option in options[: DISCORD.children]],
    }


def _option_node(option: Option) -> Node:
    """Return an option in Discord's JSON.

    It has the option's choices, unless these are offered while a person types. A number has its
    bounds. A list is a text, whose description says "several with commas".
    """
    description = f"{option.help.rstrip('.')}; several with commas" if option.many else option.help
    kind = STRING if option.many else TYPES.get(option.kind, STRING)
    node: Node = {
        "name": _node_name(option),
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
    """Return whether Discord asks the bot for values while a person types the option.

    That is so for kinds whose values the desk knows, such as brands, for a list of choices, and for
    more choices than Discord takes.
    """
    if option.kind.autocompleted:
        return True
    is_list_of_choices = option.many and bool(option.choices)
    return is_list_of_choices or len(option.choices) > DISCORD.children


def _bound_fields(option: Option, kind: int) -> Node:
    """Return the fields ``min_value`` and ``max_value`` of a number's JSON, both inclusive.

    Left out is a bound that the option does not have, and one that is larger than Discord takes.

    Args:
        kind: Discord's type of the option: `INTEGER`, whose bounds are whole, or `NUMBER`.
    """
    bounds = {"min_value": option.low, "max_value": option.high}
    return {
        name: int(bound) if kind == INTEGER else bound
        for name, bound in bounds.items()
        if bound is not None and abs(bound) <= MAX_NUMBER
    }


def _node_name(option: Option) -> str:
    """Return the name of an option in Discord: as people write it, in lower case, and cut."""
    return option.written.lower()[: DISCORD.name]
