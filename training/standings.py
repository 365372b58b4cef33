"""Learn the weights of ``overheard_visibility/standing_odds.txt`` from the passages' half ``dev``.

uv run python training/standings.py        prints how well they do on passages left out, and writes
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
from read_answers import f1, gold

from overheard_visibility.standing_odds import brand_features

Array = npt.NDArray[np.float64]
PLUGINS = Path(__file__).parents[1] / "plugins"
WEIGHTS = PLUGINS / "overheard_visibility" / "standing_odds.txt"
FOLDS, STEPS, DECAY = 10, 30, 20.0
LEAST = 0.4
"""The chance from which a standing is counted."""
HEADER = """\
# How an answer is built around a brand: weights of two logistic regressions (log odds) for
# "first choice" and "only named", derived from the half `dev` of bench/gold/passages by
# training/standings.py; do not edit.
"""


def fit(values: Array, labels: Array) -> Array:
    """Return the weights of a logistic regression with a Gaussian prior, by Newton's method; the
    last weight is the bias.

    The prior is on the features in units of their standard deviation; the bias has almost none.

    Args:
        values: The features, (examples, features).
        labels: The class of each example, 0 or 1.
    """
    spread = values.std(0) + 1e-9
    scaled = np.c_[values / spread, np.ones(len(values))]
    weights, prior = np.zeros(scaled.shape[1]), np.full(scaled.shape[1], DECAY)
    prior[-1] = 1e-6
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-scaled @ weights))
        slope = scaled.T @ (labels - likely) - prior * weights
        curve = (scaled.T * (likely * (1 - likely))) @ scaled + np.diag(prior)
        weights += np.linalg.solve(curve, slope)
    return np.r_[weights[:-1] / spread, weights[-1]]


def main() -> None:
    """Print precision, recall and F1 of both standings on passages left out, and write weights."""
    told, standings, folds = [], [], []
    for case in gold("dev"):
        reading = case.reading()
        own = reading.of(case.brand.name)
        if own:
            told.append(brand_features(reading, own, reading.owned()))
            standings.append(case.standing)
            folds.append(sha256(case.id.encode()).digest()[1] % FOLDS)
    names = list(told[0])
    values = np.array([[float(row[name]) for name in names] for row in told])
    fold_of, weights = np.array(folds), []
    for standing in ("first choice", "only named"):
        labels = np.array([found == standing for found in standings], float)
        odds = np.zeros(len(values))
        for fold in range(FOLDS):
            out = fold_of == fold
            learnt = fit(values[~out], labels[~out])
            odds[out] = values[out] @ learnt[:-1] + learnt[-1]
        over = odds > np.log(LEAST / (1 - LEAST))
        scores = f1((bool(a), bool(b)) for a, b in zip(over, labels, strict=True))
        print(f"{standing}, left out:", *(f"{score:.3f}" for score in scores))
        weights.append(fit(values, labels))
    rows = zip(*weights, [*names, "bias"], strict=True)
    lines = (f"{first:.2f}\t{only:.2f}\t{name}\n" for first, only, name in rows)
    WEIGHTS.write_text(HEADER + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
