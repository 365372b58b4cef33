"""Update feeds: what vendors announce about their models, read and stored."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

from overheard.domain import ModelUpdate
from overheard.errors import PluginFault
from overheard.interfaces import UpdateFeed
from overheard.interfaces.store import UpdateRepository

FEED_SOURCE = "feed"
"""The `ModelUpdate.source` of an announced update."""
WATCH_SOURCE = "watch"
"""That of an update that shows in a model's answers, which a feed may see as well."""
FEED_LOOKBACK = timedelta(days=90)
"""How old updates may be for which feeds are asked."""
MAX_NOTE_CHARS = 200
"""Characters of a note that are kept."""


async def read_feeds(
    feeds: Iterable[UpdateFeed], stored: UpdateRepository, providers: Collection[str], now: datetime
) -> list[str]:
    """Ask all feeds at once, over the network, for updates of the last `FEED_LOOKBACK`, and store
    the new updates.

    An update is new if no update of the same model and time was stored before this call. Of several
    feeds that announce the same update, the first one's is stored.

    Args:
        feeds: The feeds, each behind its guard.
        providers: The providers in use; updates of other providers' models are left out.
        now: The current time; later updates are left out.

    Returns:
        The problems of feeds, as sentences; a feed with a problem gives no updates.
    """
    problems: list[str] = []
    calls = (_feed_updates(feed, now - FEED_LOOKBACK, problems) for feed in feeds)
    updates_by_feed = await asyncio.gather(*calls)  # concurrently: a feed may use up its timeout
    stored_keys = {(update.model, update.at) for update in await stored.find()}
    for update in chain.from_iterable(updates_by_feed):
        is_new = (update.model, update.at) not in stored_keys
        if is_new and update.model.provider in providers and update.at <= now:
            note = " ".join(update.note.split())[:MAX_NOTE_CHARS]  # on one line
            source = WATCH_SOURCE if update.source == WATCH_SOURCE else FEED_SOURCE
            await stored.add(replace(update, source=source, note=note, id=0))
    return problems


async def _feed_updates(
    feed: UpdateFeed, since: datetime, problems: list[str]
) -> Sequence[ModelUpdate]:
    """Return a feed's updates since a time; after a fault return none, and add the fault to
    ``problems`` as a sentence.
    """
    try:
        return await feed.updates(since)
    except PluginFault as fault:
        problems.append(str(fault))
        return ()
