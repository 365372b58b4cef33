"""Answers as scorers read them, one by one: what a brief is drawn from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from overheard.domain import Answer, Detail, Model, Run, ScoreRecord
from overheard.interfaces import Store

_HELD = frozenset({"correct", "stale", "wrong"})
"""What is said of a claim that is held against a fact."""
VISIBILITY, ACCURACY, SENTIMENT = "visibility", "accuracy", "sentiment"
"""The metrics that a brief reads."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, and what scorers say of a brand and its rivals in it.

    Attributes:
        answer: The answer.
        records: Its scores.
    """

    answer: Answer
    records: tuple[ScoreRecord, ...]

    @property
    def model(self) -> Model:
        """Who gave it."""
        return self.answer.question.model

    def value(self, brand: str, metric: str) -> float | None:
        """Return a score, or None where the answer does not show it."""
        return next((r.score.value for r in self._of(brand, metric)), None)

    def quote(self, brand: str, metric: str) -> str:
        """Return the sentence on which a score rests, or an empty string."""
        return next((r.score.quote for r in self._of(brand, metric)), "")

    def details(self, brand: str, metric: str) -> Iterator[Detail]:
        """Yield what a score rests on, piece by piece."""
        for record in self._of(brand, metric):
            yield from record.score.details

    def claims(self, brand: str) -> Iterator[Detail]:
        """Yield what the answer states of a brand's facts, as any scorer holds it to be."""
        for record in self.records:
            if record.brand == brand:
                yield from (d for d in record.score.details if d.verdict in _HELD)

    @property
    def cited(self) -> tuple[str, ...]:
        """The sites that the answer cites, each once."""
        hosts = (site(c.url) for c in self.answer.reply.citations if c.cited)
        return tuple(dict.fromkeys(host for host in hosts if host))

    def _of(self, brand: str, metric: str) -> Iterator[ScoreRecord]:
        return (r for r in self.records if r.brand == brand and r.score.metric == metric)


def site(url: str) -> str:
    """Return the site of an address, without ``www.``; empty when it has none."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


async def hear(
    store: Store, runs: Iterable[Run], prompts: Collection[str], versions: Collection[str]
) -> list[Heard]:
    """Return the scored answers of some runs to some prompts, in the order of their numbers.

    Args:
        store: Where they are kept.
        runs: The runs.
        prompts: Keys of the prompts.
        versions: The scorers as they are now, see `overheard.scoring.service.Scoring.versions`.
    """
    numbers = [run.id for run in runs if not run.aside]
    if not numbers or not prompts:
        return []
    records: dict[int, list[ScoreRecord]] = {}
    async for record in store.scores(runs=numbers):
        if f"{record.scorer}@{record.version}" in versions:
            records.setdefault(record.answer_id, []).append(record)
    return [
        Heard(answer, tuple(records[answer.id]))
        async for answer in store.answers(runs=numbers, prompts=prompts)
        if answer.id in records
    ]


def by_prompt(heard: Iterable[Heard]) -> Mapping[str, list[Heard]]:
    """Return answers by the key of their prompt."""
    found: dict[str, list[Heard]] = {}
    for one in heard:
        found.setdefault(one.answer.question.prompt.key, []).append(one)
    return found
