"""The verdicts on the facts that an answer states."""

import re
from collections.abc import Iterator

from overheard import Detail, Reading, Score
from overheard_accuracy.cells import cells
from overheard_accuracy.claims import FactClaim, Truth, Verdict
from overheard_accuracy.kinds import KINDS, claim_of, field_of, values_of
from overheard_accuracy.statements import statements
from overheard_accuracy.subjects import below_subject, is_about, price_statements

_QUOTE_CHARACTERS = 1_000
"""Most characters of a quote."""
_STATED_CHARACTERS = 200
"""Most characters of a stated value."""
_NAMES = frozenset({"chief executive", "parent company"})
"""Fields whose values are written like the names of undeclared brands, which do not count there."""
_WORST_FIRST = (Verdict.WRONG, Verdict.STALE, Verdict.CORRECT)


def score(reading: Reading) -> Iterator[Score]:
    """Yield one score: of the facts that the answer states, the share that is correct (0 to 1).

    Its details have one claim for each fact; its quote is the text of the first worst claim (wrong
    before stale before correct). Nothing is yielded if the answer states no fact.
    """
    details = list(_fact_details(reading))
    if details:
        right = sum(detail.verdict == Verdict.CORRECT for detail in details)
        worst = min(details, key=lambda detail: _WORST_FIRST.index(detail.verdict))
        yield Score("accuracy", right / len(details), worst.quote, tuple(details))


def _fact_details(reading: Reading) -> Iterator[Detail]:
    """Yield a detail with verdict and quote for each fact that an answer states, in the order of
    the fact sheet.

    Each item of a list ("SOC 2; ISO 27001") counts as a fact. Of several statements about one fact,
    the first with the worst verdict counts. Facts in a field without a check are skipped.
    """
    declared = [*statements(reading), *cells(reading)]
    names = _names(reading)
    reading = reading.among_all()
    products = _names(reading) - names
    everyone = [*statements(reading), *cells(reading)]
    of_company = [
        (text, own) for text, own in everyone if own.text[own.start : own.end] not in products
    ]
    for fact in reading.facts:
        field, qualifier = field_of(fact.field)
        qualifier = re.sub(r"\b(?:plan|tier)\b", "", qualifier, flags=re.IGNORECASE).strip()
        if not field:
            continue
        for value in values_of(field, fact.value):
            truth = Truth(value, fact.previous, qualifier)
            if field == "price":
                claims = _price_claims(reading, truth)
            else:
                stated = everyone if KINDS[field].is_list else of_company
                claims = [
                    (claim, text)
                    for text, statement in (declared if field in _NAMES else stated)
                    if (claim := claim_of(field, statement, truth))
                ]
            if claims:
                claim, quote = min(claims, key=lambda pair: _WORST_FIRST.index(pair[0].verdict))
                words = re.sub(r"\s+", " ", claim.stated)[:_STATED_CHARACTERS]
                yield Detail(fact.field, claim.verdict.value, words, quote[:_QUOTE_CHARACTERS])


def _names(reading: Reading) -> set[str]:
    """Return how an answer writes the names of the brand, and those of its products if known."""
    return {reading.body[name.start : name.end] for name in reading.of(reading.brand.name)}


def _price_claims(reading: Reading, truth: Truth) -> list[tuple[FactClaim, str]]:
    """Return (claim, quote) pairs: what an answer states about the price of a fact.

    Of the amounts below one title ("### Acme") only the correct ones are returned, if there are
    any, because the others are then prices of other plans. Amounts without a title form one group.

    Args:
        truth: The fact; its qualifier is a product or plan, or "" for the brand's own price.
    """
    by_subject: dict[str, list[tuple[FactClaim, str]]] = {}
    for stated in price_statements(reading):
        if is_about(stated, truth.qualifier, reading.body):
            statement = below_subject(stated, truth.qualifier)
            claim = claim_of("price", statement, truth)
            if claim:
                by_subject.setdefault(stated.subject, []).append((claim, stated.quote))
    counted = []
    for claims in by_subject.values():
        correct = [pair for pair in claims if pair[0].verdict is Verdict.CORRECT]
        counted += correct or claims
    return counted
