"""Undeclared brands that a sentence makes its subject or a seller."""

from collections import Counter
from dataclasses import replace

import pytest
from grading import answer, entries

from overheard import Brand
from overheard.domain import Rule
from overheard.reading.claims import grave_sentences
from overheard.reading.reader import ReadAnswer, Reader
from overheard_sentiment import Sentiment
from overheard_sentiment.drawbacks import foreign_drawbacks
from overheard_visibility import Visibility

ACME = Brand("Acme")


def read(text: str) -> ReadAnswer:
    """Read an answer for a customer who has declared no rival."""
    return Reader([ACME]).read(answer(text))


@pytest.mark.parametrize(
    "text",
    [
        "Acme is a solid choice. Globex is facing a class action over billing.",
        "Acme is a solid choice. Globex's support is slow. It also costs more.",
        "Acme is a solid choice. With Globex, setup takes weeks.",
        "Acme is a solid choice. Quality at Globex is hit or miss.",
        "Acme is a solid choice. If you need more, try Globex. It costs $25.",
        "Acme is a solid choice. For $25, Globex adds reports.",
        "Acme is a solid choice. Linear is faster. It lacks reports.",
        "Acme is a solid choice. Ring charges for clips.",
        "Acme is a solid choice. Mint Mobile slows down. It has no shops.",
        "Acme is a solid choice. monday.com gets pricey. It loads slowly.",
        "Acme is a solid choice. 3CX needs somebody technical.",
        "Acme is a solid choice. The Zorbo Airmega moves more air. It is loud.",
        "Acme is a solid choice. Dialpad transcribes calls. Its desk phones are limited.",
        "Acme is a solid choice. USAA costs more. It serves few.",
        "Acme is a solid choice. The ASICS Gel-Nimbus is heavy.",
        "Acme is a solid choice. Royal Canin has odd formulas. It costs more.",
        "Acme is a solid choice. Zorbo and Dialpad are slow and bureaucratic.",
        "Acme is a solid choice. Blue Apron, once the biggest name, has shrunk.",
        "Acme is a solid choice. Zorbo+ is small. Its apps crash.",
        "Acme is a solid choice. Zorbo's future is uncertain after its founders left.",
        "Acme is a solid choice. Spotify for Creators takes your rights.",
        "Acme is a solid choice. Anytype encrypts everything, but there is no web version.",
        "Acme is a solid choice. La Roche-Posay protects well but can sting.",
        "Acme is a solid choice. I'd steer clear of Zorbo after its breach.",
        "Acme is a solid choice. Zorbo I'd skip: it is slow.",
        "Acme is a solid choice. Dreame, relatively new to the US, is loud; parts are rare.",
        "Acme is a solid choice. Zorbo undercuts everyone. Its support is slow.",
        "Acme is a solid choice. As for Zorbo, the breach is reason enough to look elsewhere.",
        "Acme is a solid choice. Prometheus on its own is slow. It crashes.",
        "Acme is a solid choice. Monopoly, despite its age, is slow.",
        "Acme is a solid choice. American Express Gold is a poor fit. It costs more.",
        "Acme is a solid choice. The Gaggia is slow.",
        "Acme is a solid choice. Splunk, since Acme's rise, is slow.",
    ],
)
def test_the_sentence_of_an_undeclared_brand_is_not_about_the_brand_before(text: str) -> None:
    """Nor is what goes on about it without a subject."""
    owned = read(text).reading(ACME, ()).owned()
    assert [unit.text for unit in owned] == ["Acme is a solid choice."]


@pytest.mark.parametrize(
    "text",
    [
        "Acme is a solid choice. The Explora app is slow.",
        "Acme is a solid choice. SSO costs extra.",
        "Acme is a solid choice. HIPAA and VPN support is missing.",
        "Acme is a solid choice. Setup takes weeks.",
        "Acme is a solid choice. Jane Doe is its chief executive.",
        "Acme Explora is a solid choice. Support is slow.",
        "Acme is a solid choice. It syncs with Globex.",
        "Acme is a solid choice. Search is slow.",
        "Acme is a solid choice. Renewal prices are steep.",
        "Acme is a solid choice. Paint peels off, and the paint is dear.",
        "Acme's Explora is a solid choice. Explora sells out.",
        "Acme is a solid choice. 2FA costs extra.",
        "Acme is a solid choice. Available only with a plan.",
        "Acme is a solid choice. I use it on Windows, and it crashes.",
        "Acme is a solid choice. Freelancers wanted more.",
        "Acme is a solid choice. Offline use is slow. Breakout rooms are rare.",
        "Acme is a solid choice. You'll pay more. However, its app is slow.",
        "Acme Bambino Plus is a solid choice. The Bambino is slow. Acme's Kayano runs small.",
    ],
)
def test_other_capitals_end_no_text(text: str) -> None:
    """Products with an article, abbreviations, ordinary words, people, and partners."""
    units = read(text).reading(ACME, ()).units
    assert all(unit.is_of("Acme") for unit in units)


def test_a_product_stands_for_its_brand_also_behind_another() -> None:
    """Whole or with its first word, unless another brand has a product of the same name."""
    text = "Try the Acme Bambino Plus. Globex is loud. The Bambino is slow. My pick is the Bambino."
    reading = read(text).reading(ACME, ())
    assert [unit.text for unit in reading.owned()][-2:] == ["The Bambino is slow.", text[-23:]]
    detail = next(iter(Visibility().score(reading))).details[0]
    assert (detail.verdict, detail.quote) == ("first choice", text[-23:])
    assert len(reading.mentions) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Acme is solid with Acme's Salesforce connector. Salesforce is expensive and slow.",
        "Acme Google Drive sync works. Google Drive is slow and buggy.",
        "Acme's Android app is fine. Android is slow and buggy here.",
        "Acme is great. I tried Acme's Zorbo rival too. The Zorbo is slow and expensive.",
        "Acme's main competitor is slow and expensive.",
        "Acme is fine. Acme alternatives such as Zorbo are slow and expensive.",
    ],
)
def test_what_others_own_behind_the_name_gives_the_brand_no_drawback(text: str) -> None:
    """The name before it is of a maker of something else, or of a rival."""
    drawback = {s.metric: s.value for s in Sentiment().score(read(text).reading(ACME, ()))}
    assert drawback.get("drawback") == 0


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        ("Acme is the most reliable choice. Globex costs less.", "first choice"),
        ("Acme is the most common destination. Globex costs less.", "listed"),
        ("Acme is one of the best here. Globex costs less.", "listed"),
        *(
            (f"Acme {words}. Globex costs less.", "listed")
            for words in (
                "is no longer the best",
                "is far from the best",
                "is the most overrated tool",
                "is the most controversial choice",
                "is the one with the recall",
                "is the second best choice",
                "is hardly the safest bet",
                "is the best known",
                "is the default app on Windows",
            )
        ),
        ("Whether Acme is the best depends on you. Globex costs less.", "listed"),
        ("I doubt that Acme is the best. Globex costs less.", "listed"),
        ("Acme is the one I'd skip. Globex costs less.", "advised against"),
        ("Acme is not the cheapest, but it is the one to get. Globex costs less.", "first choice"),
        ("If you travel, Acme is the best here. Globex costs less.", "listed"),
        ("Acme is the best-known here. My pick is Globex, which costs less.", "listed"),
        ("Globex costs less. It is quick. Linear is quick too. Acme is the easiest.", "listed"),
    ],
)
def test_the_best_of_an_opening_is_the_first_choice(text: str, standing: str) -> None:
    """If the answer picks nothing else, in running text."""
    text += " Prices change often, so look at the site of each before you decide for one of them."
    text += " All of them have a trial, an app and a page with questions that others have asked."
    detail = next(iter(Visibility().score(read(text).reading(ACME, ())))).details[0]
    assert detail.verdict == standing


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("german", "wer nur teuer kauft, kommt mit Xxxx gut weg.", 0),
        ("german", "Xxxx ist teuer, wenn man viel kauft.", 1),
        ("french", "si le support est lent pour vous, Xxxx a un chat.", 0),
        ("spanish", "si el precio es caro para ti, Xxxx tiene ayudas.", 0),
        ("spanish", "Xxxx tiene un plan bastante generoso.", 0),
    ],
)
def test_a_condition_in_another_language_states_no_drawback(
    language: str, text: str, count: int
) -> None:
    """Nor does "bastante" by itself."""
    assert len([*foreign_drawbacks(text, language)]) == count


def test_the_second_of_two_subjects_is_one() -> None:
    """Whatever the first, which nothing else shows to be a name."""
    owned = read("Burst and Acme appeal to travellers. They are slow.").reading(ACME, ()).owned()
    assert len(owned) == 2


@pytest.mark.parametrize(
    "text",
    [
        "I would use it on Friday. I moved to Texas. I pay with Visa. I work for Google.",
        "Friday is slow. I ran it on Windows.",
        "Freelancers wanted more. Redditors complained. Polyester traps heat.",
        "Zumba? No. Tulsa? It has stores.",
    ],
)
def test_names_of_days_places_people_and_things_are_no_brands(text: str) -> None:
    """Where no word of a choice stands, and nothing but the form of a verb would prove one."""
    assert not read(text).everyone


def test_what_the_writer_would_choose_is_a_brand() -> None:
    """With a word of choice before the name."""
    found = read("My money would go to Zorbo. My vote is Globex. I lean towards Bolt.").everyone
    assert [mention.brand for mention in found] == ["Zorbo", "Globex", "Bolt"]


def test_a_german_seller_may_end_the_text() -> None:
    """What would follow it is missing."""
    text = "Acme ist gut und die App ist gut. Am besten kauft man das Rad bei Acme. Bei Zorbo."
    assert {mention.brand for mention in read(text).everyone} == {"Acme"}
    assert read("Das ist gut und die App ist gut.\n\n- Bei Zorbo").everyone == ()


@pytest.mark.parametrize(
    "rule",
    [
        Rule("Bolt", near=("taxi",)),
        Rule("Bolt", not_near=("days",)),
        Rule("bolt", languages=("de",)),
    ],
)
def test_a_name_that_a_rule_rejects_is_no_mention(rule: Rule) -> None:
    """Though it stands where a name stands."""
    given = answer("Bolt ships in two days. Acme is slow.")
    prompt = replace(given.question.prompt, language="en")
    given = replace(given, question=replace(given.question, prompt=prompt))
    found = Reader([ACME, Brand("Bolt", rules=(rule,))]).read(given)
    assert [mention.brand for mention in found.everyone] == ["Acme"]


def test_advice_against_a_name_that_is_an_ordinary_word_is_seen() -> None:
    """It is found where a name stands, and marked like any other mention."""
    [found] = Reader([Brand("Monday")]).read(answer("Avoid Monday at all costs.")).mentions
    assert found.negated


@pytest.mark.parametrize(
    "text",
    [
        "Acme est le plus simple. Zorbo est plus cher, mais le support est lent.",
        "Acme es la más sencilla. Zorbo cuesta más y la atención es lenta.",
        "Acme ist die beste Wahl und günstig. N26 ist langsam. sevDesk kostet mehr.",
    ],
)
def test_brands_own_sentences_in_other_languages(text: str) -> None:
    """In German, where all nouns have capitals, as far as nothing but a name can stand there."""
    owned = read(text).reading(ACME, ()).owned()
    assert [unit.text for unit in owned] == [text[: text.index(".") + 1]]


@pytest.mark.parametrize(
    "text",
    [
        "Acme est le plus simple. Sur pavés, il reste stable.",
        "Acme es la más sencilla. Desde 8 euros incluye soporte.",
        "Acme ist die beste Wahl. Ohne Vertrag bleibt es flexibel.",
    ],
)
def test_words_that_open_sentences_in_other_languages_are_no_brands(text: str) -> None:
    """What they open is of the brand before."""
    owned = read(text).reading(ACME, ()).owned()
    assert " ".join(unit.text for unit in owned) == text


@pytest.mark.parametrize(
    "text",
    [
        "Acme is a solid choice. Globex is facing a class action over billing.",
        "Acme is a solid choice. A breach at Globex exposed vaults in 2025.",
        "Acme is a solid choice. Globex, on the other hand, suffered a data breach.",
        "Acme is solid. Ring was fined for privacy violations and hacked.",
        "Acme is solid. monday.com leaked customer data in a breach in 2025.",
        "Acme replaced Globex after its data breach.",
        "Many moved to Acme after LastPass was breached.",
        "Acme is a good pick since Globex went bankrupt.",
        "Acme beats Globex. The latter is being sued by its customers.",
        "Competitors of Acme have been sued over fees.",
    ],
)
def test_a_grave_event_of_an_undeclared_brand_is_not_told_of_the_brand(text: str) -> None:
    """It is posted at once, so it has to be the brand's own."""
    assert not list(grave_sentences(read(text).reading(ACME, ())))


def test_a_grave_event_of_the_brand_is_told() -> None:
    """Though another name stands in the sentence before."""
    of_acme = read("Globex is fine. Acme is facing a class action over billing.")
    assert len(list(grave_sentences(of_acme.reading(ACME, ())))) == 1


def test_a_row_of_a_table_belongs_to_the_name_in_its_first_cell() -> None:
    """Though a later cell names the brand."""
    units = read("| Tool | Like | Price |\n|---|---|---|\n| Globex | Acme | $25 |").units
    [price] = [unit for unit in units if unit.text == "$25"]
    assert not price.is_of("Acme")


def test_a_brand_alone_in_the_catalogue_gets_no_drawback_of_a_rival() -> None:
    """Rivals that nobody declared keep their drawbacks, and first choices are found in prose."""
    found = _read_alone("prose")
    assert found["false"] <= 2
    assert found["missed"] <= 2
    assert found["choice"] <= 1


def test_recent_prose_is_read_as_well_as_the_page_on_statistics_says() -> None:
    """Of 679 brands read alone, 335 have a drawback and 117 are a first choice."""
    found = _read_alone("recent-prose")
    assert found["false"] <= 18
    assert found["missed"] <= 119
    assert found["choice"] <= 31


def _read_alone(kind: str) -> Counter[str]:
    """Return the numbers of false and missed drawbacks and of false or missed first choices."""
    found = Counter[str]()
    for entry in entries(kind, lambda _: True):
        for name, label in entry["labels"].items():
            brand = Brand(name)
            given = answer(entry["text"], entry["question"])
            reading = Reader([brand]).read(given).reading(brand, ())
            scores = {
                s.metric: s for s in (*Visibility().score(reading), *Sentiment().score(reading))
            }
            named = "drawback" in scores and bool(scores["drawback"].value)
            found["false"] += named and not label["drawback"]
            found["missed"] += label["drawback"] and not named
            chosen = "first_choice" in scores and bool(scores["first_choice"].value)
            found["choice"] += chosen != (label["standing"] == "first choice")
    return found
