"""The pages behind Gemini's redirects, read from the redirects themselves while they live.

A redirect is asked for its target with one request that is not followed. Requests go only to
Google's redirect service, and only to public addresses of it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from socket import AddressFamily
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from overheard import Citation

REDIRECT_PREFIX = "https://vertexaisearch.cloud.google.com/grounding-api-redirect/"
"""How the addresses begin that are resolved."""
MAX_REDIRECTS = 20
"""Redirects of one answer, or of one batch, that are resolved."""
TIMEOUT_S = 4.0
"""Seconds for all redirects of one answer, or of one batch."""
MAX_ADDRESS_CHARACTERS = 2_000
"""Characters of a target; longer targets are not taken."""
MAX_CONNECTIONS = 5
READ_BUFFER_BYTES = 1024
"""The body of a redirect is not read."""
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Return whether a text is a public IP address. Other text, such as a host name, gives False.

    A zone after "%" is ignored. An IPv4 address inside an IPv6 address must be public as well.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    addresses = (ip, *_embedded_ipv4(ip))
    return all(each.is_global and not each.is_multicast for each in addresses)


def _embedded_ipv4(ip: IPv4Address | IPv6Address) -> Sequence[IPv4Address]:
    """Return the IPv4 addresses inside an IPv6 address (mapped, 6to4, Teredo, NAT64); none for an
    IPv4 address.
    """
    if isinstance(ip, IPv4Address):
        return ()
    teredo = ip.teredo[1] if ip.teredo else None
    nat64 = IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None
    return [inner for inner in (ip.ipv4_mapped, ip.sixtofour, teredo, nat64) if inner]


class PublicResolver(AbstractResolver):
    """A resolver of host names that returns public addresses only.

    The connection is made to the addresses that were checked, so that a name which changes its
    address between check and connection (DNS rebinding) reaches nothing private.

    Args:
        lookup: The resolver whose results are checked.
        allowed: Whether an IP address may be connected to.
    """

    def __init__(self, lookup: AbstractResolver, allowed: Callable[[str], bool]) -> None:
        self._lookup = lookup
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host, all of them public.

        Args:
            host: The name of the host.
            port: The port, which the addresses have too.
            family: The kind of addresses, by default IPv4.

        Raises:
            OSError: when the host has no address, or any address that is not public.
        """
        addresses = await self._lookup.resolve(host, port, family)
        if not addresses or not all(self._allowed(address["host"]) for address in addresses):
            raise OSError(f"{host} has an address that is not public")
        return addresses

    async def close(self) -> None:
        """Close the resolver whose results are checked."""
        await self._lookup.close()


class Redirects:
    """Resolves the redirects in citations. Opened at the first use; one for each provider.

    Args:
        prefix: How the addresses begin that are resolved.
        lookup: Makes the resolver of host names; called at the first use.
        allowed: Whether an IP address may be connected to, and be a target.
    """

    def __init__(
        self,
        prefix: str = REDIRECT_PREFIX,
        lookup: Callable[[], AbstractResolver] = ThreadedResolver,
        allowed: Callable[[str], bool] = is_public,
    ) -> None:
        """Store the collaborators; the HTTP session is opened at the first use."""
        self._prefix = prefix
        self._lookup = lookup
        self._allowed = allowed
        self._session: ClientSession | None = None

    async def resolve(self, *answers: Sequence[Citation]) -> list[tuple[Citation, ...]]:
        """Return the citations of each answer, in order, with the pages behind redirects to unknown
        pages.

        Each redirect gets one request, at most `MAX_REDIRECTS` redirects and `TIMEOUT_S` seconds
        together. Further redirects, and those that give no page, stay as they are. No error is
        raised.

        Args:
            answers: The citations of each answer.
        """
        hidden = dict.fromkeys(c.url for answer in answers for c in answer if self._is_hidden(c))
        targets = await self._targets(list(hidden)[:MAX_REDIRECTS]) if hidden else {}
        return [
            tuple(replace(c, url=targets.get(c.url, c.url)) for c in answer) for answer in answers
        ]

    async def close(self) -> None:
        """Close the HTTP session; nothing happens if none was opened."""
        if self._session:
            await self._session.close()

    def _is_hidden(self, citation: Citation) -> bool:
        """Return whether a citation is a redirect of this service to an unknown page."""
        return citation.hidden and citation.url.startswith(self._prefix)

    async def _targets(self, addresses: Sequence[str]) -> dict[str, str]:
        """Return, by redirect address, the page of each redirect that answers within `TIMEOUT_S`
        seconds.

        The requests are sent in parallel. What was found in time is kept.
        """
        targets: dict[str, str] = {}

        async def find(address: str) -> None:
            if target := await self._target(address):
                targets[address] = target

        try:
            async with asyncio.timeout(TIMEOUT_S), asyncio.TaskGroup() as group:
                for address in addresses:
                    group.create_task(find(address))
        except TimeoutError:
            pass  # what was found in time is kept
        return targets

    async def _target(self, address: str) -> str:
        """Send one request, and return the page to which a redirect leads.

        "" stands for an error, for a host that is a private IP address, and for a target that is
        not the address of a public page. The target itself is not requested.
        """
        host = urlsplit(address).hostname or ""
        if _is_ip_address(host) and not self._allowed(host):
            return ""  # no resolver is asked for the address of a number
        try:
            async with self._open().get(address, allow_redirects=False) as response:
                target = response.headers.get("Location", "")
        except (ClientError, OSError, ValueError, TimeoutError):
            return ""
        return target if self._is_page(target) else ""

    def _is_page(self, target: str) -> bool:
        """Return whether a target may be kept: the HTTP or HTTPS address of a page at a public
        host.

        It has at most `MAX_ADDRESS_CHARACTERS` characters. The host is a public IP address, or a
        name with a dot that is no name of a local network.
        """
        if len(target) > MAX_ADDRESS_CHARACTERS or not target.startswith(("http://", "https://")):
            return False
        host = Citation(target).host
        public = "." in host and not host.endswith((".localhost", ".local", ".internal"))
        return self._allowed(host) if _is_ip_address(host) else public

    def _open(self) -> ClientSession:
        """Return the HTTP session, opened at the first use; it connects to public addresses only.

        It has at most `MAX_CONNECTIONS` connections, each for one request.
        """
        if self._session is None:
            resolver = PublicResolver(self._lookup(), self._allowed)
            arguments: dict[str, Any] = {
                "resolver": resolver,
                "use_dns_cache": False,
                "limit": MAX_CONNECTIONS,
            }
            self._session = ClientSession(
                connector=TCPConnector(**arguments, force_close=True),
                timeout=ClientTimeout(total=TIMEOUT_S),
                read_bufsize=READ_BUFFER_BYTES,
            )
        return self._session


def _is_ip_address(host: str) -> bool:
    """Return whether a host is an IP address rather than a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
