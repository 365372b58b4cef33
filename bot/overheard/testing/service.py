"""An HTTP service on loopback whose responses and faults a test chooses."""

import asyncio
import contextlib
import json
import ssl
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

Document = dict[str, Any]
THREAD_TIMEOUT_S = 10.0
"""Seconds that the thread of a service may take to start, and to end."""


@dataclass(frozen=True)
class Call:
    """An HTTP request as it arrived.

    Attributes:
        method: The method, such as ``POST``.
        path: The path without the query.
        query: The query without the question mark.
        headers: The headers by their names in lower case.
        raw: The body's bytes.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Document:
        """The body as JSON; an empty body is an empty dictionary."""
        read: Document = json.loads(self.raw or b"{}")
        return read

    @property
    def text(self) -> str:
        """The body as text; JSON without escaped characters."""
        try:
            return json.dumps(json.loads(self.raw), ensure_ascii=False)
        except ValueError:
            return self.raw.decode("utf-8", "replace")


@dataclass(frozen=True)
class Reaction:
    """The service's response to a call, or its fault.

    Attributes:
        body: The body; a dictionary is sent as JSON.
        status: The HTTP status.
        headers: Headers in addition to those of every response.
        content_type: The type of the body.
        sent: The number of bytes of the body that are sent before the connection is closed; None
            for all.
        hang_up: Whether the connection is closed without a response.
        silent: Whether no response is ever sent.
    """

    body: Document | bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    sent: int | None = None
    hang_up: bool = False
    silent: bool = False


class Service:
    """An HTTP service for a plugin under test, on a real socket.

    Attributes:
        url: The address, without a slash at the end.
        calls: The requests, in the order of their arrival.
        reactions: The reactions to the next calls; the last is repeated.
    """

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.reactions = [Reaction()]
        self._closing = asyncio.Event()
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    def react(self, call: Call) -> Reaction:
        """Record a call, and return the reaction to it: the first of `reactions`, which is removed
        unless it is the last.
        """
        self.calls.append(call)
        return self.reactions.pop(0) if len(self.reactions) > 1 else self.reactions[0]

    @asynccontextmanager
    async def serving(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[Self]:
        """Serve on a free port of 127.0.0.1 within the block, in this event loop; set `url`. At the
        end all connections are closed and waited for.

        Args:
            tls: Makes the address an ``https`` one; None for ``http``.
        """
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        try:
            yield self
        finally:
            self._closing.set()
            server.close()
            for writer in self._open:
                writer.close()
            await asyncio.gather(*filter(None, self._open.values()))

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Serve from a thread within the block, for clients that block the event loop; set `url`.

        A test may use `calls` and `reactions` during the block. The start and the end are waited
        for, `THREAD_TIMEOUT_S` at most each.
        """
        ready, stopping = threading.Event(), threading.Event()

        async def serve() -> None:
            async with self.serving():
                ready.set()
                await asyncio.to_thread(stopping.wait)

        thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
        thread.start()
        ready.wait(THREAD_TIMEOUT_S)
        try:
            yield self
        finally:
            stopping.set()
            thread.join(THREAD_TIMEOUT_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection with the next reactions, until it is closed or a
        reaction ends it: one that hangs up, sends a part of its body, or is silent. A silent one
        holds the connection until the service ends.
        """
        self._open[writer] = asyncio.current_task()
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                reaction = self.react(await _read_call(reader))
                if reaction.silent:
                    await self._closing.wait()
                if reaction.hang_up or reaction.silent:
                    break
                complete = await _write_response(writer, reaction)
                if not complete:
                    break
        writer.close()


async def _read_call(reader: asyncio.StreamReader) -> Call:
    """Read the next request of a connection, and return it."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {
        name.lower(): value for line in head[1:] if line for name, value in [line.split(": ", 1)]
    }
    path, _, query = path.partition("?")
    return Call(method, path, query, headers, await _read_body(reader, headers))


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    """Read the body of a request, and return it; empty when the headers give no length and announce
    no chunks.
    """
    if "chunked" not in headers.get("transfer-encoding", ""):
        return await reader.readexactly(int(headers.get("content-length", "0")))
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return body


async def _write_response(writer: asyncio.StreamWriter, reaction: Reaction) -> bool:
    """Send a response with the length of its whole body in the head, and return whether the whole
    body was sent; `Reaction.sent` may cut it. A body that is a dictionary is sent as JSON.
    """
    body = reaction.body if isinstance(reaction.body, bytes) else json.dumps(reaction.body).encode()
    head = [
        f"HTTP/1.1 {reaction.status} Told",
        f"Content-Type: {reaction.content_type}",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in reaction.headers.items()),
    ]
    sent = body if reaction.sent is None else body[: reaction.sent]
    writer.write("\r\n".join([*head, "", ""]).encode() + sent)
    await writer.drain()
    return len(sent) == len(body)
