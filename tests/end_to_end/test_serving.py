"""What ends a deployment besides a signal."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from overheard.config.loader import load_config
from overheard.runtime.server import serve
from overheard.runtime.supervisor import Supervisor
from overheard.runtime.wiring import open_deployment
from program import Program


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Leave the signals of the test's process as they were."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


async def test_a_deployment_that_breaks_does_not_look_as_if_it_had_been_stopped(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person who started it gets a message, and can start it again."""

    async def breaks(_: Supervisor) -> None:
        raise LookupError

    monkeypatch.setattr(Supervisor, "run", breaks)
    config = load_config(program.folder / "config.toml")
    async with open_deployment(config) as deployment:
        with pytest.raises(LookupError):
            await serve(deployment, leave=lambda _: None)
