"""Tests of the scorer of presence and prominence."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from overheard import (
    Answer,
    Brand,
    Finish,
    Model,
    PluginSettings,
    Prompt,
    Question,
    Reading,
    Reply,
    Scorer,
    SettingsError,
)
from overheard.reading.reader import MAX_READ_CHARS, Reader
from overheard_visibility import Visibility, overheard_scorers

MARKET = tuple(map(Brand, ("Acme", "Boltly", "Cruxify", "Dexly")))
READER = Reader(MARKET)


def read(text: str, brand: str, question: str = "Which tool?") -> Reading:
    """Read an answer for one brand of the market."""
    asked = Question(Prompt(question), Model("echo", "echo"))
    answer = Answer(1, asked, Reply(text, Finish.COMPLETE), datetime(2026, 1, 1, tzinfo=UTC))
    mine = next(b for b in MARKET if b.name == brand)
    return READER.read(answer).reading(mine, [b for b in MARKET if b is not mine])


def scores(text: str, brand: str = "Acme", question: str = "Which tool?") -> dict[str, float]:
    """Score an answer for one brand."""
    return {s.metric: s.value for s in Visibility().score(read(text, brand, question))}


RANKED = "1. Boltly\n2. Cruxify: better than Boltly\n3. Acme\n4. Dexly"


@pytest.mark.parametrize(
    ("brand", "position", "top1", "top3"),
    [("Boltly", 1, 1, 1), ("Cruxify", 2, 0, 1), ("Acme", 3, 0, 1), ("Dexly", 4, 0, 0)],
)
def test_position_is_the_order_of_first_mention(
    brand: str, position: int, top1: int, top3: int
) -> None:
    """In a ranked list it is the list's order, however often a name comes back."""
    found = scores(RANKED, brand)
    assert (found["position"], found["top1"], found["top3"]) == (position, top1, top3)


def test_a_brand_that_is_not_named_has_no_position() -> None:
    """It is invisible, not first and not among three; every answer counts for these."""
    assert scores("Boltly is fine.") == {
        "visibility": 0,
        "first_choice": 0,
        "top1": 0,
        "top3": 0,
        "share_of_voice": 0,
    }


def test_share_of_voice_is_the_share_of_mentions() -> None:
    """Each mention counts, of the brand and of its competitors."""
    assert scores("Acme, Boltly, Acme and Cruxify.")["share_of_voice"] == 0.5


def test_share_of_voice_needs_a_voice() -> None:
    """Where no brand of the market is named there is no share, not a share of 0."""
    assert "share_of_voice" not in scores("It depends.")


def test_a_branded_question_counts_for_its_own_metric_alone() -> None:
    """The names of the question are repeated in the answer anyway."""
    asked = "Is Acme good for teams?"
    assert scores("Acme is fine.", question=asked) == {"branded_visibility": 1}
    assert scores("Acme is like it.", question="What is like Boltly?") == {"branded_visibility": 1}
    assert scores("Nothing is.", question="What is like Boltly?") == {"branded_visibility": 0}


def test_share_of_voice_is_left_out_where_the_question_names_a_brand() -> None:
    """A question that names a brand gets it repeated."""
    assert "share_of_voice" not in scores("Acme is.", question="Is Boltly good?")


def test_the_quote_is_the_sentence_of_the_first_mention() -> None:
    """People see where the brand was named."""
    first = next(iter(Visibility().score(read("Well. Acme is good. Acme!", "Acme"))))
    assert first.quote == "Acme is good."


@given(st.lists(st.sampled_from(["Acme", "Boltly", "fine", "\n", ". ", "# ", "**"]), max_size=30))
def test_any_answer_is_scored_within_range(pieces: list[str]) -> None:
    """Rates and shares lie in 0 to 1, ranks in 1 to the size of the market; twice the same."""
    reading = read(" ".join(pieces), "Acme")
    found = list(Visibility().score(reading))
    assert found == list(Visibility().score(reading))
    for score in found:
        low, high = (1, 4) if score.metric == "position" else (0, 1)
        assert low <= score.value <= high


def test_a_name_without_end_is_scored_like_a_short_one() -> None:
    """Twenty thousand mentions in one sentence: each looked at the whole of it, for minutes."""
    scores("Acme.")  # its patterns are compiled now
    begun = time.process_time()
    found = scores("Acme" * 20_000)
    taken_s = time.process_time() - begun

    assert found["visibility"] == 1
    assert taken_s < 6


def test_of_a_text_without_end_the_beginning_is_read() -> None:
    """Nothing else goes on while a text is read."""
    assert scores("Acme. " + "x" * MAX_READ_CHARS)["visibility"] == 1
    assert scores("x" * MAX_READ_CHARS + " Acme.")["visibility"] == 0


def test_the_plugin_yields_one_scorer() -> None:
    """Its metrics are those that it scores, and its table takes no keys."""
    (scorer,) = overheard_scorers(PluginSettings({}, "scorers", "config.toml"))
    assert isinstance(scorer, Scorer)
    branded = scores(RANKED, question="Is Acme good?")
    assert set(scores(RANKED) | branded) == {metric.name for metric in scorer.metrics}
    with pytest.raises(SettingsError, match="unknown key"):
        list(overheard_scorers(PluginSettings({"visibility": {"x": 1}}, "scorers", "c.toml")))


def test_a_question_about_a_fact_shows_nothing() -> None:
    """It is about the brand itself, so its answers would only raise the rate."""
    asked = Question(Prompt("When was Acme founded?", ("fact",)), Model("echo", "echo"))
    answer = Answer(1, asked, Reply("Acme was.", Finish.COMPLETE), datetime(2026, 1, 1, tzinfo=UTC))
    reading = READER.read(answer).reading(MARKET[0], MARKET[1:])
    assert list(Visibility().score(reading)) == []


@pytest.mark.parametrize(
    ("text", "question", "chosen"),
    [
        ("### Acme One - Best Overall\nFast.\n### Bolt\nCheap.", "Which tool?", True),
        ("### Acme - Best for Travel\nFast.\n### Bolt\nCheap.", "Which tool?", False),
        (
            "**Best for travel:** Acme is light.\n\n**Best budget:** Bolt.",
            "A tool for travel?",
            True,
        ),
        ("**Top picks:** Acme, Bolt and Cord.", "Which tool?", False),
        ("Bolt is cheap. If I had to pick one, it would be Acme.", "Which tool?", True),
        ("Bolt is cheap. In the end, Acme gets the nod.", "Which tool?", True),
        ("Bolt is fine. If you travel, I would recommend nothing but Acme.", "Which tool?", False),
        ("Light sleepers should choose Bolt, everybody else Acme.", "Which tool?", True),
        ("Acme, without much hesitation. Bolt is cheaper.", "Which tool?", True),
        ("For 15 people, Acme is the best fit. If you grow, look at Bolt.", "Which tool?", True),
        ("Start with Acme if leads come by mail; otherwise take Bolt.", "Which tool?", False),
        ("I would open an account with Acme. Bolt pays less.", "Which bank?", True),
        ("### Acme\nQuick, and my first pick.\n### Bolt\nCheap.", "Which tool?", True),
        ("**So:** Acme for most people. Bolt if you travel.", "Which tool?", True),
        ("Acme is the natural first stop. Bolt is cheaper.", "Which tool?", True),
        (
            "For most homes Acme is the sensible default, and Bolt is for gamers.",
            "Which tool?",
            True,
        ),
        ("3. Bolt: fine\n2. Cord: quick\n1. Acme: light", "Which tools, ranked?", True),
        ("Overall favorites: Acme: quick. Cruxify: light.", "Which tool?", False),
        ("Acme: Often cited as the top choice for value. Boltly: Quick.", "Which tool?", True),
        ("Acme: Often cited as a top choice for travel. Boltly: Quick.", "Which tool?", False),
        ("Acme: Widely considered the best overall. Boltly: Quick.", "Which tool?", True),
        ("Acme: Considered the best overall by Tool Weekly. Boltly: Quick.", "Which tool?", False),
        ("Boltly: Quick. Other options: Acme: Named the best overall by many.", "A tool?", False),
        ("Acme: Considered the best overall value. Boltly: Quick.", "A cheap tool?", True),
        ("Acme: Considered the best overall value. Boltly: Quick.", "A quiet tool?", False),
        (
            (
                "Acme: Light. Boltly: Quick. If you're looking for the best overall mix of weight"
                " and price, the Acme is an excellent choice. If you travel, look at Boltly."
            ),
            "Which tool?",
            True,
        ),
        (
            (
                "### Acme One\n- Light\n### Boltly\n- Quick\n\n- If you like its ecosystem of"
                " parts and its premium feel, go for the Acme One.\n- If you travel, take Boltly."
            ),
            "Which tool?",
            False,
        ),
        (
            "### Acme \u2b50 Best Overall\n- Quick\n### Boltly \u2b50 Best Budget\n- Dim",
            "A tool?",
            True,
        ),
        ("### Acme\n**Best for:** Most people\n### Boltly\n**Best for:** Travel", "A tool?", True),
        ("Acme is generally considered the best. Boltly is dim.", "A tool?", True),
        (
            "Boltly is a top choice for most, while the Acme is a good budget option.",
            "A tool?",
            False,
        ),
        (
            "Acme is a top choice for most, while the Boltly is a good budget option.",
            "A tool?",
            True,
        ),
        ("Boltly is light. A good choice if you want a balanced Acme tool.", "Which tool?", False),
        (
            "Acme: Light. If you want a well-rounded tool, Acme or Boltly are excellent choices.",
            "Which tool?",
            False,
        ),
    ],
)
def test_a_pick_for_the_question_is_the_first_choice(
    text: str, question: str, chosen: bool
) -> None:
    """An award counts before or behind the name, and for a niche if the question asks for it."""
    assert scores(text, question=question)["first_choice"] == float(chosen)


@pytest.mark.parametrize(
    "text",
    [
        "Boltly 3: Runs long on a powerful Acme motor and starts at once, so it is great for work.",
        "Boltly 3: Quick. Features an Acme motor and a lid.",
        "Zorbo 7: Quick. Features an Acme motor and a lid.",
        "Boltly 3: Quick. Zorbo 7: Acme's best pick of the year. It is light.",
        "### Best for travel: Zorbo\n**Pros:**\n- Acme, Dexly and Cord\n### Boltly\n- Quick",
        "### Boltly\n- Quick\n\nYou can buy it at shops like Cord, the Acme, and Dexly.",
        "Boltly 3: A good pick from Acme. It was rated best by Acme.",
        "Top picks: Zorbo 2: Light and quiet. Requires an Acme account. Boltly: Quick.",
        "Top picks: Zorbo 2: Light. It has Acme certification. Boltly: Quick.",
        "### Boltly\n- Quick\n\nAcme and Dexly also test such tools.",
        "### Boltly\n- Quick\n\nDo you prefer Acme or Dexly?",
        "### Boltly\n- Quick\n\nRead reviews from sources like Tool Weekly, Acme, and Cord.",
        "### Boltly\n- Quick\n\nThe Acme and Tool Weekly provide in-depth reviews.",
        "### Boltly\n- Quick\n\nAcme recommends 30 pints for small rooms.",
        "### Boltly\n- Quick\n\nCoated pans are a popular alternative to traditional Acme.",
        "### Boltly\n- Quick\n\nIf you work long, pick one with a strong motor (e.g., Acme X).",
        "### Boltly\n- Quick\n\nIf you prefer an Acme-powered model, ask for it.",
        "### Boltly\n- Quick\n\nDecide whether you prefer Acme or steel.",
        "### Boltly\n- **Parts**:\n  - Acme 7 motor\n  - Cord 5 lid\n### Dexly\n- Dim",
        "### Cord Store\n- Carries popular brands like Acme and Zorbo\n### Boltly\n- Quick",
        "### Boltly\n- Quick\n\nWhich coating do you like? (e.g., steel, Acme, glass)",
    ],
)
def test_what_is_in_the_text_of_another_is_only_named(text: str) -> None:
    """A part, a publication, content, a shop or an example is no option."""
    [visibility] = [s for s in Visibility().score(read(text, "Acme")) if s.metric == "visibility"]
    assert visibility.details[0].verdict == "only named"


def test_an_item_before_a_strip_of_shops_is_listed() -> None:
    """Its text ends where the first card begins, also if that begins with a small letter."""
    text = (
        "Top picks: Boltly 3: Quick. Acme 5: A reliable option. zOrbo 9 Pump$329.994.8(20)"
        "Acme 5 with Lid$99.004.1(1k+)"
    )
    [visibility] = [s for s in Visibility().score(read(text, "Acme")) if s.metric == "visibility"]
    assert visibility.details[0].verdict == "listed"


RIVALS = "Boltly is quick to set up and has a good app.\n\nCruxify suits larger firms."
LISTED = (
    "### Boltly\n\n- quick to set up\n- a good app\n\n### Cruxify\n\n- suits larger firms\n- has"
    " phone support\n\n"
)


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        (
            (
                f"Acme keeps things simple.\n\n{RIVALS}\n\nWhat we ended up paying for was"
                " Acme, and so did many readers of this page."
            ),
            "first choice",
        ),
        (
            (
                f"Acme keeps things simple.\n\n{RIVALS}\n\nOf these, Boltly has the newest app and"
                " is sold in more countries of the world."
            ),
            "listed",
        ),
        (
            (
                f"{LISTED}Acme used to lead this field, and had a loyal following, before others"
                " passed it."
            ),
            "only named",
        ),
        (f"{LISTED}### Acme\n\n- keeps things simple\n- has the better support", "listed"),
    ],
)
def test_the_plan_of_an_answer_tells_what_its_words_do_not(text: str, standing: str) -> None:
    """To which brand it returns alone, and which has no part in its list."""
    [visibility] = [s for s in Visibility().score(read(text, "Acme")) if s.metric == "visibility"]
    assert visibility.details[0].verdict == standing


@pytest.mark.parametrize(
    "text",
    [
        "My pick is Acme. Boltly is my pick for most teams. Cruxify is the one I'd buy.",
        "Best overall: Acme\nBest overall: Boltly\nBest overall: Cruxify",
        "Acme wins on price, Boltly wins on speed.",
        "**My pick: Zorbo.** It is quick. Acme is the best choice for most.",
    ],
)
def test_an_answer_has_one_first_choice(text: str) -> None:
    """Of all its brands, declared or not, the one that has the most for it."""
    chosen = [scores(text, brand.name)["first_choice"] for brand in MARKET if brand.name in text]
    assert sum(chosen) <= 1


def test_the_first_sentence_may_be_the_answer() -> None:
    """A name alone, or with a condition."""
    for text in ("Acme, if the budget allows. Boltly is cheaper.", "Acme. Boltly is cheaper."):
        assert scores(text)["first_choice"] == 1
        assert scores(text, "Boltly")["first_choice"] == 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Acme makes sense here. If I were in your place, this would be my pick.", 1),
        ("Acme is fast. If we were choosing today, it would be our recommendation.", 1),
        ("Acme is solid. If I were choosing, that would be my top choice.", 1),
        ("My favourite of everything I was shown is Acme.", 1),
        ("Acme was founded in 2001 and is our top choice.", 1),
        ("Acme was my pick for years.", 0),
        ("Acme is known. It used to be our recommendation.", 0),
        ("Acme is dear. It was my pick for years and is now too slow.", 0),
        ("Our pick was Acme, which is fast.", 0),
    ],
)
def test_a_pick_is_over_if_its_own_verb_is_past(text: str, value: float) -> None:
    """Another past verb in the sentence, such as that of a condition, leaves it a pick."""
    assert scores(text)["first_choice"] == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("My pick is Acme and Boltly is second.", 1),
        ("I'd pick Acme, Boltly is too slow and Cruxify is dear.", 1),
        ("The winner is Acme, Boltly comes second, and Cruxify third.", 1),
        ("My top pick is Acme and Cruxify is a close second.", 1),
        ("I'd pick Acme and Boltly.", 0),
        ("I'd pick Acme, Boltly, and Cruxify.", 0),
        ("I'd pick Acme and Boltly headphones for most teams.", 0),
        ("I'd pick Acme for price, Boltly for speed.", 0),
    ],
)
def test_a_name_behind_a_pick_shares_it_unless_it_begins_a_clause(text: str, value: float) -> None:
    """Of "Acme and Boltly" neither is the pick; in "Acme and Boltly is second" Acme is."""
    assert scores(text)["first_choice"] == value
