"""Alerts on their way into Slack and Discord, by processes that are killed, doubled and misled."""

import asyncio
import contextlib
import json
import signal
import socket
import sqlite3
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kit.both_chats import DISCORD, SLACK, Chats, eventually
from kit.program import Program
from overheard.alerts.outbox import Routes
from overheard.alerts.service import Lifecycle
from overheard.config.sections import RouteTable
from overheard.domain import Alert, Model, Panel, Prompt, Run, RunState, Shift
from overheard_storage import open_store

TITLE = "m-1 names Acme far less"


class Clock:
    """The time at which a test began."""

    def __init__(self) -> None:
        self._at = datetime.now(UTC)

    def now(self) -> datetime:
        """Return it."""
        return self._at


class Bots:
    """A deployment whose first alert waits to be posted, and its processes.

    Attributes:
        folder: Where it is.
        port: Where it says how it is.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """Have a bot at work within the block."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "overheard", "run"),
            cwd=self.folder,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def stop(self, process: asyncio.subprocess.Process) -> str:
        """End a bot as a service manager does, and return what it told. On a machine of its own it
        takes two seconds at most.
        """
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            _, err = await process.communicate()
        assert process.returncode == 0, err
        return err.decode()

    async def ask(self, path: str) -> tuple[int, dict[str, dict[str, dict[str, str]]]]:
        """Ask how it is."""

        def answer() -> tuple[int, dict[str, dict[str, dict[str, str]]]]:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as response:
                    return response.status, json.load(response)
            except urllib.error.HTTPError as error:
                return error.code, json.load(error)
            except OSError:
                return 0, {}

        return await asyncio.to_thread(answer)

    async def until(self, service: str, state: str) -> tuple[int, str]:
        """Wait until a service is so; return whether the whole is ready, and the problem."""
        async with asyncio.timeout(40):
            while True:
                status, told = await self.ask("/ready")
                found = told.get("services", {}).get(service, {})
                if found.get("state") == state:
                    return status, found.get("problem", "")
                await asyncio.sleep(0.05)

    async def settled(self) -> None:
        """Wait until everything is posted."""
        store = await open_store(f"sqlite:///{self.folder}/store.db")
        async with asyncio.timeout(60):
            while await store.deliveries.find(waiting=True):  # noqa: ASYNC110 - another process posts
                await asyncio.sleep(0.1)
        await store.close()

    def kept_progress(self) -> bool:
        """Return whether it is stored which message shows progress."""
        with contextlib.closing(sqlite3.connect(self.folder / "store.db")) as connection:
            found = connection.execute("SELECT 1 FROM deliveries WHERE kind = 'progress'")
            return found.fetchone() is not None

    def expire(self) -> None:
        """Let the time pass that a delivery belongs to a process."""
        with contextlib.closing(sqlite3.connect(self.folder / "store.db")) as connection:
            connection.execute(
                "UPDATE deliveries SET leased_until = '2020-01-01', due_at = '2020-01-01'"
            )
            connection.commit()


@pytest.fixture
async def bots(program: Program, config: str, chats: Chats) -> Bots:
    """A deployment with an alert that is due on both platforms."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    program.configure(f"{config}{chats.routes()}{chats.tables()}[health]\nport = {port}\n")
    store = await open_store(f"sqlite:///{program.folder}/store.db")
    clock, model = Clock(), Model("svc", "m-1")
    panel = Panel(("Acme",), (Prompt("Which tool is best?"),), (model,))
    now = clock.now()
    run = await store.runs.start(Run("first", now, panel, RunState.COMPLETE, now))
    shift = Shift("Acme", model, "visibility", run.id, 0.7, 0.4, -0.3, (-0.4, -0.1))
    routes = Routes([RouteTable(channel=SLACK), RouteTable(channel=DISCORD)], {})
    await Lifecycle(store, routes, clock).raise_alert(Alert(shift, now))
    await store.close()
    return Bots(program.folder, port)


def shown(chats: Chats) -> tuple[list[str], list[str]]:
    """Return the messages in the two channels."""
    return chats.in_slack(), chats.in_discord()


@pytest.mark.slow
async def test_a_bot_that_is_killed_while_it_posts_leaves_one_message(
    bots: Bots, chats: Chats
) -> None:
    """Kill -9 as soon as a platform has the call; the next bot asks before it posts."""
    async with bots.running() as first:
        await eventually(chats.in_slack)
        first.kill()
    bots.expire()
    async with bots.running() as second:
        await eventually(chats.in_discord)
        second.kill()
    bots.expire()
    async with bots.running():
        await bots.settled()

    assert shown(chats) == ([TITLE], [TITLE])


@pytest.mark.slow
async def test_two_bots_post_one_message(bots: Bots, chats: Chats) -> None:
    """Started by mistake on one store."""
    async with bots.running() as first, bots.running() as second:
        await bots.settled()
        assert shown(chats) == ([TITLE], [TITLE])
        told = [await bots.stop(process) for process in (first, second)]

    assert sum("cannot listen" in one for one in told) == 1


@pytest.mark.long
@pytest.mark.parametrize(
    ("bad", "good", "variable"),
    [("slack", "discord", "SLACK_BOT_TOKEN"), ("discord", "slack", "DISCORD_TOKEN")],
)
async def test_of_two_platforms_the_one_that_lets_the_bot_in_runs_on(
    bots: Bots, chats: Chats, monkeypatch: pytest.MonkeyPatch, bad: str, good: str, variable: str
) -> None:
    """One sentence says what is wrong, without the token, and alerts are posted on the other."""
    monkeypatch.setenv(variable, "xoxb-not-a-token")
    async with bots.running() as process:
        _, problem = await bots.until(bad, "disabled")
        assert (await bots.until(good, "up"))[0] == 200
        assert (await bots.ask("/live"))[0] == 200
        await eventually(getattr(chats, f"in_{good}"))
        err = await bots.stop(process)

    assert err.count(f"{bad.capitalize()} cannot be used") == 1, err
    assert problem in err
    assert "not-a-token" not in err
    assert getattr(chats, f"in_{good}")() == [TITLE]
    assert getattr(chats, f"in_{bad}")() == []


@pytest.mark.long
async def test_a_bot_that_is_stopped_while_it_posts_loses_nothing(bots: Bots, chats: Chats) -> None:
    """It ends in under two seconds in the middle of its work, and the next one goes on."""
    async with bots.running() as first:
        await eventually(lambda: any(shown(chats)))
        await bots.stop(first)
    async with bots.running() as second:
        await bots.until("outbox", "up")
        await bots.settled()
        await bots.stop(second)

    assert shown(chats) == ([TITLE], [TITLE])


@pytest.mark.long
async def test_a_chat_that_never_says_hello_is_not_ready(bots: Bots, chats: Chats) -> None:
    """Slack takes the connection and is mute; Discord alone does not make the whole ready."""
    chats.slack.mute = True
    async with bots.running():
        await bots.until("discord", "up")
        assert await bots.until("slack", "connecting") == (503, "")
        chats.slack.mute = False
        await chats.slack.drop()
        assert await bots.until("slack", "up") == (200, "")
