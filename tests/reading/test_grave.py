"""Grave sentences: whose they are, and whether something is stated."""

import json
from datetime import UTC, datetime
from pathlib import Path

import grading
import pytest

from overheard.domain import Answer, Brand, Finish, Model, Prompt, Question, Reply
from overheard.reading.claims import grave_sentences, may_be_grave
from overheard.reading.reader import Reader

GOLD = Path(__file__).parents[2] / "bench" / "gold" / "grave.jsonl"
ACME, ZETA = Brand("Acme"), Brand("Zeta")
READER = Reader([ACME, ZETA])


def topics(text: str) -> list[str]:
    """Return the topics of the grave sentences about Acme in an answer of June 2026."""
    question = Question(Prompt("Which is best?"), Model("svc", "m"))
    at = datetime(2026, 6, 1, tzinfo=UTC)
    answer = Answer(1, question, Reply(text, Finish.COMPLETE), at)
    found = [one.topic for one in grave_sentences(READER.read(answer).reading(ACME, (ZETA,)))]
    assert may_be_grave(text) or not found, "the cheap test must not lose one"
    return found


def test_grave_sentences_are_told_from_traps() -> None:
    """Of two rounds of sentences by hand, half of them traps; see docs/statistics.md."""
    entries = [json.loads(line) for line in GOLD.read_text().splitlines()]
    grave = [entry for entry in entries if entry["topics"]]
    false = [entry["text"] for entry in entries if not entry["topics"] and topics(entry["text"])]
    found = [entry for entry in grave if entry["topics"][0] in topics(entry["text"])]

    assert false == []
    assert len(found) >= 0.95 * len(grave)


@pytest.mark.parametrize("declared", [False, True])
def test_no_grave_sentence_about_another_is_told(declared: bool) -> None:
    """By a hand that had read no rule; more than half of those about the brand are found."""
    entries = grading.entries("natural-grave")
    found = []
    for sheet in grading.entries("sheets"):
        brand = Brand(sheet["brand"])
        others = tuple(map(Brand, sheet["competitors"] if declared else ()))
        reader = Reader([brand, *others])
        found += [
            entry
            for entry in entries
            if entry["brand"] == brand.name
            and [
                *grave_sentences(reader.read(grading.answer(entry["text"])).reading(brand, others))
            ]
        ]
    assert [entry["text"] for entry in found if not entry["topics"]] == []
    assert len(found) >= 33  # of 52


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme is a good kettle. It was recalled in May over a fire hazard.", ["recall", "danger"]),
        ("Zeta is a good kettle. It was recalled in May.", []),
        ("Acme is fine.\n\nZeta is fine too. The company was sued in May.", []),
        ("Acme was sued in 2024.", ["lawsuit"]),
        (
            "### 1. **Acme**\n- Good boards\n- Recalled in May over a fire hazard",
            ["recall", "danger"],
        ),
        ("### 1. **Zeta**\n- Recalled in May\n\n### 2. **Acme**\n- Good boards", []),
        ("### Acme\n**Cons:**\n- It was breached this spring", ["breach"]),
        ("Acme was sued in 2023.", []),
        ("Acme lets you report a data breach with one click.", []),
        ("Acme's blog covers the class action against Zeta.", []),
        ("Acme's blog covers the class action against Globex.", []),
    ],
)
def test_a_sentence_is_of_the_brand_that_it_continues(text: str, expected: list[str]) -> None:
    """And what is three calendar years old is past."""
    assert topics(text) == expected
