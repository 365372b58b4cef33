"""What a chat leaves behind until somebody decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Waiting:
    """A command that waits for a yes.

    Attributes:
        token: The word that stands for it.
        command: Its name.
        options: By name: texts, numbers, truths, nothing, or tuples of them.
        platform: The chat of the person who wants it.
        person: The platform's id of that person.
        name: How people call them.
        channel: Where it was asked for, as ``platform:id``.
        until: When it is forgotten.
    """

    token: str
    command: str
    options: Mapping[str, Any] = field(hash=False)
    platform: str
    person: str
    name: str
    channel: str
    until: datetime
