"""Tests of the scorer of citations."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from overheard import (
    Answer,
    Brand,
    Citation,
    Detail,
    Finish,
    Model,
    Prompt,
    Question,
    Reply,
    Score,
    Scorer,
)
from overheard.reading.reader import Reader
from overheard_citations import Citations
from overheard_citations.domains import domain_of, owns

ACME = Brand("Acme", domains=("acme.com", "acme.co.uk"))
BOLT = Brand("Bolt", domains=("bolt.io",))


def score(citations: Iterable[Citation], brand: Brand = ACME) -> dict[str, Score]:
    """Score an answer with these citations, by metric."""
    question = Question(Prompt("Which?"), Model("svc", "m-1"))
    reply = Reply("Acme and Bolt.", Finish.COMPLETE, tuple(citations))
    answer = Answer(1, question, reply, datetime(2026, 3, 2, tzinfo=UTC))
    rivals = [other for other in (ACME, BOLT) if other is not brand]
    reading = Reader([ACME, BOLT]).read(answer).reading(brand, rivals)
    return {score.metric: score for score in Citations().score(reading)}


def test_it_has_the_shape_of_a_scorer() -> None:
    """The core can use it."""
    assert isinstance(Citations(), Scorer)


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("https://www.blog.acme.co.uk/x?y=1", "acme.co.uk"),
        ("HTTPS://ACME.COM.", "acme.com"),
        ("acme.com", "acme.com"),
        ("http://acme.github.io/a", "acme.github.io"),
        ("https://user:secret@acme.com:8080/", "acme.com"),
        ("http://127.0.0.1:80/x", "127.0.0.1"),
        ("https://xn--mnchen-3ya.de/", "münchen.de"),
        ("https://[::1", ""),
        ("acme.com:443/x", "acme.com"),
        ("acme.com?next=https://evil.net/", "acme.com"),
        ("https://evil.net\\@acme.com/", "evil.net"),
        ("mailto:sales@acme.com", ""),
        ("javascript:alert(1)", ""),
        ("data:text/html,acme.com", ""),
        ("", ""),
    ],
)
def test_a_domain_is_what_can_be_registered(address: str, domain: str) -> None:
    """For addresses of all kinds; text without an address has no domain."""
    assert domain_of(address) == domain


def test_a_domain_owns_what_lies_below_it_and_nothing_that_looks_like_it() -> None:
    """A name that only ends in the same letters belongs to another owner."""
    assert owns(ACME.domains, "https://docs.acme.com/a")
    assert not owns(ACME.domains, "https://notacme.com/a")
    assert not owns(ACME.domains, "https://acme.com.evil.net/")


def test_an_own_page_among_others_is_a_share_of_the_domains() -> None:
    """Two pages of one domain are one domain; the quote is the own page."""
    found = score(
        Citation(url)
        for url in ("https://acme.com/a", "https://acme.com/b", "https://bolt.io", "https://c.org")
    )

    assert found["own_citation"].value == 1
    assert found["own_citation"].quote == "https://acme.com/a"
    assert found["citation_share"].value == pytest.approx(1 / 3)


def test_each_source_is_told_as_own_competitor_or_other() -> None:
    """A source that was merely retrieved says so, and counts for no metric."""
    found = score(
        [
            Citation("https://bolt.io/x"),
            Citation("https://c.org", cited=False),
            Citation("https://acme.com/a", cited=False),
        ]
    )

    assert found["own_citation"].value == 0
    assert found["own_citation"].details == (
        Detail("bolt.io", "competitor", "https://bolt.io/x"),
        Detail("c.org", "other, retrieved", "https://c.org"),
        Detail("acme.com", "own, retrieved", "https://acme.com/a"),
    )


def test_an_answer_without_citations_has_no_score() -> None:
    """What cannot be seen is left out, never 0; so is a brand without domains."""
    assert score([]) == {}
    assert score([Citation("https://acme.com", cited=False)]) == {}
    assert score([Citation("not an address at all")]) == {}
    assert score([Citation("https://acme.com")], Brand("Cole")) == {}
