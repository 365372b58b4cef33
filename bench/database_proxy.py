"""A TCP proxy in front of a PostgreSQL socket, in a thread: it can cut connections and be slow."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """Passes bytes both ways.

    Args:
        socket: The path of the server's Unix socket; it is looked up again for each connection.
    """

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._delay = 0.0
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self.port = 0

    def delay(self, seconds: float) -> None:
        """Let what the server says wait so long."""
        self._delay = seconds

    def cut(self) -> None:
        """Cut all connections."""
        self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a client to the PostgreSQL socket, and copy bytes both ways until one side
        closes.
        """
        try:
            from_server, to_server = await asyncio.open_unix_connection(self._socket)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, to_server}
        await asyncio.wait(
            [
                asyncio.create_task(self._pass(reader, to_server, slow=False)),
                asyncio.create_task(self._pass(from_server, writer, slow=True)),
            ],
            return_when=asyncio.FIRST_COMPLETED,
        )
        for one in (writer, to_server):
            one.transport.abort()
            self._open.discard(one)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, slow: bool
    ) -> None:
        """Copy bytes from a reader to a writer until the end; `slow`: with the proxy's delay before
        each piece.
        """
        with suppress(OSError):
            while data := await reader.read(65_536):
                if slow and self._delay:
                    await asyncio.sleep(self._delay)
                writer.write(data)
                await writer.drain()

    async def _listen(self, ready: threading.Event) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()

    def start(self) -> threading.Thread:
        """Begin, in a thread."""
        ready = threading.Event()

        def run() -> None:
            self._loop.run_until_complete(self._listen(ready))
            self._loop.run_forever()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        ready.wait()
        return thread

    def stop(self) -> None:
        """End."""
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)


@contextmanager
def proxy(socket: str) -> Iterator[Proxy]:
    """Run the proxy within the block."""
    between = Proxy(socket)
    between.start()
    try:
        yield between
    finally:
        between.stop()
