"""Tests of the watchdog, with real processes that a plugin holds up."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

from kit.broken_plugins import COMMAND, OTHER, scorer
from kit.installing import Shelf
from kit.program import Program
from overheard.config.loader import parse_config
from overheard.errors import PluginFault
from overheard.plugins import Guard, load_plugins, loading, watchdog_child
from overheard.plugins.watchdog_child import Watched, computed, culprit, left_out, write_left_out

SLOW = "import re; re.match('(a+)+$', 'a' * 64 + 'b')"
PROGRAM = """
import sys
from overheard.plugins import watchdog
watchdog.HELD_S, watchdog.END_S, watchdog.BEAT_S = 1.0, 1.0, 0.2
from overheard.runtime import wiring
sys.argv[1:] = {words}
wiring.main()
"""
FEED = "\n\n        async def updates(self, since):\n            {body}"
THREAD = """
    import threading, time

    def call():
        time.sleep({wait})
        {body}

    threading.Thread(target=call, daemon=True).start()
"""
IN_C_CALL = """
import sys, threading, time
from pathlib import Path
from overheard.plugins import watchdog
watchdog.HELD_S, watchdog.END_S = 0.5, 1.0
seconds, folder, *names = sys.argv[1:]
sys.path.insert(0, folder)
for name in names:
    threading.Thread(target=__import__(name).go, daemon=True).start()
watched = {name: watchdog.Watched(f"{folder}/{name}.py", name, "1") for name in names}
watchdog.begin(watched, Path(folder, "left.json"))
watchdog.beat()
time.sleep(int(seconds))
"""


def install(folder: Path, code: str) -> None:
    """Install a plugin ``held`` and a configuration."""
    (folder / "overheard_held.py").write_text(dedent(code))
    info = folder / "overheard_held-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: overheard-held\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[overheard]\nheld = overheard_held\n")
    (folder / "config.toml").write_text("[health]\nport = 0\n")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the terminal with the installed plugin."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(words=list(words))],
        env={**os.environ, "PYTHONPATH": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


SLOWLY = pytest.mark.slow
HELD = {
    "import": (SLOW, ["plugins"]),
    "thread": (THREAD.format(body=SLOW, wait=2), ["run"]),
    "thread, at once": (THREAD.format(body=SLOW, wait=0.05), ["run"]),
    "command": (COMMAND.format(name="held go", body=SLOW), ["held", "go"]),
    "feed": (
        OTHER.format(name="held", body=FEED.format(body=SLOW), hook="overheard_update_feeds"),
        ["run"],
    ),
}


@pytest.mark.parametrize(
    "part", ["thread", *(pytest.param(p, marks=SLOWLY) for p in ("command", "import", "feed"))]
)
def test_a_plugin_that_holds_up_everything_is_named_ended_and_left_out(
    tmp_path: Path, part: str
) -> None:
    """A slow regular expression keeps Python's lock. The process is killed, which service managers
    answer with a start; that start says why the plugin is left out, until it is tried again.
    """
    code, words = HELD[part]
    install(tmp_path, code)
    held = run(tmp_path, *words)

    assert held.returncode == -signal.SIGKILL
    named = (
        "Plugin held (overheard-held 1.2) has held up everything else for 1 s, at overheard_held.py"
    )
    assert named in held.stderr
    assert "Overheard is ended; the next start leaves the plugin out." in held.stderr
    [listed] = [
        plugin
        for plugin in json.loads(run(tmp_path, "plugins", "--json").stdout)["plugins"]
        if plugin["name"] == "held"
    ]
    assert listed["problem"].startswith("is left out, because it held up everything else for 2 s")
    plugins = load_plugins(parse_config("", str(tmp_path / "config.toml")), [])
    assert plugins.resume("held") == ["The plugin held, with the next start of Overheard"]
    assert plugins.resume("held") == []


def test_admins_are_told_of_a_plugin_that_is_left_out_and_another_version_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update is the remedy."""
    shelf, file = Shelf(tmp_path, monkeypatch), str(tmp_path / "config.toml")
    (tmp_path / ".overheard-left-out.json").write_text(
        json.dumps({name: {"version": "1.2", "problem": "held up"} for name in ("old", "new")})
    )
    shelf.install("old", scorer("old", "return []"))
    shelf.install("new", scorer("new", "return []"), version="1.3")
    plugins = load_plugins(parse_config("", file))

    assert "new" in plugins.scorers
    assert "old" not in plugins.scorers
    notice = asyncio.run(plugins.notices.next())
    assert notice.text.startswith(
        "Plugin old (overheard-old 1.2): is left out, because it held up;"
    )


async def test_a_call_that_blocks_for_seconds_counts_as_late(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its results are used; the second one pauses the part."""
    monkeypatch.setattr("overheard.plugins.guard.LOOP_HELD_LIMIT_S", 0.05)
    guard = Guard("The feed dozing", 5)

    async def wait() -> str:
        await asyncio.sleep(0.1)  # which holds up nothing
        return "good"

    async def doze() -> str:
        time.sleep(0.06)  # noqa: ASYNC251 - as a plugin might
        return await wait()

    for work in (wait, doze, doze):
        assert await guard.call(work, 1.0) == "good"

    assert "The feed dozing held up everything else for 0 s" in caplog.messages[0]
    with pytest.raises(PluginFault, match="is paused"):
        await guard.call(doze, 1.0)


async def test_each_hold_up_of_a_part_that_is_never_paused_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As no pause will tell of it."""
    monkeypatch.setattr("overheard.plugins.guard.LOOP_HELD_LIMIT_S", 0.0)
    guard = Guard("The chat dozing", None)

    async def doze() -> None:
        time.sleep(0.01)  # noqa: ASYNC251 - as a plugin might

    for _ in range(3):
        await guard.call(doze, 1.0)

    assert sum("held up everything else" in message for message in caplog.messages) == 3


CALLS = """Timeout (0:00:05)!
Thread 0x00000000000000aa (most recent call first):
  File "/site/other.py", line 3 in wait
  File "/site/overheard_acme/__init__.py", line 7 in poll

Thread 0x00000000000000bb (most recent call first):
  File "{inner}", line 12 in select
  File "/usr/lib/python3.11/asyncio/base_events.py", line 1884 in _run_once
  File "/site/overheard_acme/chat.py", line 40 in run
"""
OWN = str(Path(culprit.__code__.co_filename).parents[1] / "reading" / "reader.py")


@pytest.mark.parametrize(
    ("inner", "place"),
    [
        ("/usr/lib/python3.11/re.py", "chat.py:40, in run"),
        (OWN, None),
        ("/usr/lib/python3.11/bdb.py", None),
        ("/usr/lib/python3.11/selectors.py", "chat.py:40, in run"),
    ],
)
def test_the_innermost_call_of_a_plugin_or_of_overheard_counts(
    inner: str, place: str | None
) -> None:
    """What Overheard does for a plugin is no fault of the plugin, and neither is a debugger."""
    plugins = {"acme": Watched("/site/overheard_acme", "Plugin acme", "1")}

    found = culprit(CALLS.format(inner=inner), 0xBB, plugins)
    assert (found and found[1]) == place


TWO = """Thread 0x00000000000000aa (most recent call first):
  File "/site/dozing.py", line 3 in go

Thread 0x00000000000000cc (most recent call first):
  File "{waits}", line 9 in go
  File "/site/busy.py", line 5 in go

Thread 0x00000000000000bb (most recent call first):
  File "/usr/lib/python3.11/socket.py", line 12 in recv
"""


@pytest.mark.parametrize(
    ("watched", "waits", "name"),
    [
        (("dozing", "busy"), "/site/busy.py", None),
        (("busy",), "/site/busy.py", "busy"),
        (("dozing", "busy"), "/usr/lib/python3.11/threading.py", "dozing"),
    ],
)
def test_of_threads_of_two_plugins_none_is_named(
    watched: tuple[str, ...], waits: str, name: str | None
) -> None:
    """It is not known which of them computes; a thread that waits for another does not."""
    plugins = {one: Watched(f"/site/{one}.py", one, "1") for one in watched}

    found = culprit(TWO.format(waits=waits), 0xBB, plugins, is_idle=True)
    assert (found and found[0]) == name


def test_while_the_main_thread_waits_for_another_that_thread_counts() -> None:
    """Where the main thread is does not tell, as when it waits for Python's lock."""
    plugins = {"other": Watched("/site/other.py", "Plugin other", "1")}
    calls = CALLS.format(inner=OWN)

    assert culprit(calls, 0xBB, plugins) is None
    assert culprit(calls, 0xBB, plugins, is_idle=True) == ("other", "other.py:3, in wait")


@pytest.mark.parametrize(
    ("threads", "named"),
    [(("dozing", "busy"), ""), (("dozing",), ""), (("busy",), "busy has held up everything")],
)
def test_a_thread_that_sleeps_is_not_named_while_the_main_one_is_in_a_call_of_c(
    tmp_path: Path, threads: tuple[str, ...], named: str
) -> None:
    """The one that computes is, if it is the only one of a plugin."""
    (tmp_path / "dozing.py").write_text(
        "import time\ndef go():\n    while True:\n        time.sleep(0.005)\n"
    )
    (tmp_path / "busy.py").write_text("def go():\n    while True:\n        pass\n")
    seconds = "40" if named else "3"  # a busy machine may give it little time
    words = [sys.executable, "-c", IN_C_CALL, seconds, str(tmp_path), *threads]
    held = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)

    assert held.stderr.startswith(named)
    assert bool(held.stderr) == bool(named)
    assert held.returncode == (-signal.SIGKILL if named else 0)


def test_a_thread_that_ends_hides_no_other_and_ticks_serve_where_waits_are_not_counted(
    tmp_path: Path,
) -> None:
    """A kernel may lack ``schedstat``, or write zeros into it."""
    tick_ns = 10**9 // os.sysconf("SC_CLK_TCK")
    stat = "1 (a) b) R " + "0 " * 10 + "3 4 0 0"
    threads = {
        "1": {"stat": stat, "schedstat": "70 20 5\n"},
        "2": {"stat": stat},
        "3": {},
        "4": {"stat": stat, "schedstat": "0 0 0\n"},
    }
    for thread, files in threads.items():
        (tmp_path / thread).mkdir()
        for file, text in files.items():
            (tmp_path / thread / file).write_text(text)

    assert computed(tmp_path) == {"1": (70, 20), "2": (7 * tick_ns, 0), "4": (7 * tick_ns, 0)}
    assert computed(tmp_path / "9") == {}


class Scripted:
    """The time of a process that watches, and what the program writes to it, by the second."""

    def __init__(self, writes: dict[float, str]) -> None:
        self.now = 0.0
        self._writes = writes

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return self.now

    def monotonic_ns(self) -> int:
        """Return the same in nanoseconds."""
        return int(self.now * 1e9)

    def sleep(self, seconds: float) -> None:
        """Let seconds pass."""
        self.now += seconds

    def read(self, seconds: float | None) -> str:
        """Return what is written within some seconds, or nothing."""
        if not self._writes and seconds is None:
            raise EOFError
        at = min(self._writes, default=float("inf"))
        if seconds is not None and at > self.now + seconds:
            self.now += seconds
            return ""
        self.now = max(self.now, at)
        return self._writes.pop(at)


@pytest.mark.parametrize(
    ("end_s", "writes", "ends"),
    [
        (5.0, {}, [10.0]),
        (5.0, {9.9: "\0"}, []),
        (1.0, {}, [6.3]),  # no sooner than it is known that a plugin is in the way
        (1.0, {5.5: "\0"}, []),
    ],
)
def test_a_program_is_ended_when_it_says_without_a_sign_of_life_before(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    end_s: float,
    writes: dict[float, str],
    ends: list[float],
) -> None:
    """The time counts from the list of calls; to look which thread computes is within it."""
    script = Scripted({5.0: CALLS.format(inner="/usr/lib/python3.11/selectors.py"), **writes})
    killed: list[float] = []
    plugins = {"acme": Watched("/site/overheard_acme", "Plugin acme", "1")}
    words = json.dumps([0xBB, str(tmp_path / "left.json"), plugins, 5.0, end_s])
    monkeypatch.setattr(sys, "argv", ["", words])
    monkeypatch.setattr(watchdog_child, "time", script)
    monkeypatch.setattr(watchdog_child, "_read", script.read)
    monkeypatch.setattr("os.kill", lambda *_: killed.append(script.now))
    with contextlib.suppress(EOFError):
        watchdog_child.main()

    assert killed == pytest.approx(ends)


@pytest.mark.slow
def test_a_thread_that_computes_is_named_on_a_busy_machine_too(tmp_path: Path) -> None:
    """It has a tenth of a processor, and waits for it the rest of the time."""
    (tmp_path / "busy.py").write_text("def go():\n    while True:\n        pass\n")
    pin = f"import os; os.sched_setaffinity(0, {{{min(os.sched_getaffinity(0))}}})"
    hogs = [subprocess.Popen([sys.executable, "-c", f"{pin}\nwhile True: pass"]) for _ in range(9)]
    try:
        words = [sys.executable, "-c", f"{pin}\n{IN_C_CALL}", "40", str(tmp_path), "busy"]
        held = subprocess.run(words, capture_output=True, text=True, check=False, timeout=90)
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()

    assert held.stderr.startswith("busy has held up everything")
    assert held.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("url", "writable", "expected"),
    [
        ("sqlite:///{folder}/data/store.db", ("data",), "data"),
        ("sqlite:///{folder}/data/new/er/store.db", ("data",), "data/new/er"),
        ("postgresql://bot@db.example.com/bot", ("etc", "temporary"), "etc"),
        ("postgresql://bot@db.example.com/bot", ("temporary",), "temporary/overheard-*"),
    ],
)
def test_the_record_is_where_the_process_may_write(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    writable: tuple[str, ...],
    expected: str,
) -> None:
    """Beside the store, not in the folder of a configuration that is read-only."""
    places = {name: tmp_path / name for name in ("data", "etc", "temporary")}
    for place in places.values():
        place.mkdir()
    allowed = {places[name] for name in writable}
    monkeypatch.setattr("os.access", lambda folder, _: Path(folder) in allowed)
    monkeypatch.setattr(loading, "gettempdir", lambda: str(places["temporary"]))
    storage = f'[storage]\nurl = "{url.format(folder=tmp_path)}"\n'
    plugins = load_plugins(parse_config(storage, str(places["etc"] / "config.toml")), [])

    folder = plugins.left_out.parent
    assert folder.match(f"{tmp_path}/{expected}")
    write_left_out(plugins.left_out, {"acme": {}})
    assert list(left_out(plugins.left_out)) == ["acme"]
    assert "temporary" not in expected or folder.stat().st_mode & 0o777 == 0o700


def test_the_temporary_record_is_of_one_configuration_and_one_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of another user, who might name plugins there, is not used."""
    monkeypatch.setattr("os.access", lambda _, __: False)
    monkeypatch.setattr(loading, "gettempdir", lambda: str(tmp_path))
    configs = [parse_config("", f"/etc/{name}/config.toml") for name in ("one", "two")]
    own = [load_plugins(config, []).left_out.parent for config in configs]
    me = os.getuid()
    monkeypatch.setattr("os.getuid", lambda: me + 1)

    assert len({folder.name for folder in own if folder.parent == tmp_path}) == 2
    assert load_plugins(configs[0], []).left_out.parent == Path("/etc/one")


def test_to_try_a_plugin_again_is_noted(tmp_path: Path) -> None:
    """Who did it is in the audit log, also from the terminal."""
    program = Program(tmp_path, f'[storage]\nurl = "sqlite:///{tmp_path}/store.db"\n')
    program.run("plugins", "resume", "openai")
    out, _ = program.run("audit", "--json")

    assert [one["words"] for one in json.loads(out)["entries"]] == ["plugins resume openai"]
