"""Update feeds: what others know of model updates is kept beside what the replies show."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from overheard.domain import ModelUpdate
from overheard.errors import PluginFault
from overheard.interfaces import UpdateFeed
from overheard.interfaces.updates import UpdateRepository

SOURCE = "feed"
"""How it is known, as `ModelUpdate.source` says."""
LOOKED_BACK = timedelta(days=90)
"""How far feeds are asked to look back."""
LONGEST_NOTE = 200
"""Characters of a note that are kept."""


async def read_feeds(
    feeds: Iterable[UpdateFeed], stored: UpdateRepository, providers: Collection[str], now: datetime
) -> list[str]:
    """Keep the updates that feeds know of; one that is known already is left as it is.

    Args:
        feeds: Who is asked, each watched over.
        stored: The known updates; new ones are added.
        providers: The providers in use; updates of others' models are left out.
        now: What time it is; an update that is still to come is left out.

    Returns:
        What went wrong, as sentences.
    """
    problems: list[str] = []
    asked = (_updates(feed, now - LOOKED_BACK, problems) for feed in feeds)
    found = await asyncio.gather(*asked)  # beside each other: one may take its whole time
    known = {(update.model, update.at) for update in await stored.find()}
    for update in (update for updates in found for update in updates):
        new = (update.model, update.at) not in known
        if new and update.model.provider in providers and update.at <= now:
            await stored.add(_noted(update))
    return problems


async def _updates(feed: UpdateFeed, since: datetime, problems: list[str]) -> Sequence[ModelUpdate]:
    try:
        return await feed.updates(since)
    except PluginFault as fault:
        problems.append(str(fault))
        return ()


def _noted(update: ModelUpdate) -> ModelUpdate:
    note = " ".join(update.note.split())[:LONGEST_NOTE]
    return replace(update, source=SOURCE, note=note, id=0)
