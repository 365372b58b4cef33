"""Tests of model updates that feeds announce."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from overheard.domain import Model, ModelUpdate
from overheard.errors import PluginFault
from overheard.runs.update_feeds import FEED_LOOKBACK, read_feeds
from overheard.testing.deployment import open_test_store

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ONE, TWO = Model("svc", "m-1"), Model("svc", "m-2")


class Feed:
    """A feed that tells of some updates, or fails."""

    def __init__(self, *told: ModelUpdate, fault: PluginFault | None = None) -> None:
        self.told = told
        self.fault = fault
        self.since: list[datetime] = []

    async def updates(self, since: datetime) -> Sequence[ModelUpdate]:
        """Return them."""
        self.since.append(since)
        if self.fault:
            raise self.fault
        return self.told


async def test_new_updates_of_the_services_in_use_are_stored_once() -> None:
    """Neither coming ones nor those of others; a note is one line of 200 characters."""
    updates = open_test_store().updates
    known = await updates.add(ModelUpdate(ONE, NOW - 3 * DAY, "people", "seen"))
    long = ModelUpdate(TWO, NOW, "x", "a\n  b " + "c" * 300, id=99)
    feed = Feed(
        long,
        ModelUpdate(ONE, NOW - 3 * DAY, "x", "again"),
        ModelUpdate(TWO, NOW - 3 * DAY, "x", "at that time"),
        ModelUpdate(Model("other", "x"), NOW - DAY),
        ModelUpdate(ONE, NOW + timedelta(seconds=1)),
    )
    broken = Feed(fault=PluginFault(part="The feed x", problem="is down"))
    problems = await read_feeds([broken, feed], updates, {"svc"}, NOW)  # type: ignore[list-item] # feeds

    assert problems == [str(broken.fault)]
    assert feed.since == broken.since == [NOW - FEED_LOOKBACK]
    stored = await updates.find()
    assert Counter((u.model, u.at, u.source, u.note) for u in stored) == Counter(
        [
            (ONE, known.at, "people", "seen"),
            (TWO, NOW, "feed", "a b " + "c" * 196),
            (TWO, NOW - 3 * DAY, "feed", "at that time"),
        ]
    )
