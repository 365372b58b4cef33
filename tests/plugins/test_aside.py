"""Tests of the loop in which a plugin's code runs."""

import asyncio
import contextlib

import pytest

from overheard.plugins.aside import Aside
from overheard.plugins.threads import TooLong


async def spin() -> None:
    """Never give the loop back."""
    while True:
        pass


async def good() -> str:
    """End at once."""
    return "good"


async def given_up(aside: Aside) -> None:
    """Make a call that never ends, and wait for it no longer."""
    call = asyncio.create_task(aside.call(spin))
    await asyncio.sleep(0.05)
    call.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await call


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops that answer no more are given up soon."""
    monkeypatch.setattr("overheard.plugins.aside.GRACE", 0.2)


async def test_a_call_behind_one_that_never_ends_is_made_when_that_is_interrupted() -> None:
    """What came of it is told, although the loop ends then."""
    aside = Aside()
    await given_up(aside)
    async with asyncio.timeout(20):
        outcome = await aside.call(good)

    assert outcome.get() == "good"
    aside.close()


async def test_a_second_call_that_never_ends_is_interrupted_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody waits for it in vain, and nothing is told of a loop that is closed."""
    aside = Aside()
    await given_up(aside)
    async with asyncio.timeout(20):
        outcome = await aside.call(spin)

    assert isinstance(outcome.error, TooLong)
    aside.close()
    assert not caplog.records


async def test_a_call_is_given_up_when_its_loop_has_ended() -> None:
    """As any other one."""
    aside = Aside()
    call = asyncio.create_task(aside.call(spin))
    await asyncio.sleep(0.05)
    aside.close()
    async with asyncio.timeout(20):
        assert isinstance((await call).error, TooLong)
