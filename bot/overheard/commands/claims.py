"""`claims`: what models say of a brand that is not true. `facts ask`: asking them directly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from overheard.alerts.statement_wording import true_value
from overheard.alerts.statements import false_claim
from overheard.cards import wording
from overheard.cards.card import Action, Card, Quote, Severity, Table, Tainted, fitting
from overheard.cards.command import CommandSpec, Role, option, quoted
from overheard.cards.model_names import ModelNames
from overheard.commands.arguments import BrandName, ModelName, unknown_name
from overheard.commands.catalogue import require_yes
from overheard.commands.check_card import fault_sentences
from overheard.deployment import Call, Deployment
from overheard.domain import FALSE_VERDICTS, Brand, Detail, Model, Prompt
from overheard.reading.claims import ClaimCluster, FalseClaim, cluster_claims
from overheard.runs.plan import find_brand
from overheard.runs.suggestions import fact_questions

CLAIM_DAYS = 30
SHOWN_CLAIMS = 12
QUOTED = 5
SOURCES = 3
MAX_STATED = 60
"""Largest number of characters of a claim in the card's sentence."""


async def list_claims(
    deployment: Deployment,
    call: Call,
    *,
    brand: BrandName,
    days: Annotated[int, option("How many days back.", low=1, high=3650)] = CLAIM_DAYS,
    model: ModelName = "",
    about: Annotated[str, option("Only this fact.")] = "",
) -> Card:
    """Show the false claims about a brand, equal ones together, with the sources cited in the same
    answers.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        brand: The name of the brand.
        days: The number of days back.
        model: The model whose claims are shown; empty for all.
        about: The field of the facts whose claims are shown; empty for all.

    Raises:
        UnknownName: for a brand or a model that does not exist.
    """
    subject = find_brand(deployment.catalogue, brand)
    deployment = await deployment.caught_up(call.progress)
    only = _asked_model(deployment, model) if model else None
    groups = await read_claims(deployment, subject, days, only, about)
    truths = {
        fact.field: fact.value
        for fact in deployment.catalogue.facts
        if fact.brand == subject.name and about.casefold() in {"", fact.field.casefold()}
    }
    names = deployment.names
    ask = Action(f"facts ask {quoted(subject.name)}", "Ask directly")
    add = Action("facts add", "Add a fact")
    brief = Action(f"brief {quoted(subject.name)}", "What to do?")
    return Card(
        title=f"{wording.count(len(groups), 'false claim')} about {subject.name}",
        text="\n\n".join(
            (
                _most_frequent_claim(subject, groups, truths, names),
                *fault_sentences(deployment.scoring.faults),
            )
        ),
        table=_claims_table(groups, truths, names) if len(groups) > 1 else None,
        quotes=tuple(_claim_quote(group, names) for group in groups[:QUOTED] if group.first.quote),
        actions=fitting(*([brief] if groups else []), ask if truths else add),
        severity=Severity.WARNING if groups else Severity.PLAIN,
        footer=_claims_footer(groups, days),
        data={"brand": subject.name, "claims": [_claim_json(group, truths) for group in groups]},
    )


def _asked_model(deployment: Deployment, name: str) -> Model:
    """Return the configured model of a name.

    Raises:
        UnknownName: for a name of no configured model.
    """
    asked = deployment.plugins.models
    found = deployment.names.find(name, asked)
    if found is None:
        raise unknown_name("model", name, [deployment.names.name(model) for model in asked])
    return found


async def read_claims(
    deployment: Deployment, brand: Brand, days: int, model: Model | None = None, about: str = ""
) -> list[ClaimCluster]:
    """Return the false claims about a brand in the answers of the last days, equal ones in one
    cluster.

    Args:
        deployment: The open deployment.
        brand: The brand.
        days: The number of days back.
        model: The model whose claims are read; None for all.
        about: The field of the facts; empty for all.
    """
    return cluster_claims(
        [
            claim
            async for claim in _false_claims(deployment, brand, days)
            if (model is None or claim.model == model)
            and (not about or claim.field.casefold() == about.casefold())
        ]
    )


async def ask_facts(
    deployment: Deployment, _: Call, *, brand: BrandName, agreed: bool = False
) -> Card:
    """Add a direct question about each fact of a brand that has none; the questions are asked from
    the next check on.

    Raises:
        UnknownName: for a brand that does not exist.
        ChangeNeedsYes: when the change has not been agreed to.
    """
    name = find_brand(deployment.catalogue, brand).name
    known = {prompt.key for prompt in deployment.catalogue.prompts}
    facts = [fact for fact in deployment.catalogue.facts if fact.brand == name]
    new = [prompt for prompt in fact_questions(facts) if prompt.key not in known]
    if new:
        listed = "; ".join(prompt.text for prompt in new)
        these = wording.count(len(new), "question")
        require_yes(f"{these} will be asked in every check of {name} ({listed})", agreed=agreed)
        await deployment.store.catalogue.add_prompts(new)
    return _added_card(name, new, bool(facts))


def _added_card(name: str, new: Sequence[Prompt], facts: bool) -> Card:
    """Return the card of the added questions (`new`); `facts` is whether the brand has any fact."""
    nothing = (
        f"Every fact about {name} is asked about already."
        if facts
        else f"Nothing is known about {name} yet. Begin with: facts add"
    )
    return Card(
        title=f"Added {wording.count(len(new), 'question')} about {name}",
        text="They are asked from the next check on, and tagged fact." if new else nothing,
        table=Table(("Question",), tuple((prompt.text,) for prompt in new)) if new else None,
        actions=fitting(Action(f"check {quoted(name)}", "Check now")),
        severity=Severity.GOOD if new else Severity.PLAIN,
        data={"added": [{"key": prompt.key, "text": prompt.text} for prompt in new]},
    )


async def _false_claims(
    deployment: Deployment, brand: Brand, days: int
) -> AsyncIterator[FalseClaim]:
    """Yield the false claims about a brand in the answers of runs that began in the last `days`."""
    since = deployment.clock.now() - timedelta(days=days)
    runs = {run.id for run in await deployment.store.runs.find() if run.started_at >= since}
    false = await _false_details(deployment, brand, runs)
    if not false:
        return
    async for answer in deployment.store.answers.stream(runs=runs):
        for detail in false.get(answer.id, ()):
            yield false_claim(answer, detail)


async def _false_details(
    deployment: Deployment, brand: Brand, runs: set[int]
) -> Mapping[int, list[Detail]]:
    """Return the details of false claims about current facts in the given runs, by the number of
    the answer.
    """
    versions, known = deployment.scoring.versions, {f.field for f in deployment.catalogue.facts}
    found: dict[int, list[Detail]] = {}
    for record in await deployment.store.scores.findings(brand.name, FALSE_VERDICTS, runs=runs):
        if f"{record.scorer}@{record.version}" not in versions:
            continue
        details = [
            d for d in record.score.details if d.verdict in FALSE_VERDICTS and d.topic in known
        ]
        if details:
            found.setdefault(record.answer_id, []).extend(details)
    return found


def _most_frequent_claim(
    brand: Brand, clusters: Sequence[ClaimCluster], truths: Mapping[str, str], names: ModelNames
) -> str:
    """Return a sentence with the first of the clusters of claims, which the most answers make, and
    its true value (`truths`, by field).
    """
    if not truths:
        return f"Nothing is known about {brand.name} to hold answers against."
    if not clusters:
        return "No answer states any of the known facts wrongly."
    first = clusters[0]
    shown = wording.listing([names.name(model) for model in first.models])
    verb = "is" if len(first.models) == 1 else "are"
    stated = wording.shorten(wording.line(first.first.stated), MAX_STATED)
    return (
        f"{shown} {verb} {_verdict_words(first)} about the {first.first.field}: "
        f"\u201c{stated}\u201d in "
        f"{wording.count(first.answers, 'answer')}; in truth {_true_words(first, truths)}."
    )


def _claims_footer(clusters: Sequence[ClaimCluster], days: int) -> str:
    """Return the footer: the age of the answers in days, and, if a cluster of claims cites a
    source, a caution about sources.
    """
    shown = f"Answers of the last {wording.count(days, 'day')}"
    if not any(group.sources for group in clusters):
        return f"{shown}."
    return f"{shown}; a source that they cite need not be where the claim comes from."


def _claims_table(
    clusters: Sequence[ClaimCluster], truths: Mapping[str, str], names: ModelNames
) -> Table:
    """Return a table of up to `SHOWN_CLAIMS` clusters of claims, with their true values (`truths`,
    by field) and a column of sources if any is cited.
    """
    shown = clusters[:SHOWN_CLAIMS]
    header = ("Fact", "Stated", "In truth", "By", "Answers", "Cited beside it")
    columns = len(header) if any(group.sources for group in shown) else len(header) - 1
    rows = tuple(
        (
            f"{group.first.field}{', out of date' if group.first.verdict == 'stale' else ''}",
            Tainted(group.first.stated),
            _true_words(group, truths),
            ", ".join(map(names.name, group.models)),
            str(group.answers),
            Tainted(", ".join(source for source, _ in group.sources[:SOURCES])),
        )[:columns]
        for group in shown
    )
    return Table(header[:columns], rows, right=frozenset({4}))


def _true_words(cluster: ClaimCluster, truths: Mapping[str, str]) -> str:
    return true_value(cluster.first.field, truths.get(cluster.first.field, ""))


def _verdict_words(cluster: ClaimCluster) -> str:
    return "out of date" if cluster.first.verdict == "stale" else "wrong"


def _claim_quote(cluster: ClaimCluster, names: ModelNames) -> Quote:
    source = f"{names.name(cluster.first.model)}, {cluster.first.field}"
    return Quote(source, Tainted(cluster.first.quote))


def _claim_json(cluster: ClaimCluster, truths: Mapping[str, str]) -> dict[str, Any]:
    """Return a cluster of false claims for JSON output; ``truth`` is from `truths` (by field), None
    for a fact that was removed.
    """
    return {
        "field": cluster.first.field,
        "stated": cluster.first.stated,
        "verdict": cluster.first.verdict,
        "truth": truths.get(cluster.first.field),
        "models": [str(model) for model in cluster.models],
        "answers": cluster.answers,
        "quotes": list(dict.fromkeys(claim.quote for claim in cluster.claims if claim.quote))[
            :QUOTED
        ],
        "sources": [{"domain": domain, "answers": count} for domain, count in cluster.sources],
    }


CLAIMS = CommandSpec(
    "claims",
    "Show what models say of a brand that is not true, and what they cite beside it.",
    list_claims,
    examples=("claims Acme", "claims Acme --days 90 --model ChatGPT --about price"),
)
FACTS_ASK = CommandSpec(
    "facts ask",
    "Add one direct question for each fact about a brand.",
    ask_facts,
    role=Role.ADMIN,
    confirms=True,
    examples=("facts ask Acme",),
    title="Ask about facts",
)
