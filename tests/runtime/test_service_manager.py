"""Tests of messages to the service manager, through a socket as systemd opens it."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from overheard.runtime.supervisor import notify, report_to_service_manager


@pytest.fixture
def listener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket of a service manager."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        opened.bind(str(tmp_path / "notify"))
        opened.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.delenv("WATCHDOG_USEC", raising=False)
        yield opened


async def test_it_is_ready_alive_and_stopping(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watchdog is fed several times in its period, and the end is reported."""
    monkeypatch.setenv("WATCHDOG_USEC", "150000")
    reporting = asyncio.create_task(report_to_service_manager())
    await asyncio.sleep(0.2)
    reporting.cancel()
    await asyncio.wait({reporting})

    listener.setblocking(False)
    told = []
    while True:
        try:
            told.append(listener.recv(100).decode())
        except BlockingIOError:
            break
    assert told[0] == "READY=1"
    assert told[-1] == "STOPPING=1"
    assert told.count("WATCHDOG=1") >= 2


@pytest.mark.parametrize("period", ["", "0", "soon"])
async def test_without_a_watchdog_it_is_ready_and_stopping(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, period: str
) -> None:
    """A period that is no number is none."""
    monkeypatch.setenv("WATCHDOG_USEC", period)
    reporting = asyncio.create_task(report_to_service_manager())
    await asyncio.sleep(0.05)
    reporting.cancel()
    await asyncio.wait({reporting})

    assert [listener.recv(100), listener.recv(100)] == [b"READY=1", b"STOPPING=1"]


async def test_without_a_service_manager_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither without a socket nor with one that nobody reads."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    await report_to_service_manager()
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "none"))
    assert not notify("READY=1")
