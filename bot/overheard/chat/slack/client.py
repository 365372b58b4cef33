"""Slack's Web API: one way to call it, and errors that say what to do."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient

from overheard.cards import wording
from overheard.errors import ChatFailed

NAME = "Slack"
TIMEOUT = 15.0
"""Seconds for one call."""
LONGEST_WAIT = 10.0
"""Seconds that a call waits at most when Slack asks for patience; longer waits are told."""
RETRIES = 2

REFUSED = frozenset(
    {
        "account_inactive", "app_token_required", "invalid_auth", "not_allowed_token_type",
        "not_authed", "token_expired", "token_revoked",
    }
)  # fmt: skip
"""Answers that mean that a token is no good, now and later."""
REMEDIES = {
    "not_in_channel": "invite the bot there with /invite",
    "channel_not_found": "check the channel's id, and invite the bot there with /invite",
    "is_archived": "unarchive the channel or name another",
    "missing_scope": "add the scope to the app and install it again",
    "restricted_action": "ask an administrator of the workspace to let the app post there",
    **dict.fromkeys(REFUSED, "copy the token again from the app's page at api.slack.com/apps"),
}
_UNSURE = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
"""Answers after which the call may have had its effect all the same."""


class SlackFailed(ChatFailed):
    """{chat} did not take a message: {reason}."""

    code: str = ""
    """Slack's own name for what went wrong, such as ``not_in_channel``, or an empty string."""


class SlackClient:
    """Calls Slack's Web API with one token.

    Args:
        token: The bot's token, or an app-level one.
        base_url: Where the API is.
        session: The connections to use.
    """

    def __init__(self, token: str, base_url: str, session: aiohttp.ClientSession) -> None:
        self.token = token
        self._calls = {
            once: AsyncWebClient(
                token, base_url, session=session, retry_handlers=[_Patience(once=once)]
            )
            for once in (True, False)
        }

    @property
    def web(self) -> AsyncWebClient:
        """The SDK's client, for what the SDK does itself."""
        return self._calls[False]

    async def call(self, method: str, *, once: bool = False, **arguments: Any) -> dict[str, Any]:
        """Call a method such as ``chat_postMessage``, and return its answer.

        Args:
            method: The SDK's name of it.
            once: Whether a second call would do harm: after a server error or a lost connection it
                is then not made again.
            arguments: What the method takes.

        Raises:
            SlackFailed: when Slack refused, could not be reached, or answered nonsense.
        """
        try:
            response = await getattr(self._calls[once], method)(**arguments)
            answer = {"headers": response.headers, **response.data}
        except SlackClientError as error:
            raise _failed(method, getattr(error, "response", None)) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _unreached(error) from None
        except (AttributeError, TypeError, ValueError) as error:
            # The SDK trips over a body that is no JSON object.
            raise _unsure("its answer cannot be read") from error
        return answer


def _failed(method: str, response: Any) -> SlackFailed:
    data = getattr(response, "data", None)
    status = getattr(response, "status_code", getattr(response, "status", 0))
    data = data if isinstance(data, dict) else {}
    code = str(data.get("error", ""))
    if status == 429 or code in {"ratelimited", "rate_limited"}:
        return limited(_seconds(response.headers.get("Retry-After")))
    if not code or code in _UNSURE:
        told = f"answered {code}" if code else f"answered with status {status} and no reason"
        return _unsure(f"{_written(method)} {told}")
    remedy = REMEDIES.get(code, "see the method's page at docs.slack.dev")
    failed = SlackFailed(chat=NAME, reason=f"{_written(method)} answered {_told(data)}; {remedy}")
    failed.code = code
    return failed


def _told(data: dict[str, Any]) -> str:
    """Return Slack's error with the scope or the places that it names."""
    metadata = data.get("response_metadata")
    messages = metadata.get("messages", []) if isinstance(metadata, dict) else []
    details = [str(data["needed"])] if data.get("needed") else [str(m) for m in messages]
    told = wording.shorten(wording.line(", ".join(details)), 300)
    return (
        f"{wording.line(str(data['error']))} ({told})" if told else wording.line(str(data["error"]))
    )


def limited(seconds: float) -> SlackFailed:
    """Return the error that says in how many seconds Slack wants to be called again."""
    failed = SlackFailed(chat=NAME, reason="it asks to be called less often")
    failed.code, failed.retry_after = "ratelimited", seconds
    return failed


def _unreached(error: Exception) -> SlackFailed:
    if isinstance(error, aiohttp.ClientConnectorError):
        return SlackFailed(chat=NAME, reason="it cannot be reached")
    return _unsure("the connection was lost")


def _unsure(reason: str) -> SlackFailed:
    failed = SlackFailed(chat=NAME, reason=reason)
    failed.ambiguous = True
    return failed


def _written(method: str) -> str:
    return method.replace("_", ".", 1)


def _seconds(header: Any) -> float:
    """Return what a Retry-After says; a minute when it says nothing of use."""
    value = header[0] if isinstance(header, list) else header
    return float(value) if str(value).isdecimal() else 60.0


class _Patience(AsyncRetryHandler):
    """Calls again when Slack asks to wait, and after its own faults when that does no harm.

    The SDK's own handlers wait for any time that is asked for, and repeat a post whose answer was
    lost, which would show it twice.
    """

    def __init__(self, *, once: bool) -> None:
        super().__init__(RETRIES)
        self._once = once

    async def _can_retry_async(
        self,
        *,
        state: RetryState,  # noqa: ARG002 - the SDK passes all by name
        request: HttpRequest,  # noqa: ARG002
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is not None and response.status_code == 429:
            return _asked_to_wait(response) <= LONGEST_WAIT
        lost = isinstance(error, aiohttp.ClientConnectionError)
        status = response.status_code if response else _status(error)
        return not self._once and (lost or status >= 500)

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,  # noqa: ARG002 - the SDK passes all by name
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002
    ) -> None:
        state.next_attempt_requested = True
        limited = response is not None and response.status_code == 429
        wait = _asked_to_wait(response) if limited and response else 0.2 * 4**state.current_attempt
        await asyncio.sleep(wait)
        state.increment_current_attempt()


def _asked_to_wait(response: HttpResponse) -> float:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return _seconds(headers.get("retry-after"))


def _status(error: Exception | None) -> int:
    status = getattr(getattr(error, "response", None), "status", 0)
    return status if isinstance(status, int) else 0
