"""`overheard run` as a process: it does what is due, ends at once, and goes on."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.loopback import ChatService
from kit.program import Program
from overheard.domain import RunState
from overheard_storage import open_store

PATIENCE = 60.0
"""Seconds that something may take on a machine that is busy with other tests."""


class Running:
    """A deployment that is started, asked and stopped.

    Attributes:
        port: Where it says how it is.
    """

    def __init__(self, program: Program, config: str) -> None:
        self._program = program
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        program.configure(config + f"\n[health]\nport = {self.port}\n")
        self.processes: list[subprocess.Popen[str]] = []

    def start(self) -> subprocess.Popen[str]:
        """Start a process, and do not wait."""
        process = self._program.start("run")
        self.processes.append(process)
        return process

    def ready(self) -> tuple[int, dict[str, Any]]:
        """Ask whether all of it works."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready") as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}

    @staticmethod
    def until(happened: Callable[[], object]) -> None:
        """Wait for something."""
        end = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < end, "it never happened"
            time.sleep(0.1)

    @staticmethod
    def stop(process: subprocess.Popen[str]) -> str:
        """End a process as a service manager does, and return its output."""
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        return err


@pytest.fixture
def running(program: Program, config: str) -> Iterator[Running]:
    """A deployment with a schedule."""
    schedule = '[[schedules]]\nname = "yearly"\ncron = "0 7 1 1 *"\n'
    deployment = Running(program, config + schedule)
    yield deployment
    for process in deployment.processes:
        process.kill()
        process.communicate()


def overdue(folder: Path, name: str = "yearly") -> None:
    """Make a schedule look as if the program had been down over its slot."""

    async def look_back() -> None:
        store = await open_store(f"sqlite:///{folder}/store.db")
        await store.schedules.state(name, datetime.now(UTC) - timedelta(days=366))
        await store.close()

    asyncio.run(look_back())


def states(folder: Path) -> list[tuple[str, RunState]]:
    """Return who asked for each run, and the run's state."""

    async def look() -> list[tuple[str, RunState]]:
        store = await open_store(f"sqlite:///{folder}/store.db")
        found = [(run.asked_by, run.state) for run in await store.runs.find()]
        await store.close()
        return found

    return asyncio.run(look())


def is_audited(folder: Path) -> bool:
    """Return whether a command has ended, and its outcome is stored."""
    with contextlib.closing(sqlite3.connect(folder / "store.db")) as connection:
        return connection.execute("SELECT 1 FROM audit").fetchone() is not None


@pytest.mark.long
def test_what_was_missed_is_made_up_for_once(
    running: Running, program: Program, service: ChatService
) -> None:
    """A slot that passed while nothing ran is carried out at the start, and not again."""
    overdue(program.folder)
    first = running.start()
    running.until(lambda: states(program.folder) == [("schedule yearly", RunState.COMPLETE)])
    running.until(lambda: is_audited(program.folder))
    running.stop(first)
    second = running.start()
    running.until(lambda: running.ready()[0] == 200)
    running.stop(second)

    assert len(service.calls) == 12
    [schedule] = program.json("schedules")["schedules"]
    assert (schedule["problem"], schedule["provisioned"]) == ("", True)
    [entry] = program.json("audit")["entries"]
    assert (entry["who"], entry["command"], entry["outcome"]) == (
        "schedule yearly",
        "check",
        "done",
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGTERM, marks=pytest.mark.long), signal.SIGKILL]
)
def test_a_check_that_was_cut_off_goes_on_with_the_next_start(
    running: Running, program: Program, service: ChatService, number: signal.Signals
) -> None:
    """Stopped or killed in the middle, it asks only what is missing; what was stopped may be
    billed.
    """
    overdue(program.folder)
    service.delay = 0.1
    first = running.start()
    running.until(lambda: len(service.calls) >= 2)
    service.delay = 20.0  # those that are under way are cut off
    running.until(lambda: len(service.calls) >= 4)
    os.kill(first.pid, number)
    first.communicate(timeout=PATIENCE)
    service.delay = 0.0
    second = running.start()
    running.until(lambda: states(program.folder) == [("schedule yearly", RunState.COMPLETE)])
    running.stop(second)

    asked = Counter(service.prompts())
    under_way = 2
    assert len(asked) == 12
    assert sum(asked.values()) <= 12 + under_way
    spend = program.json("spend")
    assert spend["spent_usd"] - spend["estimated_usd"] == pytest.approx(12 * 50e-6)
    assert (spend["estimated_usd"] > 0) is (number == signal.SIGTERM)


@pytest.mark.long
def test_of_two_started_by_mistake_one_carries_out_schedules(
    running: Running, program: Program, service: ChatService
) -> None:
    """The second says that its port is taken, and does no harm."""
    overdue(program.folder)
    service.delay = 0.02
    processes = [running.start(), running.start()]
    running.until(lambda: states(program.folder) == [("schedule yearly", RunState.COMPLETE)])
    running.until(lambda: running.ready()[0] == 200)
    told = [running.stop(process) for process in processes]

    assert len(service.calls) == 12
    assert sum("cannot listen" in each for each in told) <= 1


@pytest.mark.slow
def test_a_chat_whose_credentials_are_missing_is_disabled_and_the_rest_runs(
    running: Running, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence says so; readiness shows it and does not count it."""
    for variable in ("DISCORD_TOKEN", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        monkeypatch.delenv(variable, raising=False)
    config = (program.folder / "config.toml").read_text()
    program.configure(config + "\n[slack]\n[discord]\n")
    process = running.start()

    def disabled() -> bool:
        services = running.ready()[1].get("services", {})
        return all(
            services.get(name, {}).get("state") == "disabled" for name in ("slack", "discord")
        )

    running.until(disabled)
    assert running.ready()[0] == 200
    err = running.stop(process)
    for name in ("slack", "discord"):
        assert err.casefold().count(f"{name} cannot be used") == 1
