"""The same words in another layout, order or name are read the same."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from relayouts import NAMES, RELAYOUTS, renamed, reordered

from kit.scripted import reply
from overheard import Answer, Brand, Model, Prompt, Question, UnitRole
from overheard.reading.claims import grave_sentences
from overheard.reading.reader import Reader
from overheard_sentiment import Sentiment
from overheard_visibility import Visibility

PRODUCTS = """\
Here are three grinders that people like:

### 1. **Acme Pro 40**
- **Why it's great**: Excellent build quality and a quiet motor
- **Cons**: Expensive, and refills are hard to find
- **Price**: about $150

### 2. **Boltly Mini**
- **Pros**: Affordable, easy to clean, reliable
- **Cons**: None
- **Best for**: Small kitchens

### 3. **Cruxify Go**
- Great value for money
- Only available in one colour
- **Best for**: Travel

---

Let me know if you want to compare two of them.
"""
SOFTWARE = """\
For a team of ten, these three are worth a look.

## Acme
- Simple boards that new colleagues understand at once
- Reporting is limited, and some users report slow exports
- Starts at $10 per user per month

## Boltly
- Powerful automation and excellent support
- Steep learning curve for beginners

## Cruxify
- Free for small teams, and easy to set up
- Reliable sync

## How to choose
- Start with the number of seats that you need
- Expensive add-ons can double the price of any tool
"""
SMALL = """\
Three hosts for a small shop:

- **Acme**
  - fast Google Cloud servers
  - expert support
  - pricey for small sites
- **Boltly**
  - reliable uptime
  - friendly support
  - renewal prices jump sharply
- **Cruxify**
  - lowest prices
  - modern control panel
  - works in the browser
"""
LABELLED = """\
Three ways to sell online:

### Best for beginners: Acme
- What you get: hosting and checkout in one place
- Free: up to ten orders
- The trade-off: apps cost extra
- Around $40 a month
- Ideal if you want to start this week

### Boltly \u2014 for small shops
- Watchtower warns about fraud
- Weaknesses: slow support
- Starts at $20 a month
- In short: dependable, rarely cheap

### 3. Cruxify
- Pros: easy to learn
- Runs on any server
- Cons: few templates
- Comes with a mail service
"""
GROUPED = """\
Which one to take depends on what you do.

### Best for large teams

1. **Acme** \u2013 best known
   - Easy editor
   - Support is slow
2. **Boltly** \u2013 best value
   - Priced by use
   - Few templates
   - Works in the browser

---

### Picks by need
- **Best for work**: Acme\u00ae One is reliable.
- **Best for trips**: Boltly\u00ae Go is dim.
- **Cruxify 7-Quart, Light**: Loud, and it leaks.

### In short

**Best for most:**
- **Acme**
  - quick

**Best for few:**
- **Cruxify**
  - crashes often
"""
"""Awards above lists, and entries that name their award themselves."""
BRANDS = ("Acme", "Boltly", "Cruxify")
MAX_MOVE = 0.02


@dataclass(frozen=True)
class Judged:
    """What is read of a brand."""

    sentiment: float
    drawback: bool
    tone: str
    standing: str


def judged(text: str, brand: str, brands: tuple[str, ...]) -> Judged:
    """Read a brand in an answer."""
    declared = {name: Brand(name) for name in brands}
    answer = Answer(
        1,
        Question(Prompt("Which one?"), Model("echo", "echo")),
        reply(text),
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    rivals = [other for name, other in declared.items() if name != brand]
    reading = Reader(declared.values()).read(answer).reading(declared[brand], rivals)
    sentiment, drawback, _ = Sentiment().score(reading)
    visibility = next(s for s in Visibility().score(reading) if s.metric == "visibility")
    return Judged(
        sentiment.value,
        bool(drawback.value),
        sentiment.details[0].verdict,
        visibility.details[0].verdict,
    )


def like(one: Judged, other: Judged) -> bool:
    """Return whether nothing moved by more than the bar."""
    same = (one.drawback, one.tone, one.standing) == (other.drawback, other.tone, other.standing)
    return same and abs(one.sentiment - other.sentiment) <= MAX_MOVE


@pytest.mark.parametrize("text", [PRODUCTS, SOFTWARE, SMALL, LABELLED, GROUPED])
@pytest.mark.parametrize("layout", RELAYOUTS)
def test_another_layout_moves_nothing(text: str, layout: str) -> None:
    """Bullets as one line, as rows of a table, and with the notice of a service below."""
    other = RELAYOUTS[layout](text)
    assert other != text or text is SMALL
    for brand in BRANDS:
        assert like(judged(text, brand, BRANDS), judged(other, brand, BRANDS)), brand
        if text in {LABELLED, GROUPED}:  # also where no rival is declared
            assert like(judged(text, brand, (brand,)), judged(other, brand, (brand,))), brand


def test_bullets_without_indent_belong_to_the_number_above() -> None:
    """They are below it, and not a list of their own."""
    indented = "1. **Acme**\n   - quick\n   - Cons: loud\n2. **Boltly**\n   - cheap"
    flat = indented.replace("   - ", "- ")
    for brand in BRANDS[:2]:
        assert judged(flat, brand, BRANDS) == judged(indented, brand, BRANDS)
    assert judged(flat, "Acme", ("Acme",)).drawback
    assert not judged(flat, "Boltly", ("Boltly",)).drawback
    alone = "The best is\n\n1. Acme\n\n- Boltly is slow and crashes.\n- Zed is expensive."
    assert not judged(alone, "Acme", BRANDS).drawback


def test_cons_go_on_behind_a_word_such_as_ios_and_a_number_that_is_no_price() -> None:
    """A small letter before a capital is a name, and "about 5" may count hours."""
    for text, count in (
        ("**Acme**\nCons: iOS only; No web app; Poor support", 3),
        ("**Acme**\nCons: no app; about 5 hours of battery; only USB", 3),
        ("**Acme**\nCons: no app; heavy; about $5 a month", 2),
    ):
        question = Question(Prompt("Which one?"), Model("echo", "echo"))
        answer = Answer(1, question, reply(text), datetime(2026, 1, 1, tzinfo=UTC))
        units = Reader([Brand("Acme")]).read(answer).units
        assert sum(unit.role is UnitRole.CON for unit in units) == count


@pytest.mark.parametrize("text", [PRODUCTS, SOFTWARE])
@pytest.mark.parametrize("name", NAMES)
def test_another_name_moves_nothing(text: str, name: str) -> None:
    """A name that praises or blames is still a name."""
    brands = (name, *BRANDS[1:])
    other = renamed(text, "Acme", name)
    for brand, called in zip(BRANDS, brands, strict=True):
        assert like(judged(text, brand, BRANDS), judged(other, called, brands)), called


@pytest.mark.parametrize("text", [PRODUCTS, SOFTWARE])
def test_another_order_moves_nothing(text: str) -> None:
    """The sections of the brands in the opposite order."""
    other = reordered(text, BRANDS)
    assert other != text
    for brand in BRANDS:
        assert like(judged(text, brand, BRANDS), judged(other, brand, BRANDS)), brand


def test_a_bold_line_with_an_undeclared_name_ends_the_text_of_the_brand_above() -> None:
    """Its points are not the brand's, also where no rival is declared."""
    text = "**Acme**\nquick setup\n\n**Zorbify**\nsteep learning curve"
    assert not judged(text, "Acme", ("Acme",)).drawback
    text = "**Acme**\nquick setup\n\n**Battery life**\nsteep learning curve"
    assert judged(text, "Acme", ("Acme",)).drawback


@pytest.mark.parametrize(
    ("line", "units"),
    [
        ("Acme: quick - cheap - loud", ["Acme", "quick", "cheap", "loud"]),
        (
            "**Acme** \u2013 quick; 60-hour battery; loud",
            ["Acme", "quick", "60-hour battery", "loud"],
        ),
        (
            "**Acme** \u2013 **Plan**: $9. **Has**: calls; 3G; mail. **Lacks**: apps.",
            ["Acme", "Plan", "$9", "Has", "calls", "3G", "mail", "Lacks", "apps."],
        ),
        ("**Acme 7-Quart, Light:** Quiet", ["Acme 7-Quart, Light", "Quiet"]),
        ("Acme: quick, cheap, loud", ["Acme", "quick", "cheap", "loud"]),
        ("Acme: quick, cheap, and loud", ["Acme", "quick, cheap, and loud"]),
        ("Acme: Easy setup, Low price, Loud fan", ["Acme", "Easy setup", "Low price", "Loud fan"]),
        (
            "Acme: Prix bas, Livraison en retard, Service lent",
            ["Acme", "Prix bas", "Livraison en retard", "Service lent"],
        ),
        ("Acme: Works with Jira, Trello, Figma", ["Acme", "Works with Jira, Trello, Figma"]),
        ("Acme is quick; it is cheap; it is loud", ["Acme is quick; it is cheap; it is loud"]),
    ],
)
def test_points_of_a_line_are_units(line: str, units: list[str]) -> None:
    """Whatever divides them; the clauses of a sentence are none."""
    question = Question(Prompt("Which one?"), Model("echo", "echo"))
    read = Reader([Brand("Acme")]).read(
        Answer(1, question, reply(line), datetime(2026, 1, 1, tzinfo=UTC))
    )
    assert [unit.text for unit in read.units] == units


def test_the_drawbacks_are_those_of_the_brand() -> None:
    """In each layout, whose drawback a line is follows from its heading."""
    for text, named in ((PRODUCTS, (1, 0, 1)), (SOFTWARE, (1, 1, 0))):
        found = tuple(int(judged(text, brand, BRANDS).drawback) for brand in BRANDS)
        assert found == named


@pytest.mark.parametrize("declared", [True, False])
def test_a_column_of_csv_is_that_of_the_brand_of_its_row(*, declared: bool) -> None:
    """In a fence, with its rivals declared or not."""
    rows = {"Acme": "Easy,Expensive", "Boltly": "Fast,", "Corvo": 'Cheap,"Poor support, slow sync"'}
    lines = "\n".join(f"{name},{told},$9" for name, told in rows.items())
    text = f"Three options:\n\n```csv\nname,pros,cons,price\n{lines}\n```"
    found = [judged(text, name, tuple(rows) if declared else (name,)).drawback for name in rows]
    assert found == [True, False, True]


@pytest.mark.parametrize(
    ("text", "drawback", "tone"),
    [
        ("**Acme**: sehr leise, aber etwas teuer.", True, "mixed"),
        ("**Acme**: sehr leise, keine versteckten Kosten.", False, "positive"),
        ("### Acme\n- **On aime** : le confort\n- **On aime moins** : le poids", True, "mixed"),
        ("**Acme**: muy cómodo. Faltan talleres.", True, "mixed"),
        ("### Acme\n- メリット\uff1a軽い\n- デメリット\uff1a設定が多い", True, "mixed"),
        ("### Acme\n**Why it's great:** It doesn't have a grinder.", True, "mixed"),
        ("### Acme\n- Nothing gets in the way", False, "positive"),
        (
            "### Acme\n- **Intro Offer**: 5%.\n- **Perks**: Unreliable.\n- **Ideal for**: Acme",
            True,
            "mixed",
        ),
        ("Acme reads any file. It is a bit coarse.", True, "mixed"),
        ("Boltly runs on Acme's excellent network.", False, "neutral"),
    ],
)
def test_drawbacks_and_tones_in_a_few_words(text: str, *, drawback: bool, tone: str) -> None:
    """In five languages; what is only named has no tone."""
    found = judged(text, "Acme", BRANDS)
    assert (found.drawback, found.tone) == (drawback, tone)


@pytest.mark.parametrize(
    "line", ["Acme: " + "quick, " * 30_000, "**Acme:** dim, " * 12_000, "Acme. " * 30_000]
)
def test_a_line_of_many_points_is_read_in_time_in_proportion(line: str) -> None:
    """No comma looks for a bracket, no cut for bold text and no sentence for names in all of it."""
    question = Question(Prompt("Which one?"), Model("echo", "echo"))
    answer = Answer(1, question, reply(line), datetime(2026, 1, 1, tzinfo=UTC))
    begun = time.process_time()
    read = Reader([Brand("Acme")]).read(answer)
    assert read.units
    assert not list(grave_sentences(read.reading(Brand("Acme"), ())))
    assert time.process_time() - begun < 6
