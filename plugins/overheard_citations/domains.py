"""Registrable domains of hosts, and their owners. Nothing is fetched."""

from __future__ import annotations

from functools import cache, lru_cache
from ipaddress import ip_address
from typing import Any

from overheard import Citation


@lru_cache(maxsize=8192)
def domain_of(host: str) -> str:
    """Return the registrable domain of a host, or the host if it has none.

    ``blog.acme.co.uk`` has ``acme.co.uk``. Registrable domains are those of the Public Suffix List
    (publicsuffix.org) with its private suffixes, so ``acme.github.io`` is a registrable domain.

    Args:
        host: A host in lower case and in Unicode, see `overheard.Citation`; it may be empty.
    """
    if not host or _is_ip_address(host):
        return host
    return _suffixes().privatesuffix(host) or host


def owns(domains: tuple[str, ...], host: str) -> bool:
    """Return whether a host is one of these domains or a subdomain of one."""
    return f".{host}".endswith(_endings(domains))


@lru_cache(maxsize=1024)
def _endings(domains: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f".{host}" for domain in domains if (host := Citation(domain).host))


def _is_ip_address(host: str) -> bool:
    """Return whether a host is an IP address rather than a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@cache
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList  # it parses its list at the first use

    return PublicSuffixList()
