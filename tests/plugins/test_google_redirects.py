"""Tests of Gemini's redirects, against a service on loopback that redirects."""

import socket
import time
from collections.abc import AsyncIterator
from socket import AddressFamily
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from kit.shapes import GEMINI, QUESTION
from kit.vendors import KEY, Reaction, Vendor
from overheard import Citation, Model, Prompt, Question
from overheard_google import redirects as module
from overheard_google.redirects import Redirects, is_public

PAGE = "https://www.acme.com/tools?id=1"


class Names(AbstractResolver):
    """A resolver whose answers change with each question, as in DNS rebinding."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        """Return the next address; the last one again and again."""
        self.asked += 1
        address = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        found = ResolveResult(
            hostname=host, host=address, port=port, family=family, proto=0, flags=0
        )
        return [found]

    async def close(self) -> None:
        """Do nothing."""


@pytest.fixture
async def service() -> AsyncIterator[Vendor]:
    """A service that redirects each GET to `PAGE`."""
    async with Vendor().serving() as vendor:
        vendor.looking_up = Reaction(b"", 302, {"Location": PAGE})
        yield vendor


async def resolved(service: Vendor, *citations: Citation, **options: Any) -> list[str]:
    """Return the addresses of citations after their redirects were resolved."""
    made = Redirects(**{"prefix": service.url, "allowed": lambda _: True, **options})
    try:
        [found] = await made.resolve(citations)
    finally:
        await made.close()
    return [citation.url for citation in found]


@pytest.fixture
def opaque(service: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's address hides its target, as Google's does."""
    monkeypatch.setattr(Citation, "hidden", property(lambda c: c.url.startswith(service.url)))


@pytest.mark.usefixtures("opaque")
async def test_a_redirect_is_replaced_by_its_page(service: Vendor) -> None:
    """With one request that is not followed; other addresses are not requested."""
    found = await resolved(service, Citation(f"{service.url}/r/1"), Citation("https://c.org/"))

    assert found == [PAGE, "https://c.org/"]
    assert service.looked_up == ["/r/1"]


@pytest.mark.usefixtures("opaque")
@pytest.mark.parametrize(
    "reaction",
    [
        Reaction(b"", 404),
        Reaction(b"<html>", 200),
        Reaction(hang_up=True),
        Reaction(b"", 302),
        Reaction(b"", 302, {"Location": "/relative"}),
        Reaction(b"", 302, {"Location": "ftp://acme.com/"}),
        Reaction(b"", 302, {"Location": "http://10.0.0.1/"}),
        Reaction(b"", 302, {"Location": "http://[::ffff:169.254.169.254]/latest"}),
        Reaction(b"", 302, {"Location": "http://localhost:8080/"}),
        Reaction(b"", 302, {"Location": "http://db.internal/"}),
        Reaction(b"", 302, {"Location": f"https://acme.com/{'a' * 5_000}"}),
        Reaction(
            b"",
            302,
            {"Location": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/B"},
        ),
    ],
    ids=lambda reaction: str(dict(reaction.headers).get("Location", reaction.status))[:40],
)
async def test_a_redirect_without_a_public_target_stays(
    service: Vendor, reaction: Reaction
) -> None:
    """The host of its page stays unknown."""
    service.looking_up = reaction
    address = f"{service.url}/r/1"

    allowed = ("127.0.0.1",)
    found = await resolved(
        service, Citation(address), allowed=lambda ip: ip in allowed or is_public(ip)
    )
    assert found == [address]


@pytest.mark.usefixtures("opaque")
async def test_a_private_address_is_not_connected_to(service: Vendor) -> None:
    """By number or by name."""
    port = service.url.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost"):
        prefix = f"http://{host}:{port}/"
        made = Redirects(prefix=prefix)
        await made._target(f"{prefix}r/1")
        await made.close()

    assert service.looked_up == []


async def test_a_name_that_changes_its_address_reaches_nothing_private(service: Vendor) -> None:
    """The address that was checked is the one that is connected to; each name is looked up once."""
    port = service.url.rpartition(":")[2]
    address = f"http://rebinding.test:{port}/r/1"
    names = Names("127.0.0.1", "93.184.215.14")
    made = Redirects(prefix="http://rebinding.test", lookup=lambda: names)

    assert await made._target(address) == ""
    assert (names.asked, service.looked_up) == (1, [])
    await made.close()


@pytest.mark.usefixtures("opaque")
async def test_time_and_number_are_bounded(
    service: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A silent service costs the bound once, and no answer."""
    monkeypatch.setattr(module, "MAX_REDIRECTS", 3)
    sources = [Citation(f"{service.url}/r/{n}") for n in range(5)]
    assert (await resolved(service, *sources)).count(PAGE) == 3

    monkeypatch.setattr(module, "TIMEOUT_S", 0.2)
    service.looking_up = Reaction(silent=True)
    started = time.monotonic()
    assert await resolved(service, *sources) == [source.url for source in sources]
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("64:ff9b::5db8:d70e", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - an address that is refused
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("no address", False),
    ],
)
def test_only_public_addresses_are_public(address: str, public: bool) -> None:
    """Also where an IPv4 address is written in an IPv6 address."""
    assert is_public(address) is public


@pytest.mark.parametrize("resolves", [True, False])
async def test_the_provider_resolves_where_no_host_is_reported(
    resolves: bool, service: Vendor, opaque: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless it is switched off."""
    monkeypatch.setenv("VENDOR_KEY", KEY)
    answer = GEMINI.answer("Acme is good.", "STOP")
    answer["candidates"][0]["groundingMetadata"] = {
        "groundingChunks": [{"web": {"uri": f"{service.url}/r/1", "title": "Tools"}}],
        "groundingSupports": [{"groundingChunkIndices": [0]}],
    }
    service.reactions = [Reaction(answer)]
    provider: Any = GEMINI.provider(service.url, resolve_sources=resolves)
    provider._redirects = Redirects(service.url, allowed=lambda _: True)
    reply = await provider.ask(Question(Prompt(QUESTION), Model("svc", "m-1+search")), seed=7)
    await provider.close()

    assert reply.citations == (Citation(PAGE if resolves else f"{service.url}/r/1", "Tools"),)


def test_the_machine_has_loopback_by_name() -> None:
    """The test of private addresses rests on it."""
    assert socket.gethostbyname("localhost") == "127.0.0.1"
