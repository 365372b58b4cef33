"""The verdicts on the facts that an answer states."""

from __future__ import annotations

import re
from collections.abc import Iterator

from overheard import Detail, Fact, Reading, Score
from overheard_accuracy.cells import cells
from overheard_accuracy.claims import Claim, Truth, Verdict
from overheard_accuracy.fields import CHECKERS, field_of, values_of
from overheard_accuracy.statements import statements

_QUOTE_CHARACTERS = 1_000
"""Most characters of a quote."""
_STATED_CHARACTERS = 200
"""Most characters of a stated value."""
_WORST_FIRST = (Verdict.WRONG, Verdict.STALE, Verdict.CORRECT)


def score(reading: Reading) -> Iterator[Score]:
    """Yield the accuracy of a brand in an answer, 0 to 1, if the answer states a fact."""
    details = list(_details(reading))
    if details:
        right = sum(detail.verdict == Verdict.CORRECT for detail in details)
        worst = min(details, key=lambda detail: _WORST_FIRST.index(detail.verdict))
        yield Score("accuracy", right / len(details), worst.quote, tuple(details))


def _details(reading: Reading) -> Iterator[Detail]:
    """Yield a detail for each stated fact; of several statements, the worst verdict counts."""
    all_statements = [*statements(reading), *cells(reading)]
    for fact in reading.facts:
        field, qualifier = field_of(fact.field)
        for value in values_of(field, fact.value) if field else ():
            truth = Truth(value, fact.previous, qualifier)
            checked = [
                (claim, text) for text, s in all_statements if (claim := CHECKERS[field](s, truth))
            ]
            if checked:
                claim, quote = min(checked, key=lambda pair: _WORST_FIRST.index(pair[0].verdict))
                yield _detail(fact, claim, quote)


def _detail(fact: Fact, claim: Claim, quote: str) -> Detail:
    stated = re.sub(r"\s+", " ", claim.stated)[:_STATED_CHARACTERS]
    return Detail(fact.field, claim.verdict.value, stated, quote[:_QUOTE_CHARACTERS])
