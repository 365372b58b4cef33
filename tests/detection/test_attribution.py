"""Tests of the rival hypotheses: what a change looks like, and why."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from overheard.detection.attribution import (
    CAUSES,
    Explanation,
    causes,
    explain,
    falls_among,
    is_everything,
    words,
)
from overheard.detection.baseline import run_effect_prior
from overheard.detection.hypotheses import Hypothesis, attribute
from overheard.detection.worlds import (
    Moved,
    WorldDesign,
    brand_name,
    model_of,
    simulate_world,
)
from overheard.domain import Model, ModelUpdate
from overheard.measure.blocks import RunKey, Stream, StreamKey

A, B = (Model("svc", name) for name in "ab")
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
RUNS = [RunKey(START + timedelta(weeks=n), n + 1) for n in range(5)]
AT, BRANDS, MODELS = 20, 4, 3
OWN = StreamKey(brand_name(0), model_of(0), "visibility")
MOVES: Mapping[Hypothesis, set[tuple[int, int]]] = {
    Hypothesis.BRAND_AT_MODEL: {(0, 0)},
    Hypothesis.MODEL: {(b, 0) for b in range(BRANDS)},
    Hypothesis.BRAND_EVERYWHERE: {(0, m) for m in range(MODELS)},
    Hypothesis.EVERYTHING: {(b, m) for b in range(BRANDS) for m in range(MODELS)},
}


def market(
    moved: set[tuple[int, int]], models: int = MODELS, brands: int = BRANDS, seed: int = 4
) -> list[Stream]:
    """Return streams in which some brands at some models fall two runs before the latest."""
    design = WorldDesign(tau=0.25, brands=brands, models=models, runs=AT + 2)
    signs = (-1.5, 1.3, -1.3, 1.3)
    changes = {cell: (Moved(AT, logits=signs[cell[0]]),) for cell in moved}
    return simulate_world(design, seed, changes).streams


@pytest.mark.parametrize("truth", list(Hypothesis))
def test_the_pattern_that_moved_is_the_likeliest(truth: Hypothesis) -> None:
    """Who moved two runs ago says what changed."""
    streams = market(MOVES[truth])
    found = attribute(OWN, streams, streams[0].runs[AT], run_effect_prior(OWN.model))
    assert found.likeliest is truth
    assert sum(found.weights.values()) == pytest.approx(1)
    assert found.moved(OWN)


def test_an_explanation_gives_its_evidence() -> None:
    """It names the competitors and models that moved, and those that did not."""
    streams = market(MOVES[Hypothesis.BRAND_EVERYWHERE])
    said = explain(OWN, streams, streams[0].runs[AT]).text
    assert "news about the brand on the web" in said
    assert "At this model the 3 competitors moved by no more than chance explains." in said
    assert f"The brand moved at {model_of(1)}, {model_of(2)} too." in said


@pytest.mark.parametrize(
    ("models", "brands", "words"),
    [
        (1, 1, "nothing to compare"),
        (1, 3, "A second model would tell them apart"),
        (2, 1, "an update of this model"),
    ],
)
def test_what_cannot_be_told_apart_is_said_together(models: int, brands: int, words: str) -> None:
    """One model or one brand leave fewer hypotheses."""
    streams = market({(0, 0)}, models, brands)
    assert words in explain(OWN, streams, streams[0].runs[AT]).text


def test_what_was_said_is_revised_by_a_clear_margin_only() -> None:
    """A cause that was left open is revised by a probable one, and a probable one by a sure one; in
    between, both are left open.
    """
    alone, whole = Hypothesis.BRAND_AT_MODEL, Hypothesis.MODEL

    def looks(weight: float, cause: Hypothesis) -> Explanation:
        rest = (1 - weight - 0.02) / 3
        weights = {one: weight if one is cause else rest for one in Hypothesis}
        weights[whole if cause is alone else alone] += 0.02
        said = words(weights, 2, 2)
        return Explanation(tuple(causes(weights, 2, 2)), said, f"{said} Nothing else moved.")

    first, turned, sure = looks(0.66, alone), looks(0.87, whole), looks(0.95, whole)
    left_open = looks(0.5, alone)
    assert turned.differs_from(left_open.words)
    assert sure.differs_from(first.words)
    assert not turned.differs_from(first.text)
    assert not first.differs_from(first.text)
    told = turned.beside(first.text)
    assert told.text == (
        f"This may be {CAUSES[whole].pattern}; or {CAUSES[alone].pattern}. Nothing else moved."
    )
    assert told.probable is None
    assert sure.beside(first.text) == sure
    assert turned.beside("") == turned
    assert sure.probable == CAUSES[whole]


def test_an_update_is_named_with_its_day() -> None:
    """How it is known, when it was, and its note; signs of one day share a sentence."""
    streams = market({(0, 0)})
    day = timedelta(days=1)
    signs = [(START, "served model"), (START, "style"), (START + day, "canary")]
    updates = [ModelUpdate(A, at, source) for at, source in signs]
    assert explain(OWN, streams, streams[0].runs[AT], updates).text.endswith(
        "The dates go with 2 March 2026, when the service named another model and the style of the "
        "answers changed. The dates go with 3 March 2026, when a small daily question "
        "was answered differently."
    )


def test_an_update_matches_if_and_only_if_its_block_is_among_the_dates() -> None:
    """Its block is that of the first run after it."""
    dates = RUNS[2:4]
    hours = timedelta(hours=1)
    moments = {
        "in the second block": RUNS[1].at,
        "just after the second run": RUNS[1].at + hours,
        "at the fourth": RUNS[3].at,
        "after the fourth": RUNS[3].at + hours,
        "after all": RUNS[4].at + hours,
    }
    updates = [ModelUpdate(A, at, note=note) for note, at in moments.items()]
    other = ModelUpdate(B, RUNS[2].at)
    found = falls_among([*updates, other], A, dates, RUNS)
    assert [update.note for update in found] == ["just after the second run", "at the fourth"]


def test_only_what_looks_like_everything_alone_is_everything() -> None:
    """Not where another cause is likely too, nor another one alone."""

    def said(everything: float, other: Hypothesis) -> str:
        rest = (1 - everything) / (len(Hypothesis) - 1) / 10
        weights = dict.fromkeys(Hypothesis, rest)
        weights |= {Hypothesis.EVERYTHING: everything, other: 1 - everything}
        return words(weights, models=3, brands=3)

    assert is_everything(said(0.95, Hypothesis.MODEL))
    assert not is_everything(said(0.5, Hypothesis.MODEL))
    assert not is_everything(said(0.05, Hypothesis.MODEL))
