"""Verdicts on true prices in real answers: each "wrong" is a false accusation, or an old price.

uv run python bench/price_verdicts.py FOLDER                 a folder of JSON lines with "text"
uv run python bench/price_verdicts.py FOLDER --facts FILE    other facts

The facts are JSON lines with ``brand``, ``aliases`` and ``price``, by default the list prices of
spring 2025 in ``bench/gold/prices.jsonl``. Afterwards each price is planted wrong (times 1.4), and
the statements that were confirmed must be found wrong.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grading import GOLD, answer

from overheard import Brand, Fact
from overheard.reading.reader import ReadAnswer, Reader
from overheard_accuracy import Accuracy

PLANTED = 1.4
"""The factor of a planted price."""


@dataclass(frozen=True)
class Price:
    """A brand with its true price, such as "$15 a month"."""

    brand: Brand
    amount: float
    period: str

    def fact(self, factor: float = 1.0) -> Fact:
        """Return the fact that a price is this one times a factor."""
        value = f"${self.amount * factor:.2f} {self.period}".strip()
        return Fact(self.brand.name, "price", value)


@dataclass(frozen=True)
class Statement:
    """A verdict on a price in an answer."""

    answer: int
    brand: str
    verdict: str
    quote: str


def prices(path: Path) -> list[Price]:
    """Return the prices of a file."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [
        Price(
            Brand(row["brand"], tuple(row.get("aliases", ()))), row["amount"], row.get("period", "")
        )
        for row in rows
    ]


def statements(
    read: Sequence[ReadAnswer], sheet: Iterable[Price], factor: float = 1.0
) -> Iterator[Statement]:
    """Yield the verdicts on the prices of a sheet in the answers that name its brands.

    Args:
        read: The answers.
        sheet: The true prices.
        factor: By which the true prices are multiplied, to plant errors.
    """
    sheet = list(sheet)
    for number, each in enumerate(read):
        for price in sheet:
            if price.brand.name not in each.named:
                continue
            rivals = [other.brand for other in sheet if other is not price]
            reading = each.reading(price.brand, rivals, [price.fact(factor)])
            for score in Accuracy().score(reading):
                for detail in score.details:
                    yield Statement(number, price.brand.name, detail.verdict, detail.quote)


def main() -> None:
    """Print the confirmed and the contradicted prices in a folder of answers, and the share of
    planted errors that is found.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--facts", type=Path, default=GOLD / "prices.jsonl")
    given = parser.parse_args()
    texts = [
        json.loads(line)["text"]
        for path in sorted(given.folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if '"text"' in line
    ]
    sheet = prices(given.facts)
    reader = Reader(price.brand for price in sheet)
    read = [reader.read(answer(text)) for text in dict.fromkeys(texts)]
    found = list(statements(read, sheet))
    confirmed = {(s.answer, s.brand, s.quote) for s in found if s.verdict == "correct"}
    wrong = [s for s in found if s.verdict != "correct"]
    print(
        f"{len(read)} answers, {len(sheet)} brands: {len(confirmed)} confirmed,"
        f" {len(wrong)} contradicted"
    )
    for statement in wrong:
        print(f"  {statement.brand}: {statement.quote[:160]}")
    planted = {
        (s.answer, s.brand, s.quote)
        for s in statements(read, sheet, PLANTED)
        if s.verdict == "wrong"
    }
    print(f"planted errors found: {len(confirmed & planted)} of {len(confirmed)}")


if __name__ == "__main__":
    main()
