"""Builders of alerts and of what is known about them, for tests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from kit.scripted import reply
from overheard.alerts.evidence import AlertEvidence
from overheard.domain import (
    Alert,
    Answer,
    Brand,
    Metric,
    Model,
    Prompt,
    PromptShift,
    Question,
    RunKey,
    Scale,
    Shift,
)
from overheard.measure.blocks import Stream, StreamKey

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
STARTS = {run: datetime(2026, 1, 5, tzinfo=UTC) + run * timedelta(weeks=1) for run in range(1, 30)}
"""When weekly runs began, by number."""
MODEL, OTHER = Model("svc", "m-1"), Model("svc", "m-2")
PROMPTS = tuple(Prompt(f"Which tool is best for team {number}?") for number in range(7))
METRICS = {
    "visibility": Metric("visibility", Scale.BINARY, "Visibility"),
    "position": Metric("position", Scale.RANK, "Position"),
}


def shift_of(**more: Any) -> Shift:
    """Make a shift of run 3: visibility fell from 70 % to 45 %."""
    usual: dict[str, Any] = {
        "brand": "Acme", "model": MODEL, "metric": "visibility", "run_id": 3, "before": 0.7,
        "after": 0.45, "change": -0.25, "interval": (-0.4, -0.1), "chance_a_year": 0.00125,
        "answers": (1200, 30), "explanation": "Only this model moved.",
        "prompts": tuple(PromptShift(p.key, 1.0, 0.0, 3, 3) for p in PROMPTS),
    }  # fmt: skip
    return Shift(**{**usual, **more})


def alert_of(shift: Shift | None = None, **more: Any) -> Alert:
    """Make alert 7."""
    return Alert(shift or shift_of(), NOON, id=7, **more)


def weekly_shift(metric: str = "visibility", run: int = 12, **values: Any) -> Shift:
    """Make a fall from 70 to 45 %, which most likely began two runs before it was seen."""
    given = {"before": 0.7, "after": 0.45, "began": run - 2, "chance_a_year": 0.1} | values
    change = given["after"] - given["before"]
    return Shift("Acme", MODEL, metric, run, change=change, interval=(-1.0, 1.0), **given)


def weekly_alert(moved: Shift, number: int = 7, **values: Any) -> Alert:
    """Make an alert that was raised with its shift."""
    return Alert(moved, STARTS[moved.run_id], id=number, **values)


def answer(
    prompt: int, day: int, text: str = "Acme is good.", served: str = "", fingerprint: str = ""
) -> Answer:
    """Make an answer of a day; the shift began on day 2."""
    said = reply(text, served_model=served, fingerprint=fingerprint)
    return Answer(day, Question(PROMPTS[prompt], MODEL), said, NOON + day * DAY)


def stream_of(
    brand: str, model: Model, rows: Sequence[Sequence[int]], metric: str = "visibility"
) -> Stream:
    """Make a stream of runs 1, 2 and 3: of four answers to each of two prompts, so many hits."""
    total = np.array(rows, dtype=float)
    runs = tuple(RunKey(NOON + number * DAY, number) for number in range(1, len(rows) + 1))
    keys = tuple(prompt.key for prompt in PROMPTS[:2])
    n = np.full(total.shape, 4)
    return Stream(StreamKey(brand, model, metric), "s@1", runs, keys, n, total, total)


def evidence_of(**more: Any) -> AlertEvidence:
    """Make what is known of the alert: it began with the run of day 2."""
    usual: dict[str, Any] = {
        "began": NOON + 2 * DAY, "likely_starts": (NOON + 2 * DAY,), "grown": {},
        "metrics": METRICS, "streams": (), "answers": tuple(answer(n, 0) for n in range(7)),
        "brand": Brand("Acme"), "rivals": (Brand("Zeta"),), "zone": UTC,
    }  # fmt: skip
    return AlertEvidence(**{**usual, **more})
