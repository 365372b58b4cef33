"""How often Google shows an overview: a rate of its own, watched as any other."""

from collections.abc import Iterator, Sequence

from overheard import Finish, Metric, Reading, Scale, Score

OVERVIEWS = "ai-overviews"


class Overviews:
    """Scores whether a search has shown an overview: 1 or, where it has shown none, 0.

    What could not be observed has no score: that is the collector's reliability, and no fact about
    Google.
    """

    name = "overviews"
    version = "1"
    reads_none = True
    metrics: Sequence[Metric] = (Metric("overview_shown", Scale.BINARY, "Overview shown"),)

    def score(self, reading: Reading) -> Iterator[Score]:
        """Yield the score of an AI Overview for a brand that is tracked, and none otherwise."""
        answer = reading.answer
        if answer.question.model.id == OVERVIEWS and reading.brand.tracked:
            yield Score("overview_shown", float(answer.reply.finish is not Finish.NONE))
