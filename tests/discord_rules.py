"""What Discord refuses: as its documentation says, and its OpenAPI document where one is."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

VARIABLE = "DISCORD_OPENAPI"
LENGTHS = {"title": 256, "description": 4096}
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


def wrong_embeds(embeds: list[dict[str, Any]]) -> Iterator[str]:
    """Return what Discord would refuse in a message's embeds."""
    if len(embeds) > 10:
        yield "more than 10 embeds"
    if sum(map(_weight, embeds)) > 6000:
        yield "embeds of more than 6,000 characters"
    for embed in embeds:
        yield from _wrong_embed(embed)


def _weight(embed: dict[str, Any]) -> int:
    small = [embed.get("footer", {}).get("text", ""), embed.get("author", {}).get("name", "")]
    fields = [text for one in embed.get("fields", []) for text in (one["name"], one["value"])]
    texts = [embed.get("title") or "", embed.get("description") or "", *small, *fields]
    return sum(map(units, texts))


def _wrong_embed(embed: dict[str, Any]) -> Iterator[str]:
    for name, most in LENGTHS.items():
        if units(embed.get(name) or "") > most:
            yield f"a {name} of more than {most}"
    if units(embed.get("footer", {}).get("text", "")) > 2048:
        yield "a footer of more than 2,048"
    if len(embed.get("fields", [])) > 25:
        yield "more than 25 fields"
    for one in embed.get("fields", []):
        if not (0 < units(one["name"]) <= 256 and 0 < units(one["value"]) <= 1024):
            yield "a field that is empty or too long"
    if not (_weight(embed) or embed.get("image")):
        yield "an empty embed"


def wrong_components(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Return what Discord would refuse in a message's buttons."""
    ids = [child["custom_id"] for row in rows for child in row.get("components", [])]
    if len(rows) > 5 or any(len(row.get("components", [])) > 5 for row in rows):
        yield "too many buttons"
    if len(ids) != len(set(ids)) or any(not 0 < units(one) <= 100 for one in ids):
        yield "custom ids that are doubled, empty or too long"
    for row in rows:
        for child in row.get("components", []):
            if "label" in child and not 0 < units(child["label"]) <= 80:
                yield "a label that is empty or too long"


def _wrong_message(body: dict[str, Any], files: tuple[str, ...]) -> Iterator[str]:
    data = body.get("data") if "data" in body else body
    if not isinstance(data, dict):
        return
    if units(data.get("content") or "") > 2000:
        yield "content of more than 2,000"
    embeds, rows = data.get("embeds") or [], data.get("components") or []
    yield from wrong_embeds(embeds)
    if "title" not in data:
        yield from wrong_components(rows)
    if len(data.get("nonce") or "") > 25:
        yield "a nonce of more than 25"
    for embed in embeds:
        url = embed.get("image", {}).get("url", "")
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
    return {
        name: str(one) if name.endswith("id") and isinstance(one, int) else _with_written_ids(one)
        for name, one in value.items()
    }


@cache
def _document() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Path(os.environ[VARIABLE]).read_text(encoding="utf-8"))
    return told
