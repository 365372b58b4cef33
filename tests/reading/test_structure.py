"""Tests of the structure of an answer: who owns a unit, and what role it has."""

from datetime import UTC, datetime

import pytest

from kit.scripted import reply
from overheard.domain import Answer, Brand, Model, Prompt, Question, Unit, UnitRole
from overheard.reading import read_units
from overheard.reading.labels import has_hedge
from overheard.reading.reader import Reader

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BRANDS = tuple(map(Brand, ("Acme", "Boltly", "Cruxify")))


def unit_with(text: str, words: str) -> Unit:
    """Return the first unit of a text with some words, titles last."""
    found = [unit for unit in read_units(text, BRANDS) if words in unit.text]
    return min(found, key=lambda unit: unit.role is UnitRole.TITLE)


HEADINGS = """\
Here are the best tools of the year:

### 1. **Acme Pro**

* **Pros:** quick to set up
* **Cons:** reporting is thin
* **Best for:** small teams
* **Price:** $10 a month
* **Integrations**: works with Boltly and Slack

### 2. **Zorbo**

* **Cons**: no mobile app

---

### Things to consider

* **Budget**: cheap plans have limits

Let me know if you want a comparison.
"""
LIST = """\
**Top picks**

1. **Best overall: Boltly** - covers most needs
   - Downsides: billing is confusing
2. **Zorbo** - for very large firms
   - hard to learn
3. **Cruxify**: lean and quick

If you want one tool for all, go with Acme.
"""
RUN_ON = (
    "Top Picks: Acme One:Pros: Simple plans and a good app.Cons: May be slow at peak times.Boltly:"
    " A steady choice with phone support. It also has backups.Zorbo X2: Made for large offices."
    "Acme One Plan 2024$1,299.99$1,599.994.7(2k+)Factors to Consider Budget: Cheap plans can be"
    " limited. AI responses may include mistakes. Learn more"
)
PROSE = """\
For small teams, Acme is the simplest choice. However, its reporting is limited. Boltly costs more
than Acme, but it scales well. While Cruxify has a free plan, Boltly offers better support.

When choosing a tool, think about the number of seats.
"""
TABLE = """\
| Rank | Tool | Downsides |
|---|---|---|
| 1 | Acme | few templates |
| 2 | Zorbo | no export |
"""
REVIEW = """\
Acme is a sturdy tool for small teams. It runs on Boltly and syncs at once.

**Pros**
- Quick to set up

**Cons**
- Heavy on the phone

**Best for travel: Cruxify**
Only works on trains.
"""
ADVICE = """\
Since you use Cruxify, Acme is the natural fit. Expect to build the reports that Boltly gave you.
It is heavy, though: older phones struggle. With Boltly, you pay by the seat.
"""
ROLES = """\
# Acme at a glance

| Product | Details |
|---|---|
| Pros | Carries a week of groceries. |
| Cons | Weighs 74 pounds. |
| Alternatives | **Boltly**: climbs better. **Cruxify**: cheaper, and carries more. |
"""
COLUMNS = """\
| | Acme | Boltly |
|---|---|---|
| Cons | slow sync | costly seats |
"""


@pytest.mark.parametrize(
    ("text", "words", "owner", "role"),
    [
        (HEADINGS, "quick to set up", "Acme", UnitRole.PRO),
        (HEADINGS, "reporting is thin", "Acme", UnitRole.CON),
        (HEADINGS, "small teams", "Acme", UnitRole.BEST_FOR),
        (HEADINGS, "$10 a month", "Acme", UnitRole.PRICE),
        (HEADINGS, "works with", "Acme", UnitRole.SPECIFICATION),
        (HEADINGS, "no mobile app", "~Zorbo", UnitRole.CON),
        (HEADINGS, "cheap plans have limits", "", UnitRole.NONE),
        (HEADINGS, "Let me know", "", UnitRole.FOOTER),
        (LIST, "covers most needs", "Boltly", UnitRole.NONE),
        (LIST, "billing is confusing", "Boltly", UnitRole.CON),
        (LIST, "hard to learn", "~Zorbo", UnitRole.NONE),
        (LIST, "lean and quick", "Cruxify", UnitRole.NONE),
        (LIST, "one tool for all", "Acme", UnitRole.NONE),
        (RUN_ON, "Simple plans", "Acme", UnitRole.PRO),
        (RUN_ON, "slow at peak", "Acme", UnitRole.CON),
        (RUN_ON, "has backups", "Boltly", UnitRole.NONE),
        (RUN_ON, "large offices", "~Zorbo X2", UnitRole.NONE),
        (RUN_ON, "$1,299.99", "Acme", UnitRole.SHOP),
        (RUN_ON, "can be limited", "", UnitRole.NONE),
        (RUN_ON, "AI responses", "", UnitRole.FOOTER),
        (PROSE, "simplest choice", "Acme", UnitRole.NONE),
        (PROSE, "reporting is limited", "Acme", UnitRole.NONE),
        (PROSE, "scales well", "Boltly", UnitRole.NONE),
        (PROSE, "free plan", "Cruxify", UnitRole.NONE),
        (PROSE, "better support", "Boltly", UnitRole.NONE),
        (PROSE, "number of seats", "", UnitRole.NONE),
        (TABLE, "few templates", "Acme", UnitRole.CON),
        (TABLE, "no export", "~Zorbo", UnitRole.CON),
        (REVIEW, "runs on", "Acme", UnitRole.NONE),
        (REVIEW, "Quick to", "Acme", UnitRole.PRO),
        (REVIEW, "Heavy on", "Acme", UnitRole.CON),
        (REVIEW, "Only works", "Cruxify", UnitRole.NONE),
        (ADVICE, "natural fit", "Acme", UnitRole.NONE),
        (ADVICE, "build the reports", "Acme", UnitRole.NONE),
        (ADVICE, "older phones", "Acme", UnitRole.NONE),
        (ADVICE, "by the seat", "Boltly", UnitRole.NONE),
        (ROLES, "groceries", "Acme", UnitRole.PRO),
        (ROLES, "74 pounds", "Acme", UnitRole.CON),
        (ROLES, "climbs better", "Boltly", UnitRole.NONE),
        (ROLES, "carries more", "Cruxify", UnitRole.NONE),
        (COLUMNS, "slow sync", "Acme", UnitRole.CON),
        (COLUMNS, "costly seats", "Boltly", UnitRole.CON),
        ("### Acme\n\nCons\n\n- stiff lid\n\n### Boltly\n\nFine.", "stiff", "Acme", UnitRole.CON),
        ("### Cons\n\n- **Acme**: stiff\n- **Boltly**: dim", "dim", "Boltly", UnitRole.CON),
        ("- **Cons**: Acme squeaks. Boltly has a dim screen.", "dim", "Boltly", UnitRole.CON),
        ("### Acme\n\n- Cons: stiff. If you travel, get it.", "travel", "Acme", UnitRole.NONE),
        ("### Best Budget\n\n- Acme One\n- Cons: stiff", "stiff", "Acme", UnitRole.CON),
        ("### Best Overall\n\n**Acme**\n\n- light", "Best", "Acme", UnitRole.TITLE),
        ("### Best Overall\n\n- Acme: light\n- Boltly: dim", "Best", "", UnitRole.TITLE),
        ("Acme: Light. It's also quiet. Boltly: Dim.", "also", "Acme", UnitRole.NONE),
        ("Acme: Light. It's also recommended to compare. Boltly: Dim.", "also", "", UnitRole.NONE),
        ("Acme: It seats four players.7 Zorbos: Dim. Boltly: Dim.", "seats", "Acme", UnitRole.NONE),
        (
            "Acme: Light. Mid-range: Tools like Zorbo, Cord and Boltly are quick.",
            "quick",
            "Boltly",
            UnitRole.NONE,
        ),
        (
            (
                "- **Best for it**: **1. Acme One** - $9. **Highlights:** Light. **2. Zorbo** -"
                " $5. **Highlights:** Dim."
            ),
            "Dim",
            "~Zorbo",
            UnitRole.PRO,
        ),
        (
            "**Acme One** \u2013 **Panel:** IPS; **Size:** 27 inches; **Why:** Sharp text",
            "IPS",
            "Acme",
            UnitRole.SPECIFICATION,
        ),
        ("**Acme One** \u2013 Light; Size: small; Reliable", "Reliable", "Acme", UnitRole.NONE),
        ("**Acme One** \u2013 Light. **Pros:** quiet. **Cons:** dim.", "dim", "Acme", UnitRole.CON),
        ("**Acme One** - Light. **Globex 7:** dim.", "dim", "~Globex 7", UnitRole.NONE),
        ("**Best with coffee**\n- **Acme One**\n- \u2705 Quiet", "Quiet", "Acme", UnitRole.PRO),
        ("- **Picks**: **Acme One**. Light. **Boltly**. Dim.", "Dim", "Boltly", UnitRole.NONE),
        (
            "- **Final**: **Best for work**: Acme is light. **Best for trips**: Boltly is dim.",
            "dim",
            "Boltly",
            UnitRole.BEST_FOR,
        ),
        (
            "- **Acme One**: **Solid oak lid**, Boltly hinges. **Cons**: stiff.",
            "stiff",
            "Acme",
            UnitRole.CON,
        ),
        ("If you travel, the Acme One or Boltly are good.", "travel", "Acme", UnitRole.NONE),
        ("| A | B |\n|---|---|\n| Best budget | Acme |", "budget", "Acme", UnitRole.TITLE),
        (
            "| For | Pick |\n|---|---|\n| Small | Acme One. Cons: stiff |\n| Large | Boltly |",
            "stiff",
            "Acme",
            UnitRole.CON,
        ),
    ],
)
def test_owner_and_role_of_a_unit(text: str, words: str, owner: str, role: UnitRole) -> None:
    """Headings, items, labels, cells and sentences give a text its owner and its role."""
    unit = unit_with(text, words)
    assert (("~" if unit.foreign else "") + unit.owner, unit.role) == (owner, role)


@pytest.mark.parametrize(
    ("text", "words", "owner"),
    [
        ("I'd take Acme: it is quick. Boltly is cheap. Its app is dated.", "Its app", "Boltly"),
        ("**Acme** \u2013 RAM: 8GB, Storage: 256GB, Screen: dim", "dim", "Acme"),
        (
            "**1. Acme One** \u2013 quick\n\n**2. Zorbo (by Boltly)** \u2013 **Cons:** dear",
            "dear",
            "Boltly",
        ),
        (
            "**Acme** \u2013 **Why:** good value. Not quite Boltly quality, but solid.",
            "Not",
            "Acme",
        ),
    ],
)
def test_a_line_about_one_name_that_compares_with_another(
    text: str, words: str, owner: str
) -> None:
    """By pronouns, labels after commas, makers in brackets and comparisons."""
    assert unit_with(text, words).owner == owner


def test_units_point_into_the_body() -> None:
    """The offsets of a unit give its text in the body of the reading, in order."""
    answer = Answer(1, Question(Prompt("Which?"), Model("echo", "echo")), reply(HEADINGS), NOW)
    reading = Reader(BRANDS).read(answer).reading(BRANDS[0], BRANDS[1:])
    assert all(reading.body[unit.start : unit.end] == unit.text for unit in reading.units)
    assert list(reading.units) == sorted(reading.units, key=lambda unit: unit.start)
    assert {unit.owner for unit in reading.owned()} == {"Acme"}


def test_a_title_of_two_brands_belongs_to_both() -> None:
    """Brands that a title joins own the lines below together; a comparison has no owner."""
    shared = unit_with("### Acme / Boltly\n\n- cheap", "cheap")
    assert shared.is_of("Acme")
    assert shared.is_of("Boltly")
    assert unit_with("### Acme vs. Boltly\n\n- a close call", "close call").owner == ""


@pytest.mark.parametrize(
    ("quote", "about"),
    [
        ("**Cons:** reporting is thin", True),
        ("quick to set up", True),
        ("no mobile app", False),
        ("cheap plans have limits", False),
        ("words of nobody", False),
        ("...", False),
    ],
)
def test_a_quote_is_about_its_owner(quote: str, about: bool) -> None:
    """A quote counts for the brand whose unit it is in; markup and punctuation are ignored."""
    answer = Answer(1, Question(Prompt("Which?"), Model("echo", "echo")), reply(HEADINGS), NOW)
    assert Reader(BRANDS).read(answer).reading(BRANDS[0], BRANDS[1:]).is_about(quote) is about


@pytest.mark.parametrize(
    "text",
    [
        "1. **Zorbo Air**: quiet, but heavy\n2. **Acme One**: light\n3. **Quillo X**: cheap",
        "### Zorbo Air\n\nquiet, but heavy\n\n### Acme One\n\nlight\n\n### Quillo X\n\ncheap",
    ],
)
def test_siblings_with_undeclared_names_own_themselves_beside_one_declared_brand(text: str) -> None:
    """A customer who has declared no rival reads the list as one who has declared all."""
    units = read_units(text, BRANDS[:1])
    owners = {unit.text: (unit.owner, unit.foreign) for unit in units}
    assert owners["light"] == ("Acme", False)
    assert owners["quiet, but heavy"] == ("Zorbo Air", True)
    assert owners["cheap"] == ("Quillo X", True)


@pytest.mark.parametrize(
    ("text", "words", "owner"),
    [
        ("Acme beats Boltly. The former owner of Boltly left.", "owner", ""),
        ("Acme beats Boltly. The former owner of Boltly left. The first units fail.", "units", ""),
        ("Did you try Acme? The former CEO left.", "CEO", "Acme"),
        ("Acme beats Boltly. The second users complained about noise.", "noise", "Acme"),
        ("Acme is well made. The former model was loud.", "loud", "Acme"),
        ("Acme has two plans. The first costs $5.", "costs", "Acme"),
        ("Acme beats Boltly. The latter's support is slow.", "slow", "Boltly"),
        ("Acme beats Boltly. The second costs $5.", "costs", "Boltly"),
        ("Acme beats Boltly. The former, however, is slow.", "slow", "Acme"),
        ("I have two cats; Acme beats Boltly. Both are allergic to dust.", "dust", ""),
        (
            "For a small team I'd look at Acme first. It is important to compare. You should ask.",
            "ask",
            "",
        ),
        ("For a small team I'd look at Acme first. It is slow.", "slow", "Acme"),
    ],
)
def test_only_a_pronoun_points_back(text: str, words: str, owner: str) -> None:
    """An adjective before a noun and an "it" that stands for nothing do not."""
    assert unit_with(text, words).owner == owner


@pytest.mark.parametrize(
    "text",
    [
        "Acme and Boltly are good. The first reviews were bad.",
        "Acme, Boltly and Cruxify are good. The former two cost more.",
        "Acme and Boltly are good. Both are slow.",
        "Acme is good, while Boltly is cheap. Both are slow.",
    ],
)
def test_a_sentence_about_the_brands_before_is_about_each(text: str) -> None:
    """Those of an enumeration, and "both" of the two subjects."""
    last = read_units(text, BRANDS)[-1]
    assert last.is_of("Acme")
    assert last.is_of("Boltly")


@pytest.mark.parametrize("label", ["IT support", "IT admins"])
def test_a_department_is_a_label(label: str) -> None:
    """Though it is spelled like a pronoun."""
    assert unit_with(f"- Acme\n  - {label}: slow to answer", "slow").label == label


def test_a_user_who_has_no_way_to_cancel_is_heard() -> None:
    """Only a model that has no way to know speaks of itself."""
    assert not has_hedge("Users have said I have no way to cancel with Acme.")
    assert has_hedge("I have no way to verify the price of Acme.")
