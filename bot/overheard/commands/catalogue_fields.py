"""Fields of what is measured: options with the names of an object's attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from overheard.cards.command import Kind, Option

EMPTY = "-"
"""The argument that empties a field."""

YES, NO = "yes", "no"


def optional(fields: Iterable[Option]) -> tuple[Option, ...]:
    """Return fields as `edit` takes them: none is required, and a flag is yes or no."""
    return tuple(
        Option(field.name, field.help, choices=(YES, NO))
        if field.kind is Kind.FLAG
        else replace(field, required=False, positional=False, default=None)
        for field in fields
    )


def changed_values(
    fields: Iterable[Option], before: object | None, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values of fields after a change: a field that is not given is as before, and
    ``-`` empties it.

    Args:
        fields: The fields.
        before: The object as it was, or None for a new one.
        given: The arguments by the names of the fields.
    """
    return {field.name: _changed(field, before, given.get(field.name)) for field in fields}


def _changed(field: Option, before: object | None, given: Any) -> Any:
    if given in (None, "", ()):
        usual = () if field.many else field.default
        return usual if before is None else getattr(before, field.name)
    if field.many:
        values = (value.strip() for value in given)
        return tuple(dict.fromkeys(value for value in values if value not in {"", EMPTY}))
    if field.choices == (YES, NO):
        return given == YES
    if isinstance(given, str):
        return "" if given.strip() == EMPTY else given.strip()
    return given


def field_values(fields: Iterable[Option], thing: object) -> dict[str, Any]:
    """Return the fields of an object as a form shows them."""
    return {field.name: _shown(getattr(thing, field.name)) for field in fields}


def _shown(value: Any) -> Any:
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, str | int | tuple):
        return value
    return value.isoformat() if value else ""


def json_value(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, date) else value
