"""Output of plugins: what they print goes to stderr, redacted, printable and bounded in size.

Stdout belongs to the result of a command. What a plugin's extension module writes to file
descriptor 1 itself is not caught in this process.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from contextvars import ContextVar
from threading import Thread, current_thread
from time import monotonic
from typing import Any, TextIO, cast

from overheard.config.redaction import without_control_characters, without_secrets

MAX_OUTPUT_CHARACTERS = 20_000
"""Characters that all plugins together may write within `OUTPUT_PERIOD_S`; the rest is dropped."""
OUTPUT_PERIOD_S = 3600.0

_STREAMS: deque[tuple[TextIO, TextIO]] = deque(maxlen=100)
"""Streams that were replaced. They must outlive a thread of a plugin that is within ``print``,
which does not keep its stream alive (CPython before 3.14) and would crash the process."""
_IN_PLUGIN: ContextVar[bool] = ContextVar("in_plugin", default=False)


@contextmanager
def plugin_code() -> Iterator[None]:
    """Mark all code that runs in this task or thread within the block as code of a plugin."""
    token = _IN_PLUGIN.set(True)
    try:
        yield
    finally:
        _IN_PLUGIN.reset(token)


@contextmanager
def separated_output() -> Iterator[None]:
    """Send the output of plugins to stderr within the block, apart from the output of Overheard."""
    stdout, stderr = _separated()
    with redirect_stdout(stdout), redirect_stderr(stderr):
        yield


def separate_output() -> None:
    """Send the output of plugins, also of their threads, to stderr until the process ends."""
    sys.stdout, sys.stderr = _separated()


def _separated() -> tuple[TextIO, TextIO]:
    """Return streams in place of stdout and stderr; both pass the output of plugins on to
    stderr.

    The present streams are returned if they do that already, and the last such streams if a plugin
    has set stdout or stderr to None. New streams are kept alive in `_STREAMS`.
    """
    if _STREAMS and (sys.stdout is None or sys.stderr is None):
        return _STREAMS[-1]
    present = sys.stdout, sys.stderr
    if all(isinstance(stream, _Separated) for stream in present):
        return present
    plugin_output = PluginOutput(sys.stderr)
    separated = (
        _Separated(sys.stdout, plugin_output, current_thread()),
        _Separated(sys.stderr, plugin_output),
    )
    streams = cast("tuple[TextIO, TextIO]", separated)
    _STREAMS.append(streams)
    return streams


class _Separated:
    """A stream for Overheard's own output, which passes the output of plugins on to another stream.

    Args:
        thread: The only thread of Overheard that writes here, if that is known; any other thread
            is then one of a plugin.
    """

    def __init__(self, core: TextIO, plugins: PluginOutput, thread: Thread | None = None) -> None:
        self._core = core
        self._plugins = plugins
        self._thread = thread

    def __getattr__(self, name: str) -> Any:
        foreign = self._thread is not None and current_thread() is not self._thread
        return getattr(self._plugins if foreign or _IN_PLUGIN.get() else self._core, name)


class PluginOutput:
    """A text stream for the output of plugins, redacted and limited.

    Args:
        stderr: The stream that receives the text.
        secrets: Values to remove, in addition to those of the environment.
    """

    def __init__(self, stderr: TextIO, secrets: Collection[str] = ()) -> None:
        self._stderr = stderr
        self._secrets = secrets
        self._since = monotonic()
        self._left = MAX_OUTPUT_CHARACTERS

    def write(self, text: str) -> int:
        """Write a text without secrets and control characters, as far as the
        `MAX_OUTPUT_CHARACTERS` of this `OUTPUT_PERIOD_S` allow.

        The rest is dropped. The first text that exceeds the limit is followed by a line that says
        so.

        Returns:
            The length of the whole text, as streams do.
        """
        if monotonic() - self._since > OUTPUT_PERIOD_S:
            self._since, self._left = monotonic(), MAX_OUTPUT_CHARACTERS
        if self._left > 0:
            # Cut late, so that no secret is cut in two at the limit and shown by half.
            shown = without_secrets(text[: 2 * MAX_OUTPUT_CHARACTERS], self._secrets)
            self._stderr.write(without_control_characters(shown[: self._left]))
            self._left -= len(text)
            if self._left <= 0:
                limit = f"Plugins have written more than {MAX_OUTPUT_CHARACTERS:,} characters"
                self._stderr.write(f"\n{limit}; what they write in this hour is left out.\n")
        return len(text)

    def close(self) -> None:
        """Keep the stream open: other code writes to stderr too."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stderr, name)
