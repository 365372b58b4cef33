"""Tests of the program that buys answers, and is killed at every step."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.collectors import ANSWERED, ENDLESS, BrightDataService, CollectorService, DataForSEOService
from kit.program import PROMPTS, Program, sentences
from kit.vendors import KEY, Call, Reaction
from overheard import Finish

QUESTIONS = PROMPTS[:4]
CONFIG = """
[storage]
url = "sqlite:///{folder}/store.db"

[providers.{vendor}]
base_url = "{url}"
models = ["chatgpt"]
settled_s = 0

[[brands]]
name = "Acme"
competitors = ["Zeta"]
"""
CHECK = """
from overheard.runs import batch_collection
batch_collection.BatchPolling.waits = lambda _: iter(lambda: 0.05, None)
from overheard.__main__ import main
import sys
sys.argv = ["overheard", "check", "--yes"]
main()
"""
TOLD = """
from overheard.runs import batch_collection
batch_collection.BatchPolling.__init__.__defaults__ = (0.05, 0.05, 9.0, 9.0, 0.0)
"""
RUN = """
from overheard.runtime import server
server.LATE_INTERVAL_S = 0.2
from overheard.__main__ import main
import sys
sys.argv = ["overheard", "run"]
main()
"""
VENDORS: dict[str, tuple[type[CollectorService], float]] = {
    "dataforseo": (DataForSEOService, 0.0012),
    "brightdata": (BrightDataService, 0.0015),
}
PATIENCE_S = 60.0


class Killer:
    """Kills the process that calls a service, when a call is of some kind.

    Attributes:
        process: The process.
        when: Whether a call is one at which the process is killed.
        kills: How often that happened.
    """

    def __init__(self, service: CollectorService) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.when: Callable[[Call], bool] = lambda _: False
        self.kills = 0
        react = service.react

        def reacting(call: Call) -> Reaction:
            reaction = react(call)
            if self.when(call):
                self.kill()
            return reaction

        service.react = reacting  # type: ignore[method-assign]

    def kill(self) -> None:
        """Kill the process, if it has not ended."""
        self.when = lambda _: False
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.kills += 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("vendor", "checks"),
    [("dataforseo", 2), pytest.param("dataforseo", 10, marks=pytest.mark.long), ("brightdata", 1)],
)
def test_a_program_that_is_killed_buys_nothing_twice_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vendor: str, checks: int
) -> None:
    """Four times in each check: while the response to the purchase is under way, at the first look
    at the order, and at two moments by chance; what is booked is what is billed.
    """
    monkeypatch.setenv(f"{vendor.upper()}_API_KEY", KEY)
    kind, price = VENDORS[vendor]
    chance = random.Random(7)  # noqa: S311 - no secret
    with kind(price).running() as service:
        service.latency_s = lambda _: chance.uniform(0.0, 0.6)
        prompts = "".join(f'[[prompts]]\ntext = "{text}"\n' for text in QUESTIONS)
        config = CONFIG.format(folder=tmp_path, vendor=vendor, url=service.url) + prompts
        program, killer = Program(tmp_path, config), Killer(service)

        def check(when: Callable[[Call], bool], after_s: float | None = None) -> int:
            killer.process = program.python(CHECK)
            killer.when = when
            if after_s is not None:
                time.sleep(after_s)
                killer.kill()
            _, error = killer.process.communicate(timeout=PATIENCE_S)
            assert killer.process.returncode in {0, -signal.SIGKILL}, error
            return killer.process.returncode

        for _ in range(checks):
            check(lambda call: call.method == "POST" and "list" not in call.path)
            check(lambda call: call.method == "GET")
            check(lambda _: False, chance.uniform(0.8, 1.6))
            check(lambda _: False, chance.uniform(0.8, 1.6))
            assert check(lambda _: False) == 0

        assert killer.kills >= 2 * checks
        answers = program.lines("export", "answers")
        assert {answer["finish"] for answer in answers} == {Finish.COMPLETE}
        assert len(service.tasks) == len(answers)
        assert len({task.key for task in service.tasks}) == len(service.tasks)
        spent = program.json("spend")["spent_usd"]
        assert spent == pytest.approx(service.bill)


@pytest.mark.slow
def test_a_running_bot_adds_answers_that_come_after_the_check_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are scored, and the check is complete."""
    monkeypatch.setenv("DATAFORSEO_API_KEY", KEY)
    with DataForSEOService(0.0012).running() as service:
        fates = dict.fromkeys(QUESTIONS[:2], ENDLESS)
        service.fate = lambda prompt: fates.get(prompt, ANSWERED)
        prompts = "".join(f'[[prompts]]\ntext = "{text}"\n' for text in QUESTIONS)
        schedule = '[[schedules]]\nname = "yearly"\ncron = "0 7 1 1 *"\n[health]\nport = 0\n'
        config = CONFIG.format(folder=tmp_path, vendor="dataforseo", url=service.url)
        program = Program(tmp_path, config + prompts + schedule)
        checking = program.python(TOLD + CHECK)
        told, error = checking.communicate(timeout=PATIENCE_S)
        assert checking.returncode == 3, error  # some answers are missing
        assert "2 bought answers are not there yet, and will be added." in sentences(told)
        for task in service.tasks:
            task.fate = ANSWERED

        running = program.python(RUN)
        end = time.monotonic() + PATIENCE_S
        while len(program.lines("export", "answers")) < len(QUESTIONS):
            assert time.monotonic() < end, "they were never added"
            time.sleep(0.2)
        while program.json("runs", "list")["runs"][0]["state"] != "complete":
            assert time.monotonic() < end, "the run never ended"
            time.sleep(0.2)
        running.terminate()
        _, error = running.communicate(timeout=PATIENCE_S)
        assert running.returncode == 0, error
        assert "Traceback" not in error

        assert len(service.tasks) == len(QUESTIONS)
        assert program.json("spend")["spent_usd"] == pytest.approx(service.bill)
        scored = [(line["metric"], line["brand"]) for line in program.lines("export", "scores")]
        assert scored.count(("visibility", "Acme")) == len(QUESTIONS)
