"""Tests of how metrics, their values and their changes are called."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kit.alert_shapes import MODEL, NOON, OTHER, evidence_of, shift_of, stream_of
from overheard.alerts.metric_wording import (
    MetricValue,
    change_of,
    later_shift_phrase,
    metric_value,
    shift_phrase,
    went_both_ways,
)
from overheard.alerts.story import Period
from overheard.cards.metric_words import METRIC_WORDS, words_of
from overheard.domain import Metric, PromptShift, ReportedStatement, Scale, StatementKind

DAY = timedelta(days=1)
NAMED = Metric("visibility", Scale.BINARY, "Visibility")
PLACE = Metric("position", Scale.RANK, "Position")
TONE = Metric("sentiment", Scale.POLARITY, "Sentiment")
DRAWBACK = Metric("drawback", Scale.BINARY, "Drawback named", lower_is_better=True)
SHARE = Metric("share_of_voice", Scale.SHARE, "Share of voice")
SALES = Metric("sales", Scale.SHARE, "Sales Talk")
CLAIM = ReportedStatement(StatementKind.CLAIM, "price", "$9", "$7")


@pytest.mark.parametrize(
    ("metric", "change", "phrase"),
    [
        (NAMED, 0.3, "names Acme far more"),
        (NAMED, 0.29, "names Acme more"),
        (NAMED, -0.29, "names Acme less"),
        (NAMED, -0.3, "names Acme far less"),
        (PLACE, -2.0, "names Acme earlier"),
        (PLACE, 2.0, "names Acme later"),
        (TONE, 0.5, "speaks better of Acme"),
        (TONE, -0.5, "speaks worse of Acme"),
        (DRAWBACK, 0.2, "warns of Acme more"),
        (DRAWBACK, -0.2, "warns of Acme less"),
        (SHARE, -0.5, "gives Acme a smaller share"),
        (SALES, -0.5, "changed Acme's sales talk"),
    ],
)
def test_a_change_is_said_with_its_direction(metric: Metric, change: float, phrase: str) -> None:
    """Far means 30 points of a rate or more; without words of its own, a metric has its label."""
    shift = shift_of(metric=metric.name, change=change)

    assert shift_phrase(shift, metric, "Acme") == phrase
    plain = shift_phrase(shift, metric, "it", with_direction=False)
    assert plain == f"changed its {metric.label.lower()}"
    assert shift_phrase(shift, None, "Acme") == f"changed Acme's {metric.name}"


@pytest.mark.parametrize(
    ("metric", "change", "moves", "phrase"),
    [
        (NAMED, 0.049, ((0, 1), (1, 0)), "names it for other questions"),
        (NAMED, -0.049, ((0, 1), (1, 0), (1, 1)), "names it for other questions"),
        (NAMED, 0.05, ((0, 1), (1, 0)), "names it more"),
        (NAMED, -0.05, ((0, 1), (1, 0)), "names it less"),
        (NAMED, 0.01, ((0, 1), (1, 1)), "names it more"),
        (NAMED, -0.01, ((1, 0), (1, 1)), "names it less"),
        (NAMED, 0.01, ((1, 1),), "names it more"),
        (TONE, 0.01, ((0, 1), (1, 0)), "speaks better of it"),
    ],
)
def test_a_step_may_have_moved_questions_both_ways(
    metric: Metric, change: float, moves: tuple[tuple[float, float], ...], phrase: str
) -> None:
    """Where the whole moved by less than 5 points; a question that did not move says nothing."""
    prompts = tuple(PromptShift("q", float(a), float(b), 3, 3) for a, b in moves)
    shift = shift_of(metric=metric.name, change=change, prompts=prompts)

    assert later_shift_phrase(shift, metric, "it") == phrase
    assert went_both_ways(shift) is ({(0, 1), (1, 0)} <= set(moves))


def test_every_metric_with_words_has_those_of_both_directions() -> None:
    """An unknown metric has none."""
    for name, words in METRIC_WORDS.items():
        assert bool(words.better) == bool(words.worse) == bool(words.brands_better)
        assert words_of(name) is words
    assert not words_of("sales").better
    assert not words_of("sales").counts_mentions


VALUE = MetricValue(0.30, 0.9, 0.4, 24)


@pytest.mark.parametrize(
    ("value", "metric", "words", "cell"),
    [
        (VALUE, NAMED, " in 7 of 24 answers, usually 22", "7 of 24"),
        (replace(VALUE, answers=1), NAMED, " in 0 of 1 answer, usually 1", "0 of 1"),
        (replace(VALUE, answers=0), NAMED, " in 30 % of answers, usually 90 %", "30 %"),
        (replace(VALUE, usual=None), NAMED, " in 7 of 24 answers", "7 of 24"),
        (replace(VALUE, usual=None, answers=0), NAMED, " in 30 % of answers", "30 %"),
        (VALUE, SHARE, ": 30 %, usually 90 %", "30 %"),
        (replace(VALUE, usual=None), TONE, ": +0.30", "+0.30"),
    ],
)
def test_a_value_is_a_count_where_all_checks_are_of_one_size(
    value: MetricValue, metric: Metric, words: str, cell: str
) -> None:
    """And a rate of binary answers; else it is written on its scale."""
    assert value.words(metric) == words
    assert value.cell(value.now, metric) == cell
    assert value.cell(None, metric) == "-"


@pytest.mark.parametrize(
    ("usual", "value", "change", "shows"),
    [
        (0.9, 0.5, -0.1, True),
        (0.9, 0.5, 0.1, False),
        (0.5, 0.9, 0.1, True),
        (0.5, 0.9, -0.1, False),
        (0.5, 0.51, 0.1, False),
        (0.5, 0.5, 0.1, False),
        (0.5, None, 0.1, False),
        (None, 0.5, 0.1, True),
        (None, None, 0.1, False),
    ],
)
def test_a_value_shows_a_change_that_readers_can_see(
    usual: float | None, value: float | None, change: float, *, shows: bool
) -> None:
    """Written with as many digits as it has for them."""
    assert MetricValue(0.0, usual, None, 24).shows(value, change, NAMED) is shows


ROWS = [[4, 4], [4, 2], [1, 1]]
"""Hits of four answers to each of two questions on days 1, 2 and 3; the change began on day 2."""


def test_usual_are_the_checks_before_the_change_and_outside_of_earlier_ones() -> None:
    """And since it began, those from its first check on."""
    stream = stream_of("Acme", MODEL, [[2, 2], *ROWS])
    evidence = evidence_of(began=NOON + 3 * DAY)
    value = metric_value(stream, evidence, shift_of())

    assert value == MetricValue(0.25, 0.75, 0.5, 8)
    assert change_of(stream, evidence) == pytest.approx(0.5 - 0.75)
    earlier = (Period(NOON + 2 * DAY, NOON + 3 * DAY, 1),)
    value = metric_value(stream, replace(evidence, earlier=earlier), shift_of())
    assert value == MetricValue(0.25, 0.5, 0.5, 8)
    over = replace(evidence, until=NOON + 3 * DAY)
    assert metric_value(stream, over, shift_of()) == MetricValue(0.75, 0.75, 0.75, 8)


def test_without_checks_before_the_change_the_shift_says_what_was_usual() -> None:
    """Of its own brand, if it is a shift of a metric; a change needs both sides."""
    stream, evidence = stream_of("Acme", MODEL, ROWS), evidence_of(began=NOON + DAY)
    value = metric_value(stream, evidence, shift_of())

    assert value is not None
    assert (value.now, value.usual) == (0.25, 0.7)
    assert value.since == pytest.approx((1 + 0.75 + 0.25) / 3)
    assert change_of(stream, evidence) is None
    other = metric_value(stream_of("Zeta", OTHER, ROWS), evidence, shift_of())
    claim = metric_value(stream, evidence, shift_of(statement=CLAIM))
    assert other is not None
    assert other.usual is None
    assert claim is not None
    assert claim.usual == pytest.approx((1 + 0.75) / 2), "a claim changes no level"
    late = evidence_of(began=NOON + 9 * DAY)
    value = metric_value(stream, late, shift_of())
    assert value is not None
    assert value.since is None
    assert change_of(stream, late) is None
    for nothing in (None, replace(stream, n=stream.n * 0)):
        assert metric_value(nothing, evidence, shift_of()) is None
        assert change_of(nothing, evidence) is None


def test_checks_of_several_sizes_have_no_count() -> None:
    """A question that was not asked in one of them."""
    stream = stream_of("Acme", MODEL, ROWS)
    n = stream.n.copy()
    n[0, 0] = 3
    value = metric_value(replace(stream, n=n), evidence_of(), shift_of())

    assert value is not None
    assert value.answers == 0
