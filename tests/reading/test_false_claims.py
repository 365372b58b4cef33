"""False claims over answers, put together."""

from overheard.domain import Model
from overheard.reading.claims import FalseClaim, cluster_claims

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
    """Other numbers are another claim, and so is another sentence in other words."""
    assert len(cluster_claims([claim(1, "$49"), claim(1, "$59")])) == 2
    assert (
        len(cluster_claims([claim(1, "$49"), claim(1, "49 dollars every month", "It is 49.")])) == 2
    )


def test_part_of_a_sentence_is_the_same_sentence() -> None:
    """With any white space between its words."""
    assert len(cluster_claims([claim(1, "$49"), claim(1, "$49 a month", "Acme costs  $49")])) == 1
