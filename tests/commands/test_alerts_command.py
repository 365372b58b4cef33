"""Commands that show alerts and what they rest on, over answers that checks have stored."""

import re
from dataclasses import replace
from typing import Any

import pytest

from kit.office import DECLARED, Office, asked_office
from overheard.alerts.service import Lifecycle
from overheard.cards.card import Card
from overheard.commands.alert_actions import recheck
from overheard.commands.alerts import (
    ALERT_BUTTONS,
    MAX_QUOTED_PROMPTS,
    MAX_QUOTED_PROMPTS_WITH_CLAIMS,
    NUMBER_DIGITS,
    list_alerts,
    number_of,
    recheck_of,
    show,
    show_evidence,
)
from overheard.deployment import Call
from overheard.domain import (
    WHOLE_MODEL,
    Alert,
    PromptShift,
    ReportedStatement,
    Shift,
    StatementKind,
)
from overheard.errors import UnknownName

QUESTIONS = [f"Which tool is best for team {number}?" for number in range(7)]
SEVEN = DECLARED + "".join(f'[[prompts]]\ntext = "{question}"\n' for question in QUESTIONS)
CLAIM = ReportedStatement(
    StatementKind.CLAIM, "founded", "1950", "1999", "It began in 1950.", "wrong"
)
BEFORE, AFTER = "Acme is a fine tool.", "Zeta is a fine tool."


async def raise_alert(
    office: Office, claim: ReportedStatement | None = None, **values: Any
) -> Alert:
    """Raise an alert of the newest run: the brand was always named, and now never."""
    runs = sorted(await office.store.runs.find(), key=lambda run: run.id)
    answers = [answer async for answer in office.store.answers.stream()]
    keys = dict.fromkeys(answer.question.prompt.key for answer in answers)
    given: dict[str, Any] = {
        "brand": "Acme", "model": answers[0].question.model, "metric": "visibility",
        "run_id": runs[-1].id, "before": 1.0, "after": 0.0, "change": -1.0,
        "interval": (-1.0, -0.5), "answers": (6, 3),
        "prompts": tuple(PromptShift(key, 1.0, 0.0, 6, 3) for key in keys),
    }  # fmt: skip
    shift = Shift(**given | values)
    claims = (replace(shift, statement=claim),) if claim else ()
    alert = Alert(shift, office.deployment.clock.now(), claims)
    return (await Lifecycle.of(Call(office.deployment)).raise_alert(alert))[0]


async def evidence_card(office: Office, alert: Alert) -> Card:
    """Return what the command shows."""
    return await show_evidence(Call(office.deployment), alert=str(alert.id))


async def test_evidence_has_a_sentence_from_before_and_after_and_its_numbers() -> None:
    """Of each question; the earlier answers are those before the change began."""
    office = await asked_office(BEFORE, AFTER)
    card = await evidence_card(office, await raise_alert(office))

    assert card.title == "What m-1 said of Acme"
    rests = "It rests on 3 answers now and 6 before, to the same 1 question."
    assert card.text == f"{rests}\n\n\N{LARGE RED CIRCLE} m-1 names Acme far less."
    assert [quote.text.text for quote in card.quotes] == [BEFORE, AFTER]
    assert [quote["text"] for quote in card.data["quotes"]] == [BEFORE, AFTER]
    assert card.footer.startswith("Alert of ")


async def test_evidence_without_earlier_answers_names_none() -> None:
    """A statement is news without a comparison."""
    office = await asked_office(AFTER)
    card = await evidence_card(office, await raise_alert(office, answers=(0, 3), statement=CLAIM))

    assert str(card.text).startswith("It rests on 3 answers to 1 question.\n\n")


@pytest.mark.parametrize(
    ("statement", "expected"), [(None, MAX_QUOTED_PROMPTS), (CLAIM, MAX_QUOTED_PROMPTS_WITH_CLAIMS)]
)
async def test_evidence_shows_the_questions_that_moved_most(
    statement: ReportedStatement | None, expected: int
) -> None:
    """Fewer of them after the false claims, which go first."""
    office = await asked_office(BEFORE, AFTER, config=SEVEN)
    card = await evidence_card(office, await raise_alert(office, statement))
    claims = [quote for quote in card.quotes if quote.text.text == CLAIM.quote]

    assert len(card.quotes) - len(claims) == 2 * expected
    assert card.quotes[: len(claims)] == tuple(claims)
    assert bool(claims) == bool(statement)


async def test_evidence_says_how_many_texts_are_gone_and_when_nothing_is_said() -> None:
    """Which are two things."""
    office = await asked_office(BEFORE, AFTER)
    alert = await raise_alert(office)
    answers = [answer.id async for answer in office.store.answers.stream()]
    await office.store.retention.forget_texts(answers[:3])
    gone = await evidence_card(office, alert)

    assert "The texts of 3 older answers are gone." in str(gone.text)
    assert [quote.text.text for quote in gone.quotes] == [AFTER]

    kept = await asked_office(BEFORE, AFTER)
    silent = await evidence_card(kept, await raise_alert(kept, prompts=()))
    assert "None of the answers says anything in a sentence." in str(silent.text)


async def test_a_recheck_asks_what_the_alert_is_about_as_often_as_its_run() -> None:
    """The brand's questions at the alert's model; of all brands for a model as a whole; once if
    nobody knows how often.
    """
    office = await asked_office(BEFORE, AFTER)
    await office.chat.type("check --repeats 2")
    runs = sorted(await office.store.runs.find(), key=lambda run: run.id)
    alert = await raise_alert(office, run_id=runs[1].id)
    model = replace(alert, shift=replace(alert.shift, brand=WHOLE_MODEL))
    unknown = replace(alert, shift=replace(alert.shift, run_id=99))

    asked = {"brands": ("Acme",), "models": ("svc/m-1",), "repeats": 3}
    assert await recheck_of(Call(office.deployment).store, alert) == asked
    assert await recheck_of(Call(office.deployment).store, model) == asked | {"brands": ()}
    assert await recheck_of(Call(office.deployment).store, unknown) == asked | {"repeats": 1}

    proposal = await recheck(Call(office.deployment), alert=f"#{alert.id}")
    await proposal.execute()
    newest = max(await office.store.runs.find(), key=lambda run: run.id)
    assert newest.label == f"alert {alert.id}, checked again"


async def test_a_list_counts_all_and_shows_the_newest() -> None:
    """With a button for each of the first few; those that are over are not live."""
    office = await asked_office(BEFORE, AFTER)
    brands = [f"Brand {number}" for number in range(ALERT_BUTTONS + 2)]
    alerts = [await raise_alert(office, brand=brand) for brand in brands]
    await Lifecycle.of(Call(office.deployment)).recover(alerts[0].id, "It is as before.")

    every = await list_alerts(Call(office.deployment))
    live = await list_alerts(Call(office.deployment), state="live", limit=2)
    over = await list_alerts(Call(office.deployment), state="recovered")
    others = await list_alerts(Call(office.deployment), brand="Nobody")

    assert (every.title, every.text, every.data["more"]) == (f"{len(alerts)} alerts", "", 0)
    newest = [f"alerts show {alert.id}" for alert in reversed(alerts)]
    assert [action.words for action in every.actions] == newest[:ALERT_BUTTONS]
    assert live.title == f"{len(alerts) - 1} live alerts"
    assert (live.text, live.data["more"]) == ("The newest 2 are shown.", len(alerts) - 3)
    assert [row["id"] for row in live.data["alerts"]] == [alerts[-1].id, alerts[-2].id]
    assert (over.title, len(over.data["alerts"])) == ("1 recovered alert", 1)
    assert (others.title, others.text, others.table) == ("0 alerts", "There are none.", None)


async def test_an_alert_shows_what_has_happened_to_it() -> None:
    """The oldest first: the event that opened it, then its recovery."""
    office = await asked_office(BEFORE, AFTER)
    alert = await raise_alert(office)
    await Lifecycle.of(Call(office.deployment)).recover(alert.id, "It is as before.")
    card = await show(Call(office.deployment), alert=f"#{alert.id}")

    assert [event["note"] for event in card.data["events"]][1:] == ["It is as before."]
    assert len(card.data["events"]) == 2


def test_an_alert_is_named_by_its_number() -> None:
    """With or without a sign; anything else is no alert's name."""
    assert number_of(" #12 ") == number_of("12") == 12
    assert number_of("9" * NUMBER_DIGITS) == int("9" * NUMBER_DIGITS)
    for text in ("", "twelve", "-1", "1.5", "9" * (NUMBER_DIGITS + 1)):
        with pytest.raises(UnknownName):
            number_of(text)


@pytest.mark.parametrize(
    ("about", "chance", "title", "text"),
    [
        ("sure", 0.0005, "Hardly a fluke: nearly certain", "The fall of how often"),
        ("sure", 0.1, "Likely no fluke", "once in 10 years"),
        ("sure", None, "I cannot say how sure it is", "earlier version"),
        ("why", 0.1, "Probably the whole model", "it is no proof"),
        ("others", 0.1, "No other model answered in the newest check", "cannot say"),
        ("since", 0.1, "Since ", "I raised it on"),
    ],
)
async def test_each_question_about_an_alert_has_an_answer_of_its_own(
    about: str, chance: float | None, title: str, text: str
) -> None:
    """With what the alert says and how it was asked below it, and the two ways on."""
    office = await asked_office(BEFORE, BEFORE, AFTER)
    alert = await raise_alert(office, chance_a_year=chance)
    card = await show(Call(office.deployment), alert=str(alert.id), about=about)

    assert card.title.startswith(title)
    assert text in str(card.text)
    assert "by API" in card.footer
    assert [action.words for action in card.actions] == [
        f"alerts show {alert.id}",
        f"evidence {alert.id}",
    ]


async def test_how_long_it_lasted_is_in_one_tense() -> None:
    """As long as the change goes on, up to the newest check."""
    office = await asked_office(BEFORE, BEFORE, AFTER)
    alert = await raise_alert(office, began=1)
    card = await show(Call(office.deployment), alert=str(alert.id), about="since")

    assert re.search(r"\. By \d+ \w+ it had lasted ", str(card.text))


async def test_what_to_do_about_an_alert_is_the_brief_of_its_brand() -> None:
    """What to write is the same there."""
    office = await asked_office(BEFORE, AFTER)
    alert = await raise_alert(office)
    card = await show(Call(office.deployment), alert=str(alert.id), about="todo")

    assert card.title == "What to write for Acme"
