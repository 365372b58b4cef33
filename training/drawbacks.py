"""Learn the weights of ``overheard_sentiment/drawback_odds.txt``.

The weights of words are learnt from the half ``dev`` of the passages, from the English answers in
running text of ``bench/gold`` with each brand alone in the catalogue, and from ``clauses.txt``, in
which are the words that assistants use to shoppers. How the words, the patterns and the doubt whose
text it is add up is learnt from the same answers, by words that were learnt without them.

uv run python training/drawbacks.py        prints how well they do on other authors, and writes
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import compress
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
from passages import passages
from read_answers import Case, f1, gold, prose

from overheard import Reading, Unit, UnitRole
from overheard_sentiment.drawback_odds import clause_features
from overheard_sentiment.drawbacks import FOUND, doubts, evidence
from overheard_sentiment.languages import latin_language, script_language
from overheard_sentiment.portrayal import _TITLES, _texts
from overheard_sentiment.words import sentence_words

Array = npt.NDArray[np.float64]
Features = dict[str, float]
PLUGINS = Path(__file__).parents[1] / "plugins"
CLAUSES = Path(__file__).parent / "clauses.txt"
WEIGHTS = PLUGINS / "overheard_sentiment" / "drawback_odds.txt"
PROSE = ("", "recent", "blind", "authors", "further")
"""The answers in running text, by the kinds of ``read_answers.py``."""
UNREAD = ("blind-2", "authors-1", "authors-2", "further-1", "further-2")
"""The authors whose answers no pattern was written on."""
WORTH_IN_PROSE = 2.0
"""The drawbacks that may be missed to spare a brand a false one where whose a sentence is may be in
doubt; with titles, 1."""
NEARLY = 0.98
LEAST_ODDS = tuple(step / 20 for step in range(-20, 21))
PRINTED_ODDS = (-0.5, 0.0, 0.25, 0.5, 1.0, 2.0)
FOLDS = 5
WORDS_DECAY, DECISION_DECAY = 2.0, 3.0
WRITTEN_TIMES = 2
"""How often a clause counts that was written for learning."""
MIN_CLAUSES = 3
"""Clauses in which a feature must occur to be learnt."""
SCALES = {"": 0.7, " ": 0.5, "=words": 0.5, "=praise": 0.33, "=blame": 0.33}
"""What the values of words, of pairs and of sums are multiplied with: less is learnt of each."""
MIN_WEIGHT = 0.03
"""Smaller weights are left out."""
MOST_ODDS = 4.0
SHARED_CHARACTERS, LEAST_CHARACTERS = 14, 7
"""A label's quote and a clause that share so many characters are about the same."""
READ_OTHERWISE = frozenset({UnitRole.CON, UnitRole.PRICE, UnitRole.BEST_FOR})
"""Roles of text in which patterns alone find drawbacks."""
HEADER = """\
# What a clause says of a drawback: weights of logistic regressions (log odds), derived from answers
# of bench/gold by training/drawbacks.py; do not edit. Features of words: stems, pairs of stems, "^"
# before the first one, "#" a number, "x" a name, "=" what is no word. The list at the end says how
# the odds of the words, what patterns find and the doubt about the owner add up, and from which
# odds a clause names a drawback.
"""


@dataclass(frozen=True)
class Clause:
    """A clause about a brand.

    Attributes:
        author: The set of answers that it is from; "" for what was written for learning.
        answer: The answer.
        brand: The brand.
        words: The features of its words.
        marks: What else speaks for or against a drawback.
        labelled: Whether a drawback is labelled in it.
    """

    author: str
    answer: str
    brand: str
    words: Features
    marks: frozenset[str] = field(default=frozenset())
    labelled: bool = False


def masked_units(reading: Reading) -> Iterator[tuple[Unit, str]]:
    """Yield the brand's own units that may name a drawback, each with its text without names."""
    for read in _texts(reading).get(reading.brand.name, ()):
        if read.unit.is_of(reading.brand.name) and read.unit.role not in _TITLES:
            yield read.unit, read.masked


def labelled_clauses() -> Iterator[Clause]:
    """Yield the clauses of English answers with their labels."""
    for case in passage_cases():
        yield from _clauses_of("passages", case)
    for kind in PROSE:
        for case in prose(None, kind):
            alone = replace(case, brands=(case.brand,))
            yield from _clauses_of(f"{kind}-{case.round}", alone)


def passage_cases() -> Iterator[Case]:
    """Yield the half ``dev`` of the passages with the quotes of their drawbacks."""
    quotes = {
        (passage.id, label.brand): tuple(found.quote for found in label.drawbacks)
        for passage in passages("dev")
        for label in passage.labels
    }
    for case in gold("dev"):
        yield replace(case, quotes=quotes[case.id, case.brand.name])


def _clauses_of(author: str, case: Case) -> Iterator[Clause]:
    reading, brand = case.reading().among_all(), case.brand.name
    if latin_language(reading.body.lower().split()):
        return
    for unit, masked in masked_units(reading):
        if unit.role in READ_OTHERWISE or script_language(masked):
            continue
        words, pro = sentence_words(masked), unit.role is UnitRole.PRO
        named = any(unit.start <= mention.start < unit.end for mention in reading.of(brand))
        for found in evidence(masked, pro=pro):
            text = unit.text[found.start : found.end]
            labelled = any(shares_words(quote, text) for quote in case.quotes)
            told = dict(clause_features(words, found.start, found.end, pro=pro))
            marks = found.marks.union(doubts(masked, found.start, found.end, named=named))
            yield Clause(author, case.id, brand, scaled(told), marks, labelled)


def written_clauses() -> Iterator[Clause]:
    """Yield the clauses of ``clauses.txt``."""
    for line in CLAUSES.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            told = dict(clause_features(sentence_words(line[2:]), 0, len(line)))
            yield Clause("", "", "", scaled(told), labelled=line[0] == "-")


def scaled(values: Features) -> Features:
    """Return the values of features, each multiplied with its `scale`."""
    return {name: value * scale(name) for name, value in values.items()}


def scale(name: str) -> float:
    """Return what the value of a feature is multiplied with."""
    if name[0] in "=^":
        return SCALES.get(name, 1.0)
    return SCALES[" " if " " in name else ""]


def shares_words(quote: str, clause: str) -> bool:
    """Return whether a quote and a clause have a part in common."""
    quote, clause = quote.lower(), clause.strip(" ,.;").lower()
    last = max(1, len(quote) - SHARED_CHARACTERS + 1)
    parts = (quote[at : at + SHARED_CHARACTERS] for at in range(last))
    return (len(clause) >= LEAST_CHARACTERS and clause in quote) or any(
        part in clause for part in parts
    )


def fit(rows: Sequence[Features], labels: Sequence[bool], decay: float) -> Features:
    """Return the weights of a logistic regression, of the features that are frequent enough."""
    counts = Counter(name for row in rows for name in row)
    names = sorted(name for name, count in counts.items() if count >= MIN_CLAUSES)
    places = {name: at for at, name in enumerate(names)}
    cells = [
        (row, places[name], value)
        for row, values in enumerate(rows)
        for name, value in values.items()
        if name in places
    ]
    at_rows, at_columns, values = zip(*cells, strict=True)
    matrix = csr_matrix((values, (at_rows, at_columns)), shape=(len(rows), len(names)))
    wanted = np.array(labels, float)

    def loss(weights: Array) -> tuple[float, Array]:
        odds = matrix @ weights
        likely = 1 / (1 + np.exp(-odds))
        worth = float((np.logaddexp(0, odds) - wanted * odds).sum())
        slope = matrix.T @ (likely - wanted) + decay * weights
        return worth + decay / 2 * float(weights @ weights), slope

    learnt = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B").x
    return dict(zip(names, map(float, learnt), strict=True))


def odds(weights: Features, values: Features) -> float:
    """Return the log odds of a clause."""
    return sum(weights.get(name, 0.0) * value for name, value in values.items())


def fit_words(found: Sequence[Clause]) -> Features:
    """Return the weights of words."""
    return fit([c.words for c in found], [c.labelled for c in found], WORDS_DECAY)


def decided(clause: Clause, words: float) -> Features:
    """Return the evidence in a clause as features, with the log odds of its words."""
    told = dict.fromkeys(clause.marks, 1.0)
    told["odds"] = max(-MOST_ODDS, min(MOST_ODDS, words))
    if clause.marks & FOUND:
        told["odds of a fault"] = told["odds"]
    return told


def fit_decision(found: Sequence[Clause]) -> Features:
    """Return how the evidence adds up, where the odds of words are of other folds of answers.

    Of the passages only pros are used: the patterns were written on them.
    """
    rows, labels = [], []
    for fold in range(FOLDS):
        weights = fit_words([clause for clause in found if _fold(clause) != fold])
        for clause in found:
            is_used = clause.author != "passages" or "pro" in clause.marks
            if _fold(clause) == fold and is_used:
                rows.append(decided(clause, odds(weights, clause.words)))
                labels.append(clause.labelled)
    return fit(rows, labels, DECISION_DECAY)


def _fold(clause: Clause) -> int:
    """Return the fold of a clause; what was written for learning is in none."""
    key = clause.author + clause.answer
    return sha256(key.encode()).digest()[1] % FOLDS if clause.author else -1


def left_out(found: Sequence[Clause]) -> dict[str, dict[tuple[str, str], tuple[float, bool]]]:
    """Return for each author the brands of answers with the most odds of a clause and whether a
    drawback is labelled: by weights of the other authors, and of passages by those of other folds.
    """
    best: dict[str, dict[tuple[str, str], tuple[float, bool]]] = {}
    authors = {clause.author for clause in found} - {"", "passages"}
    for part in [*sorted(authors), *range(FOLDS)]:
        is_out = [part == (_fold(c) if c.author == "passages" else c.author) for c in found]
        others = [clause for clause, out in zip(found, is_out, strict=True) if not out]
        words, decision = fit_words(others), fit_decision(others)
        for clause in compress(found, is_out):
            brands = best.setdefault(clause.author, {})
            key = clause.answer, clause.brand
            value = odds(decision, decided(clause, odds(words, clause.words)))
            most, named = brands.get(key, (value, False))
            brands[key] = max(most, value), named or clause.labelled
    return best


def least_odds(found: Sequence[tuple[float, bool]], worth: float) -> float:
    """Return the middle of the odds above which what is found, less `worth` times what is false, is
    nearly most: the most itself is at odds of chance.
    """
    worths = [
        sum(1 if named else -worth for value, named in found if value > least)
        for least in LEAST_ODDS
    ]
    near = [o for o, gain in zip(LEAST_ODDS, worths, strict=True) if gain > NEARLY * max(worths)]
    return near[len(near) // 2]


def print_left_out(found: Mapping[str, Sequence[tuple[float, bool]]]) -> None:
    """Print precision, recall and F1 of brands by authors left out, above some log odds."""
    for author, pairs in found.items():
        for least in PRINTED_ODDS:
            scores = f1((value > least, named) for value, named in pairs)
            print(f"{author} left out, above {least}:", *(f"{score:.3f}" for score in scores))


def main() -> None:
    """Print precision, recall and F1 of brands in answers by authors left out, for clauses above
    some log odds, and write the weights.
    """
    found = [*labelled_clauses(), *WRITTEN_TIMES * [*written_clauses()]]
    best = left_out(found)
    unread = [pair for author in UNREAD for pair in best[author].values()]
    shown = {**{author: list(brands.values()) for author, brands in best.items()}, "unread": unread}
    print_left_out(shown)
    words, decision = fit_words(found), fit_decision(found)
    decision["least in prose"] = least_odds(unread, WORTH_IN_PROSE)
    decision["least with titles"] = least_odds(shown["passages"], 1.0)
    scaled = {name: weight * scale(name) for name, weight in words.items()}
    kept = {name: weight for name, weight in scaled.items() if abs(weight) >= MIN_WEIGHT}
    text = HEADER + listed(kept) + "\n[decision]\n" + listed(decision)
    WEIGHTS.write_text(text, encoding="utf-8")
    print(f"{len(found)} clauses, {len(kept)} weights in {WEIGHTS.name}")


def listed(weights: Features) -> str:
    """Return weights as lines of a list: the value, then its names."""
    by_weight: dict[str, list[str]] = {}
    for name, weight in sorted(weights.items()):
        by_weight.setdefault(f"{weight:.2f}", []).append(name)
    rows = sorted(by_weight.items(), key=lambda row: -float(row[0]))
    return "".join(f"{value} {'|'.join(names)}\n" for value, names in rows)


if __name__ == "__main__":
    main()
