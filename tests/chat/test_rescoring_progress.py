"""Slack shows the progress of re-scoring and its result."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from kit.office import Office, open_office
from kit.scripted import reply
from kit.slack_desk import headers, listening
from kit.slack_peer import SlackPeer
from overheard.domain import Answer, Brand, Model, Prompt, Question, Run
from overheard.interfaces import NoProgress
from overheard.scoring import rescoring
from overheard_slack.chat import SlackChat

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


async def test_slack_shows_how_far_it_is(slack: SlackPeer, chat: SlackChat, office: Office) -> None:
    """In one message, in whose place the result comes."""
    async with listening(chat, office.desk):
        await slack.command("report")
        await slack.until(lambda: [m for m in slack.messages if PROGRESS in str(m)])
        await slack.until(lambda: [m for m in slack.messages if DONE in str(headers(m))])
    assert len(slack.messages) == 1
