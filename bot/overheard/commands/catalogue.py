"""What the commands that change the catalogue have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from overheard.deployment import Deployment
from overheard.errors import ChangeNeedsYes, ReadOnly

Value = TypeVar("Value", str, tuple[str, ...])

EMPTY = "-"
"""What people write to empty something."""

FILE, CHAT = "configuration", "people"
"""Where something comes from: it is declared, or somebody added it."""


def changed(before: str, given: str | None) -> str:
    """Return a text as it is to be: as before when nothing is given, empty for ``-``."""
    if given is None:
        return before
    return "" if given.strip() == EMPTY else given.strip()


def changed_list(before: Sequence[str], given: Sequence[str]) -> tuple[str, ...]:
    """Return a list as it is to be: as before when nothing is given, empty for ``-``."""
    if not given:
        return tuple(before)
    return tuple(dict.fromkeys(one.strip() for one in given if one.strip() not in {"", EMPTY}))


def require_yes(change: str, *, agreed: bool) -> None:
    """Ask before something is taken away.

    Raises:
        ChangeNeedsYes: when nobody has agreed.
    """
    if not agreed:
        raise ChangeNeedsYes(change=change)


def require_own(deployment: Deployment, thing: str, *, declared: bool) -> None:
    """Refuse to change what the configuration declares.

    Raises:
        ReadOnly: when it does.
    """
    if declared:
        raise ReadOnly(thing=thing, file=deployment.config.file)
