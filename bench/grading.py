"""How well the offline scorers agree with the gold sets in ``bench/gold``, see its README."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any

from overheard import Answer, Brand, Fact, Finish, Model, Prompt, Question, Reading, Reply
from overheard.reading.reader import Reader
from overheard_accuracy import Accuracy
from overheard_sentiment import Sentiment

GOLD = Path(__file__).parent / "gold"
CLASSES = ("positive", "neutral", "negative")
CUTS = (0.1, 0.1)
"""Below minus the first, a sentiment of the gold set is called negative; above the second,
positive.
"""
NOT_STATED = "not stated"

Entry = dict[str, Any]
Half = Callable[[Entry], bool]
Pairs = list[tuple[str, str]]
"""What was found, and what people say, for one thing each."""


def tuned(entry: Entry) -> bool:
    """Whether an entry belongs to the half that the scorers were tuned on."""
    return int(entry["id"]) % 2 == 0


def held_out(entry: Entry) -> bool:
    """Return whether an entry belongs to the half that was not used for tuning."""
    return not tuned(entry)


def dealt(entry: Entry) -> bool:
    """Whether an entry belongs to the half to develop with, by a fixed hash of its text."""
    return sha256(entry["text"].encode()).digest()[0] % 2 == 0


def kept_back(entry: Entry) -> bool:
    """Whether an entry belongs to the half that is only measured, by a fixed hash of its text."""
    return not dealt(entry)


def of_round(number: int, entry: Entry) -> bool:
    """Whether an entry was written in one round of several."""
    return bool(entry["round"] == number)


@dataclass(frozen=True)
class Tally:
    """Hits, false finds and misses."""

    hits: int
    false: int
    missed: int

    @property
    def precision(self) -> float:
        """The share of what was found that is right; 1 where nothing was found."""
        return self.hits / (self.hits + self.false) if self.hits + self.false else 1.0

    @property
    def recall(self) -> float:
        """The share of what there is that was found; 1 where there is nothing."""
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of the two."""
        return 2 * self.hits / max(1, 2 * self.hits + self.false + self.missed)


def entries(name: str, half: Half | None = None) -> list[Entry]:
    """Return the entries of a gold file, or those of one half."""
    lines = (GOLD / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [entry for entry in map(json.loads, lines) if half is None or half(entry)]


def answer(text: str, question: str = "") -> Answer:
    """Wrap a text."""
    prompt = Prompt(question or "Which of them is the best for us?")
    asked = Question(prompt, Model("bench", "bench"))
    return Answer(1, asked, Reply(text, Finish.COMPLETE), datetime(2026, 1, 1, tzinfo=UTC))


def readings(entry: Entry) -> dict[str, Reading]:
    """Return a text as scorers see it, for each of its brands."""
    aliases = entry.get("aliases", {})
    brands = [Brand(name, tuple(aliases.get(name, ()))) for name in entry["brands"]]
    read = Reader(brands).read(answer(entry["text"], entry.get("question", "")))
    return {b.name: read.reading(b, [other for other in brands if other is not b]) for b in brands}


# Mentions and position


def mentions(gold: Iterable[Entry]) -> Tally:
    """Compare who is named."""
    hits = false = missed = 0
    for entry in gold:
        found, wanted = _found(entry), {label["brand"] for label in entry["labels"]}
        hits += len(found & wanted)
        false += len(found - wanted)
        missed += len(wanted - found)
    return Tally(hits, false, missed)


def negations(gold: Iterable[Entry]) -> Tally:
    """Compare whom the reader is advised against."""
    hits = false = missed = 0
    for entry in gold:
        found = {name for name, r in readings(entry).items() if any(m.negated for m in r.of(name))}
        wanted = {label["brand"] for label in entry["labels"] if label.get("negated")}
        hits += len(found & wanted)
        false += len(found - wanted)
        missed += len(wanted - found)
    return Tally(hits, false, missed)


def kendall(gold: Iterable[Entry]) -> tuple[float, int]:
    """Return the mean Kendall tau of the order of brands, and over how many texts."""
    from overheard_visibility import Visibility

    taus = []
    for entry in gold:
        wanted = [label["brand"] for label in entry["labels"]]
        read = readings(entry)
        ranks = {
            name: score.value
            for name in wanted
            for score in Visibility().score(read[name])
            if score.metric == "position"
        }
        pairs = [(a, b) for a, b in combinations(wanted, 2) if a in ranks and b in ranks]
        if pairs:
            agreed = sum((ranks[a] < ranks[b]) - (ranks[a] > ranks[b]) for a, b in pairs)
            taus.append(agreed / len(pairs))
    return sum(taus) / len(taus), len(taus)


def _found(entry: Entry) -> set[str]:
    return {name for name, reading in readings(entry).items() if reading.of(name)}


# Sentiment and aspects


def sentiments(gold: Iterable[Entry], cuts: tuple[float, float] = CUTS) -> Pairs:
    """Return the class that the offline scorer gives each labelled brand, and people's."""
    pairs = []
    for entry in gold:
        read = readings(entry)
        for label in entry["labels"]:
            scores = list(Sentiment().score(read[label["brand"]]))
            value = scores[0].value if scores else 0.0
            pairs.append((called(value, cuts), label["polarity"]))
    return pairs


def aspects(gold: Iterable[Entry]) -> Tally:
    """Return the hits, false and missed judgements of aspects by the scorer; a neutral label is no
    judgement.
    """
    hits = false = missed = 0
    for entry in gold:
        read = readings(entry)
        for label in entry["labels"]:
            scores = list(Sentiment().score(read[label["brand"]]))
            found = {(d.topic, d.verdict) for score in scores[:1] for d in score.details[1:]}
            wanted = {(a, p) for a, p in label.get("aspects", {}).items() if p != "neutral"}
            hits += len(found & wanted)
            false += len(found - wanted)
            missed += len(wanted - found)
    return Tally(hits, false, missed)


def called(value: float, cuts: tuple[float, float]) -> str:
    """Return the class of a value."""
    return "negative" if value < -cuts[0] else "positive" if value > cuts[1] else "neutral"


def agreement(pairs: Sequence[tuple[str, str]]) -> tuple[float, float]:
    """Return accuracy and macro-F1 over the three classes."""
    hits = {c: sum(got == label == c for got, label in pairs) for c in CLASSES}
    seen = {c: sum((got == c) + (label == c) for got, label in pairs) for c in CLASSES}
    f1 = [2 * hits[c] / seen[c] if seen[c] else 0.0 for c in CLASSES]
    return sum(hits.values()) / len(pairs), sum(f1) / len(f1)


# Accuracy


def verdicts(gold: Iterable[Entry]) -> Iterator[tuple[Entry, str]]:
    """Yield (statement, verdict of the scorer on the field for which the statement was written)."""
    sheets = {sheet["brand"]: sheet for sheet in entries("sheets")}
    readers = {name: Reader(map(Brand, (name, *s["competitors"]))) for name, s in sheets.items()}
    for entry in gold:
        sheet = sheets[entry["brand"]]
        facts = [
            Fact(entry["brand"], f["field"], f["value"], previous=tuple(f.get("previous", ())))
            for f in sheet["facts"]
        ]
        rivals = map(Brand, sheet["competitors"])
        read = readers[entry["brand"]].read(answer(entry["text"]))
        scores = Accuracy().score(read.reading(Brand(entry["brand"]), rivals, facts))
        details = [d for score in scores for d in score.details if d.topic == entry["field"]]
        order = ("wrong", "stale", "correct")
        yield entry, min((d.verdict for d in details), key=order.index, default=NOT_STATED)


def verdict_tallies(gold: Iterable[Entry], verdict: str) -> dict[str, Tally]:
    """Return the hits, false and missed cases of one verdict, by field and for all fields as
    ``all``.
    """
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for entry, given in verdicts(gold):
        for field in (entry["field"], "all"):
            hit = given == entry["verdict"] == verdict
            counts[field][0] += hit
            counts[field][1] += given == verdict and not hit
            counts[field][2] += entry["verdict"] == verdict and not hit
    return {field: Tally(*count) for field, count in sorted(counts.items())}
