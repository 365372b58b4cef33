"""Registrable domains of hosts, and their owners. Nothing is fetched."""

from functools import cache, lru_cache
from ipaddress import ip_address
from typing import Any

from overheard import Citation


@lru_cache(maxsize=8192)
def domain_of(host: str) -> str:
    """Return the registrable domain of a host; the host itself if it is empty, an IP address, or a
    public suffix such as ``co.uk``.

    ``blog.acme.co.uk`` has ``acme.co.uk``. Registrable domains are those of the Public Suffix List
    (publicsuffix.org) with its private suffixes, so ``acme.github.io`` is a registrable domain.

    Args:
        host: A host in lower case and in Unicode; it may be empty.
    """
    if not host or _is_ip_address(host):
        return host
    return _suffixes().privatesuffix(host) or host


def owns(domains: tuple[str, ...], host: str) -> bool:
    """Return whether a host is one of these domains or a subdomain of one: ``acme.com`` owns
    ``blog.acme.com`` and not ``notacme.com``. Domains may be written as addresses; one without a
    host is skipped.

    Args:
        domains: Domains as configured: ``acme.com``, ``https://www.acme.com/``.
        host: A host in lower case and in Unicode.
    """
    return f".{host}".endswith(_endings(domains))


@lru_cache(maxsize=1024)
def _endings(domains: tuple[str, ...]) -> tuple[str, ...]:
    """Return the host of each domain with a dot before it; those without a host are left out."""
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
    """Return the Public Suffix List (``publicsuffixlist.PublicSuffixList``), parsed once."""
    from publicsuffixlist import PublicSuffixList  # it parses its list at the first use

    return PublicSuffixList()
