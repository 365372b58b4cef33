"""False claims over answers, put together."""

import pytest

from overheard.domain import Model
from overheard.reading.claims import FalseClaim, cluster_claims, states_the_same

SENTENCE = "Acme costs $49 a month, or $59."


def claim(answer: int, stated: str, quote: str = SENTENCE) -> FalseClaim:
    """Return a wrong claim about the price."""
    return FalseClaim(answer, Model("svc", "m"), "price", "wrong", stated, quote)


def test_what_two_scorers_read_in_one_sentence_is_one_claim() -> None:
    """In the shortest words, however many answers make it."""
    heard = [claim(n, said) for n in (1, 2, 3) for said in ("$49 a month", "$49")]
    [found] = cluster_claims(heard)

    assert (found.first.stated, found.answers, len(found.claims)) == ("$49", 3, 3)


def test_the_same_sentence_may_make_two_claims() -> None:
    """Other numbers are another claim; the same number in other words is the same."""
    assert len(cluster_claims([claim(1, "$49"), claim(1, "$59")])) == 2
    assert (
        len(cluster_claims([claim(1, "$49"), claim(1, "49 dollars every month", "It is 49.")])) == 1
    )


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("$49", "$49.00 per user a month", True),
        ("$49", "$49 a month or $588 a year", True),
        ("1,500", "1500 people", True),
        ("Austin", "Austin, Texas", True),
        ("Austin", "Boston", False),
        ("Denver, Colorado", "Denver, CO", True),
        ("Denver, Colorado", "Boulder, CO", False),
        ("Springfield, Illinois", "Springfield, Missouri", False),
        ("1999", "1998", False),
        ("$4.90", "$49", False),
    ],
)
def test_a_value_in_other_words_is_the_same(first: str, second: str, same: bool) -> None:
    """Numbers decide where there are any, and else the words."""
    assert states_the_same(claim(1, first), claim(2, second)) is same


def test_part_of_a_sentence_is_the_same_sentence() -> None:
    """With any white space between its words."""
    assert len(cluster_claims([claim(1, "$49"), claim(1, "$49 a month", "Acme costs  $49")])) == 1
