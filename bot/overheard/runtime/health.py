"""Says over HTTP whether a running deployment lives, and whether all of it works.

``GET /live`` answers 200 as long as the event loop responds. ``GET /ready`` answers 200 when each
service is up, and 503 when one is down or still connecting; its body gives the state of each. A
platform that is disabled because its credentials were refused does not count: a restart would not
help it. ``GET /metrics`` returns the Prometheus metrics of `overheard.runtime.metrics`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping

from overheard.config.sections import HealthTable
from overheard.errors import OverheardError
from overheard.runtime.metrics import CONTENT_TYPE
from overheard.runtime.supervisor import Condition, Standing

PATIENCE = 5.0
"""Seconds that somebody who asks has for the question."""
READY = frozenset({Condition.UP, Condition.DISABLED})
"""How services of a deployment are that is ready."""

_END = b"\r\n\r\n"
_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


class PortTaken(OverheardError):
    """The port of the health endpoint cannot be bound."""

    message = (
        "[health] cannot listen at {host}:{port}: {reason}; name another port there, or 0 for none."
    )

    host: str
    port: int
    reason: str


class Health:
    """The endpoint.

    Args:
        settings: Where it listens.
        standings: Returns how each service is, by name; called anew for each question.
        metrics: Returns what Prometheus collects; None where nothing is counted.
    """

    def __init__(
        self,
        settings: HealthTable,
        standings: Callable[[], Mapping[str, Standing]],
        metrics: Callable[[], Awaitable[bytes]] | None = None,
    ) -> None:
        self._settings = settings
        self._standings = standings
        self._metrics = metrics

    async def run(self) -> None:
        """Answer until cancelled.

        Raises:
            PortTaken: when it cannot listen.
        """
        host, port = self._settings.host, self._settings.port
        try:
            server = await asyncio.start_server(self._serve, host, port)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise PortTaken(host=host, port=port, reason=reason) from None
        async with server:
            await server.serve_forever()

    async def keep(self, tell: Callable[[str], None]) -> None:
        """Answer until cancelled, where there is a port; that it cannot is told, and no more."""
        try:
            if self._settings.port:
                await self.run()
        except PortTaken as error:
            tell(str(error))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                line = await reader.readline()
                while (await reader.readline()).strip():  # headers say nothing that matters here
                    pass
                writer.write(await self._respond(line))
                await writer.drain()
        except (TimeoutError, OSError, ValueError):
            pass  # whoever asked went away, or never asked
        finally:
            writer.close()

    async def _respond(self, line: bytes) -> bytes:
        if self._metrics and line.decode("latin-1").split()[:2] == ["GET", "/metrics"]:
            return _response(200, await self._metrics(), CONTENT_TYPE)
        return self.answer(line)

    def answer(self, line: bytes) -> bytes:
        """Return the whole response to the first line of a request."""
        method, path, *_ = [*line.decode("latin-1").split(), "", ""]
        status, told = self._told(path)
        if method not in {"GET", "HEAD"}:
            status, told = 405, {"error": "ask with GET"}
        response = _response(status, json.dumps(told).encode() + b"\n", "application/json")
        return response if method == "GET" else response.partition(_END)[0] + _END

    def _told(self, path: str) -> tuple[int, dict[str, object]]:
        if path == "/live":
            return 200, {"live": True}
        if path != "/ready":
            return 404, {"error": "ask for /live, /ready or /metrics"}
        standings = self._standings()
        ready = all(s.condition in READY for s in standings.values())
        services = {
            name: {"state": s.condition.value, **({"problem": s.problem} if s.problem else {})}
            for name, s in standings.items()
        }
        return (200 if ready else 503), {"ready": ready, "services": services}


def _response(status: int, body: bytes, content: str) -> bytes:
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {content}\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close"
    )
    return head.encode() + _END + body
