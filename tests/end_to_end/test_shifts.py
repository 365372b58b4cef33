"""`overheard changes --show all` over imported history."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kit.program import CONFIG, PROMPTS, Program, sentences

START = datetime(2026, 1, 5, 8, tzinfo=UTC)


def history(weeks: int, turn: int | None = None) -> list[dict[str, Any]]:
    """Return answers of weekly runs: Acme is named in two of three, and hardly from a turn on."""
    lines = []
    for week in range(weeks):
        late = turn is not None and week >= turn
        for number, prompt in enumerate(PROMPTS):
            for repeat in range(2):
                named = (number + repeat + week) % 3 > 0 and not (late and number % 4)
                lines.append(
                    {
                        "run": f"week-{week + 1:02d}",
                        "prompt": prompt,
                        "provider": "svc",
                        "model": "m-1",
                        "text": "Use Acme or Zeta." if named else "Use Zeta.",
                        "asked_at": (START + timedelta(weeks=week, minutes=number)).isoformat(),
                        "served_model": "m-1-b" if late else "m-1-a",
                    }
                )
    return lines


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program with an imported history of twelve weeks, with a turn; tests only read there."""
    folder = tmp_path_factory.mktemp("changed")
    program = Program(folder, CONFIG.format(folder=folder.as_posix(), url="http://127.0.0.1:1"))
    file = folder / "history.jsonl"
    file.write_text("\n".join(map(json.dumps, history(12, turn=8))), encoding="utf-8")
    program.json("import", str(file))
    return program


def test_a_version_change_is_found_in_imported_history(changed: Program) -> None:
    """One shift of the visibility, at the right run, with the served model that goes with it."""
    found = changed.json("changes", "--show", "all")

    first = found[0]
    assert {s["run"] for s in found} == {first["run"]}
    assert first["run"] in {"week-09", "week-10"}
    assert "week-09" in first["runs_90"]
    assert (first["brand"], first["model"]) == ("Acme", "svc/m-1")
    assert first["after"] < first["before"]
    assert first["interval"][0] < first["after"] - first["before"] < first["interval"][1]
    assert first["level"] in {"likely", "nearly certain"}
    assert [update["source"] for update in first["updates"]] == ["served model"]
    assert "m-1-b" in first["explanation"]
    assert changed.json("changes", "acme", "--show", "all") == found


def test_each_run_says_why_it_was_reported_or_not(changed: Program) -> None:
    """`--why` adds the decision about each brand and model in each run, with its numbers."""
    found = changed.json("changes", "acme", "--why")

    assert found["shifts"] == changed.json("changes", "acme", "--show", "all")
    decisions = {decision["run"]: decision for decision in found["decisions"]}
    assert len(decisions) == 12
    assert decisions[found["shifts"][0]["run"]]["action"] == "raise"
    reasons = {run: {s["reason"] for s in d["silences"]} for run, d in decisions.items()}
    assert reasons["week-01"] == {"not enough runs"}
    assert reasons["week-03"] == {"learning"}
    below = decisions["week-08"]["silences"][0]
    assert below["reason"] in {"below threshold", "watched"}
    assert 0 < below["evidence"] < below["threshold"]
    out, _ = changed.run("changes", "acme", "--why")
    assert "week-08" in out
    assert "times as strong" in sentences(out)
    assert "left out" not in sentences(out)
