"""Tests of updates that show in the replies."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import scipy

from overheard.detection.silent_updates import mixture_differs, silent_updates
from overheard.domain import Model, RunKey, ServedModelCount

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


@pytest.mark.parametrize("share", [0.5, 2 / 3, 0.9])
def test_a_mixture_differs_where_an_exact_test_says_so(share: float) -> None:
    """Over all splits of the answers, wherever the test is clearly below or above 0.001."""
    usual = round(60 * share)
    earlier = [Counter(a=usual, b=60 - usual)] * 5
    clear = 0
    for count in range(31):
        split = np.arange(31)
        chance = scipy.stats.hypergeom(330, 5 * usual + count, 30).pmf(split)
        distance = abs(split / 30 - (5 * usual + count - split) / 300)
        p = chance[distance >= distance[count] - 1e-9].sum()
        if not 2e-5 < p < 4e-3:
            now = +Counter(a=count, b=30 - count)
            assert mixture_differs(now, earlier, seed=count) == (p <= 2e-5), (count, p)
            clear += p <= 2e-5
    assert clear > 5


def test_a_mixture_differs_when_no_earlier_run_was_as_far_from_the_others() -> None:
    """One run had half of its answers from another machine: 0.3 from the others is no news, 0.6 is;
    the runs' own names count, and those that are gone.
    """
    earlier = [Counter(a=200)] * 2 + [Counter(a=100, b=100)] + [Counter(a=200)] * 2
    assert not mixture_differs(Counter(a=120, b=80), earlier, seed=1)
    assert mixture_differs(Counter(a=60, b=140), earlier, seed=1)
    assert mixture_differs(Counter(a=70, b=70, c=60), earlier, seed=1)
    assert not mixture_differs(Counter(a=110, b=50, c=40), earlier, seed=1)


def served(run: int, fingerprints: Mapping[str, int]) -> list[ServedModelCount]:
    """Return the answers of a run by their fingerprints."""
    return [ServedModelCount(run, A, "", name, n) for name, n in fingerprints.items()]


def test_after_an_update_the_mixture_is_learned_again() -> None:
    """A return to the first mixture is another update, when three runs have shown the second."""
    mixtures = [{"f1": 30}] * 3 + [{"f1": 15, "f2": 15, "": 5}] * 3 + [{"f1": 30}] * 2
    servings = [s for run, mix in enumerate(mixtures, 1) for s in served(run, mix)]
    found = silent_updates(servings, RUNS)
    assert [(update.at, update.note) for update in found] == [
        (RUNS[3].at, "new: f2"),
        (RUNS[6].at, "another mixture of known ones"),
    ]
    assert silent_updates(served(99, {"f9": 30}) + servings, RUNS) == found
    gap = [s for s in servings if s.run_id != 2]
    assert silent_updates(gap, RUNS) == [], "two runs before it are too few, and two are later"


def test_updates_of_all_models_come_by_time() -> None:
    """At one time by model, then by how they are known; new names are listed in order."""
    b = Model("svc", "b")
    servings = []
    for model in (b, A):
        for run in range(1, 6):
            names = ["x"] if run < 4 else ["z", "x", "y"]
            prints = ["f"] if run < (5 if model == b else 4) else ["h", "g"]
            servings += [
                ServedModelCount(run, model, name, finger, 30)
                for name in names
                for finger in prints
            ]
    found = [(u.at, u.model, u.source, u.note) for u in silent_updates(servings, RUNS)]
    assert found == [
        (RUNS[3].at, A, "fingerprint", "new: g, h"),
        (RUNS[3].at, A, "served model", "y, z"),
        (RUNS[3].at, b, "served model", "y, z"),
        (RUNS[4].at, b, "fingerprint", "new: g, h"),
    ]
