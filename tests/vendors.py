"""A service on loopback that speaks as several vendors do, is strict, and breaks when told to."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

KEY = "sk-very-secret-0123456789"
Document = dict[str, Any]


def untrusted(folder: Path) -> ssl.SSLContext:
    """Return the TLS of a server whose certificate nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@dataclass(frozen=True)
class Call:
    """A request as it arrived."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Document


@dataclass(frozen=True)
class Reaction:
    """What the service does with a call.

    Attributes:
        body: What it sends; a document becomes JSON.
        sent: How many bytes of the body it sends before it hangs up; all by default.
        hang_up: Whether it hangs up without a word.
        silent: Whether it says nothing, ever.
    """

    body: Document | bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    sent: int | None = None
    hang_up: bool = False
    silent: bool = False


class Vendor:
    """A running service.

    Attributes:
        url: Its address.
        calls: The questions it was asked; look-ups of models are not among them.
        looked_up: The paths of those.
        reactions: What it does with the next questions; the last one stays.
        models: From the path of a look-up to what it returns; without one, 404.
        looking_up: What it does with all look-ups instead.
    """

    def __init__(self, check: Callable[[Call], None] = lambda _: None) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.looked_up: list[str] = []
        self.reactions: list[Reaction] = []
        self.models: Callable[[str], Document | None] = lambda _: None
        self.looking_up: Reaction | None = None
        self._check = check
        self._closing = asyncio.Event()
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    @asynccontextmanager
    async def serving(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[Vendor]:
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

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = asyncio.current_task()
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                reaction = self._react(await _read(reader))
                if reaction.silent:
                    await self._closing.wait()
                if reaction.hang_up or reaction.silent:
                    break
                whole = await _write(writer, reaction)
                if not whole:
                    break
        writer.close()

    def _react(self, call: Call) -> Reaction:
        if call.method == "GET":
            self.looked_up.append(call.path)
            found = self.models(call.path)
            if self.looking_up:
                return self.looking_up
            return Reaction({"error": {}}, 404) if found is None else Reaction(found)
        self.calls.append(call)
        try:
            self._check(call)
        except (AssertionError, KeyError, IndexError, TypeError) as wrong:
            return Reaction({"error": {"message": f"{wrong!r}"}}, 418)
        return self.reactions.pop(0) if len(self.reactions) > 1 else self.reactions[0]


async def _read(reader: asyncio.StreamReader) -> Call:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {
        name.lower(): value for line in head[1:] if line for name, value in [line.split(": ", 1)]
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    path, _, query = path.partition("?")
    return Call(method, path, query, headers, json.loads(body) if body else {})


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
