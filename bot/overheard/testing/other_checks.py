"""The checks for every update feed and for every command."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta

from overheard.cards.command import CommandSpec
from overheard.chat.parser import parse
from overheard.domain import Model, ModelUpdate
from overheard.interfaces import UpdateFeed

_LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)


async def check_feed(feed: UpdateFeed) -> None:
    """Check that a feed returns the same updates twice, with time zones, since the given time.

    Raises:
        AssertionError: with the first failure, as a sentence.
    """
    assert isinstance(feed, UpdateFeed), "it lacks a part of an UpdateFeed"
    assert feed.name, "it has no name"
    updates = list(await feed.updates(_LONG_AGO))
    assert updates, "it tells of nothing: give it a source with an update"
    assert updates == list(await feed.updates(_LONG_AGO)), "it tells something else each time"
    assert all(isinstance(update, ModelUpdate) for update in updates), "it tells no ModelUpdate"
    assert all(isinstance(update.model, Model) for update in updates), "an update is of no Model"
    assert all(update.at.tzinfo for update in updates), "a time has no zone"
    later = max(update.at for update in updates) + timedelta(seconds=1)
    assert not list(await feed.updates(later)), "it tells what was before the time it is asked for"


def check_command(spec: CommandSpec) -> None:
    """Check that the examples of a command can be read as the command with its options.

    Raises:
        AssertionError: with the first failure, as a sentence.
    """
    assert spec.summary.endswith("."), "its summary is no sentence"
    assert spec.name == spec.name.lower(), "its name has capitals"
    assert inspect.iscoroutinefunction(spec.run), "its function is not async"
    names = [option.written for option in spec.options]
    assert len(set(names)) == len(names), "two options have one name"
    places = [option for option in spec.options if option.positional]
    assert not any(option.many for option in places[:-1]), "only the last one can take many"
    needed = [option.required for option in places]
    assert needed == sorted(needed, reverse=True), "what is required stands behind what is not"
    for example in spec.examples:
        assert parse(example, [spec]).spec is spec, f"its example {example!r} is another command"
