"""Checks in batches, as a user sees them; and what a process that is killed leaves behind."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.batch_service import BatchService, selling
from kit.program import PROMPTS, Program, sentences
from kit.vendors import KEY

VENDORS = ("openai", "anthropic", "google")
CONFIG = """
[storage]
url = "sqlite:///{folder}/store.db"

[providers.svc]
plugin = "{vendor}"
base_url = "{url}"
api_key_env = "VENDOR_KEY"
models = ["m-1"]
prices."m-1" = {{ input = 1, output = 2, batch = 0.5 }}

[asking]
tries = 1

[budget]
day = 10

[[brands]]
name = "Acme"
competitors = ["Zeta"]

[[schedules]]
name = "nightly"
cron = "0 1 * * *"
batch = true
"""
COST = 12 * 0.5 * (10 * 1e-6 + 20 * 2e-6)


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[BatchService]:
    """A vendor that sells batches."""
    monkeypatch.setenv("VENDOR_KEY", KEY)
    with selling() as running:
        yield running


def at(folder: Path, vendor: BatchService, name: str = "openai") -> Program:
    """Return the program with that vendor behind it."""
    url = vendor.url + ("/v1" if name == "openai" else "")
    prompts = "".join(f'[[prompts]]\ntext = "{text}"\n' for text in PROMPTS)
    return Program(folder, CONFIG.format(folder=folder.as_posix(), url=url, vendor=name) + prompts)


def handed_in(program: Program, vendor: BatchService) -> None:
    """Begin a check, and kill it while it waits for its batch."""
    vendor.ready = False
    process = program.start("check", "--batch", "--yes")
    while not vendor.looks:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.kill()
    process.communicate()


def test_the_estimate_says_what_a_batch_costs_and_how_long_it_takes(
    tmp_path: Path, vendor: BatchService
) -> None:
    """Half of what the same check costs at once."""
    program = at(tmp_path, vendor)
    _, dear = program.run("check", code=1)
    _, cheap = program.run("check", "--batch", code=1)

    assert "12 questions for about $0.01, at most $0.10; repeat" in sentences(dear)
    assert "at most $0.05; in a batch: half price, up to 24 hours; repeat" in sentences(cheap)
    assert vendor.batches == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [VENDORS[0], *(pytest.param(name, marks=pytest.mark.long) for name in VENDORS[1:])]
)
def test_a_check_in_a_batch_that_is_killed_is_collected_and_asked_once(
    tmp_path: Path, vendor: BatchService, name: str
) -> None:
    """Between handing in and collecting: nothing is asked twice, each answer is paid once, and no
    money stays held.
    """
    program = at(tmp_path, vendor, name)
    handed_in(program, vendor)
    [run] = program.json("runs", "list")["runs"]
    assert run["waits_for_batch"]
    out, _ = program.run("runs", "list")
    assert "batch handed in" in sentences(out)
    assert program.json("spend")["budget"][0]["held"] > 0

    vendor.ready = True
    data = program.json("check", "--batch", "--yes")
    assert (data["run"], data["state"], data["answers"]) == (run["run"], "complete", 12)
    assert data["spent_usd"] == pytest.approx(COST)
    assert len(vendor.batches) == 1
    assert len(vendor.questions()) == len(set(vendor.questions())) == 12
    answers = program.lines("export", "answers")
    assert sorted(answer["prompt"] for answer in answers) == sorted(PROMPTS)
    money = program.json("spend")
    assert money["spent_usd"] == pytest.approx(COST)
    assert money["budget"][0]["held"] == 0
    assert {row["metric"] for row in data["results"]} >= {"visibility"}


@pytest.mark.slow
def test_a_batch_that_is_being_handed_in_when_the_process_dies_is_told(
    tmp_path: Path, vendor: BatchService
) -> None:
    """The vendor may have it or not: that is reported, and its questions are asked again."""
    program = at(tmp_path, vendor)
    vendor.taking = lambda: time.sleep(30)
    process = program.start("check", "--batch", "--yes")
    while not vendor.batches:
        time.sleep(0.01)
    process.kill()
    process.communicate()

    vendor.taking = lambda: None
    data = program.json("check", "--batch", "--yes")
    [warning] = data["warnings"]
    assert "A batch of 12 questions to svc/m-1 was just being handed in" in warning
    assert (data["state"], data["answers"]) == ("complete", 12)
    assert len(vendor.batches) == 2


@pytest.mark.long
def test_a_run_is_resumed_when_its_vendor_can_be_reached_again(
    tmp_path: Path, vendor: BatchService
) -> None:
    """Until then it waits, and says how to go on."""
    program = at(tmp_path, vendor)
    handed_in(program, vendor)
    [run] = program.json("runs", "list")["runs"]
    vendor.refusal = 401
    _, err = program.run("check", "--batch", "--yes", code=1)
    assert f"Collect it later with: runs resume {run['run']}" in sentences(err)

    vendor.refusal, vendor.ready = 0, True
    data = program.json("runs", "resume", run["run"], "--yes")
    assert (data["state"], data["answers"]) == ("complete", 12)
    assert len(vendor.batches) == 1


def test_a_schedule_asks_in_batches(tmp_path: Path, vendor: BatchService) -> None:
    """As its table says; and one that people added."""
    program = at(tmp_path, vendor)
    data = program.json("schedules", "run", "nightly", "--yes")
    assert (data["state"], len(vendor.batches)) == ("complete", 1)

    added = program.json("schedules", "add", "daily", "0 2 * * *", "--batch")
    assert added["batch"]
    assert not program.json("schedules", "edit", "daily", "--batch", "no")["batch"]
    out, _ = program.run("schedules", "list")
    assert "1, in batches" in sentences(out)


def test_models_that_nobody_sells_in_batches_are_refused_by_name(
    tmp_path: Path, vendor: BatchService
) -> None:
    """Before anything is asked."""
    program = at(tmp_path, vendor)
    text = (program.folder / "config.toml").read_text(encoding="utf-8")
    program.configure(text.replace(", batch = 0.5", ""))
    _, err = program.run("check", "--batch", "--yes", code=1)

    assert "None of these models can be asked in a batch: svc/m-1" in sentences(err)
    assert json.dumps(vendor.questions()) == "[]"
