"""The stories of brands, from a store."""

from collections.abc import Iterable
from datetime import datetime

from overheard.alerts.story import BrandAtModel, Story, alerts_about, read_watches, stories
from overheard.interfaces import Store


async def read_stories(
    store: Store, now: datetime, brand: str | None = None, *, included: Iterable[BrandAtModel] = ()
) -> dict[BrandAtModel, Story]:
    """Return the story of each brand at each model as of a time, also of those included."""
    told, starts = await alerts_about(store, brand), await store.runs.starts()
    watched = await read_watches(store)
    found = stories(told, starts, now, included=included, watched=watched)
    return {key: story for key, story in found.items() if brand in {None, key[0]}}
