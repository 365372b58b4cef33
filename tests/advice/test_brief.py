"""Gaps in what models say of a brand, drawn from scored answers."""

from datetime import date

import pytest

from kit.stored_items import NOON
from overheard.advice.brief import BriefItem, BriefMarket, GapKind, steps
from overheard.advice.evidence import ScoredAnswer, facts_asked_for, true_facts
from overheard.advice.gaps import brief
from overheard.advice.pages import BriefPage, html
from overheard.domain import (
    Answer,
    Brand,
    Citation,
    Detail,
    Fact,
    Finish,
    Model,
    Prompt,
    Question,
    Reply,
    Score,
    ScoreRecord,
)

ACME, ZETA = Brand("Acme", domains=("acme.com",), competitors=("Zeta",)), Brand("Zeta")
PRICE = Fact("Acme", "price", "$12 a month", date(2026, 2, 1), previous=("$8 a month",))
CITY = Fact("Acme", "headquarters", "Lyon")
MARKET = BriefMarket(ACME, (ZETA,), (PRICE, CITY))
BEST = Prompt("Which tool is best?")
WORTH = Prompt("Is Acme worth its price?", topic="pricing")


def heard(
    *scores: tuple[str, Score], text: str = "", prompt: Prompt = BEST, sites: tuple[str, ...] = ()
) -> ScoredAnswer:
    """Make an answer with scores of brands."""
    citations = tuple(Citation(f"https://www.{site}/page") for site in sites)
    reply = Reply(text, Finish.COMPLETE, citations)
    answer = Answer(1, Question(prompt, Model("svc", "m-1")), reply, NOON)
    return ScoredAnswer(
        answer, tuple(ScoreRecord(0, brand, "s", "1", score) for brand, score in scores)
    )


def seen(acme: float, zeta: float, **more: object) -> ScoredAnswer:
    """Make an answer that names Acme and Zeta, or not."""
    scores = (("Acme", Score("visibility", acme)), ("Zeta", Score("visibility", zeta)))
    return heard(*scores, **more)  # type: ignore[arg-type]


def claiming(verdict: str, stated: str, topic: str = "price") -> ScoredAnswer:
    """Make an answer that states something of Acme."""
    detail = Detail(topic, verdict, stated, f"Acme costs {stated}.")
    return heard(
        ("Acme", Score("visibility", 1)),
        ("Acme", Score("accuracy", 0, details=(detail,))),
        text=f"Acme costs {stated}.",
        prompt=WORTH,
        sites=("old.example",),
    )


def test_a_claim_that_a_judge_reads_is_one_item_with_the_same_of_the_rules() -> None:
    """Facts in free words are held against the sheet by a judge alone."""
    price = Detail("price", "wrong", "$99", "Acme costs $99 a month.")
    judged = Detail("price", "wrong", "$99 a month", "Acme costs $99 a month.")
    city = Detail("headquarters", "wrong", "by the sea", "Acme sits by the sea.")
    both = heard(
        ("Acme", Score("visibility", 1)),
        ("Acme", Score("accuracy", 0, details=(price,))),
        ("Acme", Score("judged_accuracy", 0, details=(judged, city))),
        text="Acme costs $99 a month. Acme sits by the sea.",
        prompt=WORTH,
    )
    found = brief(MARKET, [both] * 3)

    assert {(i.kind, i.stated) for i in found} == {
        (GapKind.CLAIM, "$99"),
        (GapKind.CLAIM, "by the sea"),
    }


def kinds(items: list[BriefItem]) -> list[GapKind]:
    """Return what kinds of items there are."""
    return [item.kind for item in items]


def test_a_question_that_names_only_competitors_is_an_item() -> None:
    """It counts among all answers, and names the competitors."""
    found = brief(MARKET, [seen(0, 1), seen(0, 1), seen(1, 1), seen(0, 0)])
    [item] = [item for item in found if item.kind is GapKind.ABSENT]

    assert (item.hits, item.answers, item.subject) == (2, 4, BEST.key)
    assert "name Zeta and not Acme" in item.why
    assert item.interval[0] < 0.5 < item.interval[1]


def test_wrong_claims_that_say_the_same_are_one_item() -> None:
    """With who repeats them, what they cite, and the truth from the fact sheet."""
    answers = [claiming("stale", "$8"), claiming("stale", " $8 "), claiming("wrong", "$99")]
    items = [item for item in brief(MARKET, answers) if item.kind is GapKind.CLAIM]

    assert [(item.hits, item.stated) for item in items] == [(2, "$8"), (1, "$99")]
    assert "out of date" in items[0].why
    assert "wrong" in items[1].why
    assert items[0].facts == (PRICE,)
    assert items[0].sources == (("old.example", 2),)
    assert items[0].said[0].text == "Acme costs $8."
    assert items[0].models == (Model("svc", "m-1"),)


def test_a_fact_that_nobody_states_is_an_item() -> None:
    """One that an answer writes as the sheet does, or is held against, is none."""
    found = brief(MARKET, [claiming("correct", "$12"), seen(1, 0, text="Acme is fine.")])
    assert [item.subject for item in found if item.kind is GapKind.UNSTATED] == ["headquarters"]

    told = [claiming("correct", "$12"), seen(1, 0, text="Acme sits in LYON.")]
    assert GapKind.UNSTATED not in kinds(brief(MARKET, told))


def test_poor_sentiment_names_the_aspects_behind_it() -> None:
    """A topic is one when more answers are bad than good; what is not in the sheet is asked for."""
    slow = Detail("support", "negative", quote="Support is slow.")
    bad = heard(("Acme", Score("sentiment", -0.5, "Support is slow.", (slow,))), prompt=WORTH)
    good = heard(("Acme", Score("sentiment", 0.5)), prompt=WORTH)
    [item] = [
        i for i in brief(BriefMarket(ACME, (), ()), [bad, bad, good]) if i.kind is GapKind.SENTIMENT
    ]

    assert (item.subject, item.hits) == ("pricing", 2)
    assert "support" in item.why
    assert item.missing == "support"
    assert item.facts == ()
    assert GapKind.SENTIMENT not in kinds(brief(MARKET, [bad, bad, good, good]))


def test_criticism_in_answers_to_one_question_does_not_drown_in_the_others() -> None:
    """Where questions have no topic, as in imported history, each is a topic."""
    good = heard(("Acme", Score("sentiment", 0.5)))
    bad = heard(("Acme", Score("sentiment", -0.5)), prompt=Prompt("Is Acme any good?"))
    found = brief(BriefMarket(ACME, (), ()), [good] * 9 + [bad] * 2)
    [item] = [i for i in found if i.kind is GapKind.SENTIMENT]

    assert item.title == "Respond to the criticism in answers to “Is Acme any good?”"
    assert item.question == "Is Acme any good?"
    assert item.why.startswith("2 answers of 2 to this question that judge it speak badly of Acme")


def test_sites_cited_without_the_brand_are_items() -> None:
    """The brand's own are none."""
    found = brief(MARKET, [seen(0, 0, sites=("g2.com", "docs.acme.com"))] * 3)
    assert [item.subject for item in found if item.kind is GapKind.SOURCE] == ["g2.com"]

    assert GapKind.SOURCE not in kinds(brief(MARKET, [seen(1, 0, sites=("g2.com",))] * 3))


def test_nobody_is_asked_to_be_on_a_competitors_site() -> None:
    """By its domains, and by its name where no domain is listed."""
    rivals = (ZETA, Brand("Ledger Fox", domains=("lfx.io",)))
    market = BriefMarket(ACME, rivals, (PRICE,))
    sites = ("help.zeta.co.uk", "lfx.io", "ledgerfox.com", "g2.com", "acme.com")
    found = brief(market, [seen(0, 1, sites=sites)] * 3)
    [absent] = [item for item in found if item.kind is GapKind.ABSENT]

    assert [market.owner(site) for site in sites[:4]] == ["Zeta", "Ledger Fox", "Ledger Fox", ""]
    assert [item.subject for item in found if item.kind is GapKind.SOURCE] == ["g2.com"]
    assert absent.reachable == ("g2.com",)
    assert steps(absent, "Acme")[-1].startswith("Make the page known to g2.com")


def test_a_question_that_the_sheet_does_not_answer_asks_for_the_fact() -> None:
    """The facts that there are do not pass for an answer."""
    offline = Prompt("Which tools work offline?", topic="offline use")
    [item] = [i for i in brief(MARKET, [seen(0, 1, prompt=offline)]) if i.kind is GapKind.ABSENT]
    text = html(BriefPage("What to write", (), [item], "Acme"))

    assert "offline use" in item.missing
    assert "The fact sheet says nothing about what this question asks for" in text
    assert "What else it can state" in text


@pytest.mark.parametrize("kind", GapKind)
def test_every_kind_of_gap_says_what_to_do(kind: GapKind) -> None:
    """Without what is to be said: that is the fact sheet's."""
    item = BriefItem(kind, "price", "t", "w", 1, 2, stated="$99", facts=(PRICE,))
    done = " ".join(steps(item, "Acme"))

    assert "Acme" in done
    assert "{" not in done
    assert PRICE.value not in done


def test_what_shows_often_for_sure_comes_first() -> None:
    """Items are ranked by the lower end of their interval, behind what is stated wrongly."""
    answers = [*[seen(0, 1)] * 20, *[claiming("wrong", "$99")] * 5]
    first, *others = brief(MARKET, answers)
    lows = [item.interval[0] for item in others]

    assert first.kind is GapKind.CLAIM
    assert lows == sorted(lows, reverse=True)
    assert lows[0] > first.interval[0]


def test_keys_stay_the_same_and_tell_items_apart() -> None:
    """They do not hang on how often something shows."""
    once, twice = (brief(MARKET, [claiming("wrong", "$99")] * n)[0] for n in (1, 2))
    other = brief(MARKET, [claiming("wrong", "$98")])[0]

    assert once.key == twice.key != other.key


def test_only_facts_that_are_true_are_told() -> None:
    """A value that must not be said is in the sheet too, and is never stated."""
    lie = Fact("Acme", "never say", "Acme is free")
    assert true_facts((PRICE, lie, Fact("Zeta", "price", "$1")), "Acme") == (PRICE,)
    assert facts_asked_for((PRICE, CITY), "Where is it based?") == (CITY,)
    assert facts_asked_for((PRICE, CITY), "Is it cheap?") == (PRICE,)


def test_pages_escape_what_models_wrote() -> None:
    """No answer can forge a heading, a link or a script."""
    evil = claiming("wrong", "<script>alert(1)</script> [x](http://evil) # ![](y)")
    page = BriefPage(
        "What to write", ("Lead.",), brief(MARKET, [evil]), "Acme", [("Done", ["<b>"])]
    )
    code = html(page)

    assert "<script>" not in code
    assert "&lt;script&gt;" in code
    assert "&lt;b&gt;" in code
    assert "$12 a month (as of 2026-02-01)" in code
    assert "src=" not in code
