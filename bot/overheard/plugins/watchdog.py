"""The watchdog: a process that names a plugin that holds up everything, and ends the program.

Code in C, such as a slow regular expression, keeps Python's lock: no thread of Python can name it.
A thread of C (`faulthandler`) can, and writes the calls under way to the process.
"""

import asyncio
import contextlib
import faulthandler
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from overheard.plugins import watchdog_child
from overheard.plugins.watchdog_child import Watched

HELD_S = 5.0
"""Seconds without a turn of the program after which a plugin is named."""
END_S = 5.0
"""Further seconds after which the program is ended."""
BEAT_S = 1.0
"""Seconds between two signs of life."""
LEFT_OUT = ".overheard-left-out.json"
"""The file with the plugins that the next start leaves out, in the folder of the SQLite store, else
of the configuration, or a temporary folder of the configuration's where it cannot be written.
"""

_processes: dict[str, subprocess.Popen[bytes]] = {}
"""The process that watches this one, by its arguments; at most one."""


def begin(plugins: Mapping[str, Watched], record: Path) -> None:
    """Start to watch these plugins, by name, unless they are watched already; `beat` has to be
    called all the time, until `rest`.

    Args:
        record: The file for the plugins that the next start leaves out.
    """
    main, file = threading.main_thread().ident, str(record.absolute())
    arguments = json.dumps([main, file, plugins, HELD_S, END_S])
    if arguments in _processes or not plugins:
        return
    for process in _processes.values():
        process.communicate()  # it ends when its input does
    _processes.clear()
    with contextlib.suppress(OSError):
        process = subprocess.Popen(  # noqa: S603 - no word of it comes from outside
            [sys.executable, "-I", "-S", watchdog_child.__file__, arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the program
        )
        os.set_blocking(process.stdin.fileno(), False)  # type: ignore[union-attr] # it has one
        _processes[arguments] = process


def beat() -> None:
    """Give a sign of life."""
    for process in _processes.values():
        with contextlib.suppress(OSError, ValueError):
            pipe = process.stdin.fileno()  # type: ignore[union-attr] # it has one
            os.write(pipe, b"\0")
            faulthandler.dump_traceback_later(HELD_S, repeat=True, file=pipe)


def rest() -> None:
    """Expect no sign of life until the next."""
    faulthandler.cancel_dump_traceback_later()


@contextlib.asynccontextmanager
async def watched_loop() -> AsyncIterator[None]:
    """Watch the event loop within the block, if a plugin is watched."""

    async def live() -> None:
        while True:
            beat()
            await asyncio.sleep(BEAT_S)

    beat()
    task = asyncio.create_task(live()) if _processes else None
    try:
        yield
    finally:
        if task:
            task.cancel()
            rest()
