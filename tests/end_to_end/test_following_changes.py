"""A deployment at work follows a change of what is measured, and says so in its channels."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from kit.both_chats import Chats
from kit.program import PROMPTS, Program, Write
from overheard.config.loader import load_config
from overheard.deployment import Deployment
from overheard.domain import EditionState
from overheard.runtime import server
from overheard.runtime.server import Server
from overheard.runtime.wiring import open_deployment
from overheard.scoring import rescoring

RUNS, REPEATS = 12, 3
BRAND = '[[brands]]\nname = "Acme"\ncompetitors = ["Zeta", "Umbra"]\n'


def told(run: int, number: int) -> str:
    """Return an answer: half of them praise Acme, the others "Acmeo", in the newest run "Zeta"."""
    if number % 2:
        return "Acme is a good tool."
    return "Zeta is a good tool." if run >= RUNS - 2 else "Acmeo is a good tool."


def history() -> list[dict[str, object]]:
    """Return a history in which one spelling is as visible as ever, and both together fall."""
    return [
        {
            "prompt": prompt,
            "provider": "svc",
            "model": "m-1",
            "text": told(run, at + repeat),
            "asked_at": f"2026-03-{1 + run:02}T12:00:00Z",
            "run": f"day-{run}",
            "repeat": repeat,
        }
        for run in range(RUNS)
        for at, prompt in enumerate(PROMPTS)
        for repeat in range(REPEATS)
    ]


@pytest.fixture
def prepared(
    program: Program, config: str, chats: Chats, write: Write, monkeypatch: pytest.MonkeyPatch
) -> Program:
    """A deployment with that history, which was scored, and with a route to each platform."""
    monkeypatch.setattr(rescoring, "SLICE_S", 0.0)
    monkeypatch.setattr(server, "CHANGE_POLL_INTERVAL_S", 0.05)
    monkeypatch.setattr(server, "WARM_UP_DELAY_S", 0.0)
    tables = '[alerts]\nmetrics = ["visibility"]\n' + chats.routes() + chats.tables()
    program.configure(config.replace(BRAND, "") + tables + "[health]\nport = 0\n")
    program.run("brands", "add", "Acme", "--competitor", "Zeta")
    program.run("import", str(write("history.jsonl", history())))
    program.run("report")
    return program


@pytest.fixture
async def at_work(prepared: Program) -> AsyncIterator[Deployment]:
    """That deployment at work."""
    loaded = load_config(prepared.folder / "config.toml")
    async with open_deployment(loaded) as deployment:
        platforms = deployment.plugins.chats
        work = asyncio.create_task(Server(deployment, platforms).run())
        yield deployment
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
        for chat in platforms.values():
            await chat.close()


@pytest.mark.slow
async def test_a_changed_name_is_noticed_scored_switched_to_looked_at_and_told(
    at_work: Deployment, chats: Chats
) -> None:
    """The fall that the other spelling hid raises its alert, and the notice says what changed."""
    brand = at_work.catalogue.brand("Acme")
    assert brand
    assert not await at_work.store.alerts.find()
    await at_work.store.catalogue.set_brand(replace(brand, aliases=("Acmeo",)))

    for shown in (chats.in_slack, chats.in_discord):
        await chats.eventually(shown, "m-1 names Acme", "The numbers follow your change")
    before, after = await at_work.store.editions.all()
    assert (before.state, after.state) == (EditionState.KEPT, EditionState.USED)
    [notice] = [m for m in chats.slack.messages if "follow your change" in str(m)]
    assert "50 %" in str(notice["blocks"])
    assert not await at_work.store.deliveries.find(waiting=True)
