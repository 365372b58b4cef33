"""Tests of ranked lists: which lines rank what, and what that makes of positions."""

from datetime import UTC, datetime

import pytest

from kit.scripted import reply
from overheard.domain import Answer, Brand, Model, Prompt, Question, Reading
from overheard.reading.markdown import prose
from overheard.reading.reader import Reader
from overheard_visibility import Visibility

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
        ("### \\*\\*1. **Boltly**\n\n### **2. Acme**", [("Boltly", "Acme")]),
        ("- Boltly\n- Acme", []),
        ("Acme grew by 3. Boltly did not.", []),
        ("1. Plan\n2. Do", []),
    ],
)  # fmt: skip
def test_ranked_lists_are_found_by_structure(text: str, rankings: list[tuple[str, ...]]) -> None:
    """Numbered items and headings; not rows of a table, plain bullets, nor what lies deeper."""
    assert list(read(text).rankings) == rankings


@pytest.mark.parametrize(
    "text",
    [
        "Counting down:\n\n3. Cruxify: slow\n2. Boltly: quick\n1. Acme: light",
        "**#3 \u2013 Cruxify**\nOld.\n\n**#2 \u2013 Boltly**\nQuick.\n\n**#1 \u2013 Acme**\nNew.",
        "| Rank | Tool |\n|---|---|\n| 3 | Cruxify |\n| 2 | Boltly |\n| 1 | Acme |",
    ],
)
def test_a_list_that_counts_down_is_ranked_from_its_end(text: str) -> None:
    """The last one is number 1."""
    assert read(text).rankings == (("Acme", "Boltly", "Cruxify"),)


def test_no_mark_of_ours_stays_in_the_prose() -> None:
    """And what a model writes of them is taken out."""
    assert prose("1. A\ue000cme\n2. Boltly\n\n\ue001\n\nEnd.") == "Acme\nBoltly\nEnd."


LATE = "People often ask about Acme.\n\n1. Boltly\n2. Acme\n\nCruxify is another one."


@pytest.mark.parametrize(("brand", "position"), [("Boltly", 1), ("Acme", 2), ("Cruxify", 3)])
def test_a_ranked_list_goes_before_the_order_of_mention(brand: str, position: int) -> None:
    """A brand outside of the list comes after it."""
    scores = {score.metric: score.value for score in Visibility().score(read(LATE, brand))}
    assert scores["position"] == position


@pytest.mark.parametrize(("brand", "position"), [("Boltly", 1), ("Cruxify", 2), ("Acme", 3)])
def test_a_brand_inside_an_item_has_its_place_there(brand: str, position: int) -> None:
    """And a brand of the list keeps the list's place, though an item before it names it."""
    text = "### 1. Boltly\nIt works with Acme, and Cruxify bought it.\n\n### 2. Acme\nFine."
    scores = {score.metric: score.value for score in Visibility().score(read(text, brand))}
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
        ("I'd go with Acme.", "first choice"),
        ("1. **Acme** - best overall\n2. Boltly", "first choice"),
        ("Acme is hard to beat.", "first choice"),
        ("### Best Overall\n\n**Acme One**\n- quick\n\n**Boltly**\n- cheap", "first choice"),
        ("Acme One: Often cited as the best overall phone, with a good camera.", "first choice"),
        ("Acme One: Often cited as the best overall value.", "listed"),
        ("If quiet matters, consider models like the Acme One or the Boltly.", "listed"),
        ("**Where to buy:** Acme, Boltly", "only named"),
        ("Best overall: Acme", "first choice"),
        ("### Best Overall: Acme\n- quick\n\n### Best Value: Boltly\n- cheap", "first choice"),
        ("### Best Value: Acme\n- quick\n\n### Best Overall: Boltly\n- cheap", "listed"),
        ("Verdict: Acme wins for most people.", "first choice"),
        ("The winner is Acme.", "first choice"),
        ("For large teams, go for Acme; for small ones, get Boltly.", "listed"),
        ("Acme is a solid choice for teams.", "listed"),
        ("- **Boltly**: runs on Acme's network", "only named"),
        ("I would not recommend Acme.", "advised against"),
        ("Boltly is fast. Acme had a breach, and I would not choose it today.", "advised against"),
        ("Boltly is fast. I'd avoid Acme.", "advised against"),
        ("For nine readers in ten the answer will be Acme.", "first choice"),
        ("The one I'd pick is Acme.", "first choice"),
        ("Acme is the default for a first flat.", "first choice"),
        ("Mon conseil : commencez avec Acme, simple et rapide.", "first choice"),
        ("La opción que yo elegiría es Acme.", "first choice"),
        ("Fangen Sie am besten mit Acme an.", "first choice"),
        ("Am ehesten würde ich zu einem Modell von Acme greifen.", "first choice"),
        ("Ich würde Acme nur nehmen, wenn Sie umziehen.", "listed"),
        ("Für Ihr Team würde ich von Acme abraten.", "only named"),
        ("Hier würde ich vor Acme warnen.", "listed"),
        ("Hier würde ich mich gegen Acme entscheiden.", "listed"),
        ("I'd get Boltly. Ich würde Acme nehmen, falls Sie reisen.", "listed"),
        ("Da würde ich Acme nehmen.", "first choice"),
        ("I would pick Acme not only for its price.", "first choice"),
        ("If you fly, get Boltly. I'd pick Acme: it nurtures beginners.", "first choice"),
        ("If you fly, get Boltly. I'd pick Acme: it never falls over.", "first choice"),
        ("If you fly, get Boltly. I'd pick Acme, as solo work suits it.", "first choice"),
        ("Mein Rat für Einsteiger ist Acme.", "first choice"),
        ("Acme ist für die meisten Haushalte die erste Wahl.", "first choice"),
        ("Boltly est cher. Je choisirais plutôt Acme.", "first choice"),
        ("Si je devais en garder un, ce serait Acme.", "first choice"),
        ("Si tuviera que elegir uno, sería Acme.", "first choice"),
        ("Boltly is fine. I'd choose Boltly and use Acme on the bus.", "only named"),
        ("Acme was built for that and it's the one I'd point you to.", "first choice"),
        ("Acme is still the card I'd hand to a beginner.", "first choice"),
        ("Where Acme wins is the price.", "listed"),
        ("Use Boltly instead of Acme.", "only named"),
        ("Acme was founded in 2001.", "listed"),
        ("Do people recommend Acme?", "listed"),
        ("### Acme Turbo 3\n- fast\n\n### Boltly\n- slow\n\nI'd take the Turbo 3.", "first choice"),
        ("### Acme Turbo 3\n- fast\n\n### Boltly\n- slow\n\nThe Turbo 3 is old.", "listed"),
        ("Ranked by speed:\n\n1. Acme\n2. Boltly", "first choice"),
        ("Some tools:\n\n1. Acme\n2. Boltly", "listed"),
        ("### Our pick\n\nAcme, unless you live in Boltly already.", "first choice"),
        ("### Our pick\n\nIf you travel, Acme.", "listed"),
        ("If you travel, get Acme. If you stay, Boltly is fine.", "listed"),
        ("For a camera, Boltly. It features Acme chips.", "only named"),
        ("Popular brands: Boltly, Acme and Cruxify", "listed"),
        ("Cruxify's Acme is fine, and Boltly too.", "listed"),
        ("Acme's Boltly is fine.", "only named"),
        ("### Skipped on purpose\n\n**Acme**: old", "only named"),
        ("Boltly ist gut. Ich würde Acme nehmen.", "first choice"),
        ("Boltly est bien. Notre choix : Acme.", "first choice"),
        ("Boltly está bien. Acme es la mejor opción.", "first choice"),
        ("Boltly está bien. Acme es la mejor opción para niños.", "listed"),
    ],
)
def test_the_standing_is_a_detail_of_visibility(text: str, standing: str) -> None:
    """First choice, listed, only named or advised against; the first is a metric as well."""
    [visibility] = [s for s in Visibility().score(read(text)) if s.metric == "visibility"]
    [first] = [s for s in Visibility().score(read(text)) if s.metric == "first_choice"]
    assert [(d.topic, d.verdict) for d in visibility.details] == [("standing", standing)]
    assert first.value == float(standing == "first choice")
