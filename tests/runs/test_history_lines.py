"""Tests of the lines of files with history: what is read, what is written, what is refused."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from overheard.domain import (
    Answer,
    Citation,
    Finish,
    Model,
    Prompt,
    Question,
    Reply,
    Run,
    Score,
    ScoreRecord,
    Search,
)
from overheard.runs.history_lines import (
    ANSWER_FIELDS,
    FINISHES,
    answer_line,
    flat,
    read_line,
    score_line,
)
from overheard_storage.column_types import storable

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LEAST: dict[str, Any] = {
    "asked_at": "2026-03-02T12:00:00Z",
    "run": "week 1",
    "prompt": "Which is best?",
    "provider": "svc",
    "model": "m/1",
    "text": "Acme.",
}
QUESTION = Question(Prompt("Which is best?", ("buying",)), Model("svc", "m/1"))
RICH = Answer(
    7,
    QUESTION,
    Reply(
        "Acme.",
        Finish.LENGTH,
        citations=(Citation("https://a.test", "A", cited=False, domain="a.test"), Citation("b")),
        served_model="m-1-0301",
        fingerprint="fp",
        model_version="v",
        model_created=NOON,
        cost_usd=0.25,
        searches=(Search("best", ("https://a.test",)), Search("", ("https://a.test/x",))),
    ),
    NOON,
)


def problem(**more: Any) -> str:
    """Return the problem of a line."""
    parsed = read_line(json.dumps({**LEAST, **more}).encode(), storable)
    assert parsed.line is None
    return parsed.problem


def answer(**more: Any) -> Answer:
    """Return the answer of a line."""
    parsed = read_line(json.dumps({**LEAST, **more}).encode(), storable)
    assert parsed.line is not None, parsed.problem
    return parsed.line.answer(7)


def test_a_line_with_the_least_is_a_complete_answer_of_its_run() -> None:
    """Times without a zone are UTC, and others are turned into it."""
    expected = Answer(
        7, Question(Prompt("Which is best?"), QUESTION.model), Reply("Acme.", Finish.COMPLETE), NOON
    )
    assert answer() == answer(asked_at="2026-03-02T12:00:00") == expected
    assert answer(asked_at="2026-03-02T14:00:00+02:00").asked_at.isoformat() == NOON.isoformat()
    nothing = dict.fromkeys(
        (
            "tags",
            "citations",
            "searches",
            "served_model",
            "fingerprint",
            "model_version",
            "model_created",
        )
    )
    assert answer(**nothing, cost_usd=None) == expected


def test_what_is_written_is_read_again() -> None:
    """All of it, in the order of the fields; only a reported domain is written."""
    line = answer_line(RICH, Run("week 1", NOON))

    assert list(line) == list(ANSWER_FIELDS)
    assert answer(**line) == RICH
    assert line["citations"] == [
        {"url": "https://a.test", "title": "A", "cited": False, "domain": "a.test"},
        {"url": "b", "title": "", "cited": True},
    ]
    assert line["searches"] == [
        {"query": "best", "pages": ("https://a.test",)},
        {"query": "", "pages": ("https://a.test/x",)},
    ]
    assert (line["model_created"], line["run"]) == ("2026-03-02T12:00:00+00:00", "week 1")
    assert answer_line(answer(), Run("week 1", NOON))["model_created"] is None
    assert flat({"tags": ["ä", 1], "text": "x", "n": 1}) == {
        "tags": '["ä", 1]',
        "text": "x",
        "n": 1,
    }


def test_a_score_is_written_with_its_question() -> None:
    """And with who computed it."""
    record = ScoreRecord(3, "Acme", "visibility", "2", Score("named", 1.0))
    assert score_line(record, RICH, Run("week 1", NOON)) == {
        "run": "week 1",
        "prompt": "Which is best?",
        "provider": "svc",
        "model": "m/1",
        "brand": "Acme",
        "metric": "named",
        "value": 1.0,
        "scorer": "visibility",
        "version": "2",
    }


@pytest.mark.parametrize(
    ("told", "finish"), [*FINISHES.items(), ("STOP", Finish.COMPLETE), (None, Finish.CUT)]
)
def test_the_words_of_services_for_an_end_are_known(told: str | None, finish: Finish) -> None:
    """In any case of letters; an end that is null is a cut."""
    assert answer(finish=told).reply.finish is finish


def test_an_answer_without_text_has_failed() -> None:
    """Scored as complete it would look as if no brand were named."""
    assert answer(text=" \n").reply.finish is Finish.FAILED


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"run": ""}, "run must"),
        ({"provider": "a/b"}, "provider must not hold a slash"),
        ({"model": "x" * 501}, "model must"),
        ({"prompt": ""}, "prompt must"),
        ({"text": None}, "text must"),
        ({"finish": "sideways"}, "finish must be one of complete, "),
        ({"asked_at": "1969-12-31T23:00:00Z"}, "asked_at must lie in the years 1970 to 9998"),
        ({"asked_at": "0001-01-01T00:00:00+14:00"}, "asked_at must lie in"),
        ({"asked_at": "9999-12-31T23:00:00-14:00"}, "asked_at must lie in"),
        ({"model_created": "9999-01-01T00:00:00Z"}, "model_created must lie in the years 1970 to"),
        ({"asked_at": "soon"}, "asked_at must be a time"),
        ({"cost_usd": -1}, "cost_usd must be 0 or more"),
        ({"cost_usd": "free"}, "cost_usd must be a number"),
        ({"cost_usd": float("inf")}, "cost_usd must be a finite number"),
        ({"tags": "teams"}, "tags must be a list"),
        ({"run": "r" * 501}, "run must not be longer than 500"),
        ({"provider": "p" * 501}, "provider must not be longer than 500"),
        ({"citations": [{"url": "a"}, "b"]}, 'citations.2 must be an object, such as {"url"'),
        ({"citations": [{"title": "a"}]}, "citations.1.url is missing"),
        ({"run": "", "provider": "a/b"}, "run must"),
    ],
)
def test_a_line_that_cannot_be_used_says_why(more: dict[str, Any], sentence: str) -> None:
    """By the name of the field; items of lists are counted from 1."""
    assert problem(**more).startswith(sentence)
    assert problem(run="", provider="a/b").count("; ") == 1
    assert answer(asked_at="1970-01-01T00:00:00Z", model_created="9998-12-31T00:00:00Z")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"{", "not valid JSON ("),
        (b"\xff", "not valid JSON ("),
        (b"[" * 100_000, "not valid JSON ("),
        (b"[1]", "not a JSON object"),
        (b"{}", "asked_at is missing; run is missing; "),
    ],
)
def test_what_is_no_line_is_told(text: bytes, sentence: str) -> None:
    """Whatever a file holds."""
    parsed = read_line(text, storable)
    assert (parsed.line, parsed.unknown) == (None, frozenset())
    assert parsed.problem.startswith(sentence)


def test_unknown_fields_are_named_and_what_cannot_be_stored_is_replaced() -> None:
    """In texts, in lists and in the names of fields."""
    table = {**LEAST, "text": "a\0b", "tags": ["\0"], "od\0d": {"x": ["\0"]}, "odd": 1}
    parsed = read_line(json.dumps(table).encode(), storable)

    assert parsed.problem == ""
    assert parsed.unknown == {"od\ufffdd", "odd"}
    assert parsed.line is not None
    assert (parsed.line.text, parsed.line.tags) == ("a\ufffdb", ("\ufffd",))
