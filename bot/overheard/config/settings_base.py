"""Typed settings of the core and of plugins: tables of the configuration, validated."""

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from overheard.config.problems import Unusable, problem_sentence
from overheard.config.secrets import default_variable, located, read_secret, secret_fields


class Settings(BaseModel):
    """A table of the configuration: frozen, and strict about unknown keys.

    A secret field gets its default variable by
    ``Field(json_schema_extra={"env": "OPENAI_API_KEY"})``. A relative path, of a field of type
    `Path` or of a secret's file, starts at the folder of the configuration.
    """

    # A table that is not in the configuration is never validated: its validator is built at need.
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True
    )

    @model_validator(mode="before")
    @classmethod
    def _prepare(cls, table: Any, info: ValidationInfo) -> Any:
        """Return a copy of a table that is ready for validation; anything else than a table
        unchanged.

        Relative paths are joined to the folder in the validation context. Secrets are read from
        files and the environment. An `Unusable` with the problem replaces a path or secret that is
        wrong, a secret in plain text, and a value that pydantic would convert silently, such as a
        number in quotes.
        """
        if not isinstance(table, Mapping):
            return table
        folder = (info.context or {}).get(FOLDER, Path())
        filled = dict(table)
        for name, field in cls.model_fields.items():
            if Path in (field.annotation, *get_args(field.annotation)):
                key = field.alias or name
                if isinstance(filled.get(key), str) and filled[key]:
                    filled[key] = _located(filled[key], folder)
            if problem := _type_problem(filled.get(name), _allowed_types(field.annotation)):
                filled[name] = Unusable(problem)
        for name in secret_fields(cls):
            if name in filled and not isinstance(filled[name], SecretStr):
                filled[name] = Unusable(
                    "is in the file in plain text; put it into an environment variable "
                    f"and name that as {name}_env, or into a file named as {name}_file"
                )
                continue
            try:
                secret = read_secret(cls, name, filled, folder)
            except ValueError as error:
                filled[name] = Unusable(str(error))
                continue
            if secret is not None:
                filled[name] = secret
        return filled


def _located(path: str, folder: Path) -> Path | Unusable:
    """Return a path of the configuration joined to a folder; for a path with a zero byte, or in the
    home folder of a user who does not exist, the problem.
    """
    if "\0" in path:
        return Unusable("must be one line without control characters; type it again")
    try:
        return located(path, folder)
    except ValueError as error:
        return Unusable(f'is "{path}", and {error}; correct the path')


def _type_problem(value: Any, types: set[Any]) -> str:
    """Return what is wrong with a value's type, as words after the key; "" when nothing is.

    Wrong are true and false where a number is allowed, and text where only numbers, truth values or
    None are. Other wrong types are left to pydantic.
    """
    numeric = bool({int, float} & types)
    if isinstance(value, bool) and numeric:
        return "must be a number, and not true or false"
    if isinstance(value, str) and types <= {int, float, bool, NoneType}:
        number = "number" if float in types else "whole number"
        return f"must be a {number}, without quotes" if numeric else "must be true or false"
    return ""


_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the direction of the text around them."""


def _one_line(text: str) -> str:
    """Return a text without white space around it."""
    text = text.strip()
    if all(unicodedata.category(c)[0] in "CZ" for c in text):
        raise ValueError("must not be empty")
    if any(unicodedata.category(c) in {"Cc", "Zl", "Zp"} or c in _DIRECTIONS for c in text):
        raise ValueError("must be one line without control characters; type it again")
    return text


Line = Annotated[str, AfterValidator(_one_line)]
"""A name as people write it: one line, not blank."""
MAX_DOLLARS = 1_000_000_000
"""The largest price or limit; sums of larger ones could leave the range of numbers."""
Dollars = Annotated[float, Field(ge=0, le=MAX_DOLLARS, allow_inf_nan=False)]
"""An amount of US dollars, 0 or more."""


def located_url(url: str, folder: Path) -> str:
    """Return a database's URL with the relative path of an SQLite file joined to a folder.

    The URL may also be a path alone: ``overheard.db`` becomes ``folder/overheard.db``. Absolute
    paths, paths in a home folder (``~``), databases in memory and servers are returned unchanged.
    """
    prefix, separator, path = url.rpartition(":///")
    is_path = "://" not in url
    is_sqlite_url = bool(separator) and prefix.startswith("sqlite")
    if not (is_path or is_sqlite_url):
        return url
    if path in {"", ":memory:"} or path.startswith("~") or Path(path).is_absolute():
        return url
    return f"{prefix}{separator}{(folder / path).as_posix()}"


def _database(url: str, info: ValidationInfo) -> str:
    """Return a database's URL; the relative path of an SQLite file starts at the folder of the
    configuration.
    """
    kind = url.partition(":")[0].casefold()
    if not url.isprintable():
        raise ValueError("must be one line without control characters; type it again")
    if kind.startswith(("sqlite", "postgres")) and "://" not in url:
        raise ValueError(f'needs slashes, such as "{_DATABASES[kind[:6]]}"')
    if kind.startswith("sqlite") and "?" in url:
        raise ValueError('of a file has no parameters; leave out "?" and what follows it')
    if not kind.startswith("postgres"):
        try:
            located(url.rpartition(":///")[2], Path())
        except ValueError as error:
            raise ValueError(f"names no file, because {error}; correct the path") from None
    return located_url(url, (info.context or {}).get(FOLDER, Path()))


_DATABASES = {"sqlite": "sqlite:///overheard.db", "postgr": "postgresql://user@host/database"}
DatabaseUrl = Annotated[
    str, Field(max_length=2_000, validate_default=True), AfterValidator(_database)
]
"""``sqlite:///file.db`` or ``postgresql://user@host/database``."""

SomeSettings = TypeVar("SomeSettings", bound=Settings)

FOLDER = "folder"
"""The key in pydantic's validation context of the folder at which relative paths start."""


def validate_table(
    settings: type[SomeSettings], table: Any, where: str, folder: Path = Path()
) -> tuple[SomeSettings | None, list[str]]:
    """Return (settings, problems) of a table of the configuration: the settings and no problem, or
    None and every problem as a sentence.

    Args:
        settings: The settings class.
        table: The parsed table.
        where: File and table, with which every message begins.
        folder: The folder at which relative paths start; by default the working directory.
    """
    try:
        return settings.model_validate(table, context={FOLDER: folder}), []
    except ValidationError as error:
        details = error.errors()
        # For a list with a wrong entry, pydantic also reports that the list is too short.
        lists_with_wrong_entry = {detail["loc"][:-1] for detail in details}
        return None, [
            problem_sentence(settings, detail, where)
            for detail in details
            if detail["type"] != "too_short" or detail["loc"] not in lists_with_wrong_entry
        ]


def described(settings: type[Settings]) -> Iterator[tuple[str, str, str]]:
    """Yield (key, type, default) of each key of a table, as text for people.

    A key without a default has the default "needed"; a default of None is "". A secret has two
    keys: ``NAME_env`` with its default variable, and ``NAME_file``.
    """
    secrets = secret_fields(settings)
    for name, field in settings.model_fields.items():
        if name in secrets:
            needed = "needed" if field.is_required() else ""
            yield f"{name}_env", "environment variable", default_variable(settings, name) or needed
            yield f"{name}_file", "file", ""
            continue
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        shown = "needed" if field.is_required() else _toml_text(default)
        yield field.alias or name, _type_name(field.annotation), shown


_KINDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "file"}


def _type_name(annotation: Any) -> str:
    """Return the name of a type for people: ``list of text``, ``number or text``, ``table`` ...

    None in a union is left out. A literal is given by its values, an unknown type by its name.
    """
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(map(_toml_text, parts))
    if origin is Annotated:
        return _type_name(parts[0])
    if origin in {Union, UnionType}:
        return " or ".join(_type_name(part) for part in parts if part is not NoneType)
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return f"list of {_type_name(parts[0])}"
    table = isinstance(origin or annotation, type) and issubclass(
        origin or annotation, Mapping | BaseModel
    )
    return "table" if table else _KINDS.get(annotation, getattr(annotation, "__name__", "value"))


def _toml_text(value: Any) -> str:
    """Return a value in TOML syntax; an empty string for None."""
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml_text, value))}]"
    return json.dumps(value) if isinstance(value, str | bool) else str(value)


def _allowed_types(annotation: Any) -> set[Any]:
    """Return the types that an annotation allows: float and NoneType for ``float | None``. Metadata
    of ``Annotated`` are ignored; other generic types are returned whole.
    """
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _allowed_types(parts[0])
    if origin in {Union, UnionType}:
        return {kind for part in parts for kind in _allowed_types(part)}
    return {annotation}
