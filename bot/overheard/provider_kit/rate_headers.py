"""What the headers of a response say about limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from overheard.domain import RateLimits

LONGEST_WAIT = 86_400.0
"""Seconds; a service that asks for more is not taken at its word."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


def rate_limits(headers: Mapping[str, str]) -> RateLimits | None:
    """Return what OpenAI's and Anthropic's rate-limit headers say, or None when there are none.

    Args:
        headers: Of a response, in whatever case.
    """
    told = {name.lower(): text for name, text in headers.items() if "ratelimit" in name.lower()}
    limits = RateLimits(
        requests=_count(_told(told, "requests", "limit")),
        requests_left=_count(_told(told, "requests", "remaining")),
        requests_reset=wait(_told(told, "requests", "reset")),
        tokens=_count(_told(told, "tokens", "limit")),
        tokens_left=_count(_told(told, "tokens", "remaining")),
        tokens_reset=wait(_told(told, "tokens", "reset")),
    )
    return None if limits == RateLimits() else limits


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds after which a service asks to be tried again, or None."""
    if (exact := wait(f"{headers.get('retry-after-ms', '')}ms")) is not None:
        return exact
    told = headers.get("retry-after", "").strip()
    return wait(f"{told}s" if re.fullmatch(r"\d+(\.\d+)?", told) else told)


def told_time(headers: Mapping[str, str]) -> datetime | None:
    """Return when a response was made by the service's clock, or None.

    Args:
        headers: Of a response; one that a cache kept tells an old time, and is not believed.
    """
    kept = headers.get("age", "0").strip()
    return _moment(headers.get("date", "").strip()) if kept == "0" else None


def wait(told: str) -> float | None:
    """Return a time to wait in seconds: ``6m0s``, ``17ms``, ``12.5s`` or a moment; else None."""
    parts = _DURATION.findall(told)
    if parts and "".join(map("".join, parts)) == told:
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    elif (moment := _moment(told)) is not None:
        seconds = (moment - datetime.now(UTC)).total_seconds()
    else:
        return None
    return min(max(0.0, seconds), LONGEST_WAIT)


def _moment(told: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(told)
        except (ValueError, TypeError, OverflowError):
            continue
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return None


def _told(headers: Mapping[str, str], of: str, what: str) -> str:
    other = headers.get(f"anthropic-ratelimit-{of}-{what}", "")
    return headers.get(f"x-ratelimit-{what}-{of}", other).strip()


def _count(told: str) -> int | None:
    return int(told) if re.fullmatch(r"\d{1,15}", told) else None
