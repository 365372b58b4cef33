"""The scorer of accuracy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from overheard import Metric, Reading, Scale, Score, Settings


class AccuracySettings(Settings):
    """The table ``[scorers.accuracy]``: nothing can be set."""


class Accuracy:
    """Scores whether what an answer states about a brand is true.

    Each sentence that is about the brand alone, and each cell of a table and line of a list of
    properties that tells something of it, is held against each fact of a kind that can be
    checked: a year, a place, a person, a price, a headcount, a yes or no, an owner, lists. Where a
    sentence might mean something else, nothing is concluded: a false accusation costs more than a
    miss.

    - ``accuracy``: the share of the facts that the answer states which it states as they are; what
      was true once counts as wrong here, and is told as out of date. Only where it states any.

    Each fact that is stated is a detail with its verdict, the stated value and the sentence.
    """

    name = "accuracy"
    version = "5"
    reads_facts = True
    metrics: Sequence[Metric] = (Metric("accuracy", Scale.SHARE, "Accuracy"),)

    def score(self, reading: Reading) -> Iterator[Score]:
        """Yield the score of one brand in one answer, if the answer states a fact."""
        if reading.facts:
            from overheard_accuracy.verdicts import score  # its patterns take long to compile

            yield from score(reading)
