"""The scorer of accuracy: an answer's statements about a brand, checked against its fact sheet."""

from collections.abc import Iterator

from overheard import PluginSettings, Scorer, hookimpl
from overheard_accuracy.scorer import Accuracy, AccuracySettings

__all__ = ["Accuracy", "AccuracySettings", "overheard_scorers"]


@hookimpl
def overheard_scorers(settings: PluginSettings) -> Iterator[Scorer]:
    """Yield the one scorer of this plugin."""
    settings.one(AccuracySettings, "accuracy")
    yield Accuracy()
