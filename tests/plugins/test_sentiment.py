"""Tests of the scorer of portrayal."""

from datetime import UTC, datetime
from importlib.resources import files

import grading
import pytest
from hypothesis import given, settings, strategies as st

from overheard import (
    Answer,
    Brand,
    Finish,
    Model,
    PluginSettings,
    Prompt,
    Question,
    Reply,
    Score,
    Scorer,
)
from overheard.reading.reader import Reader
from overheard_sentiment import Sentiment, overheard_scorers, portrayal
from overheard_sentiment.drawback_odds import decision_weights
from overheard_sentiment.drawbacks import doubts

ACME, BOLTLY = Brand("Acme"), Brand("Boltly")
READER = Reader([ACME, BOLTLY])


def score(text: str, brand: Brand = ACME) -> list[Score]:
    """Score an answer for one brand."""
    asked = Question(Prompt("Which tool?"), Model("echo", "echo"))
    answer = Answer(1, asked, Reply(text, Finish.COMPLETE), datetime(2026, 1, 1, tzinfo=UTC))
    rival = BOLTLY if brand is not BOLTLY else ACME
    reader = READER if brand in (ACME, BOLTLY) else Reader([brand, rival])
    return list(Sentiment().score(reader.read(answer).reading(brand, [rival])))


def sign(text: str, brand: Brand) -> int:
    """Return 1, 0 or -1."""
    value = score(text, brand)[0].value
    return (value > 0) - (value < 0)


@pytest.mark.parametrize(
    ("text", "acme", "boltly"),
    [
        ("Acme is great. Boltly is terrible.", 1, -1),
        ("Die beste Wahl ist Acme. Boltly ist teuer und unzuverlässig.", 1, -1),
        ("Acme ist nicht zuverlässig. Boltly war die Software des Jahres.", -1, 0),
        ("Acme est facile et fiable. Boltly est une application très lente.", 1, -1),
        ("Acme es muy rápido. Boltly es demasiado caro.", 1, -1),
        ("🥇 Acme\n👎 Boltly", 0, -1),
        ("Acme is great, but Boltly is expensive.", 1, -1),
        ("Acme is hard to fault. Boltly corrupts files.", 1, -1),
        ("Acme strikes a good balance. I would not trust Boltly.", 1, -1),
        ("For students Acme is a no-brainer. Beware of Boltly.", 1, -1),
        ("While Acme is unreliable, Boltly is easy to use.", -1, 1),
        ("Acme and Boltly are excellent.", 1, 1),
        ("Acme is better than Boltly.", 1, -1),
        ("Acme is not better than Boltly.", -1, 1),
        ("Acme is less reliable than Boltly.", -1, 1),
        ("Acme is worse than Boltly.", -1, 1),
        ("Acme is not as reliable as Boltly.", -1, 1),
        ("Acme isn't nearly as fast as Boltly.", -1, 1),
        ("Acme lags behind Boltly in support.", -1, 1),
        ("Acme reduces errors. Boltly fights spam.", 1, 1),
        ("Acme causes errors. Boltly frustrates its users.", -1, -1),
        ("Acme beats Boltly.", 1, -1),
        ("I prefer Acme over Boltly.", 1, -1),
        ("Unlike Boltly, Acme is great.", 1, -1),
        ("Avoid Boltly. Use Acme.", 1, -1),
        ("Use Acme instead of Boltly.", 1, -1),
        ("Acme isn\u2019t good, Boltly is.", -1, 0),
        ("Acme is too complicated; Boltly is fine.", -1, 1),
        ("Acme is not only powerful but easy. Boltly exists.", 1, 0),
        ("| Acme | excellent |\n|--|--|\n| Boltly | overpriced |", 1, -1),
        ("Acme is just as reliable as Boltly.", 1, 1),
        ("Acme was outperformed by Boltly.", -1, 1),
        ("Acme leaves Boltly in the dust.", 1, -1),
        ("Acme can't keep up with Boltly.", -1, 1),
        ("Acme has more templates than Boltly.", 1, -1),
        ("Acme costs more than Boltly.", -1, 1),
        ("Many teams moved from Boltly to Acme.", 1, -1),
        ("Acme is a better alternative to Boltly.", 1, -1),
        ("Acme is a good alternative to Boltly.", 1, 0),
        ("For that I'd take Acme over Boltly.", 1, -1),
        ("Acme est plus fiable que Boltly.", 1, -1),
        ("Acme比Boltly更稳定。", 1, -1),
    ],
)
def test_each_brand_gets_what_is_said_of_it(text: str, acme: int, boltly: int) -> None:
    """Clauses, negation, contrast and comparison decide whom a word is about."""
    assert (sign(text, ACME), sign(text, BOLTLY)) == (acme, boltly)


@pytest.mark.parametrize(
    ("text", "sign_of_it"),
    [
        ("Acme has low fees.", 1),
        ("Acme has high fees.", -1),
        ("Acme has low quality.", -1),
        ("Acme has a long battery life.", 1),
        ("Acme has a rating of 4.7/5.", 1),
        ("Acme has 2.1 out of 5 stars.", -1),
        ("Acme is a beginner-friendly tool.", 1),
        ("Acme is a crash-prone tool.", -1),
        ("Acme is the flimsiest of them.", -1),
        ("Acme made life easier for us.", 1),
        ("Acme lets you cut costs in half.", 1),
        ("Acme doesn't offer phone support.", -1),
        ("Is Acme any good?", 0),
        ("If you need great reports, there is Acme.", 0),
        ("Acme es lento y caro.", -1),
        ("Acme est lent, mais l' appli plante l'.", -1),  # apostrophes by themselves
        ("Acme ist nicht teuer.", 1),
        ("Acme n'est pas cher.", 1),
        ("Acme è affidabile.", 1),
        ("Acme é confiável e rápido.", 1),
        ("Acme is betrouwbaar en niet duur.", 1),
        ("Acme надежный и удобный.", 1),
        ("Acmeは使いやすいです。", 1),
        ("Acme는 느리고 비싸요.", -1),
        ("Acme سيئة ومكلفة جدا.", -1),
    ],
)
def test_amounts_marks_forms_and_languages_judge(text: str, sign_of_it: int) -> None:
    """A judging word need not be an English adjective; questions and conditions judge no brand."""
    assert sign(text, ACME) == sign_of_it


def test_a_sentence_in_an_unread_script_is_left_out() -> None:
    """Its meaning is unknown, and 0 would say that it is neutral."""
    assert score("Η Acme είναι πολύ ακριβή.") == []  # noqa: RUF001 - Greek is meant
    assert sign("Η Acme είναι πολύ ακριβή. Acme is excellent.", ACME) == 1  # noqa: RUF001 - Greek is meant


def test_marked_lines_under_a_heading_lean_as_they_are_marked() -> None:
    """A tick praises and a cross blames, with any words."""
    text = "**Acme**\n✅ Envelope budgets\n✅ Shared lists\n\n**Boltly**\n❌ Ads\n❌ One currency"
    assert [sign(text, brand) for brand in (ACME, BOLTLY)] == [1, -1]


def test_lines_among_pros_and_cons_lean_as_their_heading() -> None:
    """A line that is no praise by itself is praise among the pros."""
    text = "### Acme\nPros:\n- Dark mode\n- Offline maps\n\n### Boltly\nCons:\n- One user only"
    assert [sign(text, brand) for brand in (ACME, BOLTLY)] == [1, -1]


def test_a_brand_that_is_not_named_has_no_sentiment() -> None:
    """Absent, never 0."""
    assert score("Boltly is great.") == []
    assert score("") == []


def test_brands_of_several_markets_share_the_texts_of_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An answer is divided once, also where no market has all of its brands."""
    divided: list[object] = []
    monkeypatch.setattr(portrayal, "latin_language", divided.append)
    asked = Question(Prompt("Which tool?"), Model("echo", "echo"))
    reply = Reply("Acme is great. Boltly is slow.", Finish.COMPLETE)
    read = READER.read(Answer(1, asked, reply, datetime(2026, 1, 1, tzinfo=UTC)))
    for brand in (ACME, BOLTLY):
        Sentiment().score(read.reading(brand, ()))
    assert len(divided) == 1


def test_a_brand_that_is_named_and_not_judged_has_zero() -> None:
    """A neutral mention is a value."""
    assert score("Acme exists.")[0].value == 0


def test_the_line_under_a_heading_is_about_its_brand() -> None:
    """A heading that is only a name hands on to the next line."""
    text = "### Acme\nGreat reports and easy to use.\n\n### Boltly\nSlow and unreliable."
    assert sign(text, ACME) == 1
    assert sign(text, BOLTLY) == -1


def test_pros_and_cons_under_a_heading_are_about_its_brand() -> None:
    """Line by line, up to the next brand."""
    pros = "### Acme\n**Pros:**\n- Easy to use\n- Affordable\n\n**Cons:**\n- None"
    cons = "### Boltly\n**Weaknesses**\n- Very buggy\n- Rude support"
    assert [sign(f"{pros}\n\n{cons}", brand) for brand in (ACME, BOLTLY)] == [1, -1]
    assert [score(f"{pros}\n\n{cons}", brand)[1].value for brand in (ACME, BOLTLY)] == [0, 1]


def test_a_sentence_that_points_back_is_about_the_brand() -> None:
    """In the same line, a sentence that begins with "It" goes on about what was named last."""
    assert sign("Acme is a tool. It is terrible. The weather is great.", ACME) == -1


def test_the_value_counts_praising_words_and_drawbacks() -> None:
    """(P - 3 D) / (P + 3 D + 2); people see the text that judges most."""
    good, drawback, _ = score("Acme is good and reliable. Acme is expensive.")
    assert good.value == pytest.approx((2 - 3) / (2 + 3 + 2))
    assert good.quote == "Acme is expensive."
    assert (drawback.value, drawback.quote) == (1, "Acme is expensive.")


@pytest.mark.parametrize(
    ("text", "tone"),
    [
        ("Acme is great.", "positive"),
        ("Acme is great, but it is expensive.", "mixed"),
        ("Acme was founded in 2010.", "neutral"),
        ("Acme lacks an app.", "negative"),
    ],
)
def test_the_tone_is_a_detail(text: str, tone: str) -> None:
    """A mixed portrayal is a class of its own."""
    assert [d.verdict for d in score(text)[0].details if d.topic == "tone"] == [tone]


@pytest.mark.parametrize(
    ("text", "drawbacks"),
    [
        (
            "### Acme\n- **Cons**: Few templates, slow sync",
            [("features", "Few templates"), ("performance", "slow sync")],
        ),
        (
            "### Acme\n- Great app, but only available in the US",
            [("other", "but only available in the US")],
        ),
        (
            "### Acme\n- **Price**: comes at a premium price",
            [("price", "comes at a premium price")],
        ),
        ("### Acme\n- **Best for**: teams that do not have a budget", []),
        ("### Acme\n- No annual contract, without hidden fees", []),
        ("### Acme\n- Doesn't break the bank", []),
        ("### Acme (limited availability)\n- Fine", []),
        ("### Acme\n- **Cons**: None", []),
        ("Boltly is not as fast as Acme.", []),
        ("Acme is less expensive than Boltly.", []),
    ],
)
def test_drawbacks_are_told_with_aspect_and_words(
    text: str, drawbacks: list[tuple[str, str]]
) -> None:
    """Closed patterns in the brand's own text, and all that is listed as a con."""
    found = score(text)[1]
    assert (found.metric, found.value) == ("drawback", float(bool(drawbacks)))
    assert [(d.topic, d.stated) for d in found.details] == drawbacks


@pytest.mark.parametrize("name", ["Best Buy", "Liquid Death", "Poison", "Zento"])
def test_a_name_judges_nothing(name: str) -> None:
    """Names and the names of products behind them are masked."""
    text = "### 1. {0} Excellent Pro\n\n- {0} Awful Mini has a display\n- Made by {0}"
    found, like = score(text.format(name), Brand(name)), score(text.format("Acme"))
    assert [s.value for s in found] == [s.value for s in like]


@pytest.mark.parametrize("piece", ["Acme is good. ", "Acme good ", "Acme Boltly bad ", "good "])
def test_a_long_text_is_scored(piece: str) -> None:
    """The time grows with the text, not with its square: for 250 kB that would be minutes."""
    text = "Acme " + piece * (250_000 // len(piece))
    assert all(-1 <= found.value <= 1 and len(found.quote) <= 1_000 for found in score(text))


PIECES = [
    "Acme",
    "Boltly",
    "good",
    "bad",
    "not",
    "than",
    "but",
    ",",
    ".\n",
    "instead of",
    "too",
    "😀",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join))
def test_any_answer_is_scored_within_range(text: str) -> None:
    """Values lie in -1 to 1, the quote comes from the answer, and it is the same again."""
    found = score(text)
    assert found == score(text)
    assert all(-1 <= s.value <= 1 for s in found)
    assert all("".join(s.quote.split()) in "".join(text.split()) for s in found)


def test_the_plugin_yields_one_scorer() -> None:
    """It fits the protocol and measures what it says."""
    (scorer,) = overheard_scorers(PluginSettings({}, "scorers", "config.toml"))
    assert isinstance(scorer, Scorer)
    assert [metric.name for metric in scorer.metrics] == ["sentiment", "drawback", "hedged"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme is hard to beat.", 1),
        ("Acme is not hard to beat.", -1),
        ("Acme is hard to recommend.", -1),
        ("Nobody on our team enjoyed Acme.", -1),
        ("Acme has no calendar.", -1),
        ("Acme has no problems.", 1),
        ("Skip Acme.", -1),
        ("Choose between Acme and Boltly.", 0),
    ],
)
def test_words_that_judge_together_are_read_together(text: str, expected: int) -> None:
    """And not as each would by itself; what precedes them can turn them round."""
    assert sign(text, ACME) == expected


def test_aspects_are_told_with_their_sentence() -> None:
    """The judged aspect is the one near the judging word."""
    found, *_ = score("Acme is expensive. Its support is excellent. Boltly is easy to use.")
    assert [(d.topic, d.verdict, d.quote) for d in found.details[1:]] == [
        ("price", "negative", "Acme is expensive."),
        ("support", "positive", "Its support is excellent."),
    ]


def test_an_aspect_of_another_brand_is_not_told() -> None:
    """It goes where the judging word goes."""
    found, *_ = score("Acme is easy to use, but Boltly is expensive.")
    assert [(d.topic, d.verdict) for d in found.details[1:]] == [("ease", "positive")]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Acme is a pleasure, but its price jumps after the first year.", True),
        ("Acme costs twice as much as the others.", True),
        ("Acme has no keypad of its own.", True),
        ("Acme has no annual fee and no hidden costs.", False),
        ("Acme ships with tape at no extra cost.", False),
        ("Acme isn't expensive.", False),
        ("Acme rattles in the wind.", True),
        ("Acme has a lifetime limited warranty.", False),
        ("Acme suits noisy rooms.", False),
        ("Acme covers every road, but its radio forgets the stations.", True),
        ("Acme covers every road, but it is great in town too.", False),
        ("Acme is quick. Breakout rooms take a second licence, though.", True),
        ("Acme is quick; you have to talk to sales to learn the price.", True),
        ("Acme could be lighter.", True),
        ("Expect to pay $50 for Acme.", False),
        ("I'd avoid Acme.", True),
        ("Acme feels a bit coarse.", True),
        ("Acme is quick, if you can live with small storage.", True),
        ("Acme helps if you get stuck.", False),
        ("Acme helps when you're stuck.", False),
        ("Unless your case is messy, Acme is the smart choice.", False),
        ("Acme costs less and feels nicer.", False),
        ("With Acme you can't deposit cash.", True),
        ("With Acme you can't go wrong.", False),
        ("Acme's lid collects grime.", True),
        ("Acme suits people who dislike stiff shoes.", False),
        ("Acme is quick. Where it stumbles is customer service.", True),
        ("Acme spares you the usual headaches.", False),
        ("Acme has a manual lid, which some prefer.", False),
        ("Acme has a manual lid, which some dislike.", True),
        ("Acme is cheap, yet includes a lid.", False),
        ("Unlike many, Acme has no data caps.", False),
        ("Acme is light, yet includes no lid.", True),
        ("While slightly exceeding the $1,500 budget, Acme is popular.", True),
    ],
)
def test_a_drawback_is_told_from_its_absence(text: str, named: bool) -> None:
    """General words for a lack or a rising price are drawbacks; "no extra cost" is none."""
    scores = {each.metric: each.value for each in score(text)}
    assert scores["drawback"] == float(named)


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ("Exports have to be asked for by mail.", True),
        ("Exports are sent by mail.", False),
        ("The pump hums at night and the lid needs a push.", True),
        ("The pump is quiet at night and the lid closes by itself.", False),
    ],
)
def test_a_drawback_that_no_pattern_knows_is_learnt(told: str, named: bool) -> None:
    """The weights of the words decide, with whatever name the brand has."""
    scores = {each.metric: each.value for each in score(f"### Acme\n\n- {told}\n\n### Boltly")}
    assert scores["drawback"] == float(named)


def test_each_learnt_weight_is_listed_once() -> None:
    """A feature that had two weights would have the last one, unseen."""
    text = files("overheard_sentiment").joinpath("drawback_odds.txt").read_text(encoding="utf-8")
    words = text.partition("[decision]")[0].strip()
    lines = [line.partition(" ") for line in words.splitlines() if not line.startswith("#")]
    names = [name for _, _, listed in lines for name in listed.split("|")]
    assert len(set(names)) == len(names) > 1_000
    assert all(abs(float(weight)) < 10 for weight, _, _ in lines)


def test_what_speaks_against_a_drawback_only_lowers_its_odds() -> None:
    """Doubts are looked for only where the odds are high enough without them."""
    told = "This reader drops Bluetooth, Zento solves that, but no longer lacks a case."
    weights, found = decision_weights(), set(doubts(told, 0, len(told), named=False))
    assert found == {"taken back", "cured", "name inside"}
    assert all(weights[mark] <= 0 for mark in found | {"no pronoun"})


def test_the_surest_drawback_is_told_first() -> None:
    """It is the quote of the score, wherever it stands in the answer."""
    weak, sure = "The pump hums at night.", "The lid is flimsy and breaks easily."
    for told in ((weak, sure), (sure, weak)):
        found = score(f"### Acme\n\n- {told[0]}\n- {told[1]}\n\n### Boltly")[1]
        assert [each.quote for each in found.details] == [sure, weak]
        assert found.quote == sure


PRAISE = "Acme is easy to set up and has excellent themes. It is a great choice. "


@pytest.mark.parametrize(
    "hedge",
    [
        "I don't have current information about Acme.",
        "As an AI, I cannot verify Acme's pricing.",
        "I can't recommend any one tool without knowing your needs.",
        "I may be wrong about some of Acme's details.",
        "My information may be outdated, so check Acme's website.",
        "Prices may have changed since my last update.",
        "Ich kann die Preise von Acme leider nicht bestätigen.",
        "Je ne peux pas vérifier les tarifs d'Acme.",
        "No puedo verificar los precios de Acme.",
    ],
)
def test_what_a_model_says_of_itself_is_nobodys(hedge: str) -> None:
    """It is no drawback, no blame and no tone, and counts as a hedge."""
    plain, hedged = score(PRAISE), score(PRAISE + hedge)
    assert [each.value for each in hedged[:2]] == [each.value for each in plain[:2]]
    assert (plain[2].value, hedged[2].value, hedged[2].quote) == (0, 1, hedge)


def test_hedges_behind_praise_seldom_change_the_class() -> None:
    """What a reader should bear in mind of all tools is hardly ever told as a drawback of one."""
    entries = grading.entries("natural-hedges")
    texts = [f"{entry['praise']} {entry['hedge']}" for entry in entries]
    changed = [text for text in texts if score(text)[0].details[0].verdict != "positive"]
    assert len(changed) <= len(entries) / 4, changed


@pytest.mark.parametrize(
    "text",
    [
        "I can't recommend Acme for large catalogues: it is slow and expensive.",
        "I'm not sure about prices, but Acme is slow.",
    ],
)
def test_blame_in_the_first_person_is_no_hedge(text: str) -> None:
    """A reason against the brand stays a drawback."""
    sentiment, drawback, hedged = score(PRAISE + text)
    assert (drawback.value, hedged.value) == (1, 0)
    assert sentiment.value < score(PRAISE)[0].value


@pytest.mark.parametrize(
    "text",
    [
        "Boltly has better reports than Acme. For most shops, Acme is easier to run. " * 2,
        "Acme is worse than Boltly. Acme is awful. Acme fails. Boltly wins. " * 3,
        "Sticky notes turn into Acme tickets when a limited trial ends. " * 3,
    ],
)
def test_a_sentiment_below_zero_has_a_drawback_to_quote(text: str) -> None:
    """The three scores have one source and cannot disagree."""
    sentiment, drawback, _ = score(text)
    assert sentiment.value >= 0 or (drawback.value == 1 and drawback.quote)
    assert (sentiment.details[0].verdict in {"mixed", "negative"}) == bool(drawback.value)
