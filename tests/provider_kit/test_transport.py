"""Tests of the HTTP client that distrusts the service, on real sockets."""

import gzip
import ssl
from pathlib import Path

import httpx2
import pytest
from openai import DefaultAioHttpClient

from overheard import http_client
from overheard.provider_kit.transport import (
    MAX_REPLY_BYTES,
    ForeignAddressError,
    ReplyTooLargeError,
    UndecodableReplyError,
    batch_allowance,
)
from overheard.testing.service import Reaction, Service

KINDS = pytest.mark.parametrize("kind", [None, DefaultAioHttpClient], ids=["httpx2", "aiohttp"])
TEXT = b"Acme is good. " * 20_000


async def fetch(url: str, path: str = "/v1/models", kind: type | None = None) -> bytes:
    """Return the body at an address."""
    async with http_client(url, kind) as client:
        return (await client.get(path)).content


@KINDS
@pytest.mark.parametrize("encoding", ["", "identity"])
async def test_a_body_is_asked_for_as_it_is(kind: type | None, encoding: str) -> None:
    """No encoding is named to the service but that of a body which is not packed."""
    async with Service().serving() as service:
        headers = {"Content-Encoding": encoding} if encoding else {}
        service.reactions = [Reaction(TEXT, 200, headers)]

        assert await fetch(service.url, kind=kind) == TEXT
        assert service.calls[0].headers["accept-encoding"] == "identity"


@KINDS
@pytest.mark.parametrize(
    ("encoding", "body"), [("br", TEXT), ("gzip", gzip.compress(TEXT)), ("deflate", b"no deflate")]
)
async def test_a_packed_body_is_not_read(kind: type | None, encoding: str, body: bytes) -> None:
    """It may stand for gigabytes."""
    async with Service().serving() as service:
        service.reactions = [Reaction(body, 200, {"Content-Encoding": encoding})]
        with pytest.raises(UndecodableReplyError):
            await fetch(service.url, kind=kind)


@KINDS
@pytest.mark.parametrize("more", [0, 1])
async def test_a_body_has_a_largest_length(kind: type | None, more: int) -> None:
    """To the byte, and more for the answers to a batch."""
    async with Service().serving() as service:
        service.reactions = [Reaction(bytes(MAX_REPLY_BYTES + more))]
        if more:
            with pytest.raises(ReplyTooLargeError):
                await fetch(service.url, kind=kind)
            with batch_allowance(100):
                assert len(await fetch(service.url, kind=kind)) == MAX_REPLY_BYTES + more
        else:
            assert len(await fetch(service.url, kind=kind)) == MAX_REPLY_BYTES


@KINDS
async def test_no_other_host_is_called(kind: type | None) -> None:
    """Not even where an SDK follows an address that the service named."""
    async with Service().serving() as service, Service().serving() as other:
        for address in (f"{other.url}/files", service.url.replace("http:", "https:")):
            with pytest.raises(ForeignAddressError):
                await fetch(service.url, address, kind)
        service.reactions = [Reaction(b"", 307, {"Location": other.url})]
        async with http_client(service.url, kind) as client:
            with pytest.raises(ForeignAddressError):
                await client.get("/", follow_redirects=True)

        assert not other.calls


def test_the_certificates_of_all_clients_are_read_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And again where the environment names others."""
    read: list[ssl.SSLContext] = []

    def read_certificates() -> ssl.SSLContext:
        read.append(ssl.create_default_context())
        return read[-1]

    monkeypatch.setattr(httpx2, "create_ssl_context", read_certificates)
    for folder in ("one", "one", "other"):
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / folder))
        http_client("https://vendor.test")

    assert len(read) == 2
