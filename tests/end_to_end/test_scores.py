"""History is scored again after a change, by the program as its users run it."""

import time
from pathlib import Path

import pytest

from kit.program import Program, Write
from overheard.scoring import rescoring

FROM = 'name = "Acme"\n'
TO = 'name = "Acme"\naliases = ["Acmeo"]\n'


@pytest.fixture
def imported(program: Program, config: str, write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a history in which half of the praise goes to another spelling; it is imported
    and scored, and then the spelling becomes an alias.
    """
    monkeypatch.setattr(rescoring, "SLICE_S", 0.0)
    days = [
        {
            "prompt": f"Which tool is best for team number {number // 20}?",
            "provider": "svc",
            "model": "m-1",
            "text": f"{'Acme' if number % 2 else 'Acmeo'} is a good tool, and Zeta is another.",
            "asked_at": f"2026-03-{1 + number % 20:02}T12:00:00Z",
            "run": f"day-{number % 20}",
            "repeat": number // 20,
        }
        for number in range(80)
    ]
    file = write("history.jsonl", days)
    program.run("import", str(file))
    program.configure(config.replace(FROM, TO))
    return file


def visible(program: Program) -> float:
    """Return the share of answers in which Acme is visible, over all that is exported."""
    scores = [s for s in program.lines("export", "scores") if s["metric"] == "visibility"]
    mine = [s["value"] for s in scores if s["brand"] == "Acme"]
    assert len(mine) == 80
    return float(sum(mine)) / len(mine)


@pytest.mark.usefixtures("imported")
@pytest.mark.slow
def test_both_are_kept_until_the_switch_and_after_it(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report says what it shows; taking the change back leads back, and removing the old asks
    first.
    """
    out, _ = program.run("report")
    assert "scores from before a change" in " ".join(out.split())
    assert visible(program) == 0.5

    monkeypatch.setattr(rescoring, "SLICE_S", 60.0)
    assert "from before a change" not in program.run("report")[0]
    assert visible(program) == 1.0
    config = (program.folder / "config.toml").read_text(encoding="utf-8")
    program.configure(config.replace(TO, FROM))
    assert visible(program) == 0.5
    program.configure(config)
    assert visible(program) == 1.0

    assert program.run("scores", "prune", code=1)
    assert program.json("scores", "prune", "--yes")["editions"] == 1
    assert visible(program) == 1.0
    assert [one["id"] for one in program.json("scores", "list")["editions"]] == [2]
    assert "Nothing to remove" in program.run("scores", "prune")[0]


@pytest.mark.usefixtures("imported")
@pytest.mark.slow
def test_a_killed_rescoring_goes_on_where_it_was(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kill -9 in the middle: what was scored stays, the old scores are read, and the next one
    does the rest.
    """
    program.run("report")
    starting = (
        "import time; from overheard.scoring import rescoring as r; r.SLICE_ANSWERS = 1; "
        "r.SLICE_S = 60.0; read = r.Rescoring._read_share\n"
        "async def slowly(*given, **more):\n    time.sleep(0.05)\n"
        "    return await read(*given, **more)\n"
        "r.Rescoring._read_share = slowly\n"
        "import sys; sys.argv = ['overheard', 'report']\n"
        "from overheard.runtime.wiring import main; main()"
    )
    process = program.python(starting)
    while process.poll() is None:
        [_, waits] = program.json("scores", "list")["editions"]
        if waits["done"] > 0.05:
            break
        time.sleep(0.3)  # each look takes as long as a dozen answers
    process.kill()
    process.communicate()

    [used, waits] = program.json("scores", "list")["editions"]
    assert (used["state"], waits["state"]) == ("used", "scoring")
    assert 0.05 < waits["done"] < 1
    assert visible(program) == 0.5
    monkeypatch.setattr(rescoring, "SLICE_S", 60.0)
    assert visible(program) == 1.0
