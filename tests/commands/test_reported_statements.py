"""False claims and grave sentences over imported history, as `changes` lists them, and what a
chat shows.
"""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kit.lying import LIES, QUESTIONS, Lie, config, history
from kit.office import Office, asked_office, open_office
from overheard.cards.card import Card, Image
from overheard.cards.charts.trend import Chart
from overheard.commands import shifts as shifts_module
from overheard.commands.import_history import import_history
from overheard.commands.report import digest
from overheard.commands.shifts import ReplayedShift, past_changes, reported_statements, story_data
from overheard.deployment import Call
from overheard.domain import WHOLE_MODEL, Model, ReportedStatement, RunKey, Shift, StatementKind
from overheard.interfaces import NoProgress
from overheard.scoring.service import Scoring
from overheard_accuracy import Accuracy
from overheard_visibility.scorer import Visibility


async def imported(folder: Path, lie: Lie, **more: Any) -> Office:
    """Return a deployment that has imported a history."""
    office = await open_office(config(lie))
    scoring = Scoring([Accuracy(), Visibility()], office.deployment.catalogue)
    office.deployment = replace(office.deployment, scoring=scoring)
    file = folder / "history.jsonl"
    file.write_text("\n".join(map(json.dumps, history(lie, **more))))
    await import_history(Call(office.deployment), file=file)
    return office


async def entries(office: Office) -> list[dict[str, Any]]:
    """Return the statements that the past has, without the analysis of what moved."""
    deployment = await office.deployment.caught_up(NoProgress())
    runs = {run.id: run for run in await office.store.runs.find()}
    brands = [brand.name for brand in deployment.catalogue.brands if brand.tracked]
    return [story_data(one, runs) for one in await reported_statements(Call(deployment), brands)]


@pytest.mark.parametrize("number", range(len(LIES)))
async def test_a_lie_is_reported_in_its_first_week(tmp_path: Path, number: int) -> None:
    """With what was said, the truth, the run and the model; also where visibility falls."""
    lie = LIES[number]
    office = await imported(tmp_path, lie, seed=number, weeks=10)
    claims = await entries(office)

    [claim] = [entry for entry in claims if entry["kind"] == "claim"]
    assert claim["run"] == f"week {lie.from_week:02}"
    assert (claim["brand"], claim["model"], claim["fact"]) == (lie.brand, "svc/m", lie.fact)
    assert lie.false in claim["said"]
    assert claim["truth"] == lie.truth
    assert claim["level"] == "nearly certain"
    assert lie.false in claim["quote"]


@pytest.mark.parametrize("number", [0, 2])
async def test_an_unchanged_history_has_no_claim(tmp_path: Path, number: int) -> None:
    """Rivals have other values, and nothing is said of the brand that is not so."""
    never = replace(LIES[number], from_week=99)
    office = await imported(tmp_path, never, seed=100 + number, weeks=8)

    assert await entries(office) == []


async def test_the_list_of_shifts_has_them_among_what_moved(tmp_path: Path) -> None:
    """In the order of the runs, each entry with its kind."""
    office = await imported(tmp_path, LIES[1], seed=1, weeks=10, repeats=2)
    card = await past_changes(Call(office.deployment))

    assert card.data[0]["kind"] == "claim"
    assert {entry["kind"] for entry in card.data} <= {"claim", "shift"}
    assert card.table
    told = " ".join(str(row[1]) for row in card.table.rows)
    assert "says Brightboard's founding year is “1999”" in told


async def test_the_digest_names_questions_of_imported_history_by_their_text(tmp_path: Path) -> None:
    """They are no questions of the configuration."""
    office = await imported(tmp_path, LIES[1], seed=2, weeks=8, repeats=2)
    advice = str((await digest(Call(office.deployment))).text)

    assert any(f"Write a page on “{question}”" in advice for question in QUESTIONS)
    assert "To do\n1. " in advice


CLAIM = ReportedStatement(StatementKind.CLAIM, "founded", "1999", "2010", answers=3, asked=12)


async def in_a_chat(
    monkeypatch: pytest.MonkeyPatch,
    *found: Shift,
    part_of: Shift | None = None,
    checks: int = 9,
    words: str = "changes Acme --show all",
    charts: list[Chart] | None = None,
) -> Card:
    """Return what a chat shows of some changes, the oldest first, each of the check of its run.
    Its charts are not drawn, but added to those that are given.
    """
    office = await asked_office("Acme is best. Zeta is good.")
    run = (await office.store.runs.find())[0]
    changes = [
        ReplayedShift(
            RunKey(run.started_at + timedelta(days=shift.run_id), run.id),
            shift,
            {"metric": shift.metric, "part_of": 7 if shift is part_of else None},
        )
        for shift in found
    ]
    monitor = SimpleNamespace(evidence=dict.fromkeys(range(checks)))

    async def given(*_: object) -> list[Any]:
        return [SimpleNamespace(monitor=monitor)]

    async def none(*_: object) -> list[Any]:
        return []

    async def keep(chart: Chart, name: str) -> Image:
        if charts is not None:
            charts.append(chart)
        return Image(b"", "chart", name)

    monkeypatch.setattr(shifts_module, "picture", keep)
    monkeypatch.setattr(shifts_module, "replays", given)
    monkeypatch.setattr(shifts_module, "reported_statements", none)
    monkeypatch.setattr(shifts_module, "replayed_shifts", lambda *_: changes)
    return (await office.chat.type(words)).card


def change(metric: str = "visibility", week: int = 7, points: float = -0.5, **more: Any) -> Shift:
    """Return a change of Acme at the model of the office."""
    given = {"brand": "Acme", "model": Model("svc", "m-1"), "began": 1, **more}
    return Shift(
        metric=metric,
        run_id=week,
        before=0.9,
        after=0.9 + points,
        change=points,
        interval=(-0.6, 0.6),
        **given,
    )


async def test_a_chat_lists_the_four_newest_changes_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One for each model and check, by its plainest metric; what is part of a model's change is
    left out, and the others are behind a button.
    """
    whole, part = change(week=9, brand=WHOLE_MODEL), change(week=9)
    claim = change("false claims", week=7, statement=CLAIM)
    steps = [change(week=week, points=0.04 * week) for week in (1, 2, 3)]
    found = (*steps, change("position"), change("visibility"), claim, whole, part)
    card = await in_a_chat(monkeypatch, *found, part_of=part)

    assert card.title == "What changed for Acme"
    assert str(card.text).splitlines() == [
        "11 Mar: m-1 changed how it speaks about your whole category",
        "9 Mar: m-1 says Acme's founding year is “1999”",
        "9 Mar: m-1 names Acme far less",
        "5 Mar: m-1 names Acme more",
    ]
    assert card.table is None
    assert [action.words for action in card.actions] == ["trend Acme", "changes Acme --details"]
    assert [data["metric"] for data in card.data] == [shift.metric for shift in found]
    details = await in_a_chat(monkeypatch, *found, part_of=part, words="changes Acme --details")
    assert details.table
    assert details.table.rows[1:3] == (
        ("9 Mar 2026", "m-1 says Acme's founding year is “1999”", "2010 in truth"),
        ("9 Mar 2026", "m-1 names Acme far less", "named 40 %, before 90 %"),
    )
    assert (len(details.table.rows), str(details.text), details.image) == (6, "", None)
    assert [action.words for action in details.actions] == ["trend Acme"]


async def test_the_picture_of_what_changed_marks_the_visibility_of_the_brand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For better and worse, where the check with which it began is known."""
    charts: list[Chart] = []
    of_rival = change(brand="Zeta", week=3)
    unknown = change(week=8, began=99)
    found = (change(week=2), change(points=0.1), of_rival, change("position"), unknown)
    card = await in_a_chat(monkeypatch, *found, charts=charts)

    assert card.image
    assert [mark.label for mark in charts[0].marks] == ["better", "worse"]


@pytest.mark.parametrize(
    ("checks", "text", "steps"),
    [
        (0, "No answers yet.", []),
        (9, "In 9 checks no change was certain enough for an alert.", ["trend Acme"]),
    ],
)
async def test_where_nothing_changed_a_chat_says_how_much_was_looked_at(
    checks: int, text: str, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a button to what there is not."""
    card = await in_a_chat(monkeypatch, checks=checks)

    assert (card.title, str(card.text)) == ("No change is certain for Acme", text)
    assert [action.words for action in card.actions] == steps
