"""Messages to systemd: that this process is ready, alive and stopping (sd_notify(3))."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket

SOCKET_VARIABLE, WATCHDOG_VARIABLE = "NOTIFY_SOCKET", "WATCHDOG_USEC"
MIN_INTERVAL_S = 0.05


def notify(state: str) -> bool:
    """Send a state such as ``READY=1`` to the service manager.

    Returns:
        Whether it was sent; without a service manager that listens, nothing is.
    """
    address = os.environ.get(SOCKET_VARIABLE, "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):  # an abstract socket
        address = f"\0{address[1:]}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(state.encode(), address)
    except OSError:
        return False
    return True


async def report_to_service_manager() -> None:
    """Report that this process is ready, and then, until cancelled, that its event loop runs.

    systemd restarts a process whose event loop is blocked for ``WatchdogSec``.
    """
    if not notify("READY=1"):
        return
    try:
        while interval := _watchdog_interval_s():
            await asyncio.sleep(interval)
            notify("WATCHDOG=1")
        await asyncio.Event().wait()
    finally:
        notify("STOPPING=1")


def _watchdog_interval_s() -> float:
    """Return a third of the watchdog's period; 0 without a watchdog."""
    with contextlib.suppress(ValueError):
        microseconds = int(os.environ.get(WATCHDOG_VARIABLE, "0"))
        return max(MIN_INTERVAL_S, microseconds / 3e6) if microseconds > 0 else 0.0
    return 0.0
