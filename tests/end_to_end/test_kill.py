"""A run that is killed with no warning is taken up again."""

import signal
import time
from collections import Counter

import pytest
from filelock import FileLock

from kit.loopback import ChatService
from kit.program import Program


@pytest.mark.parametrize(
    "answered", [7, *(pytest.param(number, marks=pytest.mark.long) for number in (0, 1, 11))]
)
def test_a_killed_check_asks_only_what_has_no_answer(
    program: Program, service: ChatService, answered: int
) -> None:
    """Kill -9 in the middle: what was answered is kept and paid once, and only calls that were
    under way at that moment are made again; none while another process is at it.
    """
    service.delay = 0.05
    process = program.start("check", "--yes")
    while len(service.calls) <= answered:
        time.sleep(0.005)
    process.kill()
    process.communicate()
    under_way = 2
    with FileLock(program.folder / "store.db-run-1.lock"):
        _, err = program.run("check", "--yes", code=1)
    assert "Another process is asking these questions just now" in err

    data = program.json("check", "--yes")

    times_asked = Counter(service.prompts())
    assert len(times_asked) == 12
    assert sum(times_asked.values()) <= 12 + under_way
    answers = program.lines("export", "answers")
    assert sorted(a["prompt"] for a in answers) == sorted(times_asked)
    assert len({a["run"] for a in answers}) == 1
    assert data["answers"] == 12
    assert data["kept"] >= answered - under_way
    assert data["state"] == "complete"


@pytest.mark.slow
def test_a_check_that_is_stopped_books_the_calls_under_way_as_estimates(
    program: Program, service: ChatService, config: str
) -> None:
    """The service may bill both; nobody waits for them, and what is asked again is paid on its own.

    bench/stopping.py measures how soon a process ends.
    """
    program.configure(f"{config}\n[budget]\nday = 1\n")
    service.delay = 30.0
    process = program.start("check", "--yes")
    while len(service.calls) < 2:
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM

    cut_off = program.json("spend")
    assert 2 * 400 * 2e-6 < cut_off["spent_usd"] < 2 * 450 * 2e-6
    assert cut_off["estimated_usd"] == cut_off["spent_usd"]
    service.delay = 0.0
    assert program.json("check", "--yes")["spent_usd"] == pytest.approx(12 * 50e-6)

    spend = program.json("spend")
    assert spend["spent_usd"] == pytest.approx(cut_off["spent_usd"] + 12 * 50e-6)
    assert spend["estimated_usd"] == pytest.approx(cut_off["spent_usd"])
    assert spend["answers"] == len(program.lines("export", "answers")) == 12
    [budget] = spend["budget"]
    assert (budget["spent"], budget["held"]) == (pytest.approx(spend["spent_usd"]), 0.0)


def test_a_check_after_a_finished_one_is_a_new_run(program: Program, service: ChatService) -> None:
    """Only a run that was cut off is taken up."""
    first, second = program.json("check", "--yes"), program.json("check", "--yes")

    assert first["run"] != second["run"]
    assert second["kept"] == 0
    assert len(service.calls) == 24
    seeds = Counter(call["seed"] for call in service.calls)
    assert max(seeds.values()) == 1, "two runs that draw the same samples are one run"
