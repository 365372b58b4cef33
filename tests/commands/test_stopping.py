"""What a command does when it gets a signal."""

import asyncio
import os
import signal

import click
import pytest

from overheard.chat.terminal.execution import _run_guarded


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_cancels_a_command_once(
    number: signal.Signals,
    status: int,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    """Its end is not cut off by the same signal, which a shell also sends to the group."""
    inherited = signal.signal(number, signal.default_int_handler)  # ignored below nohup
    request.addfinalizer(lambda: signal.signal(number, inherited))
    ended = []

    async def command() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.sleep(60)
        finally:
            os.kill(os.getpid(), number)
            await asyncio.sleep(0.01)
            ended.append(True)

    before = signal.getsignal(number)
    with pytest.raises(click.exceptions.Exit) as exit_:
        _run_guarded(command)

    assert exit_.value.exit_code == status
    assert ended == [True]
    assert signal.getsignal(number) is before
    assert capsys.readouterr().err.startswith("Stopped.")


def test_a_command_that_cancels_itself_is_no_stop() -> None:
    """Such a fault is seen."""

    async def command() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        _run_guarded(command)
