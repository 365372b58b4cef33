"""Tests of repeated statements: when they are news, when they grow, and when they are gone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from overheard.detection.statements import (
    GONE_LEVEL,
    Occurrence,
    StatementStory,
    follow_statements,
    probability_of_none,
    statement_shift,
)
from overheard.domain import Model, PromptShift, StatementKind
from overheard.measure.blocks import RunKey
from overheard.reading.claims import FalseClaim

MODEL = Model("svc", "m-1")
START = datetime(2026, 1, 5, tzinfo=UTC)
RUNS = [RunKey(START + timedelta(weeks=week), week) for week in range(1, 13)]
ASKED = {run.id: {"a": 6, "b": 6} for run in RUNS}


def said(
    week: int, answer: int, stated: str = "$49", field: str = "price", prompt: str = "a"
) -> Occurrence:
    """Return a false claim in an answer of a week."""
    number = 100 * week + answer
    claim = FalseClaim(number, MODEL, field, "wrong", stated, f"It is {stated}.", (f"{stated}.ex",))
    return Occurrence(claim, RUNS[week - 1], prompt)


def stories(*occurrences: Occurrence, weeks: int = 12) -> list[StatementStory]:
    """Follow them over so many weeks."""
    return follow_statements(occurrences, RUNS[:weeks], ASKED)


def weeks_of(story: StatementStory) -> tuple[int, int]:
    """Return in which week a story began, and in which it was news."""
    return story.began.id, story.opened.id


def test_two_answers_of_a_check_or_three_of_a_month_are_news() -> None:
    """A statement twice in one answer is one, and a month old ones count for nothing."""
    assert stories(said(1, 1), said(1, 1), said(3, 1)) == []
    [at_once] = stories(said(1, 1), said(2, 1), said(2, 2), weeks=2)
    assert weeks_of(at_once) == (1, 2)
    [slowly] = stories(said(1, 1), said(3, 1), said(5, 1), weeks=5)
    assert weeks_of(slowly) == (1, 5)
    assert stories(said(1, 1), said(3, 1), said(6, 1), weeks=6) == []
    [later] = stories(said(1, 1), said(6, 1), said(6, 2), weeks=6)
    assert weeks_of(later) == (6, 6)


def test_different_values_of_one_fact_are_one_story() -> None:
    """From three answers of a check or five of a month on; another fact is another."""
    values = [f"${price}" for price in range(49, 54)]
    assert stories(*(said(1, n, value) for n, value in enumerate(values[:2])), weeks=1) == []
    [together] = stories(*(said(1, n, value) for n, value in enumerate(values[:3])), weeks=1)
    assert len(together.occurrences) == 3
    [month] = stories(*(said(week + 1, 1, values[week]) for week in range(5)), weeks=5)
    assert weeks_of(month) == (1, 5)
    assert stories(*(said(week + 1, 1, values[week]) for week in range(4)), weeks=4) == []
    assert stories(said(1, 1, "1999", "founded"), said(1, 2), said(1, 3, "Ann", "ceo")) == []


def test_a_story_grows_when_twice_as_many_answers_have_it() -> None:
    """As in any check that was reported."""
    [story] = stories(
        *(said(1, n) for n in range(2)),
        *(said(2, n) for n in range(3)),
        *(said(3, n) for n in range(4)),
        *(said(4, n) for n in range(7)),
        *(said(5, n) for n in range(8)),
        weeks=5,
    )
    assert [run.id for run in story.grown] == [3, 5]
    assert (story.last.id, story.closed) == (5, None)


def test_a_story_is_gone_when_chance_hardly_explains_the_silence() -> None:
    """Not before two checks; what comes later is another story."""
    often = [said(1, n) for n in range(5)]
    [quiet] = stories(*often, weeks=2)
    assert (quiet.silent, quiet.closed) == ((12, 1), None)
    [gone] = stories(*often, weeks=3)
    assert (gone.silent, gone.closed) == ((24, 2), RUNS[2])
    seldom = [said(1, n) for n in range(2)]
    [open_yet] = stories(*seldom, weeks=3)
    assert open_yet.closed is None
    assert probability_of_none(2, 12, 24) > GONE_LEVEL >= probability_of_none(5, 12, 24)
    first, second = stories(*often, *(said(7, n) for n in range(2)), weeks=7)
    assert (weeks_of(first), weeks_of(second)) == ((1, 1), (7, 7))


@pytest.mark.parametrize(
    ("made", "asked", "silent", "expected"),
    [(1, 1, 1, 0.25), (1, 2, 1, 0.5), (2, 2, 2, 1 / 16), (1, 3, 0, 1.0)],
)
def test_the_probability_of_silence_is_that_of_a_beta_distribution(
    made: int, asked: int, silent: int, expected: float
) -> None:
    """With a prior of half an answer on each side: the product of the next answers' chances."""
    chance = 1.0
    for number in range(silent):
        chance *= (asked - made + 0.5 + number) / (asked + 1 + number)
    assert probability_of_none(made, asked, silent) == pytest.approx(chance)
    assert chance == pytest.approx(expected, abs=1e-9)


def test_a_story_is_reported_as_the_share_of_answers_with_it() -> None:
    """Of the questions that it was said to, since it began; with the latest quote and sources."""
    heard = [said(2, 1), said(2, 2, prompt="b"), said(3, 1), said(3, 2), said(3, 3)]
    [story] = stories(*heard, weeks=4)
    news = statement_shift(story, "Acme", RUNS[1], RUNS, ASKED, "$14")
    assert news.statement
    assert (news.statement.answers, news.statement.asked) == (2, 12)
    assert (news.statement.said, news.statement.truth) == ("$49", "$14")
    assert (news.statement.kind, news.metric) == (
        StatementKind.CLAIM,
        StatementKind.CLAIM.metric,
    )
    assert (news.before, news.after, news.answers) == (0.0, 2 / 12, (12, 12))
    assert news.prompts == (
        PromptShift("a", 0.0, 1 / 6, 6, 6),
        PromptShift("b", 0.0, 1 / 6, 6, 6),
    )

    later = statement_shift(story, "Acme", RUNS[3], RUNS, ASKED, "$14")
    assert later.statement
    assert (later.statement.answers, later.run_id, later.began) == (3, 4, 2)
    assert later.prompts[0] == PromptShift("a", 0.0, 4 / 18, 6, 18)
    assert later.statement.sources == ("$49.ex",)
    assert replace(later.statement, answers=2) == news.statement
