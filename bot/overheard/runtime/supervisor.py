"""The services of one process, and its shutdown.

Each service is kept alive on its own, so that the failure of one takes no other down. SIGTERM and
Ctrl-C end all of them in time. systemd is told that the process is ready, alive and stopping
(sd_notify(3)).
"""

import asyncio
import contextlib
import os
import random
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic

from overheard.errors import ChatUnavailable, OverheardError, ungrouped

FIRST_RESTART_DELAY_S, MAX_RESTART_DELAY_S = 1.0, 300.0
"""The delay before a service that failed is started again doubles each time."""
DELAY_FACTORS = 0.8, 1.2
"""The range of a random factor of the delay, so that services do not start at the same moment."""
HEALTHY_S = 60.0
"""Seconds after which a service counts as healthy, and delays begin from the first."""
MAX_FAILURES = 8
"""Failures in a row after which an admin is called: about two minutes, longer than most outages."""
SHUTDOWN_TIMEOUT_S = 1.5
"""Seconds that services have to end."""
EXIT_TIMEOUT_S = 1.8
"""Seconds from the signal to the end of the process."""


@dataclass(frozen=True, slots=True)
class Service:
    """A part of a deployment that runs as long as the process.

    Attributes:
        name: The name in reports.
        run: Runs until cancelled. Raises `ChatUnavailable` when a restart would not help, and
            any other error when a restart may help.
        connected: Returns whether the service has its connection; by default True.
    """

    name: str
    run: Callable[[], Awaitable[None]]
    connected: Callable[[], bool] = lambda: True


class ServiceState(StrEnum):
    """The state of a service."""

    UP = "up"
    CONNECTING = "connecting"
    """Its connection is not made yet, or was lost."""
    DOWN = "down"
    """It failed, and is started again soon."""
    DISABLED = "disabled"
    """It cannot be used as it is configured, and is not started again."""


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """The state of a service, and the problem if there is one."""

    state: ServiceState = ServiceState.UP
    problem: str = ""


class Supervisor:
    """Keeps services running.

    Args:
        report: Called with one sentence when a service fails or is disabled; repeated sentences are
            not reported.
        call_admin: Called with one sentence when a service needs an admin: it is disabled, or has
            failed `MAX_FAILURES` times in a row; once until it is healthy again.
        first_delay_s: Seconds until a service that failed for the first time is started again.
    """

    def __init__(
        self,
        services: Iterable[Service],
        report: Callable[[str], None],
        call_admin: Callable[[str], None] = lambda _: None,
        *,
        first_delay_s: float = FIRST_RESTART_DELAY_S,
    ) -> None:
        """Begin with every service up and nothing reported; `run` starts the services."""
        self._services = list(services)
        self._report = report
        self._call_admin = call_admin
        self._first_delay = first_delay_s
        self._reported: dict[str, str] = {}
        self._statuses: dict[str, ServiceStatus] = {s.name: ServiceStatus() for s in self._services}

    def statuses(self) -> dict[str, ServiceStatus]:
        """Return the status of each service at this moment, by name."""
        return {service.name: self._status(service) for service in self._services}

    def _status(self, service: Service) -> ServiceStatus:
        """Return the status of a service. A service that runs without its connection counts as
        connecting, with the last problem that was reported of it, if any.
        """
        status = self._statuses[service.name]
        if status.state is not ServiceState.UP or service.connected():
            return status
        return ServiceStatus(ServiceState.CONNECTING, self._reported.get(service.name, ""))

    async def run(self) -> None:
        """Run all services until cancelled; return once all of them are disabled."""
        async with asyncio.TaskGroup() as group:
            for service in self._services:
                group.create_task(self._keep_running(service))

    async def _keep_running(self, service: Service) -> None:
        """Run a service, and start it again whenever it ends or fails; until cancelled.

        The delay doubles with each failure up to `MAX_RESTART_DELAY_S`, and starts over once the
        service has run for `HEALTHY_S`. Each failure is reported. After `MAX_FAILURES` in a row an
        admin is called. On `ChatUnavailable` the service is disabled, an admin is called, and this
        returns.
        """
        delay, failures = self._first_delay, 0
        while True:
            begun = monotonic()
            try:
                with ungrouped():
                    await service.run()
                problem = f"{service.name} ended by itself."
            except ChatUnavailable as error:
                self._note(service, ServiceState.DISABLED, str(error))
                self._call_admin(str(error))
                return
            except OverheardError as error:
                problem = str(error)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is None or task.cancelling() > 0:  # and no task that it waited for
                    raise
                problem = f"{service.name} was cut off by itself; it is started again."
            except (Exception, SystemExit) as error:  # the error's text may hold a secret
                problem = f"{service.name} failed: {type(error).__name__}; it is started again."
            self._note(service, ServiceState.DOWN, problem)
            if monotonic() - begun > HEALTHY_S:
                delay, failures = self._first_delay, 0
            failures += 1
            if failures == MAX_FAILURES:
                self._call_admin(
                    f"{problem} That was {failures} times in a row; it is tried on and on."
                )
            await asyncio.sleep(delay * random.uniform(*DELAY_FACTORS))  # noqa: S311 - no secret
            delay = min(delay * 2, MAX_RESTART_DELAY_S)
            self._statuses[service.name] = ServiceStatus()

    def _note(self, service: Service, state: ServiceState, problem: str) -> None:
        """Set the status of a service, and report the problem unless it was the last one reported
        of the service.
        """
        if problem != self._reported.get(service.name):
            self._report(problem)
        self._reported[service.name] = problem
        self._statuses[service.name] = ServiceStatus(state, problem)


END_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class GracefulShutdown:
    """Ends the work of a process at SIGTERM, at Ctrl-C, or when its terminal is closed.

    Args:
        exit_within: Called at the signal with the seconds after which the process must end; a later
            call replaces an earlier one.
    """

    def __init__(self, exit_within: Callable[[float], None]) -> None:
        """Install handlers for the signals `END_SIGNALS`, which replace earlier ones.

        Raises:
            RuntimeError: without a running event loop.
            ValueError: outside of the main thread.
        """
        self._exit_within = exit_within
        self._deadline = 0.0
        self._loop = asyncio.get_running_loop()
        self._signalled = asyncio.Event()
        # Not by the loop, which may be busy: the time to exit counts from the signal.
        for number in END_SIGNALS:
            signal.signal(number, self._on_signal)

    async def run(self, work: Coroutine[object, object, None]) -> None:
        """Run the work until a signal, then cancel it and wait for its end, at most until the
        deadline: `SHUTDOWN_TIMEOUT_S` after the signal, or later if `extend` is called.

        Returns when the work ends, too. Meanwhile the service manager is told that the process is
        ready and alive.

        Raises:
            Exception: what the work raises, if it ends before a signal.
        """
        working = asyncio.ensure_future(work)
        reporting = asyncio.create_task(report_to_service_manager())
        stopped = asyncio.create_task(self._signalled.wait())
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()  # raises the fault that has ended the work
        stopped.cancel()
        reporting.cancel()
        working.cancel()
        self._deadline = monotonic() + SHUTDOWN_TIMEOUT_S
        while not working.done() and monotonic() < self._deadline:
            await asyncio.wait({working}, timeout=self._deadline - monotonic())

    def extend(self, seconds: float) -> None:
        """Move the deadline and the exit of the process by `seconds`, counted from now, while
        another process takes over.
        """
        self._deadline = monotonic() + SHUTDOWN_TIMEOUT_S + seconds
        self._exit_within(EXIT_TIMEOUT_S + seconds)

    def _on_signal(self, *_: object) -> None:
        self._exit_within(EXIT_TIMEOUT_S)
        self._loop.call_soon_threadsafe(self._signalled.set)


SOCKET_VARIABLE, WATCHDOG_VARIABLE = "NOTIFY_SOCKET", "WATCHDOG_USEC"
MIN_INTERVAL_S = 0.05


def notify(state: str) -> bool:
    """Send a state such as ``READY=1`` to the service manager (sd_notify).

    Returns:
        Whether the state was sent; False without a service manager that listens.
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
    """Report to systemd that this process is ready, then at intervals that its event loop runs, and
    when cancelled that it stops. Return at once without systemd.

    systemd restarts a process whose event loop is blocked for ``WatchdogSec``; without that
    setting, no signs of life are sent.
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
    """Return a third of the watchdog's period in seconds, at least `MIN_INTERVAL_S`; 0 without a
    watchdog, or if the variable is no positive number.
    """
    with contextlib.suppress(ValueError):
        period_s = int(os.environ.get(WATCHDOG_VARIABLE, "0")) / 1e6
        return max(MIN_INTERVAL_S, period_s / 3) if period_s > 0 else 0.0
    return 0.0
