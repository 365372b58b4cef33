"""The health endpoint: over HTTP, whether a deployment runs, and whether all of it works.

``GET /live`` answers 200 as long as the event loop responds, and names the store. ``GET /ready``
answers 200 when each service is up, and 503 when one is down or still connecting; its body gives
the state of each. A platform that is disabled because its credentials were refused does not count:
a restart would not help it. ``GET /metrics`` returns the metrics of `overheard.runtime.metrics`.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from overheard.config.sections import HealthTable
from overheard.errors import OverheardError
from overheard.runtime.metrics import CONTENT_TYPE
from overheard.runtime.supervisor import ServiceState, ServiceStatus

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.typedefs import Handler

RETRY_S = 5.0
"""Seconds until a port is tried again that another process of the deployment has."""
PROBE_TIMEOUT_S = 2.0
"""Seconds that whatever has the port may take to say what it is."""
PROBE_BYTES = 4096
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


class HealthServer:
    """Serves the health endpoint over HTTP.

    Args:
        settings: The address and port to listen on.
        statuses: Returns the status of each service by name; called for each request.
        metrics: Returns the text that Prometheus collects; None without metrics.
        store: The label of the store, see `store_label`.

    Attributes:
        settled: Set once the server listens, has no port to listen on, or waits for another process
            of the deployment.
    """

    def __init__(
        self,
        settings: HealthTable,
        statuses: Callable[[], Mapping[str, ServiceStatus]],
        metrics: Callable[[], Awaitable[bytes]] | None = None,
        store: str = "",
    ) -> None:
        """Prepare the server for the address in `settings`; `run` listens."""
        self._settings = settings
        self._statuses = statuses
        self._metrics = metrics
        self._store = store
        self.settled = asyncio.Event()

    async def run(self) -> None:
        """Serve the endpoint until cancelled.

        Raises:
            PortTaken: when the server cannot listen at its address.
        """
        from aiohttp import web  # slow

        app = web.Application(middlewares=[web.middleware(_json_errors)])
        app.router.add_get("/live", self._live)
        app.router.add_get("/ready", self._ready)
        if self._metrics:
            app.router.add_get("/metrics", self._scrape)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.0)
        await runner.setup()
        host, port = self._settings.host, self._settings.port
        try:
            await web.TCPSite(runner, host, port).start()
            self.settled.set()
            await asyncio.Event().wait()
        except OSError as error:
            # asyncio's words repeat the address.
            is_known = error.errno in errno.errorcode
            reason = os.strerror(error.errno or 0) if is_known else error.strerror
            reason = (reason or type(error).__name__).lower()
            raise PortTaken(host=host, port=port, reason=reason) from None
        finally:
            await runner.cleanup()

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
        while self._settings.port:
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
        import aiohttp

        host = self._settings.host
        if host in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared: all addresses of the machine
            host = "127.0.0.1"
        elif ":" in host:  # IPv6
            host = f"[{host}]"
        url = f"http://{host}:{self._settings.port}/live"
        timeout = aiohttp.ClientTimeout(total=PROBE_TIMEOUT_S)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as found:
                body = await found.content.read(PROBE_BYTES)
            return bool(json.loads(body).get("store") == self._store)
        except (aiohttp.ClientError, TimeoutError, ValueError, AttributeError):
            return False

    async def _live(self, _: web.Request) -> web.Response:
        return _answer({"live": True, "store": self._store})

    async def _ready(self, _: web.Request) -> web.Response:
        """Answer with the state of each service, and its problem if it has one; status 200 if every
        service is up or disabled, else 503.
        """
        statuses = self._statuses()
        ready = all(status.state in READY for status in statuses.values())
        services = {
            name: {"state": status.state.value}
            | ({"problem": status.problem} if status.problem else {})
            for name, status in statuses.items()
        }
        return _answer({"ready": ready, "services": services}, 200 if ready else 503)

    async def _scrape(self, _: web.Request) -> web.Response:
        """Return the metrics in the format of Prometheus."""
        from aiohttp import web

        assert self._metrics  # noqa: S101 - without it there is no such route
        headers = {"Content-Type": f"{CONTENT_TYPE}; charset=utf-8", "Cache-Control": "no-store"}
        return web.Response(body=await self._metrics(), headers=headers)


async def _json_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request by `handler`; for an unknown path (404) or method (405) with a sentence in
    JSON, like all other responses. Other errors are raised.
    """
    from aiohttp import web

    try:
        return await handler(request)
    except web.HTTPNotFound:
        return _answer({"error": "ask for /live, /ready or /metrics"}, 404)
    except web.HTTPMethodNotAllowed:
        return _answer({"error": "ask with GET"}, 405)


def _answer(body: Mapping[str, Any], status: int = 200) -> web.Response:
    """Return a response with a body in JSON that no cache may keep; `status` is that of HTTP."""
    from aiohttp import web

    headers = {"Cache-Control": "no-store"}
    return web.json_response(text=json.dumps(body) + "\n", status=status, headers=headers)
