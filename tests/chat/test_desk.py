"""The desk: what a chat brings is read, judged, done and shown."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from office import DECLARED, PRICE, Office, open_office
from overheard.cards.card import Card, Severity
from overheard.cards.command import CommandSpec, Kind, Option, Role
from overheard.chat.desk import ChatDesk
from overheard.deployment import Call, Deployment
from overheard.domain import Alert, Price, Run, RunState
from overheard.errors import ChangeNeedsYes, NothingToAsk
from overheard.interfaces import Person
from overheard.testing.fakes import ADA, GENERAL, FakeChat, Screen
from scripted import reply

BOB = Person("fake", "U2", "Bob")


async def office_with(*commands: CommandSpec, **more: Any) -> Office:
    """Open an office whose desk offers some commands of our own."""
    office = await open_office(**more)
    office.desk = ChatDesk(office.deployment, office.gate, commands, patience=0.01, pause=0.01)
    office.chat = FakeChat(office.desk, forms=office.chat.forms)
    return office


def command(run: Any, *options: Option, **more: Any) -> CommandSpec:
    """Make a command called try."""
    return CommandSpec("try", "Try.", run, options, **more)


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

    async def look(_: Deployment, call: Call) -> Card:
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

    async def look(_: Deployment, call: Call) -> Card:
        seen.append(call)
        return Card("Seen")

    office = await office_with(command(look), config=DECLARED + tables)
    await office.chat.type("try", person=Person("fake", "U3", "Cy", zone="Asia/Tokyo"))

    assert str(seen[0].zone) == zone


async def test_an_unknown_zone_is_no_trouble() -> None:
    """The times are then those of the machine."""
    office = await open_office()
    screen = await office.chat.type("status", person=replace(BOB, zone="Mars/Olympus"))

    assert screen.card.title == "Acme"


async def test_a_near_miss_gets_buttons_and_only_who_asked_sees_them() -> None:
    """A button does what was meant, with the other words as they were typed."""
    office = await open_office()
    screen = await office.chat.type("chek Acme")
    done = await office.chat.click(screen, "Check")

    assert 'did you mean "check"' in str(screen.card.text)
    assert screen.private
    assert done.card.title == "Acme: 1st of 2 at m-1"


@pytest.mark.parametrize("words", ["demo", "db upgrade"])
async def test_what_only_a_terminal_can_do_is_told(words: str) -> None:
    """It is no unknown command."""
    office = await open_office()
    screen = await office.chat.type(words)

    assert screen.card.title == "Only in the terminal"
    assert screen.private


async def test_a_refusal_is_shown_to_who_asked_and_noted() -> None:
    """Nothing is done."""
    office = await open_office()
    office.gate.role = Role.VIEWER
    screen = await office.chat.type("brands add Umbra")

    assert screen.card.text == "Ada may not use brands add."
    assert screen.private
    assert office.gate.notes == [("Ada", "brands add Umbra", "Ada may not use brands add.")]
    assert office.deployment.catalogue == await office.store.catalogue.current()


async def test_what_goes_wrong_is_one_sentence_and_noted() -> None:
    """The command's own sentence is shown."""

    async def fail(_: Deployment, __: Call) -> Card:
        raise NothingToAsk(missing="no prompt is configured")

    office = await office_with(command(fail))
    screen = await office.chat.type("try")

    assert screen.card.text == "There is nothing to ask: no prompt is configured."
    assert screen.card.severity is Severity.BAD
    assert office.gate.notes == [("Ada", "try", screen.card.text)]


async def test_what_nobody_foresaw_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The chat says that there is an error, and not its text, which may hold a secret."""

    async def fail(_: Deployment, __: Call) -> Card:
        raise RuntimeError("key sk-123")

    office = await office_with(command(fail))
    screen = await office.chat.type("try")

    assert screen.card.text == "Something went wrong inside Overheard; its log says what."
    assert "key sk-123" in caplog.text


async def test_what_was_stopped_is_noted() -> None:
    """The program may end in the middle of a command that has spent already."""
    begun = asyncio.Event()

    async def work(_: Deployment, __: Call) -> Card:
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
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What was paid for is shown all the same."""
    office = await open_office()

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
        office = await open_office(office_config(limits), price=PRICE)
        free = await office.chat.type("check Acme")
        dear = await office.chat.type("check Acme", channel="fake:dear")

        assert free.card.title.startswith("Acme: 1st of 2")
        assert dear.card.title == "1 question for less than $0.01"

    async def test_what_nobody_told_the_price_of_always_needs_one(self) -> None:
        """However much may be spent."""
        office = await open_office(office_config("[chat]\nspend_without_asking = 1000\n"))
        office.provider._price = None
        screen = await office.chat.type("check Acme")

        assert "he price of svc/m-1 is unknown" in str(screen.card.text)

    async def test_somebody_else_decides_only_as_an_operator(self) -> None:
        """The person who asked may always decide."""
        office = await open_office()
        office.desk = ChatDesk(office.deployment, office.gate, [command(remove, confirms=True)])
        office.chat = FakeChat(office.desk)
        question = await office.chat.type("try")
        office.gate.role = Role.VIEWER
        refused = await office.chat.click(question, "Go on", person=BOB)
        done = await office.chat.click(question, "Go on")

        assert refused.card.title == "Not allowed"
        assert done.card.title == "Done"

    async def test_the_run_belongs_to_who_asked(self) -> None:
        """The store knows who and where."""
        office = await open_office()
        await office.chat.type("check Acme")
        [run] = await office.store.runs.find()

        assert (run.asked_by, run.channel) == ("Ada (fake:U1)", "fake:general")


async def remove(_: Deployment, __: Call, *, agreed: bool) -> Card:
    """Do nothing, as a command that removes something."""
    if not agreed:
        raise ChangeNeedsYes(change="It is gone then")
    return Card("Done")


def office_config(more: str) -> str:
    """Return the usual configuration with something more."""
    return more + DECLARED


class TestLongWork:
    """What is shown while a command takes its time."""

    async def test_progress_is_one_message_that_becomes_the_result(self) -> None:
        """It says how many questions are answered, what was spent, and how to stop."""
        office = await open_office(patience=0.01, pause=0.01)
        answered = asyncio.Event()
        shown = asyncio.Event()

        async def slowly() -> Any:
            await answered.wait()
            return reply("Acme is good.")

        office.provider.answer = lambda _: slowly()
        screen = Watched(shown)
        task = asyncio.create_task(office.chat.bring(office.chat.request(words="check"), screen))
        await shown.wait()
        answered.set()
        await task

        [working, *_] = [card for card in screen.cards if _fields(card).get("Done") == "0 of 1"]
        assert working.title == "Working on it: check"
        fields = _fields(working)
        assert fields["Spent"] == "$0.00"
        assert screen.card.title.startswith("Acme: 1st of 2")

    async def test_what_reads_while_a_check_runs_offers_no_stop(self) -> None:
        """A run that another person has begun is not what the command's own message is about."""
        shown = asyncio.Event()

        async def look(_: Deployment, __: Call) -> Card:
            await shown.wait()
            return Card("Done")

        office = await office_with(command(look))
        now, who = office.deployment.clock.now(), str(ADA)
        await office.store.runs.start(Run("mine", now, asked_by=who, channel=GENERAL))
        screen = Watched(shown, stop=False)
        await office.chat.bring(office.chat.request(words="try"), screen)

        assert [card.title for card in screen.cards] == ["Working on it: try", "Done"]
        assert screen.cards[0].actions == ()

    async def test_a_running_check_can_be_stopped_from_its_message(self) -> None:
        """The button cancels the run; what was answered is kept."""
        office = await open_office(patience=0.01, pause=0.01)
        looked = asyncio.Event()
        run_state = office.store.runs.state

        async def watched(run_id: int) -> RunState:
            state = await run_state(run_id)
            if state is RunState.CANCELLED:
                looked.set()
            return state

        async def answer() -> Any:
            await looked.wait()
            return reply("Acme is good.")

        office.store.runs.state = watched  # type: ignore[method-assign] # to know when it was asked
        office.provider.answer = lambda _: answer()
        screen = Watched(asyncio.Event())
        task = asyncio.create_task(
            office.chat.bring(office.chat.request(words="check --repeats 30"), screen)
        )
        await screen.ready.wait()
        stopped = await office.chat.click(screen, "Stop")
        await task
        [run] = await office.store.runs.find()

        assert stopped.card.title == "Cancelled"
        assert run.state is RunState.CANCELLED
        assert len(office.provider.asked) == office.provider.concurrency

    async def test_what_is_done_at_once_says_nothing_before(self) -> None:
        """Most commands show one card."""
        office = await open_office()
        screen = await office.chat.type("status")

        assert len(screen.cards) == 1

    async def test_progress_that_cannot_be_shown_does_not_stop_the_work(self) -> None:
        """The result may well go through."""
        done = asyncio.Event()

        class Flaky(Screen):
            async def show(self, card: Card, *, private: bool = False) -> None:
                if card.title.startswith("Working"):
                    done.set()
                    raise OSError("busy")
                await super().show(card, private=private)

        async def work(_: Deployment, __: Call) -> Card:
            await done.wait()
            return Card("Done")

        office = await office_with(command(work))
        screen = await office.chat.bring(office.chat.request(words="try"), Flaky())

        assert screen.card.title == "Done"

    async def test_many_are_served_at_a_time(self) -> None:
        """One person's long work holds up no other person."""
        gate = asyncio.Event()

        async def work(_: Deployment, call: Call) -> Card:
            if call.who.startswith("Ada"):
                await gate.wait()
            else:
                gate.set()
            return Card("Done")

        office = await office_with(command(work))
        screens = await asyncio.gather(office.chat.type("try"), office.chat.type("try", person=BOB))

        assert [screen.card.title for screen in screens] == ["Done", "Done"]


class Watched(Screen):
    """Says when a card was shown; with `stop`, one with a button to stop the run."""

    def __init__(self, ready: asyncio.Event, *, stop: bool = True) -> None:
        super().__init__()
        self.ready = ready
        self.stop = stop

    async def show(self, card: Card, *, private: bool = False) -> None:
        """Show a card."""
        await super().show(card, private=private)
        stops = any(action.label == "Stop" for action in card.actions) and "Done" in _fields(card)
        if not self.stop or stops:
            self.ready.set()


def _fields(card: Card) -> dict[str, str]:
    """Return the values of a card's fields by their names."""
    return {field.name: str(field.value) for field in card.fields}


class TestHome:
    """The first page."""

    async def test_it_shows_brands_alerts_and_what_runs_next(self) -> None:
        """What was measured last, and when the next time is."""
        schedule = '[[schedules]]\nname = "weekly"\ncron = "0 7 * * mon"\n'
        office = await open_office(office_config(schedule))
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

    async def test_who_may_not_read_sees_nothing(self) -> None:
        """Neither on the first page nor by a slip of the pen: no name of a brand, and no hint."""
        office = await open_office()
        office.gate.role = Role.ANYONE
        cards = [await office.desk.home(BOB)]
        cards += [(await office.chat.type(words)).card for words in ("trend Acmee", "hepl", "help")]

        assert [card.title for card in cards] == ["Not allowed"] * 4

    async def test_trouble_is_a_card_too(self) -> None:
        """A page is never empty."""
        office = await open_office()

        async def broken(**_: Any) -> list[Alert]:
            raise OSError("disk")

        office.store.alerts.find = broken  # type: ignore[method-assign] # the store fails
        card = await office.desk.home(BOB)

        assert card.failed


async def test_brands_that_people_add_are_scored_at_once() -> None:
    """Each command works with the catalogue as it is then."""
    office = await open_office()
    await office.chat.type("brands add Umbra")
    office.provider.answer = lambda _: reply("Umbra is best.")
    screen = await office.chat.type("check Umbra")

    assert screen.card.data["results"][0]["brand"] == "Umbra"
    assert screen.card.data["results"][0]["value"] == 1.0


async def test_the_flag_of_an_option_is_taken_by_its_written_name() -> None:
    """A tree may give `model` where the function takes `models`."""
    office = await open_office()
    option = Option("models", "Models.", Kind.MODEL, many=True, word="model")

    async def look(_: Deployment, __: Call, *, models: tuple[str, ...]) -> Card:
        return Card(", ".join(models))

    office.desk = ChatDesk(office.deployment, office.gate, [command(look, option)])
    office.chat = FakeChat(office.desk)

    assert (await office.chat.choose("try", model="a/b")).card.title == "a/b"
    assert (await office.chat.choose("try", models=["a/b", "c/d"])).card.title == "a/b, c/d"


async def test_a_question_outlives_the_program() -> None:
    """A click after a restart does what was asked for, with the options that it had."""
    done: list[object] = []

    async def remove(
        _: Deployment, __: Call, names: tuple[str, ...], *, agreed: bool = False
    ) -> Card:
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


async def test_a_request_that_is_sent_again_after_a_restart_is_not_served() -> None:
    """The store knows it."""
    office = await open_office()
    request = office.chat.request(words="status")
    await office.chat.bring(request)
    office.chat.desk = ChatDesk(office.deployment, office.gate)

    assert (await office.chat.bring(request)).cards == []


async def test_progress_is_as_private_as_its_command() -> None:
    """Other people do not see that it is under way."""
    seen: list[bool] = []

    class Watched(Screen):
        async def show(self, card: Card, *, private: bool = False) -> None:
            await super().show(card, private=private)
            seen.append(private)

    async def work(_: Deployment, __: Call) -> Card:
        await asyncio.sleep(0.05)
        return Card("Done")

    for private in (True, False):
        office = await office_with(command(work, private=private))
        await office.chat.bring(office.chat.request(words="try"), Watched())
        assert len(seen) > 1
        assert set(seen) == {private}
        seen.clear()


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
