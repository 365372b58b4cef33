"""Errors of hosted services and their messages.

A message never repeats the service's own words, because they may contain the key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from overheard.domain import FailureKind, Model, RateLimits
from overheard.errors import OverheardError, ProviderFailed, ProviderUnavailable
from overheard.provider_kit.transport import rate_limits, retry_after, wait


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The service that an error message is about.

    Attributes:
        provider: The name of its table in config.toml.
        url: The address.
        api: The expected API, such as ``Chat Completions``.
        timeout: Timeout of a complete answer in seconds.
        silence: Timeout between two bytes in seconds.
    """

    provider: str
    url: str
    api: str
    timeout: float
    silence: float


@dataclass(frozen=True, slots=True)
class ServiceFault:
    """A classified error of a service.

    Attributes:
        kind: See `ProviderFailed`.
        reason: The reason, as a clause.
        remedy: The remedy, as a clause.
        retryable: Whether the same question may succeed later.
        ambiguous: Whether the question may have been answered and charged.
        final: Whether every other question would fail too.
        status: The HTTP status, or None.
        retry_after: Seconds after which to try again, or None.
        limits: The rate limits that the response reports, or None.
    """

    kind: FailureKind
    reason: str
    remedy: str
    retryable: bool = False
    ambiguous: bool = False
    final: bool = False
    status: int | None = None
    retry_after: float | None = None
    limits: RateLimits | None = None

    def failure(self, model: Model, endpoint: Endpoint) -> OverheardError:
        """Return the error to raise for a question to a model: `ProviderUnavailable` for a final
        fault, else `ProviderFailed`.
        """
        if self.final:
            return self.unavailable(endpoint)
        return ProviderFailed(
            model=model,
            reason=f"{self.reason}; {self.remedy}.",
            kind=self.kind,
            status=self.status,
            retryable=self.retryable,
            retry_after=self.retry_after,
            limits=self.limits,
            ambiguous=self.ambiguous,
        )

    def unavailable(self, endpoint: Endpoint) -> ProviderUnavailable:
        """Return the error to raise when no question was involved."""
        return ProviderUnavailable(
            provider=endpoint.provider, reason=self.reason, remedy=self.remedy
        )


KEY = ServiceFault(
    FailureKind.AUTH, "the service refuses the key", "check api_key_env or api_key_file", final=True
)
CREDIT = ServiceFault(
    FailureKind.AUTH, "the account has no credit left", "top it up at the service", final=True
)
FILTER = ServiceFault(
    FailureKind.FILTERED, "the service's content filter refuses the question", "word it otherwise"
)
BUSY = ServiceFault(
    FailureKind.RATE_LIMIT,
    "the service says it is asked too often",
    "wait, or lower concurrency",
    retryable=True,
)
BROKEN = ServiceFault(
    FailureKind.SERVER,
    "the service has an error of its own ({status})",
    "try again later",
    retryable=True,
)
REJECTED = ServiceFault(
    FailureKind.REQUEST,
    "the service refuses the question with status {status}",
    "check the model and the settings that are sent with it",
)

REDIRECTED = ServiceFault(
    FailureKind.REQUEST,
    "{url} redirects to another address, which is not followed",
    "set base_url to the service's own address",
)
TOO_LARGE = ServiceFault(
    FailureKind.MALFORMED,
    "the answer is longer than 16 MB",
    "check base_url, or set max_tokens",
    ambiguous=True,
)
FOREIGN = ServiceFault(
    FailureKind.REQUEST,
    "{url} names an address at another host, which is not called",
    "set base_url to the service's own address",
)

BY_WORD = {
    **dict.fromkeys(("insufficient_quota", "billing_error", "billing_not_active"), CREDIT),
    **dict.fromkeys(("invalid_api_key", "API_KEY_INVALID", "authentication_error"), KEY),
    **dict.fromkeys(("content_filter", "content_policy_violation", "invalid_prompt"), FILTER),
}
"""Faults by error code in the response body; a code is more precise than the status."""

BY_STATUS = {  # for a response without a code in BY_WORD
    401: KEY,
    402: CREDIT,
    403: ServiceFault(
        FailureKind.AUTH, "the key may not ask this model", "check its rights at the service"
    ),
    404: ServiceFault(
        FailureKind.REQUEST, "there is no such model at {url}", "check models and base_url"
    ),
    408: BROKEN,
    409: BROKEN,
    425: BROKEN,
    **dict.fromkeys((301, 302, 303, 307, 308), REDIRECTED),
    429: BUSY,
}

UNREACHABLE = ServiceFault(
    FailureKind.CONNECTION,
    "{url} cannot be reached",
    "check base_url and the network",
    retryable=True,
)
SILENT = ServiceFault(
    FailureKind.TIMEOUT,
    "the service was silent for {silence:g} s",
    "try again, or raise first_byte_timeout",
    retryable=True,
    ambiguous=True,
)
SLOW = ServiceFault(
    FailureKind.TIMEOUT,
    "no whole answer within {timeout:g} s",
    "try again, or raise timeout",
    retryable=True,
    ambiguous=True,
)
UNREADABLE = ServiceFault(
    FailureKind.MALFORMED,
    "the answer cannot be read as one of {api}",
    "check base_url, or try again later",
    ambiguous=True,
)

BY_CLASS: tuple[tuple[frozenset[str], ServiceFault], ...] = (
    (frozenset({"ReplyTooLargeError"}), TOO_LARGE),
    (frozenset({"ForeignAddressError"}), FOREIGN),
    (frozenset({"UndecodableReplyError"}), UNREADABLE),
    (
        frozenset({"gaierror", "ClientConnectorDNSError"}),
        replace(UNREACHABLE, reason="the name in {url} is not known", remedy="check base_url"),
    ),
    (
        frozenset({"SSLError", "ClientSSLError", "CertificateError"}),
        replace(
            UNREACHABLE,
            reason="{url} gives no secure connection",
            remedy="check base_url and the certificate there",
            retryable=False,
        ),
    ),
    (
        frozenset(
            {
                *("ServerDisconnectedError", "ClientPayloadError", "RemoteProtocolError"),
                *("ConnectionResetError", "BrokenPipeError", "ReadError", "WriteError"),
            }
        ),
        replace(
            UNREACHABLE,
            reason="{url} broke the connection off",
            remedy="try again later",
            ambiguous=True,
        ),
    ),
    # Also the cause of a payload that breaks off, which is above.
    (frozenset({"HttpProcessingError"}), UNREADABLE),
    (frozenset({"JSONDecodeError", "UnicodeDecodeError", "DecodingError"}), UNREADABLE),
    (
        frozenset({"ConnectionTimeoutError", "ConnectionRefusedError", "ConnectError"}),
        UNREACHABLE,
    ),
    (frozenset({"SocketTimeoutError", "ReadTimeout"}), SILENT),
    (frozenset({"ConnectTimeout"}), UNREACHABLE),
    (frozenset({"TimeoutError", "TimeoutException", "APITimeoutError"}), SLOW),
    (
        frozenset({"APIConnectionError", "ClientError", "TransportError", "OSError"}),
        UNREACHABLE,
    ),
    (
        frozenset(
            {
                *("AttributeError", "LookupError", "TypeError", "ValueError", "RecursionError"),
                *("APIResponseValidationError", "APIError"),
            }
        ),
        UNREADABLE,
    ),
)
"""Faults by the class names of an error and its causes; the first match counts."""


def read_fault(error: BaseException, endpoint: Endpoint) -> ServiceFault:
    """Return the fault that an exception of an SDK stands for: by its HTTP status, else by class
    names along its causes.

    Args:
        error: The exception.
        endpoint: The service, whose address and timeouts the reason mentions.
    """
    fault = _by_status(error) or _by_class(error)
    if fault.kind is FailureKind.CONNECTION and _is_refused_here(error, endpoint):
        fault = replace(fault, retryable=False, remedy="start the service there, or check base_url")
    facts = {
        "url": endpoint.url,
        "api": endpoint.api,
        "timeout": endpoint.timeout,
        "silence": endpoint.silence,
        "status": fault.status,
    }
    return replace(fault, reason=fault.reason.format(**facts))


def _is_refused_here(error: BaseException, endpoint: Endpoint) -> bool:
    """Return whether this machine refuses the connection, because a local service does not run.

    Another try some seconds later would be refused as well.
    """
    host = urlsplit(endpoint.url).hostname or ""
    here = host in {"localhost", "::1"} or host.startswith("127.")
    return here and any(
        isinstance(cause, ConnectionRefusedError)
        or isinstance(getattr(cause, "os_error", None), ConnectionRefusedError)
        for cause in _chain(error)
    )


def _by_status(error: BaseException) -> ServiceFault | None:
    """Return the fault for an error with an HTTP status, with its wait and limits; None without a
    status.
    """
    status = _status(error)
    if not status:
        return None
    texts = list(_texts([getattr(error, name, None) for name in ("body", "details")]))
    by_code = next((BY_WORD[text] for _, text in texts if text in BY_WORD), None)
    fault = by_code or BY_STATUS.get(status, BROKEN if status >= 500 else REJECTED)
    headers = _headers(error)
    delays = [retry_after(headers), *(wait(text) for key, text in texts if key == "retryDelay")]
    delay_s = next((delay for delay in delays if delay is not None), None)
    return replace(
        fault,
        status=status,
        retry_after=delay_s if fault.retryable else None,
        limits=rate_limits(headers),
    )


def _headers(error: BaseException) -> Mapping[str, str]:
    """Return the headers of an error's response; an error of aiohttp has headers of its own."""
    response = getattr(error, "response", error)
    return getattr(response, "headers", None) or {}


def _by_class(error: BaseException) -> ServiceFault:
    """Return the fault that the class names of an error and its causes show."""
    names = {name for cause in _chain(error) for name in _class_names(cause)}
    for class_names, fault in BY_CLASS:
        if class_names & names:
            return fault
    return ServiceFault(FailureKind.OTHER, type(error).__name__, "try again later")


def _class_names(error: BaseException) -> list[str]:
    return [kind.__name__ for kind in type(error).__mro__]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and then its causes, from the outermost on, each once."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _status(error: BaseException) -> int:
    """Return the HTTP error status (300 to 599) of an exception, or 0.

    Attributes are read lazily: reading `code` of an aiohttp error raises a deprecation warning.
    An error of httpx2 has the status in its response.
    """
    objects = ((error, "status_code"), (error, "status"), (error, "code"))
    response = (getattr(error, "response", None), "status_code")
    values = (getattr(owner, name, None) for owner, name in (*objects, response))
    status = next((number for number in values if isinstance(number, int)), 0)
    if any("HttpProcessingError" in _class_names(cause) for cause in _chain(error)):
        return 0  # aiohttp says 400 of a response that it cannot read
    return status if 300 <= status <= 599 else 0


def _texts(body: object, key: str = "", depth: int = 6) -> Iterator[tuple[str, str]]:
    """Yield the texts in a response body with their keys, down to a depth of `depth` levels.

    Error codes are near the top; a hostile body may be nested without end.

    Args:
        body: The decoded body.
        key: The key of the body in its parent.
        depth: The number of levels to search.
    """
    if isinstance(body, str):
        yield key, body
    elif depth and isinstance(body, Mapping):
        for name, part in body.items():
            yield from _texts(part, str(name), depth - 1)
    elif depth and isinstance(body, list):
        for part in body:
            yield from _texts(part, key, depth - 1)
