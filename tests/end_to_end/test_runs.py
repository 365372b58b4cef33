"""Runs as they are steered, reused and paid for, from the command line."""

import json
import time
from collections import Counter

import pytest

from kit.loopback import Behaviour, ChatService
from kit.program import Program, sentences


def begun(program: Program, service: ChatService, *arguments: str):  # type: ignore[no-untyped-def] # a process
    """Start a check, and wait until it asks."""
    process = program.start("check", "--yes", "--json", *arguments)
    while not service.calls:
        time.sleep(0.005)
    return process


@pytest.mark.slow
def test_a_run_is_paused_and_resumed_by_other_processes(
    program: Program, service: ChatService
) -> None:
    """The one that asks stops by itself, and another goes on where it stopped."""
    service.delay = 0.15
    process = begun(program, service, "--repeats", "5")
    [run] = program.json("runs", "list")["runs"]
    assert (run["state"], run["under_way"]) == ("running", True)
    program.json("runs", "pause", run["run"])
    out, _ = process.communicate()
    paused, asked = json.loads(out.splitlines()[-1]), len(service.calls)

    assert (paused["state"], paused["answers"]) == ("paused", asked)
    assert asked < 60
    service.delay = 0.0
    resumed = program.json("runs", "resume", run["run"][-4:], "--yes")
    assert (resumed["state"], resumed["kept"], resumed["answers"]) == ("complete", asked, 60)
    assert len(service.calls) == 60


@pytest.mark.long
def test_a_cancelled_run_keeps_what_was_answered(program: Program, service: ChatService) -> None:
    """It ends, it is not taken up again, and it cannot be resumed."""
    service.delay = 0.15
    process = begun(program, service, "--repeats", "5")
    [run] = program.json("runs", "list")["runs"]
    program.json("runs", "cancel", run["run"])
    out, _ = process.communicate()
    card = json.loads(out.splitlines()[-1])
    _, err = program.run("runs", "resume", run["run"], code=1)

    assert (card["state"], card["alerts"]) == ("cancelled", [])
    assert card["answers"] == len(service.calls) < 60
    assert f"Run {run['run']} has ended (cancelled); it cannot be resumed" in err
    service.delay = 0.0
    assert program.json("check", "--yes", "--repeats", "5")["kept"] == 0


@pytest.mark.slow
def test_a_run_that_was_killed_can_be_resumed_or_cancelled(
    program: Program, service: ChatService, config: str
) -> None:
    """The list says that it was cut off; cancelled, it holds no money any more."""
    program.configure(config + "\n[budget]\nday = 10\n")
    service.delay = 0.1
    process = begun(program, service)
    process.kill()
    process.communicate()
    out, _ = program.run("runs", "list")
    [run] = program.json("runs", "list")["runs"]
    assert program.json("spend")["budget"][0]["held"] > 0
    program.json("runs", "cancel", run["run"])

    assert "cut off" in out
    assert (run["state"], run["under_way"]) == ("cut off", False)
    [run] = program.json("runs", "list")["runs"]
    assert run["state"] == "cancelled"
    assert run["finished_at"]
    assert program.json("spend")["budget"][0]["held"] == 0


def test_answers_are_reused_within_an_age(program: Program, service: ChatService) -> None:
    """Nothing is asked or paid again; the table has the figures, and says where from."""
    first = program.json("check", "--yes", "--repeats", "2")
    service.answer = lambda _: "Nobody."
    again = program.json("check", "--repeats", "3", "--reuse", "1h", "--yes")

    assert len(service.calls) == 36
    assert (again["reused"], again["kept"], again["answers"]) == (24, 24, 36)
    assert again["spent_usd"] == pytest.approx(first["spent_usd"] / 2)
    rates = {r["brand"]: r for r in again["results"] if r["metric"] == "visibility"}
    assert rates["Acme"]["answers"] == 36
    assert rates["Acme"]["value"] == pytest.approx(2 / 3)
    out, _ = program.run("check", "--repeats", "3", "--reuse", "1h", "--yes")
    assert "36 answers of earlier checks were reused" in sentences(out)
    assert len(service.calls) == 36


def test_a_limit_that_is_nearly_used_up_is_told(
    program: Program, service: ChatService, config: str
) -> None:
    """From four fifths, the card of a check says so; then the next one is refused."""
    dear = config.replace("output = 2", "output = 400")
    program.configure(dear + "\n[budget]\nday = 2\n")
    assert program.json("check", "--yes")["warnings"] == []
    program.configure(config + "\n[budget]\nday = 0.115\n")
    [warning] = program.json("check", "--yes")["warnings"]

    assert warning == "$0.10 of [budget] day = $0.12 are spent (84 %)."
    program.configure(dear + "\n[budget]\nday = 0.115\n")
    _, err = program.run("check", "--yes", code=1)
    assert "[budget] day leaves $0.02" in err


def test_a_busy_service_is_asked_again_after_the_time_that_it_says(
    program: Program, service: ChatService, config: str
) -> None:
    """One 429 with Retry-After: every question has an answer, and the card says how it went."""
    program.configure(config.replace("tries = 1", "tries = 3"))
    service.behaviours = [Behaviour(status=429, body=b"{}", headers={"Retry-After": "0.05"})]
    card = program.json("check", "--yes")

    assert (card["state"], card["answers"], card["retries"]) == ("complete", 12, 1)
    assert max(Counter(service.prompts()).values()) == 2


def test_suggestions_are_shown_and_not_added(program: Program, service: ChatService) -> None:
    """What names a brand or is no question is left out; the answer is kept and never scored."""
    service.answer = lambda _: (
        "Here you are:\n1. Which tool is best for agencies?\n2) **Is Acme any good?**\n"
        '- "What does a good tool cost?"\n- Which tool is best for agencies?\nEnjoy!'
    )
    card = program.json("prompts", "suggest", "Acme", "--count", "4", "--yes")
    [asked] = service.prompts()

    assert card["suggestions"] == [
        "Which tool is best for agencies?",
        "What does a good tool cost?",
    ]
    assert "Acme" not in asked
    assert len(program.json("prompts", "list")["prompts"]) == 12
    assert program.json("spend")["by_brand"] == {"Acme": pytest.approx(50e-6)}
