"""The grammar of questions in words, on lists of questions with what they are answered by."""

from dataclasses import replace
from datetime import date

import pytest

from kit.question_lists import CATALOGUE, SHOWN, TODAY, answer, names, questions, right, situation
from overheard.chat.questions.grammar import ParsedQuestion, parse_question
from overheard.chat.questions.planner import plan_answer
from overheard.chat.questions.situation import read_names_of
from overheard.domain import Brand, Catalogue, Model


@pytest.mark.parametrize(
    ("language", "every"),
    [pytest.param("en", 1, marks=pytest.mark.slow), ("en", 3), ("de", 1)],
    ids=["en", "some of en", "de"],
)
def test_questions_are_answered_as_the_lists_say(language: str, every: int) -> None:
    """Those that the grammar is not sure of it leaves, whatever they ask for."""
    wrong = [
        (question, expected, got)
        for expected, question in [*questions(language)][::every]
        if not right(expected, got := answer(question))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("model", "command"), [("ChatGPT", "alerts show"), ("Claude", None)], ids=["its own", "another"]
)
def test_why_in_a_thread_means_its_alert_only_for_its_model(
    model: str, command: str | None
) -> None:
    """Of another model without an alert the grammar says nothing."""
    in_thread = replace(situation(), thread_alert=situation().alerts[0])
    found = plan_answer(parse_question(f"why did {model} change?", names(), TODAY), in_thread)

    assert (found.order.spec.name if found and found.order else None) == command


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("why?", "why"),
        ("how sure are you?", "sure"),
        ("is it a fluke?", "sure"),
        ("is Claude affected?", "others"),
        ("when did it drop?", "since"),
        ("what can we do?", "todo"),
    ],
)
def test_what_is_asked_in_a_thread_is_asked_about_its_alert(question: str, about: str) -> None:
    """Each kind of question has an answer of its own."""
    in_thread = replace(situation(), thread_alert=situation().alerts[0])
    found = plan_answer(parse_question(question, names(), TODAY), in_thread)

    assert found
    assert found.order
    assert found.order.words == f"alerts show 3 --about {about}"


def test_a_service_that_is_not_asked_is_written_with_its_capital_letter() -> None:
    """However the provider's id and the question write it."""
    assert parse_question("how do we rank in google?", names(), TODAY).not_asked == ("Google",)


def test_the_first_word_of_a_brand_names_it() -> None:
    """Unless it is an ordinary word, or that of another brand too."""
    brands = ("Zoho CRM", "Close Software", "Acme One", "Acme Two")
    found = read_names_of(Catalogue(tuple(map(Brand, brands))), SHOWN)

    assert parse_question("us against Zoho", found, TODAY).brands == ("Zoho CRM",)
    assert parse_question("us against Acme", found, TODAY).unknown == ("Acme",)
    assert parse_question("close the alert", found, TODAY).brands == ()


@pytest.mark.parametrize("brand", ["keap", "kommo", "Nimble", "Copper", "Bigin", "Freshdesk"])
def test_another_brand_is_not_taken_for_one_that_is_known(brand: str) -> None:
    """A word in its place would change what is asked: "how are we doing" and not "against keap"."""
    for question in (f"are we ahead of {brand}?", f"how is {brand} doing?", f"us vs {brand}"):
        assert answer(question) == "-"


@pytest.mark.parametrize(
    "more",
    [
        "except Claude",
        "without HubSpot",
        "if we raise prices",
        "in Germany",
        "before the summit",
        "instead of HubSpot",
        "and why do they drop it",
        "half of the time",
        "for small businesses",
    ],
)
def test_a_question_is_not_answered_without_a_part_of_it(more: str) -> None:
    """Whatever limits a question that is answered keeps it from being answered."""
    for question in (
        "how are we doing",
        "what is our share of voice",
        "which sources do they cite",
    ):
        assert answer(question) != "-"
        assert answer(f"{question} {more}") == "-"


def test_a_brand_that_is_an_ordinary_word_is_found_where_it_is_a_name() -> None:
    """And the word where it is none."""
    shown = {Model("openai", "gpt-5"): "ChatGPT"}
    found = read_names_of(
        Catalogue((Brand("Monday"), Brand("Close", tracked=False), Brand("Acme"))), shown
    )

    assert parse_question("us against Close", found, TODAY).brands == ("Close",)
    assert parse_question("changes since Monday", found, TODAY).brands == ()
    assert parse_question("close the alert", found, TODAY).intent == "close"


@pytest.mark.parametrize(
    ("model", "word"),
    [
        (Model("groq", "llama-3.3-70b"), "Llama"),
        (Model("ollama", "llama3.2"), "Llama"),
        (Model("deepinfra", "deepseek-v3"), "DeepSeek"),
        (Model("mygateway", "gpt-5"), "ChatGPT"),
    ],
    ids=str,
)
def test_a_model_is_meant_by_the_family_that_its_id_begins_like(model: Model, word: str) -> None:
    """Also where readers are shown its id, since nothing says whose it is."""
    found = read_names_of(CATALOGUE, {model: model.id})

    parsed = parse_question(f"how often does {word} mention us?", found, TODAY)
    assert parsed.models == (model.id,)
    assert not parsed.not_asked


def test_a_question_goes_on_with_the_one_before() -> None:
    """With another model, another brand or another time."""
    before = parse_question("how often does ChatGPT mention us since May?", names(), TODAY)
    other = parse_question("and at Claude?", names(), TODAY, before)
    made = plan_answer(other, situation())

    assert made
    assert made.order
    assert made.order.given == {
        "brand": "Pipedrive",
        "model": "anthropic/claude-sonnet-5-5",
        "since": "2026-05-01",
    }
    assert not parse_question("and with what?", names(), TODAY, before).understood
    assert not parse_question("and why at Claude?", names(), TODAY, before).understood


@pytest.mark.parametrize("text", ["", "?", "x" * 5_000, "how " * 200, "\u202e\u0000", "<!channel>"])
def test_no_text_is_too_strange(text: str) -> None:
    """It is not understood, and nothing fails."""
    reading = parse_question(text, names(), TODAY)

    assert isinstance(reading, ParsedQuestion)
    assert not reading.understood


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("since May", date(2026, 5, 1), None),
        ("since 3 May", date(2026, 5, 3), None),
        ("since May 3rd", date(2026, 5, 3), None),
        ("since December", date(2025, 12, 1), None),
        ("in May 2025", date(2025, 5, 1), date(2025, 6, 1)),
        ("since 2026-10-05", date(2026, 10, 5), None),
        ("last month", date(2026, 10, 1), date(2026, 11, 1)),
        ("in the last month", date(2026, 10, 31), None),
        ("over the past two weeks", date(2026, 11, 16), None),
        ("this week", date(2026, 11, 30), date(2026, 12, 7)),
        ("last week", date(2026, 11, 23), date(2026, 11, 30)),
        ("since Friday", date(2026, 11, 27), None),
        ("yesterday", date(2026, 11, 29), date(2026, 11, 30)),
        ("in Q3", date(2026, 7, 1), date(2026, 10, 1)),
        ("this quarter", date(2026, 10, 1), date(2027, 1, 1)),
        ("last year", date(2025, 1, 1), date(2026, 1, 1)),
        ("in 2025", date(2025, 1, 1), date(2026, 1, 1)),
        ("seit letztem Monat", date(2026, 10, 1), None),
        ("in den letzten zwei Wochen", date(2026, 11, 16), None),
        ("seit dem 5. Oktober", date(2026, 10, 5), None),
    ],
)
def test_times_are_read(text: str, start: date, end: date | None) -> None:
    """In the words of both languages; today is Monday, 30 Nov 2026."""
    reading = parse_question(f"Pipedrive {text}", read_names_of(CATALOGUE, SHOWN), TODAY)

    assert reading.period
    assert (reading.period.start, reading.period.end) == (start, end)
    assert reading.unknown == ()


@pytest.mark.parametrize(
    "text",
    [
        "until Monday",
        "next week",
        "two weeks ago",
        "since 2027",
        "on 31 February",
        "between May and July",
    ],
)
def test_other_times_are_left_to_the_model(text: str) -> None:
    """Those that are still to come, and those that are none."""
    assert not parse_question(f"how are we doing {text}", names(), TODAY).understood
