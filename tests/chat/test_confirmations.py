"""Confirmations: what spends or removes something waits for a yes."""

from datetime import timedelta

import pytest

from kit.office import DECLARED, PRICE, Office, command, office_with, open_office
from overheard.cards.card import Card
from overheard.cards.command import Option, Role
from overheard.chat.desk import ChatDesk
from overheard.deployment import Call
from overheard.domain import Price
from overheard.errors import ChangeNeedsYes
from overheard.interfaces import Person
from overheard.testing.fakes import FakeChat

BOB = Person("fake", "U2", "Bob")


async def remove(_: Call, *, agreed: bool) -> Card:
    """Do nothing, as a command that removes something."""
    if not agreed:
        raise ChangeNeedsYes(change="It is gone then")
    return Card("Done")


class TestMoney:
    """Commands that may cost something."""

    async def test_a_price_waits_for_a_yes(self) -> None:
        """The yes does it, once."""
        office = await open_office(price=PRICE)
        question = await office.chat.type("check Acme")
        assert office.provider.asked == []
        assert "1 question for less than" in question.card.title
        done = await office.chat.click(question, "Ask")
        again = await office.chat.click(question, "Ask")

        assert done.card.title.startswith("Acme: 1st of 2")
        assert len(office.provider.asked) == 1
        assert again.card.title == "This question is closed"
        assert office.gate.notes == [("Ada", "check Acme", "done")]

    async def test_a_yes_holds_for_the_price_that_was_shown(self) -> None:
        """When the price has risen by then, also after a restart, the desk asks again."""
        office = await open_office(price=PRICE)
        question = await office.chat.type("check Acme")
        dearer = Price(10 * PRICE.input, 10 * PRICE.output)
        office.provider.price = lambda _: dearer  # type: ignore[method-assign, assignment]
        office.chat.desk = ChatDesk(office.deployment, office.gate)
        again = await office.chat.click(question, "Ask")
        assert again.card.title == "1 question for less than $0.01"
        assert office.provider.asked == []
        done = await office.chat.click(again, "Ask")

        assert done.card.title.startswith("Acme: 1st of 2")
        assert len(office.provider.asked) == 1

    @pytest.mark.parametrize("words", ["check Acme", "schedules run weekly"])
    async def test_what_was_drawn_for_the_price_is_asked_after_the_yes(self, words: str) -> None:
        """Also where a command proposes the check of another."""
        schedule = '\n[[schedules]]\nname = "weekly"\ncron = "0 7 * * mon"\n'
        office = await open_office(price=PRICE, config=DECLARED + schedule)
        done = await office.chat.click(await office.chat.type(words), "Ask")
        assert done.card.title.startswith("Acme: 1st of 2")

    async def test_a_no_leaves_it(self) -> None:
        """A yes that comes after it is too late."""
        office = await open_office(price=PRICE)
        question = await office.chat.type("check Acme")
        left = await office.chat.click(question, "Cancel")
        late = await office.chat.click(question, "Ask")

        assert left.card.title == "Left as it is"
        assert late.card.title == "This question is closed"
        assert office.provider.asked == []

    async def test_a_question_stands_for_an_hour(self) -> None:
        """After that the price may be another."""
        office = await open_office(price=PRICE)
        question = await office.chat.type("check Acme")
        office.deployment.clock._now += timedelta(hours=1)  # type: ignore[attr-defined] # a test's clock
        late = await office.chat.click(question, "Ask")

        assert late.card.title == "This question is closed"
        assert office.provider.asked == []

    async def test_what_costs_little_needs_no_yes(self) -> None:
        """The configuration says how little, and for which channel."""
        limits = '[chat]\nspend_without_asking = 1.0\nchannels."fake:dear" = 0.001\n'
        office = await open_office(limits + DECLARED, price=PRICE)
        free = await office.chat.type("check Acme")
        dear = await office.chat.type("check Acme", channel="fake:dear")

        assert free.card.title.startswith("Acme: 1st of 2")
        assert dear.card.title == "1 question for less than $0.01"

    async def test_what_nobody_told_the_price_of_always_needs_one(self) -> None:
        """However much may be spent."""
        office = await open_office("[chat]\nspend_without_asking = 1000\n" + DECLARED)
        office.provider._price = None
        screen = await office.chat.type("check Acme")

        assert "he price of svc/m-1 is unknown" in str(screen.card.text)

    async def test_somebody_else_decides_only_as_an_operator(self, office: Office) -> None:
        """The person who asked may always decide."""
        office.desk = ChatDesk(office.deployment, office.gate, [command(remove, confirms=True)])
        office.chat = FakeChat(office.desk)
        question = await office.chat.type("try")
        office.gate.role = Role.VIEWER
        refused = await office.chat.click(question, "Go on", person=BOB)
        done = await office.chat.click(question, "Go on")

        assert refused.card.title == "Not allowed"
        assert done.card.title == "Done"

    async def test_the_run_belongs_to_who_asked(self, office: Office) -> None:
        """The store knows who and where."""
        await office.chat.type("check Acme")
        [run] = await office.store.runs.find()

        assert (run.asked_by, run.channel) == ("Ada (fake:U1)", "fake:general")


async def test_a_question_outlives_the_program() -> None:
    """A click after a restart does what was asked for, with the options that it had."""
    done: list[object] = []

    async def remove(_: Call, names: tuple[str, ...], *, agreed: bool = False) -> Card:
        if not agreed:
            raise ChangeNeedsYes(change="It is gone then")
        done.append(names)
        return Card("Removed")

    spec = command(remove, Option("names", "Whose.", many=True, positional=True), confirms=True)
    office = await office_with(spec)
    screen = await office.chat.type("try Acme Zeta")
    office.chat.desk = ChatDesk(office.deployment, office.gate, [spec])
    answer = await office.chat.click(screen, "Go on")

    assert answer.card.title == "Removed"
    assert done == [("Acme", "Zeta")]
