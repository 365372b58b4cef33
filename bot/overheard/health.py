"""Says over HTTP whether a running deployment lives, and whether all of it works.

``GET /live`` answers 200 as long as the process has its wits about it. ``GET /ready`` answers 200
when no service is down, and 503 else; its body says how each is. A platform that is disabled
because its credentials were refused does not count: starting the process anew would not help it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from overheard.errors import OverheardError
from overheard.supervisor import Condition, Standing
from overheard.tables.deployment import HealthTable

PATIENCE = 5.0
"""Seconds that somebody who asks has for the question."""

_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


class PortTaken(OverheardError):
    """[health] cannot listen at {host}:{port}: {reason}; name another port there, or 0 for none."""


class Health:
    """The endpoint.

    Args:
        settings: Where it listens.
        standings: How each service is, by name; read anew for each question.
    """

    def __init__(self, settings: HealthTable, standings: Mapping[str, Standing]) -> None:
        self._settings = settings
        self._standings = standings

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

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                line = await reader.readline()
                while (await reader.readline()).strip():  # headers say nothing that matters here
                    pass
                writer.write(self.answer(line))
                await writer.drain()
        except (TimeoutError, OSError, ValueError):
            pass  # whoever asked went away, or never asked
        finally:
            writer.close()

    def answer(self, line: bytes) -> bytes:
        """Return the whole response to the first line of a request."""
        method, path, *_ = [*line.decode("latin-1").split(), "", ""]
        status, told = self._told(path)
        if method not in {"GET", "HEAD"}:
            status, told = 405, {"error": "ask with GET"}
        body = json.dumps(told).encode() + b"\n"
        head = (
            f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + (body if method == "GET" else b"")

    def _told(self, path: str) -> tuple[int, dict[str, object]]:
        if path == "/live":
            return 200, {"live": True}
        if path != "/ready":
            return 404, {"error": "ask for /live or /ready"}
        standings = dict(self._standings)
        ready = all(s.condition is not Condition.DOWN for s in standings.values())
        services = {
            name: {"state": s.condition.value, **({"problem": s.problem} if s.problem else {})}
            for name, s in standings.items()
        }
        return (200 if ready else 503), {"ready": ready, "services": services}
