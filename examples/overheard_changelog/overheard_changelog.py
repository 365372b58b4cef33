"""An update feed: a file with the dates of model updates, one JSON object a line.

Each line is ``{"model": "openai/gpt-5", "at": "2026-11-24T09:00:00+00:00", "note": "..."}``.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

from overheard import (
    Alert,
    Card,
    CommandSpec,
    Model,
    ModelUpdate,
    OverheardError,
    PluginSettings,
    PostedListener,
    Settings,
    Table,
    Tainted,
    UpdateFeed,
    View,
    hookimpl,
    option,
)

overheard_api = ">=1.0,<2"
log = logging.getLogger(__name__)


class ChangelogSettings(Settings):
    """``[feeds.NAME]``: the file."""

    file: Path


class ChangelogUnreadable(OverheardError):
    """The file of a changelog cannot be read."""

    message = "The changelog {file} cannot be read: {reason}; see what stands in it."

    file: str
    reason: str


class ChangelogFeed:
    """One changelog."""

    def __init__(self, name: str, settings: ChangelogSettings) -> None:
        self.name = name
        self._file = settings.file

    async def updates(self, since: datetime) -> list[ModelUpdate]:
        """Return the updates since a moment."""
        try:
            lines = await asyncio.to_thread(self._file.read_text, encoding="utf-8")
            found = [_update(line) for line in lines.splitlines() if line.strip()]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ChangelogUnreadable(file=str(self._file), reason=type(error).__name__) from None
        return [update for update in found if update.at >= since]


def _update(line: str) -> ModelUpdate:
    entry = json.loads(line)
    at = datetime.fromisoformat(entry["at"])
    return ModelUpdate(Model.parse(entry["model"]), at, note=str(entry.get("note", "")))


async def show_changelog(
    view: View, *, most: Annotated[int, option("How many at most.", low=1, high=100)] = 10
) -> Card:
    """Show the last updates that feeds have reported."""
    updates = [u for u in await view.history.updates() if u.source == "feed"][-most:]
    rows = tuple(
        (str(u.model), u.at.astimezone(view.zone).date().isoformat(), Tainted(u.note))
        for u in updates
    )
    return Card(
        "Changelog",
        "" if rows else "No feed has told of any update.",
        table=Table(("Model", "Day", "Note"), rows),
        data={"updates": len(rows)},
    )


async def note_post(alert: Alert, channel: str, message: str) -> None:
    """Log the address of an alert's message."""
    log.info("Alert %s stands in %s as %s.", alert.id, channel, message)


@hookimpl
def overheard_update_feeds(settings: PluginSettings) -> Iterator[UpdateFeed]:
    """Yield a feed for each table."""
    for name, mine in settings.each(ChangelogSettings):
        yield ChangelogFeed(name, mine)


@hookimpl
def overheard_commands() -> Iterator[CommandSpec]:
    """Yield the command of this plugin."""
    yield CommandSpec(
        "changelog",
        "Show the updates that feeds have told of.",
        show_changelog,
        examples=("changelog", "changelog --most 3"),
    )


@hookimpl
def overheard_alert_posted(settings: PluginSettings) -> Iterator[PostedListener]:  # noqa: ARG001 - nothing can be set
    """Yield who writes posts into the log."""
    yield note_post
