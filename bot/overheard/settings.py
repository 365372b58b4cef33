"""Typed settings of the core and of plugins, and the sentences that say what is wrong in them.

A secret is never written into the configuration. A field of type `Secret` named ``api_key`` is
read from the file that ``api_key_file`` names, else from the environment variable that
``api_key_env`` names, else from the field's own default variable.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails

Secret = SecretStr
"""A value that no message, log or repr shows."""


class Settings(BaseModel):
    """A table of the configuration: frozen, and strict about keys it does not know.

    Give a secret field its default variable with
    ``Field(json_schema_extra={"env": "OPENAI_API_KEY"})``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _read_secrets(cls, table: Any) -> Any:
        if not isinstance(table, Mapping):
            return table
        filled = dict(table)
        for name in _secret_fields(cls):
            if name in filled and not isinstance(filled[name], SecretStr):
                raise ValueError(
                    f"{name} stands in the file in plain text; put it into an environment "
                    f"variable and name that as {name}_env, or into a file named as {name}_file"
                )
            value = _secret(cls, name, filled)
            if value is not None:
                filled[name] = value
        return filled


SomeSettings = TypeVar("SomeSettings", bound=Settings)


def check(
    settings: type[SomeSettings], table: Any, where: str
) -> tuple[SomeSettings | None, list[str]]:
    """Validate a table.

    Args:
        settings: What it must look like.
        table: What was written.
        where: File and table, as every message begins.

    Returns:
        The settings, or None, and the problems as whole sentences.
    """
    try:
        return settings.model_validate(table), []
    except ValidationError as error:
        return None, [_sentence(settings, detail, where) for detail in error.errors()]


def known_keys(settings: type[BaseModel]) -> list[str]:
    """Return the keys that may stand in a table of these settings."""
    return list(_known(settings))


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """Return ``; did you mean "right"`` for a near miss, else an empty string."""
    close = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"' if close else ""


def _known(settings: type[BaseModel]) -> Iterator[str]:
    secrets = set(_secret_fields(settings))
    for name, field in settings.model_fields.items():
        if name in secrets:
            yield from (f"{name}_env", f"{name}_file")
        else:
            yield field.alias or name


def _secret_fields(settings: type[BaseModel]) -> list[str]:
    return [
        name
        for name, field in settings.model_fields.items()
        if SecretStr in (field.annotation, *get_args(field.annotation))
    ]


def _secret(settings: type[BaseModel], name: str, table: dict[str, Any]) -> SecretStr | None:
    extra = settings.model_fields[name].json_schema_extra
    default = cast("dict[str, Any]", extra).get("env", "") if isinstance(extra, dict) else ""
    variable, file = table.pop(f"{name}_env", default), table.pop(f"{name}_file", None)
    if file is not None:
        try:
            return SecretStr(Path(str(file)).read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{name}_file cannot be read: {error}") from None
    value = os.environ.get(str(variable), "") if variable else ""
    return SecretStr(value) if value else None


def _sentence(settings: type[BaseModel], detail: ErrorDetails, where: str) -> str:
    *parents, last = detail["loc"] or ("",)
    place = ".".join(str(part) for part in (*parents, last) if part != "")
    owner = _owner(settings, parents)
    if detail["type"] == "extra_forbidden":
        return f'{where}: unknown key "{place}"{suggestion(str(last), _known(owner))}.'
    if detail["type"] == "missing":
        if last in _secret_fields(owner):
            return f"{where}: {place} is missing; {_where_to_put(owner, str(last))}."
        return f"{where}: {place} is missing; add it."
    problem = detail["msg"].removeprefix("Value error, ").rstrip(".")
    return f"{where}: {place}: {problem}." if place else f"{where}: {problem}."


def _where_to_put(settings: type[BaseModel], name: str) -> str:
    extra = settings.model_fields[name].json_schema_extra
    default = cast("dict[str, Any]", extra).get("env", "") if isinstance(extra, dict) else ""
    variable = f"set the environment variable {default}" if default else f"name one as {name}_env"
    return f"{variable}, or name a file that holds it as {name}_file"


def _owner(settings: type[BaseModel], path: Iterable[Any]) -> type[BaseModel]:
    for part in path:
        field = settings.model_fields.get(str(part))
        inner = [field.annotation, *get_args(field.annotation)] if field else []
        models = [t for t in inner if isinstance(t, type) and issubclass(t, BaseModel)]
        if models:
            settings = models[0]
    return settings
