"""Which sources an answer cites: the brand's own pages, its competitors', others."""

from collections.abc import Iterator

from overheard import PluginSettings, Scorer, hookimpl
from overheard_citations.scorer import Citations, CitationsSettings

__all__ = ["Citations", "CitationsSettings", "overheard_scorers"]


@hookimpl
def overheard_scorers(settings: PluginSettings) -> Iterator[Scorer]:
    """Yield the one scorer of this plugin."""
    settings.one(CitationsSettings, "citations")
    yield Citations()
