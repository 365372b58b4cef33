"""What a running bot posts when its time has come: after quiet hours, and reports of the week."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from kit.both_chats import DISCORD, SLACK, Chats, eventually
from kit.program import Program
from overheard.alerts.outbox import Routes
from overheard.alerts.service import Lifecycle
from overheard.config.loader import load_config
from overheard.domain import Alert, Model, Panel, Prompt, Run, RunState, Shift
from overheard.testing.fakes import FixedClock
from overheard_storage import open_store

HOUR = timedelta(hours=1)
REPORT = f'\n[[reports]]\nname = "week"\ncron = "0 8 * * mon"\nchannel = "{SLACK}"\n'


@contextlib.asynccontextmanager
async def running(program: Program) -> AsyncIterator[None]:
    """Have a bot at work within the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "overheard", "run"), cwd=program.folder
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


def hours(first: datetime, last: datetime) -> str:
    """Return quiet hours as a route has them."""
    return f'quiet = "{first:%H:%M}-{last:%H:%M}"\n'


async def raise_alerts(program: Program, at: datetime, *brands: str) -> None:
    """Raise an alert for each brand at a time."""
    store = await open_store(f"sqlite:///{program.folder}/store.db")
    model = Model("svc", "m-1")
    panel = Panel(brands, (Prompt("Which tool is best?"),), (model,))
    run = await store.runs.start(Run("first", at, panel, RunState.COMPLETE, at))
    routes = Routes(load_config(program.folder / "config.toml").routes, {})
    for brand in brands:
        shift = Shift(brand, model, "visibility", run.id, 0.7, 0.4, -0.3, (-0.4, -0.1))
        await Lifecycle(store, routes, FixedClock(at)).raise_alert(Alert(shift, at))
    await store.close()


@pytest.mark.slow
async def test_quiet_hours_end_with_a_digest_and_the_alerts(
    program: Program, config: str, chats: Chats
) -> None:
    """Two alerts came an hour ago: Slack's quiet hours are over, and Discord's are not."""
    now = datetime.now(UTC)
    over, going = hours(now - 3 * HOUR, now - HOUR / 6), hours(now - 3 * HOUR, now + 3 * HOUR)
    routes = f'\n[[routes]]\nchannel = "{SLACK}"\n{over}[[routes]]\nchannel = "{DISCORD}"\n{going}'
    program.configure(f"{config}{routes}{chats.tables()}[health]\nport = 0\n")
    await raise_alerts(program, now - HOUR, "Acme", "Zeta")
    async with running(program):
        await chats.eventually(
            chats.in_slack,
            "2 alerts during quiet hours",
            "m-1 names Acme far less",
            "m-1 names Zeta far less",
        )
        await chats.discord.ready()
        await asyncio.sleep(3)

    assert chats.in_discord() == []


@pytest.mark.long
async def test_a_report_is_posted_once_for_its_week(
    program: Program, config: str, chats: Chats
) -> None:
    """Its slot passed while no bot ran: it is posted once afterwards, by one of the processes."""
    program.configure(f"{config}{REPORT}{chats.tables()}[health]\nport = 0\n")
    store = await open_store(f"sqlite:///{program.folder}/store.db")
    await store.schedules.state("report week", datetime.now(UTC) - timedelta(days=15))
    for _ in range(2):
        async with running(program):
            await eventually(chats.in_slack)
            await chats.discord.ready()
            await asyncio.sleep(3)
    state = await store.schedules.state("report week", datetime.now(UTC))
    await store.close()

    assert chats.in_slack() == ["Acme's week: nothing was measured"]
    assert state.done > datetime.now(UTC) - timedelta(days=8)
