"""The scorer of visibility: whether an answer names a brand, its rank and its share of mentions."""

from collections.abc import Iterator

from overheard import PluginSettings, Scorer, hookimpl
from overheard_visibility.scorer import Visibility, VisibilitySettings

__all__ = ["Visibility", "VisibilitySettings", "overheard_scorers"]


@hookimpl
def overheard_scorers(settings: PluginSettings) -> Iterator[Scorer]:
    """Yield the one scorer of this plugin."""
    settings.one(VisibilitySettings, "visibility")
    yield Visibility()
