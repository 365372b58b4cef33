"""How an answer speaks of a brand: offline, from a lexicon, toward each brand on its own."""

from collections.abc import Iterator

from overheard import PluginSettings, Scorer, hookimpl
from overheard_sentiment.scorer import Sentiment, SentimentSettings

__all__ = ["Sentiment", "SentimentSettings", "overheard_scorers"]


@hookimpl
def overheard_scorers(settings: PluginSettings) -> Iterator[Scorer]:
    """Yield the one scorer of this plugin.

    Raises:
        SettingsError: when ``[scorers.sentiment]`` sets anything.
    """
    settings.one(SentimentSettings, "sentiment")
    yield Sentiment()
