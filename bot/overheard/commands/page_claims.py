"""The false claims of a report's page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from overheard.cards import wording
from overheard.commands.claims import CLAIM_DAYS
from overheard.deployment import Call, Deployment
from overheard.domain import Brand
from overheard.reading.claims import ClaimCluster

MAX_CLAIMS = 2
QUOTE_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Claim:
    """A false claim: a quote as text before, the claim, text after; who said it, and the truth."""

    quote: tuple[str, str, str] | None
    by: str
    truth: str
    counts: str


async def read_claim(deployment: Deployment, call: Call, brand: str, group: ClaimCluster) -> Claim:
    """Return a false claim with its first quote, who made it how often, and the truth."""
    first, names = group.first, deployment.names
    asked = [a async for a in deployment.store.answers.stream(numbers={first.answer_id})]
    by = names.name(first.model)
    if asked:
        question = wording.shorten(wording.line(asked[0].question.prompt.text), 120)
        by += f", {wording.day(asked[0].asked_at, call.zone)}: “{question}”"
    verdict = "Out of date" if first.verdict == "stale" else "Wrong"
    truth = next(
        (f.value for f in deployment.catalogue.facts if (f.brand, f.field) == (brand, first.field)),
        "not on the fact sheet any more",
    )
    said = f"“{wording.shorten(wording.line(first.stated), 80)}”" if first.stated else "this"
    models = wording.listing([names.name(model) for model in group.models])
    counts = (
        f"{verdict}: {models} said {said} in {wording.count(group.answers, 'answer')} of the last "
        f"{CLAIM_DAYS} days."
    )
    if group.sources:
        site, cited = group.sources[0]
        counts += f" In {cited} of the {group.answers} it is said next to a source: {site}."
    return Claim(
        _quote(first.quote, first.stated), by, f"In truth, {first.field}: {truth}.", counts
    )


def _quote(quote: str, stated: str) -> tuple[str, str, str] | None:
    """Return a quote, split around the claim where its words are in it; None without a quote."""
    text = wording.shorten(wording.line(quote), QUOTE_CHARACTERS)
    if not text:
        return None
    claim = wording.line(stated)
    before, found, after = text.partition(claim) if claim else (text, "", "")
    return before, found, after


def claims_note(deployment: Deployment, brand: Brand, groups: Sequence[ClaimCluster]) -> str:
    """Return what else is known of false claims, as a sentence; empty where all are shown."""
    if not any(fact.brand == brand.name for fact in deployment.catalogue.facts):
        return "The fact sheet is empty, so claims are not checked."
    if not groups:
        return f"No answer of the last {CLAIM_DAYS} days states a fact of the fact sheet wrongly."
    more = len(groups) - MAX_CLAIMS
    return f"And {wording.count(more, 'more false claim')}." if more > 0 else ""
