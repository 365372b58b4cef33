"""The scorer of accuracy: it hands each answer to `verdicts`, which compares it with the facts."""

from collections.abc import Iterator, Sequence

from overheard import Metric, Reading, Scale, Score, Settings


class AccuracySettings(Settings):
    """The table ``[scorers.accuracy]``: nothing can be set."""


class Accuracy:
    """Scores whether what an answer states about a brand is true.

    Each sentence about the brand alone, each table cell and each line of a list of its properties
    is compared with each fact that can be checked: a year, a place, a person, a price, a
    headcount, a yes or no, an owner, lists. A price is the brand's only in text that the brand
    owns, and not below the name of one of its products; old prices, fees, add-ons and refurbished
    goods are no price of the brand. A field such as ``price: Acme Pro`` is about that product or
    plan. Fields of your own are read by the judge only. Where a sentence may mean
    something else, nothing is concluded: a false accusation costs more than a miss.

    - ``accuracy``: of the facts that the answer states, the share that is stated correctly. A
      former value counts as wrong, with the verdict "stale". No score without a stated fact.

    Each stated fact is a detail with its verdict, the stated value and the sentence.
    """

    name = "accuracy"
    version = "20"
    reads_facts = True
    metrics: Sequence[Metric] = (Metric("accuracy", Scale.SHARE, "Accuracy"),)

    def score(self, reading: Reading) -> Iterator[Score]:
        """Yield the accuracy of a brand in an answer, 0 to 1, if the answer states a fact."""
        if reading.facts:
            from overheard_accuracy.verdicts import score  # its patterns take long to compile

            yield from score(reading)
