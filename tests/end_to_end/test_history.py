"""`overheard import`, `report` and `export`, which need no provider."""

import csv
import io
import json
from typing import Any

import pytest

from program import Program, Write

CONFIG = """
[storage]
url = "sqlite:///{folder}/history.db"
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
    finish="complete",
    citations=[{"url": "https://acme.example/a", "title": "Acme"}],
    cost_usd=0.25,
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


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("{", "not valid JSON"),
        ("[1]", "not a JSON object"),
        ('{"run": "w1"}', "asked_at: field required"),
        (json.dumps(line() | {"asked_at": "last week"}), "asked_at: "),
        (json.dumps(line(finish="tired")), "finish: must be one of"),
        (json.dumps(line(cost_usd=-1)), "cost_usd: "),
        (json.dumps(line() | {"text": None}), "text: "),
        ('{"text": "\\ud800"}', "half of a character"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_a_bad_line_is_told_by_its_number_and_the_rest_goes_in(
    history: Program, write: Write, bad: str, problem: str
) -> None:
    """One broken line costs one line."""
    file = write("h.jsonl", [line(0), line(1)])
    first, second = file.read_text().splitlines()
    file.write_text(f"{first}\n{bad}\n\n{second}\n")
    data = history.json("import", str(file))

    assert data["new"] == 2
    [told] = data["bad_lines"]
    assert told["line"] == 2
    assert problem in told["problem"]


def test_bytes_that_are_no_text_cost_one_line(history: Program, write: Write) -> None:
    """The rest of the file is read."""
    file = write("h.jsonl", [line(0)])
    file.write_bytes(b'{"text": "\xff\xfe"}\n' + file.read_bytes())
    data = history.json("import", str(file))

    assert data["new"] == 1
    assert data["bad_lines"][0]["line"] == 1


def test_what_was_imported_is_exported_the_same(history: Program, write: Write) -> None:
    """Every field comes back, and what comes back can be imported."""
    history.json("import", str(write("h.jsonl", [FULL])))
    [answer] = history.lines("export", "answers")

    assert answer == FULL
    assert history.json("import", str(write("again.jsonl", [answer])))["new"] == 0


def test_a_score_line_says_who_scored_what(history: Program, write: Write) -> None:
    """Run, prompt, model, brand, metric, value, scorer and version stand in it."""
    history.json("import", str(write("h.jsonl", [FULL])))
    scores = history.lines("export", "scores")

    [visibility] = [s for s in scores if (s["metric"], s["brand"]) == ("visibility", "Acme")]
    assert visibility["value"] == 1.0
    assert visibility["run"] == "w1"
    assert (visibility["provider"], visibility["model"]) == ("shop", "assistant")
    assert visibility["scorer"] == "visibility"
    assert visibility["version"]


def test_csv_has_the_same_fields(history: Program, write: Write) -> None:
    """Lists become JSON texts in their cells."""
    history.json("import", str(write("h.jsonl", [FULL])))
    out, _ = history.run("export", "answers", "--format", "csv")
    [row] = csv.DictReader(io.StringIO(out))

    assert set(row) == set(FULL)
    assert json.loads(row["citations"]) == FULL["citations"]
    assert row["text"] == FULL["text"]


def test_an_unfinished_answer_is_kept_and_never_scored(history: Program, write: Write) -> None:
    """A service's own word for how an answer ended is understood."""
    lines = [line(0, text="Acme", finish="length"), line(1, text="Zeta.", finish="stop")]
    history.json("import", str(write("h.jsonl", lines)))

    assert len(history.lines("export", "answers")) == 2
    assert {s["prompt"] for s in history.lines("export", "scores")} == {lines[1]["prompt"]}


def test_a_new_alias_scores_history_again(history: Program, write: Write) -> None:
    """History is read with the names as they are now."""
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


def test_unknown_fields_are_told(history: Program, write: Write) -> None:
    """A misspelt field is not lost in silence."""
    data = history.json("import", str(write("h.jsonl", [line(0, citation=[])])))

    assert data["unknown_fields"] == ["citation"]


def test_a_report_without_answers_says_what_to_do(history: Program) -> None:
    """It names the two commands that bring answers."""
    out, _ = history.run("report")

    assert "overheard check" in out
    assert "overheard import" in out
