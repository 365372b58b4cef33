"""Update feeds as the rest of the house sees them: watched over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from overheard.domain import Model, ModelUpdate
from overheard.interfaces import UpdateFeed
from overheard.plugins.guard import Guard, Nonsense
from overheard.plugins.shapes import listed

LONGEST_FEED = 30.0
"""Seconds that a feed may take."""


class WatchedFeed:
    """A feed whose results are looked at."""

    def __init__(self, feed: UpdateFeed, guard: Guard) -> None:
        self.name = feed.name
        self._feed = feed
        self._guard = guard

    async def updates(self, since: datetime) -> Sequence[ModelUpdate]:
        """Return the updates since a moment.

        Raises:
            PluginFault: when that fails.
        """
        return await self._guard.call(partial(_updates, self._feed, since), LONGEST_FEED)


async def _updates(feed: UpdateFeed, since: datetime) -> list[ModelUpdate]:
    found: list[ModelUpdate] = listed(await feed.updates(since))
    if not all(map(_fits, found)):
        raise Nonsense("it returns what is no ModelUpdate with a time zone")
    return found


def _fits(update: object) -> bool:
    return (
        isinstance(update, ModelUpdate)
        and isinstance(update.model, Model)
        and isinstance(update.at, datetime)
        and update.at.tzinfo is not None
        and isinstance(update.note, str)
    )
