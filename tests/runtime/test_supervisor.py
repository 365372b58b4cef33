"""Tests of services that are kept alive, and of what is said about them over HTTP."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from aiohttp import ClientSession

from kit.recording import until
from overheard.config.sections import HealthTable
from overheard.errors import ChatUnavailable, NothingToAsk
from overheard.runtime.health import HealthServer, PortTaken
from overheard.runtime.supervisor import (
    MAX_FAILURES,
    Service,
    ServiceState,
    ServiceStatus,
    Supervisor,
)

REFUSED = ChatUnavailable(chat="slack", reason="the token is refused", remedy="name another")


class Play:
    """Services with given faults, and what was reported of them."""

    def __init__(self, **services: list[Any]) -> None:
        self.starts = dict.fromkeys(services, 0)
        self.told: list[str] = []
        self.called: list[str] = []
        self.supervisor = Supervisor(
            [Service(name, self._run(name, plan)) for name, plan in services.items()],
            self.told.append,
            self.called.append,
            first_delay_s=0.001,
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

    def state(self, name: str) -> ServiceState:
        """Return how a service is."""
        return self.supervisor.statuses()[name].state


async def test_a_service_that_fails_is_started_again() -> None:
    """The other services do not notice."""
    play = Play(outbox=[RuntimeError("sk-secret"), None, NothingToAsk(missing="x")], chat=[])
    await play.run(lambda: play.starts["outbox"] == 4)

    assert play.starts == {"outbox": 4, "chat": 1}
    assert play.told == [
        "outbox failed: RuntimeError; it is started again.",
        "outbox ended by itself.",
        "There is nothing to ask: x.",
    ]
    assert play.state("outbox") is ServiceState.UP


async def test_somebody_is_called_once_when_a_service_keeps_failing_or_is_disabled() -> None:
    """An outage of a minute is not reported, and the text of an error never."""
    plan = [RuntimeError("sk-secret")] * (MAX_FAILURES + 2)
    play = Play(chat=plan, outbox=plan[: MAX_FAILURES - 1], slack=[REFUSED])
    await play.run(lambda: play.starts["chat"] == MAX_FAILURES + 3)

    failing = "chat failed: RuntimeError; it is started again."
    assert sorted(play.called) == [
        f"{failing} That was {MAX_FAILURES} times in a row; it is tried on and on.",
        str(REFUSED),
    ]


@pytest.mark.parametrize("error", [asyncio.CancelledError(), SystemExit(3)])
async def test_what_a_library_lets_slip_ends_no_service(error: BaseException) -> None:
    """A cancellation from outside, and an exit, are failures like any other."""
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
    assert play.supervisor.statuses()["slack"] == ServiceStatus(ServiceState.DISABLED, str(REFUSED))


async def test_a_service_that_runs_without_a_connection_is_not_up() -> None:
    """It says what was wrong the last time, and is up as soon as it is connected."""
    connected, starts = [False], []

    async def run() -> None:
        starts.append(1)
        if len(starts) == 1:
            raise OSError("down")
        await asyncio.Event().wait()

    services = [Service("chat", run, lambda: connected[0])]
    supervisor = Supervisor(services, lambda _: None, first_delay_s=0.001)
    assert supervisor.statuses() == {"chat": ServiceStatus(ServiceState.CONNECTING)}
    task = asyncio.create_task(supervisor.run())
    await until(lambda: len(starts) == 2)
    told = "chat failed: OSError; it is started again."
    assert supervisor.statuses() == {"chat": ServiceStatus(ServiceState.CONNECTING, told)}
    connected[0] = True
    assert supervisor.statuses() == {"chat": ServiceStatus()}
    task.cancel()
    await asyncio.wait({task})


async def test_a_fault_within_a_group_is_named() -> None:
    """The report says what went wrong, without the details of the exception."""
    play = Play(outbox=[ExceptionGroup("both", [ExceptionGroup("one", [ValueError()])])])
    await play.run(lambda: play.starts["outbox"] == 2)

    assert play.told == ["outbox failed: ValueError; it is started again."]


@contextmanager
def taken() -> Iterator[int]:
    """A port that another program listens at."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@asynccontextmanager
async def serving(statuses: Mapping[str, ServiceStatus], store: str = "") -> AsyncIterator[str]:
    """Serve the endpoint, and give its address once it answers."""
    with taken() as port:
        pass
    task = asyncio.create_task(
        HealthServer(HealthTable(port=port), lambda: statuses, store=store).run()
    )
    await connected(port)
    yield f"http://127.0.0.1:{port}"
    task.cancel()
    await asyncio.wait({task})


async def connected(port: int) -> asyncio.StreamWriter:
    """Connect as soon as there is a server."""
    async with asyncio.timeout(20):
        while True:
            try:
                return (await asyncio.open_connection("127.0.0.1", port))[1]
            except OSError:
                await asyncio.sleep(0.01)


async def asked(address: str, method: str = "GET") -> tuple[int, dict[str, Any]]:
    """Return the status and the body of an answer."""
    async with ClientSession() as session, session.request(method, address) as response:
        return response.status, json.loads(await response.text() or "{}")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (ServiceStatus(), 200),
        (ServiceStatus(ServiceState.DISABLED, "The token is refused."), 200),
        (ServiceStatus(ServiceState.DOWN, "It fails."), 503),
        (ServiceStatus(ServiceState.CONNECTING), 503),
    ],
)
async def test_readiness_says_how_each_service_is(status: ServiceStatus, code: int) -> None:
    """One that is down makes it unready; one that is disabled would not be helped by a restart."""
    async with serving({"outbox": ServiceStatus(), "slack": status}) as address:
        found, body = await asked(f"{address}/ready")
        assert (found, body["ready"]) == (code, code == 200)
        assert body["services"]["slack"].get("problem", "") == status.problem
        assert await asked(f"{address}/live") == (200, {"live": True, "store": ""})


async def test_what_is_not_asked_for_properly_is_refused() -> None:
    """It never fails, for requests of all kinds; without metrics there is no such path."""
    async with serving({}) as address:
        for path in ("/", "/metrics"):
            found, body = await asked(address + path)
            assert (found, body["error"]) == (404, "ask for /live, /ready or /metrics")
        assert (await asked(f"{address}/ready", "POST"))[0] == 405
        assert await asked(f"{address}/live", "HEAD") == (200, {})
        for line in (b"\xff\x00\r\n\r\n", b"GET\r\n\r\n"):
            writer = await connected(int(address.rpartition(":")[2]))
            writer.write(line)
            writer.close()
        assert (await asked(f"{address}/live"))[0] == 200


async def test_a_silent_peer_does_not_block_others() -> None:
    """One that connects and sends nothing keeps the endpoint neither from answering nor ending."""
    async with serving({}) as address:
        silent = await connected(int(address.rpartition(":")[2]))
        assert await asked(f"{address}/live") == (200, {"live": True, "store": ""})
    silent.close()


async def test_a_port_of_another_program_is_an_error() -> None:
    """Its answers would be taken for those of this process."""
    async with serving({}, store="another-1234") as address:
        port = int(address.rpartition(":")[2])
        reported: list[str] = []
        with pytest.raises(PortTaken):
            await HealthServer(HealthTable(port=port), dict, store="ours").run_if_wanted(
                reported.append
            )
    assert not reported


async def test_a_port_of_the_same_deployment_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that hands over has it for some seconds, and the next one takes it then."""
    monkeypatch.setattr("overheard.runtime.health.RETRY_S", 0.02)
    reported: list[str] = []
    async with serving({}, store="ours") as address:
        port = int(address.rpartition(":")[2])
        health = HealthServer(HealthTable(port=port), lambda: {"x": ServiceStatus()}, store="ours")
        waiting = asyncio.create_task(health.run_if_wanted(reported.append))
        while not reported:  # noqa: ASYNC110 - a call makes no event
            await asyncio.sleep(0.01)
    try:
        async with asyncio.timeout(10):
            while "x" not in (await services(address)):  # noqa: ASYNC110 - it is a server's
                await asyncio.sleep(0.02)
    finally:
        waiting.cancel()
    assert len(reported) == 1
    assert "Another process of this deployment has it; it is tried again." in reported[0]


async def test_the_answer_of_the_same_deployment_may_arrive_in_parts() -> None:
    """Its head comes before its body on a busy machine."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in (b"HTTP/1.1 200 OK\r\n\r\n", b'{"store": "ours"}'):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.close()

    reported: list[str] = []
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        health = HealthServer(HealthTable(port=port), dict, store="ours")
        waiting = asyncio.create_task(health.run_if_wanted(reported.append))
        async with asyncio.timeout(10):
            while not reported and not waiting.done():  # noqa: ASYNC110 - a call makes no event
                await asyncio.sleep(0.01)
        waiting.cancel()
    assert reported


async def services(address: str) -> dict[str, Any]:
    """Return the services that an endpoint lists; none while nothing listens."""
    try:
        _, body = await asked(f"{address}/ready")
    except OSError:
        return {}
    return dict(body["services"])


async def test_a_port_that_is_taken_is_told() -> None:
    """The sentence names the place and the remedy."""
    with (
        taken() as port,
        pytest.raises(
            PortTaken, match=f"{port}.*address already in use; name another host or port there"
        ),
    ):
        await HealthServer(HealthTable(port=port), dict).run()
