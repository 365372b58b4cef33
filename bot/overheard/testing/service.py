"""A service on loopback that says what a test tells it to, and breaks when told to."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Call:
    """A request as it arrived.

    Attributes:
        method: Such as ``POST``.
        path: Without the query.
        query: What stands behind the question mark.
        headers: By their names in small letters.
        raw: The body as it was sent.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Document:
        """The body as JSON; an empty one is an empty dictionary."""
        read: Document = json.loads(self.raw or b"{}")
        return read

    @property
    def text(self) -> str:
        """The body as text; of JSON with no character escaped."""
        try:
            return json.dumps(json.loads(self.raw), ensure_ascii=False)
        except ValueError:
            return self.raw.decode("utf-8", "replace")


@dataclass(frozen=True)
class Reaction:
    """What the service does with a call.

    Attributes:
        body: What it sends; a document becomes JSON.
        status: The HTTP status.
        headers: Beside those of every response.
        content_type: Of the body.
        sent: How many bytes of the body it sends before it hangs up; all by default.
        hang_up: Whether it hangs up without a word.
        silent: Whether it says nothing, ever.
    """

    body: Document | bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    sent: int | None = None
    hang_up: bool = False
    silent: bool = False


class Service:
    """A service that a plugin asks or posts to, on a real socket.

    Attributes:
        url: Its address, without a slash at the end.
        calls: What it was sent, in the order in which it came.
        reactions: What it does with the next calls; the last one stays.
    """

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.reactions = [Reaction()]
        self._closing = asyncio.Event()
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    def react(self, call: Call) -> Reaction:
        """Take note of a call, and say what to do with it."""
        self.calls.append(call)
        return self.reactions.pop(0) if len(self.reactions) > 1 else self.reactions[0]

    @asynccontextmanager
    async def serving(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[Self]:
        """Serve while the block lasts."""
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
        """Serve from a thread while the block lasts, also for who asks and waits without `await`.

        What a test reads and sets (`calls`, `reactions`) is safe to use meanwhile.
        """
        ready, done = threading.Event(), threading.Event()

        async def serve() -> None:
            async with self.serving():
                ready.set()
                await asyncio.to_thread(done.wait)

        thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
        thread.start()
        ready.wait(10)
        try:
            yield self
        finally:
            done.set()
            thread.join(10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = asyncio.current_task()
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                reaction = self.react(await _read(reader))
                if reaction.silent:
                    await self._closing.wait()
                if reaction.hang_up or reaction.silent:
                    break
                whole = await _write(writer, reaction)
                if not whole:
                    break
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Call:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {
        name.lower(): value for line in head[1:] if line for name, value in [line.split(": ", 1)]
    }
    path, _, query = path.partition("?")
    return Call(method, path, query, headers, await _body(reader, headers))


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    """Read a body; a client that streams sends it in chunks, each behind its length."""
    if "chunked" not in headers.get("transfer-encoding", ""):
        return await reader.readexactly(int(headers.get("content-length", "0")))
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return body


async def _write(writer: asyncio.StreamWriter, reaction: Reaction) -> bool:
    """Send a response; return whether it was whole."""
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
