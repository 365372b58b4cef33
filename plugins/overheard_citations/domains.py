"""The registrable domain of a web address, and its owner. Nothing is fetched."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_PAGELESS = re.compile(r"[a-z][a-z0-9+.-]*:(?!//|\d+(?:[/?#]|\Z))", re.IGNORECASE)
"""A scheme without a host, as in ``mailto:`` and ``javascript:``, but not a port."""


@lru_cache(maxsize=8192)
def domain_of(address: str) -> str:
    """Return the registrable domain of an address, or its host if it has none.

    ``https://www.blog.acme.co.uk/x`` has ``acme.co.uk``. Registrable domains are those of the
    Public Suffix List (publicsuffix.org) with its private suffixes, so ``acme.github.io`` is a
    registrable domain.

    Args:
        address: A URL, or a bare host.

    Returns:
        The domain in lower case and in Unicode, or an empty string for text without an address.
    """
    host = _host(address)
    if not host or _is_number(host):
        return host
    return _suffixes().privatesuffix(host) or host


def owns(domains: tuple[str, ...], address: str) -> bool:
    """Return whether an address belongs to one of these domains or to a subdomain."""
    return f".{_host(address)}".endswith(_endings(domains))


@lru_cache(maxsize=1024)
def _endings(domains: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f".{host}" for domain in domains if (host := _host(domain)))


@lru_cache(maxsize=8192)
def _host(address: str) -> str:
    """Return the host of an address without ``www.``, in Unicode, or an empty string."""
    text = address.strip().replace("\\", "/")  # as browsers read it
    if re.search(r"\s", text) or _PAGELESS.match(text):
        return ""
    try:
        host = urlsplit(text if _SCHEME.match(text) else f"//{text}").hostname or ""
    except ValueError:  # such as a bracket that is not closed
        return ""
    host = host.rstrip(".").removeprefix("www.").casefold()
    try:
        return host.encode("ascii").decode("idna") if "xn--" in host else host
    except UnicodeError:
        return host


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@cache
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList  # it parses its list at the first use

    return PublicSuffixList()
