"""Foreign text made safe to show: on one line, short, printable, and without secrets.

Callers are the log (``logs.py``), messages to people and what plugins print.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection
from typing import TextIO

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


def one_line(error: BaseException, secrets: Collection[str] = ()) -> str:
    """Return the class of an error and its redacted text, such as ``OSError: no list``; the text is
    cut to `MAX_REASON_LENGTH` and loses a full stop at its end. The class alone for an error
    without text.
    """
    kind = type(error).__name__
    words = shortened(redacted(safe_str(error), secrets)).rstrip(".")
    return f"{kind}: {words}" if words else kind
