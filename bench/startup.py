"""How long the program takes to start, with many plugins installed.

Run it with ``uv run python bench/startup.py``. It installs small plugins (each a scorer in its own
distribution) into a new folder, starts the program again and again as its users do, and
prints the median of each figure: CPU seconds, which a busy machine changes less, and seconds by the
clock. The bot counts until its ``/ready`` says that all of it works.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

PLUGIN = """
from overheard import Metric, Scale, Score, Settings, hookimpl


class Table(Settings):
    weight: float = 1.0


class Scorer:
    name = "{name}"
    version = "1"
    metrics = (Metric("{name}", Scale.SHARE, "{name}"),)

    def __init__(self, table):
        self.table = table

    def score(self, reading):
        return [Score("{name}", 0.5)]


@hookimpl
def overheard_scorers(settings):
    yield Scorer(settings.one(Table, "{name}"))
"""
CONFIG = '[storage]\nurl = "sqlite:///store.db"\n[health]\nport = {port}\n'


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plugins", type=int, default=30, help="plugins that are installed")
    parser.add_argument("--times", type=int, default=7, help="starts of each kind")
    given = parser.parse_args()
    with TemporaryDirectory(prefix="overheard-startup-") as name:
        folder = Path(name)
        install(folder, given.plugins)
        port = free_port()
        (folder / "config.toml").write_text(CONFIG.format(port=port), encoding="utf-8")
        print(f"{given.plugins} plugins beside the built-in ones, median of {given.times} starts")
        print(f"{'':24}{'CPU s':>8}{'clock s':>9}")
        for words in ("--version", "--help", "help", "plugins", "run"):
            start(folder, words, port)  # compiles what is new
            took = [start(folder, words, port) for _ in range(given.times)]
            cpu, clock = (statistics.median(figures) for figures in zip(*took, strict=True))
            print(f"overheard {words:14}{cpu:8.2f}{clock:9.2f}")


def install(folder: Path, count: int) -> None:
    """Write `count` plugins into a folder as pip would install them."""
    for number in range(count):
        name = f"startup{number}"
        (folder / f"overheard_{name}.py").write_text(PLUGIN.format(name=name), encoding="utf-8")
        info = folder / f"overheard_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: overheard-{name}\nVersion: 1.0\n", encoding="utf-8")
        points = f"[overheard]\n{name} = overheard_{name}\n"
        (info / "entry_points.txt").write_text(points, encoding="utf-8")


def start(folder: Path, words: str, port: int) -> tuple[float, float]:
    """Run a command of the program, and return (CPU seconds, elapsed seconds).

    The bot (``run``) is stopped as soon as ``/ready`` reports that all its services work.
    """
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "overheard", *words.split()],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if words == "run":
        while process.poll() is None and not is_ready(port):
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        took = time.monotonic() - begun
    _, told = process.communicate()
    if words != "run":
        took = time.monotonic() - begun
    assert process.returncode == 0, told
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, took


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which code is compiled once, as installers do it."""
    given = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**given, "PYTHONPATH": str(folder), "PYTHONPYCACHEPREFIX": str(folder / "compiled")}


def is_ready(port: int) -> bool:
    """Return whether the bot says so."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/ready", timeout=1.0) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def free_port() -> int:
    """Return a port without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
