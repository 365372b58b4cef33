"""Errors of hosted services and their messages.

A message never repeats the service's own words, because they may contain the key.
"""

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
        """Return the error to raise (it is not raised here) when a question was not answered:
        `ProviderUnavailable` for a `final` fault, otherwise `ProviderFailed`.

        Args:
            model: The model that was asked.
            endpoint: The service.
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
        """Return the error to raise (it is not raised here) when the service cannot be used, or
        when a call without a question failed, such as the list of models.
        """
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
    (frozenset({"ConnectionTimeoutError", "ConnectionRefusedError", "ConnectError"}), UNREACHABLE),
    (frozenset({"SocketTimeoutError", "ReadTimeout"}), SILENT),
    (frozenset({"ConnectTimeout"}), UNREACHABLE),
    (frozenset({"TimeoutError", "TimeoutException", "APITimeoutError"}), SLOW),
    (frozenset({"APIConnectionError", "ClientError", "TransportError", "OSError"}), UNREACHABLE),
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
    """Return the fault that an exception of an SDK stands for.

    If the exception has an HTTP error status, the fault is that of the error code in the response
    body, or else that of the status. Otherwise it is that of the class names of the exception and
    its causes. A connection that a service on this machine refuses is not retryable.

    Args:
        endpoint: The service, whose address and timeouts the reason mentions.
    """
    fault = _fault_of_status(error) or _fault_of_class(error)
    if fault.kind is FailureKind.CONNECTION and _is_local_service_down(error, endpoint):
        fault = replace(fault, retryable=False, remedy="start the service there, or check base_url")
    figures = {
        "url": endpoint.url,
        "api": endpoint.api,
        "timeout": endpoint.timeout,
        "silence": endpoint.silence,
        "status": fault.status,
    }
    return replace(fault, reason=fault.reason.format(**figures))


def _is_local_service_down(error: BaseException, endpoint: Endpoint) -> bool:
    """Return whether a service on this machine does not run: its address is that of this machine
    (``localhost``, ``::1``, ``127.*``), and one of the causes of the error is a refused connection.

    Another try some seconds later would be refused as well.
    """
    host = urlsplit(endpoint.url).hostname or ""
    is_this_machine = host in {"localhost", "::1"} or host.startswith("127.")
    return is_this_machine and any(
        isinstance(cause, ConnectionRefusedError)
        or isinstance(getattr(cause, "os_error", None), ConnectionRefusedError)
        for cause in _chain(error)
    )


def _fault_of_status(error: BaseException) -> ServiceFault | None:
    """Return the fault for an error with an HTTP error status; None without such a status.

    An error code in the response body (`BY_WORD`) goes before the status (`BY_STATUS`). A status
    that is in neither table is a fault of the service from 500 on, and a refused question below.
    The fault has the reported rate limits and, if the question may be asked again, the seconds to
    wait that the headers or else the body report.
    """
    status = _status(error)
    if not status:
        return None
    texts = list(_texts([getattr(error, name, None) for name in ("body", "details")]))
    by_code = next((BY_WORD[text] for _, text in texts if text in BY_WORD), None)
    fault = by_code or BY_STATUS.get(status, BROKEN if status >= 500 else REJECTED)
    response = getattr(error, "response", error)  # aiohttp's errors have the headers themselves
    headers = getattr(response, "headers", None) or {}
    delays = [retry_after(headers), *(wait(text) for key, text in texts if key == "retryDelay")]
    delay_s = next((delay for delay in delays if delay is not None), None)
    return replace(
        fault,
        status=status,
        retry_after=delay_s if fault.retryable else None,
        limits=rate_limits(headers),
    )


def _fault_of_class(error: BaseException) -> ServiceFault:
    """Return the fault that the class names of an error and its causes show: the first match in
    `BY_CLASS`. Without a match, return a fault of the kind OTHER that names the error's class.
    """
    names = {name for cause in _chain(error) for name in _class_names(cause)}
    for class_names, fault in BY_CLASS:
        if class_names & names:
            return fault
    return ServiceFault(FailureKind.OTHER, type(error).__name__, "try again later")


def _class_names(error: BaseException) -> list[str]:
    return [kind.__name__ for kind in type(error).__mro__]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, then its cause or else its context (``__cause__``, ``__context__``), then the
    cause of that, and so on; each exception once. Yield nothing for None.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _status(error: BaseException) -> int:
    """Return the HTTP status of an exception if it is an error or a redirect (300 to 599). Return 0
    for any other status, without a status, and for a response that aiohttp could not read.

    The status is the first integer among ``status_code``, ``status`` and ``code`` of the error, and
    ``status_code`` of its response, where httpx2 has it. Later attributes are read only if needed:
    reading ``code`` of an error of aiohttp gives a deprecation warning.
    """
    attributes = (
        *((error, name) for name in ("status_code", "status", "code")),
        (getattr(error, "response", None), "status_code"),
    )
    values = (getattr(owner, name, None) for owner, name in attributes)
    status = next((value for value in values if isinstance(value, int)), 0)
    if any("HttpProcessingError" in _class_names(cause) for cause in _chain(error)):
        return 0  # aiohttp says 400 of a response that it cannot read
    return status if 300 <= status <= 599 else 0


def _texts(body: object, key: str = "", depth: int = 6) -> Iterator[tuple[str, str]]:
    """Yield the key and the text of each text in a response body, in the order of the body.

    Error codes are near the top, and a hostile body may be nested without end. So mappings and
    lists that are nested deeper than `depth` levels are left out, and so is all that is no text.
    """
    if isinstance(body, str):
        yield key, body
    elif depth and isinstance(body, Mapping):
        for name, part in body.items():
            yield from _texts(part, str(name), depth - 1)
    elif depth and isinstance(body, list):
        for part in body:
            yield from _texts(part, key, depth - 1)
