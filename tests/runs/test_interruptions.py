"""Tests of runs that a killed process left behind."""

import asyncio
from datetime import UTC, datetime

import pytest

from overheard.domain import Model, Panel, Prompt, Run
from overheard.errors import OverheardError, RunEnded, RunTooOld, RunUnderWay
from overheard.runs.interruptions import RunResumer
from overheard.runs.plan import new_run
from overheard.testing import FixedClock
from overheard.testing.deployment import open_test_store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PANEL = Panel(("Acme",), (Prompt("Which tool?"),), (Model("svc", "m-1"),))


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (RunUnderWay(run="r"), ""),
        (RunEnded(run="r", state="complete", verb="resumed"), ""),
        (RunTooOld(run="r", age="3 h"), "its answers are kept. Run r was begun 3 h ago"),
    ],
)
async def test_the_log_names_what_is_not_resumed(
    error: OverheardError, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A run that somebody else has resumed or ended by now lacks nothing."""
    store, asked = open_test_store(), asyncio.Event()
    await store.runs.start(new_run(PANEL, NOON))

    async def resume(_: Run) -> None:
        asked.set()
        raise error

    resumer = RunResumer(store, FixedClock(NOON), resume, {"slack"}, "schedule")
    work = asyncio.create_task(resumer.run())
    await asked.wait()
    await asyncio.sleep(0)
    work.cancel()
    await asyncio.wait({work})
    assert logged in caplog.text
    assert bool(logged) is bool(caplog.text)
