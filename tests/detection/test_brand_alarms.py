"""Simulated brands, counted: what the monitor promises for several metrics of the same answers."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from overheard.detection.decision_inputs import AlertPolicy
from overheard.detection.monitor import Monitor
from overheard.detection.power import WELL_KNOWN
from overheard.domain import Model, RunKey
from overheard.measure.blocks import Stream, StreamKey
from overheard.numpy_proxy import Floats

RUNS, PROMPTS, REPEATS, BRANDS = 40, 20, 3, 3
ONE_A_YEAR = AlertPolicy(1.0)
MODEL = Model("simulated", "model")
KEYS = tuple(
    RunKey(datetime(2026, 1, 5, tzinfo=UTC) + timedelta(weeks=r), r + 1) for r in range(RUNS)
)


def market(seed: int, tau: float) -> list[Stream]:
    """Return three brands at one model that share its run effects; nothing changes.

    Visibility and top 3 are read from the same answers, position and share of voice are numbers
    from them, and sentiment has no run effect.
    """
    rng = np.random.default_rng(seed)
    run_effect = tau * rng.standard_normal((RUNS, 1, 1))
    return [
        stream for brand in range(BRANDS) for stream in answers(f"brand {brand}", run_effect, rng)
    ]


def answers(brand: str, run_effect: Floats, rng: np.random.Generator) -> list[Stream]:
    """Return what one brand's answers say in five metrics."""
    shape = (RUNS, PROMPTS, REPEATS)
    chance = np.clip(rng.beta(*WELL_KNOWN, PROMPTS), 0.01, 0.99)[:, None]
    odds = chance / (1 - chance) * np.exp(run_effect)
    named = rng.random(shape) < odds / (1 + odds)
    rank = rng.geometric(rng.uniform(0.2, 0.9, PROMPTS)[:, None], shape)
    others, mine = rng.poisson(3, shape), 1 + rng.poisson(1, shape)
    whole = np.ones(shape, bool)
    metrics = {
        "visibility": (whole, named),
        "top3": (whole, named & (rank <= 3)),
        "position": (named, rank),
        "share_of_voice": (named | (others > 0), named * mine / (others + named * mine + 1e-9)),
        "sentiment": (named, rng.normal(0.3, 0.4, shape).clip(-1, 1)),
    }
    return [summed(brand, metric, *values) for metric, values in metrics.items()]


def summed(brand: str, metric: str, shown: Floats, values: Floats) -> Stream:
    """Sum the values that are shown up."""
    seen = np.where(shown, values, 0.0)
    return Stream(
        key=StreamKey(brand, MODEL, metric),
        version="simulated@1",
        runs=KEYS,
        prompts=tuple(f"prompt {p:02d}" for p in range(PROMPTS)),
        n=shown.sum(axis=2).astype(np.int64),
        total=seen.sum(axis=2),
        squares=(seen**2).sum(axis=2),
    )


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("tau", [0.0, 0.5])
def test_a_brand_with_five_metrics_keeps_the_promise(tau: float) -> None:
    """Watched from the second run on, at most one false alarm a year, and 3 deviations more."""
    brands, years = 20, RUNS / 52
    alarms = sum(
        any(Monitor("brand 0", market(seed, tau), policy=ONE_A_YEAR).replay())
        for seed in range(brands)
    )
    allowed = 1 - np.exp(-years)
    assert alarms / brands <= allowed + 3 * float(np.sqrt(allowed * (1 - allowed) / brands))
