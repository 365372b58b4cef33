"""Response headers: rate limits, waits and the service's time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from overheard.domain import RateLimits

MAX_WAIT_S = 86_400.0
"""Seconds; longer waits that a service asks for are shortened to this."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


def rate_limits(headers: Mapping[str, str]) -> RateLimits | None:
    """Return the limits in OpenAI's or Anthropic's rate-limit headers, or None without any.

    Args:
        headers: The headers of a response; names in any case.
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
    """Return the wait in seconds that a response asks for with ``Retry-After``, or None."""
    if (exact := wait(f"{headers.get('retry-after-ms', '')}ms")) is not None:
        return exact
    text = headers.get("retry-after", "").strip()
    return wait(f"{text}s" if re.fullmatch(r"\d+(\.\d+)?", text) else text)


def service_time(headers: Mapping[str, str]) -> datetime | None:
    """Return when the service created a response, by the service's clock, or None.

    Args:
        headers: The headers of the response; a response from a cache gives None.
    """
    age = headers.get("age", "0").strip()
    return _moment(headers.get("date", "").strip()) if age == "0" else None


def wait(text: str) -> float | None:
    """Return the seconds of a duration such as ``6m0s``, or until a moment; None for other text."""
    parts = _DURATION.findall(text)
    if parts and "".join(map("".join, parts)) == text:
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    elif (moment := _moment(text)) is not None:
        seconds = (moment - datetime.now(UTC)).total_seconds()
    else:
        return None
    return min(max(0.0, seconds), MAX_WAIT_S)


def _moment(text: str) -> datetime | None:
    """Return a time in ISO 8601 or HTTP format as an aware datetime, or None."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
        except (ValueError, TypeError, OverflowError):
            continue
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return None


def _header(headers: Mapping[str, str], unit: str, field: str) -> str:
    anthropic = headers.get(f"anthropic-ratelimit-{unit}-{field}", "")
    return headers.get(f"x-ratelimit-{field}-{unit}", anthropic).strip()


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,15}", text) else None
