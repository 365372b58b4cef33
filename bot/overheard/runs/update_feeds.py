"""Update feeds: what vendors announce about their models, read and stored."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

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
    # Concurrently: a feed may use up its timeout.
    calls = (feed.updates(now - FEED_LOOKBACK) for feed in feeds)
    results = await asyncio.gather(*calls, return_exceptions=True)
    for error in (one for one in results if isinstance(one, BaseException)):
        if not isinstance(error, PluginFault):
            raise error
    stored_keys = {(update.model, update.at) for update in await stored.find()}
    for update in chain.from_iterable(r for r in results if not isinstance(r, BaseException)):
        is_new = (update.model, update.at) not in stored_keys
        if is_new and update.model.provider in providers and update.at <= now:
            note = " ".join(update.note.split())[:MAX_NOTE_CHARS]  # on one line
            source = WATCH_SOURCE if update.source == WATCH_SOURCE else FEED_SOURCE
            await stored.add(replace(update, source=source, note=note, id=0))
    return [str(one) for one in results if isinstance(one, PluginFault)]
