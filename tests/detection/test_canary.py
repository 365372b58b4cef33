import pytest

from overheard.detection.silent_updates import compare_first_words, first_word, nearest_ties


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Blue.", "blue"),
        ("  **Teal** is nice", "teal"),
        ("\u201cRed\u201d", "red"),
        ("... Green", "green"),
        ("", ""),
        ("!?", ""),
    ],
)
def test_the_first_word(text: str, word: str) -> None:
    """Case, quotes and punctuation do not make another answer."""
    assert first_word(text) == word


def test_prompts_near_a_tie_are_chosen() -> None:
    """The nearest tie comes first, then steady answers; without any answer there is nothing."""
    chosen = nearest_ties(
        {
            "steady": ["Blue"] * 10,
            "near": ["Oak"] * 6 + ["Elm."] * 4,
            "far": ["Dog"] * 9 + ["cat"],
            "silent": [""] * 10,
        }
    )
    assert [border.prompt for border in chosen] == ["near", "far", "steady"]
    assert chosen[0].answers == {"oak": 6, "elm": 4}
    assert chosen[0].tie == pytest.approx(0.4)


def test_no_more_are_chosen_than_wanted() -> None:
    """A daily run stays small."""
    assert len(nearest_ties({str(n): ["a", "b"] for n in range(9)}, most=3)) == 3


REFERENCE = {"one": ["Oak", "Elm"], "two": ["Red", "Blue"], "three": ["Dog"]}


def test_two_unseen_answers_are_a_hit() -> None:
    """Two answers that were never given before, to whichever prompts."""
    verdict = compare_first_words(REFERENCE, {"one": "Ash", "two": "red!", "three": "Cat"})
    assert verdict.unseen == (("one", "ash"), ("three", "cat"))
    assert verdict.hit
    assert verdict.asked == 3


def test_one_unseen_answer_is_none() -> None:
    """A single odd answer happens; so do failed calls, which say nothing."""
    assert not compare_first_words(REFERENCE, {"one": "Ash", "two": "blue", "three": ""}).hit


def test_a_prompt_without_a_reference_says_nothing() -> None:
    """Whatever it is answered, nothing is known of it."""
    verdict = compare_first_words(REFERENCE, {"new": "x", "newer": "y", "one": "oak"})
    assert not verdict.hit
    assert verdict.asked == 1
