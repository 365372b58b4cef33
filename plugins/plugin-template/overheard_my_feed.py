"""An update feed for Overheard: it reads when models were updated from an address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import httpx2
from pydantic import Field

from overheard import (
    Model,
    ModelUpdate,
    OverheardError,
    PluginSettings,
    Settings,
    UpdateFeed,
    hookimpl,
    http_client,
)

overheard_api = ">=1.0,<2"


class MySettings(Settings):
    """A table ``[feeds.NAME]`` with ``plugin = "my_feed"``.

    Attributes:
        url: The address of a list such as ``[{"model": "openai/gpt-5", "at":
            "2026-11-24T09:00:00+00:00", "note": "..."}]``.
    """

    url: str = Field(pattern=r"^https?://\S+$", examples=["https://acme.com/feed"])


class MyUnreadable(OverheardError):
    """The address gives no updates."""

    message = "The updates at {url} cannot be read: {reason}; check what the address returns."

    url: str
    reason: str


class MyFeed:
    """One address."""

    def __init__(self, name: str, settings: MySettings) -> None:
        self.name = name
        self._url = settings.url

    async def updates(self, since: datetime) -> list[ModelUpdate]:
        """Return the updates since a time."""
        try:
            async with http_client(self._url) as client:
                response = await client.get(self._url)
            entries = [
                ModelUpdate(
                    Model.parse(entry["model"]),
                    datetime.fromisoformat(entry["at"]),
                    note=entry["note"],
                )
                for entry in response.raise_for_status().json()
            ]
        except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
            raise MyUnreadable(url=self._url, reason=type(error).__name__) from None
        return [update for update in entries if update.at >= since]


@hookimpl
def overheard_update_feeds(settings: PluginSettings) -> Iterator[UpdateFeed]:
    """Yield a feed for each table."""
    for name, mine in settings.each(MySettings):
        yield MyFeed(name, mine)
