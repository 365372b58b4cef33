"""What Discord refuses: as its documentation says, and its OpenAPI document where one is."""

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

VARIABLE = "DISCORD_OPENAPI"
NAME = re.compile(r"^[-_a-z0-9]{1,32}$")


class Refused(Exception):
    """A request that Discord refuses."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def check(method: str, path: str, body: Any, files: tuple[str, ...] = ()) -> None:
    """Judge a request's body.

    Raises:
        Refused: when Discord would refuse it.
    """
    problems = [*_wrong_message(body, files)] if isinstance(body, dict) else []
    if path.endswith("/commands") and method == "PUT":
        problems += [problem for node in body for problem in _wrong_command(node)]
        problems += ["a command that is too large"] * any(_size(node) > 8000 for node in body)
    if body is not None and VARIABLE in os.environ:
        problems += _against_openapi(method, path, body)
    if problems:
        raise Refused(400, 50035, f"Invalid Form Body: {'; '.join(problems)[:500]}")


def units(text: str) -> int:
    """Return the UTF-16 units of a text."""
    return len(text.encode("utf-16-le")) // 2


def words(message: dict[str, Any]) -> str:
    """Return all text that a message shows, in its markup and in the order of its parts."""
    shown = [message.get("content") or ""]
    shown += [one["content"] for one in walk(message.get("components") or []) if one["type"] == 10]
    return "\n".join(filter(None, shown))


def title(message: dict[str, Any]) -> str:
    """Return the first heading of a message, without markup and icon; empty without a heading."""
    first = words(message).partition("\n")[0]
    return re.sub(r"^### \W*", "", first) if first.startswith("### ") else ""


COMPONENTS_V2 = 1 << 15
"""The flag of a message whose content is components."""
INSIDE = {None: {1, 9, 10, 12, 13, 14, 17}, 17: {1, 9, 10, 12, 13, 14}, 9: {10}, 1: {2, 3}}
"""Types of components by the type of their parent."""


def walk(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield components and those that are nested in them."""
    for one in components:
        yield one
        yield from walk(one.get("components", []))
        if "accessory" in one:
            yield one["accessory"]


def wrong_components(components: list[dict[str, Any]], flags: int = 0) -> Iterator[str]:
    """Return what Discord would refuse in a message's components."""
    nested = list(walk(components))
    is_layout = bool(flags & COMPONENTS_V2)
    if not is_layout and (len(components) > 5 or any(one["type"] != 1 for one in components)):
        yield "more than rows of buttons and menus without the flag"
    if len(nested) > 40:
        yield "more than 40 components"
    if sum(units(one["content"]) for one in nested if one["type"] == 10) > 4000:
        yield "more than 4,000 characters of text"
    names = [one["custom_id"] for one in nested if one["type"] in {2, 3}]
    if len(names) != len(set(names)) or any(not 0 < units(one) <= 100 for one in names):
        yield "custom ids that are doubled, empty or too long"
    numbers = [one["id"] for one in nested if one.get("id")]
    if len(numbers) != len(set(numbers)) or any(number >= 1 << 31 for number in numbers):
        yield "ids that are doubled or too large"
    yield from _wrong_nesting(components, None)
    for one in nested:
        yield from _wrong_component(one)


def _wrong_nesting(components: list[dict[str, Any]], parent: int | None) -> Iterator[str]:
    for one in components:
        if one["type"] not in INSIDE[parent]:
            yield f"a component of type {one['type']} in one of type {parent}"
        elif one["type"] in INSIDE:
            yield from _wrong_nesting(one.get("components", []), one["type"])


def _wrong_component(one: dict[str, Any]) -> Iterator[str]:
    inner = one.get("components", [])
    if one["type"] == 10 and not one["content"].strip():
        yield "an empty text"
    if one["type"] in {1, 9, 17} and not inner:
        yield "an empty container or row"
    if one["type"] == 1 and (len(inner) > 5 or (len(inner) > 1 and inner[0]["type"] == 3)):
        yield "too many buttons or menus in a row"
    if one["type"] == 9 and (len(inner) > 3 or one["accessory"]["type"] not in {2, 11}):
        yield "a section without its accessory"
    if one["type"] == 2 and not 0 < units(one["label"]) <= 80:
        yield "a label that is empty or too long"
    if one["type"] == 3:
        values = [option["value"] for option in one["options"]]
        texts = [*values, *(option["label"] for option in one["options"])]
        if not 0 < len(values) <= 25 or len(values) != len(set(values)):
            yield "entries that are doubled, missing or too many"
        if any(not 0 < units(text) <= 100 for text in texts):
            yield "an entry that is empty or too long"


def _wrong_message(body: dict[str, Any], files: tuple[str, ...]) -> Iterator[str]:
    data = body.get("data") if "data" in body else body
    if not isinstance(data, dict):
        return
    if units(data.get("content") or "") > 2000:
        yield "content of more than 2,000"
    embeds, rows = data.get("embeds") or [], data.get("components") or []
    flags = data.get("flags") or 0
    if flags & COMPONENTS_V2 and (data.get("content") or embeds or not rows):
        yield "content or embeds next to components, or no components"
    if "title" not in data:
        yield from wrong_components(rows, flags)
    if len(data.get("nonce") or "") > 25:
        yield "a nonce of more than 25"
    galleries = [one["items"] for one in walk(rows) if one["type"] == 12]
    shown = [item["media"]["url"] for items in galleries for item in items]
    shown += [one["file"]["url"] for one in walk(rows) if one["type"] == 13]
    for url in shown:
        if url.startswith("attachment://") and url.removeprefix("attachment://") not in files:
            yield f"{url} was not attached"
    for one in data.get("attachments") or []:
        if units(one.get("description") or "") > 1024:
            yield "an alternative text of more than 1,024"


def _wrong_command(node: dict[str, Any]) -> Iterator[str]:
    options = node.get("options", [])
    if not NAME.match(node["name"]) or not 0 < units(node["description"]) <= 100:
        yield f"the name or description of {node['name']}"
    if len(options) > 25 or len({one["name"] for one in options}) < len(options):
        yield f"options of {node['name']} that are too many or doubled"
    required = [one.get("required", False) for one in options if one["type"] > 2]
    if required != sorted(required, reverse=True):
        yield "a required option behind others"
    if node.get("choices") and node.get("autocomplete"):
        yield "choices and autocompletion"
    if len(node.get("choices", [])) > 25:
        yield "too many choices"
    for one in options:
        yield from _wrong_command(one)


def _size(node: dict[str, Any]) -> int:
    choices = sum(units(one["name"] + str(one["value"])) for one in node.get("choices", []))
    own = units(node["name"]) + units(node["description"]) + choices
    return own + sum(map(_size, node.get("options", [])))


def _against_openapi(method: str, path: str, body: Any) -> list[str]:
    from jsonschema import Draft202012Validator

    document = _document()
    for pattern, operations in document["paths"].items():
        known = re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", pattern), path)
        if known and method.lower() in operations:
            content = operations[method.lower()]["requestBody"]["content"]
            schema = content["application/json"]["schema"] | {"components": document["components"]}
            judge = Draft202012Validator(schema)
            return [one.message[:200] for one in judge.iter_errors(_with_written_ids(body))]
    return [f"no such route: {method} {path}"]


def _with_written_ids(value: Any) -> Any:
    """Return JSON with ids as texts: discord.py writes some as numbers, which Discord takes too."""
    if isinstance(value, list):
        return [_with_written_ids(one) for one in value]
    if not isinstance(value, dict):
        return value
    is_component = isinstance(value.get("type"), int)  # the id of one is a number
    return {
        name: str(one)
        if name.endswith("id") and isinstance(one, int) and not (is_component and name == "id")
        else _with_written_ids(one)
        for name, one in value.items()
    }


@cache
def _document() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Path(os.environ[VARIABLE]).read_text(encoding="utf-8"))
    return told
