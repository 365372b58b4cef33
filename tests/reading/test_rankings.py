"""Tests of ranked lists: which lines rank what, and what that makes of positions."""

from datetime import UTC, datetime

import pytest

from overheard.domain import Answer, Brand, Model, Prompt, Question, Reading
from overheard.reading.markdown import prose
from overheard.reading.reader import Reader
from overheard_visibility import Visibility
from scripted import reply

MARKET = tuple(map(Brand, ("Acme", "Boltly", "Cruxify")))
READER = Reader(MARKET)
BOTH = [("Acme", "Boltly"), ("Boltly", "Acme")]


def read(text: str, brand: str = "Acme") -> Reading:
    """Read an answer."""
    asked = Question(Prompt("Which tool?"), Model("echo", "echo"))
    answer = Answer(1, asked, reply(text), datetime(2026, 1, 1, tzinfo=UTC))
    mine = next(b for b in MARKET if b.name == brand)
    return READER.read(answer).reading(mine, [b for b in MARKET if b is not mine])


@pytest.mark.parametrize(
    ("text", "rankings"),
    [
        ("1. Boltly\n2. Acme", [("Boltly", "Acme")]),
        ("1) **Boltly** beats Acme\n2) Acme", [("Boltly", "Acme")]),
        ("### 1. Boltly\nFine.\n\n### 2. Acme\nAlso fine.", [("Boltly", "Acme")]),
        ("**1. Boltly**\n\nFine.\n\n**2. Acme**\n\nFine.", [("Boltly", "Acme")]),
        ("1. Boltly\n\nA word on it.\n\n2. Acme", [("Boltly", "Acme")]),
        ("| Tool | Price |\n|---|---|\n| Boltly | $1 |\n| Acme | $2 |", []),
        ("1. **Boltly / Acme** are fine\n2. Cruxify", [("Boltly", "Acme", "Cruxify")]),
        ("1. Acme\n2. Boltly\n\nOr:\n\n1. Boltly\n2. Acme", BOTH),
        ("1. Boltly\n   1. works with Acme\n2. Cruxify", [("Boltly", "Cruxify")]),
        ("- Boltly\n- Acme", []),
        ("Acme grew by 3. Boltly did not.", []),
        ("1. Plan\n2. Do", []),
    ],
)  # fmt: skip
def test_ranked_lists_are_found_by_structure(text: str, rankings: list[tuple[str, ...]]) -> None:
    """Numbered items and headings; not rows of a table, plain bullets, nor what lies deeper."""
    assert list(read(text).rankings) == rankings


def test_no_mark_of_ours_stays_in_the_prose() -> None:
    """And what a model writes of them is taken out."""
    assert prose("1. A\ue000cme\n2. Boltly\n\n\ue001\n\nEnd.") == "Acme\nBoltly\nEnd."


LATE = "People often ask about Acme.\n\n1. Boltly\n2. Acme\n\nCruxify is another one."


@pytest.mark.parametrize(("brand", "position"), [("Boltly", 1), ("Acme", 2), ("Cruxify", 3)])
def test_a_ranked_list_goes_before_the_order_of_mention(brand: str, position: int) -> None:
    """A brand outside of the list comes after it."""
    scores = {score.metric: score.value for score in Visibility().score(read(LATE, brand))}
    assert scores["position"] == position


def test_the_rank_in_each_of_several_lists_is_told() -> None:
    """The first is the position, and all are details of it."""
    text = "1. Boltly\n2. Acme\n\nCheapest:\n\n1. Acme\n2. Boltly\n3. Cruxify"
    [position] = [s for s in Visibility().score(read(text)) if s.metric == "position"]
    assert position.value == 2
    assert [(d.topic, d.stated) for d in position.details] == [
        ("ranking 1", "2 of 2"),
        ("ranking 2", "1 of 3"),
    ]


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        ("I'd go with Acme.", "recommended"),
        ("Acme is a solid choice for teams.", "recommended"),
        ("For small teams, choose Boltly or Acme.", "recommended"),
        ("1. **Acme** \u2013 best overall\n2. Boltly", "recommended"),
        ("Acme is hard to beat.", "recommended"),
        ("Best overall: Acme", "recommended"),
        ("Verdict: Acme wins for most people.", "recommended"),
        ("The winner is Acme.", "recommended"),
        ("For large teams, go for Acme.", "recommended"),
        ("I recommend checking out Acme.", "recommended"),
        ("I would not recommend Acme.", "advised against"),
        ("Use Boltly instead of Acme.", "advised against"),
        ("Acme is not the best choice.", "advised against"),
        ("Acme was founded in 2001.", "mentioned"),
        ("Do people recommend Acme?", "mentioned"),
    ],
)
def test_it_is_told_whether_a_brand_is_recommended(text: str, standing: str) -> None:
    """Or advised against, or merely mentioned: a detail of visibility."""
    [visibility] = [s for s in Visibility().score(read(text)) if s.metric == "visibility"]
    assert [(d.topic, d.verdict) for d in visibility.details] == [("standing", standing)]
