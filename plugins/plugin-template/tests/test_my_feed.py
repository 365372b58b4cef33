"""Tests of the feed: on a real socket."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from overheard.testing import OpenDeployment, Reaction, Service, check_feed
from overheard_my_feed import MyFeed, MySettings, MyUnreadable

TOLD = [{"model": "openai/gpt-5", "at": "2026-02-24T09:00:00+00:00", "note": "New."}]


async def test_it_is_a_feed(overheard_service: Service) -> None:
    """The feed returns the same updates twice, and only those since the given time."""
    overheard_service.reactions = [Reaction(json.dumps(TOLD).encode())]

    await check_feed(MyFeed("my_feed", MySettings(url=overheard_service.url)))


async def test_what_cannot_be_read_is_one_sentence(overheard_service: Service) -> None:
    """It names the address."""
    overheard_service.reactions = [Reaction(status=404)]

    with pytest.raises(MyUnreadable, match=overheard_service.url):
        await MyFeed("my_feed", MySettings(url=overheard_service.url)).updates(
            datetime(2026, 1, 1, tzinfo=UTC)
        )


async def test_it_is_found(overheard_deployment: OpenDeployment) -> None:
    """Overheard finds the plugin by its table."""
    table = '[feeds.vendor]\nplugin = "my_feed"\nurl = "http://127.0.0.1:9"'
    deployment = await overheard_deployment(table)

    assert deployment.problems == {}
    assert deployment.provides["my_feed"] == ("feed vendor",)
