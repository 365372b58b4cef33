"""A chat shows the progress of re-scoring and its result."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from kit.office import Office, open_office
from kit.scripted import reply
from overheard.domain import Answer, Brand, Model, Prompt, Question, Run
from overheard.interfaces import NoProgress
from overheard.scoring import rescoring

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ANSWERS = 20
PROGRESS = "Scoring history anew"
DONE = "Acme"


@pytest.fixture
async def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    """A deployment with a history, whose brand was given another name; scoring takes its time."""
    monkeypatch.setattr(rescoring, "SLICE_S", 60.0)
    monkeypatch.setattr(rescoring, "SLICE_ANSWERS", 1)
    office = await open_office("", patience=0.05, pause=0.05)
    store, deployment = office.store, office.deployment
    await store.catalogue.set_brand(Brand("Acme"))
    run = await store.runs.start(Run("r", NOW))
    model = Model("svc", "m-1")
    asked = [Question(Prompt(f"Which is best for {n}?"), model) for n in range(ANSWERS)]
    await store.answers.add(
        [Answer(run.id, one, reply(f"Acmeo is good. {n}"), NOW) for n, one in enumerate(asked)]
    )
    await (await deployment.refreshed()).caught_up(NoProgress())
    await store.catalogue.set_brand(Brand("Acme", ("Acmeo",)))
    add = store.scores.add

    async def slowly(*given: Any) -> None:
        await asyncio.sleep(0.05)
        await add(*given)

    monkeypatch.setattr(store.scores, "add", slowly)
    return office


async def test_a_chat_shows_how_far_it_is(office: Office) -> None:
    """In one message, in whose place the result comes."""
    screen = await office.chat.type("report")

    assert any(PROGRESS in str(card) for card in screen.cards)
    assert DONE in screen.card.title
