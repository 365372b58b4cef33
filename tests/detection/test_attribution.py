"""Tests of the decision table: what a shift looks like, and why."""

from datetime import UTC, datetime, timedelta

import pytest

from overheard.detection.attribution import Pattern, Surroundings, explain, falls_among, goes_along
from overheard.domain import Model, ModelUpdate
from overheard.measure.blocks import RunKey, StreamKey

A, B, C = (Model("svc", name) for name in "abc")
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
RUNS = [RunKey(START + timedelta(weeks=n), n + 1) for n in range(5)]


def around(rivals: str = "", models: str = "") -> Surroundings:
    """Return surroundings: a letter for each stream, ``m`` where it moved, ``s`` where not."""
    return Surroundings(
        StreamKey("Acme", A, "visibility"),
        {StreamKey(f"Rival {n}", A, "visibility"): one == "m" for n, one in enumerate(rivals)},
        {
            StreamKey("Acme", m, "visibility"): one == "m"
            for m, one in zip((B, C), models, strict=False)
        },
        RUNS[2],
    )


@pytest.mark.parametrize(
    ("rivals", "models", "pattern"),
    [
        ("mms", "ss", Pattern.MODEL),
        ("ms", "ss", Pattern.MODEL),
        ("mmss", "", Pattern.CATEGORY_OR_MODEL),
        ("mmsss", "ss", Pattern.BRAND),
        ("sss", "ss", Pattern.BRAND),
        ("mss", "sm", Pattern.BRAND),
        ("sss", "mm", Pattern.WEB),
        ("mmm", "mm", Pattern.EVERYTHING),
        ("mmm", "", Pattern.CATEGORY_OR_MODEL),
        ("sss", "", Pattern.BRAND_OR_WEB),
        ("", "s", Pattern.MODEL_ALONE),
        ("", "m", Pattern.WEB),
        ("", "", Pattern.UNKNOWN),
    ],
)
def test_the_decision_table(rivals: str, models: str, pattern: Pattern) -> None:
    """Who else moved says what a shift looks like."""
    assert around(rivals, models).pattern is pattern


def test_an_explanation_gives_its_evidence() -> None:
    """It names the competitors and models that moved, and those that did not."""
    assert explain(around("mss", "ms")) == (
        "This looks like an update of the model that touches this brand. "
        "At this model 1 of the 3 competitors moved too (Rival 0). "
        "The brand moved at svc/b too, and not at svc/c."
    )


def test_an_update_is_told_with_its_day() -> None:
    """How it is known, when it was, and its note."""
    update = ModelUpdate(A, START, "served model", "a-2026-03")
    told = explain(around("s"), [update])
    assert told.endswith(
        "The dates go with 2 March 2026, when another served model was seen (a-2026-03)."
    )


def test_signs_of_one_day_are_told_together() -> None:
    """Each once; those of another day have a sentence of their own."""
    day = timedelta(days=1)
    signs = [(START, "known"), (START, "style"), (START, "style"), (START + day, "canary")]
    told = explain(around("s"), [ModelUpdate(A, at, source) for at, source in signs])
    assert told.endswith(
        "The dates go with 2 March 2026, when an update was made known and the style of the "
        "answers changed. The dates go with 3 March 2026, when the canary was hit."
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


def test_what_a_competitor_loses_by_the_brand_s_gain_is_no_company() -> None:
    """Where one's gain is the others' loss, only the same direction counts."""
    assert goes_along("visibility", 0.2, -0.1)
    assert goes_along("top1", -0.2, -0.1)
    assert not goes_along("top1", 0.2, -0.1)
    assert not goes_along("share_of_voice", -0.2, 0.1)
