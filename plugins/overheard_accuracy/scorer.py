"""The scorer of accuracy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from overheard import Detail, Fact, Metric, Reading, Scale, Score, Settings
from overheard_accuracy.cells import cells
from overheard_accuracy.claims import Claim, Truth, Verdict
from overheard_accuracy.fields import CHECKERS, field_of, values_of
from overheard_accuracy.statements import statements

_QUOTED = 1_000
"""Characters of a quote."""
_STATED = 200
"""Characters of a stated value."""


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
    version = "4"
    reads_facts = True
    metrics: Sequence[Metric] = (Metric("accuracy", Scale.SHARE, "Accuracy"),)

    def score(self, reading: Reading) -> Iterator[Score]:
        """Yield the score of one brand in one answer, if the answer states a fact."""
        details = list(_details(reading))
        if details:
            right = sum(detail.verdict == Verdict.CORRECT for detail in details)
            worst = min(details, key=lambda detail: _ORDER.index(detail.verdict))
            yield Score("accuracy", right / len(details), worst.quote, tuple(details))


_ORDER = (Verdict.WRONG, Verdict.STALE, Verdict.CORRECT)


def _details(reading: Reading) -> Iterator[Detail]:
    """Yield what the answer states of each fact: of two statements, the one that is not right."""
    said = [*statements(reading), *cells(reading)] if reading.facts else []
    for fact in reading.facts:
        field, qualifier = field_of(fact.field)
        for value in values_of(field, fact.value) if field else ():
            truth = Truth(value, fact.previous, qualifier)
            found = [(claim, text) for text, s in said if (claim := CHECKERS[field](s, truth))]
            if found:
                claim, quote = min(found, key=lambda pair: _ORDER.index(pair[0].verdict))
                yield _detail(fact, claim, quote)


def _detail(fact: Fact, claim: Claim, quote: str) -> Detail:
    stated = re.sub(r"\s+", " ", claim.stated)[:_STATED]
    return Detail(fact.field, claim.verdict.value, stated, quote[:_QUOTED])
