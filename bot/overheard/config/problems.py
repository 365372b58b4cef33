"""What is wrong with a table of the configuration, in sentences with the place and the remedy."""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from overheard.cards import wording
from overheard.config import secrets
from overheard.errors import UnknownName

MAX_NAME_CHARS_IN_ERROR = 60


class Unusable:
    """Replaces a value that cannot be used, so that its problem is reported with all others."""

    def __init__(self, problem: str) -> None:
        self.problem = problem


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """Return the words ``; did you mean "right"`` with the known name that is most similar to a
    wrong one; "" if none is similar enough (`MIN_SIMILARITY`).
    """
    close = difflib.get_close_matches(wrong, list(known), n=1, cutoff=MIN_SIMILARITY)
    return f'; did you mean "{close[0]}"' if close else ""


def unknown_name(kind: str, name: str, known: Collection[str]) -> UnknownName:
    """Return the error for a name that does not exist, to be raised by the caller. Its message
    lists all known names, and has a hint at the most similar one if any is similar.

    Args:
        kind: The noun of the name, such as ``brand``.
        name: The name that was typed; shortened to `MAX_NAME_CHARS_IN_ERROR`.
        known: The names that exist; may be empty.
    """
    shown = ", ".join(known) or "none yet"
    name = wording.shorten(name, MAX_NAME_CHARS_IN_ERROR)
    return UnknownName(kind=kind, name=name, hint=suggestion(name, known), known=shown)


MAX_PROBLEMS = 20
"""Problems that are told at once; the others are counted."""
MAX_SENTENCE_CHARS = 800
KEPT_START_CHARS, KEPT_END_CHARS = 400, 300
"""Characters at the start and the end of a longer sentence that are shown."""
MIN_SIMILARITY = 0.6
"""Similarity, 0 to 1, from which a known name is suggested (`difflib`)."""


def told(problems: Sequence[str]) -> list[str]:
    """Return problems as people see them: each on one line without control characters, and cut in
    the middle if it is longer than `MAX_SENTENCE_CHARS`. After `MAX_PROBLEMS`, a sentence counts
    the others.

    Problems repeat names and values of the file, which may have any characters and length.
    """
    lines = [" ".join(secrets.without_control_characters(problem).split()) for problem in problems]
    kept = [
        line
        if len(line) <= MAX_SENTENCE_CHARS
        else f"{line[:KEPT_START_CHARS]} ... {line[-KEPT_END_CHARS:]}"
        for line in lines[:MAX_PROBLEMS]
    ]
    more = len(lines) - len(kept)
    return [*kept, f"{more:,} more are wrong; mend these first."] if more else kept


def problem_sentence(settings: type[BaseModel], detail: ErrorDetails, where: str) -> str:
    """Return one sentence for a validation error, with file, table, key and remedy.

    An unknown key gets the most similar known one, or all known keys. A missing secret gets the
    places where it can be put. A single table in place of a list of tables gets the header to
    write. A field with a pattern gets its example. Other errors get the words of `value_problem`.

    Args:
        settings: The settings class of the outer table.
        detail: Pydantic's description of the error.
        where: File and table, with which the message begins.
    """
    place, owner, path = _place(settings, list(detail["loc"]), where)
    if path[-1:] == ["[key]"]:  # the name of a table is wrong, not its content
        return f'{place}: "{path[0]}" {value_problem(detail)}.'
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in path)
    if detail["type"] == "extra_forbidden":
        known = ", ".join(secrets.known_keys(owner))
        hint = suggestion(key, secrets.known_keys(owner)) or (f"; known: {known}" if known else "")
        return f'{place}: unknown key "{key}"{hint}.'
    if detail["type"] == "missing":
        secret = key in secrets.secret_fields(owner)
        return f"{place}: {key} is missing; {_where_to_put(owner, key) if secret else 'add it'}."
    if detail["type"] == "tuple_type" and (not key or isinstance(detail["input"], Mapping)):
        name = detail["loc"][-1]
        return f"{place}: must be a list; write its header in two pairs of brackets, [[{name}]]."
    if detail["type"] == "model_type" and isinstance(detail["loc"][-1], int):
        name = detail["loc"][-2]
        return f"{place}: must be a table; write its header in two pairs of brackets, [[{name}]]."
    field = owner.model_fields.get(str(path[0])) if path else None
    example = (field.examples or [field.default])[0] if field else None
    if detail["type"] == _PATTERN and isinstance(example, str) and example:
        problem = f"must look like {example}"
    else:
        problem = value_problem(detail)
    return f"{place}: {key} {problem}." if key else f"{place}: {problem}."


def value_problem(detail: ErrorDetails) -> str:
    """Return the problem of a value, as words that follow the name of its key, such as ``must be at
    least 1``: those of an `Unusable` input, ours for common errors of pydantic, else pydantic's
    message without a full stop.
    """
    if isinstance(detail["input"], Unusable):
        return detail["input"].problem
    if detail["type"] == "float_type" and isinstance(detail["input"], int):  # of 309 digits or more
        return _PROBLEMS["finite_number"]
    if detail["type"] not in _PROBLEMS:
        return detail["msg"].removeprefix("Value error, ").rstrip(".")
    context = detail.get("ctx", {}).items()
    numbers = {name: f"{v:.15g}" if isinstance(v, float) else v for name, v in context}
    return _PROBLEMS[detail["type"]].format(**numbers)


_PATTERN = "string_pattern_mismatch"
_PROBLEMS = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "date_from_datetime_inexact": "must be a day, such as 2026-01-31",
    "date_from_datetime_parsing": "must be a day, such as 2026-01-31",
    "date_parsing": "must be a day, such as 2026-01-31",
    "date_type": "must be a day, such as 2026-01-31",
    "datetime_from_date_parsing": "must be a time, such as 2026-01-31T09:00:00+00:00",
    "datetime_parsing": "must be a time, such as 2026-01-31T09:00:00+00:00",
    "datetime_type": "must be a time, such as 2026-01-31T09:00:00+00:00",
    "dict_type": "must be a table; give it a header of its own in square brackets",
    "enum": "must be {expected}",
    "finite_number": "must be a finite number",
    "float_parsing": "must be a number, without quotes",
    "float_type": "must be a number, without quotes",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number, without quotes",
    "int_type": "must be a whole number, without quotes",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be {expected}",
    "model_type": "must be a table; give it a header of its own in square brackets",
    "string_too_long": "must not be longer than {max_length} characters",
    "string_too_short": "must not be empty",
    "path_type": "must be a path, in quotes",
    "string_type": "must be text, in quotes",
    "too_long": "must not be longer than {max_length} characters",  # of a text that was stripped
    "too_short": "needs {min_length} or more entries",
    "tuple_type": 'must be a list, such as ["one", "two"]',
}


def _where_to_put(settings: type[BaseModel], name: str) -> str:
    """Return the remedy for a missing secret: its environment variable or file."""
    default = secrets.default_variable(settings, name)
    variable = f"set the environment variable {default}" if default else f"name one as {name}_env"
    return f"{variable}, or name a file that holds it as {name}_file"


def _place(
    settings: type[BaseModel], path: list[str | int], where: str
) -> tuple[str, type[BaseModel], list[str | int]]:
    """Return (place, settings class, rest of the path) of the innermost table to which a path
    leads.

    The place names each table on the way: "config.toml, [slack]" or "config.toml, [[routes]] number
    2". The path is followed as long as it leads to a table of settings.
    """
    tables = [where]
    while path and (field := settings.model_fields.get(str(path[0]))):
        inner, depth = _inner(field.annotation)
        if inner is None:
            break
        settings, name = inner, str(path.pop(0))
        while depth and path and path[1:2] != ["[key]"]:
            name, depth = f"{name}.{path.pop(0)}", depth - 1
        entry = path and isinstance(path[0], int)
        tables.append(f"[[{name}]] number {int(path.pop(0)) + 1}" if entry else f"[{name}]")
    return ", ".join(tables), settings, path


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, int]:
    """Return (settings class, number of mappings around it) of the first settings class in a
    field's type; (None, 0) without one. ``Mapping[str, ModelTable]`` gives (ModelTable, 1).
    """
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, 0
    origin, parts = get_origin(annotation), get_args(annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        inner, depth = _inner(parts[1])
        return inner, depth + 1
    found = (_inner(part) for part in parts)
    return next(((inner, depth) for inner, depth in found if inner), (None, 0))
