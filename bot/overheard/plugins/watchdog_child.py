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
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_QUIET_S = 0.3
"""Seconds of silence after which the list of calls is complete."""
_WAITING = ("selectors.py", "threading.py")
"""Where the main thread is while it waits, if only for Python's lock."""
_SAMPLE_S = 1.0
"""Seconds for which is measured which thread computes."""


class Watched(NamedTuple):
    """A plugin that is watched: what the paths of its code begin with, what sentences call it, and
    its version.
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


def leave_out(record: Path, plugin: str, version: str, problem: str) -> None:
    """Note that the next start leaves a plugin out; say so where it cannot be noted."""
    try:
        entry = {plugin: {"version": version, "problem": problem}}
        write_left_out(record, {**left_out(record), **entry})
    except OSError as error:
        _tell(f"That {plugin} is left out cannot be noted in {record} ({error.strerror}).")


def culprit(
    calls: str, main: int, plugins: Mapping[str, Watched], *, is_idle: bool = False
) -> tuple[str, str] | None:
    """Return the name of the plugin that holds up the program, and its place; None when it is none.

    In each thread the innermost call of a plugin or of Overheard counts. Other threads than the
    main one count only while that one waits, and only if they all belong to one plugin, because
    it is not known which of them computes. A debugger may hold up everything.

    Args:
        calls: The calls under way in each thread, as `faulthandler` writes them.
        main: The id of the main thread.
        is_idle: Whether others compute while the main thread waits, wherever that is.
    """
    threads = {
        int(thread, 16): re.findall(r'File "(.*)", line (\d+) in (.*)', lines)
        for thread, lines in re.findall(r"Thread (0x\w+)([^\0]*?)(?=\n\n|\nThread |\Z)", calls)
    }
    first = threads.pop(main, [])
    waits = is_idle or (bool(first) and os.path.basename(first[0][0]) in _WAITING)
    own = os.path.dirname(os.path.dirname(__file__)) + os.sep
    found: dict[str, str] = {}
    for frames in [first, *(threads.values() if waits else ())]:
        if any(os.path.basename(file) == "bdb.py" for file, _, _ in frames):
            return None
        for file, line, function in frames:
            base = os.path.basename(file)
            if file.startswith(own) or (frames is not first and base in _WAITING):
                break
            if name := next((one for one in plugins if file.startswith(plugins[one].code)), ""):
                found.setdefault(name, f"{base}:{line}, in {function}")
                break
        if found and frames is first:
            break
    return found.popitem() if len(found) == 1 else None


def computed(tasks: Path) -> dict[str, tuple[int, int]]:
    """Return for how long each thread of a process has computed and has waited for a processor, in
    nanoseconds, by the number of the thread; nothing where that is not known. A kernel that does
    not count the waiting counts the computing in ticks.

    Args:
        tasks: The folder with the threads of the process in ``/proc``.
    """
    found, tick_ns = {}, 10**9 // os.sysconf("SC_CLK_TCK")
    with contextlib.suppress(OSError):  # only Linux
        for thread in tasks.iterdir():
            with contextlib.suppress(OSError):  # the thread may have ended
                fields = (thread / "stat").read_bytes().rpartition(b")")[2].split()
                found[thread.name] = sum(map(int, fields[11:13])) * tick_ns, 0
                spent, waited, _ = map(int, (thread / "schedstat").read_bytes().split())
                if spent:
                    found[thread.name] = spent, waited
    return found


def _is_idle(process: int) -> bool:
    """Return whether another thread than the main one computes without an end, as seen in
    `_SAMPLE_S`: it waits for nothing but a processor, on a busy machine most of the time. A thread
    that sleeps for moments waits for a processor too, and hardly computes.
    """
    tasks = Path(f"/proc/{process}/task")
    before, began = computed(tasks), time.monotonic_ns()
    time.sleep(_SAMPLE_S)
    passed, own = time.monotonic_ns() - began, str(process)
    spent = {
        thread: (spent_ns - before[thread][0], waited - before[thread][1])
        for thread, (spent_ns, waited) in computed(tasks).items()
        if thread in before
    }
    least = max(spent.pop(own, (0, 0))[0], passed / 50)
    return any(c > least and c + waited > passed * 0.75 for c, waited in spent.values())


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
        end = time.monotonic() + end_s
        while calls and (more := _read(_QUIET_S)):
            calls = (calls + more).rpartition("\0")[2]
        if not calls:
            continue
        found = culprit(calls, main_thread, plugins, is_idle=_is_idle(parent))
        if found is None:
            continue
        name, place = found
        title, version = plugins[name].title, plugins[name].version
        _tell(f"{title} has held up everything else for {held_s:g} s, at {place}.")
        read = _read(0)
        while "\0" not in read and (left := end - time.monotonic()) > 0:
            read = _read(left)
        if "\0" in read:  # a sign of life
            continue
        problem = f"held up everything else for {held_s + end_s:g} s, at {place}"
        _tell(f"{title} {problem}. Overheard is ended; the next start leaves the plugin out.")
        leave_out(Path(record), name, version, problem)
        if os.getppid() == parent:
            os.kill(parent, signal.SIGKILL)
        return


def _tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    with contextlib.suppress(EOFError):
        main()
