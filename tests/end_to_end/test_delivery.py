"""An alert on its way into Slack, by a process that is killed and by a network that fails."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from overheard.alerts.lifecycle import Lifecycle
from overheard.alerts.routes import Routes
from overheard.domain import Alert, Model, Panel, Prompt, Run, RunState, Shift
from overheard.tables.deployment import RouteTable
from overheard_storage import open_store
from program import Program
from slack_methods import APP_TOKEN, BOT_TOKEN, CHANNEL, Fault
from slack_peer import SlackPeer

PATIENCE = 60.0


@pytest.fixture
async def slack() -> AsyncIterator[SlackPeer]:
    """A Slack on loopback."""
    async with SlackPeer().serving() as peer:
        yield peer


@pytest.fixture
async def folder(
    program: Program, config: str, slack: SlackPeer, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A deployment whose first alert waits to be posted."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", BOT_TOKEN)
    monkeypatch.setenv("SLACK_APP_TOKEN", APP_TOKEN)
    channel = f"slack:{CHANNEL}"
    program.configure(
        f'{config}\n[[routes]]\nchannel = "{channel}"\n[slack]\nbase_url = "{slack.api}"\n'
        "[health]\nport = 0\n"
    )
    store = await open_store(f"sqlite:///{program.folder}/store.db")
    model, now = Model("svc", "m-1"), datetime.now(UTC)
    panel = Panel(("Acme",), (Prompt("Which tool is best?"),), (model,))
    run = await store.start_run(Run("first", now, panel, RunState.COMPLETE, now))
    shift = Shift("Acme", model, "visibility", run.id, 0.7, 0.4, -0.3, (-0.4, -0.1), 0.003)
    clock = type("Now", (), {"now": lambda _: now})()
    life = Lifecycle(store, Routes([RouteTable(channel=channel)], {}), clock)
    await life.raise_alert(Alert(shift, now))
    await store.close()
    return program.folder


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A bot at work."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "overheard", "run"), cwd=folder, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def settled(folder: Path) -> None:
    """Wait until everything is posted."""
    store = await open_store(f"sqlite:///{folder}/store.db")
    async with asyncio.timeout(PATIENCE):
        while await store.deliveries(waiting=True):  # noqa: ASYNC110 - another process posts
            await asyncio.sleep(0.1)
    await store.close()


def expire(folder: Path) -> None:
    """Let the time pass that a delivery belongs to a process."""
    with contextlib.closing(sqlite3.connect(folder / "store.db")) as connection:
        connection.execute(
            "UPDATE deliveries SET leased_until = '2020-01-01', due_at = '2020-01-01'"
        )
        connection.commit()


def posted(slack: SlackPeer) -> list[str]:
    """Return the messages in the channel, without threads."""
    return [message["ts"] for message in slack.messages if "thread_ts" not in message]


@pytest.mark.slow
async def test_a_bot_that_is_killed_while_it_posts_leaves_one_message(
    folder: Path, slack: SlackPeer
) -> None:
    """Kill -9 as soon as Slack has the call; the next bot asks Slack before it posts."""
    async with running(folder) as first:
        await slack.until(lambda: slack.of("chat.postMessage"))
        first.kill()
    expire(folder)
    async with running(folder):
        await settled(folder)

    assert len(posted(slack)) == 1


@pytest.mark.slow
async def test_an_answer_that_never_arrives_does_not_make_a_second_message(
    folder: Path, slack: SlackPeer
) -> None:
    """Slack posts, and the connection is cut before the bot hears of it."""
    slack.faults["chat.postMessage"] = [Fault(done=True, hang_up=True)]
    async with running(folder):
        await slack.until(lambda: slack.of("chat.postMessage"))
        expire(folder)
        await settled(folder)

    assert len(posted(slack)) == 1


@pytest.mark.slow
async def test_two_bots_post_one_message(folder: Path, slack: SlackPeer) -> None:
    """Started by mistake on one store."""
    async with running(folder), running(folder):
        await settled(folder)

    assert len(posted(slack)) == 1
