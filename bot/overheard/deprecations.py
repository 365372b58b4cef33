"""What is no longer used, in one place: since when, what instead, and when its mention ends.

A name of the face that moved or was renamed keeps working, with a warning, until the release in
which it ends; a command that has left the program says where it went. A test fails in that release
until the entry is taken out.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deprecation:
    """A public name that will be removed, or a command that has left the program.

    Attributes:
        instead: The public name that replaces it, or what to run.
        since: The release of Overheard that first warned.
        ends: The release without the entry; at least two minor releases later.
    """

    instead: str
    since: str
    ends: str


DEPRECATIONS: Mapping[str, Deprecation] = {
    "Asker": Deprecation("JudgeClient", since="0.1", ends="0.3"),
    "BatchLook": Deprecation("BatchStatus", since="0.1", ends="0.3"),
    "Failing": Deprecation("FailureKind", since="0.1", ends="0.3"),
    "Topic": Deprecation("LandscapeTopic", since="0.1", ends="0.3"),
}
"""The deprecations by the public name that will be removed."""
COMMANDS: Mapping[str, Deprecation] = {
    "simulate": Deprecation(
        "in the folder bench of a clone, uv run python -m overheard_lab simulate",
        since="0.1",
        ends="0.3",
    ),
}
"""What to run in place of a command of the terminal that has left the program, by its name."""


def replacement(name: str) -> str:
    """Return the public name that replaces a deprecated one, and warn the module that uses it.

    Args:
        name: The deprecated name, such as ``Asker``.

    Raises:
        AttributeError: when the name is not deprecated.
    """
    if name not in DEPRECATIONS:
        raise AttributeError(f"module 'overheard' has no attribute '{name}'")
    old = DEPRECATIONS[name]
    warnings.warn(
        f"overheard.{name} ends in Overheard {old.ends}; use overheard.{old.instead}",
        DeprecationWarning,
        stacklevel=3,  # the importing module: `replacement` is called by the face's `__getattr__`
    )
    return old.instead
