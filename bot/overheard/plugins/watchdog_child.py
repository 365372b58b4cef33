"""The process of the watchdog: reads which calls the program is in, and ends it.

It is run as a file of its own, and imports little, so that it costs little.
"""

import contextlib
import json
import os
import re
import select
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_QUIET_S = 0.3
"""Seconds of silence after which the list of calls is complete."""
_WAITING = ("selectors.py", "threading.py")
"""Where the main thread is while it waits, if only for Python's lock."""


class Watched(NamedTuple):
    """A plugin that is watched: the file or folder of its code, what sentences call it, and its
    version.
    """

    code: str
    title: str
    version: str


def left_out(record: Path) -> Mapping[str, Mapping[str, str]]:
    """Return the version and the problem of each plugin that is left out, by name."""
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(record.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def write_left_out(record: Path, plugins: Mapping[str, Mapping[str, str]]) -> None:
    """Replace the plugins that are left out.

    Raises:
        OSError: when the file cannot be written.
    """
    record.parent.mkdir(parents=True, exist_ok=True)
    new = record.with_suffix(".new")
    new.write_text(json.dumps(plugins), encoding="utf-8")
    new.replace(record)


def culprit(calls: str, main: int, plugins: Mapping[str, Watched]) -> tuple[str, str] | None:
    """Return the name of the plugin that holds up the program, and its place; None when it is none.

    In each thread the innermost call of a plugin or of Overheard counts. Other threads than the
    main one count only while that one waits. A debugger may hold up everything.

    Args:
        calls: The calls under way in each thread, as `faulthandler` writes them.
        main: The id of the main thread.
    """
    threads = {
        int(thread, 16): re.findall(r'File "(.*)", line (\d+) in (.*)', lines)
        for thread, lines in re.findall(r"Thread (0x\w+)([^\0]*?)(?=\n\n|\nThread |\Z)", calls)
    }
    first = threads.pop(main, [])
    waits = bool(first) and os.path.basename(first[0][0]) in _WAITING
    own = os.path.dirname(os.path.dirname(__file__)) + os.sep
    for frames in [first, *(threads.values() if waits else ())]:
        if any(os.path.basename(file) == "bdb.py" for file, _, _ in frames):
            return None
        for file, line, function in frames:
            if file.startswith(own):
                break
            for name, plugin in plugins.items():
                if file == plugin.code or file.startswith(plugin.code + os.sep):
                    return name, f"{os.path.basename(file)}:{line}, in {function}"
    return None


def _read(seconds: float | None) -> str:
    """Return what the program writes within some seconds, or nothing."""
    if not select.select([0], [], [], seconds)[0]:
        return ""
    if not (read := os.read(0, 2**16)):
        raise EOFError
    return read.decode("ascii", "replace")


def main() -> None:
    """Watch the parent process until it ends: name a plugin that holds it up, and kill it, so that
    the service manager starts it again without the plugin.
    """
    main_thread, record, given, held_s, end_s = json.loads(sys.argv[1])
    plugins = {name: Watched(*plugin) for name, plugin in given.items()}
    parent = os.getppid()
    while True:
        calls = _read(None).rpartition("\0")[2]
        while calls and (more := _read(_QUIET_S)):
            calls = (calls + more).rpartition("\0")[2]
        found = culprit(calls, main_thread, plugins)
        if found is None:
            continue
        name, place = found
        title, version = plugins[name].title, plugins[name].version
        _tell(f"{title} has held up everything else for {held_s:g} s, at {place}.")
        if _read(end_s):  # a sign of life
            continue
        problem = f"held up everything else for {held_s + end_s:g} s, at {place}"
        _tell(f"{title} {problem}. Overheard is ended; the next start leaves the plugin out.")
        try:
            known = {**left_out(Path(record)), name: {"version": version, "problem": problem}}
            write_left_out(Path(record), known)
        except OSError as error:
            _tell(f"That cannot be noted in {record} ({error.strerror}).")
        if os.getppid() == parent:
            os.kill(parent, signal.SIGKILL)
        return


def _tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    with contextlib.suppress(EOFError):
        main()
