"""Progress of long work, as a chat shows it."""

import asyncio

from overheard.cards.card import Card
from overheard.chat.progress import ChatProgress, Meter
from overheard.testing.fakes import Screen


class Counting(Screen):
    """Says when so many cards were shown."""

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self.wanted = wanted
        self.reached = asyncio.Event()

    async def show(self, card: Card, *, private: bool = False) -> None:
        """Show a card."""
        await super().show(card, private=private)
        if len(self.cards) >= self.wanted:
            self.reached.set()


async def no_run() -> Meter | None:
    """Find no run."""
    return None


async def test_it_says_how_much_is_done_and_how_long_it_will_take() -> None:
    """As soon as there is something to reckon with."""
    screen = Counting(1)
    progress = ChatProgress(screen, "check", no_run, patience=0.01, pause=0.01)
    progress.start("Asking 40 questions", 40)
    progress.advance(10)
    async with progress.shown():
        await screen.reached.wait()
    fields = {field.name: field.value for field in screen.cards[0].fields}

    assert screen.cards[0].text == "Asking 40 questions …"
    assert fields["Done"] == "10 of 40"
    assert str(fields["Time left"]).startswith("about ")
    assert screen.cards[0].actions == ()


async def test_a_run_can_be_stopped_and_says_what_was_spent() -> None:
    """The button names the run."""

    async def run() -> Meter:
        return Meter("2026-03-02T09:00:00Z-1f3a", 0.25)

    screen = Counting(1)
    progress = ChatProgress(screen, "check", run, patience=0.01, pause=0.01)
    async with progress.shown():
        await screen.reached.wait()

    assert screen.action("Stop").words == "runs cancel 2026-03-02T09:00:00Z-1f3a"
    assert [field.value for field in screen.card.fields] == ["$0.25"]


async def test_each_step_begins_anew() -> None:
    """What is finished is not shown any more."""
    screen = Counting(2)
    progress = ChatProgress(screen, "check", no_run, patience=0.01, pause=0.01)
    progress.start("Asking", 4)
    progress.advance(4)
    progress.finish()
    progress.start("Scoring answers", 0)
    async with progress.shown():
        await screen.reached.wait()

    assert {card.text for card in screen.cards} == {"Scoring answers …"}
    assert screen.card.fields == ()


async def test_a_card_that_is_being_shown_is_shown_before_the_end() -> None:
    """So that it can not take the place of the result."""
    begun, go = asyncio.Event(), asyncio.Event()

    class Slow(Screen):
        async def show(self, card: Card, *, private: bool = False) -> None:
            begun.set()
            await go.wait()
            await super().show(card, private=private)

    screen = Slow()
    progress = ChatProgress(screen, "check", no_run, patience=0.01, pause=0.01)

    async def work() -> None:
        async with progress.shown():
            await begun.wait()

    task = asyncio.create_task(work())
    await begun.wait()
    await asyncio.sleep(0)
    assert not task.done()
    go.set()
    await task

    assert len(screen.cards) == 1
