import json
from pathlib import Path

import pytest

from kit.program import Program, sentences

CONFIG = """
[storage]
url = "sqlite:///store.db"

[providers.svc]
plugin = "compatible"
base_url = "http://127.0.0.1:9/v1"
models = ["m-1"]
prices."m-1" = { input = 1, output = 2 }

[[brands]]
name = "Acme"
"""
PROMPTS = "".join(
    f'\n[[prompts]]\ntext = "Which tool is best for team number {n}?"\n' for n in range(30)
)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A deployment of 30 prompts in which nothing was asked yet."""
    return Program(tmp_path, CONFIG + PROMPTS)


def test_a_plan_without_history_says_what_it_assumes(program: Program) -> None:
    """The usual panel at tau 0.25: 15 to 16 points in one look, less in more of them."""
    (plan,) = program.json("power")["models"]
    now, *more = plan["offers"]
    assert (plan["prompts"], plan["repeats"], plan["every_days"], plan["tau"]) == (30, 3, 7, 0.25)
    assert now["points_update_one_run"] == pytest.approx(15.7, abs=0.7)
    assert now["points_within_runs"]["8"] < now["points_within_runs"]["2"]
    assert now["calls_per_year"] == pytest.approx(30 * 3 * 52.2, abs=2)
    assert now["usd_per_year"] > 0
    assert all(o["points_within_runs"]["4"] < now["points_within_runs"]["4"] for o in more)
    assert len(plan["assumed"]) == 3


def test_spacing_is_worth_more_than_repeats(program: Program) -> None:
    """For the same calls, twice as many runs see less than runs twice as large."""
    offers = {o["name"]: o for o in program.json("power")["models"][0]["offers"]}
    often, repeats = offers["Twice as often"], offers["Twice the repeats"]
    assert often["calls_per_year"] == repeats["calls_per_year"]
    assert often["points_within_runs"]["4"] < repeats["points_within_runs"]["4"]


def test_the_card_and_its_chart(program: Program) -> None:
    """It says what is assumed, and the chart is a picture."""
    out, _ = program.run("power", "Acme", "--chart", "power.png", "--repeats", "5")
    assert "Smallest fall noticed, in points" in sentences(out)
    assert "tau 0.25 is assumed" in sentences(out)
    assert (program.folder / "power.png").read_bytes().startswith(b"\x89PNG")


def test_a_schedule_is_read(program: Program) -> None:
    """Its repeats and its pace are the plan's."""
    schedule = '\n[[schedules]]\nname = "daily"\ncron = "0 7 * * *"\nrepeats = 2\n'
    program.configure(CONFIG + PROMPTS + schedule)
    (plan,) = program.json("power")["models"]
    assert (plan["repeats"], plan["every_days"]) == (2, 1)


def test_history_takes_the_place_of_assumptions(program: Program) -> None:
    """After 20 runs, each of which named Acme in two answers of three, nothing is assumed."""
    lines = [
        {
            "asked_at": f"2026-03-{run + 1:02d}T09:00Z",
            "run": f"r{run}",
            "prompt": f"Which tool is best for team number {prompt}?",
            "provider": "svc",
            "model": "m-1",
            "text": "Acme." if (run + prompt) % 3 else "None.",
        }
        for run in range(20)
        for prompt in range(30)
    ]
    (program.folder / "history.jsonl").write_text(
        "\n".join(map(json.dumps, lines)), encoding="utf-8"
    )
    program.run("import", "history.jsonl")
    (plan,) = program.json("power")["models"]
    assert plan["assumed"] == []
    assert plan["runs_before"] == 20
    assert plan["tau"] < 0.25


def test_nothing_to_plan_is_one_sentence(program: Program) -> None:
    """Without prompts there is no panel."""
    program.configure(CONFIG)
    _, complaint = program.run("power", code=1)
    assert "no prompt is configured" in complaint
