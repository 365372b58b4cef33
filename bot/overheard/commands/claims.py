"""`claims`: what models say of a brand that is not true."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from overheard.alerts.live_claims import stated_facts
from overheard.alerts.phrases import true_value
from overheard.alerts.statements import false_claim
from overheard.cards import wording
from overheard.cards.card import Action, Card, Quote, Severity, Table, Tainted, fitting, picked
from overheard.cards.command import CommandSpec, option, quoted
from overheard.cards.model_names import ModelNames
from overheard.commands.arguments import BrandName, ModelName, named_model
from overheard.commands.check_card import fault_sentences
from overheard.deployment import Call
from overheard.domain import FALSE_VERDICTS, Brand, Model
from overheard.reading.claims import ClaimCluster, FalseClaim, cluster_claims
from overheard.runs.plan import find_brand
from overheard.views.news import NewsKind, Telling, told_titles
from overheard.views.situation import SituationReader

FAILED = NewsKind.FAILED
SHOWN_CLAIMS = 12
"""Clusters of claims in the table."""
MAX_QUOTES = 5
"""Quotes of the card, and of each cluster in JSON output."""
MAX_SOURCES = 3
"""Sources of a cluster in the table."""


async def list_claims(
    call: Call,
    *,
    brand: BrandName,
    days: Annotated[int, option("Of so many days; else the newest.", low=0, high=3650)] = 0,
    model: ModelName = "",
    about: Annotated[str, option("Only this fact.")] = "",
) -> Card:
    """Show the false claims about a brand, equal ones in one cluster, with the true values and the
    sources cited in the same answers. Claims of the most models come first. Answers that wait for
    it are scored before. The text says so if no fact is known or no claim is false.

    Args:
        brand: The name or alias of the brand.
        days: Answers of runs that began in the last so many days are read; 0 for the newest of each
            model, of which a claim is counted as everywhere.
        model: The name of the model whose claims are shown, or ``provider/model``; empty for all.
        about: The field of the facts whose claims are shown, such as ``price``; empty for all.

    Raises:
        UnknownName: for a brand that does not exist, or a model that is not configured.
    """
    found_brand = find_brand(call.catalogue, brand)
    call = await call.caught_up()
    only_model = named_model(call.names, model, call.plugins.models, "model") if model else None
    situation = await SituationReader(call).read(found_brand)
    telling = Telling(situation, call.names, call.zone)
    claims = [
        claim
        for claim in situation.claims
        if only_model in {None, claim.model}
        if about.casefold() in {"", claim.statement.topic.casefold()}
    ]
    clusters = [claim.cluster for claim in claims]
    if days:
        clusters = await read_claims(call, found_brand, days, only_model, about)
    true_values = {
        field: value
        for field, value in call.catalogue.facts_of(found_brand.name).items()
        if about.casefold() in {"", field.casefold()}
    }
    names = call.names
    if not true_values:
        text = f"Nothing is known about {found_brand.name} to hold answers against."
    elif clusters:
        text = "" if days else telling.claims_sentence(claims).partition(": ")[2]
    else:
        text = "No answer states any of the known facts wrongly."
    paragraphs = [
        text,
        *told_titles(telling, [one for one in telling.news if one.alert or one.kind is FAILED]),
        *fault_sentences(call.scoring.faults),
    ]
    if true_values:
        fact_action = Action(f"prompts suggest {quoted(found_brand.name)} --facts", "Ask directly")
    else:
        fact_action = Action("facts add", "Add a fact")
    brief_action = Action(f"brief {quoted(found_brand.name)}", "What to do?")
    counted = f"{wording.count(len(clusters), 'false claim')} about {found_brand.name}"
    unchecked = f"Claims about {found_brand.name} are not checked"
    return Card(
        title=telling.dated(counted) if true_values else unchecked,
        text="\n\n".join(filter(None, paragraphs)),
        table=_claims_table(clusters, true_values, names) if len(clusters) > 1 else None,
        quotes=tuple(
            Quote(f"{names.name(claim.model)}, {claim.field}", Tainted(claim.quote))
            for claim in (cluster.first for cluster in clusters[:MAX_QUOTES])
            if claim.quote
        ),
        actions=fitting(*([brief_action] if clusters else []), fact_action),
        severity=Severity.WARNING if clusters else Severity.PLAIN,
        footer=_claims_footer(clusters, days, telling.newest_day()),
        data={
            "situation": situation.data(),
            "brand": found_brand.name,
            "claims": [_claim_json(cluster, true_values) for cluster in clusters],
        },
    )


async def read_claims(
    call: Call, brand: Brand, days: int, model: Model | None = None, about: str = ""
) -> list[ClaimCluster]:
    """Return the stored false claims about the current facts of a brand, equal ones in one cluster.
    The clusters of the most models come first, among these those of the most answers.

    Args:
        days: Only answers of runs that began in the last so many days are read.
        model: The model whose claims are read; None for all.
        about: The field of the facts, in any case of letters; empty for all.
    """

    def is_chosen(claim: FalseClaim) -> bool:
        """Return whether a claim is one of the model and the field, if these are given."""
        is_of_model = model is None or claim.model == model
        return is_of_model and (not about or claim.field.casefold() == about.casefold())

    since = call.clock.now() - timedelta(days=days)
    runs = {run.id for run in await call.store.runs.find() if run.started_at >= since}
    versions, topics = call.scoring.finding_versions, {f.field for f in call.catalogue.facts}
    details = await stated_facts(call.store, versions, brand.name, topics, runs, FALSE_VERDICTS)
    claims = [
        claim
        async for answer in call.store.answers.stream(numbers=sorted(details))
        for detail in details[answer.id]
        if is_chosen(claim := false_claim(answer, detail))
    ]
    return cluster_claims(claims)


def _claims_footer(clusters: Sequence[ClaimCluster], days: int, newest: str) -> str:
    """Return the footer: the largest age of the answers in days, or the day of the newest; and, if
    answers with these claims cite sources, a caution that the claims need not come from there.
    """
    age = f"Answers of the last {wording.count(days, 'day')}" if days else f"Answers of {newest}"
    if not any(cluster.sources for cluster in clusters):
        return f"{age}."
    return f"{age}; a source that they cite need not be where the claim comes from."


def _claims_table(
    clusters: Sequence[ClaimCluster], true_values: Mapping[str, str], names: ModelNames
) -> Table:
    """Return a table of the first `SHOWN_CLAIMS` clusters of claims. The column of sources is left
    out if none of these is cited beside a source.
    """
    shown = clusters[:SHOWN_CLAIMS]
    header = ("Fact", "Stated", "In truth", "By", "Answers", "Cited beside it")
    has_sources = any(cluster.sources for cluster in shown)
    columns = len(header) if has_sources else len(header) - 1
    rows = tuple(
        (
            f"{cluster.first.field}{', out of date' if cluster.first.verdict == 'stale' else ''}",
            Tainted(cluster.first.stated),
            true_value(cluster.first.field, true_values.get(cluster.first.field, "")),
            ", ".join(map(names.name, cluster.models)),
            str(cluster.answers),
            Tainted(", ".join(source for source, _ in cluster.sources[:MAX_SOURCES])),
        )[:columns]
        for cluster in shown
    )
    return Table(header[:columns], rows, right=frozenset({header.index("Answers")}))


def _claim_json(cluster: ClaimCluster, true_values: Mapping[str, str]) -> dict[str, Any]:
    """Return a cluster of equal false claims for JSON output, with up to `MAX_QUOTES` distinct
    quotes. ``truth`` is the entry of its field in `true_values`; None without one.
    """
    quotes = list(dict.fromkeys(claim.quote for claim in cluster.claims if claim.quote))
    return {
        **picked(cluster.first, "field", "stated", "verdict"),
        "truth": true_values.get(cluster.first.field),
        **picked(cluster, "models", "answers"),
        "quotes": quotes[:MAX_QUOTES],
        "sources": [{"domain": domain, "answers": count} for domain, count in cluster.sources],
    }


CLAIMS = CommandSpec(
    "claims",
    "Show what models say of a brand that is not true, and what they cite beside it.",
    list_claims,
    examples=("claims Acme", "claims Acme --days 90 --model ChatGPT --about price"),
)
