"""What an answer states of each fact, and whether that is so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from overheard import Detail, Fact, Reading, Score
from overheard_accuracy.cells import cells
from overheard_accuracy.claims import Claim, Truth, Verdict
from overheard_accuracy.fields import CHECKERS, field_of, values_of
from overheard_accuracy.statements import statements

_QUOTED = 1_000
"""Characters of a quote."""
_STATED = 200
"""Characters of a stated value."""
_ORDER = (Verdict.WRONG, Verdict.STALE, Verdict.CORRECT)


def score(reading: Reading) -> Iterator[Score]:
    """Yield the score of one brand in one answer, if the answer states a fact."""
    details = list(_details(reading))
    if details:
        right = sum(detail.verdict == Verdict.CORRECT for detail in details)
        worst = min(details, key=lambda detail: _ORDER.index(detail.verdict))
        yield Score("accuracy", right / len(details), worst.quote, tuple(details))


def _details(reading: Reading) -> Iterator[Detail]:
    """Yield what the answer states of each fact: of two statements, the one that is not right."""
    said = [*statements(reading), *cells(reading)]
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
