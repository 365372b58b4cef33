"""Learn the weights of ``overheard_sentiment/drawback_odds.txt``.

They are learnt from the half ``dev`` of the passages and from ``clauses.txt``, in which are the
words that assistants use to shoppers.

uv run python training/drawbacks.py        prints how well they do on passages left out, and writes
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
from passages import passages
from read_answers import f1, gold

from overheard import Reading, Unit, UnitRole
from overheard_sentiment.drawback_odds import clause_features
from overheard_sentiment.drawbacks import clauses
from overheard_sentiment.languages import latin_language, script_language
from overheard_sentiment.portrayal import _TITLES, _texts
from overheard_sentiment.words import sentence_words

Array = npt.NDArray[np.float64]
PLUGINS = Path(__file__).parents[1] / "plugins"
CLAUSES = Path(__file__).parent / "clauses.txt"
WEIGHTS = PLUGINS / "overheard_sentiment" / "drawback_odds.txt"
FOLDS, STEPS = 10, 25
MIN_CLAUSES = 3
"""Clauses in which a feature must occur to be learnt."""
SCALES = {"": 0.7, " ": 0.5, "=words": 0.5, "=praise": 0.33, "=blame": 0.33}
"""What the values of words, of pairs and of sums are multiplied with: less is learnt of each."""
MIN_WEIGHT = 0.03
"""Smaller weights are left out."""
SHARED_CHARACTERS, STRIDE = 18, 6
"""A label's quote and a clause that share so many characters are about the same."""
READ_OTHERWISE = frozenset({UnitRole.CON, UnitRole.PRICE, UnitRole.BEST_FOR})
"""Roles of text in which patterns alone find drawbacks."""
HEADER = """\
# What a clause says of a drawback: weights of a logistic regression (log odds), derived from the
# half `dev` of bench/gold/passages by training/drawbacks.py; do not edit. Features: stems, pairs of
# stems, "^" before the first one, "#" a number, "x" a name, "=" what is no word.
"""


@dataclass(frozen=True)
class Clause:
    """A clause about a brand: its passage, its features, and whether a drawback is labelled."""

    passage: str
    brand: str
    features: dict[str, float]
    labelled: bool


def masked_units(reading: Reading) -> Iterator[tuple[Unit, str]]:
    """Yield the brand's own units that may name a drawback, each with its text without names."""
    for read in _texts(reading).get(reading.brand.name, ()):
        if read.unit.is_of(reading.brand.name) and read.unit.role not in _TITLES:
            yield read.unit, read.masked


def labelled_clauses(half: str) -> list[Clause]:
    """Return the clauses of the brands of a half that are learnt from."""
    quotes = {
        (passage.id, label.brand): [found.quote for found in label.drawbacks]
        for passage in passages(half)
        for label in passage.labels
    }
    found = []
    for case in gold(half):
        reading = case.reading()
        if latin_language(reading.body.lower().split()):
            continue
        wanted = quotes[case.id, case.brand.name]
        for unit, masked in masked_units(reading):
            if unit.role in READ_OTHERWISE or script_language(masked):
                continue
            text = sentence_words(masked)
            for start, end in clauses(masked):
                told = clause_features(text, start, end, pro=unit.role is UnitRole.PRO)
                labelled = any(_shared(quote, unit.text[start:end]) for quote in wanted)
                found.append(Clause(case.id, case.brand.name, _scaled(dict(told)), labelled))
    return found


def written_clauses() -> list[Clause]:
    """Return the clauses of ``clauses.txt``, which belong to no passage."""
    lines = CLAUSES.read_text(encoding="utf-8").splitlines()
    return [
        Clause(
            "",
            "",
            _scaled(dict(clause_features(sentence_words(line[2:]), 0, len(line)))),
            line[0] == "-",
        )
        for line in lines
        if not line.startswith("#")
    ]


def _scaled(values: dict[str, float]) -> dict[str, float]:
    return {name: value * _scale(name) for name, value in values.items()}


def _scale(name: str) -> float:
    if name[0] in "=^":
        return SCALES.get(name, 1.0)
    return SCALES[" " if " " in name else ""]


def _shared(quote: str, clause: str) -> bool:
    """Return whether a quote and a clause have a part in common."""
    clause = clause.strip(" ,.;")
    last = max(1, len(quote) - SHARED_CHARACTERS)
    parts = (quote[at : at + SHARED_CHARACTERS] for at in range(0, last, STRIDE))
    return (len(clause) > STRIDE and clause in quote) or any(part in clause for part in parts)


def known(found: Sequence[Clause]) -> list[str]:
    """Return the features that are frequent enough to be learnt."""
    counts = Counter(name for clause in found for name in clause.features)
    return sorted(name for name, count in counts.items() if count >= MIN_CLAUSES)


def matrix(found: Sequence[Clause], names: Sequence[str]) -> Array:
    """Return the values of features, a row for each clause."""
    places = {name: at for at, name in enumerate(names)}
    values = np.zeros((len(found), len(names)))
    for row, clause in enumerate(found):
        for name, value in clause.features.items():
            if name in places:
                values[row, places[name]] = value
    return values


def fit(values: Array, labels: Array) -> Array:
    """Return the weights of a logistic regression with a unit prior, by Newton's method."""
    weights = np.zeros(values.shape[1])
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-values @ weights))
        slope = values.T @ (labels - likely) - weights
        curve = (values.T * (likely * (1 - likely))) @ values + np.eye(len(weights))
        step = np.linalg.solve(curve, slope)
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def left_out(found: Sequence[Clause]) -> Array:
    """Return the log odds of each clause, in order, by weights that were learnt from the other
    folds of passages.
    """
    labels = _labels(found)
    folds = np.array([_fold(clause) for clause in found])
    odds = np.zeros(len(found))
    values = matrix(found, known(found))
    for fold in range(FOLDS):
        odds[folds == fold] = values[folds == fold] @ fit(
            values[folds != fold], labels[folds != fold]
        )
    return odds


def _labels(found: Sequence[Clause]) -> Array:
    return np.array([clause.labelled for clause in found], float)


def _fold(clause: Clause) -> int:
    """Return the fold of a clause; what was written for learning is in none."""
    return sha256(clause.passage.encode()).digest()[1] % FOLDS if clause.passage else -1


def main() -> None:
    """Print precision, recall and F1 of clauses on passages left out, and write the weights."""
    found = labelled_clauses("dev") + written_clauses()
    odds = left_out(found)
    for least in (0.25, 0.5, 0.75):
        over = odds > np.log(least / (1 - least))
        pairs = zip(over, found, strict=True)
        scores = f1((bool(a), clause.labelled) for a, clause in pairs if clause.passage)
        print(f"clauses above {least:.0%}, left out:", *(f"{score:.3f}" for score in scores))
    names = known(found)
    learnt = fit(matrix(found, names), _labels(found))
    by_weight: dict[str, list[str]] = {}
    for name, weight in zip(names, learnt, strict=True):
        scaled = weight * _scale(name)
        if abs(scaled) >= MIN_WEIGHT:
            by_weight.setdefault(f"{scaled:.2f}", []).append(name)
    lines = (
        f"{value} {'|'.join(listed)}\n"
        for value, listed in sorted(by_weight.items(), key=lambda pair: -float(pair[0]))
    )
    WEIGHTS.write_text(HEADER + "".join(lines), encoding="utf-8")
    print(f"{len(found)} clauses, {sum(map(len, by_weight.values()))} weights in {WEIGHTS.name}")


if __name__ == "__main__":
    main()
