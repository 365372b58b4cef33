"""False claims and grave sentences over imported history, as `shifts` lists them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lying import LIES, QUESTIONS, Lie, config, history
from office import Office, open_office
from overheard.commands.digest import digest
from overheard.commands.import_history import import_history
from overheard.commands.replayed_shifts import reported_statements, story_data
from overheard.commands.shifts import shifts
from overheard.deployment import Call, NoProgress
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
    await import_history(office.deployment, Call(), file=file)
    return office


async def entries(office: Office) -> list[dict[str, Any]]:
    """Return the statements that `shifts --json` lists, without the analysis of what moved."""
    deployment = await office.deployment.caught_up(NoProgress())
    runs = {run.id: run for run in await office.store.runs.find()}
    brands = [brand.name for brand in deployment.catalogue.brands if brand.tracked]
    return [story_data(one, runs) for one in await reported_statements(deployment, brands)]


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
    card = await shifts(office.deployment, Call())

    assert card.data[0]["kind"] == "claim"
    assert {entry["kind"] for entry in card.data} <= {"claim", "shift"}
    assert "1 false claim" in card.title
    assert "it says “1999” of the founding year (in truth 2010)" in str(card.text)


async def test_the_digest_names_questions_of_imported_history_by_their_text(
    tmp_path: Path,
) -> None:
    """They are no questions of the configuration."""
    office = await imported(tmp_path, LIES[1], seed=1, weeks=8, repeats=2)
    advice = str((await digest(office.deployment, Call())).text)

    assert any(f"Write a page on “{question}”" in advice for question in QUESTIONS)
