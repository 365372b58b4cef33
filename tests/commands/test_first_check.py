"""The first check: three rounds within a day, their price, their times, and what they show."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from kit.office import Office, open_office
from overheard.commands.check import check
from overheard.commands.first_check import ROUND_GAP, continue_first_check
from overheard.deployment import Call
from overheard.domain import Price, RunState
from overheard.errors import NothingToAsk

PRICE = Price(5.0, 20.0)
CONFIG = """
[[brands]]
name = "Acme"
competitors = ["Zeta", "Globex"]

[[prompts]]
text = "Which tool is best?"

[[prompts]]
text = "Which tool suits a team?"
"""


class At:
    """A clock that is set by hand."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """Return the time that was set."""
        return self.at


async def begun(config: str = CONFIG, price: Price | None = None) -> tuple[Office, At]:
    """Return a deployment whose clock is set by hand."""
    office = await open_office(config, price=price)
    clock = At(office.deployment.clock.now())
    office.deployment = replace(office.deployment, clock=clock)
    return office, clock


async def test_ten_repeats_are_asked_in_three_rounds() -> None:
    """The price is that of all; the rounds follow by themselves, also after a restart."""
    office, clock = await begun()
    proposal = await check(Call(office.deployment), first=True)
    assert "20 questions" in proposal.price
    assert "each question 10 times, in three rounds" in proposal.price
    card = await proposal.execute()
    assert "The next round follows at about" in str(card.text)
    assert await continue_first_check(Call(office.deployment)) is None, "it is not due"
    with pytest.raises(NothingToAsk, match="the next round of the first check is due at"):
        await check(Call(office.deployment), first=True)

    clock.at += ROUND_GAP + timedelta(minutes=3)
    assert await continue_first_check(Call(office.deployment))
    assert await continue_first_check(Call(office.deployment)) is None
    clock.at += ROUND_GAP
    last = await continue_first_check(Call(office.deployment))
    assert last
    assert "The first check is complete." in str(last.text)
    assert await continue_first_check(Call(office.deployment)) is None

    runs = (await office.store.runs.find())[::-1]
    assert [run.panel.repeats for run in runs if run.panel] == [4, 3, 3]
    assert [run.label for run in runs] == [f"first check {n} of 3" for n in (1, 2, 3)]
    assert len({run.panel.seed for run in runs if run.panel}) == 3


async def test_it_shows_levels_and_places_with_their_uncertainty() -> None:
    """Of the brand and its rivals, over all rounds so far."""
    office, _ = await begun()
    card = await (await check(Call(office.deployment), first=True)).execute()
    levels = card.more[0]

    assert levels.data[0]["brand"] == "Acme"
    assert (levels.data[0]["value"], levels.data[0]["answers"]) == (1.0, 8)
    assert levels.data[0]["place"] == [1, 1]
    assert levels.data[1]["place"] == [2, 3]


async def test_fewer_repeats_are_asked_where_the_budget_is_small() -> None:
    """The largest that it covers as a whole."""
    office, _ = await begun(CONFIG, PRICE)
    whole = await check(Call(office.deployment), first=True)
    assert "each question 10 times" in whole.price
    typical = float(whole.price.partition("$")[2].partition(",")[0])
    office, _ = await begun(
        f"{CONFIG}[budget]\nmonth = {0.7 * typical}\nrun = {typical / 2}\n", PRICE
    )
    smaller = await check(Call(office.deployment), first=True)
    assert "each question 6 times" in smaller.price


async def test_a_cancelled_first_check_is_not_continued() -> None:
    """Nothing is asked any more."""
    office, clock = await begun()
    await (await check(Call(office.deployment), first=True)).execute()
    [run] = await office.store.runs.find()
    await office.store.runs.finish(run.id, RunState.CANCELLED, clock.at)
    clock.at += ROUND_GAP
    assert await continue_first_check(Call(office.deployment)) is None
