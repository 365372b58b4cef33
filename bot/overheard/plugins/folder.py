"""The folder that the process works in: paths of ours begin there, whatever plugins make of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_HOMES: list[str] = []
"""Ours, once for each block that keeps it; empty where nobody does."""


@contextmanager
def kept_folder() -> Iterator[None]:
    """Keep the folder while the block lasts: it is put back at the end, and by `go_home`."""
    keep_folder()
    try:
        yield
    finally:
        go_home()
        _HOMES.pop()


def keep_folder() -> None:
    """Do so to the end of the process."""
    # Not what a plugin has made of it by now.
    _HOMES.append(_HOMES[-1] if _HOMES else _folder())


def go_home() -> None:
    """Put the folder back, if somebody keeps it and it was changed."""
    if _HOMES and _HOMES[-1] not in {"", _folder()}:
        with suppress(OSError):  # somebody removed it
            os.chdir(_HOMES[-1])


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # somebody removed it
        return ""
