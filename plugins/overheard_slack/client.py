"""Calls to Slack's Web API: retries, and errors that name the remedy."""

from typing import Any

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.http_retry.builtin_interval_calculators import FixedValueRetryIntervalCalculator
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.web.async_client import AsyncWebClient

from overheard import ChatFailed, Recent, wording

NAME = "Slack"
CALL_TIMEOUT_S = 15.0
"""Time limit of a call, in seconds."""
MAX_RETRY_AFTER_S = 10.0
"""A call waits this long at most when Slack limits the rate; for longer waits it fails."""
MAX_RETRIES = 2
RETRY_PAUSE_S = 0.3
"""Seconds before a further attempt; a form has to be opened within three."""
MAX_DETAIL = 300
"""Characters of Slack's own messages in an error."""
RATE_LIMIT_S = 60.0
"""Seconds of a rate limit whose end Slack does not tell."""
MAX_PICTURES = 500
"""Uploaded pictures of a workspace whose files are known."""

REFUSED_TOKEN_CODES = frozenset(
    {
        "account_inactive", "app_token_required", "invalid_auth", "not_allowed_token_type",
        "not_authed", "token_expired", "token_revoked",
    }
)  # fmt: skip
"""Error codes that mean that a token is invalid."""
REMEDIES = {
    "not_in_channel": "invite the bot there with /invite",
    "channel_not_found": "check the channel's id, and invite the bot there with /invite",
    "is_archived": "unarchive the channel or name another",
    "missing_scope": "add the scope to the app and install it again",
    "restricted_action": "ask an administrator of the workspace to let the app post there",
    **dict.fromkeys(
        REFUSED_TOKEN_CODES, "copy the token again from the app's page at api.slack.com/apps"
    ),
}
"""Remedies, by Slack's error code."""
_AMBIGUOUS_CODES = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}
)
"""Error codes after which a call may have had its effect all the same."""


class SlackFailed(ChatFailed):
    """Slack refused a call, or did not answer it.

    `ambiguous` is true for a call that may have had its effect all the same. After a rate limit,
    `retry_after` has the seconds until Slack takes calls again.
    """

    message = "{chat} did not take a message: {reason}."

    chat: str
    reason: str

    code: str = ""
    """Slack's error code, such as ``not_in_channel``; empty when Slack sent none."""


class SlackClient:
    """Calls Slack's Web API with one token.

    Args:
        token: The bot's token, or an app-level token.
        base_url: The API's address.
        session: The HTTP session for the calls.

    Attributes:
        pictures: The ids of the files of uploaded pictures, by the SHA-256 hash of the PNG file.
    """

    def __init__(self, token: str, base_url: str, session: aiohttp.ClientSession) -> None:
        """Create two clients of the SDK, which differ in what they repeat; nothing is called yet.

        One repeats calls after a rate limit only; it is for calls that must have their effect once.
        The other repeats calls after server errors and lost connections, too.
        """
        self.token = token
        self.pictures: Recent[str, str] = Recent(MAX_PICTURES)
        limits: list[AsyncRetryHandler] = [_ShortRateLimits(MAX_RETRIES)]
        outages = _Outages(MAX_RETRIES, FixedValueRetryIntervalCalculator(RETRY_PAUSE_S))
        self._calls = {
            once: AsyncWebClient(token, base_url, session=session, retry_handlers=handlers)
            for once, handlers in ((True, limits), (False, [*limits, outages]))
        }

    @property
    def web(self) -> AsyncWebClient:
        """The SDK's client for calls that may be repeated, for parts of the SDK that need it."""
        return self._calls[False]

    async def call(self, method: str, *, once: bool = False, **arguments: Any) -> dict[str, Any]:
        """Call a method of the API and return Slack's answer.

        A call is repeated up to `MAX_RETRIES` times: after a rate limit of at most
        `MAX_RETRY_AFTER_S` seconds, and unless `once` is set, after a server error or a lost
        connection.

        Args:
            method: The SDK's name of the method, such as ``chat_postMessage``.
            once: Whether a second call would do harm, as a message would be posted twice.

        Returns:
            The fields of the answer, and under ``headers`` its HTTP headers.

        Raises:
            SlackFailed: when Slack refuses, cannot be reached, or sends an unreadable answer.
        """
        try:
            response = await getattr(self._calls[once], method)(**arguments)
            answer = {"headers": response.headers, **response.data}
        except SlackClientError as error:
            raise _answer_error(method, getattr(error, "response", None)) from None
        except aiohttp.ClientConnectorError:
            raise _failed("it cannot be reached") from None
        except (aiohttp.ClientError, TimeoutError):
            raise _failed("the connection was lost", ambiguous=True) from None
        except (AttributeError, TypeError, ValueError) as error:
            # The SDK trips over a body that is no JSON object.
            raise _failed("its answer cannot be read", ambiguous=True) from error
        return answer


def _answer_error(method: str, response: Any) -> SlackFailed:
    """Return the error for an answer of Slack with an error code or a bad HTTP status.

    A rate limit gives the error of `rate_limited`. An answer without a code, or with one after
    which the call may have had its effect, gives an ambiguous error. Any other gives an error with
    the code and a remedy.

    Args:
        method: The SDK's name of the method that was called, such as ``chat_postMessage``.
        response: The response of the SDK or of aiohttp; None without one.
    """
    data = getattr(response, "data", None)
    status = getattr(response, "status_code", getattr(response, "status", 0))
    fields = data if isinstance(data, dict) else {}
    code = str(fields.get("error", ""))
    if status == 429 or code in {"ratelimited", "rate_limited"}:
        return rate_limited(_retry_seconds(response.headers.get("Retry-After")))
    method_name = method.replace("_", ".", 1)  # ``chat.postMessage``
    if not code:
        return _failed(f"{method_name} answered with status {status} and no reason", ambiguous=True)
    if code in _AMBIGUOUS_CODES:
        return _failed(f"{method_name} answered {code}", ambiguous=True)
    remedy = REMEDIES.get(code, "see the method's page at docs.slack.dev")
    return _failed(f"{method_name} answered {_error_text(fields)}; {remedy}", code=code)


def _error_text(data: dict[str, Any]) -> str:
    """Return Slack's error code with details in brackets, as in ``missing_scope (chat:write)``.

    The details are the missing scopes; without them, Slack's messages on faulty arguments, cut
    after `MAX_DETAIL` characters; without these, there are no brackets.

    Args:
        data: The fields of Slack's answer, with an ``error``.
    """
    metadata = data.get("response_metadata")
    messages = metadata.get("messages", []) if isinstance(metadata, dict) else []
    details = [str(data["needed"])] if data.get("needed") else [str(m) for m in messages]
    detail = wording.shorten(wording.line(", ".join(details)), MAX_DETAIL)
    code = wording.line(str(data["error"]))
    return f"{code} ({detail})" if detail else code


def rate_limited(seconds: float) -> SlackFailed:
    """Return the error for a rate limit that ends after `seconds`, which it has as
    `retry_after`.
    """
    return _failed("it asks to be called less often", code="ratelimited", retry_after=seconds)


def _failed(reason: str, **attributes: Any) -> SlackFailed:
    """Return the error with a reason and further attributes, such as `code`."""
    failed = SlackFailed(chat=NAME, reason=reason)
    for name, value in attributes.items():
        setattr(failed, name, value)
    return failed


def _retry_seconds(header: Any) -> float:
    """Return the seconds of a Retry-After header; `RATE_LIMIT_S` without a readable one.

    Args:
        header: The value, a list of values of which the first counts, or None.
    """
    value = header[0] if isinstance(header, list) else header
    return float(value) if str(value).isdecimal() else RATE_LIMIT_S


class _ShortRateLimits(AsyncRateLimitErrorRetryHandler):
    """Tries again after a rate limit of at most `MAX_RETRY_AFTER_S` seconds."""

    async def _can_retry_async(self, **attempt: Any) -> bool:
        response: HttpResponse | None = attempt.get("response")
        if response is None or not await super()._can_retry_async(**attempt):
            return False
        headers = {name.lower(): value for name, value in response.headers.items()}
        return _retry_seconds(headers.get("retry-after")) <= MAX_RETRY_AFTER_S


class _Outages(AsyncRetryHandler):
    """Tries again after a lost connection or an error of Slack's servers."""

    async def _can_retry_async(self, **attempt: Any) -> bool:
        response, error = attempt.get("response"), attempt.get("error")
        # The SDK gives a body that is no JSON as an error with aiohttp's response.
        status = getattr(getattr(error, "response", None), "status", 0)
        status = response.status_code if response else status
        is_lost = isinstance(error, aiohttp.ClientConnectionError)
        return is_lost or (isinstance(status, int) and status >= 500)
