"""A plugin's words: on one line, cut, and without secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Collection

ASK = "ask its author, or remove it"
"""The remedy for what only somebody else can mend."""
REPORT = "report it to the authors of Overheard"
"""The remedy for what is wrong with a built-in plugin."""
LONGEST_REASON = 300

SHORTEST_SECRET = 8
"""Characters; a shorter value is too likely to be an ordinary word."""

_SECRET_VARIABLE = re.compile("KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
_LOGIN = re.compile(r"(?<=://)(?:[^\s/?#]+|[^\s/@:]*:\S+)@")


def remedy_of(part: object) -> str:
    """Return what to do about a fault of somebody who was registered, and with whom to speak."""
    return str(getattr(part, "remedy", REPORT))


def source_of(distribution: str, version: str) -> str:
    """Return what a plugin was installed with and its version, as people are told of it."""
    return f"{distribution} {version}".strip()


def one_line(error: BaseException, secrets: Collection[str] = ()) -> str:
    """Return what an error is and says."""
    kind = type(error).__name__
    words = cut(redacted(said(error), secrets)).rstrip(".")
    return f"{kind}: {words}" if words else kind


def said(thing: object) -> str:
    """Return a plugin's object as text; an empty one where it cannot even be told."""
    try:
        return str(thing)
    except BaseException:  # the plugin's own code, which may try to exit
        return ""


def cut(words: str) -> str:
    """Return words, no longer than anybody wants to read."""
    return words[:LONGEST_REASON]


def redacted(text: str, secrets: Collection[str] = ()) -> str:
    """Return a plugin's words on one line, without secrets of the environment and logins.

    Args:
        text: What it says.
        secrets: Those of its own settings, wherever they were read from.
    """
    values = {value for name, value in os.environ.items() if _SECRET_VARIABLE.search(name)}
    for value in sorted({*values, *secrets}, key=len, reverse=True):  # one may begin with another
        if len(value) >= SHORTEST_SECRET:
            text = text.replace(value, "***")
    return " ".join(_LOGIN.sub("***@", text).split())
