"""Text that came from outside."""

from __future__ import annotations

import re

_UNWRITABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """Return a text as it can be kept: what no database takes becomes U+FFFD.

    That is NUL, which PostgreSQL refuses, and halves of surrogate pairs, which are not UTF-8.
    Whoever tells two texts apart compares what is kept, not what was sent.
    """
    return _UNWRITABLE.sub("\ufffd", text)
