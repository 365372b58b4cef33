"""Tests of which commands create a store, and of who can read the files of a deployment."""

import contextlib
import json
from pathlib import Path

import pytest

from kit.program import Program
from overheard_slack.workspaces import create_file

CONFIG = """
[[brands]]
name = "Acme"
competitors = ["Zeta"]

[[prompts]]
text = "Which tool is best?"
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program, with a configuration and without a store."""
    return Program(tmp_path, CONFIG, store=False)


@pytest.mark.parametrize(
    "words",
    [
        "report",
        "trend Acme",
        "changes --show all",
        "brands",
        "status",
        "spend",
        "audit",
        "export answers",
    ],
)
def test_a_command_that_reads_creates_no_store(program: Program, words: str) -> None:
    """It says where there is none, and what to do."""
    _, told = program.run(*words.split(), code=None)

    assert "There is no store at sqlite:///overheard.db yet; overheard check creates it." in told
    assert told.count("no store") == 1
    assert not list(program.folder.glob("overheard.db*"))


@pytest.mark.parametrize(
    "words", ["runs resume 7", "runs cancel 7", "alerts close 7", "scores prune", "db retain --yes"]
)
def test_a_command_for_what_is_stored_creates_no_store(program: Program, words: str) -> None:
    """There is nothing that it could change."""
    _, told = program.run(*words.split(), code=None)

    assert told.count("There is no store at sqlite:///overheard.db yet") == 1
    assert not list(program.folder.glob("overheard.db*"))


def test_what_is_declared_is_shown_before_there_is_a_store(program: Program) -> None:
    """The brands of the configuration."""
    shown, _ = program.run("brands", "--json")
    assert [brand["name"] for brand in json.loads(shown.splitlines()[-1])["brands"]] == [
        "Acme",
        "Zeta",
    ]


@pytest.mark.parametrize("words", ["db backup copy.db", "db copy sqlite:///copy.db"])
def test_a_copy_needs_a_store(program: Program, words: str) -> None:
    """There would be nothing in it; one sentence says so."""
    _, told = program.run(*words.split(), code=1)

    assert "there is no such file" in told
    assert "There is no store" not in told
    assert [file.name for file in program.folder.iterdir()] == ["config.toml"]


def test_only_the_owner_reads_a_store_its_log_its_backup_and_an_export(program: Program) -> None:
    """Whatever the umask is."""
    program.run("brands", "add", "Umbra")
    program.run("db", "backup", "copy.db")
    program.run("export", "answers", "--out", "answers.jsonl")
    with contextlib.chdir(program.folder):
        create_file("sqlite:///overheard-slack.db")

    files = [file for file in program.folder.iterdir() if file.name != "config.toml"]
    assert {file.name for file in files} >= {"overheard.db", "copy.db", "answers.jsonl"}
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in files} == dict.fromkeys(
        [file.name for file in files], "0o600"
    )


def test_doctor_reports_a_store_that_others_can_read(program: Program) -> None:
    """With the command that mends it."""
    program.run("brands", "add", "Umbra")
    (program.folder / "overheard.db").chmod(0o644)

    shown, _ = program.run("doctor", code=1)

    assert "chmod 600" in " ".join(shown.split())


def test_doctor_creates_no_store(program: Program) -> None:
    """It reports that the first check will."""
    shown, _ = program.run("doctor", code=None)

    assert "creates it" in " ".join(shown.split())
    assert not (program.folder / "overheard.db").exists()
