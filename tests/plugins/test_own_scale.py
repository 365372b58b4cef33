"""A scorer of another distribution may bring a scale of its own, with nothing else changed."""

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kit.installing import Shelf
from overheard import Question, Scale
from overheard.testing import Deployment, OpenDeployment, check_scorer, readings

GRADE = """
from overheard import Metric, Reading, Scale, Score, hookimpl

overheard_api = ">=1.0,<2"
GRADE = Scale("grade", 0, 20, smallest_change=0.5, margin=1.0, reach=5.0, unit="grade")

class GradeScorer:
    name = "grade"
    version = "1"
    metrics = (Metric("grade", GRADE, "Reading grade", lower_is_better=True),)

    def score(self, reading):
        named = {mention.sentence for mention in reading.of(reading.brand.name)}
        if not named:
            return []
        return [Score("grade", sum(len(reading.sentence(n).split()) for n in named) / len(named))]

@hookimpl
def overheard_scorers(settings):
    yield GradeScorer()
"""
CONFIG = '[alerts]\nmetrics = ["grade"]\n' + "".join(
    f'[[prompts]]\ntext = "Which tool is best for team {n}?"\n' for n in range(11)
)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Somewhere to install plugins, with the scorer of reading grades installed."""
    shelf = Shelf(tmp_path, monkeypatch)
    shelf.install("grade", GRADE)
    return shelf


def sentence(words: int) -> str:
    """Return a sentence of a number of words that names Acme."""
    return f"Acme {'really ' * (words - 3)}helps teams."


async def check_weekly(deployment: Deployment, weeks: int, words: int) -> None:
    """Check once a week; answers name Acme in sentences of a number of words, or one more."""

    def answer(question: Question) -> str:
        return sentence(words + len(question.prompt.text) % 2)

    deployment.provider.answer = answer
    for _ in range(weeks):
        deployment.clock.advance(days=7)
        await deployment.type("check acme")


async def test_reports_trends_and_alerts_write_values_as_the_scale_says(
    shelf: Shelf, overheard_deployment: OpenDeployment
) -> None:
    """Values have its digits, changes its unit, charts its ends; a change raises an alert."""
    deployment = await overheard_deployment(CONFIG)
    await check_weekly(deployment, 12, 6)
    await check_weekly(deployment, 4, 14)

    assert deployment.problems == {}
    report = (await deployment.type("report acme --details")).card
    assert report.table
    assert (report.table.header[-1], report.table.rows[0][-1]) == ("Reading grade", "14.2")
    values = {each["metric"]: each["value"] for each in report.data["brands"][0]["results"]}
    assert values["grade"] == pytest.approx(14 + 1 / 6)
    trend = (await deployment.type("trend acme --metric grade")).card
    assert trend.image
    assert "Acme: from 6.2 to 14.2 (likely range 12.4 to 15.9)" in trend.image.alt
    assert trend.table
    assert trend.table.rows == (("echo-1", "14.2 (12.4 to 15.9)", "+8.0 grades", "16"),)
    alert = (await deployment.type("alerts show 1 --figures")).card
    assert alert.title == "echo-1 changed Acme's reading grade"
    assert [field.value for field in alert.fields[:4]] == [
        "6.2",
        "14.2",
        "+8.0 grades",
        "+5.5 to +10.5 grades",
    ]


async def test_the_kit_and_a_check_refuse_values_beyond_the_scale(
    shelf: Shelf, overheard_deployment: OpenDeployment
) -> None:
    """An answer beyond the end of the scale has no score, and one at the end has."""
    scorer = importlib.import_module("overheard_grade").GradeScorer()
    [beyond] = readings([sentence(21)])
    assert [score.value for score in scorer.score(beyond)] == [21]
    await check_scorer(scorer)
    [metric] = scorer.metrics
    scorer.metrics = [replace(metric, scale=replace(metric.scale, high=1))]
    with pytest.raises(AssertionError, match=r"grade = .* is out of range"):
        await check_scorer(scorer)
    deployment = await overheard_deployment(CONFIG)
    await check_weekly(deployment, 1, 20)
    assert {record.score.value for record in await deployment.scores("grade")} == {20}
    assert len(await deployment.scores("grade")) < len(await deployment.scores("visibility"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"high": 0}, "two ends"),
        ({"high": 1e10}, "two ends"),
        ({"low": float("nan")}, "two ends"),
        ({"is_rate": True}, "from 0 to 1"),
        ({"smallest_change": 0}, "more than 0"),
        ({"digits": 7}, "0 to 6"),
    ],
)
def test_a_scale_without_a_meaning_cannot_be_made(change: dict[str, Any], words: str) -> None:
    """Its ends, its differences and its digits have limits, which the error names."""
    given: dict[str, Any] = {"smallest_change": 0.5, "margin": 1.0, "reach": 5.0}
    with pytest.raises(ValueError, match=words):
        Scale(**{"name": "grade", "low": 0, "high": 20, **given, **change})
