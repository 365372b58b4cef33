"""Tests of `db retain`: texts that got old go to a file first."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kit.office import DECLARED, Office, open_office
from kit.program import Program, sentences
from overheard.commands.database import append
from overheard.domain import Answer, Finish, Model, Prompt, Question, Reply, Run
from overheard.errors import FileUnwritable
from overheard.runtime.server import RETENTION, Server

DAY = timedelta(days=1)
NOW = datetime.now(UTC)
CONFIG = """
[storage]
url = "sqlite:///{folder}/store.db"

[retention]
{retention}

[[brands]]
name = "Acme"

[[brands]]
name = "Zeta"

[[prompts]]
text = "Which is best?"
brands = ["Acme"]

[[prompts]]
text = "Which is worst?"
brands = ["Acme", "Zeta"]
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program with answers of 400 days ago, of 100 days ago and of now, to two prompts."""
    program = Program(tmp_path, CONFIG.format(folder=tmp_path, retention="days = 365"))
    lines = [
        {
            "asked_at": (NOW - age * DAY).isoformat(),
            "run": f"{age} days ago",
            "prompt": prompt,
            "provider": "svc",
            "model": "m-1",
            "text": f"Acme is named, {age} days ago.",
        }
        for age in (400, 100, 0)
        for prompt in ("Which is best?", "Which is worst?")
    ]
    file = tmp_path / "history.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    program.run("import", "history.jsonl")
    program.run("report")
    return program


def texts(program: Program) -> list[str]:
    """Return the texts of all answers."""
    return [line["text"] for line in program.lines("export", "answers")]


def test_old_texts_go_to_a_file_and_what_was_counted_stays(program: Program) -> None:
    """The file holds the answers as export writes them, with what their scores quote."""
    report = program.json("report")

    done = program.json("db", "retain", "--yes")

    written = (program.folder / done["file"]).read_text(encoding="utf-8").splitlines()
    lines = [json.loads(line) for line in written]
    assert [line["text"] for line in lines] == ["Acme is named, 400 days ago."] * 2
    assert lines[0]["quotes"][0]["quote"] == "Acme is named, 400 days ago."
    assert (
        texts(program)
        == ["", "", *["Acme is named, 100 days ago."] * 2] + ["Acme is named, 0 days ago."] * 2
    )
    assert program.json("report") == report


def test_nothing_is_removed_before_somebody_says_yes(program: Program) -> None:
    """The question names the price: how many texts, and where they go."""
    _, err = program.run("db", "retain", code=1)
    assert "2 texts, the first of" in sentences(err)
    assert "" not in texts(program)


def test_a_brand_has_a_period_of_its_own(program: Program) -> None:
    """What was asked for two brands is kept for as long as either of them asks for."""
    retention = 'days = 365\nbrands."Acme" = 30'
    program.configure(CONFIG.format(folder=program.folder, retention=retention))
    assert program.json("db", "retain", "--yes")["texts"] == 3
    assert texts(program).count("") == 3


def test_without_a_setting_texts_are_kept(program: Program) -> None:
    """And that is said."""
    program.configure(CONFIG.format(folder=program.folder, retention=""))
    out, _ = program.run("db", "retain", "--yes")
    assert "so texts are kept for ever" in sentences(out)
    assert "" not in texts(program)


def test_a_change_of_names_leaves_scores_of_texts_that_are_gone(program: Program) -> None:
    """They cannot be read again, so they keep what was said of them, and a card says so."""
    program.run("db", "retain", "--yes")
    config = CONFIG.format(folder=program.folder, retention="days = 365")
    program.configure(config.replace('name = "Acme"', 'name = "Acme"\naliases = ["Named"]'))
    program.run("report")
    out, _ = program.run("scores", "list")
    assert "keep the scores that they had" in sentences(out)
    shown = program.json("trend", "Acme")["models"]["svc/m-1"]
    assert [point["answers"] for point in shown] == [2, 2, 2]


def test_history_that_was_imported_is_known_when_its_text_is_gone(program: Program) -> None:
    """The same file brings nothing twice."""
    program.run("db", "retain", "--yes")
    assert program.json("import", "history.jsonl")["new"] == 0


def test_a_full_disk_loses_nothing(program: Program) -> None:
    """What was written in part is taken back, the texts stay, and the message names the file."""
    (program.folder / "texts").write_text("no folder", encoding="utf-8")
    _, err = program.run("db", "retain", "--yes", code=1)
    assert "cannot be written: " in sentences(err)
    assert "" not in texts(program)


async def test_a_deployment_does_it_every_night(tmp_path: Path) -> None:
    """That it is set is the yes to it, and the audit log says that it was done."""
    office = await open_office(f'{DECLARED}[retention]\ndays = 30\nfolder = "{tmp_path}"\n')
    store, now = office.store, office.deployment.clock.now()
    run = await store.runs.start(Run("old", now - 60 * DAY))
    question = Question(Prompt("Which tool is best?"), Model("svc", "m-1"))
    reply = Reply("Acme is.", Finish.COMPLETE)
    await store.answers.add([Answer(run.id, question, reply, now - 60 * DAY)])
    [job] = [j for j in await Server(office.deployment, {}).jobs() if j.name == RETENTION]

    await job.run(now)

    assert [(a.reply.text, a.gone) async for a in store.answers.stream()] == [("", True)]
    assert [block.n for block in await store.blocks.find(brand="Acme", metric="visibility")] == [1]
    [file] = tmp_path.iterdir()  # noqa: ASYNC240 - nobody waits for it
    assert '"text": "Acme is."' in file.read_text(encoding="utf-8")
    assert [entry.command for entry in await store.audit.find()] == ["db retain"]


async def test_nothing_is_done_at_night_when_texts_are_kept(office: Office) -> None:
    """There is no such job."""
    assert RETENTION not in {job.name for job in await Server(office.deployment, {}).jobs()}


@contextmanager
def room(size: int) -> Iterator[None]:
    """Let no file grow beyond a size, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_lines_that_do_not_fit_are_taken_back(tmp_path: Path) -> None:
    """The file ends with the last whole group, so that it can be read and gone on with."""
    file = tmp_path / "texts" / "old.jsonl"
    append(file, b"first\n")
    with room(20), pytest.raises(FileUnwritable, match=r"old\.jsonl cannot be written: File too"):
        append(file, b"second, which is longer than there is room\n")
    assert file.read_bytes() == b"first\n"
    append(file, b"third\n")
    assert file.read_bytes() == b"first\nthird\n"
