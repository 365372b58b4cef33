"""How long the bot takes to end after SIGTERM.

    uv run python bench/stopping.py              10 times idle, and 10 times in the midst of a check

A check is begun and killed; the bot takes it up, is sent SIGTERM while a service on loopback
answers its questions, and must end within two seconds. What was answered by then is kept: in the
end the check is complete, and nothing was asked twice beyond the calls that were under way.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from endpoint import calls, endpoint
from startup import free_port, is_ready

BAR = 2.0
"""Seconds within which it has to end."""
QUESTIONS = 1_000
AT_ONCE = 20
LATENCY = 0.2
CONFIG = """
[storage]
url = "sqlite:///store.db"
[health]
port = {port}
[providers.svc]
plugin = "compatible"
base_url = "{url}"
models = ["m-1"]
prices."m-1" = {{ input = 1, output = 2 }}
concurrency = {at_once}
[[brands]]
name = "Brand 3"
"""
PROGRAM = (sys.executable, "-m", "overheard")


def stopped(*, busy: bool) -> float:
    """Return the seconds from SIGTERM to the end of a bot that is idle, or asks questions."""
    with TemporaryDirectory(prefix="overheard-stopping-") as name, endpoint(LATENCY) as url:
        folder, port = Path(name), free_port()
        text = CONFIG.format(port=port, url=url, at_once=AT_ONCE)
        prompts = (
            f'[[prompts]]\ntext = "Which tool suits {n} people?"\n' for n in range(QUESTIONS)
        )
        (folder / "config.toml").write_text(text + "".join(prompts), encoding="utf-8")
        if busy:
            check = _start(folder, "check", "--yes")
            _await(lambda: bool(calls(url)))
            check.kill()
            check.wait()
        begun = sum(calls(url).values())
        bot = _start(folder, "run")
        _await(lambda: is_ready(port))
        if busy:
            _await(lambda: sum(calls(url).values()) > begun + AT_ONCE)
        told = time.monotonic()
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(60) == 0
        took = time.monotonic() - told
        if busy:
            assert _start(folder, "check", "--yes").wait(120) == 0
            asked = calls(url)
            assert len(asked) == QUESTIONS
            assert sum(asked.values()) <= QUESTIONS + 2 * AT_ONCE
        return took


def _start(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own program
        [*PROGRAM, *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _await(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "nothing happens"
        time.sleep(0.02)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="of each kind")
    given = parser.parse_args()
    slowest = 0.0
    for busy in (False, True):
        took = [stopped(busy=busy) for _ in range(given.times)]
        slowest = max(slowest, *took)
        where = "in the midst of a check" if busy else "idle"
        print(f"{where:26}median {median(took):.2f} s, at most {max(took):.2f} s", flush=True)
    print(f"bar: {BAR} s")
    sys.exit(slowest > BAR)


if __name__ == "__main__":
    main()
