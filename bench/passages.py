"""Passages in the layouts of real answers, labelled by hand; ``bench/gold/passages/README.md``.

uv run python bench/passages.py               counts by half, layout, standing and class
uv run python bench/passages.py head-004      one passage with its labels, line by line
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).parent / "gold" / "passages"
FOREIGN = "~"
"""The first character of an owner that is no declared brand."""
SNIPPET_CHARS = 32
"""The most characters that ``Line.starts`` has."""
STANDINGS = ("first choice", "listed", "only named")
CLASSES = ("positive", "mixed", "neutral", "negative")
ROLES = ("pro", "con", "price", "verdict", "best-for", "specification", "footer")
ASPECTS = (
    "availability",
    "ease",
    "features",
    "other",
    "performance",
    "price",
    "quality",
    "safety",
    "support",
)

Half = Literal["dev", "test"]


@dataclass(frozen=True)
class Evidence:
    """A verbatim part of the text that praises a brand or names a drawback, and its aspect."""

    aspect: str
    quote: str


@dataclass(frozen=True)
class Label:
    """What a passage says of one declared brand; ``order`` counts the named brands from 1."""

    brand: str
    named: bool
    order: int | None
    standing: str | None
    tone: str | None
    drawbacks: tuple[Evidence, ...]
    praise: tuple[Evidence, ...]

    @property
    def drawback(self) -> bool:
        """Whether a drawback of the brand is named."""
        return bool(self.drawbacks)


@dataclass(frozen=True)
class Line:
    """A line, a sentence or a labelled part of one: ``text[start:end]``, its owners and role."""

    start: int
    end: int
    starts: str
    owners: tuple[str, ...]
    role: str | None


@dataclass(frozen=True)
class Passage:
    """One answer with its labels."""

    id: str
    layout: str
    category: str
    language: str
    question: str
    brands: tuple[str, ...]
    aliases: dict[str, tuple[str, ...]]
    trap: str | None
    text: str
    labels: tuple[Label, ...]
    lines: tuple[Line, ...]

    @property
    def half(self) -> Half:
        """The half that the passage belongs to, by a fixed hash of its id."""
        return "test" if sha256(self.id.encode()).digest()[0] % 2 else "dev"


def passages(half: Half | None = None) -> Iterator[Passage]:
    """Yield the passages of one half, or all for None, in the order of the files."""
    for path in sorted(FOLDER.glob("*.jsonl")):
        for row in path.read_text(encoding="utf-8").splitlines():
            passage = _passage(json.loads(row))
            if half in (None, passage.half):
                yield passage


def problems(passage: Passage) -> Iterator[str]:
    """Yield a sentence for each label that the text or another label contradicts."""
    if [label.brand for label in passage.labels] != list(passage.brands):
        yield "the labels are not those of the brands, in their order"
    if passage.lines[0].start != 0:
        yield "the first line does not begin the text"
    for before, line in zip(passage.lines, passage.lines[1:], strict=False):
        if before.start >= line.start:
            yield f"the line {line.starts!r} does not come after the one before"
    for line in passage.lines:
        yield from _problems_of_line(passage, line)
    for label in passage.labels:
        yield from _problems_of_label(passage, label)
    orders = sorted(label.order for label in passage.labels if label.order is not None)
    if orders != list(range(1, len(orders) + 1)):
        yield f"the order {orders} has a gap or a repetition"


def _problems_of_line(passage: Passage, line: Line) -> Iterator[str]:
    """Yield what is wrong with the labels of a line, as sentences."""
    if not passage.text.startswith(line.starts, line.start):
        yield f"the text has no {line.starts!r} at {line.start}"
    if line.role not in (None, *ROLES):
        yield f"{line.role!r} is no role"
    for owner in line.owners:
        if owner not in passage.brands and not owner.startswith(FOREIGN):
            yield f"the owner {owner!r} is neither declared nor foreign"
    if len(set(line.owners)) != len(line.owners):
        yield f"the line {line.starts!r} has an owner twice"


def _problems_of_label(passage: Passage, label: Label) -> Iterator[str]:
    """Yield what is wrong with the label of a brand, as sentences."""
    text = passage.text.casefold()
    known = (label.brand, *passage.aliases.get(label.brand, ()))
    evidence = (*label.drawbacks, *label.praise)
    for found in evidence:
        if found.quote not in passage.text:
            yield f"the text has no {found.quote!r}"
        if found.aspect not in ASPECTS:
            yield f"{found.aspect!r} is no aspect"
    if len({found.quote for found in evidence}) != len(evidence):
        yield f"{label.brand}: a quote is there twice"
    if not label.named:
        if label.order or label.standing or label.tone or evidence:
            yield f"{label.brand} is not named and yet labelled"
        return
    if not any(name.casefold() in text for name in known):
        yield f"{label.brand} is not in the text"
    if label.standing not in STANDINGS or label.tone not in CLASSES:
        yield f"{label.brand}: {label.standing!r} or {label.tone!r} is unknown"
    if label.drawback != (label.tone in ("mixed", "negative")):
        yield f"{label.brand} is {label.tone} and its drawbacks say otherwise"
    if label.praise and label.tone not in ("positive", "mixed"):
        yield f"{label.brand} is {label.tone} and yet praised"


def _passage(row: dict[str, Any]) -> Passage:
    """Return the passage of a JSON row; a line ends where the next begins."""
    starts = [line["at"] for line in row["lines"]]
    ends = [*starts[1:], len(row["text"])]
    lines = tuple(
        Line(line["at"], end, line["starts"], tuple(line["owners"]), line.get("role"))
        for line, end in zip(row["lines"], ends, strict=True)
    )
    return Passage(
        row["id"],
        row["layout"],
        row["category"],
        row["language"],
        row["question"],
        tuple(row["brands"]),
        {name: tuple(others) for name, others in row.get("aliases", {}).items()},
        row.get("trap"),
        row["text"],
        tuple(map(_label, row["labels"])),
        lines,
    )


def _label(row: dict[str, Any]) -> Label:
    """Return the label of a brand from its JSON row."""
    drawbacks, praise = (
        tuple(Evidence(found["aspect"], found["quote"]) for found in row[key])
        for key in ("drawbacks", "praise")
    )
    order, standing, tone = row["order"], row["standing"], row["class"]
    return Label(row["brand"], row["named"], order, standing, tone, drawbacks, praise)


def _show(passage: Passage) -> None:
    """Print a passage with the owner and role of each line, and its labels."""
    print(f"{passage.id} ({passage.half}): {passage.question}\n")
    for line in passage.lines:
        owners = " + ".join(line.owners) or "-"
        print(f"{owners:>24} {line.role or '':13} {passage.text[line.start : line.end].strip()}")
    print()
    for label in passage.labels:
        print(label)


def _count() -> None:
    """Print, for each half, the numbers of passages, brands and labels."""
    for half in ("dev", "test"):
        chosen = list(passages(half))
        labels = [label for passage in chosen for label in passage.labels if label.named]
        print(f"{half}: {len(chosen)} passages, {len(labels)} brands named")
        for name, values in (
            ("layout", [passage.layout for passage in chosen]),
            ("language", [passage.language for passage in chosen]),
            ("standing", [str(label.standing) for label in labels]),
            ("class", [str(label.tone) for label in labels]),
            ("drawback", [str(label.drawback) for label in labels]),
        ):
            counts = Counter(values).most_common()
            print(f"  {name}: " + ", ".join(f"{value} {count}" for value, count in counts))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        _count()
    for passage in passages():
        if passage.id in sys.argv[1:]:
            _show(passage)
