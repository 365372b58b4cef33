"""What a refusal's words, a status and the classes of an error mean."""

from __future__ import annotations

from dataclasses import replace

from overheard.domain import Failing
from overheard.providing.faults import Fault

KEY = Fault(
    Failing.AUTH, "the service refuses the key", "check api_key_env or api_key_file", final=True
)
CREDIT = Fault(
    Failing.AUTH, "the account has no credit left", "top it up at the service", final=True
)
FILTER = Fault(
    Failing.FILTERED, "the service's content filter refuses the question", "word it otherwise"
)
BUSY = Fault(
    Failing.RATE_LIMIT,
    "the service says it is asked too often",
    "wait, or lower concurrency",
    retryable=True,
)
BROKEN = Fault(
    Failing.SERVER, "the service answers with status {status}", "try again later", retryable=True
)
REFUSED = Fault(
    Failing.REQUEST,
    "the service refuses the question with status {status}",
    "check the model and the settings that are sent with it",
)

BY_WORD = {
    **dict.fromkeys(("insufficient_quota", "billing_error", "billing_not_active"), CREDIT),
    **dict.fromkeys(("invalid_api_key", "API_KEY_INVALID", "authentication_error"), KEY),
    **dict.fromkeys(("content_filter", "content_policy_violation", "invalid_prompt"), FILTER),
}
"""What the code words in a refusal's body mean. They say more than its status."""

BY_STATUS = {
    401: KEY,
    402: CREDIT,
    403: Fault(Failing.AUTH, "the key may not ask this model", "check its rights at the service"),
    404: Fault(Failing.REQUEST, "there is no such model at {url}", "check models and base_url"),
    408: BROKEN,
    409: BROKEN,
    425: BROKEN,
    429: BUSY,
}

UNREACHABLE = Fault(
    Failing.CONNECTION,
    "{url} cannot be reached",
    "check base_url and the network",
    retryable=True,
)
SILENT = Fault(
    Failing.TIMEOUT,
    "the service was silent for {silence:g} s",
    "try again, or raise first_byte_timeout",
    retryable=True,
    ambiguous=True,
)
SLOW = Fault(
    Failing.TIMEOUT,
    "no whole answer within {timeout:g} s",
    "try again, or raise timeout",
    retryable=True,
    ambiguous=True,
)
UNREADABLE = Fault(
    Failing.MALFORMED,
    "the answer cannot be read as one of {api}",
    "check base_url, or try again later",
    ambiguous=True,
)

BY_CLASS: tuple[tuple[frozenset[str], Fault], ...] = (
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
"""What the classes of an error and its causes mean; the first that fits counts."""
