import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from kit.program import Program, sentences
from overheard.alerts.story import Watch
from overheard.commands.arguments import read_time
from overheard.commands.changes import Effect
from overheard.errors import BadUsage

CONFIG = """
[storage]
url = "sqlite:///store.db"

[[brands]]
name = "Acme"
competitors = ["Zeta"]
"""
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
UPDATE = START + timedelta(weeks=8)


def runs(rates: Iterable[float], start: datetime, gap: timedelta) -> list[dict[str, str]]:
    """Return runs of ten prompts, each asked six times, that name Acme at these rates."""
    rng = np.random.default_rng(1)
    return [
        {
            "asked_at": (start + n * gap).isoformat(),
            "run": f"{start:%m%d}-{n}",
            "prompt": f"Which tool is best for team number {prompt}?",
            "provider": "svc",
            "model": "m-1",
            "text": f"Take {'Acme' if rng.random() < rate else 'another'}, says number {answer}.",
        }
        for n, rate in enumerate(rates)
        for prompt in range(10)
        for answer in range(6)
    ]


@pytest.fixture(scope="module")
def eight_weeks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store with eight weeks in which Acme was named in half of the answers."""
    made = Program(tmp_path_factory.mktemp("weeks"), CONFIG)
    bring(made, [0.5] * 8, START, timedelta(weeks=1))
    return made.folder / "store.db"


@pytest.fixture
def program(tmp_path: Path, eight_weeks: Path) -> Program:
    """A deployment with eight weeks in which Acme was named in half of the answers."""
    return Program(tmp_path, CONFIG, copied=eight_weeks)


def bring(
    program: Program, rates: Iterable[float], start: datetime, gap: timedelta = timedelta(hours=3)
) -> None:
    """Import runs."""
    file = program.folder / "history.jsonl"
    file.write_text("\n".join(map(json.dumps, runs(rates, start, gap))), encoding="utf-8")
    program.run("import", str(file))


def add(program: Program) -> None:
    """Note the update."""
    program.run("updates", "add", "svc/m-1", "--when", "2026-04-27T09:00Z", "--note", "new weights")


def test_an_update_is_kept_and_listed(program: Program) -> None:
    """With its note; nothing was asked since, so nothing can be said."""
    add(program)
    (update,) = program.json("updates", "list")["updates"]
    assert update["model"] == "svc/m-1"
    assert update["at"] == UPDATE.isoformat()
    assert update["note"] == "new weights"
    assert update["effects"][0]["sentence"] == "Acme: no checks to compare."


def test_what_is_the_same_is_said_once(program: Program) -> None:
    """Of several brands together, and of an update that is known from two sources."""
    program.configure(CONFIG + '[[brands]]\nname = "Beta"\n[[brands]]\nname = "Gamma"\n')
    add(program)
    program.run("updates", "add", "svc/m-1", "--when", "2026-04-27T09:00Z", "--note", "again")

    shown = sentences(program.run("updates", "list")[0])
    assert shown.count("Acme, Beta and Gamma: no checks to compare.") == 1
    assert shown.count("no checks to compare") == 1


def test_a_brand_that_moved(program: Program) -> None:
    """From one half to a tenth: after one run the card says so, and by how much."""
    add(program)
    bring(program, [0.1, 0.1], UPDATE)
    (effect,) = program.json("updates", "list")["updates"][0]["effects"]
    assert (effect["finding"], effect["looks"], effect["runs_before"]) == ("moved", 2, 8)
    assert effect["level_kept"]
    assert effect["interval"][0] < -0.4 < effect["interval"][1] < 0
    out, _ = program.run("updates", "list")
    assert "Acme: moved by \N{MINUS SIGN}" in sentences(out)


def test_a_brand_that_did_not_move(program: Program) -> None:
    """Two runs leave it open; after six the card says by how much it moved at most."""
    add(program)
    bring(program, [0.5] * 2, UPDATE)
    assert re.search(
        r"Acme: not clear yet after 2 of 6 checks: so far \S+ points? \(\S+ to \S+ points\)\.",
        sentences(program.run("updates", "list")[0]),
    )
    bring(program, [0.5] * 4, UPDATE + timedelta(days=1))
    (effect,) = program.json("updates", "list")["updates"][0]["effects"]
    assert effect["finding"] == "still"
    chosen = [
        len(program.json("changes", "--show", "updates", "--model", name)["updates"])
        for name in ("m-1", "m-2")
    ]
    assert chosen == [1, 0]
    assert effect["sentence"].startswith("Acme: not moved by more than ")


@pytest.mark.parametrize(("before", "kept"), [(5, False), (6, True)])
def test_with_few_checks_before_an_update_its_level_is_not_kept(before: int, kept: bool) -> None:
    """Chance moves a brand more often then, and the data says so."""
    effect = Effect("Acme", Watch("visibility"), runs_before=before)
    assert effect.data()["level_kept"] is kept


def test_an_update_that_was_none_is_removed(program: Program) -> None:
    """By its number; another number is an error that names those there are."""
    add(program)
    number = program.json("updates", "list")["updates"][0]["id"]
    _, complaint = program.run("updates", "remove", str(number + 7), code=1)
    assert f"known: {number}" in complaint
    program.run("updates", "remove", str(number))
    assert program.json("updates", "list")["updates"] == []


def test_an_unknown_model_is_refused(program: Program) -> None:
    """A slip of the pen would be an update that no run ever follows."""
    for name in ("svc/m-9", "m-1"):
        _, complaint = program.run("updates", "add", name, code=1)
        assert f'There is no model called "{name}"' in complaint


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-24", datetime(2026, 11, 23, 23, tzinfo=UTC)),
        ("2026-11-24T07:00", datetime(2026, 11, 24, 6, tzinfo=UTC)),
        ("2026-11-24T07:00Z", datetime(2026, 11, 24, 7, tzinfo=UTC)),
        ("now", datetime(2026, 3, 2, 23, 30, tzinfo=UTC)),
        (" Today", datetime(2026, 3, 2, 23, tzinfo=UTC)),
        ("yesterday", datetime(2026, 3, 1, 23, tzinfo=UTC)),
    ],
)
def test_times_are_those_of_the_reader(text: str, at: datetime) -> None:
    """Half past midnight of 3 March, an hour ahead of UTC."""
    now = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    assert read_time(text, now, timezone(timedelta(hours=1))) == at


@pytest.mark.parametrize("text", ["", "soon", "24.11.2026", "2026-13-01", "0001-01-01T00:00"])
def test_what_is_no_time_is_told(text: str) -> None:
    """With what it can be written as."""
    with pytest.raises(BadUsage, match="cannot be read; write it as 2026-11-24"):
        read_time(text, START, timezone(timedelta(hours=1)))
