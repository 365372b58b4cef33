"""The offline scorers on the gold sets: what docs/statistics.md says of them must hold."""

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture(scope="module")
def grading() -> ModuleType:
    """The module that measures."""
    sys.path.append(str(BENCH))
    try:
        module = import_module("grading")
    finally:
        sys.path.remove(str(BENCH))
    return module


@pytest.fixture(scope="module", params=["tuned", "held_out"])
def half(request: pytest.FixtureRequest, grading: ModuleType) -> object:
    """Each half of the sets: the one that the scorers were tuned on, and the other."""
    return getattr(grading, request.param)


def test_the_sets_are_as_large_as_promised(grading: ModuleType) -> None:
    """Sentences, statements, fields, and every verdict."""
    sentences, facts = grading.entries("sentences"), grading.entries("facts")
    assert len(sentences) >= 300
    assert len(facts) >= 200
    assert len({entry["field"] for entry in facts}) >= 8
    assert {entry["verdict"] for entry in facts} == {"correct", "wrong", "stale", "not stated"}


def test_mentions_hold_up(grading: ModuleType, half: object) -> None:
    """With every hard case in them."""
    assert grading.mentions(grading.entries("sentences", half)).f1 >= 0.98


def test_positions_hold_up(grading: ModuleType, half: object) -> None:
    """By Kendall's tau over the texts that name several brands."""
    tau, texts = grading.kendall(grading.entries("sentences", half))
    assert texts >= 20
    assert tau >= 0.93


def test_advice_against_a_brand_holds_up(grading: ModuleType, half: object) -> None:
    """No brand is wrongly read as advised against."""
    found = grading.negations(grading.entries("sentences", half))
    assert found.precision == 1.0
    assert found.recall >= 0.75


def test_sentiment_holds_up(grading: ModuleType, half: object) -> None:
    """As far as a lexicon carries it."""
    pairs = grading.sentiments(grading.entries("sentences", half))
    accuracy, f1 = grading.agreement(pairs)
    assert accuracy >= 0.75
    assert f1 >= 0.74


def test_aspects_hold_up(grading: ModuleType, half: object) -> None:
    """Most names that are reported are meant; many are missed."""
    found = grading.aspects(grading.entries("sentences", half))
    assert found.precision >= 0.72
    assert found.recall >= 0.55


def test_accusations_hold_up(grading: ModuleType, half: object) -> None:
    """A false one costs trust: nearly all must be right, and most wrong statements be found."""
    wrong = grading.verdict_tallies(grading.entries("facts", half), "wrong")["all"]
    assert wrong.precision >= 0.97
    assert wrong.recall >= 0.85


def test_varied_styles_hold_what_is_said_of_them(grading: ModuleType) -> None:
    """Listicles, tables, chat, other languages: names are found, and none is negated by mistake."""
    sentences, facts = grading.entries("varied-sentences"), grading.entries("varied-facts")
    assert len(sentences) >= 60
    assert len(facts) >= 40
    assert grading.mentions(sentences).f1 >= 0.98
    accuracy, f1 = grading.agreement(grading.sentiments(sentences))
    assert min(accuracy, f1) >= 0.65
    wrong = grading.verdict_tallies(facts, "wrong")["all"]
    assert wrong.precision == 1.0
    assert wrong.recall >= 0.65
