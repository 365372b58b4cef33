"""The statistics of fixed histories are those with which the error rates were measured.

The rates in docs/statistics.md come from `bench/detection.py`, which takes an hour. Here the same
functions run on a few fixed histories, and each number that they return is compared with the one
that was kept. Who changes a rule on purpose measures the rates again, and then keeps the new
numbers with ``PYTHONPATH=bench uv run python tests/detection/test_reference_values.py``.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from known_time import p_value

from overheard.detection import announced_updates, power, silent_updates
from overheard.detection.control_variate import (
    RunEffectPrior,
    StreamGroup,
    moments,
    run_effect_variance,
)
from overheard.detection.decision_inputs import (
    AlertPolicy,
    alarm_table,
    compare_sides,
    measured_change,
    needed_excess,
    rarity,
    runs_a_year,
)
from overheard.detection.explanation import falls_among
from overheard.detection.monitor import Monitor
from overheard.detection.statistic import candidate_starts, statistic
from overheard.domain import Model, ModelUpdate, RunKey
from overheard.measure.blocks import Stream, StreamKey
from overheard_finetune.comparison_verdicts import holm_adjusted
from overheard_lab.panels import CHALLENGER, Change, Design, moved, simulate, undone

KEPT = Path(__file__).with_name("reference_values.json")
A, B = Model("svc", "a"), Model("svc", "b")
DESIGN = Design(runs=14, prompts=8, tau=0.25, missing=0.1, edits=(9,), edited=2)


def stream(seed: int, points: float = 0.0, at: int = 10, **key: Any) -> Stream:
    """Return a simulated rate with run effects, failed calls and two replaced prompts."""
    found = simulate(DESIGN, Change(at, points, 0.7), size=1, seed=seed).stream(0)
    return replace(found, key=StreamKey("Acme", A, "visibility")._replace(**key))


def numbers(seed: int, change: float, **key: Any) -> Stream:
    """Return a stream of numbers, such as a sentiment, that moves after the tenth run."""
    rate = stream(seed, metric="sentiment", **key)
    rng = np.random.default_rng(seed)
    level = np.where(np.arange(len(rate.runs)) >= 10, change, 0.0)[:, None, None]
    values = rng.normal(0.3 + level, 0.4, (*rate.n.shape, 3))
    values *= np.arange(3) < rate.n[..., None]
    return replace(rate, total=values.sum(axis=2), squares=(values**2).sum(axis=2))


def often(found: Stream, hours: float) -> Stream:
    """Return a stream whose runs are so many hours apart."""
    begun = found.runs[0].at
    runs = tuple(
        RunKey(begun + timedelta(hours=hours * r), key.id) for r, key in enumerate(found.runs)
    )
    return replace(found, runs=runs)


FALLEN, STILL, MOVED = stream(1, -35.0), stream(2), numbers(3, -0.5)
MARKET = [
    FALLEN,
    stream(4, brand="Globex"),
    stream(5, -30.0, brand="Initech"),
    stream(6, model=B),
    stream(7, brand="Globex", model=B),
    MOVED,
]
UPDATES = [ModelUpdate(A, FALLEN.runs[10].at - timedelta(days=1), "announced", "GPT")]


def monitored(*streams: Stream, **options: Any) -> object:
    """Return what the monitor measures, run by run, and what it raises."""
    monitor = Monitor("Acme", streams, **options)
    alarms = list(monitor.replay())
    return [alarms, monitor.evidence, monitor.returns, monitor.learning()]


def compared(found: Stream, first: int) -> object:
    """Return a comparison at a known time, with its p-value and what it leads to expect."""
    both = compare_sides(found, first, 0.05)
    assert both
    return [both, p_value(found, first, 0.05), measured_change(both, found)]


def evidence(own: Stream, *rivals: Stream) -> object:
    """Return the statistic of a stream with its rivals."""
    found = statistic(
        StreamGroup.of(own, rivals), np.flatnonzero(own.n.any(axis=1)), RunEffectPrior()
    )
    return [
        found.logs,
        found.total,
        found.dates(),
        [found.own_share, found.autocorrelation, found.variance, found.uniform],
        [found.series.shared, found.series.own, found.series.loading],
        found.series.level[0],
    ]


CASES: dict[str, Callable[[], object]] = {
    "run effects": lambda: [[moments(one, 13) for one in MARKET], run_effect_variance(MARKET, 12)],
    "evidence": lambda: [
        evidence(FALLEN),
        evidence(STILL, FALLEN),
        evidence(FALLEN, *MARKET[1:3]),
        evidence(MOVED),
    ],
    "table": lambda: [
        [
            alarm_table().threshold(age, own, phi)
            for age in (1, 5, 30)
            for own, phi in ((0.1, 0.2), (0.4, 0.7))
        ],
        [rarity(excess, 52.0, 10).yearly for excess in (-1.0, 0.0, 3.0)],
        [needed_excess(rate, 365.0, 3) for rate in (0.2, 1.0)],
    ],
    "starts": lambda: [candidate_starts(40, 16), candidate_starts(200, 90), candidate_starts(3)],
    "known time": lambda: [compared(one, first) for one in (FALLEN, MOVED) for first in (5, 11)],
    "effect": lambda: holm_adjusted([0.01, 0.04, 0.03, 0.9]),
    "pace": lambda: [
        runs_a_year(often(FALLEN, hours).runs, bursts_)
        for hours in (1, 24, 168)
        for bursts_ in ((), (9, 10))
    ],
    "one stream": lambda: monitored(FALLEN),
    "a market": lambda: monitored(*MARKET, updates=UPDATES),
    "a policy": lambda: monitored(
        *MARKET, policy=AlertPolicy(0.2, 1, {"visibility": 0.3}), bursts={12, 13}
    ),
    "daily": lambda: monitored(*(often(one, 24) for one in MARKET)),
    "silent": lambda: monitored(STILL, stream(8, model=B)),
    "update": lambda: [
        announced_updates.since_update(one, (), one.runs[at].at - timedelta(hours=1))
        for one in (FALLEN, STILL)
        for at in (5, 10)
    ],
    "power": lambda: [
        [
            power.at_known_time(outlook),
            power.followed(outlook),
            power.unannounced(outlook, 3),
            power.information(outlook, 2),
            power.points(outlook, 0.7),
        ]
        for outlook in (
            power.Outlook(power.typical(12)),
            power.Outlook(power.typical(30, CHALLENGER), 2, 6, 0.5).times(2, 3),
        )
    ],
    "mixtures": lambda: [
        silent_updates.mixture_differs(Counter(a=20, b=2), [Counter(a=20, b=earlier)] * 4, seed=1)
        for earlier in (1, 12)
    ],
    "updates among dates": lambda: [
        falls_among(UPDATES, A, FALLEN.runs[9:12], FALLEN.runs),
        falls_among(UPDATES, B, FALLEN.runs[9:12], FALLEN.runs),
    ],
    "worlds": lambda: [
        (world := simulate(DESIGN, Change(6, 20.0, 0.5), size=2, seed=9)).total.sum(axis=2),
        world.changed,
        undone(world, DESIGN, 9, seed=3).total.sum(axis=2),
        moved(world.chance, -10.0, 0.5, np.random.default_rng(4)),
    ],
}


def plain(thing: object) -> Any:  # noqa: PLR0911 - one line a type reads best
    """Return a value as JSON keeps it: numbers, texts, lists and objects."""
    if isinstance(thing, Enum):
        return thing.name
    if isinstance(thing, Stream):
        return [len(thing.runs), float(thing.total.sum())]
    if is_dataclass(thing) and not isinstance(thing, type):
        added = {"statement", "runs_to_exclude", "runs" if "looks" in dir(thing) else ""}
        kept = (f.name for f in fields(thing) if f.name not in added)  # newer than the numbers
        return {name: plain(getattr(thing, name)) for name in kept}
    if isinstance(thing, np.ndarray | np.generic):
        return plain(thing.tolist())
    if isinstance(thing, dict):
        return [[plain(key), plain(value)] for key, value in thing.items()]
    if isinstance(thing, list | tuple | set | frozenset):
        return [plain(one) for one in thing]
    if thing is None or isinstance(thing, bool | int | str):
        return thing
    if isinstance(thing, float):
        return thing if np.isfinite(thing) else str(thing)
    return str(thing)


def same(now: Any, kept: Any) -> bool:
    """Return whether two values agree, numbers to a millionth."""
    if isinstance(now, list) and isinstance(kept, list):
        return len(now) == len(kept) and all(map(same, now, kept))
    if isinstance(now, dict) and isinstance(kept, dict):
        return now.keys() == kept.keys() and all(same(now[key], kept[key]) for key in now)
    if isinstance(now, float) or isinstance(kept, float):
        return not isinstance(now, str) and now == pytest.approx(kept, rel=1e-6, abs=1e-9)
    return bool(now == kept)


@pytest.mark.parametrize("name", CASES)
def test_fixed_histories_give_the_numbers_that_were_kept(name: str) -> None:
    """Each number of a fixed history is the one with which the error rates were measured."""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    now = json.loads(json.dumps(plain(CASES[name]())))
    assert same(now, kept[name]), f"{name}: {json.dumps(now)[:2000]}"


if __name__ == "__main__":
    values = {name: plain(case()) for name, case in CASES.items()}
    KEPT.write_text(json.dumps(values, separators=(",", ":")) + "\n", encoding="utf-8")
