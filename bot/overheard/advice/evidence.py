"""What a brief rests on: scored answers, and the facts of a sheet that a text asks for."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from overheard.domain import SENTIMENT, Answer, Detail, Fact, Model, Run, ScoreRecord
from overheard.interfaces import Store

_COMPARED_VERDICTS = frozenset({"correct", "stale", "wrong"})
"""Verdicts of claims that were compared with a fact."""


@dataclass(frozen=True, slots=True)
class ScoredAnswer:
    """An answer with its scores for a brand and its competitors."""

    answer: Answer
    records: tuple[ScoreRecord, ...]

    @property
    def model(self) -> Model:
        """The model that answered."""
        return self.answer.question.model

    def value(self, brand: str, metric: str) -> float | None:
        """Return the value of a metric for a brand, on the metric's scale; None without a score. If
        several scorers measure the metric, the first score counts.
        """
        return next((r.score.value for r in self._of(brand, metric)), None)

    def quote(self, brand: str, metric: str) -> str:
        """Return the sentence of the answer on which the score of a metric for a brand is based;
        empty without a score or a sentence.
        """
        return next((r.score.quote for r in self._of(brand, metric)), "")

    def details(self, brand: str, metric: str) -> Iterator[Detail]:
        """Yield the findings of scorers on which the score of a metric for a brand is based."""
        for record in self._of(brand, metric):
            yield from record.score.details

    def praised(self, brand: str) -> set[str]:
        """Return the aspects, such as ``price``, that the answer praises of a brand; its general
        tone is none.
        """
        details = self.details(brand, SENTIMENT)
        return {detail.topic for detail in details if detail.verdict == "positive"} - {"tone"}

    def claims(self, brand: str) -> Iterator[Detail]:
        """Yield the claims about a brand that any scorer has compared with a fact: those with a
        verdict of `_COMPARED_VERDICTS`.
        """
        for record in self.records:
            if record.brand == brand:
                yield from (d for d in record.score.details if d.verdict in _COMPARED_VERDICTS)

    @property
    def cited(self) -> tuple[str, ...]:
        """The hosts that the answer cites, each once, in the order of the citations."""
        hosts = (c.host for c in self.answer.reply.citations if c.cited)
        return tuple(dict.fromkeys(host for host in hosts if host))

    def _of(self, brand: str, metric: str) -> Iterator[ScoreRecord]:
        """Return the scores of a metric for a brand."""
        return (r for r in self.records if r.brand == brand and r.score.metric == metric)


async def scored_answers(
    store: Store, runs: Iterable[Run], prompts: Collection[str], versions: Collection[str]
) -> list[ScoredAnswer]:
    """Return the stored answers to prompts in runs, each with its scores, in the order of their
    numbers. Answers without a score of the given versions are left out.

    Args:
        runs: The runs; those outside of the brands' history are left out.
        prompts: Keys of the prompts; without any, the result is empty.
        versions: The scorer versions whose scores are read, as ``scorer@version``.
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
    """Return answers by the key of their prompt; prompts, and the answers to each, are in the order
    given.
    """
    answers_by_key: dict[str, list[ScoredAnswer]] = {}
    for answer in scored:
        answers_by_key.setdefault(answer.answer.question.prompt.key, []).append(answer)
    return answers_by_key


_WORDS = {
    "price": "price|prices|pricing|cost|costs|cheap|cheapest|expensive|affordable|worth"
    "|budget|euro|euros|dollar|dollars",
    "free plan": "free|trial|freemium",
    "founded": "founded|old|history|since",
    "headquarters": "headquarters|based|located|from",
    "chief executive": "ceo|founder|runs|chief",
    "employees": "employees|staff|big|size",
    "certifications": "secure|security|compliance|compliant|certified|certification|gdpr|soc|iso",
    "products": "product|products|features|offer",
    "parent company": "owned|owner|owns|parent",
}


def true_facts(facts: Iterable[Fact], brand: str) -> tuple[Fact, ...]:
    """Return the facts of a brand, given by its name, in their order. Those whose field says that
    the value is false, such as ``never say``, are left out.
    """
    return tuple(fact for fact in facts if fact.brand == brand and not fact.untrue)


def facts_asked_for(facts: Iterable[Fact], text: str) -> tuple[Fact, ...]:
    """Return the facts that a text asks for, in their order: those with a word of their field (of 3
    letters or more), or a synonym of the field, among the words of the text.
    """
    words = set(re.findall(r"\w+", text.casefold()))
    return tuple(fact for fact in facts if not words.isdisjoint(_field_words(fact)))


def fact_sentence(fact: Fact) -> str:
    """Return a fact as a line for a page, with the day on which it was checked if that is known:
    ``price: $14 (as of 2026-03-02)``.
    """
    as_of = f" (as of {fact.as_of:%Y-%m-%d})" if fact.as_of else ""
    return f"{fact.field}: {fact.value}{as_of}"


def _field_words(fact: Fact) -> set[str]:
    """Return the words by which a text asks for a fact, in lower case: the words of its field with
    3 letters or more, and the synonyms of the field without its qualifier.
    """
    own_words = re.findall(r"\w{3,}", fact.field.casefold())
    synonyms = _WORDS.get(fact.head, "").split("|")
    return {*own_words, *synonyms} - {""}
