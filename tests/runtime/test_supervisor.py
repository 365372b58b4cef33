"""Tests of services that are kept alive, and of what is said about them over HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from overheard.config.sections import HealthTable
from overheard.errors import ChatUnavailable, NothingToAsk
from overheard.runtime.health import Health, PortTaken
from overheard.runtime.supervisor import MOST_FAILURES, Condition, Service, Standing, Supervisor
from recording import until

REFUSED = ChatUnavailable(chat="slack", reason="the token is refused", remedy="name another")


class Play:
    """Services that do as they are told, and what was said of them."""

    def __init__(self, **services: list[Any]) -> None:
        self.starts = dict.fromkeys(services, 0)
        self.told: list[str] = []
        self.called: list[str] = []
        self.supervisor = Supervisor(
            [Service(name, self._run(name, plan)) for name, plan in services.items()],
            self.told.append,
            self.called.append,
            first_pause=0.001,
        )

    def _run(self, name: str, plan: list[BaseException | None]) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            number = self.starts[name]
            self.starts[name] += 1
            if number < len(plan):
                error = plan[number]
                if error:
                    raise error
                return
            await asyncio.Event().wait()

        return run

    async def run(self, happened: Callable[[], bool]) -> None:
        """Run until something is so, then stop."""
        task = asyncio.create_task(self.supervisor.run())
        await until(happened)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()

    def condition(self, name: str) -> Condition:
        """Return how a service is."""
        return self.supervisor.standings()[name].condition


async def test_a_service_that_fails_is_started_again() -> None:
    """Beside it, the others never notice."""
    play = Play(outbox=[RuntimeError("sk-secret"), None, NothingToAsk(missing="x")], chat=[])
    await play.run(lambda: play.starts["outbox"] == 4)

    assert play.starts == {"outbox": 4, "chat": 1}
    assert play.told == [
        "outbox failed: RuntimeError; it is started again.",
        "outbox ended by itself.",
        "There is nothing to ask: x.",
    ]
    assert play.condition("outbox") is Condition.UP


async def test_somebody_is_called_once_when_a_service_keeps_failing_or_is_disabled() -> None:
    """An outage of a minute is nobody's business; the text of an error is told to nobody."""
    plan = [RuntimeError("sk-secret")] * (MOST_FAILURES + 2)
    play = Play(chat=plan, outbox=plan[: MOST_FAILURES - 1], slack=[REFUSED])
    await play.run(lambda: play.starts["chat"] == MOST_FAILURES + 3)

    failing = "chat failed: RuntimeError; it is started again."
    assert sorted(play.called) == [
        f"{failing} That was {MOST_FAILURES} times in a row; it is tried on and on.",
        str(REFUSED),
    ]


@pytest.mark.parametrize("error", [asyncio.CancelledError(), SystemExit(3)])
async def test_what_a_library_lets_slip_ends_no_service(error: BaseException) -> None:
    """A cancellation that nobody asked for, and an exit, are failures like any other."""
    play = Play(chat=[error])
    await play.run(lambda: play.starts["chat"] == 2)

    [told] = play.told
    assert told.startswith("chat ")
    assert told.endswith("it is started again.")


async def test_the_same_trouble_is_told_once() -> None:
    """A platform that is down for hours does not fill the log."""
    play = Play(slack=[OSError("down")] * 5)
    await play.run(lambda: play.starts["slack"] == 6)

    assert play.told == ["slack failed: OSError; it is started again."]


async def test_refused_credentials_disable_a_platform_and_the_other_runs_on() -> None:
    """One clear sentence; it is not tried again."""
    play = Play(slack=[REFUSED], discord=[OSError(), OSError()])
    await play.run(lambda: play.starts["discord"] == 3)

    assert play.starts["slack"] == 1
    assert play.told[0] == str(REFUSED)
    assert play.supervisor.standings()["slack"] == Standing(Condition.DISABLED, str(REFUSED))


async def test_a_service_that_runs_without_a_connection_is_not_up() -> None:
    """It says what was wrong the last time, and is up as soon as it is connected."""
    connected, starts = [False], []

    async def run() -> None:
        starts.append(1)
        if len(starts) == 1:
            raise OSError("down")
        await asyncio.Event().wait()

    services = [Service("chat", run, lambda: connected[0])]
    supervisor = Supervisor(services, lambda _: None, first_pause=0.001)
    assert supervisor.standings() == {"chat": Standing(Condition.CONNECTING)}
    task = asyncio.create_task(supervisor.run())
    await until(lambda: len(starts) == 2)
    told = "chat failed: OSError; it is started again."
    assert supervisor.standings() == {"chat": Standing(Condition.CONNECTING, told)}
    connected[0] = True
    assert supervisor.standings() == {"chat": Standing()}
    task.cancel()
    await asyncio.wait({task})


async def test_a_fault_within_a_group_is_named() -> None:
    """What people are told is what went wrong, and not what held it."""
    play = Play(outbox=[ExceptionGroup("both", [ExceptionGroup("one", [ValueError()])])])
    await play.run(lambda: play.starts["outbox"] == 2)

    assert play.told == ["outbox failed: ValueError; it is started again."]


@contextmanager
def taken() -> Iterator[int]:
    """A port that somebody else listens at."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def asked(health: Health, path: str, method: str = "GET") -> tuple[int, dict[str, object]]:
    """Return the status and the body of an answer."""
    head, _, body = health.answer(f"{method} {path} HTTP/1.1\r\n".encode()).partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body or "{}")


@pytest.mark.parametrize(
    ("standing", "status"),
    [
        (Standing(), 200),
        (Standing(Condition.DISABLED, "The token is refused."), 200),
        (Standing(Condition.DOWN, "It fails."), 503),
        (Standing(Condition.CONNECTING), 503),
    ],
)
def test_readiness_says_how_each_service_is(standing: Standing, status: int) -> None:
    """One that is down makes it unready; one that is disabled would not be helped by a restart."""
    health = Health(HealthTable(), lambda: {"outbox": Standing(), "slack": standing})
    found, body = asked(health, "/ready")

    assert (found, body["ready"]) == (status, status == 200)
    services = body["services"]
    assert isinstance(services, dict)
    assert services["slack"].get("problem", "") == standing.problem
    assert asked(health, "/live") == (200, {"live": True})


def test_what_is_not_asked_for_properly_is_refused() -> None:
    """It never fails, whatever is sent."""
    health = Health(HealthTable(), dict)

    assert asked(health, "/")[0] == 404
    assert asked(health, "/ready", "POST")[0] == 405
    assert asked(health, "/live", "HEAD") == (200, {})
    for line in (b"", b"\xff\x00\n", b"GET\n"):
        assert health.answer(line).startswith(b"HTTP/1.1 4")


async def test_it_answers_over_a_socket_also_beside_one_that_says_nothing() -> None:
    """A peer that connects and is silent holds up nobody."""
    with taken() as port:
        pass
    task = asyncio.create_task(Health(HealthTable(port=port), dict).run())
    async with asyncio.timeout(10):
        while True:
            try:
                _, silent = await asyncio.open_connection("127.0.0.1", port)
                break
            except OSError:
                await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.read()).endswith(b'{"live": true}\n')
    for open_one in (silent, writer):
        open_one.close()
    task.cancel()
    await asyncio.wait({task})


async def test_a_port_that_is_taken_is_told() -> None:
    """The sentence names the place and the remedy."""
    with taken() as port, pytest.raises(PortTaken, match=f"{port}.*name another port there"):
        await Health(HealthTable(port=port), dict).run()
