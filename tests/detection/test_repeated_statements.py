"""Tests of repeated statements: when they are news, when they grow, and when they are gone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kit.alert_shapes import weekly_alert, weekly_shift
from overheard.detection.decide import Decision
from overheard.detection.decision_inputs import AlertLevel
from overheard.detection.placement import AlertAction, Placement
from overheard.detection.statement_shifts import add_statements, statement_shift
from overheard.detection.statements import (
    GONE_LEVEL,
    Occurrence,
    StatementStory,
    follow_statements,
    probability_of_none,
)
from overheard.domain import Model, PromptShift, ReportedStatement, RunKey, Shift, StatementKind
from overheard.measure.intervals import wilson
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
    assert (news.statement.kind, news.metric) == (StatementKind.CLAIM, StatementKind.CLAIM.metric)
    assert (news.before, news.after, news.answers) == (0.0, 2 / 12, (12, 12))
    assert news.prompts == (PromptShift("a", 0.0, 1 / 6, 6, 6), PromptShift("b", 0.0, 1 / 6, 6, 6))

    later = statement_shift(story, "Acme", RUNS[3], RUNS, ASKED, "$14")
    assert later.statement
    assert (later.statement.answers, later.run_id, later.began) == (3, 4, 2)
    assert later.prompts[0] == PromptShift("a", 0.0, 4 / 18, 6, 18)
    assert later.statement.sources == ("$49.ex",)
    assert replace(later.statement, answers=2) == news.statement


def news_of(model: Model, topic: str = "price") -> Shift:
    """Return a false claim of week 12 that is news at a model."""
    claim = ReportedStatement(StatementKind.CLAIM, topic, "$49")
    return replace(weekly_shift("false claims", statement=claim), model=model)


def decision_of(model: Model, *shifts: Shift, action: AlertAction, **more: Any) -> Decision:
    """Return what was decided of Acme at a model in week 12."""
    given: dict[str, Any] = {"level": None, "years": 3.0, "silences": (), **more}
    return Decision("Acme", model, RUNS[11], shifts, Placement(action, 4), **given)


def test_statements_head_what_moved_at_their_model() -> None:
    """Both are one alert, as certain as the move is; a model of which nothing was decided has an
    alert of its own, and what is part of a model's change stays that.
    """
    one, two, three, four = (Model("svc", f"m-{n}") for n in range(1, 5))
    moved = replace(weekly_shift(), model=one)
    level = AlertLevel.LIKELY
    raised = decision_of(one, moved, action=AlertAction.RAISE, level=level)
    silent = decision_of(two, action=AlertAction.NONE)
    joined = decision_of(three, moved, action=AlertAction.JOIN)
    untold = decision_of(four, moved, action=AlertAction.GROW)
    news = [news_of(two), news_of(one), news_of(three), news_of(one, "ceo")]
    found = add_statements([raised, silent, joined, untold], news, RUNS[11], [])
    anew = Placement(AlertAction.RAISE)
    assert found == [
        replace(raised, shifts=(news[1], news[3], moved), placement=anew),
        replace(silent, shifts=(news[0],), placement=anew),
        joined,
        untold,
        Decision("Acme", three, RUNS[11], (news[2],), anew, None, None, ()),
    ]


def test_a_statement_lets_an_open_alert_grow() -> None:
    """Of the same model, whatever that reports."""
    news = news_of(weekly_shift().model)
    silent = decision_of(news.model, action=AlertAction.NONE)
    earlier = [weekly_alert(weekly_shift(run=8), number=5)]
    grown = Placement(AlertAction.GROW, 5)
    assert [d.placement for d in add_statements([silent], [news], RUNS[11], earlier)] == [grown]
    assert [d.placement for d in add_statements([], [news], RUNS[11], earlier)] == [grown]


def test_a_grave_sentence_is_the_same_by_its_topic() -> None:
    """Whatever its words; a claim of the field is another statement."""

    def grave(week: int, answer: int, topic: str = "breach") -> Occurrence:
        one = said(week, answer, f"words {week} {answer}", topic)
        return replace(one, claim=replace(one.claim, verdict="grave"))

    [story] = stories(grave(1, 1), grave(1, 2), grave(2, 1, "lawsuit"), weeks=2)
    assert weeks_of(story) == (1, 1)
    assert story.first.kind is StatementKind.GRAVE
    assert stories(grave(1, 1), said(1, 2, "words 1 1", "breach"), weeks=1) == []
    shift = statement_shift(story, "Acme", RUNS[0], RUNS, ASKED, "")
    assert shift.metric == StatementKind.GRAVE.metric


def test_the_commonest_value_represents_a_story() -> None:
    """The first of those that are as common; its quote where the run has none of its own."""
    values = [(1, "$51"), (1, "$49"), (1, "$50"), (2, "$50"), (2, "$49")]
    heard = [said(week, n, value) for n, (week, value) in enumerate(values)]
    [story] = stories(*heard, weeks=2)
    assert story.first.claim.stated == "$49"
    assert len(story.occurrences) == 5
    bare = [
        replace(o, claim=replace(o.claim, quote="" if n != 1 else "It says $49."))
        for n, o in enumerate(story.occurrences)
    ]
    quoted = replace(story, occurrences=tuple(bare))
    shift = statement_shift(quoted, "Acme", RUNS[1], RUNS, ASKED, "")
    assert shift.statement
    assert shift.statement.quote == "It says $49."
    assert shift.statement.sources == ("$49.ex", "$50.ex", "$51.ex")


def test_a_story_ends_by_the_questions_that_were_asked_in_both_times() -> None:
    """A run without answers is none, nor are answers to other questions."""
    often = [said(1, n) for n in range(5)]

    def silence(asked: dict[int, dict[str, int]]) -> tuple[tuple[int, int], bool]:
        [story] = follow_statements(often, RUNS[:4], {1: {"a": 6, "b": 6}, **asked})
        return story.silent, story.closed is not None

    assert silence({2: {"b": 6}, 3: {"b": 60}, 4: {"b": 60}}) == ((126, 3), False)
    assert silence({2: {"c": 90}, 3: {"c": 90}, 4: {"c": 90}}) == ((0, 3), False)
    assert silence({3: {"a": 6}}) == ((6, 1), False)
    assert silence({2: {"a": 6}, 4: {"a": 6}}) == ((12, 2), True)
    few = [said(1, 1), said(1, 1), said(1, 2)]
    [story] = follow_statements(few, RUNS[:3], {1: {"a": 1}, 2: {"a": 1}, 3: {"a": 1}})
    assert probability_of_none(2, 2, 2) > GONE_LEVEL
    assert story.closed is None


def test_a_story_that_goes_on_is_not_silent() -> None:
    """What it was silent for before does not count, and stories come in the order of their news."""
    other = [said(2, n, "1999", "founded") for n in (7, 8)]
    first, second = stories(*other, said(1, 1), said(1, 2), said(3, 1), said(3, 2), weeks=3)
    assert [one.first.claim.field for one in (first, second)] == ["price", "founded"]
    assert (first.silent, first.last.id, first.grown) == ((0, 0), 3, ())
    assert [o.run.id for o in first.in_run(RUNS[2])] == [3, 3]
    assert second.silent == (12, 1)
    at_once = stories(said(1, 3, "1999", "founded"), said(2, 1, "1999", "founded"),
                      said(2, 2, "1999", "founded"), said(2, 3), said(2, 4), weeks=2)  # fmt: skip
    assert [weeks_of(one) for one in at_once] == [(1, 2), (2, 2)]
    assert at_once[0].first.claim.field == "founded"


def test_what_was_said_thirty_days_ago_counts_for_nothing() -> None:
    """The window is shorter than that by a moment; a run of daily checks is exactly so old."""
    ends = [RunKey(START + timedelta(days=days), 1 + days) for days in (0, 1, 30)]

    def of(run: int, answer: int, stated: str = "$49") -> Occurrence:
        return replace(said(1, 100 * run + answer, stated), run=ends[run])

    def found(*heard: Occurrence) -> list[tuple[int, int]]:
        asked = {run.id: {"a": 6} for run in ends}
        return [weeks_of(story) for story in follow_statements(heard, ends, asked)]

    assert found(of(0, 1), of(2, 1), of(2, 2)) == [(31, 31)]
    assert found(of(1, 1), of(2, 1), of(2, 2)) == [(2, 31)]
    assert found(of(0, 1), of(1, 1), of(2, 1)) == []
    assert found(of(1, 1), of(1, 2), of(2, 1)) == [(2, 2)]


def test_an_open_story_takes_what_it_states_before_others_do() -> None:
    """Of a value with two numbers, each of which was said alone, one has become news."""
    other, news = said(1, 1, "$588"), [said(1, 2), said(1, 3)]
    [story] = stories(other, *news, said(2, 1, "$49 a month or $588 a year"), weeks=2)

    assert [o.claim.answer_id for o in story.occurrences] == [102, 103, 201]
    [both] = stories(other, *news, said(2, 1, "$588"), said(2, 2, "$588"), weeks=2)
    assert (weeks_of(both), len(both.occurrences)) == ((1, 1), 4), "one fact, one story"


def test_of_thousands_of_answers_the_reader_takes_some_for_false() -> None:
    """Two of six are news, two of 6,000 are not, and twenty are."""
    claims = [said(1, n) for n in range(20)]
    many = {RUNS[0].id: {"a": 6000}}
    assert follow_statements(claims[:2], RUNS[:1], {RUNS[0].id: {"a": 6}})
    assert not follow_statements(claims[:2], RUNS[:1], many)
    assert follow_statements(claims, RUNS[:1], many)


def test_a_story_that_was_gone_begins_anew_with_its_value_alone() -> None:
    """Also one of several values: none of them is expected to be said again."""
    varied = [said(1, n, f"${50 + n}") for n in range(5)]
    later = [said(7, 1, "$80"), said(7, 2, "$81"), said(8, 1, "$80"), said(8, 2, "$80")]
    first, second = stories(*varied, *later, weeks=8)

    assert first.closed is not None
    assert {o.claim.stated for o in second.occurrences} == {"$80"}
    assert weeks_of(second) == (7, 8)


def test_a_statement_without_counted_answers_has_those_that_make_it() -> None:
    """A run whose answers were deleted: no share is above 1."""
    [story] = follow_statements([said(1, 1), said(1, 2), said(1, 2)], RUNS[:1], {})
    shift = statement_shift(story, "Acme", RUNS[0], RUNS, {}, "$14")

    assert (shift.after, shift.answers) == (1.0, (0, 2))
    assert shift.prompts == (PromptShift("a", 0.0, 1.0, 0, 2),)
    assert shift.statement is not None
    assert (shift.statement.answers, shift.statement.asked) == (2, 2)
    assert shift.interval == wilson(1.0, 2)


def test_values_that_wait_are_put_together_only_where_none_is_news_itself() -> None:
    """Two of one value are its own story; those of others join when three more are said."""
    [alone] = stories(said(1, 1, "$50"), said(1, 2, "$49"), said(1, 3, "$49"), weeks=1)
    assert {o.claim.stated for o in alone.occurrences} == {"$49"}
    varied = [said(1, n, f"${50 + n}") for n in range(3)]
    [story] = stories(*varied, said(2, 1, "$80"), said(2, 2, "Ann", "ceo"), weeks=2)
    assert len(story.occurrences) == 4, "any other value of the fact belongs to it"
    old = [said(1, 1, "$50"), said(7, 1, "$51"), said(7, 2, "$52")]
    assert stories(*old, weeks=7) == []
    [recent] = stories(*old, said(7, 3, "$53"), weeks=7)
    assert weeks_of(recent) == (7, 7)
