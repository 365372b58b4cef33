"""The health endpoint: over HTTP, whether a deployment runs, and whether all of it works.

``GET /live`` answers 200 as long as the event loop responds, and names the store. ``GET /ready``
answers 200 when each service is up, and 503 when one is down or still connecting; its body gives
the state of each. A platform that is disabled because its credentials were refused does not count:
a restart would not help it. ``GET /metrics`` returns the metrics of `overheard.runtime.metrics`.
"""

import asyncio
import errno
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from overheard.config.sections import HealthTable
from overheard.errors import OverheardError
from overheard.runtime.metrics import CONTENT_TYPE
from overheard.runtime.supervisor import ServiceState, ServiceStatus

RETRY_S = 5.0
"""Seconds until a port is tried again that another process of the deployment has."""
PROBE_TIMEOUT_S = 2.0
"""Seconds that whatever has the port may take to say what it is."""
MAX_HEAD_BYTES = 4096
"""Bytes of a request's head, and of an answer of whatever has the port."""
REQUEST_TIMEOUT_S = 10.0
"""Seconds that a request may take to arrive and its answer to leave."""
READY = frozenset({ServiceState.UP, ServiceState.DISABLED})
"""States of services of a deployment that is ready."""


class PortTaken(OverheardError):
    """The port of the health endpoint cannot be bound."""

    message = (
        "[health] cannot listen at {host}:{port}: {reason}; name another host or port there, or "
        "port 0 for none."
    )

    host: str
    port: int
    reason: str


@dataclass(eq=False)
class HealthServer:
    """Serves the health endpoint over HTTP.

    Attributes:
        settings: The address and port to listen on.
        statuses: Returns the status of each service by name; called for each request.
        metrics: Returns the text that Prometheus collects; None without metrics.
        store: The label of the store, see `store_label`.

    Attributes:
        settled: Set once the server listens, has no port to listen on, or waits for another process
            of the deployment.
    """

    settings: HealthTable
    statuses: Callable[[], Mapping[str, ServiceStatus]]
    metrics: Callable[[], Awaitable[bytes]] | None = None
    store: str = ""

    def __post_init__(self) -> None:
        self.settled = asyncio.Event()

    async def run(self) -> None:
        """Serve the endpoint until cancelled.

        Raises:
            PortTaken: when the server cannot listen at its address.
        """
        host, port = self.settings.host, self.settings.port
        try:
            server = await asyncio.start_server(self._serve, host, port, limit=MAX_HEAD_BYTES)
        except OSError as error:
            # asyncio's words repeat the address.
            is_known = error.errno in errno.errorcode
            reason = os.strerror(error.errno or 0) if is_known else error.strerror
            reason = (reason or type(error).__name__).lower()
            raise PortTaken(host=host, port=port, reason=reason) from None
        try:
            self.settled.set()
            await asyncio.Event().wait()
        finally:
            server.close()

    async def run_if_wanted(self, report: Callable[[str], None]) -> None:
        """Serve the endpoint until cancelled, and set `settled` once that is decided; return at
        once when the configured port is 0.

        While another process of this deployment has the port (a bot that hands over, or another
        worker on this machine), the conflict is reported once, and the port is tried again every
        `RETRY_S`.

        Args:
            report: Called with a sentence about the conflict.

        Raises:
            PortTaken: when another program has the port, whose answers would be taken for this
                one's.
        """
        reported = False
        while self.settings.port:
            try:
                await self.run()
            except PortTaken as error:
                if not await self._port_is_ours():
                    raise
                if not reported:
                    report(f"{error} Another process of this deployment has it; it is tried again.")
                reported = True
            self.settled.set()
            await asyncio.sleep(RETRY_S)
        self.settled.set()

    async def _port_is_ours(self) -> bool:
        """Return whether a process on the same store has the port: whether ``/live`` answers with
        the same store label. False for every other answer, and after `PROBE_TIMEOUT_S` without one.
        """
        host = self.settings.host
        if host in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared: all addresses of the machine
            host = "127.0.0.1"
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(host, self.settings.port)
                writer.write(b"GET /live HTTP/1.0\r\n\r\n")
                answer = b""
                while len(answer) < MAX_HEAD_BYTES and (part := await reader.read(MAX_HEAD_BYTES)):
                    answer += part  # head and body may arrive apart
                writer.close()
            return bool(json.loads(answer.partition(b"\r\n\r\n")[2]).get("store") == self.store)
        except (OSError, ValueError, AttributeError):
            return False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the one request of a connection, and close it; one that is no request of HTTP, or
        does not arrive in time, has no answer.
        """
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                request = head.partition("\r\n")[0].split(" ")
                if len(request) != 3:  # method, path, version
                    return
                method, path = request[0], request[1].partition("?")[0]
                status, kind, body = await self._answer(method, path)
                fields = (
                    f"HTTP/1.1 {status.value} {status.phrase}",
                    f"Content-Type: {kind}; charset=utf-8",
                    f"Content-Length: {len(body)}",
                    "Cache-Control: no-store",
                    "Connection: close",
                )
                writer.write("\r\n".join((*fields, "", "")).encode())
                writer.write(b"" if method == "HEAD" else body)
                await writer.drain()
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass  # the peer has left, is silent, or sent what is no request
        finally:
            writer.close()

    async def _answer(self, method: str, path: str) -> tuple[HTTPStatus, str, bytes]:
        """Return the status, the media type and the body of the answer to a request."""
        status, content = HTTPStatus.OK, dict[str, Any]()
        if method not in {"GET", "HEAD"}:
            status, content = HTTPStatus.METHOD_NOT_ALLOWED, {"error": "ask with GET"}
        elif path == "/live":
            content = {"live": True, "store": self.store}
        elif path == "/ready":
            content = self._readiness()
            status = HTTPStatus.OK if content["ready"] else HTTPStatus.SERVICE_UNAVAILABLE
        elif path == "/metrics" and self.metrics:
            return status, CONTENT_TYPE, await self.metrics()
        else:
            status = HTTPStatus.NOT_FOUND
            content = {"error": "ask for /live, /ready or /metrics"}
        return status, "application/json", f"{json.dumps(content)}\n".encode()

    def _readiness(self) -> dict[str, Any]:
        """Return whether every service is up or disabled, and each with its problem if it has
        one.
        """
        statuses = self.statuses()
        services = {
            name: {"state": status.state.value}
            | ({"problem": status.problem} if status.problem else {})
            for name, status in statuses.items()
        }
        ready = all(status.state in READY for status in statuses.values())
        return {"ready": ready, "services": services}
