"""Scored answers, the evidence of a brief."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from overheard.domain import Answer, Detail, Model, Run, ScoreRecord
from overheard.interfaces import Store

_HELD = frozenset({"correct", "stale", "wrong"})
"""Verdicts of claims that were compared with a fact."""


@dataclass(frozen=True, slots=True)
class ScoredAnswer:
    """An answer with its scores for a brand and its competitors.

    Attributes:
        answer: The answer.
        records: The scores of the answer.
    """

    answer: Answer
    records: tuple[ScoreRecord, ...]

    @property
    def model(self) -> Model:
        """The model that answered."""
        return self.answer.question.model

    def value(self, brand: str, metric: str) -> float | None:
        """Return the value of a metric for a brand, in the units of the metric; None without a
        score.
        """
        return next((r.score.value for r in self._of(brand, metric)), None)

    def quote(self, brand: str, metric: str) -> str:
        """Return the sentence that a score is based on, or an empty string."""
        return next((r.score.quote for r in self._of(brand, metric)), "")

    def details(self, brand: str, metric: str) -> Iterator[Detail]:
        """Yield the findings that a score is based on."""
        for record in self._of(brand, metric):
            yield from record.score.details

    def claims(self, brand: str) -> Iterator[Detail]:
        """Yield the claims about a brand's facts that any scorer has compared with the facts."""
        for record in self.records:
            if record.brand == brand:
                yield from (d for d in record.score.details if d.verdict in _HELD)

    @property
    def cited(self) -> tuple[str, ...]:
        """The distinct sites that the answer cites."""
        hosts = (c.host for c in self.answer.reply.citations if c.cited)
        return tuple(dict.fromkeys(host for host in hosts if host))

    def _of(self, brand: str, metric: str) -> Iterator[ScoreRecord]:
        return (r for r in self.records if r.brand == brand and r.score.metric == metric)


async def scored_answers(
    store: Store, runs: Iterable[Run], prompts: Collection[str], versions: Collection[str]
) -> list[ScoredAnswer]:
    """Return the stored answers of runs to prompts that have a score of the given versions, with
    these scores, in the order of their numbers. Runs outside the history are left out.

    Args:
        store: The store.
        runs: The runs.
        prompts: Keys of the prompts.
        versions: The scorer versions to read, see `overheard.scoring.service.Scoring.versions`.
    """
    numbers = [run.id for run in runs if not run.aside]
    if not numbers or not prompts:
        return []
    records: dict[int, list[ScoreRecord]] = {}
    async for record in store.scores.stream(runs=numbers):
        if f"{record.scorer}@{record.version}" in versions:
            records.setdefault(record.answer_id, []).append(record)
    return [
        ScoredAnswer(answer, tuple(records[answer.id]))
        async for answer in store.answers.stream(runs=numbers, prompts=prompts)
        if answer.id in records
    ]


def by_prompt(scored: Iterable[ScoredAnswer]) -> Mapping[str, list[ScoredAnswer]]:
    """Return answers by the key of their prompt, in their order."""
    found: dict[str, list[ScoredAnswer]] = {}
    for answer in scored:
        found.setdefault(answer.answer.question.prompt.key, []).append(answer)
    return found
