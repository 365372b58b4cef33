"""Typed fields of the objects of a catalogue: their values after a change, in forms and as JSON.

The commands over these fields are in ``catalogue.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from overheard.cards.command import Kind, Option


def value_words(value: object) -> str:
    """Return the value of a field for a sentence: ``Zeta, Bolt`` for several, ``none`` for an empty
    one.
    """
    values = value if isinstance(value, tuple) else (value,)
    return ", ".join(str(item) for item in values if item not in (None, "")) or "none"


EMPTY = "-"
"""The argument that empties a field."""
YES, NO = "yes", "no"


def optional(fields: Iterable[Option]) -> tuple[Option, ...]:
    """Return fields in the form in which `CatalogueNoun.edit` takes them, so that each can be left
    out and then keeps its value. No field is required or positional or has a default. A flag
    becomes a choice of yes or no.
    """
    return tuple(
        Option(field.name, field.help, choices=(YES, NO))
        if field.kind is Kind.FLAG
        else replace(field, required=False, positional=False, default=None)
        for field in fields
    )


def changed_values(
    fields: Iterable[Option], before: object | None, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values of fields after a change, by name.

    A field that is not given (missing, None, or empty) keeps its value, or has its default in a new
    object; ``-`` empties it. A choice of yes or no becomes a bool, several values a tuple without
    repeated and empty ones; texts lose their outer spaces.

    Args:
        before: The object before the change; None for a new one.
        given: The arguments by the names of the fields.
    """
    return {field.name: _changed_value(field, before, given.get(field.name)) for field in fields}


def _changed_value(field: Option, before: object | None, given: Any) -> Any:
    """Return the value of one field after a change, as `changed_values` describes.

    Args:
        before: The object before the change; None for a new one.
        given: The argument; None, an empty text or an empty tuple if it is not given.
    """
    is_given = given not in (None, "", ())
    if not is_given and before is not None:
        return getattr(before, field.name)
    if not is_given:
        return () if field.many else field.default
    if field.many:
        values = (value.strip() for value in given)
        return tuple(dict.fromkeys(value for value in values if value not in {"", EMPTY}))
    if field.choices == (YES, NO):
        return given == YES
    if isinstance(given, str):
        return "" if given.strip() == EMPTY else given.strip()
    return given


def field_values(fields: Iterable[Option], entry: object) -> dict[str, Any]:
    """Return the values of an object's fields as a form takes them, by name."""
    return {field.name: _form_value(getattr(entry, field.name)) for field in fields}


def _form_value(value: Any) -> Any:
    """Return a value of a field as a form takes it: ``yes`` or ``no`` for a bool, a date as text
    (``2026-11-24``), empty text for None; a text, a number or a tuple unchanged.
    """
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, str | int | tuple):
        return value
    return value.isoformat() if value else ""


def json_value(value: Any) -> Any:
    """Return the value of a field for JSON output: a tuple as a list, a date as text
    (``2026-11-24``), another value unchanged.
    """
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, date) else value
