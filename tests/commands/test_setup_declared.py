"""What the set-up in chat says of what config.toml declares: it is kept, and never in silence."""

import re
from collections.abc import Awaitable
from functools import partial
from typing import Any

import pytest

from kit.office import DECLARED, Office, open_office
from overheard.cards.command import Step
from overheard.commands.setup.draft import Draft, store_draft
from overheard.commands.setup.naming import fill_questions, set_brand, set_facts, set_questions
from overheard.commands.setup.starting import set_places
from overheard.deployment import Call
from overheard.domain import Prompt
from overheard.errors import ReadOnly

HERE = partial(Call, who="Maya (slack:U1)", channel="slack:C1")
OTHERS = """
[[brands]]
name = "Globex"

[[prompts]]
text = "Which tool is slow?"
brands = ["Globex"]
"""
EDITED_THERE = "is declared in config.toml and read-only here; change it there and restart."


async def refused(attempt: Awaitable[Step], thing: str) -> None:
    """Expect the sentence of the editing commands, with what the configuration says."""
    with pytest.raises(ReadOnly, match=f"^{re.escape(f'{thing} {EDITED_THERE}')}$"):
        await attempt


async def now(office: Office) -> Any:
    """Return the deployment with what was stored."""
    return await office.deployment.refreshed()


async def test_a_declared_brand_is_not_changed_in_silence() -> None:
    """The sentence has what the configuration says of what was changed, and only of that."""
    office = await open_office(DECLARED)
    thing = "The brand Acme (competitors: Zeta; category: none)"
    attempt = set_brand(
        HERE(await now(office)), name="Acme", category="CRM", competitors=["Globex"]
    )
    await refused(attempt, thing)
    assert (await now(office)).catalogue.brand("Globex") is None

    await set_brand(HERE(await now(office)), name="Acme", competitors=["Zeta"])


async def test_a_question_of_others_is_asked_for_the_brand_too() -> None:
    """If people added it; one that is declared for others only is changed in its file."""
    office = await open_office(DECLARED + OTHERS)
    attempt = set_questions(HERE(await now(office)), own=["Which tool is slow?"])
    await refused(attempt, "This question (brands: Globex)")
    await set_questions(HERE(await now(office)), own=["Which tool is best?"])
    assert len((await now(office)).catalogue.prompts) == 2

    await office.store.catalogue.set_prompt(Prompt("Who is fast?", brands=("Globex",)))
    await set_questions(HERE(await now(office)), own=["Who is fast?"])
    assert (await now(office)).catalogue.prompts[-1].brands == ("Globex", "Acme")


async def test_names_of_a_declared_brand_are_not_offered() -> None:
    """The form says where they are changed, and may be sent as it is."""
    office = await open_office(DECLARED + OTHERS)
    draft = Draft(
        "Acme", competitors=("Initech",), questions=("Which tool is slow?", "Who is fast?")
    )
    await store_draft(HERE(office.deployment), draft)
    form = await fill_questions(HERE(await now(office)))
    assert form.choices["names"] == []
    assert [choice.label for choice in form.choices["questions"]] == ["Who is fast?"]
    assert "names of Acme are declared in config.toml; change them there and restart." in form.text
    attempt = set_questions(HERE(await now(office)), names=["c0"], own=["Who is fast?"])
    await refused(attempt, "The brand Acme (competitors: Zeta)")

    people = await open_office("")
    await set_brand(HERE(await now(people)), name="Acme")
    await store_draft(HERE(await now(people)), draft)
    form = await fill_questions(HERE(await now(people)))
    assert [choice.label for choice in form.choices["names"]] == ["Initech"]
    assert "config.toml" not in form.text


async def test_declared_facts_and_budgets_are_not_changed_in_silence() -> None:
    """Nothing of the form is stored then; what is as declared is no change."""
    office = await open_office(DECLARED + "[budget]\nmonth = 50\n")
    attempt = set_facts(HERE(await now(office)), price="$14", founded="2001")
    await refused(attempt, "The founded of Acme (value: 1999)")
    assert len((await now(office)).catalogue.facts) == 1
    await set_facts(HERE(await now(office)), price="$14", founded="1999")
    assert [fact.value for fact in (await now(office)).catalogue.facts] == ["1999", "$14"]

    attempt = set_places(HERE(await now(office)), month=80.0)
    await refused(attempt, "The budget of a month ($50.00)")
    assert (await now(office)).catalogue.schedules == ()
    await set_places(HERE(await now(office)), month=50.0)
    assert len((await now(office)).catalogue.schedules) == 1


async def test_a_declared_schedule_is_not_changed_in_silence() -> None:
    """Its times are in the sentence; with the same times the rest of the form is stored."""
    weekly = '[[schedules]]\nname = "weekly"\ncron = "30 9 * * mon"\ntimezone = "Europe/Berlin"\n'
    office = await open_office(DECLARED + weekly)
    attempt = set_places(HERE(await now(office)), time="10:00", timezone="Europe/Berlin")
    await refused(attempt, 'The schedule "weekly" (every Monday at 9:30, Europe/Berlin)')
    assert not (await now(office)).config.routes

    await set_places(HERE(await now(office)), time="9:30", timezone="Europe/Berlin")
    assert len((await now(office)).config.routes) == 1
