"""Tests of updates that show in the replies."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np

from overheard.detection.update_signs import mixture_differs, silent_updates
from overheard.domain import Model, ServedModelCount
from overheard.measure.blocks import RunKey

A = Model("svc", "a")
START = datetime(2026, 3, 2, tzinfo=UTC)
RUNS = [RunKey(START + timedelta(weeks=n), n + 1) for n in range(8)]


def test_a_new_served_model_is_an_update() -> None:
    """It is seen in the run that names it first, once, and not in the first run of all."""
    names = ["a-1", "a-1", "a-2", "a-2", "a-1"]
    servings = [ServedModelCount(n + 1, A, name, "", 30) for n, name in enumerate(names)]
    [update] = silent_updates(servings, RUNS)
    assert (update.at, update.source, update.note) == (RUNS[2].at, "served model", "a-2")


def test_a_service_that_names_nothing_tells_nothing() -> None:
    """Empty names are no names."""
    assert silent_updates([ServedModelCount(n, A, "", "", 30) for n in range(1, 6)], RUNS) == []


def test_another_mixture_of_fingerprints_is_an_update() -> None:
    """Half of the answers come from a new back end; afterwards that is the usual mixture."""
    servings = []
    for number in range(1, 9):
        new = 15 if number >= 5 else 0
        servings += [
            ServedModelCount(number, A, "a", name, count)
            for name, count in {"f1": 20 - new // 2, "f2": 10, "f9": new}.items()
            if count
        ]
    [update] = silent_updates(servings, RUNS)
    assert (update.at, update.source, update.note) == (RUNS[4].at, "fingerprint", "new: f9")


def test_machines_that_take_turns_are_no_update() -> None:
    """Mixtures that differ widely from run to run do so once more."""
    rng = np.random.default_rng(1)
    found = 0
    for seed in range(100):
        shares = rng.dirichlet([0.5, 0.5, 0.5], 9)
        runs = [Counter(dict(zip("abc", rng.multinomial(30, s), strict=True))) for s in shares]
        found += mixture_differs(runs[-1], runs[:-1], seed=seed)
    assert found <= 20


def test_one_mixture_all_the_time_is_no_update() -> None:
    """Chance alone mixes fingerprints otherwise in hardly any run."""
    rng = np.random.default_rng(2)
    found = 0
    for seed in range(200):
        counts = rng.multinomial(30, [0.7, 0.3], size=7)
        now, *earlier = (Counter({"a": int(a), "b": int(b)}) for a, b in counts)
        found += mixture_differs(now, earlier, seed=seed)
    assert found <= 2


def test_few_runs_say_nothing_of_mixtures() -> None:
    """With fewer than three earlier runs it is not known how much mixtures differ."""
    assert not mixture_differs(Counter(b=30), [Counter(a=30)] * 2, seed=1)
    assert mixture_differs(Counter(b=30), [Counter(a=30)] * 3, seed=1)
