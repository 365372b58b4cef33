"""Tests of the sources that changed with an alert: told after a test, and never without one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from kit.office import Office, open_office
from kit.scripted import reply
from overheard.alerts.lifecycle import Lifecycle
from overheard.cards.card import Card
from overheard.deployment import Call
from overheard.detection.known_time import p_values_at
from overheard.domain import (
    Alert,
    Answer,
    Citation,
    Model,
    PromptShift,
    Question,
    Run,
    Search,
    Shift,
)
from overheard_sources.causes import Cell, changed_sources

MODEL = Model("svc", "m-1")
START = datetime(2026, 1, 5, tzinfo=UTC)
WEEKS = 9
QUESTIONS = [f"Which tool is best for team {number}?" for number in range(8)]
DECLARED = '[[brands]]\nname = "Acme"\ndomains = ["acme.com"]\ncompetitors = ["Zeta"]\n' + "".join(
    f'[[prompts]]\ntext = "{question}"\n' for question in QUESTIONS
)
OWN, RIVAL, THIRD = "https://acme.com/pricing", "https://www.g2.com/crm", "https://wiki.org/crm"
Cited = Callable[[int, int], tuple[str, ...] | None]
"""The sources that are cited in a week at a question; None where the model does not search."""


async def told(cited: Cited, *, lost: int = 6, **more: object) -> tuple[Office, Card]:
    """Return what is told of an alert of the last week: at the first questions the brand is named
    no more.
    """
    office = await open_office(DECLARED)
    prompts = office.deployment.catalogue.prompts
    run = None
    for week in range(WEEKS):
        run = await office.store.runs.start(Run(f"w{week}", START + timedelta(weeks=week)))
        answers = []
        for number, prompt in enumerate(prompts):
            urls = cited(week, number)
            searches = () if urls is None else (Search("best crm", urls),)
            said = reply(citations=tuple(map(Citation, urls or ())), searches=searches)
            answers.append(Answer(run.id, Question(prompt, MODEL), said, run.started_at))
        await office.store.answers.add(answers)
    assert run is not None
    moved = tuple(
        PromptShift(prompt.key, 1.0, float(number >= lost), 8, 1)
        for number, prompt in enumerate(prompts)
    )
    values = (1.0, 1 - lost / 8, -lost / 8, (-1.0, -0.3))
    shift = Shift("Acme", MODEL, "visibility", run.id, *values, moved, (64, 8))
    alert = Alert(shift, office.deployment.clock.now())
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
    details = (await office.chat.type("alerts show 1")).card
    assert f"Why? {card.title}. It began" in str(details.text)
    why = (await office.chat.type("alerts show 1 --about why")).card
    assert why.title == card.title
    assert why.table == card.table
    assert why.footer.startswith(card.footer)


async def test_where_nothing_moved_no_source_explains_it() -> None:
    """It is said what could have been seen."""
    office, card = await told(lambda _, __: (OWN, THIRD))
    assert card.title == "No source explains it: m-1 searches as before and cites the same sites"
    assert card.text == (
        "It searched in 8 of 8 answers, usually 8; no site came or went. "
        "I would have seen a new one in 3 of 8 questions."
    )
    assert not card.data["found"]
    why = (await office.chat.type("alerts show 1 --about why")).card
    assert why.title == card.title


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
