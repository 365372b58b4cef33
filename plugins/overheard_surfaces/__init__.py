"""Answers of the products that people use (the ChatGPT app, Google's AI Mode and AI Overviews and
others), bought from collectors; and how they differ from the answers by API.

Each collector is a plugin of its own, so that its table needs no ``plugin``: ``dataforseo``,
``brightdata`` and ``cloro``.
"""

from collections.abc import Iterator

from overheard import CommandSpec, hookimpl
from overheard_surfaces.commands import APPS
from overheard_surfaces.markets import MARKETS_ADD, MARKETS_LIST, MARKETS_REMOVE


@hookimpl
def overheard_commands() -> Iterator[CommandSpec]:
    """Yield the commands of this plugin."""
    yield from (APPS, MARKETS_LIST, MARKETS_ADD, MARKETS_REMOVE)
