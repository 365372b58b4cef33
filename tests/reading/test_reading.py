"""Tests of reading an answer for its brands."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings, strategies as st

from overheard.domain import Answer, Brand, Citation, Finish, Model, Prompt, Question, Reply
from overheard.reading.reader import Reader

ACME, BOLT, CRUX = Brand("Acme", competitors=("Bolt",)), Brand("Bolt"), Brand("Crux")
READER = Reader([ACME, BOLT, CRUX])


def answer(text: str, question: str = "What is the best tool?", *titles: str) -> Answer:
    """Wrap what a model wrote."""
    citations = tuple(Citation("https://example.org", title) for title in titles)
    asked = Question(Prompt(question), Model("echo", "echo"))
    reply = Reply(text, Finish.COMPLETE, citations)
    return Answer(1, asked, reply, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_reading_holds_the_market_alone() -> None:
    """Brands of another market are left out of a reading."""
    reading = READER.read(answer("Crux, Bolt and Acme.")).reading(ACME, [BOLT])
    assert [mention.brand for mention in reading.mentions] == ["Bolt", "Acme"]
    assert reading.competitors == (BOLT,)


def test_one_read_answer_serves_every_brand() -> None:
    """The body and the sentences are the same for all brands."""
    read = READER.read(answer("**Acme** is fine. Bolt too."))
    mine, other = read.reading(ACME, [BOLT]), read.reading(BOLT, [ACME])
    assert mine.body is other.body
    assert mine.sentence(1) == "Bolt too."


def test_a_question_that_names_a_competitor_is_branded() -> None:
    """A prompt is branded for each market that it names a member of."""
    read = READER.read(answer("Acme.", "Is Bolt any good?"))
    assert read.reading(ACME, [BOLT]).branded
    assert not read.reading(ACME, [CRUX]).branded


@pytest.mark.parametrize(
    "opening",
    [
        "Is Acme better than Bolt?\n\n",
        "# Is Acme better than Bolt?\n",
        "**Is Acme better than Bolt?** ",
        '"Is Acme better than Bolt?" ',
        "Question: is acme better than bolt?\n",
        "> Is Acme better than Bolt?\n\n",
        "Is Acme better than Bolt: ",
        'Great question! "Is Acme better than Bolt?" ',
        "Sure! You want to know: is Acme better than Bolt?\n\n",
    ],
)
def test_the_echoed_question_does_not_count(opening: str) -> None:
    """A restatement of the question at the head of the answer is no mention."""
    read = READER.read(answer(f"{opening}Bolt is.", "Is Acme better than Bolt?"))
    assert [mention.brand for mention in read.mentions] == ["Bolt"]


def test_an_answer_that_only_begins_like_the_question_counts() -> None:
    """Where the sentence goes on, it is the answer's own."""
    read = READER.read(answer("Acme or Bolt would both do.", "Acme or Bolt"))
    assert len(read.mentions) == 2


def test_what_an_answer_says_before_the_question_counts() -> None:
    """Only the restatement itself does not count."""
    read = READER.read(answer("Crux! Is Acme better than Bolt? Yes.", "Is Acme better than Bolt?"))
    assert [mention.brand for mention in read.mentions] == ["Crux"]


def test_a_short_question_is_restated_at_the_head_alone() -> None:
    """Further on, its words are the answer's own."""
    read = READER.read(answer("There are two: Acme or Bolt. Take both.", "Acme or Bolt"))
    assert len(read.mentions) == 2


def test_a_cited_title_does_not_count() -> None:
    """A link that shows the title of a source is no mention."""
    read = READER.read(answer("Bolt. [Why Acme](https://x.org)", "Which?", "Why Acme"))
    assert [mention.brand for mention in read.mentions] == ["Bolt"]


def test_an_empty_answer_names_nobody() -> None:
    """Nothing said, nothing read."""
    reading = READER.read(answer("")).reading(ACME, [BOLT])
    assert (reading.body, reading.sentences, reading.mentions) == ("", (), ())


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=40))
def test_any_answer_to_any_question_is_read(text: str, question: str) -> None:
    """For any text, offsets stay inside the body and the result is the same again."""
    read = READER.read(answer(f"{text} Acme {text}", question))
    again = READER.read(answer(f"{text} Acme {text}", question))
    assert (read.body, read.sentences, read.mentions) == (
        again.body,
        again.sentences,
        again.mentions,
    )
    assert all(0 <= start < end <= len(read.body) for start, end in read.sentences)
    assert all(0 <= m.start < m.end <= len(read.body) for m in read.mentions)
