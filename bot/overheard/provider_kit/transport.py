"""The HTTP client of all providers and feeds, which distrusts the service that it calls.

A service is another's computer: it may send gigabytes in a megabyte of gzip, a body without end, or
an address at a third host that would then receive the question and the key. The client counts
bytes, reads no packed body, follows no redirect, and calls no host but that of its base URL.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from ssl import SSLContext

    from httpx2 import URL, AsyncByteStream, AsyncClient, Request, Response

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from overheard.domain import RateLimits

MAX_REPLY_BYTES = 16 * 2**20
"""The longest response."""
MAX_BATCH_BYTES = 256 * 2**20
"""The longest file of answers to a batch."""
BYTES_PER_QUESTION = 2**20
"""What one question of a batch adds to the allowed length."""
_allowed_bytes: ContextVar[int] = ContextVar("allowed_bytes", default=MAX_REPLY_BYTES)


class ReplyTooLargeError(Exception):
    """A response is longer than is allowed."""


class ForeignAddressError(Exception):
    """A service names an address at another host, which would receive the key."""


class UndecodableReplyError(Exception):
    """A response is compressed, which no request asks for."""


@contextmanager
def batch_allowance(questions: int) -> Iterator[None]:
    """Allow longer responses to requests within this context, for the answers to a batch:
    `BYTES_PER_QUESTION` for each question, but at least `MAX_REPLY_BYTES` and at most
    `MAX_BATCH_BYTES`, in decoded bytes.

    Args:
        questions: Number of questions in the batch.
    """
    allowed = min(MAX_BATCH_BYTES, max(MAX_REPLY_BYTES, questions * BYTES_PER_QUESTION))
    token = _allowed_bytes.set(allowed)
    try:
        yield
    finally:
        _allowed_bytes.reset(token)


def http_client(
    base_url: str, kind: type[AsyncClient] | None = None, **options: Any
) -> AsyncClient:
    """Return an HTTP client for the host of an address; it may be given to a vendor's SDK.

    A redirect is not followed: ``raise_for_status`` raises for it. A request to another scheme,
    host or port raises `ForeignAddressError` before anything is sent. Reading a response raises
    `ReplyTooLargeError` after `MAX_REPLY_BYTES` (more within `batch_allowance`), and
    `UndecodableReplyError` for a compressed body, which is not asked for.

    Args:
        base_url: The service's address; relative paths of requests start there.
        kind: The class of the client, a subclass of ``httpx2.AsyncClient``, which an SDK may have
            of its own; None for ``httpx2.AsyncClient`` itself.
        options: Further arguments of the class, such as ``timeout`` in seconds and ``headers``.
    """
    import httpx2

    home, bounded = _origin(httpx2.URL(base_url)), _bounded_stream()

    async def check_request(request: Request) -> None:
        """Refuse a request to another origin, and ask for a body that can be counted."""
        if _origin(request.url) != home:
            raise ForeignAddressError
        request.headers["Accept-Encoding"] = "identity"

    async def bound_response(response: Response) -> None:
        """Let a response be read up to the length that is allowed where the request is made."""
        response.stream = bounded(response, _allowed_bytes.get())

    hooks: dict[str, list[Callable[..., Any]]] = {
        "request": [check_request],
        "response": [bound_response],
    }
    tls = _tls_context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    return (kind or httpx2.AsyncClient)(
        **{"verify": tls} | options, base_url=base_url, follow_redirects=False, event_hooks=hooks
    )


@cache
def _tls_context(*_: str | None) -> SSLContext:
    """Return the TLS context of all clients: to read the certificates of all authorities takes
    about 20 ms. The arguments are the variables that say where httpx2 finds them.
    """
    import httpx2

    return httpx2.create_ssl_context()


def _origin(url: URL) -> tuple[str, str, int | None]:
    """Return the scheme, host and port of an address; the port is None if it is that of the scheme
    (443 for https).
    """
    return url.scheme, url.host, url.port


@cache
def _bounded_stream() -> type[Any]:
    """Return the class of a response's body that counts its bytes, once httpx2 is imported.

    A compressed body, which no request asks for, raises `UndecodableReplyError` when it is read: a
    megabyte of it may stand for gigabytes.
    """
    import httpx2

    class BoundedStream(httpx2.AsyncByteStream):
        """The body of a response, of which so many bytes may be read."""

        def __init__(self, response: Response, allowed_bytes: int) -> None:
            self._encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
            self._stream = cast("AsyncByteStream", response.stream)
            self._allowed_bytes = allowed_bytes

        async def __aiter__(self) -> AsyncIterator[bytes]:
            """Yield the body in pieces.

            Raises:
                UndecodableReplyError: when the body is compressed.
                ReplyTooLargeError: when more bytes have come than are allowed.
            """
            if self._encoding != "identity":
                raise UndecodableReplyError
            read_bytes = 0
            async for piece in self._stream:
                read_bytes += len(piece)
                if read_bytes > self._allowed_bytes:
                    raise ReplyTooLargeError
                yield piece

        async def aclose(self) -> None:
            await self._stream.aclose()

    return BoundedStream


MAX_WAIT_S = 86_400.0
"""Seconds; longer waits that a service asks for are shortened to this."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


def rate_limits(headers: Mapping[str, str]) -> RateLimits | None:
    """Return the limits in OpenAI's or Anthropic's rate-limit headers. A limit without a readable
    header is None; so is the result without any readable header.

    Args:
        headers: The headers of a response; names in any case, such as
            ``x-ratelimit-remaining-tokens``.
    """
    limit_headers = {
        name.lower(): text for name, text in headers.items() if "ratelimit" in name.lower()
    }
    limits = RateLimits(
        requests=_count(_header(limit_headers, "requests", "limit")),
        requests_left=_count(_header(limit_headers, "requests", "remaining")),
        requests_reset=wait(_header(limit_headers, "requests", "reset")),
        tokens=_count(_header(limit_headers, "tokens", "limit")),
        tokens_left=_count(_header(limit_headers, "tokens", "remaining")),
        tokens_reset=wait(_header(limit_headers, "tokens", "reset")),
    )
    return None if limits == RateLimits() else limits


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait before the next request, from 0 to `MAX_WAIT_S`; None when no
    header says it.

    The header ``retry-after-ms`` goes before ``retry-after``, which has a number of seconds, a
    duration such as ``6m0s``, or a time.

    Args:
        headers: The headers of a response, whose names are found in lower case.
    """
    if (exact := wait(f"{headers.get('retry-after-ms', '')}ms")) is not None:
        return exact
    text = headers.get("retry-after", "").strip()
    return wait(f"{text}s" if re.fullmatch(r"\d+(\.\d+)?", text) else text)


def service_time(headers: Mapping[str, str]) -> datetime | None:
    """Return the time of a response by the service's clock, as an aware datetime; None without a
    readable header ``date``, and for a response from a cache (its ``age`` is not 0).

    Args:
        headers: The headers of the response, whose names are found in lower case.
    """
    age = headers.get("age", "0").strip()
    return _parsed_time(headers.get("date", "").strip()) if age == "0" else None


def wait(text: str) -> float | None:
    """Return the seconds to wait that a text says, at least 0 and at most `MAX_WAIT_S`; None for
    any other text.

    Args:
        text: A duration with units (``ms``, ``s``, ``m``, ``h``, ``d``) such as ``6m0s``, or the
            time until which to wait, in ISO 8601 or HTTP format.
    """
    parts = _DURATION.findall(text)
    if parts and "".join(map("".join, parts)) == text:
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    elif (moment := _parsed_time(text)) is not None:
        seconds = (moment - datetime.now(UTC)).total_seconds()
    else:
        return None
    return min(max(0.0, seconds), MAX_WAIT_S)


def _parsed_time(text: str) -> datetime | None:
    """Return a time in ISO 8601 or HTTP format as an aware datetime, in UTC if the text names no
    zone; None for any other text.
    """
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
        except (ValueError, TypeError, OverflowError):
            continue
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return None


def _header(headers: Mapping[str, str], unit: str, field: str) -> str:
    """Return a rate-limit header in OpenAI's or else Anthropic's spelling; empty without either."""
    anthropic = headers.get(f"anthropic-ratelimit-{unit}-{field}", "")
    return headers.get(f"x-ratelimit-{field}-{unit}", anthropic).strip()


def _count(text: str) -> int | None:
    """Return the number in a text of 1 to 15 digits; None for any other text."""
    return int(text) if re.fullmatch(r"\d{1,15}", text) else None
