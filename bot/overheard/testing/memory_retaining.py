"""The part of the in-memory store that lets go of texts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import datetime
from operator import attrgetter

from overheard.domain import Answer, Approval, Score, ScoreRecord

Key = tuple[int, str, str, str, str]
"""Answer, brand, scorer, version, metric."""


class MemoryRetention:
    """Texts that got old go; what was counted in them stays."""

    _answers: dict[tuple[int, str, str, int], Answer]
    _approvals: dict[int, Approval]
    _read: set[tuple[str, str, int]]
    _scores: dict[Key, ScoreRecord]

    async def old_texts(self, before: datetime) -> AsyncIterator[Answer]:
        """Stream the answers that were asked before a time and still have a text."""
        for answer in sorted(self._answers.values(), key=attrgetter("id")):
            old = answer.asked_at < before and answer.reply.text
            if old and answer.id not in self._approvals:
                yield answer

    async def scores_of(self, answers: Collection[int]) -> list[ScoreRecord]:
        """Return the scores of some answers, in the order of their numbers."""
        found = [record for record in self._scores.values() if record.answer_id in set(answers)]
        return sorted(found, key=attrgetter("answer_id"))

    async def forget_texts(self, answers: Collection[int]) -> int:
        """Remove the texts of some answers, and the sentences that their scores quote."""
        forgotten = 0
        for key, answer in self._answers.items():
            if answer.id in answers and not answer.gone:
                self._answers[key] = replace(
                    answer, reply=replace(answer.reply, text=""), gone=True
                )
                forgotten += 1
        for one, record in self._scores.items():
            if record.answer_id in answers:
                self._scores[one] = replace(record, score=_without_quotes(record.score))
        return forgotten

    async def carry_scores(self, scorer: str, before: str, after: str) -> int:
        """Give a version of a scorer what another one said of answers whose text is gone."""
        carried = 0
        for answer in [answer for answer in self._answers.values() if answer.gone]:
            old, new = (scorer, before, answer.id), (scorer, after, answer.id)
            if old in self._read and new not in self._read:
                self._read.add(new)
                for record in await self.scores_of([answer.id]):
                    if (record.scorer, record.version) == (scorer, before):
                        self._score(answer, replace(record, version=after))
                carried += 1
        return carried

    def _score(self, answer: Answer, record: ScoreRecord) -> None:
        raise NotImplementedError


def _without_quotes(score: Score) -> Score:
    details = tuple(replace(detail, quote="") for detail in score.details)
    return replace(score, quote="", details=details)
