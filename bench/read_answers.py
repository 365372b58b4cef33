"""How well answers are read: owners, drawbacks, tones, standings, and what another layout moves.

uv run python bench/read_answers.py                      the passages of bench/gold
uv run python bench/read_answers.py --folder PATH        labelled answers from elsewhere
uv run python bench/read_answers.py --half dev --show    with each miss
uv run python bench/read_answers.py --kind advice        the passages whose ids begin so
uv run python bench/read_answers.py --prose --alone      prose, each brand alone in the catalogue
uv run python bench/read_answers.py --prose --kind recent    more: blind, fresh, natural ...

A folder holds ``labelled.jsonl`` (``id``, ``text``, ``brands``, and the question ``prompt`` if
it is known) and ``labels.jsonl`` (``id``, ``brand``, and the readings ``first`` and ``second`` with
``cls``, ``drawback``, ``standing`` if it is labelled, and ``lines``, the beginnings of the lines
that are about the brand).
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from time import process_time
from typing import Any

from grading import GOLD, answer
from passages import passages
from relayouts import NAMES, RELAYOUTS, renamed

from overheard import Brand, Reading, Unit, UnitRole
from overheard.reading.reader import Market, Reader
from overheard_sentiment import Sentiment
from overheard_visibility import Visibility

MOVED = 0.15
"""A brand whose mean sentiment or share of drawbacks moves by this much has moved."""
MANY_BRANDS = 20
STANDINGS = {
    "first choice": {"first choice"},
    "only named": {"only named", "advised against"},
    "advised against": {"advised against"},
}
"""The standings of which figures are printed, with those that count as each: labels of the passages
do not tell what is advised against from what is only named.
"""
SPEED_ROUNDS = 3
"""The fastest round counts: the first one loads word lists, and other processes slow others."""
MIN_TITLE, MIN_LETTERS = 25, 4
"""Shorter titles and lines are labels such as "Pros", which occur many times."""
_LINK = re.compile(r"\]\([^)\n]*\)?.*", re.DOTALL)
_NUMBER = re.compile(r"^\W*\d{1,2}[.)]\s+")


@dataclass(frozen=True)
class Case:
    """A brand in an answer, with what a careful reader says of it.

    Attributes:
        id: The answer.
        text: Its text.
        brands: The declared brands.
        brand: The brand.
        tone: The class, or None without a label.
        drawback: Whether a drawback is named, or None.
        standing: The standing, or None.
        lines: (start, end) offsets in the text of what is about the brand, or None.
        whole_lines: Whether `lines` are beginnings of lines.
        question: What was asked, or an empty string.
        quotes: Words of its drawbacks, perhaps not of all.
        round: The round in which the answer was written, which may be another author's.
    """

    id: str
    text: str
    brands: tuple[Brand, ...]
    brand: Brand
    tone: str | None
    drawback: bool | None
    standing: str | None
    lines: tuple[tuple[int, int], ...] | None
    whole_lines: bool = False
    question: str = ""
    quotes: tuple[str, ...] = ()
    round: int = 1

    def reading(self) -> Reading:
        """Read the answer for the brand.

        A question that names a brand is left out, because such answers have no standings.
        """
        rivals = [brand for brand in self.brands if brand is not self.brand]
        reader = Reader(self.brands)
        question = "" if reader.named_in(self.question) else self.question
        return reader.read(answer(self.text, question)).reading(self.brand, rivals)


def gold(half: str | None, kind: str = "") -> Iterator[Case]:
    """Yield the brands of the passages in ``bench/gold`` whose ids begin with a kind."""
    for passage in passages(half):
        if not passage.id.startswith(kind):
            continue
        brands = tuple(Brand(name, passage.aliases.get(name, ())) for name in passage.brands)
        for label, brand in zip(passage.labels, brands, strict=True):
            if label.named:
                lines = tuple(
                    (line.start, line.end) for line in passage.lines if label.brand in line.owners
                )
                yield Case(
                    passage.id,
                    passage.text,
                    brands,
                    brand,
                    label.tone,
                    label.drawback,
                    label.standing,
                    lines,
                    question=passage.question,
                )


def prose(half: str | None, kind: str = "") -> Iterator[Case]:
    """Yield the labelled brands of ``bench/gold/prose-answers.jsonl``, of which ``dev`` is what was
    looked at; with a kind such as ``recent`` those of ``recent-prose.jsonl``.
    """
    for row in _rows(GOLD / f"{kind}-prose.jsonl" if kind else GOLD / "prose-answers.jsonl"):
        if half in {None, "dev" if row["id"] % 2 else "test"}:
            brands = tuple(map(Brand, row["labels"]))
            for brand, label in zip(brands, row["labels"].values(), strict=True):
                yield Case(
                    str(row["id"]),
                    row["text"],
                    brands,
                    brand,
                    None,
                    label["drawback"],
                    label["standing"].replace("recommended", "listed"),
                    None,
                    question=row["question"],
                    quotes=tuple(
                        label.get("quotes")
                        or label.get("drawbacks")
                        or filter(None, [label.get("quote")])
                    ),
                    round=row.get("round", 1),
                )


def folder(path: Path, reading: str) -> Iterator[Case]:
    """Yield the labelled brands of a folder of answers, by the labels of one of its two readers."""
    texts = {row["id"]: row for row in _rows(path / "labelled.jsonl")}
    for row in _rows(path / "labels.jsonl"):
        text, label = texts[row["id"]], row[reading]
        brands = tuple(map(Brand, text["brands"]))
        brand = next(each for each in brands if each.name == row["brand"])
        lines = tuple(_found(text["text"], label["lines"]))
        yield Case(
            row["id"],
            text["text"],
            brands,
            brand,
            label["cls"],
            label["drawback"] is not None,
            label.get("standing"),
            lines,
            "\n" in text["text"].strip(),
            text.get("prompt", ""),
        )


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# Owners


def _found(text: str, beginnings: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Yield where lines with these beginnings are in a text, up to the end of the beginning."""
    for beginning in beginnings:
        at = text.find(beginning)
        if at >= 0:
            yield at, at + len(beginning)


def _letters(text: str) -> tuple[str, list[int]]:
    """Return the letters and digits of a text in lower case, with the offset of each."""
    kept = [(char.lower()[0], at) for at, char in enumerate(text) if char.isalnum()]
    return "".join(char for char, _ in kept), [at for _, at in kept]


def owners(case: Case) -> tuple[int, int, int, int]:
    """Return units that are rightly owned, all owned units, lines found, and all labelled lines.

    A line is found if any of its words is in a unit that the brand owns; a unit is rightly owned
    if it shares a word with a labelled line.
    """
    reading = case.reading()
    body, offsets = _letters(reading.body)
    own = [u for u in reading.owned() if u.role is not UnitRole.TITLE or len(u.text) > MIN_TITLE]
    places: list[tuple[int, int]] = []
    found = total = 0
    for start, end in case.lines or ():
        words, _ = _letters(_NUMBER.sub("", _LINK.sub("]", case.text[start:end])))
        spans = [
            (offsets[at.start()], offsets[at.end() - 1] + 1)
            for at in re.finditer(re.escape(words), body)
            if len(words) >= MIN_LETTERS
        ]
        if spans:
            total += 1
            found += any(_meet(unit, span) for unit in reading.owned() for span in spans)
            places += spans
    if case.whole_lines:
        places = [(a, _line_end(reading.body, b)) for a, b in places]
    return sum(any(_meet(unit, span) for span in places) for unit in own), len(own), found, total


def _meet(unit: Unit, span: tuple[int, int]) -> bool:
    return unit.start < span[1] and span[0] < unit.end


def _line_end(body: str, at: int) -> int:
    end = body.find("\n", at)
    return len(body) if end < 0 else end


# Instruments


def judged(reading: Reading) -> tuple[float, bool, str, str]:
    """Return sentiment, whether a drawback is named, tone and standing."""
    found = {score.metric: score for score in Sentiment().score(reading)}
    stands = next(s for s in Visibility().score(reading) if s.metric == "visibility")
    standing = stands.details[0].verdict if stands.details else "not named"
    if "sentiment" not in found:
        return 0.0, False, "none", standing
    tone = found["sentiment"].details[0].verdict
    return found["sentiment"].value, bool(found["drawback"].value), tone, standing


def f1(pairs: Iterable[tuple[bool, bool]]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of pairs of found and wanted."""
    counts = Counter(pairs)
    hits, false, missed = (counts[key] for key in ((True, True), (True, False), (False, True)))
    precision, recall = hits / max(1, hits + false), hits / max(1, hits + missed)
    return precision, recall, 2 * hits / max(1, 2 * hits + false + missed)


# Invariance


def moved(cases: Sequence[Case], write: Callable[[Case], Case]) -> str:
    """Return a line on the changes of sentiment, drawbacks and tones when `write` changes the
    layout or a name in each case.
    """
    before: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    after: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    tones = flips = pairs = 0
    for case in cases:
        other = write(case)
        if other.text == case.text:
            continue
        one, two = judged(case.reading()), judged(other.reading())
        before[case.brand.name].append(one[:2])
        after[case.brand.name].append(two[:2])
        pairs += 1
        flips += one[1] != two[1]
        tones += one[2] != two[2]
    if not pairs:
        return "nothing to compare"
    shift = mean(s for values in after.values() for s, _ in values) - mean(
        s for values in before.values() for s, _ in values
    )
    far = [
        sum(
            abs(mean(p[k] for p in after[b]) - mean(p[k] for p in before[b])) >= MOVED
            for b in before
        )
        for k in (0, 1)
    ]
    return (
        f"{pairs} pairs: sentiment moves by {shift:+.3f}; of {len(before)} brands {far[0]} by"
        f" {MOVED} in sentiment and {far[1]} in drawbacks; drawback flips {flips}"
        f" ({flips / pairs:.1%}), tone {tones} ({tones / pairs:.1%})"
    )


def report(cases: Sequence[Case], *, show: bool) -> None:
    """Print all figures."""
    counts = [owners(case) for case in cases if case.lines]
    right, owned, found, lines = (sum(column) for column in zip((0, 0, 0, 0), *counts, strict=True))
    if lines:
        print(
            f"owners: precision {right / owned:.3f} of {owned},"
            f" recall {found / lines:.3f} of {lines}"
        )
    results = [(case, judged(case.reading())) for case in cases]
    precision, recall, score = f1((got[1], bool(case.drawback)) for case, got in results)
    print(f"drawback: precision {precision:.3f}, recall {recall:.3f}, F1 {score:.3f}")
    toned = [(case, got) for case, got in results if case.tone]
    if toned:
        constant = Counter(case.tone for case, _ in toned).most_common(1)[0][1] / len(toned)
        same = sum(got[2] == case.tone for case, got in toned) / len(toned)
        print(
            f"tone: {same:.3f} the same, {constant:.3f} for the most frequent one,"
            f" {len(cases)} brands"
        )
    for standing, also in STANDINGS.items():
        labelled = [(got[3] in also, c.standing in also) for c, got in results if c.standing]
        if any(wanted for _, wanted in labelled):
            precision, recall, score = f1(labelled)
            print(f"{standing}: precision {precision:.3f}, recall {recall:.3f}, F1 {score:.3f}")
    for name, write in RELAYOUTS.items():
        print(f"as {name}: {moved(cases, lambda case, w=write: replace(case, text=w(case.text)))}")
    for name in NAMES:
        print(f"named {name}: {moved(cases, lambda case, n=name: _renamed(case, n))}")
    if show:
        for case, got in results:
            wanted = (case.drawback, case.tone, case.standing or got[3])
            alike = {got[3], wanted[2]} <= STANDINGS["only named"]
            if got[1:3] != wanted[:2] or (got[3] != wanted[2] and not alike):
                print(case.id, case.brand.name, got, "wanted", *wanted)


def _renamed(case: Case, name: str) -> Case:
    """Return a case whose brand has another name."""
    brand = Brand(name)
    text = case.text
    for spelling in sorted(case.brand.names, key=len, reverse=True):
        text = renamed(text, spelling, name)
    if any(other.name in name or name in other.name for other in case.brands):
        return case
    brands = tuple(brand if each is case.brand else each for each in case.brands)
    return replace(case, text=text, brand=brand, brands=brands)


def speed(texts: Sequence[str], names: Sequence[str]) -> float:
    """Return the answers a CPU second that are read and judged for twenty brands."""
    brands = tuple(map(Brand, names[:MANY_BRANDS]))
    markets = [
        Market(brand, tuple(other for other in brands if other is not brand)) for brand in brands
    ]
    reader = Reader(brands)

    def once() -> float:
        """Read and judge all texts once, and return the texts per CPU second."""
        start = process_time()
        for text in texts:
            read = reader.read(answer(text))
            for market in markets:
                if market.brand.name in read.named:
                    judged(read.within(market))
        return len(texts) / (process_time() - start)

    return max(once() for _ in range(SPEED_ROUNDS))


def main() -> None:
    """Print the figures of the gold passages, or of a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--reading", choices=("first", "second"), default="first")
    parser.add_argument("--half", choices=("dev", "test"))
    parser.add_argument("--kind", default="")
    parser.add_argument("--prose", action="store_true")
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    if given.folder:
        cases = list(folder(given.folder, given.reading))
    else:
        cases = list(prose(given.half, given.kind) if given.prose else gold(given.half, given.kind))
    if given.alone:
        cases = [replace(case, brands=(case.brand,)) for case in cases]
    report(cases, show=given.show)
    names = [name for name, _ in Counter(case.brand.name for case in cases).most_common()]
    texts = list({case.id: case.text for case in cases}.values())
    print(f"speed: {speed(texts, names):.0f} answers a CPU second for {MANY_BRANDS} brands")


if __name__ == "__main__":
    main()
