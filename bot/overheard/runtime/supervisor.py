"""Services of one process, each kept alive on its own: one's trouble takes no other down."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic

from overheard.errors import ChatUnavailable, OverheardError

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""Seconds until a service that failed is started again: twice as long each time."""
HEALTHY = 60.0
"""Seconds after which a service has proved itself, and pauses begin from the first."""
MOST_FAILURES = 8
"""Failures in a row after which somebody has to look: about two minutes, which outages take."""


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Service:
    """Something that runs as long as the process.

    Attributes:
        name: As people are told of it.
        run: Runs until cancelled. Raises `ChatUnavailable` when it is of no use to try again, and
            anything else when it is.
        connected: Whether it is of use to anybody while it runs; one that speaks with nobody
            outside always is.
    """

    name: str
    run: Callable[[], Awaitable[None]]
    connected: Callable[[], bool] = _always


class Condition(StrEnum):
    """How a service is."""

    UP = "up"
    CONNECTING = "connecting"
    """It is at work on a connection that it has not got yet, or has lost."""
    DOWN = "down"
    """It failed, and is started again soon."""
    DISABLED = "disabled"
    """It cannot be used as it is configured, and is left alone."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a service is, and why."""

    condition: Condition = Condition.UP
    problem: str = ""


class Supervisor:
    """Keeps services running.

    Args:
        services: What runs.
        tell: Is given one sentence when a service fails or is disabled; the same one once.
        call: Is given one, too, when somebody has to look after a service: it is disabled, or has
            failed `MOST_FAILURES` times in a row. Until it has proved itself, that is once.
        first_pause: Seconds until a service that failed for the first time is started again.
    """

    def __init__(
        self,
        services: Iterable[Service],
        tell: Callable[[str], None],
        call: Callable[[str], None] = lambda _: None,
        *,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self._services = list(services)
        self._tell = tell
        self._call = call
        self._first_pause = first_pause
        self._told: dict[str, str] = {}
        self._standings: dict[str, Standing] = {s.name: Standing() for s in self._services}

    def standings(self) -> dict[str, Standing]:
        """Return how each service is at this moment, by name."""
        return {service.name: self._standing(service) for service in self._services}

    def _standing(self, service: Service) -> Standing:
        """Return how a service is; that it runs is not enough for one that has to connect."""
        standing = self._standings[service.name]
        if standing.condition is not Condition.UP or service.connected():
            return standing
        return Standing(Condition.CONNECTING, self._told.get(service.name, ""))

    async def run(self) -> None:
        """Run all of them until cancelled."""
        async with asyncio.TaskGroup() as group:
            for service in self._services:
                group.create_task(self._keep(service))

    async def _keep(self, service: Service) -> None:
        pause, failures = self._first_pause, 0
        while True:
            begun = monotonic()
            try:
                await service.run()
                problem = f"{service.name} ended by itself."
            except ChatUnavailable as error:
                self._note(service, Condition.DISABLED, str(error))
                self._call(str(error))
                return
            except OverheardError as error:
                problem = str(error)
            except asyncio.CancelledError:
                if _is_cancelled():
                    raise
                problem = f"{service.name} was cut off by itself; it is started again."
            except (Exception, SystemExit) as error:  # its text may hold a secret: its kind is told
                problem = f"{service.name} failed: {_kind(error)}; it is started again."
            self._note(service, Condition.DOWN, problem)
            if monotonic() - begun > HEALTHY:
                pause, failures = self._first_pause, 0
            failures += 1
            if failures == MOST_FAILURES:
                self._call(f"{problem} That was {failures} times in a row; it is tried on and on.")
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
            pause = min(pause * 2, LONGEST_PAUSE)
            self._standings[service.name] = Standing()

    def _note(self, service: Service, condition: Condition, problem: str) -> None:
        if problem != self._told.get(service.name):
            self._tell(problem)
        self._told[service.name] = problem
        self._standings[service.name] = Standing(condition, problem)


def _is_cancelled() -> bool:
    """Whether it is this task that somebody cancels, and not one that it waited for."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _kind(error: BaseException) -> str:
    """Name an error; of a group, the first one in it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__
