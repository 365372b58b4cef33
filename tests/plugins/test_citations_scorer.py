"""Tests of the scorer of citations."""

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote

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
    assert domain_of(Citation(address).host) == domain


TARGET = "https://www.acme.com/a?b=1"
QUOTED = quote(TARGET, safe="")
FACEBOOK = f"https://l.facebook.com/l.php?u={QUOTED}"


@pytest.mark.parametrize(
    "address",
    [
        f"https://www.google.com/url?q={QUOTED}&sa=U&ved=2ah",
        f"https://www.google.co.uk/url?sa=t&url={QUOTED}",
        f"https://www.google.com/imgres?imgrefurl={QUOTED}&h=1",
        "https://www.google.com/amp/s/www.acme.com/a?b=1",
        "https://www-acme-com.cdn.ampproject.org/c/s/www.acme.com/a?b=1",
        "https://cdn.ampproject.org/v/s/www.acme.com/a?b=1",
        "https://web.archive.org/web/20240102030405/https://www.acme.com/a?b=1",
        "https://web.archive.org/web/20240102030405if_/https://www.acme.com/a?b=1",
        "web.archive.org/web/2024/www.acme.com/a?b=1",
        "https://archive.ph/2024.01.02-030405/https://www.acme.com/a?b=1",
        "https://archive.is/newest/https://www.acme.com/a?b=1",
        "https://webcache.googleusercontent.com/search?q=cache:AbCdEfGh1234:https://www.acme.com/a",
        "https://webcache.googleusercontent.com/search?q=cache:www.acme.com/a+best&hl=en",
        f"https://translate.google.com/translate?hl=de&sl=en&u={QUOTED}",
        "https://www-acme-com.translate.goog/a?_x_tr_sl=en&_x_tr_tl=de",
        f"https://translate.yandex.com/translate?url={QUOTED}&lang=en-de",
        f"{FACEBOOK}&h=AT0",
        f"https://www.youtube.com/redirect?event=x&q={QUOTED}",
        f"https://duckduckgo.com/l/?uddg={QUOTED}",
        "https://www.bing.com/ck/a?!&&p=1&u=a1aHR0cHM6Ly93d3cuYWNtZS5jb20vYT9iPTE&ntb=1",
        f"https://r.search.yahoo.com/_ylt=A/RV=2/RE=1/RO=10/RU={QUOTED}/RK=2/RS=x",
        f"https://nam02.safelinks.protection.outlook.com/?url={QUOTED}&data=1",
        "https://urldefense.com/v3/__https://www.acme.com/a?b=1__;!!AbC!x$",
        f"https://www.google.com/url?q={quote(FACEBOOK, safe='')}",
    ],
)
def test_the_page_behind_a_wrapped_address_is_cited(address: str) -> None:
    """Redirects, AMP, archives, caches and translations name their target; nothing is fetched."""
    assert Citation(address).host == "acme.com"
    assert score([Citation(address)])["own_citation"].value == 1


@pytest.mark.parametrize(
    "address",
    [
        "https://www.google.com/search?q=acme.com",
        "https://www.google.com/url?q=/search",
        "https://support.google.com/translate/answer/1?u=https://acme.com",
        "https://web.archive.org/about/",
        "https://www.facebook.com/acme?ref=acme.com",
        "https://other.org/url?q=https://acme.com",
        "https://other.org/amp/s/acme.com",
        "https://www.youtube.com/watch?v=1&q=https://acme.com",
    ],
)
def test_an_address_that_only_holds_another_is_itself(address: str) -> None:
    """Only known forms of redirects are unwrapped."""
    assert Citation(address).host not in {"acme.com", ""}
    assert score([Citation(address)])["own_citation"].value == 0


HIDDEN = "https://vertexaisearch.cloud.google.com/grounding-api-redirect/AUZIYQ"


@pytest.mark.parametrize(
    ("source", "host"),
    [
        (Citation(HIDDEN, "acme.com"), "acme.com"),
        (Citation(HIDDEN, "WWW.Acme.com "), "acme.com"),
        (Citation(HIDDEN, "The best tools", domain="docs.acme.com"), "docs.acme.com"),
        (Citation(HIDDEN, "The best tools"), ""),
        (Citation(HIDDEN, "Acme vs. Bolt.io"), ""),
        (Citation(HIDDEN), ""),
        (Citation("https://bit.ly/3x", "acme.com"), "acme.com"),
        (Citation("https://t.co/3x", "Acme"), ""),
        (Citation("https://archive.ph/AbC12"), ""),
        (Citation("https://c.org/a", "acme.com"), "c.org"),
    ],
)
def test_a_redirect_has_the_host_that_is_reported_with_it(source: Citation, host: str) -> None:
    """The domain, else a title that is a host name; the title of a known page is no host."""
    assert source.host == host


def test_a_source_of_unknown_host_is_never_counted_as_another() -> None:
    """Without it, it is not known that the brand is not cited, nor what its share is."""
    unknown, other, own = Citation(HIDDEN, "Tools"), Citation("https://c.org"), Citation("acme.com")

    assert score([unknown]) == {}
    assert score([unknown, other]) == {}
    assert [(s.metric, s.value) for s in score([unknown, own]).values()] == [("own_citation", 1)]
    retrieved = Citation(HIDDEN, cited=False)
    assert score([retrieved, other])["citation_share"].value == 0


def test_gemini_sources_are_counted_by_their_titles() -> None:
    """All share one redirect service, which is no source."""
    titles = ("acme.com", "bolt.io", "c.org")
    found = score(Citation(f"{HIDDEN}{n}", title) for n, title in enumerate(titles))

    assert found["own_citation"].value == 1
    assert found["citation_share"].value == pytest.approx(1 / 3)
    assert [d.topic for d in found["own_citation"].details] == list(titles)


def test_a_domain_owns_what_lies_below_it_and_nothing_that_looks_like_it() -> None:
    """A name that only ends in the same letters belongs to another owner."""
    assert owns(ACME.domains, "docs.acme.com")
    assert not owns(ACME.domains, "notacme.com")
    assert not owns(ACME.domains, "acme.com.evil.net")


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
