"""Answers in JSON or CSV, written as Markdown: a list of options becomes a numbered list."""

import csv
import json
import re
from collections.abc import Iterator
from typing import Any

_NAMING = re.compile(
    r"(?:(?:brand|product|tool|company|vendor|option|provider|service|app|model|platform)[_ ]?)?"
    r"(?:name|title)|brand|product|tool|company|vendor|option|provider|service|app|platform",
    re.IGNORECASE,
)
"""Keys whose value is the name of an entry."""
_WORD_EDGE = re.compile(r"[_-]+|(?<=[a-z])(?=[A-Z])")


def from_json(text: str) -> str | None:
    """Return a text that is nothing but a JSON object or array as Markdown; None for any other.

    An entry with a name is an item of a numbered list, by its "rank" if all have one, and the rest
    of it are labelled items below. Other keys are labels, or headings of lists.
    """
    text = text.strip()
    if text[:1] + text[-1:] not in {"{}", "[]"}:
        return None
    try:
        value = json.loads(text)
        return "\n".join(_lines(value, 0)) if value else None
    except (ValueError, RecursionError):
        return None


def from_csv(text: str) -> str | None:
    """Return CSV whose header names a column of names as `from_json` does; None for other text."""
    try:
        rows = list(
            csv.DictReader(text.strip().splitlines(), restkey="more", skipinitialspace=True)
        )
    except csv.Error:
        return None
    is_named = rows and any(_NAMING.fullmatch(key.strip()) for key in rows[0])
    return "\n".join(_lines(rows, 0)) if is_named else None


def _lines(value: Any, depth: int) -> Iterator[str]:
    """Yield the lines of an object or array, indented to be below an item at a depth from 1."""
    indent = "   " * depth
    if isinstance(value, list):
        ranks = [entry.get("rank") for entry in value if isinstance(entry, dict)]
        if len(ranks) == len(value) and all(isinstance(rank, int) for rank in ranks):
            value = sorted(value, key=lambda entry: entry["rank"])
        for number, entry in enumerate(value, start=1):
            name, rest = _named(entry)
            yield f"{indent}{number}. {name}"
            yield from _lines(rest, depth + 1)
    elif isinstance(value, dict):
        for key, given in value.items():
            label = _WORD_EDGE.sub(" ", key).strip().capitalize()
            lead = f"{indent}- " if depth else "\n"
            below = given if isinstance(given, list) else ()
            if isinstance(given, dict) or any(isinstance(each, dict | list) for each in below):
                yield f"{lead}**{label}**" if depth else f"\n## {label}\n"
                yield from _lines(given, depth + bool(depth))
                continue
            told = "; ".join(map(_plain, given)) if isinstance(given, list) else _plain(given)
            if told:
                yield f"{lead}**{label}:** {told}"


def _named(entry: Any) -> tuple[str, Any]:
    """Return the first line of an entry, and what is below it."""
    if not isinstance(entry, dict):
        return ("", entry) if isinstance(entry, list) else (_plain(entry), {})
    for key, name in entry.items():
        if isinstance(name, str) and _NAMING.fullmatch(key):
            below = {k: told for k, told in entry.items() if k not in {key, "rank"}}
            return f"**{_plain(name)}**", below
    return "", entry


def _plain(value: Any) -> str:
    """Return a value of JSON in one line of text; "" for null."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else " ".join(str(value).split())
