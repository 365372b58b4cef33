"""The grammar of questions in words, on lists of questions with what they are answered by."""

from dataclasses import replace
from datetime import date, time

import pytest

from kit.question_lists import CATALOGUE, SHOWN, TODAY, answer, names, questions, right, situation
from overheard.chat.questions.grammar import parse_question
from overheard.chat.questions.names import KnownNames
from overheard.chat.questions.parsed_question import ParsedQuestion
from overheard.chat.questions.planner import plan_answer
from overheard.chat.questions.situation import read_names_of
from overheard.domain import Brand, Catalogue, Model


@pytest.mark.parametrize(
    ("language", "every"),
    [pytest.param("en", 1, marks=pytest.mark.slow), ("en", 3), ("de", 1)],
    ids=["en", "some of en", "de"],
)
def test_questions_are_answered_as_the_lists_say(language: str, every: int) -> None:
    """Those that are not understood are not answered, whatever they ask for."""
    wrong = [
        (question, expected, got)
        for expected, question, measured in [*questions(language)][::every]
        if not measured and not right(expected, got := answer(question))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_questions_that_nothing_was_adjusted_to_are_not_answered_wrongly(language: str) -> None:
    """Five of six are answered; the others are not understood."""
    found = [
        (question, expected, answer(question))
        for expected, question, measured in questions(language)
        if measured
    ]
    fitting = sum(right(expected, got) for _, expected, got in found)
    wrong = [one for one in found if one[2] != "-" and not right(*one[1:])]

    assert wrong == []
    assert fitting >= 0.85 * len(found)


@pytest.mark.parametrize(
    ("model", "command"), [("ChatGPT", "alerts show"), ("Claude", "")], ids=["its own", "another"]
)
def test_why_in_a_thread_means_its_alert_only_for_its_model(model: str, command: str) -> None:
    """Another model without an alert gets the buttons, as outside of the thread."""
    in_thread = replace(situation(), thread_alert=situation().alerts[0])
    found = plan_answer(
        parse_question(f"why does {model} rank us so low?", names(), TODAY), in_thread
    )

    assert found is not None
    assert found.command == command
    assert bool(found.actions) == (not command)


def test_a_service_that_is_not_asked_is_written_with_its_capital_letter() -> None:
    """However the provider's id and the question write it."""
    assert parse_question("how do we rank in google?", names(), TODAY).not_asked == ("Google",)


@pytest.mark.parametrize(
    "question",
    ["How is Hubsopt doing?", "how often does chat gpt mention hubspt", "us against salesfroce"],
)
def test_names_are_found_with_a_mistake(question: str) -> None:
    """What they were read as is kept, to be shown."""
    reading = parse_question(question, names(), TODAY)

    assert reading.understood
    assert reading.guessed or reading.models


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("shwo me the anwsers", "show me the answers"),
        ("share of vioce last qaurter", "share of voice last quarter"),
        ("visability at Claude", "visibility at Claude"),
        ("waht changed", "what changed"),
    ],
)
def test_words_are_found_with_a_mistake(typed: str, meant: str) -> None:
    """Also those that are only a part of a phrase or of a time."""
    assert answer(typed) == answer(meant) != "-"


@pytest.mark.parametrize("brand", ["keap", "kommo", "Nimble", "Copper", "Bigin", "monday.com"])
def test_another_brand_is_not_taken_for_a_mistake(brand: str) -> None:
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


def test_only_is_used_beside_a_name() -> None:
    """Elsewhere it limits something else."""
    assert answer("how are we doing only at Claude") == answer("how are we doing at Claude") != "-"
    assert answer("show only the negative answers") == "-"


def test_another_brand_of_a_similar_name_is_not_taken_for_a_known_one() -> None:
    """One other brand is enough for no answer."""
    assert not parse_question("how is Pipedream doing?", names(), TODAY).understood
    assert not parse_question("us against Freshdesk", names(), TODAY).understood


def test_a_brand_that_is_an_ordinary_word_is_found_where_it_is_a_name() -> None:
    """And the word where it is none."""
    shown = {Model("openai", "gpt-5"): "ChatGPT"}
    found = read_names_of(
        Catalogue((Brand("Monday"), Brand("Close", tracked=False), Brand("Acme"))), shown
    )

    assert parse_question("us against Close", found, TODAY).brands == ("Close",)
    assert parse_question("snooze this till Monday", found, TODAY).brands == ()
    assert parse_question("close the alert", found, TODAY).intent == "close"


def test_a_question_goes_on_with_the_one_before() -> None:
    """With another model, another brand or another time."""
    before = parse_question("how often does ChatGPT mention us since May?", names(), TODAY)
    other = parse_question("and at Claude?", names(), TODAY, before)
    made = plan_answer(other, situation())

    assert made
    assert made.command == "trend"
    assert made.options["model"] == "anthropic/claude-sonnet-5-5"
    assert made.options["since"] == "2026-05-01"
    assert not parse_question("and with what?", names(), TODAY, before).understood


def test_versions_of_models_that_are_not_asked_are_not_answered() -> None:
    """The answer names those that are asked."""
    assert parse_question("how is GPT-4 doing?", names(), TODAY).not_asked == ("GPT 4",)
    assert parse_question("how are we doing at gpt-5.4-mini?", names(), TODAY).understood


@pytest.mark.parametrize("text", ["", "?", "x" * 5_000, "how " * 200, "\u202e\u0000", "<!channel>"])
def test_no_text_is_too_strange(text: str) -> None:
    """It is not understood, and nothing fails."""
    reading = parse_question(text, names(), TODAY)

    assert isinstance(reading, ParsedQuestion)
    assert not reading.understood


def test_without_any_brand_the_way_on_is_the_set_up() -> None:
    """A deployment begins empty."""
    reading = parse_question("which questions do we lose?", KnownNames(), TODAY)
    made = plan_answer(reading, situation().__class__(TODAY, commands=situation().commands))

    assert made
    assert [action.words for action in made.actions] == ["setup brand"]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("since May", date(2026, 5, 1)),
        ("since 3 May", date(2026, 5, 3)),
        ("since May 3rd", date(2026, 5, 3)),
        ("since December", date(2025, 12, 1)),
        ("since 2026-10-05", date(2026, 10, 5)),
        ("last month", date(2026, 10, 1)),
        ("in the last month", date(2026, 10, 31)),
        ("over the past two weeks", date(2026, 11, 16)),
        ("this week", date(2026, 11, 30)),
        ("last week", date(2026, 11, 23)),
        ("since Friday", date(2026, 11, 27)),
        ("yesterday", date(2026, 11, 29)),
        ("two weeks ago", date(2026, 11, 16)),
        ("in Q3", date(2026, 7, 1)),
        ("this quarter", date(2026, 10, 1)),
        ("this year", date(2026, 1, 1)),
        ("last year", date(2025, 1, 1)),
        ("seit letztem Monat", date(2026, 10, 1)),
        ("in den letzten zwei Wochen", date(2026, 11, 16)),
        ("seit dem 5. Oktober", date(2026, 10, 5)),
        ("between May and July", date(2026, 5, 1)),
        ("from 3 May to 5 June", date(2026, 5, 3)),
        ("zwischen Mai und Juli", date(2026, 5, 1)),
        ("between 10 and 20 November", date(2026, 11, 10)),
        ("in mid October", date(2026, 10, 11)),
        ("since the beginning of November", date(2026, 11, 1)),
        ("since 29 February", date(2024, 2, 29)),
        ("last summer", date(2026, 6, 1)),
        ("overnight", date(2026, 11, 29)),
        ("this fortnight", date(2026, 11, 16)),
        ("year to date", date(2026, 1, 1)),
        ("in week 47", date(2026, 11, 16)),
        ("in week 52", date(2025, 12, 22)),
        ("in H1", date(2026, 1, 1)),
        ("over the year", date(2025, 11, 30)),
        ("since Setpember", date(2026, 9, 1)),
        ("since Wendesday", date(2026, 11, 25)),
        ("seit Mitte Oktober", date(2026, 10, 11)),
        ("in KW 47", date(2026, 11, 16)),
    ],
)
def test_times_are_read(text: str, start: date) -> None:
    """In the words of both languages; today is Monday, 30 Nov 2026."""
    reading = parse_question(f"Pipedrive {text}", read_names_of(CATALOGUE, SHOWN), TODAY)

    assert reading.period
    assert reading.period.start == start
    assert reading.unknown == ()


@pytest.mark.parametrize(
    ("text", "day", "at"),
    [
        ("till Monday", date(2026, 12, 7), None),
        ("until 3 December", date(2026, 12, 3), None),
        ("until 29 February", date(2028, 2, 29), None),
        ("until Friday 3pm", date(2026, 12, 4), time(15)),
        ("until tomorrow at 9", date(2026, 12, 1), time(9)),
        ("for two weeks", date(2026, 12, 14), None),
        ("until the end of the week", date(2026, 12, 6), None),
        ("until 15:30", TODAY, time(15, 30)),
        ("next week", date(2026, 12, 7), None),
        ("bis Freitag 15 Uhr", date(2026, 12, 4), time(15)),
    ],
)
def test_times_that_are_still_to_come_are_read(text: str, day: date, at: time | None) -> None:
    """A day of the week is the next one, with the time of day that is named."""
    period = parse_question(f"snooze {text}", names(), TODAY).period

    assert period
    assert (period.ahead, period.at) == (day, at)
