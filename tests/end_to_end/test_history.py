"""`overheard import`, `report` and `export`, which need no provider."""

import csv
import io
import json
import os
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from filelock import FileLock

from kit.program import Program, Write
from overheard.commands import import_history as history_command
from overheard.domain import Answer
from overheard_storage.answers import SqlAnswerRepository

CONFIG = """
[storage]
url = "sqlite:///{folder}/store.db"
[[brands]]
name = "Acme"
competitors = ["Zeta"]
"""


def line(number: int = 0, run: str = "w1", text: str = "Use Acme or Zeta.", **more: Any) -> Any:
    """Return one answer from elsewhere."""
    return {
        "asked_at": f"2026-03-0{1 + int(run[-1])}T09:00:00+00:00",
        "run": run,
        "prompt": f"Which tool is best for team number {number}?",
        "provider": "shop",
        "model": "assistant",
        "text": text,
        **more,
    }


FULL = line(
    7,
    tags=["teams"],
    served_model="assistant-2",
    fingerprint="fp",
    model_version="001",
    model_created="2026-01-01T00:00:00+00:00",
    finish="complete",
    citations=[{"url": "https://acme.example/a", "title": "Acme", "cited": False}],
    cost_usd=0.25,
    searches=[{"query": "team tool", "pages": ["https://acme.example/a"]}],
)


@pytest.fixture
def history(program: Program) -> Program:
    """The program with nothing but a brand and a store."""
    program.configure(CONFIG.format(folder=program.folder.as_posix()))
    return program


def test_history_is_scored_on_arrival(history: Program, write: Write) -> None:
    """Three answers out of four name Acme."""
    texts = ["Use Acme.", "Acme!", "Try Acme or Zeta.", "Nothing beats Zeta."]
    file = write("h.jsonl", [line(n, text=text) for n, text in enumerate(texts)])
    data = history.json("import", str(file))

    assert (data["new"], data["known"], data["runs"], data["bad_lines"]) == (4, 0, 1, [])
    [brand] = history.json("report")["brands"]
    rates = {r["brand"]: r["value"] for r in brand["results"] if r["metric"] == "visibility"}
    assert rates == {"Acme": 0.75, "Zeta": 0.5}


def test_importing_twice_changes_nothing(history: Program, write: Write) -> None:
    """A file, and a longer version of it, can be read again and again."""
    file = write("h.jsonl", [line(n) for n in range(3)])
    history.json("import", str(file))
    before = history.lines("export", "scores")
    again = history.json("import", str(file))

    assert (again["new"], again["known"]) == (0, 3)
    assert history.lines("export", "scores") == before
    longer = write("h2.jsonl", [line(n) for n in range(5)])
    assert history.json("import", str(longer))["new"] == 2


def test_equal_answers_are_as_many_answers_as_there_are(history: Program, write: Write) -> None:
    """Short answers repeat, and each counts."""
    file = write("h.jsonl", [line(0, text="Acme.")] * 3)

    assert history.json("import", str(file))["new"] == 3
    assert history.json("import", str(file))["new"] == 0
    assert len(history.lines("export", "answers")) == 3


def test_a_run_can_come_in_parts(history: Program, write: Write) -> None:
    """Answers to a question that is there already become further repeats of it."""
    history.json("import", str(write("a.jsonl", [line(0, text="Acme.")])))
    history.json("import", str(write("b.jsonl", [line(0, text="Zeta.")])))

    texts = [answer["text"] for answer in history.lines("export", "answers")]
    assert texts == ["Acme.", "Zeta."]


def test_a_bad_line_is_told_by_its_number_and_the_rest_goes_in(
    history: Program, write: Write
) -> None:
    """One broken line costs one line, also between others; a misspelt field is named."""
    file = write("h.jsonl", [line(0), line(1, citation=[])])
    first, second = file.read_text().splitlines()
    bad = ("[1]", json.dumps(line() | {"asked_at": "last week"}))
    file.write_text("\n".join([first, bad[0], "", bad[1], second]))
    data = history.json("import", str(file))

    assert (data["new"], data["unknown_fields"]) == (2, ["citation"])
    told = {each["line"]: each["problem"] for each in data["bad_lines"]}
    assert list(told) == [2, 4]
    assert "not a JSON object" in told[2]
    assert "asked_at must be a time" in told[4]


def test_what_was_imported_is_exported_the_same(history: Program, write: Write) -> None:
    """Every field comes back, and what comes back can be imported."""
    history.json("import", str(write("h.jsonl", [FULL])))
    [answer] = history.lines("export", "answers")

    assert answer == FULL
    assert history.json("import", str(write("again.jsonl", [answer])))["new"] == 0


def test_a_new_alias_scores_history_again(
    history: Program, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """History is read with the names as they are now."""
    monkeypatch.setattr("overheard.scoring.rescoring.SLICE_S", 60.0)  # a loaded machine
    history.json("import", str(write("h.jsonl", [line(0, text="Use Acmify.")])))
    config = (history.folder / "config.toml").read_text()
    history.configure(config.replace('name = "Acme"', 'name = "Acme"\naliases = ["Acmify"]'))
    [brand] = history.json("report")["brands"]

    rates = {r["brand"]: r["value"] for r in brand["results"] if r["metric"] == "visibility"}
    assert rates["Acme"] == 1.0


def test_imported_prompts_are_not_asked(history: Program, write: Write) -> None:
    """History brings questions along, and a check does not spend money on them."""
    history.json("import", str(write("h.jsonl", [line(0)])))
    _, err = history.run("check", code=1)

    assert "no prompt is configured" in err


def test_a_report_without_answers_says_what_to_do(history: Program) -> None:
    """It names the command that brings answers."""
    out, _ = history.run("report")

    assert "No answers about Acme yet." in out
    assert "overheard check Acme" in out


@pytest.mark.parametrize("broken", ["\0", "\ud800"])
def test_broken_characters_do_not_make_new_answers(
    history: Program, write: Write, broken: str
) -> None:
    """A line is known again by what was kept of it, wherever in it NUL or half a character is."""
    texts = dict.fromkeys(("prompt", "provider", "model", "text"), f"Acme {broken}")
    file = write("h.jsonl", [line(tags=[broken], fingerprint=broken) | {broken: 1} | texts])

    assert history.json("import", str(file))["new"] == 1
    again = history.json("import", str(file))
    assert (again["new"], again["known"], again["bad_lines"]) == (0, 1, [])
    [kept] = history.lines("export", "answers")
    assert {kept[key] for key in texts} == {"Acme \ufffd"}


def test_a_pipe_is_read_whole(history: Program, write: Write) -> None:
    """What can be read only once is imported like a file."""
    content = write("h.jsonl", [line(n) for n in range(3)]).read_bytes()
    pipe = history.folder / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(content,), daemon=True)
    writer.start()

    assert history.json("import", str(pipe))["new"] == 3


@pytest.mark.long
def test_two_processes_lose_no_answer(history: Program, write: Write) -> None:
    """Halves of one run that are imported at the same time are both there afterwards."""
    history.json("import", str(write("h.jsonl", [line(0, text="Acme.")])))
    halves = [
        write(f"{half}.jsonl", [line(0, text=f"Acme {half} {n}") for n in range(100)])
        for half in "ab"
    ]
    processes = [history.start("import", str(half), "--json") for half in halves]
    told = [json.loads(process.communicate()[0].splitlines()[-1]) for process in processes]

    assert [(data["new"], data["known"]) for data in told] == [(100, 0), (100, 0)]
    assert len(history.lines("export", "answers")) == 201


def test_an_answer_whose_number_was_taken_gets_another(
    history: Program, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When a held run is written to all the same, nothing is lost and nothing comes twice."""
    add = SqlAnswerRepository.add
    rivals: list[int] = []

    async def with_rival(store: SqlAnswerRepository, answers: Sequence[Answer]) -> list[Answer]:
        if not rivals:
            rivals.append(len(await add(store, answers[1:])))
        return await add(store, answers)

    monkeypatch.setattr(SqlAnswerRepository, "add", with_rival)
    lines = [line(0, text=text) for text in ("Acme.", "Zeta.", "Both.")]
    data = history.json("import", str(write("h.jsonl", lines)))

    assert rivals == [2]
    assert (data["new"], data["known"]) == (1, 2)
    texts = [answer["text"] for answer in history.lines("export", "answers")]
    assert sorted(texts) == ["Acme.", "Both.", "Zeta."]


def test_a_run_that_another_process_keeps_is_told(
    history: Program, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that waited long enough names the run, and the import can be repeated later."""
    file = write("h.jsonl", [line()])
    monkeypatch.setattr(history_command, "RUN_LOCK_TIMEOUT_S", 0.2)
    with FileLock(history.folder / "store.db-run-1.lock"):
        _, err = history.run("import", str(file), code=1)

    assert "Run w1 is in use by another process" in err
    assert history.json("import", str(file))["new"] == 1


def test_a_run_begins_with_its_earliest_answer(history: Program, write: Write) -> None:
    """Whichever part of the history comes first, the trend is in the order of time."""
    late = {"asked_at": "2026-03-09T09:00:00+00:00"}
    history.json("import", str(write("late.jsonl", [line(0, "w1") | late])))
    history.json("import", str(write("next.jsonl", [line(0, "w2")])))
    assert [a["run"] for a in history.lines("export", "answers")] == ["w2", "w1"]

    history.json("import", str(write("early.jsonl", [line(1, "w1")])))
    assert [a["run"] for a in history.lines("export", "answers")] == ["w1", "w1", "w2"]


def test_answers_come_back_in_the_order_of_the_file(history: Program, write: Write) -> None:
    """What is exported, imported elsewhere and exported again is the same file."""
    lines = [line(n, text=f"Acme {i}.") for i, n in enumerate((3, 1, 2, 1, 3, 0))]
    history.json("import", str(write("h.jsonl", lines)))

    texts = [answer["text"] for answer in history.lines("export", "answers")]
    assert texts == [line["text"] for line in lines]


def test_csv_gives_back_any_text(history: Program, write: Write) -> None:
    """Line ends, quotes and commas inside a text break no record; a list is a JSON text."""
    texts = ["a\rb", "a\nb", "a\r\nb", 'a"b', "a,b", "\r", "plain"]
    cited = FULL["citations"]
    lines = [line(n, text=t, citations=cited) for n, t in enumerate(texts)]
    history.json("import", str(write("h.jsonl", lines)))
    file = history.folder / "answers.csv"
    history.run("export", "answers", "--format", "csv", "--out", str(file))
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))

    assert [row["text"] for row in rows] == [*texts[:5], "'\r", "plain"]
    assert set(rows[0]) == set(FULL)
    assert json.loads(rows[0]["citations"]) == cited


def test_csv_holds_no_formula(history: Program, write: Write) -> None:
    """A spreadsheet would calculate what a model, or a page that it read, has written."""
    texts = ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "  =1", "a=1"]
    history.json("import", str(write("h.jsonl", [line(n, text=t) for n, t in enumerate(texts)])))
    out, _ = history.run("export", "answers", "--format", "csv")

    shown = [row["text"] for row in csv.DictReader(io.StringIO(out))]
    assert shown == [*(f"'{text}" for text in texts[:6]), "a=1"]


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_terminal_gets_no_control_characters(
    history: Program, write: Write, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """It would obey what a model wrote: clear itself, or turn the direction of writing."""
    text = "Acme \x1b[2J \x9b2J \x7f \u202e \u2028 \u200b good"
    history.json("import", str(write("h.jsonl", [line(1, text=text)])))
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
    shown, _ = history.run("export", "answers", "--format", form)

    assert "Acme" in shown
    assert not set(text) - set("Acme [2J] good") & set(shown)


def test_an_old_export_stays_until_the_new_one_is_whole(history: Program) -> None:
    """An export that fails leaves the old file, and nothing else, behind."""
    file = history.folder / "answers.jsonl"
    file.write_text("precious\n")
    history.configure("[storage]\nurl = 'sqlite:////proc/none/history.db'")
    history.run("export", "answers", "--out", str(file), code=1)

    assert file.read_text() == "precious\n"
    history.configure(CONFIG.format(folder=history.folder.as_posix()))
    (history.folder / "store.db").unlink()
    history.run("export", "answers", "--out", str(file), code=1)
    assert file.read_text() == "precious\n"
    history.run("db", "upgrade")
    history.run("export", "answers", "--out", str(file))
    assert file.read_text() == ""
    assert not list(history.folder.glob("*.part"))


@pytest.mark.parametrize("place", [".", "nowhere/answers.jsonl"])
def test_a_place_that_cannot_be_written_is_one_sentence(history: Program, place: str) -> None:
    """A folder, or a file in a folder that is not there."""
    _, err = history.run("export", "answers", "--out", place, code=1)

    assert "cannot be written" in err
    assert len(err.strip().splitlines()) == 1


def test_an_export_to_standard_output_ends_with_its_document(
    history: Program, write: Write
) -> None:
    """With --json, one JSON document is the last line, behind the answers."""
    history.json("import", str(write("h.jsonl", [line(0), line(1)])))
    out, _ = history.run("export", "answers", "--json")

    *answers, document = map(json.loads, out.splitlines())
    assert [answer["run"] for answer in answers] == ["w1", "w1"]
    assert document == {"what": "answers", "lines": 2}
