"""The tools: commands that people have, too, as ``tools.toml`` describes them, and those of plugins
that say themselves what they answer.
"""

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from mcp.types import Tool, ToolAnnotations

from overheard import CommandSpec, Desk, Kind, Option, Role

ANY = "any"
"""The type of a document whose shape is not described."""
_TYPES = {Kind.INTEGER: "integer", Kind.NUMBER: "number", Kind.FLAG: "boolean"}


@cache
def described() -> Mapping[str, Any]:
    """Return the tables of the file."""
    text = files("overheard_mcp").joinpath("tools.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def tables_of(desk: Desk) -> Mapping[str, Mapping[str, Any]]:
    """Return the table of each tool by its name: those of the file, and one for each command that
    reads and declares that it answers questions, explains alerts or belongs to reports.
    """
    declared = {
        spec.name.replace(" ", "_"): {
            "title": spec.name.capitalize(),
            "about": "\n\nExample: ".join((spec.summary, *spec.examples[:1])),
            "command": spec.name,
            "options": [option.name for option in spec.options],
            "data": ANY,
        }
        for spec in desk.commands
        if (spec.asked or spec.explains or spec.reports)
        and spec.role is Role.VIEWER
        and not spec.asks
    }
    return {**declared, **described()["tools"]}


def listed(desk: Desk, *, spends: bool) -> list[Tool]:
    """Return the tools that read and, with `spends`, those that spend.

    Args:
        desk: Knows the commands, from whose options the arguments of the tools follow.
    """
    tables = tables_of(desk).items()
    return [_tool(desk, name, table) for name, table in tables if spends or not table.get("spends")]


def _tool(desk: Desk, name: str, table: Mapping[str, Any]) -> Tool:
    reads, about = name != "start_check", table["about"]
    if "example" in table:
        about += f"\n\nExample: {json.dumps(table['example'])}, when asked: {table['asked']}"
    return Tool(
        name=name,
        title=table["title"],
        description=about,
        input_schema=_arguments(desk.command_of(table["command"]), table),
        output_schema=_result(table["data"]),
        annotations=ToolAnnotations(title=table["title"], read_only_hint=reads),
    )


def _arguments(command: CommandSpec | None, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a tool's arguments."""
    known = {option.name: option for option in command.options} if command else {}
    options = [known[name] for name in table.get("options", ())]
    own = _texts(table.get("own", {}))
    required = [option.name for option in options if option.required]
    return {
        "type": "object",
        "properties": {option.name: _argument(option) for option in options} | own,
        "required": required if options else list(own),
        "additionalProperties": False,
        "examples": [table["example"]] if "example" in table else [],
    }


def _texts(meanings: Mapping[str, str]) -> dict[str, Any]:
    """Return schemas of texts by key."""
    return {key: {"type": "string", "description": text} for key, text in meanings.items()}


def _argument(option: Option) -> dict[str, Any]:
    """Return the schema of an argument, from the option of a command."""
    one: dict[str, Any] = {"type": _TYPES.get(option.kind, "string")}
    bounds = {"enum": list(option.choices) or None, "minimum": option.low, "maximum": option.high}
    one |= {key: value for key, value in bounds.items() if value is not None}
    schema = {"type": "array", "items": one} if option.many else one
    default = {} if option.default in (None, "") else {"default": option.default}
    return {**schema, "description": option.help, **default}


def _result(data: str) -> dict[str, Any]:
    """Return the schema of a result whose document has a shape."""
    texts = _texts(described()["result"])
    return {
        "type": "object",
        "properties": {**texts, "data": _typed(data)},
        "required": [*texts, "data"],
        "$defs": {
            name: {
                "type": "object",
                "properties": {key: _typed(kind) for key, kind in keys.items()},
                "required": list(keys),
            }
            for name, keys in described()["shapes"].items()
        },
    }


def _typed(kind: str) -> dict[str, Any]:
    """Return the schema of a type as the file writes it, such as ``number?`` or ``Quote[]``."""
    if kind == ANY:
        return {}
    if kind.endswith("?"):
        return {"anyOf": [_typed(kind[:-1]), {"type": "null"}]}
    if kind.endswith("[]"):
        return {"type": "array", "items": _typed(kind[:-2])}
    if kind.startswith("{"):
        return {"type": "object", "additionalProperties": _typed(kind[1:-1])}
    return {"$ref": f"#/$defs/{kind}"} if kind[0].isupper() else {"type": kind}
