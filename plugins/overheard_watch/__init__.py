"""What changes at the models: daily questions, vendors' lists and public feeds."""

from __future__ import annotations

from collections.abc import Iterator

from overheard import CommandSpec, hookimpl
from overheard_watch.commands import WATCH_LIST, WATCH_RUN, WATCH_START, WATCH_STOP

__all__ = ["overheard_commands"]


@hookimpl
def overheard_commands() -> Iterator[CommandSpec]:
    """Yield the commands of this plugin."""
    yield from (WATCH_LIST, WATCH_START, WATCH_STOP, WATCH_RUN)
