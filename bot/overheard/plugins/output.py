"""What plugins print and log goes to stderr, and not without end: stdout belongs to the command's
result.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from contextvars import ContextVar
from threading import Thread, current_thread
from time import monotonic
from typing import Any, TextIO, cast

from overheard.plugins.folder import go_home, keep_folder, kept_folder

MOST_CHARACTERS = 20_000
"""What all plugins together may write within `WHILE`; the rest is left out."""
WHILE = 3600.0
"""Seconds."""

_KEPT: deque[tuple[TextIO, TextIO]] = deque(maxlen=100)
"""Streams that stand no more: a thread of a plugin may be in the midst of a ``print``, which does
not hold on to its stream (CPython before 3.14), and the process would end with that.
"""
_INSIDE: ContextVar[bool] = ContextVar("inside a plugin", default=False)


@contextmanager
def inside() -> Iterator[None]:
    """Say that a plugin's code runs in this task or thread while the block lasts.

    Where it has changed the folder that the process works in, that is put back.
    """
    token = _INSIDE.set(True)
    try:
        yield
    finally:
        _INSIDE.reset(token)
        go_home()


@contextmanager
def sorted_output() -> Iterator[None]:
    """Keep stdout and the folder that the process works in from plugins while the block lasts, and
    floods of theirs from stderr; everybody else writes as ever.
    """
    stdout, stderr = _sorted()
    with kept_folder(), redirect_stdout(stdout), redirect_stderr(stderr):
        yield


def sort_output() -> None:
    """Do so to the end of the process: threads that plugins have begun print to the last."""
    sys.stdout, sys.stderr = _sorted()
    keep_folder()


def _sorted() -> tuple[TextIO, TextIO]:
    """Return the streams that stand for stdout and stderr; those that do so already stay."""
    if _KEPT and (sys.stdout is None or sys.stderr is None):  # a plugin has taken them away
        return _KEPT[-1]
    streams = sys.stdout, sys.stderr
    if not all(isinstance(stream, _Sorted) for stream in streams):
        theirs = _Bounded(sys.stderr)
        sorting = _Sorted(sys.stdout, theirs, current_thread()), _Sorted(sys.stderr, theirs)
        streams = cast("tuple[TextIO, TextIO]", sorting)
        _KEPT.append(streams)
    return streams


class _Sorted:
    """A stream for us, and another one for plugins.

    Args:
        ours: The stream.
        theirs: The other one.
        thread: The only one of ours that writes to it, where that is known: threads that plugins
            start themselves are not seen otherwise.
    """

    def __init__(self, ours: TextIO, theirs: _Bounded, thread: Thread | None = None) -> None:
        self._ours = ours
        self._theirs = theirs
        self._thread = thread

    def __getattr__(self, name: str) -> Any:
        foreign = self._thread is not None and current_thread() is not self._thread
        return getattr(self._theirs if foreign or _INSIDE.get() else self._ours, name)


class _Bounded:
    """Stderr for plugins, as long as they do not write too much."""

    def __init__(self, stderr: TextIO) -> None:
        self._stderr = stderr
        self._since = monotonic()
        self._left = MOST_CHARACTERS

    def write(self, text: str) -> int:
        """Write what is left to be written."""
        if monotonic() - self._since > WHILE:
            self._since, self._left = monotonic(), MOST_CHARACTERS
        if self._left > 0:
            self._stderr.write(text[: self._left])
            self._left -= len(text)
            if self._left <= 0:
                told = f"Plugins have written more than {MOST_CHARACTERS:,} characters"
                self._stderr.write(f"\n{told}; what they write in this hour is left out.\n")
        return len(text)

    def close(self) -> None:
        """Leave it open: it is everybody's."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stderr, name)
