"""Tests of the sources that changed with an alert: told after a test, and never without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.office import Office, open_office
from kit.scripted import Quiet, reply
from overheard.alerts.service import Lifecycle
from overheard.cards.card import Card
from overheard.deployment import Call
from overheard.detection.known_time import p_values_at
from overheard.domain import (
    Alert,
    Answer,
    Citation,
    Delivery,
    DeliveryKind,
    Model,
    Panel,
    PromptShift,
    Question,
    ReportedStatement,
    Run,
    RunState,
    Search,
    Shift,
    StatementKind,
)
from overheard.scoring.service import Scoring
from overheard_accuracy.scorer import Accuracy
from overheard_sources.causes import Cell, changed_sources

MODEL = Model("svc", "m-1")
START = datetime(2026, 1, 5, tzinfo=UTC)
WEEKS = 9
QUESTIONS = [f"Which tool is best for team {number}?" for number in range(8)]
DECLARED = (
    '[[brands]]\nname = "Acme"\ndomains = ["acme.com"]\ncompetitors = ["Zeta"]\n'
    '[[brands]]\nname = "Zeta"\ndomains = ["zeta.com"]\ntracked = false\n'
    + "".join(f'[[prompts]]\ntext = "{question}"\n' for question in QUESTIONS)
)
OWN, RIVAL, THIRD = "https://acme.com/pricing", "https://www.g2.com/crm", "https://wiki.org/crm"
REVIEW = "https://old.com/acme?utm_source=openai"
CLAIM = ReportedStatement(StatementKind.CLAIM, "price", "$49 per Seat", "$14 a month")
PRICE = '[[facts]]\nbrand = "Acme"\nfield = "price"\nvalue = "$14 a month"\n'
Cited = Callable[[int, int], tuple[str, ...] | None]
"""The sources that are cited in a week at a question; None where the model does not search."""


def silent(_: int, __: int) -> tuple[str, ...]:
    """Tell of no page that a search showed."""
    return ()


async def told(
    cited: Cited,
    shown: Cited | None = None,
    *,
    lost: int = 6,
    of_model: bool = False,
    brand: str = "Acme",
) -> tuple[Office, Card]:
    """Return what is told of an alert of the last week: at the first questions the brand is named
    no more.

    Args:
        shown: What searches show in a week at a question; by default what is cited.
        of_model: Whether the alert is one of the model as a whole.
    """
    office = await open_office(DECLARED)
    prompts = office.deployment.catalogue.prompts
    shown = shown or cited
    run = None
    for week in range(WEEKS):
        at, panel = START + timedelta(weeks=week), Panel(("Acme", "Zeta"), prompts, (MODEL,))
        run = await office.store.runs.start(Run(f"w{week}", at, panel=panel))
        await office.store.runs.finish(run.id, RunState.COMPLETE, at)
        answers = []
        for number, prompt in enumerate(prompts):
            urls = cited(week, number)
            found = shown(week, number) or ()
            searches = () if urls is None else (Search("best crm", found),)
            retrieved = [Citation(url, cited=False) for url in found if url not in (urls or ())]
            sources = (*map(Citation, urls or ()), *retrieved)
            said = reply(citations=sources, searches=searches)
            answers.append(Answer(run.id, Question(prompt, MODEL), said, run.started_at))
        await office.store.answers.add(answers)
    assert run is not None
    moved = tuple(
        PromptShift(prompt.key, 1.0, float(number >= lost), 8, 1)
        for number, prompt in enumerate(prompts)
    )
    values = (1.0, 1 - lost / 8, -lost / 8, (-1.0, -0.3))
    shift = Shift(brand, MODEL, "visibility", run.id, *values, moved, (64, 8))
    alert = Alert(shift, office.deployment.clock.now())
    if of_model:
        whole = replace(shift, brand="", prompts=(), likely_first_runs=(run.id,))
        alert = replace(alert, shift=whole, also=(shift, replace(shift, brand="Zeta", prompts=())))
    await Lifecycle.of(Call(office.deployment)).raise_alert(alert)
    return office, (await office.chat.type("sources why 1")).card


def swapped(week: int, number: int) -> tuple[str, ...]:
    """Cite another site instead of the brand's page, at six questions in the last week."""
    return (RIVAL if number < 6 and week == WEEKS - 1 else OWN, THIRD)


async def test_a_site_in_place_of_your_page_is_told_where_it_cost_answers() -> None:
    """In one sentence, with how many questions, what it was cited before, and that it only fits."""
    office, card = await told(swapped)
    assert card.title == (
        "Since 2 Mar m-1 cites g2.com instead of your pricing page in 6 of 8 questions"
    )
    assert card.text == "All 6 questions that lost you answers are among these."
    assert card.footer == (
        "Fits, no proof · 3 of 3 sites moved beyond chance · "
        "it searched in 8 of 8 answers, usually 8"
    )
    assert card.table
    assert ("g2.com", "0 → 6", "0 → 6") in card.table.rows
    assert card.data["found"]
    assert all(site["prompts"] == sorted(site["prompts"]) for site in card.data["sites"])
    details = (await office.chat.type("alerts show 1")).card
    assert f"Why? {card.title}. It began" in str(details.text)
    why = (await office.chat.type("alerts show 1 --about why")).card
    assert why.title == card.title
    assert why.table == card.table
    assert why.footer.startswith(card.footer)


async def test_a_page_of_a_rival_is_not_called_yours() -> None:
    """Nor are its answers; and one question is not called many."""
    _, card = await told(
        lambda *at: tuple(url.replace("acme", "zeta") for url in swapped(*at)), brand="Zeta"
    )
    assert "cites g2.com instead of Zeta's pricing page in 6 of 8 questions" in card.title
    assert card.text == "All 6 questions that lost Zeta answers are among these."
    _, one = await told(swapped, lost=1)
    assert one.text == "The question that lost you answers is among these."


async def test_what_was_shown_counts_of_the_questions_that_tell_it() -> None:
    """Where these are too few to see a page come, what is cited is told all the same."""
    _, cited = await told(swapped, lambda *at: swapped(*at) if at[1] < 2 else ())
    _, shown = await told(
        lambda _, __: (THIRD,), lambda *at: (*swapped(*at), THIRD) if at[1] < 6 else ()
    )
    assert cited.title.endswith("cites g2.com instead of your pricing page in 6 of 8 questions")
    assert cited.table
    assert cited.table.caption == "Questions of 8 (shown: of 2), usually → since"
    assert ("g2.com", "0 → 2", "0 → 6") in cited.table.rows
    assert shown.title.endswith("is shown g2.com instead of your pricing page in 6 of 6 questions")


async def test_where_nothing_moved_no_source_explains_it() -> None:
    """It is said what could have been seen."""
    office, card = await told(lambda _, __: (OWN, THIRD))
    assert card.title == (
        "No source explains it: m-1 searches as before, is shown and cites the same sites"
    )
    assert card.text == (
        "It searched in 8 of 8 answers, usually 8; no site came or went. "
        "I would have seen a new one in 3 of 8 questions."
    )
    assert not card.data["found"]
    why = (await office.chat.type("alerts show 1 --about why")).card
    assert why.title == card.title


async def test_that_the_same_was_shown_is_said_only_where_it_is_told() -> None:
    """Else that it is not."""
    _, card = await told(lambda _, __: (OWN, THIRD), silent)
    assert card.title == "No source explains it: m-1 searches as before and cites the same sites"
    assert str(card.text).endswith(
        "new one in 3 of 8 questions. What it was shown, its service does not tell."
    )


async def test_a_page_that_is_no_longer_shown_is_told_although_it_was_never_cited() -> None:
    """The model read it all the same."""
    _, card = await told(lambda _, __: (THIRD,), lambda *at: (*swapped(*at), THIRD))
    assert card.title == (
        "Since 2 Mar m-1 is shown g2.com instead of your pricing page in 6 of 8 questions"
    )
    assert card.table
    assert ("acme.com/pricing", "8 → 2", "0 → 0") in card.table.rows


async def test_a_change_of_the_model_as_a_whole_is_explained_for_all_its_brands() -> None:
    """By the questions at which any of them moved."""
    _, card = await told(swapped, of_model=True)
    assert "cites g2.com instead of your pricing page in 6 of 8 questions" in card.title
    assert card.text == "All 6 questions that moved are among these."
    _, searches = await told(
        lambda week, number: None if number and week == WEEKS - 1 else (OWN, THIRD), of_model=True
    )
    assert searches.title == "m-1 no longer searches: 1 of 8 answers, usually 8"


async def claimed(
    cited: Callable[[bool], tuple[str, ...]],
    statement: ReportedStatement = CLAIM,
    *,
    always: bool = False,
) -> Card:
    """Return what is told of an alert of a false price, which four of the eight questions state in
    the last week, half of their answers, or always.
    """
    office = await open_office(DECLARED + PRICE)
    scoring = Scoring([Accuracy()], office.deployment.catalogue)
    office.deployment = replace(office.deployment, scoring=scoring)
    office.chat = Office(office.deployment, office.store, office.provider).chat
    run = None
    for week in range(WEEKS):
        run = await office.store.runs.start(Run(f"w{week}", START + timedelta(weeks=week)))
        answers = []
        for number, prompt in enumerate(office.deployment.catalogue.prompts):
            for repeat in range(2):
                false = always or (week == WEEKS - 1 and number < 4 and repeat == 1)
                text = f"Acme costs {'$49' if false else '$14'} a month."
                said = reply(text, citations=tuple(map(Citation, cited(false))))
                question = Question(prompt, MODEL, repeat)
                answers.append(Answer(run.id, question, said, run.started_at))
        await office.store.answers.add(answers)
    await office.deployment.caught_up(Quiet(), 0)
    assert run is not None
    metric, values = statement.kind.metric, (0.0, 0.5, 0.5, (0.0, 1.0))
    shift = Shift("Acme", MODEL, metric, run.id, *values, statement=statement)
    alert = Alert(shift, office.deployment.clock.now())
    await Lifecycle.of(Call(office.deployment)).raise_alert(alert)
    return (await office.chat.type("sources why 1")).card


async def test_the_page_that_a_false_claim_comes_from_is_cited_by_its_answers_alone() -> None:
    """Others to the same questions, in the same weeks, do not cite it."""
    card = await claimed(lambda false: (REVIEW if false else RIVAL, THIRD))
    assert card.title == (
        "Answers with “$49 per Seat” cite old.com/acme at 4 of 4 questions, others at none"
    )
    assert card.text == "See whether the page states it."
    assert card.data["claim"] == "$49 per Seat"


async def test_a_claim_without_a_page_of_its_own_has_none() -> None:
    """And where all answers make it nothing can be compared."""
    same = await claimed(lambda _: (RIVAL, THIRD))
    assert same.title == "No source explains it: answers with “$49 per Seat” cite what others do"
    assert not same.data["found"]
    always = await claimed(lambda _: (RIVAL, THIRD), always=True)
    assert "none without it" in str(always.text)


async def test_another_figure_is_another_claim_and_a_grave_statement_is_none() -> None:
    """Neither has answers that could be compared."""
    other = await claimed(lambda _: (THIRD,), replace(CLAIM, said="$49.99"))
    grave = ReportedStatement(StatementKind.GRAVE, "recall", "Acme recalls it.")
    assert "no answers with the claim" in str(other.text)
    assert "it is no change of a figure" in str((await claimed(lambda _: (THIRD,), grave)).text)


async def test_a_site_that_moved_elsewhere_is_not_the_cause() -> None:
    """The answers that were lost cite what they cited."""
    _, card = await told(
        lambda week, number: (RIVAL if number > 3 and week == WEEKS - 1 else OWN, THIRD), lost=4
    )
    assert card.title.startswith("No source explains it: ")
    assert card.title.endswith(" moved at m-1, but not where it counts")


async def test_a_model_that_stops_searching_is_told_and_no_site_is_blamed() -> None:
    """Every site is lost then."""
    _, card = await told(
        lambda week, number: None if number and week == WEEKS - 1 else (OWN, THIRD)
    )
    assert card.title == "m-1 no longer searches: 1 of 8 answers, usually 8"
    assert card.data["found"]
    assert card.data["sites"] == []


@pytest.mark.parametrize("weeks_told", [0, 1])
async def test_without_searches_or_a_past_nothing_is_said(weeks_told: int) -> None:
    """Neither in the details, nor as a cause."""
    office, card = await told(lambda week, _: (OWN,) if weeks_told and week == WEEKS - 1 else None)
    details = (await office.chat.type("alerts show 1")).card
    if not weeks_told:
        assert "without search" in str(card.text)
        assert "Why? It began" in str(details.text)
    else:
        assert card.title == "m-1 now searches: 8 of 8 answers, usually 0"


@pytest.mark.parametrize(
    ("question", "command", "title"),
    [
        ("why?", "alerts show", "Since 2 Mar m-1 cites g2.com"),
        ("what did it search for?", "sources list", "m-1 is shown no page of yours in 6 of 8"),
        ("Who took our place there?", "sources list", "m-1 is shown no page of yours in 6 of 8"),
        ("wonach hat es gesucht?", "sources list", "m-1 is shown no page of yours in 6 of 8"),
        ("did the new page help?", "actions list", "Nothing that you published is noted"),
        ("which page should I mend?", "sources pages", "acme.com/pricing is cited most of yours"),
        ("welche Seite soll ich verbessern?", "sources pages", "acme.com/pricing is cited most"),
    ],
)
@pytest.mark.parametrize("thread", ["C1.7", ""])
async def test_what_a_marketer_asks_of_an_alert_has_a_card(
    question: str, command: str, title: str, thread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its thread and outside, without a model that reads questions, and within its budget."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "bench"))
    office, _ = await told(swapped)
    now, deliveries = office.deployment.clock.now(), office.store.deliveries
    await deliveries.add([Delivery(DeliveryKind.ALERT, "", office.chat.channel, now, alert_id=1)])
    later = now + timedelta(hours=1)
    [due] = await deliveries.claim("me", later, later, chats=["fake"], limit=1)
    await deliveries.record(due, "me", message="C1.7", shown=1)
    screen = await office.chat.bring(office.chat.request(question=question, message=thread))
    card = screen.cards[-1]
    sizes: Any = __import__("card_sizes")
    has, may = sizes.size(card), sizes.BUDGETS["report"]

    assert card.title.startswith(title)
    assert has.words <= may[0], has
    assert has.numbers <= may[1], has
    assert office.gate.notes[-1][1].startswith(command)


def cell(week: int, question: int, *sites: str) -> Cell:
    """Return what was cited in a week at a question."""
    at = START + timedelta(weeks=week)
    return Cell(week, at, f"q{question}", 1, 1, frozenset(sites))


def test_the_size_that_is_named_is_the_least_that_is_told() -> None:
    """A new site is told at so many questions, and not at one less."""
    still = [
        cell(week, question, f"s{(week * 3 + question) % 5}")
        for week in range(7)
        for question in range(12)
    ]
    size = changed_sources(still, 6, p_values_at).size
    assert size is not None

    def told_at(questions: int) -> bool:
        cells = [
            cell(6, q, "new") if week == 6 and q < questions else old
            for old in still
            for week, q in [(old.run, int(old.prompt[1:]))]
        ]
        return "new" in {move.site for move in changed_sources(cells, 6, p_values_at).moves}

    assert told_at(size)
    assert not told_at(size - 1)
