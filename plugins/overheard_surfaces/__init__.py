"""Answers of the products that people use (the ChatGPT app, Google's AI Mode and AI Overviews and
others), bought from collectors; and how they differ from the answers by API.

Each collector is a plugin of its own, so that its table needs no ``plugin``: ``dataforseo``,
``brightdata`` and ``cloro``.
"""

from collections.abc import Iterator

from overheard import CommandSpec, Scorer, hookimpl
from overheard_surfaces.commands import APPS
from overheard_surfaces.markets import MARKETS_ADD, MARKETS_LIST, MARKETS_REMOVE
from overheard_surfaces.overviews import Overviews
from overheard_surfaces.starting import COLLECTORS_START, COLLECTORS_STOP


@hookimpl
def overheard_scorers() -> Iterator[Scorer]:
    """Yield the one scorer of this plugin."""
    yield Overviews()


@hookimpl
def overheard_commands() -> Iterator[CommandSpec]:
    """Yield the commands of this plugin."""
    yield from (APPS, COLLECTORS_START, COLLECTORS_STOP, MARKETS_LIST, MARKETS_ADD, MARKETS_REMOVE)
