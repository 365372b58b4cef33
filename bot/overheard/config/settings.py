"""Typed settings of the core and of plugins, and the error messages for invalid settings.

A secret is never written into the configuration. A field of type `Secret` named ``api_key`` is
read from the file that ``api_key_file`` names, else from the environment variable that
``api_key_env`` names, else from the field's default variable.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    SecretStr,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import ErrorDetails

Secret = SecretStr
"""A value that is not shown in messages, logs and reprs."""


class Settings(BaseModel):
    """A table of the configuration: frozen, and strict about unknown keys.

    A secret field gets its default variable by
    ``Field(json_schema_extra={"env": "OPENAI_API_KEY"})``. A relative path, of a field of type
    `Path` or of a secret's file, starts at the folder of the configuration.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _prepare(cls, table: Any, info: ValidationInfo) -> Any:
        """Return a table, ready for validation.

        Relative paths are joined to the folder, secrets are read from files and the environment,
        and values that pydantic would convert silently are replaced by their problem. Anything else
        than a table is returned unchanged.
        """
        if not isinstance(table, Mapping):
            return table
        folder = (info.context or {}).get(FOLDER, Path())
        filled = dict(table)
        for name, field in cls.model_fields.items():
            if Path in (field.annotation, *get_args(field.annotation)):
                key = field.alias or name
                if isinstance(filled.get(key), str) and filled[key]:
                    filled[key] = folder / Path(filled[key]).expanduser()
            if problem := _type_problem(filled.get(name), _types(field.annotation)):
                filled[name] = _Unusable(problem)
        for name in _secret_fields(cls):
            if name in filled and not isinstance(filled[name], SecretStr):
                filled[name] = _Unusable(
                    "is in the file in plain text; put it into an environment variable "
                    f"and name that as {name}_env, or into a file named as {name}_file"
                )
                continue
            value = _secret(cls, name, filled, folder)
            if value is not None:
                filled[name] = value
        return filled


def _type_problem(value: Any, types: set[Any]) -> str:
    """Return what is wrong with a value's type, as words after the key; empty when nothing is.

    Wrong are true and false as a number, and a number or truth value in quotes.

    Args:
        value: The value in the file.
        types: The types that the field allows.
    """
    numeric = bool({int, float} & types)
    if isinstance(value, bool) and numeric:
        return "must be a number, and not true or false"
    if isinstance(value, str) and types <= {int, float, bool, NoneType}:
        number = "number" if float in types else "whole number"
        return f"must be a {number}, without quotes" if numeric else "must be true or false"
    return ""


class _Unusable:
    """Replaces a value that cannot be used, so that its problem is reported with all others."""

    def __init__(self, problem: str) -> None:
        self.problem = problem


MAX_SECRET_BYTES = 2**16
"""The longest file of a secret, in bytes."""
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the direction of the text around them."""


def _one_line(text: str) -> str:
    """Return a text of one line, without spaces around it.

    Raises:
        ValueError: when no character is visible, or there is a line break or control character.
    """
    text = text.strip()
    if all(unicodedata.category(c)[0] in "CZ" for c in text):
        raise ValueError("must not be empty")
    if any(unicodedata.category(c) in {"Cc", "Zl", "Zp"} or c in _DIRECTIONS for c in text):
        raise ValueError("must be one line without control characters; type it again")
    return text


Line = Annotated[str, AfterValidator(_one_line)]
"""A name as people write it: one line, not blank."""

SomeSettings = TypeVar("SomeSettings", bound=Settings)

FOLDER = "folder"
"""The key in pydantic's validation context of the folder at which relative paths start."""


def validate_table(
    settings: type[SomeSettings], table: Any, where: str, folder: Path = Path()
) -> tuple[SomeSettings | None, list[str]]:
    """Return the settings of a table of the configuration, or its problems.

    Args:
        settings: The settings class.
        table: The parsed table.
        where: File and table, with which every message begins.
        folder: The folder at which relative paths start; by default the working directory.

    Returns:
        The settings, or None if the table is invalid, and the problems as sentences.
    """
    try:
        return settings.model_validate(table, context={FOLDER: folder}), []
    except ValidationError as error:
        details = error.errors()
        entries = {detail["loc"][:-1] for detail in details}
        # Of a list with a wrong entry, pydantic also says that it is too short.
        kept = [d for d in details if d["type"] != "too_short" or d["loc"] not in entries]
        return None, [_sentence(settings, detail, where) for detail in kept]


def secrets_of(settings: BaseModel) -> Iterator[str]:
    """Yield the values of all secrets in settings, including nested tables."""
    for _, value in settings:
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, BaseModel):
            yield from secrets_of(value)


def described(settings: type[Settings]) -> Iterator[tuple[str, str, str]]:
    """Yield the name, the type and the default of each key of a table, as text for people."""
    secrets = _secret_fields(settings)
    for name, field in settings.model_fields.items():
        if name in secrets:
            needed = "needed" if field.is_required() else ""
            yield f"{name}_env", "environment variable", _variable(settings, name) or needed
            yield f"{name}_file", "file", ""
            continue
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        shown = "needed" if field.is_required() else _written(default)
        yield field.alias or name, _kind(field.annotation), shown


_KINDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "file"}


def _kind(annotation: Any) -> str:
    """Return the name of a type for people, such as ``list of text``."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(map(_written, parts))
    if origin is Annotated:
        return _kind(parts[0])
    if origin in {Union, UnionType}:
        return " or ".join(_kind(part) for part in parts if part is not NoneType)
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return f"list of {_kind(parts[0])}"
    table = isinstance(origin or annotation, type) and issubclass(
        origin or annotation, Mapping | BaseModel
    )
    return "table" if table else _KINDS.get(annotation, getattr(annotation, "__name__", "value"))


def _written(value: Any) -> str:
    """Return a value in TOML syntax; an empty string for None."""
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_written, value))}]"
    return json.dumps(value) if isinstance(value, str | bool) else str(value)


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """Return ``; did you mean "right"`` for a near miss, else an empty string."""
    close = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"' if close else ""


def _known_keys(settings: type[BaseModel]) -> Iterator[str]:
    """Yield the keys that a table may have; for a secret, the keys of its variable and file."""
    secrets = set(_secret_fields(settings))
    for name, field in settings.model_fields.items():
        if name in secrets:
            yield from (f"{name}_env", f"{name}_file")
        else:
            yield field.alias or name


def _types(annotation: Any) -> set[Any]:
    """Return the types that an annotation allows, such as float and None."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _types(parts[0])
    if origin in {Union, UnionType}:
        return {kind for part in parts for kind in _types(part)}
    return {annotation}


def _secret_fields(settings: type[BaseModel]) -> list[str]:
    """Return the names of the fields that are secrets."""
    return [
        name
        for name, field in settings.model_fields.items()
        if SecretStr in (field.annotation, *get_args(field.annotation))
    ]


def _secret(
    settings: type[BaseModel], name: str, table: dict[str, Any], folder: Path
) -> SecretStr | _Unusable | None:
    """Return a secret from its file, else its environment variable; remove both keys from the
    table.

    Args:
        settings: The settings class.
        name: The field of the secret.
        table: The table, which is changed.
        folder: The folder at which a relative path of the file starts.

    Returns:
        The secret; None without one; an unusable value when its file or variable is wrong.
    """
    variable = table.pop(f"{name}_env", _variable(settings, name))
    file = table.pop(f"{name}_file", None)
    if not isinstance(variable, str) or (not variable and _variable(settings, name)):
        return _Unusable(f"has no variable; write a variable's name, in quotes, as {name}_env")
    if variable and not re.fullmatch(r"[A-Za-z_]\w*", variable, re.ASCII):
        return _Unusable(
            f"must not be in the file, and {name}_env is no name of a variable, such as ACME_KEY"
        )
    if file is not None:
        try:
            return SecretStr(_file_content(folder / Path(str(file)).expanduser()))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            return _Unusable(
                f"cannot be read from {name}_file ({reason}); correct its path or rights"
            )
    value = os.environ.get(variable, "").strip() if variable else ""
    return SecretStr(value) if value else None


def _file_content(file: Path) -> str:
    """Return the secret in a file, without white space around it.

    At most `MAX_SECRET_BYTES` are read, so that a device such as /dev/zero is no problem.

    Raises:
        ValueError: when the file is empty, too long, or not UTF-8 text.
        OSError: when the file cannot be read.
    """
    with file.open("rb") as opened:
        content = opened.read(MAX_SECRET_BYTES + 1)
    if len(content) > MAX_SECRET_BYTES:
        raise ValueError("it is too long for a secret")
    try:
        secret = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    if not secret:
        raise ValueError("it is empty")
    return secret


def _sentence(settings: type[BaseModel], detail: ErrorDetails, where: str) -> str:
    """Return the message for a validation error, with file, table, key and remedy.

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
        known = ", ".join(_known_keys(owner))
        hint = suggestion(key, _known_keys(owner)) or (f"; known: {known}" if known else "")
        return f'{place}: unknown key "{key}"{hint}.'
    if detail["type"] == "missing":
        secret = key in _secret_fields(owner)
        return f"{place}: {key} is missing; {_where_to_put(owner, key) if secret else 'add it'}."
    if detail["type"] == "tuple_type" and isinstance(detail["input"], Mapping):
        name = detail["loc"][-1]
        return f"{place}: must be a list; write its header in two pairs of brackets, [[{name}]]."
    problem = _looks(owner, path) if detail["type"] == _PATTERN else ""
    problem = problem or value_problem(detail)
    return f"{place}: {key} {problem}." if key else f"{place}: {problem}."


def value_problem(detail: ErrorDetails) -> str:
    """Return the problem of a value, as words that follow the name of its key."""
    if isinstance(detail["input"], _Unusable):
        return detail["input"].problem
    if detail["type"] == "float_type" and isinstance(detail["input"], int):  # of 309 digits or more
        return _PROBLEMS["finite_number"]
    if detail["type"] not in _PROBLEMS:
        return detail["msg"].removeprefix("Value error, ").rstrip(".")
    context = detail.get("ctx", {}).items()
    numbers = {name: f"{v:g}" if isinstance(v, float) else v for name, v in context}
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
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be {expected}",
    "model_type": "must be a table; give it a header of its own in square brackets",
    "string_too_long": "must not be longer than {max_length} characters",
    "string_too_short": "must not be empty",
    "string_type": "must be text, in quotes",
    "too_short": "needs {min_length} or more entries",
    "tuple_type": 'must be a list, such as ["one", "two"]',
}


def _looks(settings: type[BaseModel], path: list[str | int]) -> str:
    """Return the words ``must look like ...`` for a field with a pattern, with its example or
    default.

    Empty when the path leads to no such field.
    """
    field = settings.model_fields.get(str(path[0])) if path else None
    example = (field.examples or [field.default])[0] if field else None
    return f"must look like {example}" if example and isinstance(example, str) else ""


def _where_to_put(settings: type[BaseModel], name: str) -> str:
    default = _variable(settings, name)
    variable = f"set the environment variable {default}" if default else f"name one as {name}_env"
    return f"{variable}, or name a file that holds it as {name}_file"


def _variable(settings: type[BaseModel], name: str) -> str:
    extra = settings.model_fields[name].json_schema_extra
    return str(extra.get("env", "")) if isinstance(extra, dict) else ""


def _place(
    settings: type[BaseModel], path: list[str | int], where: str
) -> tuple[str, type[BaseModel], list[str | int]]:
    """Return where in the file a path of keys and list indices leads.

    Args:
        settings: The settings class of the outer table.
        path: The path, from which the followed parts are removed.
        where: File and table, with which the place begins.

    Returns:
        The place in words, the settings class of the innermost table, and the rest of the path.
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
    """Return the settings class in a field's type, or None, and the number of mappings around the
    class.
    """
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, 0
    origin, parts = get_origin(annotation), get_args(annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        inner, depth = _inner(parts[1])
        return inner, depth + 1
    found = (_inner(part) for part in parts)
    return next(((inner, depth) for inner, depth in found if inner), (None, 0))
