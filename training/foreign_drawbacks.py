"""Learn the weights of ``overheard_sentiment/foreign_odds.txt``, of drawbacks in other languages.

They are learnt from the German, French and Spanish answers in running text of ``bench/gold``, each
brand alone, and from the clauses of ``parallel.txt``. Words whose English equivalents
``glosses.txt`` lists carry over the weights of these, and share one over the languages.

uv run python training/foreign_drawbacks.py     prints how well they do without a hand, and writes
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path

from drawbacks import (
    LEAST_ODDS,
    PLUGINS,
    READ_OTHERWISE,
    Case,
    Features,
    f1,
    fit,
    listed,
    masked_units,
    odds,
    passage_cases,
    print_left_out,
    prose,
    scale,
    scaled,
    shares_words,
)

from overheard import UnitRole
from overheard_sentiment.drawback_odds import LEARNT_LANGUAGES, clause_features, foreign_stem
from overheard_sentiment.drawbacks import foreign_evidence
from overheard_sentiment.languages import latin_language, script_language
from overheard_sentiment.lists import valued
from overheard_sentiment.stems import stem
from overheard_sentiment.words import sentence_words

FOLDER = Path(__file__).parent
WEIGHTS = PLUGINS / "overheard_sentiment" / "foreign_odds.txt"
KINDS = ("", "recent", "blind", "authors", "foreign")
BLIND_OF = 3
"""One in this number of the answers of ``foreign-prose.jsonl``, by its id, is not learnt from."""
DECAY = 8.0
PRECISION = 0.77
"""What share of the brands with a drawback found, by hands left out, has one."""
WRITTEN = 3.0
"""The value of a mark of what was written for learning, which takes up that most of that names
drawbacks.
"""
MARK = 2.0
"""The value of a mark of patterns, more than of words: less is learnt of each."""
MIN_WEIGHT = 0.01
HEADER = """\
# What a clause says of a drawback in other languages: weights of a logistic regression (log odds),
# derived from answers of bench/gold by training/foreign_drawbacks.py; do not edit. The
# names are those of drawback_odds.txt; the first list is of patterns and doubts.
"""


@dataclass(frozen=True)
class Brand:
    """A brand in an answer by a hand, whether a drawback of it is labelled, and for each clause
    about it the features and whether that is in it.
    """

    hand: str
    named: bool
    clauses: tuple[tuple[Features, bool], ...]


def glosses() -> Iterator[tuple[str, str, str]]:
    """Yield (language, stem, English stem) for the entries of ``glosses.txt``."""
    for row in _rows("glosses.txt"):
        english, *others = row.split("|")
        for language, words in zip(LEARNT_LANGUAGES, others, strict=True):
            for word, _ in dict.fromkeys(filter(None, map(foreign_stem, words.split()))):
                yield language, word, stem(english)


def _rows(name: str) -> list[str]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


ENGLISH = dict(valued("drawback_odds", divider="|"))
GLOSSES: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
for _language, _stem, _english in glosses():
    GLOSSES[_language, _stem].append(_english)


def features(text: str, start: int, end: int, marks: Sequence[str], language: str) -> Features:
    """Return the features of a clause, with the language before words and "en" before glosses."""
    found: Counter[str] = Counter({f"mark {mark}": MARK for mark in marks})
    told = dict(clause_features(sentence_words(text), start, end, language=language))
    for name, value in scaled(told).items():
        found[name if name[0] == "=" else f"{language} {name}"] = value
        for gloss in GLOSSES.get((language, name), ()):
            found[f"en {gloss}"] += value
            found["carried"] += ENGLISH.get(gloss, 0.0)
    return found


def brands() -> Iterator[Brand]:
    """Yield the labelled brands of the answers in other languages."""
    for hand, case in _cases():
        language = latin_language(case.text.lower().split())
        if language not in LEARNT_LANGUAGES:
            continue
        reading = case.reading().among_all()
        clauses = []
        for unit, masked in masked_units(reading):
            if unit.role in READ_OTHERWISE or unit.role is UnitRole.PRO or script_language(masked):
                continue
            named = hand == "passages" or any(
                unit.start <= mention.start < unit.end for mention in reading.of(case.brand.name)
            )
            for start, end, marks in foreign_evidence(masked, language, named=named):
                text = unit.text[start:end]
                labelled = any(shares_words(quote, text) for quote in case.quotes)
                told = features(masked, start, end, sorted(marks), language)
                clauses.append((told, labelled))
        yield Brand(hand, bool(case.drawback), tuple(clauses))


def _cases() -> Iterator[tuple[str, Case]]:
    """Yield (hand, case) for what may be learnt from."""
    for kind in KINDS:
        for case in prose(None, kind):
            if kind != "foreign" or int(case.id) % BLIND_OF:
                yield f"{kind}-{case.round}", replace(case, brands=(case.brand,))
    yield from (("passages", case) for case in passage_cases())


def written_clauses() -> Iterator[tuple[Features, bool]]:
    """Yield the clauses of ``parallel.txt``."""
    for row in _rows("parallel.txt"):
        for language, text in zip(LEARNT_LANGUAGES, row[2:].split("|"), strict=True):
            marks = set[str]().union(
                *(m for _, _, m in foreign_evidence(text, language, named=True))
            )
            told = features(text, 0, len(text), sorted(marks), language)
            del told["=words"]
            yield {**told, "written": WRITTEN}, row[0] == "-"


def learnt(found: Sequence[Brand], written: Sequence[tuple[Features, bool]]) -> Features:
    """Return the weights. Where a drawback's words are not labelled, the likeliest clause by a
    first fit has it.
    """
    known = [c for b in found if not b.named or _is_placed(b) for c in b.clauses]
    first = _fitted([*known, *written])
    guessed = [
        (max((told for told, _ in b.clauses), key=lambda told: odds(first, told)), True)
        for b in found
        if b.named and b.clauses and not _is_placed(b)
    ]
    return _fitted([*known, *guessed, *written])


def _is_placed(brand: Brand) -> bool:
    return any(labelled for _, labelled in brand.clauses)


def _fitted(clauses: Sequence[tuple[Features, bool]]) -> Features:
    return fit([told for told, _ in clauses], [labelled for _, labelled in clauses], DECAY)


def left_out(
    found: Sequence[Brand], written: Sequence[tuple[Features, bool]]
) -> dict[str, list[tuple[float, bool]]]:
    """Return for each hand the most odds of a clause of each brand and whether a drawback is named,
    by weights that are learnt without that hand.
    """
    best = {}
    for hand in sorted({brand.hand for brand in found}):
        is_out = [brand.hand == hand for brand in found]
        others = [b for b, out in zip(found, is_out, strict=True) if not out]
        weights = learnt(others, written)
        best[hand] = [
            (max((odds(weights, told) for told, _ in brand.clauses), default=-9.0), brand.named)
            for brand in compress(found, is_out)
        ]
    return best


def main() -> None:
    """Print precision, recall and F1 of brands by hands left out, and write the weights."""
    found, written = list(brands()), list(written_clauses())
    best = left_out(found, written)
    pairs = [pair for hand, each in best.items() if hand != "passages" for pair in each]
    print_left_out({**best, "all": pairs})
    weights = learnt(found, written)
    decision = {
        name.removeprefix("mark "): weight * MARK
        for name, weight in weights.items()
        if name.startswith("mark ")
    }
    decision["least"] = min(least for least in LEAST_ODDS if _precision(pairs, least) > PRECISION)
    text = HEADER + "[decision]\n" + listed(decision)
    for language in LEARNT_LANGUAGES:
        own: Counter[str] = Counter()
        for name, weight in weights.items():
            word = name.removeprefix(f"{language} ")
            if name[0] == "=" or word != name:
                own[word] += weight * scale(word)
        for spoken, word, english in glosses():
            if spoken == language:
                own[word] += weights.get(f"en {english}", 0.0) * scale(word)
                own[word] += weights["carried"] * ENGLISH.get(english, 0.0)
        kept = {name: weight for name, weight in own.items() if abs(weight) >= MIN_WEIGHT}
        text += f"\n[{language}]\n" + listed(kept)
    WEIGHTS.write_text(text, encoding="utf-8")


def _precision(pairs: Sequence[tuple[float, bool]], least: float) -> float:
    return f1((value > least, named) for value, named in pairs)[0]


if __name__ == "__main__":
    main()
