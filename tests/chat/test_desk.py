"""The desk: what a chat brings is read, judged, done and shown."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from kit.office import DECLARED, Office, command, office_with, open_office
from kit.scripted import reply
from overheard.cards.card import Card, Severity
from overheard.cards.command import Kind, Option, Role
from overheard.chat.desk import ChatDesk
from overheard.deployment import Call
from overheard.domain import Alert
from overheard.errors import NothingToAsk
from overheard.interfaces import Person
from overheard.testing.fakes import FakeChat, Screen

BOB = Person("fake", "U2", "Bob")


async def test_a_command_is_served_once() -> None:
    """A second request of the same id, as after a lost acknowledgement, changes nothing."""
    office = await open_office(patience=60)
    request = office.chat.request(words="status")
    first, second = await office.chat.bring(request), await office.chat.bring(request)

    assert len(first.cards) == 1
    assert second.cards == []


async def test_a_command_knows_who_asks_where_and_by_which_clock() -> None:
    """Its call is that of the person who asked."""
    seen: list[Call] = []

    async def look(call: Call) -> Card:
        seen.append(call)
        return Card("Seen")

    office = await office_with(command(look))
    await office.chat.type("try", person=Person("fake", "U3", "Cy", zone="Asia/Tokyo"))

    assert (seen[0].who, seen[0].channel) == ("Cy (fake:U3)", "fake:general")
    assert str(seen[0].zone) == "Asia/Tokyo"


SCHEDULE = """
[[schedules]]
name = "weekly"
cron = "0 9 * * mon"
timezone = "America/Chicago"
"""


@pytest.mark.parametrize(
    ("tables", "zone"),
    [
        ('[[routes]]\nchannel = "fake:general"\ntimezone = "Europe/Berlin"\n', "Europe/Berlin"),
        ('[[routes]]\nchannel = "fake:other"\ntimezone = "Europe/Berlin"\n', "Asia/Tokyo"),
        ('[[routes]]\nchannel = "fake:general"\n' + SCHEDULE, "America/Chicago"),
        ('[[routes]]\nchannel = "fake:general"\n', "UTC"),
    ],
    ids=["of the route", "of the reader", "of the schedule", "of the deployment"],
)
async def test_a_channel_with_alerts_has_one_clock_for_all(tables: str, zone: str) -> None:
    """So one event has one date there, in the alert and in each answer; elsewhere, the reader's."""
    seen: list[Call] = []

    async def look(call: Call) -> Card:
        seen.append(call)
        return Card("Seen")

    office = await office_with(command(look), config=DECLARED + tables)
    await office.chat.type("try", person=Person("fake", "U3", "Cy", zone="Asia/Tokyo"))

    assert str(seen[0].zone) == zone


async def test_an_unknown_zone_is_no_trouble(office: Office) -> None:
    """The times are then those of the machine."""
    screen = await office.chat.type("status", person=replace(BOB, zone="Mars/Olympus"))

    assert screen.card.title == "Acme"


async def test_a_near_miss_gets_buttons_and_only_who_asked_sees_them(office: Office) -> None:
    """A button does what was meant, with the other words as they were typed."""
    screen = await office.chat.type("chek Acme")
    done = await office.chat.click(screen, "Check")

    assert 'did you mean "check"' in str(screen.card.text)
    assert screen.private
    assert done.card.title == "Acme: 1st of 2 at m-1"


@pytest.mark.parametrize("words", ["demo", "db upgrade"])
async def test_what_only_a_terminal_can_do_is_told(office: Office, words: str) -> None:
    """It is no unknown command."""
    screen = await office.chat.type(words)

    assert screen.card.title == "Only in the terminal"
    assert screen.private


async def test_a_refusal_is_shown_to_who_asked_and_noted(office: Office) -> None:
    """Nothing is done."""
    office.gate.role = Role.VIEWER
    screen = await office.chat.type("brands add Umbra")

    assert screen.card.text == "Ada may not use brands add."
    assert screen.private
    assert office.gate.notes == [("Ada", "brands add Umbra", "Ada may not use brands add.")]
    assert office.deployment.catalogue == await office.store.catalogue.current()


async def test_what_goes_wrong_is_one_sentence_and_noted() -> None:
    """The command's own sentence is shown."""

    async def fail(_: Call) -> Card:
        raise NothingToAsk(missing="no prompt is configured")

    office = await office_with(command(fail))
    screen = await office.chat.type("try")

    assert screen.card.text == "There is nothing to ask: no prompt is configured."
    assert screen.card.severity is Severity.BAD
    assert office.gate.notes == [("Ada", "try", screen.card.text)]


async def test_what_nobody_foresaw_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The chat says that there is an error, and not its text, which may hold a secret."""

    async def fail(_: Call) -> Card:
        raise RuntimeError("key sk-123")

    office = await office_with(command(fail))
    screen = await office.chat.type("try")

    assert screen.card.text == "Something went wrong inside Overheard; its log says what."
    assert "key sk-123" in caplog.text


async def test_what_was_stopped_is_noted() -> None:
    """The program may end in the middle of a command that has spent already."""
    begun = asyncio.Event()

    async def work(_: Call) -> Card:
        begun.set()
        await asyncio.Event().wait()
        return Card("Never")

    office = await office_with(command(work))
    task = asyncio.create_task(office.chat.type("try"))
    await begun.wait()
    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()
    assert office.gate.notes == [("Ada", "try", "stopped")]


async def test_a_log_that_takes_no_note_keeps_nothing_from_being_shown(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """What was paid for is shown all the same."""

    async def full(*_: Any) -> None:
        raise OSError("disk full")

    office.gate.note = full  # type: ignore[assignment,method-assign] # the log fails
    screen = await office.chat.type("check")

    assert screen.card.title.startswith("Acme: 1st of 2")
    assert "check by Ada (fake:U1) was not written into the audit log." in caplog.text


async def test_a_chat_that_takes_no_card_does_not_bring_the_desk_down() -> None:
    """Serving never raises."""

    class Broken(Screen):
        async def show(self, card: Card, *, private: bool = False) -> None:  # noqa: ARG002 - as it is asked
            raise OSError("gone")

    office = await open_office()
    await office.chat.bring(office.chat.request(words="status"), Broken())
    await office.chat.bring(office.chat.request(words="chek"), Broken())


class TestHome:
    """The first page."""

    async def test_it_shows_brands_alerts_and_what_runs_next(self) -> None:
        """What was measured last, and when the next time is."""
        schedule = '[[schedules]]\nname = "weekly"\ncron = "0 7 * * mon"\n'
        office = await open_office(schedule + DECLARED)
        await office.chat.type("check")
        card = await office.desk.home(BOB)

        assert card.title.startswith("Acme: 1st of 2 at m-1")
        assert "Next check on 9 Mar at 07:00." in str(card.text)

    async def test_an_empty_one_says_how_to_begin(self) -> None:
        """With a button for it."""
        office = await open_office("")
        card = await office.desk.home(BOB)

        assert card.title == "0 of 5 steps done"
        assert card.actions[0].words == "setup brand"

    async def test_who_may_not_read_sees_nothing(self, office: Office) -> None:
        """Neither on the first page nor by a slip of the pen: no name of a brand, and no hint."""
        office.gate.role = Role.ANYONE
        cards = [await office.desk.home(BOB)]
        cards += [(await office.chat.type(words)).card for words in ("trend Acmee", "hepl", "help")]

        assert [card.title for card in cards] == ["Not allowed"] * 4

    async def test_trouble_is_a_card_too(self, office: Office) -> None:
        """A page is never empty."""

        async def broken(**_: Any) -> list[Alert]:
            raise OSError("disk")

        office.store.alerts.find = broken  # type: ignore[method-assign] # the store fails
        card = await office.desk.home(BOB)

        assert card.failed


async def test_brands_that_people_add_are_scored_at_once(office: Office) -> None:
    """Each command works with the catalogue as it is then."""
    await office.chat.type("brands add Umbra")
    office.provider.answer = lambda _: reply("Umbra is best.")
    screen = await office.chat.type("check Umbra")

    assert screen.card.data["results"][0]["brand"] == "Umbra"
    assert screen.card.data["results"][0]["value"] == 1.0


async def test_the_flag_of_an_option_is_taken_by_its_written_name(office: Office) -> None:
    """A tree may give `model` where the function takes `models`."""
    option = Option("models", "Models.", Kind.MODEL, many=True, word="model")

    async def look(_: Call, *, models: tuple[str, ...]) -> Card:
        return Card(", ".join(models))

    office.desk = ChatDesk(office.deployment, office.gate, [command(look, option)])
    office.chat = FakeChat(office.desk)

    assert (await office.chat.choose("try", model="a/b")).card.title == "a/b"
    assert (await office.chat.choose("try", models=["a/b", "c/d"])).card.title == "a/b, c/d"


async def test_a_request_that_is_sent_again_after_a_restart_is_not_served(office: Office) -> None:
    """The store knows it."""
    request = office.chat.request(words="status")
    await office.chat.bring(request)
    office.chat.desk = ChatDesk(office.deployment, office.gate)

    assert (await office.chat.bring(request)).cards == []


async def test_who_cannot_be_shown_an_answer_is_told_so() -> None:
    """By whichever way is left: here the one that all see."""

    class Narrow(Screen):
        async def show(self, card: Card, *, private: bool = False) -> None:
            if private or not card.failed:
                raise OSError
            await super().show(card)

    office = await open_office()
    screen = await office.chat.bring(office.chat.request(words="status"), Narrow())

    assert screen.card.text == "Something went wrong inside Overheard; its log says what."
