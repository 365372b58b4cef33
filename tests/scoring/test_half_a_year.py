"""Half a year of checks, in which a competitor is added: history follows by itself."""

import re

import pytest

from kit.office import open_office
from kit.scripted import reply
from overheard.domain import Brand, Prompt
from overheard.scoring import rescoring

WEEKS, CHANGED = 26, 11
QUESTIONS = 12
TOLD = "scores from before a change"


async def test_no_card_speaks_of_old_scores_two_checks_after_a_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The check of the change says how long it takes, and the next one or two end it. No bot runs,
    and the machine is so slow that a slice holds a part of the history.
    """
    seconds = [0.0]

    def clock() -> float:
        seconds[0] += 2.0
        return seconds[0]

    office = await open_office("")
    catalogue = office.store.catalogue
    await catalogue.set_brand(Brand("Acme", competitors=("Zeta",)))
    for number in range(QUESTIONS):
        await catalogue.set_prompt(Prompt(f"Which tool is best for {number}?"))
    office.provider.answer = lambda _: reply("Take Acme. Umbra is good, too.")
    told = []
    for week in range(1, WEEKS + 1):
        if week == CHANGED:
            monkeypatch.setattr(rescoring, "monotonic", clock)
            await catalogue.set_brand(Brand("Umbra", tracked=False))
            await catalogue.set_brand(Brand("Acme", competitors=("Zeta", "Umbra")))
        card = (await office.chat.type("check Acme")).card
        if TOLD in str(card):
            told.append((week, str(card)))

    assert [week for week, _ in told] == [CHANGED, CHANGED + 1]
    assert re.search(r"is done, about \d more checks? to go", told[0][1])
    blocks = await office.store.blocks.find(brand="Umbra", metric="visibility")
    assert sum(block.n for block in blocks) == WEEKS * QUESTIONS
