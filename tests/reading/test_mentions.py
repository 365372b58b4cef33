"""Tests of where brands are named: the hard cases, one by one."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from overheard.domain import Brand, Mention
from overheard.reading.markdown import prose
from overheard.reading.mentions import MentionFinder
from overheard.reading.text import sentences
from reading.hard_mentions import CASES

BRANDS = (
    *map(Brand, ("Target", "Apple", "Away", "Made In", "Ring", "Notion", "Linear", "Nothing")),
    *map(Brand, ("HP", "GE", "3M", "Ninja", "Ninja Foodi", "Acme", "Lenovo", "Coca-Cola")),
    Brand("Monday.com", aliases=("Monday",)),
    Brand("L'Oréal"),
    Brand("Xiaomi", aliases=("小米",)),
    Brand("Asana", aliases=("アサナ",)),
    Brand("Naver", aliases=("네이버",)),
    Brand("Samsung", aliases=("سامسونج", "סמסונג", "Σάμσουνγκ")),
    Brand("AT&T"),
    Brand("T-Mobile"),
)
FINDER = MentionFinder(BRANDS)


def find(text: str) -> list[Mention]:
    """Find the mentions in an answer."""
    body = prose(text)
    return list(FINDER.find(body, sentences(body)))


def named(text: str) -> list[str]:
    """Return the names of the brands that an answer names, in order."""
    return [mention.brand for mention in find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You can buy it at Target.", ["Target"]),
        ("Target offers low prices.", ["Target"]),
        ("- Target\n- Apple", ["Target", "Apple"]),
        ("You should target young users.", []),
        ("Target users who like it.", []),
        ("Target the right people.", []),
        ("**Target Audience:** small teams", []),
        ("Define your Target Audience", []),
        ("Costco, Walmart and Target", ["Target"]),
        ("Shops such as Walmart and Target sell it.", ["Target"]),
        ("Try Target. Target shoppers like it.", ["Target", "Target"]),
        ("## How To Hit Your Target", []),
        ("a Target-rich environment", []),
        ("Apple makes phones.", ["Apple"]),
        ("1. Apple MacBook Air", ["Apple"]),
        ("an apple a day", []),
        ("Apple pie is sweet.", []),
        ("The Apple Pie Recipe of the year is here.", []),
        ("I love my Away suitcase.", ["Away"]),
        ("Go away. Away from home it is hard.", []),
        ("The pans of Made In last.", ["Made In"]),
        ("Made In's pans last.", ["Made In"]),
        ("It is made in Italy. Made in China, too.", []),
        ("A Ring doorbell is simple.", ["Ring"]),
        ("Ring the bell. Ring us on Friday. Wear a ring.", []),
        ("Use Monday for planning.", ["Monday.com"]),
        ("monday.com is colourful.", ["Monday.com"]),
        ("See you on Monday. Monday morning is fine. Every Monday.", []),
        ("We use Notion daily.", ["Notion"]),
        ("I have no notion of it. Notion of a plan.", []),
        ("Teams like Linear for issues.", ["Linear"]),
        ("Linear regression is linear. Linear Algebra is a field.", []),
        ("Linear: fast issue tracking. Linear's cycles are short.", ["Linear", "Linear"]),
        ("Linear growth is slow; the pricing is linear.", []),
        ("I moved from Wrike to Linear last Monday.", ["Linear"]),
        ("Monday, Notion and Linear are popular.", ["Monday.com", "Notion", "Linear"]),
        ("Monday through Friday. Meet on Mondays.", []),
        ("The Nothing Phone is new.", ["Nothing"]),
        ("Nothing is better. There is nothing else.", []),
    ],
)
def test_an_ordinary_word_counts_only_where_it_is_a_name(text: str, expected: list[str]) -> None:
    """Names that are English words are distinguished by case, place and neighbours."""
    assert named(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HP makes printers.", ["HP"]),
        ("In 2024 HP grew.", ["HP"]),
        ("The engine has 300 HP.", []),
        ("A 1,500-HP motor, or 90HP.", []),
        ("It has more horsepower (HP).", []),
        ("hp laptops", []),
        ("GE makes fridges; GE's are large.", ["GE", "GE"]),
        ("GEICO can manage the range. ge", []),
        ("Post-its of 3M stick.", ["3M"]),
    ],
)
def test_a_short_name_is_written_as_declared(text: str, expected: list[str]) -> None:
    """Names of two or three letters need their case, and a number before them is a unit's."""
    assert named(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ninja Foodi beats Ninja.", ["Ninja Foodi", "Ninja"]),
        ("Two Ninja Foodis.", ["Ninja Foodi"]),
        ("The Ninja Creami", ["Ninja"]),
        ("Acme's, Acme\u2019s and ACME", ["Acme"] * 3),
        ("acme-based, Acme\u2011like, non-Acme", ["Acme"] * 3),
        ("Acmeware and macAcme", []),
        ("Coca\u2011Cola, Coca-Cola, coca cola", ["Coca-Cola"] * 3),
        ("L'Oréal, L\u2019Oréal, l'oreal", ["L'Oréal"] * 3),
        ("It tops the list.Lenovo is next.", ["Lenovo"]),
        ("Acme\u2122 and \uff21\uff43\uff4d\uff45", ["Acme"] * 2),
        ("Straße İstanbul ﬁne Acme", ["Acme"]),
        ("AT&T Mobile", ["AT&T"]),
        ("Acme/Lenovo", ["Acme", "Lenovo"]),
        ("Avoid Acme. Use Lenovo instead of Acme.", ["Acme", "Lenovo", "Acme"]),
        ("| Tool | Price |\n|--|--|\n| Acme | low |\n| Apple | high |", ["Acme", "Apple"]),
        ("Ac\u200bme", ["Acme"]),
    ],
)
def test_names_are_found_as_people_write_them(text: str, expected: list[str]) -> None:
    """Possessives, hyphens, accents, width and the missing space do not hide a name."""
    assert named(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Go to acme.com.",
        "Mail info@acme.com now.",
        "See https://example.org/acme/acme.",
        "[here](https://acme.com)",
        "Fine. ([acme.com](https://acme.com))",
        "`pip install acme`",
        "```\nacme\n```\n",
        "app.monday.com",
    ],
)
def test_an_address_or_code_is_no_mention(text: str) -> None:
    """Nothing inside a URL, a mail address, a citation or code counts."""
    assert named(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我推荐小米和Asana。", ["Xiaomi", "Asana"]),
        ("アサナは良い。", ["Asana"]),
        ("アサナム", []),
        ("أنصح بسامسونج وسامسونج والسامسونج.", ["Samsung"] * 3),
        ("نوسامسونج سامسونجي", []),
        ("סמסונג וסמסונג של סמסונג, לסמסונג", ["Samsung"] * 4),
        ("ΣΑΜΣΟΥΝΓΚ και Σάμσουνγκ", ["Samsung"] * 2),
        ("Away makes durable suitcases.", ["Away"]),
        ("Nothing makes sense here.", []),
        ("Ring vs Nest", ["Ring"]),
        ("Ring costs $4 a month.", ["Ring"]),
        ("Target costs of a campaign vary.", []),
        ("The course starts Monday.", []),
        ("네이버는 좋다. 내네이버", ["Naver"]),
        ("ใช้Asanaดี", ["Asana"]),
    ],
)
def test_other_scripts_have_their_own_word_boundaries(text: str, expected: list[str]) -> None:
    """Chinese runs words together, katakana runs are words, Hangul takes particles."""
    assert named(text) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Lenovos Preise sind hoch, und Acmes auch.", ["Lenovo", "Acme"]),
        ("de", "Lenovosoft und Lenovosx", []),
        ("de", "Rings und Targets, GEs", []),
        ("en", "Lenovos of this world", []),
        ("en", "Lenovos Preise sind hoch.", ["Lenovo"]),
        ("", "Wir haben mit Lenovos Rechnern gearbeitet.", ["Lenovo"]),
        ("en", "We bought two Lenovos.", ["Lenovo"]),
        ("en", "Many new Lenovos are light.", ["Lenovo"]),
        ("", "Lenovos of this world", []),
    ],
)
def test_a_german_genitive_needs_no_apostrophe(
    language: str, text: str, expected: list[str]
) -> None:
    """In such a language, by the question or the sentence; a plural needs a number before it."""
    found = FINDER.find(text, sentences(text), language)
    assert [mention.brand for mention in found] == expected


def test_two_brands_that_are_written_alike_both_count() -> None:
    """A spelling that two brands declare is a mention of each; their markets differ."""
    finder = MentionFinder([Brand("Delta Faucet", ("Delta",)), Brand("Delta Air", ("Delta",))])
    body = "We fly with Delta."
    found = finder.find(body, sentences(body))
    assert {mention.brand for mention in found} == {"Delta Faucet", "Delta Air"}


def test_a_mention_knows_its_sentence() -> None:
    """The sentence of a mention is the one that it begins in."""
    first, second = find("Acme is fine. It is.\nUse Lenovo.")
    assert (first.sentence, second.sentence) == (0, 2)


def test_no_brands_find_nothing() -> None:
    """A deployment without brands reads answers all the same."""
    assert MentionFinder([]).find("Acme", ((0, 4),)) == ()
    assert MentionFinder([Brand(" ")]).find("Acme", ((0, 4),)) == ()


@pytest.mark.parametrize("piece", ["Target ", "ge", "Acme.", "Target-", "HP ", "İ", "Made In | "])
def test_a_long_text_full_of_names_is_searched(piece: str) -> None:
    """The time grows with the text, not with its square: for 150 kB that would be a minute."""
    body = prose(piece * (150_000 // len(piece)))
    assert isinstance(FINDER.find(body, sentences(body)), tuple)


PIECES = st.sampled_from(
    [
        "Acme",
        "Target",
        "HP",
        "小米",
        "アサナ",
        "İ",
        "ß",
        "ﬁ",
        " ",
        ".",
        "\n",
        "-",
        "\u2019s",
        "300",
        "a",
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_a_mention_lies_where_its_name_is_written(text: str) -> None:
    """Offsets point at the name in the body, in order, without overlap, inside a sentence."""
    body = prose(text)
    spans = sentences(body)
    mentions = FINDER.find(body, spans)
    for mention in mentions:
        written = re.sub(r"\s", "", body[mention.start : mention.end]).casefold()
        assert written in {"acme", "target", "hp", "小米", "アサナ"}
        start, end = spans[mention.sentence]
        assert start <= mention.start < end
    assert all(a.end <= b.start for a, b in pairwise(mentions))


YANDEX = "\u042f\u043d\u0434\u0435\u043a\u0441"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Target's towels are soft.", ["Target"]),
        ("Target audiences differ.", []),
        ("Made In cookware is pricey.", ["Made In"]),
        ("Made In Italy since 1950.", []),
        ("Later lets you plan posts.", ["Later"]),
        ("Later, you can plan posts.", []),
        ("~~Target~~ Walmart is meant.", ["Walmart"]),
        (f"\u0423 {YANDEX}\u0430 \u0447\u0430\u0442.", [YANDEX]),
        (f"{YANDEX}\u043e\u043c\u0430\u043d", []),
    ],
)  # fmt: skip
def test_what_stands_around_a_name_says_whether_it_is_one(text: str, expected: list[str]) -> None:
    """A possessive or a comma at the head, capitals, a name struck out, Russian endings."""
    brands = [Brand(name) for name in ("Target", "Walmart", "Made In", "Later", YANDEX)]
    body = prose(text)
    found = MentionFinder(brands).find(body, sentences(body))
    assert [mention.brand for mention in found] == expected


def test_hard_cases() -> None:
    """Each case names its brand as often as a person counts."""
    for brand, text, expected in CASES:
        body = prose(text)
        found = MentionFinder([Brand(brand)]).find(body, sentences(body))
        assert " ".join(mention.brand for mention in found) == expected, (brand, text)
