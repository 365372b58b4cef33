"""A scorer for Overheard: the share of the sentences on the brand that are long."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from overheard import Metric, PluginSettings, Reading, Scale, Score, Scorer, Settings, hookimpl

overheard_api = ">=1.0,<2"


class MySettings(Settings):
    """The table ``[scorers.my_scorer]``.

    Attributes:
        words: How many words a sentence may have before it is long.
    """

    words: int = Field(default=20, ge=1)


class MyScorer:
    """Scores an answer that names the brand."""

    name = "my_scorer"
    metrics = (Metric("my_scorer", Scale.SHARE, "My scorer"),)

    def __init__(self, settings: MySettings) -> None:
        self._words = settings.words
        self.version = f"1-{settings.words}"  # other settings, other scores: another version

    def score(self, reading: Reading) -> list[Score]:
        """Return no score where the brand is not named: never 0."""
        named = {mention.sentence for mention in reading.of(reading.brand.name)}
        if not named:
            return []
        long = [n for n in named if len(reading.sentence(n).split()) > self._words]
        return [Score("my_scorer", len(long) / len(named))]


@hookimpl
def overheard_scorers(settings: PluginSettings) -> Iterator[Scorer]:
    """Yield the scorer of this plugin."""
    yield MyScorer(settings.one(MySettings, "my_scorer"))
