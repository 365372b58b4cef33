"""Tests of what models search for, whose pages they are shown, and the brand's own pages."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from kit.office import Office, open_office
from kit.scripted import reply
from kit.vendors import Reaction
from overheard import (
    Citation,
    Judge,
    Landscape,
    LandscapeEntry,
    LandscapeTopic,
    Model,
    Reading,
    Score,
    Search,
    Tainted,
)
from overheard.deployment import Call
from overheard.scoring.service import Scoring
from overheard.testing.service import Service
from overheard_accuracy.scorer import Accuracy
from overheard_sources import pages
from overheard_sources.robots import is_allowed, read_rules, refusals
from overheard_sources.searches import page_key

CONFIG = """
[[brands]]
name = "Acme"
domains = ["acme.test"]
competitors = ["Zeta"]

[[brands]]
name = "Zeta"
domains = ["zeta.test"]
tracked = false

[[prompts]]
text = "Which tool is best?"
[[prompts]]
text = "Which tool is cheap?"
[[prompts]]
text = "Is Acme any good?"

[[facts]]
brand = "Acme"
field = "price"
value = "$14 a month"
"""
ASSISTED = '\n[providers.svc]\n\n[assistant]\nmodel = "svc/m-1"\nbudget = 1.0\n'
CITED = Citation("https://g2.test/best?utm_source=openai", "G2")
OWN = Citation("https://www.acme.test/pricing/", cited=False)
ZETA = Citation("https://zeta.test/", cited=False)


def answer(question: Any) -> Any:
    """Answer after two searches; only the second of one question shows a page of Acme's."""
    searches = [Search("best tool 2026", (CITED.url, ZETA.url))]
    if "cheap" in question.prompt.text:
        searches += [Search("tool prices", (OWN.url,)), Search("", (OWN.url,))]
    return reply("Zeta is best.", citations=(CITED, ZETA, OWN), searches=tuple(searches))


@pytest.fixture
async def office() -> Office:
    """An office with a check, whose model searched."""
    office = await open_office(CONFIG + ASSISTED)
    office.provider.answer = answer
    await office.chat.type("check")
    return office


async def test_searches_without_an_own_page_come_first(office: Office) -> None:
    """Questions that name the brand are left out, and a site that is cited there is named."""
    card = (await office.chat.type("sources list")).card

    assert card.title == "m-1 is shown no page of yours in 2 of 3 searches"
    assert str(card.text.text) == (  # type: ignore[union-attr] # models wrote of it
        "A page of yours is shown in 1, cited in 0. Cited in those 2: g2.test in 2."
    )
    assert card.table is not None
    [row] = card.table.rows
    assert row == (Tainted("best tool 2026"), "2\N{MULTIPLICATION SIGN}")
    assert card.data["searches"][0]["shown"] == ["g2.test/best", "zeta.test"]
    assert card.data["without_own"] == 2


async def test_the_report_brief_and_page_say_it_in_a_sentence(office: Office) -> None:
    """That of the card's title; nothing where no search is known."""
    sentence = "m-1 is shown no page of yours in 2 of 3 searches."
    report = (await office.chat.type("report Acme")).card
    brief = (await office.chat.type("brief Acme")).card
    page = (await office.chat.type("report Acme --share")).card
    silent = await open_office(CONFIG)
    await silent.chat.type("check")
    nothing = (await silent.chat.type("sources list")).card

    assert sentence in str(report.text)
    assert sentence in str(brief.text)
    assert page.file is not None
    assert sentence in page.file.content.decode()
    assert nothing.title == "No search of a model is known here"
    assert "searches" not in str((await silent.chat.type("report Acme")).card.text)


async def test_an_own_page_that_is_shown_and_never_cited_is_named(office: Office) -> None:
    """However it was linked."""
    card = (await office.chat.type("sources pages")).card

    assert card.title == "acme.test/pricing is shown in 2 answers, and cited in none"
    assert card.data["pages"] == [{"page": "acme.test/pricing", "shown": 2, "cited": 0}]


@pytest.mark.parametrize(
    ("source", "key"),
    [
        (Citation("https://www.Acme.test/Pricing/?utm_source=x#top"), "acme.test/Pricing"),
        (Citation("acme.test"), "acme.test"),
        (Citation("https://share.google/x", "g2.com"), "g2.com"),
        (Citation("https://t.co/x"), ""),
    ],
)
def test_a_page_is_one_however_it_is_linked(source: Citation, key: str) -> None:
    """Of a redirect only the host is known, and not even that of a short link."""
    assert page_key(source) == key


class Site(Service):
    """Acme's site: its robots.txt, a page, and what a host of its own does."""

    robots = Reaction(b"User-agent: OAI-SearchBot\nDisallow: /", content_type="text/plain")
    page = Reaction(b"<h1>Prices</h1><p>Acme costs $49 a month.</p>", content_type="text/html")

    def react(self, call: Any) -> Reaction:
        """Answer as a web server."""
        self.calls.append(call)
        return self.robots if call.path == "/robots.txt" else self.page


@pytest.fixture
async def site(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """The site, in the place of every host."""
    async with Site().serving() as service:
        monkeypatch.setattr(pages, "ORIGIN", service.url + "{:.0}")
        yield service


CRAWLERS = "GPTBot (training), OAI-SearchBot (search), ChatGPT-User (pages that a user asks for)."
LANDSCAPE = Landscape(
    "openai", "OpenAI", (LandscapeEntry(LandscapeTopic.CRAWLERS, CRAWLERS, "https://a.test"),)
)


class Paid:
    """A judge, whose model would cost money.

    Attributes:
        read: The readings that it was given.
    """

    name, version, metrics = "paid", "1", ()
    model, budget, rehearsals = Model("svc", "m-1"), 1.0, ()

    def __init__(self) -> None:
        self.read: list[Reading] = []

    def score(self, reading: Reading) -> tuple[Score, ...]:
        """Remember what it would ask about."""
        self.read.append(reading)
        return ()

    def agreement(self, replies: Any) -> tuple[int, int]:
        """Agree."""
        return len(replies), len(replies)

    def connect(self, asker: Any) -> None:
        """Take nothing."""


async def test_refused_crawlers_are_told_with_the_remedy(office: Office, site: Site) -> None:
    """First, because what is refused is not shown; then what the page states wrongly."""
    plugins = replace(office.deployment.plugins, landscapes={"openai": LANDSCAPE})
    paid = Paid()
    scoring = Scoring([Accuracy(), paid], office.deployment.catalogue)
    deployment = replace(office.deployment, plugins=plugins, scoring=scoring)
    card: Any = await plugins.commands["sources pages"].run(Call(deployment), read=True)

    assert card.title == "acme.test keeps out OAI-SearchBot"
    assert str(card.text.text) == (
        "Add to acme.test/robots.txt:\nUser-agent: OAI-SearchBot\nAllow: /\n\n"
        "acme.test/pricing states price $49; your facts say $14 a month.\n\n"
        "acme.test/pricing is shown in 2 answers, and cited in none."
    )
    assert [call.path for call in site.calls] == ["/robots.txt", "/pricing"]
    assert isinstance(paid, Judge)
    assert not paid.read
    assert card.data["refused"][0]["crawlers"] == ["OAI-SearchBot"]


@pytest.mark.parametrize(
    ("reaction", "problem"),
    [
        (Reaction(status=302, headers={"Location": "http://169.254.169.254/x"}), "not your own"),
        (Reaction(status=302, headers={"Location": "https://evil.test/"}), "not your own"),
        (Reaction(status=302, headers={"Location": "https://www.acme.test/"}), "again and again"),
        (Reaction(hang_up=True), "cannot be read"),
        (Reaction(status=403), "the server answers 403"),
        (Reaction(silent=True), "no answer within"),
    ],
)
async def test_a_site_leads_nowhere_but_to_itself(
    reaction: Reaction, problem: str, office: Office, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be read is told, and nothing else is asked."""
    monkeypatch.setattr(pages, "TIMEOUT_S", 0.5)
    site.robots = site.page = reaction
    card = (await office.chat.type("sources pages --read")).card

    assert problem in str(card.data["problems"])
    assert {call.path for call in site.calls} <= {"/robots.txt", "/pricing", "/"}


def test_a_server_that_is_out_of_order_refuses_all() -> None:
    """As crawlers take it; a missing file refuses none."""
    refusing = refusals("a.test", "User-agent: *\nDisallow: /", ["/"], [LANDSCAPE])

    assert [refusal.crawlers for refusal in refusing] == [("OAI-SearchBot", "ChatGPT-User")]
    assert refusals("a.test", "", ["/"], [LANDSCAPE]) == []


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/", True),
        ("User-agent: bot\nDisallow:", "/", True),
        ("user-agent : BOT # x\ndisallow : /a", "/a/b", False),
        ("User-agent: bot\nDisallow: /\nAllow: /a", "/a", True),
        ("User-agent: bot\nDisallow: /a\nAllow: /a", "/a", True),
        ("User-agent: *\nDisallow: /", "/", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: bot\nDisallow: /b", "/", True),
        ("User-agent: x\nUser-agent: bot\nDisallow: /", "/", False),
        ("User-agent: bot\nAllow: /b\nUser-agent: x\nDisallow: /", "/", True),
        ("User-agent: bot\nDisallow: /*.pdf$", "/a/x.pdf", False),
        ("User-agent: bot\nDisallow: /*.pdf$", "/a/x.pdf?b", True),
        ("User-agent: bot\nDisallow: /a$", "/a", False),
        ("User-agent: bot\nDisallow: /a$", "/ab", True),
        ("User-agent: bot\nDisallow: /a*b*c", "/axbxxc/d", False),
        ("User-agent: bot\nDisallow: /ab*ba$", "/aba", True),
        ("Disallow: /", "/", True),
        ("\0\x1b[2J: x\n:::\nUser-agent\n", "/", True),
    ],
)
def test_robots_are_read_by_the_standard(text: str, path: str, allowed: bool) -> None:
    """RFC 9309: groups, the longest match, both wildcards; anything else is passed over."""
    assert is_allowed(read_rules(text), "Bot", path) is allowed


def test_a_hostile_file_takes_no_time() -> None:
    """Wildcards are followed in one pass, and a page without an end is cut."""
    begun = time.process_time()
    rules = read_rules("User-agent: bot\n" + f"Disallow: /{'*a' * 2_000}b\n" * 1_000)

    assert is_allowed(rules, "bot", "/" + "a" * 2_000)
    assert len(pages.page_text("<" * 500_000 + "<script>" * 100_000)) <= pages.MAX_TEXT_CHARS
    assert time.process_time() - begun < 5


def test_a_page_is_read_without_what_it_hides() -> None:
    """Headings and lists stay what they are."""
    document = (
        "<title>T</title><script>if (a < b) x()</script><h2 class='x'>Plans &amp; more</h2>"
        "<ul><li>Free<li>Team</ul><style>p{}</style><p>From <b>$14</b>.</p><nav>Menu</nav>End"
    )
    text = "T\n\n## Plans & more\n\n- Free\n\n- Team\n\nFrom $14.\n\nEnd"
    assert pages.page_text(document) == text


@pytest.mark.parametrize(
    ("question", "command", "title"),
    [
        ("Whence this slump of ours?", "alerts list", "0 alerts"),
        (
            "Which googling went into that?",
            "sources list",
            "m-1 is shown no page of yours in 2 of 3",
        ),
        ("Whom do they put in for us?", "sources list", "m-1 is shown no page of yours in 2 of 3"),
        ("Was the FAQ a boon?", "actions list", "Nothing that you published is noted"),
        (
            "Which page needs a makeover?",
            "sources pages",
            "acme.test/pricing is shown in 2 answers",
        ),
    ],
)
async def test_questions_in_words_reach_the_cards(
    office: Office, question: str, command: str, title: str
) -> None:
    """The model that reads questions knows what each is for."""
    requests: list[str] = []

    def called(asked: Any) -> Any:
        requests.append(asked.prompt.text)
        return reply(
            json.dumps(
                {"calls": [{"command": command, "options": []}], "lacks": "nothing", "lacking": ""}
            )
        )

    office.provider.answer = called
    asked_in_words = office.chat.request(question=question, thread="")
    card = (await office.chat.bring(asked_in_words)).cards[-1]

    assert card.title.startswith(title)
    assert any(line.startswith(f"- {command}(") for line in requests[0].splitlines())
