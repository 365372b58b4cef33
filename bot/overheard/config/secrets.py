"""Secrets: where settings read them, and foreign text made safe to show without them.

A secret is never written into the configuration. A field of type `Secret` named ``api_key`` is
read from the file that ``api_key_file`` names, else from the environment variable that
``api_key_env`` names, else from the field's default variable.
"""

import json
import os
import re
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, TextIO, get_args

from pydantic import BaseModel, SecretStr

MAX_REASON_LENGTH = 300
"""Characters of foreign text that one sentence quotes."""
MIN_SECRET_LENGTH = 8
"""Characters; a shorter value is too likely to be an ordinary word."""

_SECRET_VARIABLE = re.compile("KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
_LOGIN = re.compile(r"(?<=://)(?:[^\s/?#]+|[^\s/@:]*:\S+)@")


def redacted(text: str, secrets: Collection[str] = ()) -> str:
    """Return a text on one line with single spaces, in which secrets, and logins in addresses, are
    ``***``.

    Args:
        text: The foreign text.
        secrets: Values to replace, in addition to those of environment variables whose names
            contain KEY, TOKEN, SECRET or PASSWORD. Shorter values than `MIN_SECRET_LENGTH` stay.
    """
    return " ".join(without_secrets(text, secrets).split())


def without_secrets(text: str, secrets: Collection[str] = ()) -> str:
    """Return a text in which secrets, and logins in addresses (``://user:password@``), are ``***``.

    Args:
        text: The foreign text.
        secrets: Values to replace, in addition to those of environment variables whose names
            contain KEY, TOKEN, SECRET or PASSWORD. Shorter values than `MIN_SECRET_LENGTH` stay.
    """
    values = {value for name, value in os.environ.items() if _SECRET_VARIABLE.search(name)}
    # The longest first, because a secret may begin with another.
    for value in sorted({*values, *secrets}, key=len, reverse=True):
        if len(value) >= MIN_SECRET_LENGTH:
            text = text.replace(value, "***")
    return _LOGIN.sub("***@", text)


def without_control_characters(text: str) -> str:
    """Return a text in which control characters, other than line feeds and tabs, are U+FFFD."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def json_line(value: object, out: TextIO) -> str:
    """Return a value as one line of JSON; in ASCII when it goes to a terminal.

    A model's words may hold control characters and marks that change the direction of writing,
    which a terminal would obey.

    Args:
        value: The value; objects without a JSON form become texts.
        out: The stream that the line is written to later.
    """
    if not out.isatty():
        return json.dumps(value, ensure_ascii=False, default=str)
    return json.dumps(value, ensure_ascii=True, default=str).replace("\x7f", "\\u007f")


def shortened(text: str) -> str:
    """Return the first `MAX_REASON_LENGTH` characters of a text."""
    return text[:MAX_REASON_LENGTH]


def safe_str(thing: object) -> str:
    """Return ``str(thing)``; an empty string where that raises, because it is foreign code."""
    try:
        return str(thing)
    except BaseException:  # even an attempt to exit
        return ""


def one_line(error: BaseException) -> str:
    """Return the class of an error and its redacted text, such as ``OSError: no list``; the text is
    cut to `MAX_REASON_LENGTH` and loses a full stop at its end. The class alone for an error
    without text.
    """
    kind = type(error).__name__
    words = shortened(redacted(safe_str(error))).rstrip(".")
    return f"{kind}: {words}" if words else kind


Secret = SecretStr
"""A value that is not shown in messages, logs and reprs."""
MAX_SECRET_BYTES = 2**16
"""The longest file of a secret, in bytes."""


def secret_fields(settings: type[BaseModel]) -> list[str]:
    """Return the names of the fields that are secrets, in the order of the settings class."""
    return [
        name
        for name, field in settings.model_fields.items()
        if SecretStr in (field.annotation, *get_args(field.annotation))
    ]


def default_variable(settings: type[BaseModel], name: str) -> str:
    """Return the environment variable that a secret is read from by default; empty without one."""
    extra = settings.model_fields[name].json_schema_extra
    return str(extra.get("env", "")) if isinstance(extra, dict) else ""


def known_keys(settings: type[BaseModel]) -> Iterator[str]:
    """Yield the keys that a table may have, in the order of the settings class. For a secret these
    are ``NAME_env`` and ``NAME_file``; for a field with an alias, the alias.
    """
    secrets = set(secret_fields(settings))
    for name, field in settings.model_fields.items():
        if name in secrets:
            yield from (f"{name}_env", f"{name}_file")
        else:
            yield field.alias or name


def secrets_of(settings: BaseModel) -> Iterator[str]:
    """Yield the values of all secrets in settings, including nested tables."""
    for _, value in settings:
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, BaseModel):
            yield from secrets_of(value)


def read_secret(
    settings: type[BaseModel], name: str, table: dict[str, Any], folder: Path
) -> SecretStr | None:
    """Return a secret from its file (``KEY_file``), else from its environment variable
    (``KEY_env``); remove both keys from the table. None without a file if the variable is unset or
    blank.

    Args:
        settings: The settings class.
        name: The field of the secret.
        table: The table, which is changed.
        folder: The folder at which a relative path of the file starts.

    Raises:
        ValueError: with the problem, as words after the key: the name of the variable or file is
            empty or no name, or the file cannot be read. Messages do not contain the secret.
    """
    variable = table.pop(f"{name}_env", default_variable(settings, name))
    file = table.pop(f"{name}_file", None)
    if not isinstance(variable, str) or (not variable and default_variable(settings, name)):
        raise ValueError(f"has no variable; write a variable's name, in quotes, as {name}_env")
    if variable and not re.fullmatch(r"[A-Za-z_]\w*", variable, re.ASCII):
        raise ValueError(
            f"must not be in the file, and {name}_env is no name of a variable, such as ACME_KEY"
        )
    if file is not None:
        if not isinstance(file, str) or not file.strip():
            raise ValueError(f"has no file; write a file's name, in quotes, as {name}_file")
        try:
            return SecretStr(_secret_in_file(located(file, folder)))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ValueError(
                f"cannot be read from {name}_file ({reason}); correct its path or rights"
            ) from None
    value = os.environ.get(variable, "").strip() if variable else ""
    return SecretStr(value) if value else None


def located(path: str, folder: Path) -> Path:
    """Return a path of the configuration, with ``~`` expanded and joined to a folder.

    Raises:
        ValueError: when it begins with the home folder of a user who does not exist.
    """
    try:
        return folder / Path(path).expanduser()
    except RuntimeError:
        raise ValueError("there is no such home folder") from None


def _secret_in_file(file: Path) -> str:
    """Return the secret in a file, without white space around it.

    At most `MAX_SECRET_BYTES` are read, and only of a regular file: a pipe or a device may never
    end, or never begin.
    """
    if not stat.S_ISREG(file.stat().st_mode) and not file.is_dir():
        raise ValueError("it is a device or a pipe, and no file")
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
