"""The false claims that models make in their newest answers, each with its one count."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from overheard.alerts.statements import false_claim, is_same_statement
from overheard.detection.statements import REPEATED_IN_RUN, same_statement
from overheard.domain import (
    CORRECT,
    FALSE_VERDICTS,
    Detail,
    Model,
    ReportedStatement,
    RunKey,
    StatementKind,
)
from overheard.interfaces import Store
from overheard.reading.claims import ClaimCluster, FalseClaim, cluster_claims
from overheard.scoring.judge import denied_sentences


@dataclass(frozen=True, slots=True)
class LiveClaim:
    """A false claim about a brand in the newest answers of one model.

    Attributes:
        run: The check with these answers.
        statement: The claim in its commonest words; its `answers` are those of the model in the
            check that make the claim, its `asked` those that state the fact at all, truly or
            falsely.
        before: Answers with the claim in the model's check before; None without such a check.
        cluster: The single claims.
    """

    model: Model
    run: RunKey
    statement: ReportedStatement
    before: int | None
    cluster: ClaimCluster

    @property
    def repeated(self) -> bool:
        """Whether several answers make the claim; a single one may be misread."""
        return self.statement.answers >= REPEATED_IN_RUN

    def repeats(self, reported: ReportedStatement) -> bool:
        """Return whether it is a statement that an alert has reported."""
        return is_same_statement(reported, self.cluster.first)


async def stated_facts(
    store: Store,
    versions: Collection[str],
    brand: str,
    topics: Collection[str],
    runs: Collection[int],
    verdicts: Collection[str],
) -> dict[int, list[Detail]]:
    """Return what answers of some runs state of facts of a brand, with one of some verdicts, by the
    number of the answer; answers that state none are left out, and statements that a model has
    denied.
    """
    details: dict[int, list[Detail]] = defaultdict(list)
    denied = await denied_sentences(store, brand)
    for record in await store.scores.findings(brand, verdicts, runs=runs):
        for detail in record.score.details:
            is_meant = detail.verdict in verdicts and detail.topic in topics
            is_meant &= (record.answer_id, detail.topic) not in denied
            if is_meant and f"{record.scorer}@{record.version}" in versions:
                details[record.answer_id].append(detail)
    return details


async def live_claims(
    store: Store,
    versions: Collection[str],
    brand: str,
    truths: Mapping[str, str],
    runs: Mapping[Model, Sequence[RunKey]],
) -> dict[Model, tuple[LiveClaim, ...]]:
    """Return the false claims about a brand in the newest answers of each model, those of most
    answers first. Models without a claim are left out.

    Args:
        versions: Scorer versions whose findings count, as ``scorer@version``.
        truths: The true values of the brand's facts by field; claims about others do not count.
        runs: The runs with answers by model, the oldest first; the last one has the newest answers.
    """
    newest = {model: keys[-2:] for model, keys in runs.items() if keys}
    if not truths or not newest:
        return {}
    wanted = {key.id for keys in newest.values() for key in keys}
    verdicts = (*FALSE_VERDICTS, CORRECT)
    details = await stated_facts(store, versions, brand, truths, wanted, verdicts)
    stating: Counter[tuple[Model, int, str]] = Counter()
    claims: dict[tuple[Model, int], list[FalseClaim]] = defaultdict(list)
    if details:
        async for answer in store.answers.stream(numbers=sorted(details)):
            model, said = answer.question.model, details[answer.id]
            stating.update((model, answer.run_id, topic) for topic in {d.topic for d in said})
            claims[model, answer.run_id] += [
                false_claim(answer, d) for d in said if d.verdict in FALSE_VERDICTS
            ]
    found: dict[Model, tuple[LiveClaim, ...]] = {}
    for model, keys in newest.items():
        run = keys[-1]
        earlier = claims[model, keys[0].id] if len(keys) > 1 else None
        of_model = [
            _live_claim(model, run, cluster, truths, stating, earlier)
            for cluster in cluster_claims(claims[model, run.id])
        ]
        if of_model:
            found[model] = tuple(sorted(of_model, key=lambda one: -one.statement.answers))
    return found


def _live_claim(
    model: Model,
    run: RunKey,
    cluster: ClaimCluster,
    truths: Mapping[str, str],
    stating: Mapping[tuple[Model, int, str], int],
    earlier: Sequence[FalseClaim] | None,
) -> LiveClaim:
    """Return the claim of a cluster of equal claims."""
    first = cluster.first
    [(said, _)] = Counter(claim.stated for claim in cluster.claims).most_common(1)
    statement = ReportedStatement(
        kind=StatementKind.CLAIM,
        topic=first.field,
        said=said,
        truth=truths[first.field],
        verdict=first.verdict,
        quote=next((claim.quote for claim in cluster.claims if claim.quote), ""),
        sources=tuple(site for site, _ in cluster.sources),
        answers=cluster.answers,
        asked=stating[model, run.id, first.field],
    )
    before = None
    if earlier is not None:
        before = len({one.answer_id for one in earlier if same_statement(first, one)})
    return LiveClaim(model, run, statement, before, cluster)
