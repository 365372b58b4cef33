"""The verdicts on the facts that an answer states."""

from __future__ import annotations

import re
from collections.abc import Iterator

from overheard import Detail, Fact, Reading, Score
from overheard_accuracy.cells import cells
from overheard_accuracy.claims import FactClaim, Truth, Verdict
from overheard_accuracy.fields import CHECKERS, field_of, values_of
from overheard_accuracy.prices import price
from overheard_accuracy.statements import statements
from overheard_accuracy.subjects import below_subject, is_about, price_statements

_QUOTE_CHARACTERS = 1_000
"""Most characters of a quote."""
_STATED_CHARACTERS = 200
"""Most characters of a stated value."""
_WORST_FIRST = (Verdict.WRONG, Verdict.STALE, Verdict.CORRECT)


def score(reading: Reading) -> Iterator[Score]:
    """Yield one score, the share of the stated facts that are correct (0 to 1); nothing if the
    answer states no fact. The worst claim is the score's quote.
    """
    details = list(_fact_details(reading))
    if details:
        right = sum(detail.verdict == Verdict.CORRECT for detail in details)
        worst = min(details, key=lambda detail: _WORST_FIRST.index(detail.verdict))
        yield Score("accuracy", right / len(details), worst.quote, tuple(details))


def _fact_details(reading: Reading) -> Iterator[Detail]:
    """Yield a detail with verdict and quote for each fact (each item of a list) that an answer
    states; of several statements about one fact the worst verdict counts.
    """
    all_statements = [*statements(reading), *cells(reading)]
    for fact in reading.facts:
        field, qualifier = field_of(fact.field)
        for value in values_of(field, fact.value) if field else ():
            truth = Truth(value, fact.previous, qualifier)
            if field == "price":
                checked = _price_claims(reading, truth)
            else:
                checked = [
                    (claim, text)
                    for text, statement in all_statements
                    if (claim := CHECKERS[field](statement, truth))
                ]
            if checked:
                claim, quote = min(checked, key=lambda pair: _WORST_FIRST.index(pair[0].verdict))
                yield _claim_detail(fact, claim, quote)


def _price_claims(reading: Reading, truth: Truth) -> list[tuple[FactClaim, str]]:
    """Return the (claim, quote) pairs of an answer about a price that `truth` is to confirm.

    Of the amounts below one title only the correct ones count, if there are any: the others are of
    other plans.
    """
    by_subject: dict[str, list[tuple[FactClaim, str]]] = {}
    for stated in price_statements(reading):
        if is_about(stated, truth.qualifier):
            statement = below_subject(stated, truth.qualifier)
            claim = price(statement, truth, inherited=stated.inherited)
            if claim:
                by_subject.setdefault(stated.subject, []).append((claim, stated.quote))
    best = []
    for claims in by_subject.values():
        right = [pair for pair in claims if pair[0].verdict is Verdict.CORRECT]
        best += right or claims
    return best


def _claim_detail(fact: Fact, claim: FactClaim, quote: str) -> Detail:
    stated = re.sub(r"\s+", " ", claim.stated)[:_STATED_CHARACTERS]
    return Detail(fact.field, claim.verdict.value, stated, quote[:_QUOTE_CHARACTERS])
