"""What the desk shows while a command takes its time."""

import asyncio
from typing import Any

import pytest

from kit.office import Office, command, office_with, open_office
from kit.scripted import reply
from overheard.cards.card import Card
from overheard.deployment import Call
from overheard.domain import Run, RunState
from overheard.interfaces import Person
from overheard.testing.fakes import ADA, GENERAL, Screen

BOB = Person("fake", "U2", "Bob")


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

        async def look(_: Call) -> Card:
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

    async def test_what_is_done_at_once_says_nothing_before(self, office: Office) -> None:
        """Most commands show one card."""
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

        async def work(_: Call) -> Card:
            await done.wait()
            return Card("Done")

        office = await office_with(command(work))
        screen = await office.chat.bring(office.chat.request(words="try"), Flaky())

        assert screen.card.title == "Done"

    @pytest.mark.parametrize("fails", [False, True])
    async def test_the_next_process_says_what_this_one_could_not(self, fails: bool) -> None:
        """A card of progress does not stay for good when the bot ends in the midst of a command."""
        shown = asyncio.Event()

        class Ending(Screen):
            location = (GENERAL, "M1")

            async def show(self, card: Card, *, private: bool = False) -> None:
                if fails and card.title.startswith("Restarted"):
                    raise OSError("the network is gone")
                await super().show(card, private=private)
                shown.set()

        async def work(_: Call) -> Card:
            await asyncio.Event().wait()
            return Card("Never")

        office = await office_with(command(work))
        screen = Ending()
        task = asyncio.create_task(office.chat.bring(office.chat.request(words="try"), screen))
        await shown.wait()
        task.cancel()
        await asyncio.wait({task})
        left = await office.store.deliveries.find(waiting=True)

        assert [one.message for one in left] == (["M1"] if fails else [])
        assert screen.card.title.startswith("Working on it" if fails else "Restarted")

    async def test_many_are_served_at_a_time(self) -> None:
        """One person's long work holds up no other person."""
        gate = asyncio.Event()

        async def work(call: Call) -> Card:
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


async def test_progress_is_as_private_as_its_command() -> None:
    """Other people do not see that it is under way."""
    seen: list[bool] = []

    class Watched(Screen):
        async def show(self, card: Card, *, private: bool = False) -> None:
            await super().show(card, private=private)
            seen.append(private)

    async def work(_: Call) -> Card:
        await asyncio.sleep(0.05)
        return Card("Done")

    for private in (True, False):
        office = await office_with(command(work, private=private))
        await office.chat.bring(office.chat.request(words="try"), Watched())
        assert len(seen) > 1
        assert set(seen) == {private}
        seen.clear()
