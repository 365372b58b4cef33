"""What plugins print goes to stderr: stdout belongs to the command's result."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from typing import Any, TextIO, cast

_INSIDE: ContextVar[bool] = ContextVar("inside a plugin", default=False)


@contextmanager
def inside() -> Iterator[None]:
    """Say that a plugin's code runs in this task or thread while the block lasts."""
    token = _INSIDE.set(True)
    try:
        yield
    finally:
        _INSIDE.reset(token)


@contextmanager
def sorted_output() -> Iterator[None]:
    """Keep stdout from plugins while the block lasts; everybody else writes to it as ever."""
    with redirect_stdout(cast("TextIO", _Sorted(sys.stdout))):
        yield


class _Sorted:
    """Stdout for us, stderr for plugins."""

    def __init__(self, stdout: TextIO) -> None:
        self._stdout = stdout

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr if _INSIDE.get() else self._stdout, name)
