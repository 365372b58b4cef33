"""What changes at the models: daily questions, vendors' lists and public feeds."""

from collections.abc import Iterator

from overheard import CommandSpec, PluginSettings, UpdateFeed, hookimpl
from overheard_watch.commands import WATCH_LIST, WATCH_RUN, WATCH_START, WATCH_STOP
from overheard_watch.endings import WATCH_ENDS, WATCH_OVERLAP, WATCH_REMIND
from overheard_watch.notices import FeedSettings, PublicFeed

__all__ = ["overheard_commands", "overheard_update_feeds"]


@hookimpl
def overheard_commands() -> Iterator[CommandSpec]:
    """Yield the commands of this plugin."""
    yield from (WATCH_LIST, WATCH_START, WATCH_STOP, WATCH_RUN)
    yield from (WATCH_ENDS, WATCH_OVERLAP, WATCH_REMIND)


@hookimpl
def overheard_update_feeds(settings: PluginSettings) -> Iterator[UpdateFeed]:
    """Yield a feed for each valid table."""
    for name, feed_settings in settings.each(FeedSettings):
        yield PublicFeed(name, feed_settings)
