"""Tests of what the headers of a response say about limits."""

from datetime import UTC, datetime

import pytest
from time_machine import travel

from overheard import RateLimits
from overheard.provider_kit.transport import MAX_WAIT_S, rate_limits, retry_after

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_openais_headers_are_read() -> None:
    """Counts, and how long until they are full again."""
    assert rate_limits(
        {
            "X-RateLimit-Limit-Requests": "60",
            "x-ratelimit-remaining-requests": "59",
            "x-ratelimit-reset-requests": "1m0.5s",
            "x-ratelimit-limit-tokens": "150000",
            "x-ratelimit-remaining-tokens": "149984",
            "x-ratelimit-reset-tokens": "17ms",
        }
    ) == RateLimits(60, 59, 60.5, 150_000, 149_984, 0.017)


@travel(NOW, tick=False)
def test_anthropics_headers_are_read() -> None:
    """The header names the moment instead."""
    assert rate_limits(
        {
            "anthropic-ratelimit-requests-limit": "50",
            "anthropic-ratelimit-requests-remaining": "49",
            "anthropic-ratelimit-requests-reset": "2026-03-02T09:00:30Z",
            "anthropic-ratelimit-tokens-limit": "40000",
            "anthropic-ratelimit-tokens-remaining": "0",
            "anthropic-ratelimit-tokens-reset": "2026-03-02T08:59:00Z",
        }
    ) == RateLimits(50, 49, 30, 40_000, 0, 0)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "application/json"},
        {"x-ratelimit-limit-requests": "many"},
        {"x-ratelimit-limit-requests": "-1", "x-ratelimit-reset-tokens": "soon"},
        {"x-ratelimit-remaining-tokens": "9" * 40},
    ],
)
def test_what_cannot_be_read_says_nothing(headers: dict[str, str]) -> None:
    """Any header may hold any text."""
    assert rate_limits(headers) is None


@travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3),
        ({"retry-after": " 2.5 "}, 2.5),
        ({"retry-after": "Mon, 02 Mar 2026 09:01:00 GMT"}, 60),
        ({"retry-after": "Mon, 02 Mar 2026 08:00:00 GMT"}, 0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "99999999999"}, MAX_WAIT_S),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "later"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    """In seconds, milliseconds or as a date; never longer than a day."""
    assert retry_after(headers) == seconds
