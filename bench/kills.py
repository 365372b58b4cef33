"""What a check loses when its process is killed at a random instant.

    uv run python bench/kills.py                 50 kills of checks of 500 questions
    uv run python bench/kills.py --kills 5

Each time, a check begins in a new process, is killed with SIGKILL at a random instant, and is
resumed by the same command. A service on loopback counts how often each question was asked.
Every answer must be stored once and paid once; nothing may be asked twice beyond the calls that
were under way at the kill, which are counted here.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from endpoint import calls, endpoint

QUESTIONS = 500
AT_ONCE = 20
LATENCY = 0.05
SLOWER = 2.5
"""How much longer than the ideal a check may take, so that kills fall into all of it: a check
also stores, scores and detects shifts.
"""
CENTS = 20 * 1e-6 + 160 * 2e-6
"""What the service's answer costs at $1 and $2 a million tokens."""
CONFIG = """
[storage]
url = "sqlite:///{folder}/kills.db"
[providers.svc]
plugin = "compatible"
base_url = "{url}"
models = ["m-1"]
prices."m-1" = {{ input = 1, output = 2 }}
concurrency = {at_once}
[budget]
run = 100
[[brands]]
name = "Brand 3"
"""
PROGRAM = (sys.executable, "-m", "overheard")


@dataclass(frozen=True)
class Kill:
    """What one kill did.

    Attributes:
        after: Seconds after the first call at which the process was killed.
        kept: Answers that were in the store then.
        twice: Calls that were made again.
    """

    after: float
    kept: int
    twice: int


def killed(chance: random.Random) -> Kill:
    """Kill a check at a random instant, run it again, and assert that no answer is lost or doubled
    and no money is held.
    """
    with TemporaryDirectory() as name, endpoint(LATENCY) as url:
        folder = Path(name)
        text = CONFIG.format(folder=name, url=url, at_once=AT_ONCE)
        text += "".join(
            f'[[prompts]]\ntext = "Which tool suits {n} people?"\n' for n in range(QUESTIONS)
        )
        (folder / "config.toml").write_text(text, encoding="utf-8")
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*PROGRAM, "check", "--yes"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not calls(url):
            assert process.poll() is None, "the check ended before it asked anything"
            time.sleep(0.01)
        after = chance.uniform(0, SLOWER * QUESTIONS / AT_ONCE * LATENCY)
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = _number(folder, "SELECT count(*) FROM answers")
        if _number(folder, "SELECT count(*) FROM runs WHERE state = 'running'"):
            card = _check(folder)
            assert card["state"] == "complete", card
        # Otherwise the check had ended before the kill; another one would ask all again.
        asked = calls(url)
        twice = sum(asked.values()) - QUESTIONS
        assert len(asked) == QUESTIONS, "a question was not asked"
        assert twice <= AT_ONCE, f"{twice} were asked twice"
        assert _number(folder, "SELECT count(*) FROM answers") == QUESTIONS
        assert _number(folder, "SELECT count(*) FROM runs WHERE state = 'complete'") == 1
        assert abs(_number(folder, "SELECT sum(usd) FROM spend") - QUESTIONS * CENTS) < 1e-9
        assert _number(folder, "SELECT count(*) FROM holds") == 0, "money is still held"
        return Kill(after, int(kept), twice)


def _check(folder: Path) -> dict[str, str]:
    """Run a check in a folder to its end, and return its card as JSON."""
    told = subprocess.run(  # noqa: S603 - our own program
        [*PROGRAM, "check", "--yes", "--json"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    card: dict[str, str] = json.loads(told.stdout.splitlines()[-1])
    return card


def _number(folder: Path, query: str) -> float:
    with sqlite3.connect(folder / "kills.db") as database:
        (number,) = database.execute(query).fetchone()
    return float(number or 0)


def main() -> None:
    """Run the kills, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    chance = random.Random(chosen.seed)
    kills = []
    for number in range(1, chosen.kills + 1):
        kill = killed(chance)
        kills.append(kill)
        print(
            f"{number:>3}: killed after {kill.after:.2f} s with {kill.kept} of {QUESTIONS} answers "
            f"kept; {kill.twice} calls that were under way were made again",
            flush=True,
        )
    print(
        f"\n{len(kills)} kills of checks of {QUESTIONS} questions, {AT_ONCE} at a time: every "
        f"answer is stored and paid once; "
        f"at most {max(k.twice for k in kills)} calls were made twice."
    )


if __name__ == "__main__":
    main()
