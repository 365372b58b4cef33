"""False claims and grave sentences as alerts: raised, grown, carried on, over."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kit.office import Office, open_office
from kit.scripted import reply
from overheard.alerts.run_analysis import detect
from overheard.cards.card import Card
from overheard.commands.alerts import alert_card
from overheard.commands.facts import FACTS
from overheard.commands.scores import follow_changes
from overheard.deployment import Call
from overheard.domain import (
    Alert,
    AlertEventKind,
    AlertState,
    Answer,
    Citation,
    Model,
    Prompt,
    Question,
    Run,
)
from overheard.interfaces import Scorer
from overheard.scoring.service import Scoring
from overheard_accuracy import Accuracy
from overheard_visibility.scorer import Visibility

CONFIG = """
[[brands]]
name = "Acme"
competitors = ["Zeta"]
"""
FACT = """
[[facts]]
brand = "Acme"
field = "price"
value = "$14 a month"
"""
GOOD, RIGHT, WRONG = (
    "Acme is a solid choice.",
    "Acme costs $14 a month.",
    "Acme costs $49 a month.",
)
SVC = Model("svc", "a")
START = datetime(2026, 1, 5, tzinfo=UTC)
PROMPTS = tuple(Prompt(f"Which tool suits team {number}?") for number in range(12))


class Weeks:
    """A deployment whose models answer week by week."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.count = 0

    async def run(self, *said: str, look: bool = True) -> list[Alert]:
        """Keep a week's answers, the rest of them harmless, and return the run's alerts."""
        self.count += 1
        at = START + timedelta(weeks=self.count)
        run = await self.office.store.runs.start(Run(f"w{self.count}", at))
        texts = (*said, *[GOOD] * (len(PROMPTS) - len(said)))
        source = (Citation("https://www.reviews.example/x"),)
        await self.office.store.answers.add(
            [
                Answer(run.id, Question(prompt, SVC), reply(text, citations=source), at)
                for prompt, text in zip(PROMPTS, texts, strict=True)
            ]
        )
        call = await Call(self.office.deployment).caught_up()
        return list((await detect(call, run)).alerts) if look else []

    async def fact(self, change: Callable[..., Awaitable[Card]], value: str) -> Card:
        """Add or edit the price."""
        deployment = await self.office.deployment.refreshed()
        given = {"brand": "Acme", "field": "price", "value": value, "as_of": "", "source": ""}
        return await change(Call(deployment), **given)

    async def alerts(self) -> list[Alert]:
        """Return all alerts, the newest first."""
        return await self.office.store.alerts.find()

    async def events(self, alert: Alert) -> list[AlertEventKind]:
        """Return what has happened to an alert."""
        return [event.what for event in await self.office.store.alerts.events(alert.id)]


async def weeks(config: str = CONFIG + FACT) -> Weeks:
    """Return a deployment with scorers."""
    office = await open_office(config)
    scorers: dict[str, Scorer] = {one.name: one for one in (Accuracy(), Visibility())}
    plugins = replace(office.deployment.plugins, scorers=scorers)
    scoring = Scoring(scorers.values(), office.deployment.catalogue)
    office.deployment = replace(office.deployment, plugins=plugins, scoring=scoring)
    return Weeks(office)


async def test_a_claim_of_two_answers_is_an_alert_at_once() -> None:
    """With what is said, the truth, the quote and the sources; one slip is none."""
    story = await weeks()
    assert await story.run(RIGHT, RIGHT, WRONG) == []
    [alert] = await story.run(WRONG, WRONG, RIGHT)
    [statement] = alert.statements

    assert (statement.topic, statement.said, statement.truth) == ("price", "$49", "$14 a month")
    assert (statement.answers, statement.asked) == (2, 12)
    card = await alert_card(Call(story.office.deployment), alert)
    details = await alert_card(Call(story.office.deployment), alert, details=True)
    assert card.title == details.title == "a gets Acme's price wrong"
    assert str(card.text).startswith("It says “$49” in 2 answers; in truth $14 a month.")
    assert str(details.text).startswith(str(card.text))
    sure = "“$49” is no matter of chance: 2 answers say it; you can read them."
    assert sure in str(details.text)
    assert [quote.text.text for quote in details.quotes] == [WRONG]


async def test_three_answers_in_thirty_days_are_an_alert() -> None:
    """One in each of three weeks."""
    story = await weeks()
    assert await story.run(WRONG) == []
    assert await story.run(WRONG) == []
    [alert] = await story.run(WRONG)
    assert alert.shift.began == 1


async def test_different_wrong_values_are_one_alert_when_there_are_three() -> None:
    """Two different ones are two slips."""
    story = await weeks()
    assert await story.run(WRONG, "Acme costs $59 a month.") == []
    other = [f"Acme costs ${price} a month." for price in (69, 79, 89)]
    [alert] = await story.run(*other)
    assert [one.topic for one in alert.statements] == ["price"]


async def test_the_message_is_edited_while_it_goes_on_and_grows_when_it_doubles() -> None:
    """No second alert, whatever is said again; another false fact joins it."""
    story = await weeks(
        CONFIG + FACT + FACT.replace("price", "founded").replace("$14 a month", "2010")
    )
    [alert] = await story.run(WRONG, WRONG)
    assert await story.run(WRONG, WRONG, WRONG) == []
    await story.run(*[WRONG] * 4)
    await story.run(WRONG, "Acme was founded in 1999.", "Acme, founded in 1999, is good.")
    [grown] = await story.alerts()

    assert grown.id == alert.id
    assert await story.events(alert) == [
        AlertEventKind.RAISED,
        AlertEventKind.CONTINUED,
        AlertEventKind.GREW,
        AlertEventKind.GREW,
        AlertEventKind.CONTINUED,
    ]
    assert [one.topic for one in grown.statements] == ["price", "price", "founded"]
    card = await alert_card(Call(story.office.deployment), grown)
    assert card.title == "a gets Acme's founding year and price wrong"


async def test_it_is_over_when_it_is_gone_for_long_enough() -> None:
    """How long depends on how often it was said: 6 of 12 answers need fewer than 2 of 12."""
    often, seldom = await weeks(), await weeks()
    for story, times in ((often, 6), (seldom, 2)):
        await story.run(*[WRONG] * times)
        for _ in range(2):
            await story.run(RIGHT)
    [over], [open_yet] = await often.alerts(), await seldom.alerts()

    assert (over.state, open_yet.state) == (AlertState.RECOVERED, AlertState.OPEN)
    [*_, event] = await often.office.store.alerts.events(over.id)
    assert event.note == "It is gone: in none of 24 answers of 2 checks since."
    for _ in range(3):
        await seldom.run(RIGHT)
    assert (await seldom.alerts())[0].state is AlertState.RECOVERED
    [again] = await often.run(WRONG, WRONG)
    assert (again.id, again.state) == (over.id, AlertState.GROWING)


@pytest.mark.parametrize(
    ("said", "title"),
    [(RIGHT, "a has Acme's price right"), (GOOD, "a no longer gets Acme's price wrong")],
)
async def test_a_price_is_right_only_when_it_is_stated(said: str, title: str) -> None:
    """That no answer states it any more is said as that."""
    story = await weeks()
    await story.run(RIGHT, *[WRONG] * 6)
    for _ in range(2):
        await story.run(said)
    [over] = await story.alerts()

    assert (await alert_card(Call(story.office.deployment), over)).title == title


async def test_facts_that_come_later_are_held_against_stored_answers() -> None:
    """The command says so, and the alert is raised at once and once."""
    story = await weeks(CONFIG)
    for _ in range(2):
        assert await story.run(WRONG, WRONG) == []
    card = await story.fact(FACTS.add, "$14 a month")
    [alert] = await story.alerts()

    assert alert.shift.began == 1
    assert "a says otherwise: “$49”." in str(card.text)
    deployment = await story.office.deployment.refreshed()
    await follow_changes(Call(deployment))
    assert len(await story.alerts()) == 1


async def test_a_changed_fact_ends_the_alert() -> None:
    """What the sheet does not rule out any more is no news any more."""
    story = await weeks(CONFIG)
    await story.fact(FACTS.add, "$14 a month")
    await story.run(WRONG, WRONG, look=False)
    await follow_changes(Call(await story.office.deployment.refreshed()))
    await story.fact(FACTS.edit, "$49 a month")
    [alert] = await story.alerts()

    assert alert.state is AlertState.RECOVERED


async def test_what_moves_at_the_same_time_is_the_same_alert() -> None:
    """The statement heads it, and the card says what moved."""
    story = await weeks()
    for week in range(8):
        assert await story.run(RIGHT, RIGHT, look=week == 7) == []
    await story.run(WRONG, WRONG, *["Zeta is good."] * 10)
    await story.run(WRONG, WRONG, *["Zeta is good."] * 10)
    [alert] = await story.alerts()

    assert alert.shift.statement
    assert "visibility" in {shift.metric for shift in alert.moved}


GRAVE = "Acme recalled its heaters in January over a fire hazard."


async def test_a_grave_sentence_is_an_alert_likewise() -> None:
    """No fact is needed for it."""
    story = await weeks(CONFIG)
    assert await story.run(GRAVE) == []
    [alert] = await story.run(GRAVE, f"Note: {GRAVE}")

    assert alert.statements[0].topic == "recall"
    card = await alert_card(Call(story.office.deployment), alert)
    assert card.title.startswith("a speaks of a recall")


async def test_grave_sentences_of_thirty_days_count_together() -> None:
    """The texts of earlier checks are read again when a check has such a sentence."""
    story = await weeks(CONFIG)
    assert await story.run(GRAVE) == []
    assert await story.run(GOOD) == []
    assert await story.run(GRAVE) == []
    [alert] = await story.run(GRAVE)

    assert alert.shift.began == 1
    assert await story.run(GRAVE) == []
    assert await story.events(alert) == [AlertEventKind.RAISED, AlertEventKind.CONTINUED]


async def test_a_grave_alert_goes_on_however_long_ago_it_began() -> None:
    """The texts since its first check are read, for as long as it is not over."""
    story = await weeks(CONFIG)
    [alert] = await story.run(GRAVE, GRAVE)
    story.count += 8
    assert await story.run(GOOD) == []
    assert await story.run(GRAVE) == []

    assert await story.events(alert) == [AlertEventKind.RAISED, AlertEventKind.CONTINUED]
