"""Answers that could be taught, and the objections to teaching them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from overheard.cards import wording
from overheard.domain import (
    ACCURACY,
    FALSE_VERDICTS,
    Answer,
    Approval,
    Brand,
    Catalogue,
    ScoreRecord,
)
from overheard.errors import NotApproved
from overheard.finetune.dataset import Approved
from overheard.finetune.model_comparison import CONTROL_TAG, control_prompts
from overheard.finetune.texts import unfit_content
from overheard.interfaces import Store
from overheard.reading.reader import Reader
from overheard.scoring.service import Scoring

CANDIDATE_DAYS = 90
"""The age of the answers that are candidates."""
MAX_CANDIDATES = 500
"""Largest number of answers that are checked, the newest first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer that could be taught.

    Attributes:
        answer: The answer.
        objection: Why it cannot be taught as it is, or an empty string.
    """

    answer: Answer
    objection: str


@dataclass(frozen=True, slots=True)
class AnswerReview:
    """Finds answers that could be taught, and compares them with the facts.

    Attributes:
        catalogue: The brands, prompts and facts.
        store: The store with the answers and approvals.
        scoring: The scorers with the current names and facts.
    """

    catalogue: Catalogue
    store: Store
    scoring: Scoring

    async def candidates(self, brand: Brand, now: datetime, *, controls: bool) -> list[Candidate]:
        """Return unapproved answers of the last `CANDIDATE_DAYS` days, at most `MAX_CANDIDATES`,
        those with an objection first.

        Args:
            brand: The brand.
            now: The current time.
            controls: Whether to return answers to control prompts that name neither the brand nor
                a competitor; otherwise answers to buyers' questions that name the brand.
        """
        rivals = {rival.name for rival in self.catalogue.rivals(brand.name)}
        approved_ids = {approval.answer_id for approval in await self.store.finetune.approvals()}
        since = now - timedelta(days=CANDIDATE_DAYS)
        runs = [run.id for run in await self.store.runs.find() if run.started_at >= since]
        unapproved = [
            a
            async for a in self.store.answers.stream(runs=runs)
            if a.complete and not a.gone and a.id not in approved_ids
        ]
        recent = list(_distinct_newest(unapproved))[:MAX_CANDIDATES]
        judged = await self.judged([(Approval(a.id, "", "", a.asked_at), a) for a in recent])
        candidates = [
            Candidate(review.answer, review.objection)
            for review in judged
            if review.control == controls
            and _names_fit(review, brand.name, rivals, controls=controls)
        ]
        return sorted(candidates, key=lambda review: not review.objection)

    async def find(self, number: int) -> Answer:
        """Return the stored answer of a number.

        Raises:
            NotApproved: when there is no such answer, or the answer is not complete.
        """
        answers = [answer async for answer in self.store.answers.stream(numbers=[number])]
        if not answers:
            raise NotApproved(
                number=number, reason="there is no such answer", remedy="see dataset review"
            )
        if not answers[0].complete:
            raise NotApproved(
                number=number, reason="it is not a whole answer", remedy="choose another one"
            )
        return answers[0]

    async def require_true(self, answer: Answer, text: str) -> None:
        """Raise an error unless a text may be taught as the answer to an answer's question; an
        empty text stands for the answer itself.

        Raises:
            NotApproved: when the text contradicts facts, has personal data or forges a turn.
        """
        [review] = await self.judged([(_proposed_approval(answer, text), answer)])
        if review.objection:
            raise NotApproved(
                number=answer.id,
                reason=review.objection,
                remedy=f'say what is true, with: dataset correct {answer.id} "..."',
            )

    async def judged(self, approved: Sequence[tuple[Approval, Answer]]) -> list[Approved]:
        """Return each approved answer with the brands named in the text to teach and the objection
        to the text, in the same order.
        """
        catalogue = self.catalogue
        taught = [_answer_to_teach(approval, answer) for approval, answer in approved]
        reader = Reader(catalogue.brands)
        control_keys = {prompt.key for prompt in control_prompts(catalogue.prompts)}
        false_claims = _false_claims(await self.scoring.score(taught), taught)
        domains = [domain for brand in catalogue.brands for domain in brand.domains]
        return [
            Approved(
                approval,
                answer,
                frozenset(mention.brand for mention in reader.read(text).mentions),
                control=_is_control(answer, control_keys),
                objection=false_claims.get(answer.id) or _unfit_clause(text, domains),
            )
            for (approval, answer), text in zip(approved, taught, strict=True)
        ]

    async def approved(self, brand: Brand) -> list[Approved]:
        """Return the stored approvals of answers to a brand's questions and to controls, with their
        objections.
        """
        approvals = {
            approval.answer_id: approval for approval in await self.store.finetune.approvals()
        }
        answers = [answer async for answer in self.store.answers.stream(numbers=list(approvals))]
        brand_answers = [
            answer for answer in answers if answer.question.prompt.concerns(brand.name)
        ]
        return await self.judged([(approvals[answer.id], answer) for answer in brand_answers])


def _names_fit(review: Approved, brand: str, rivals: set[str], *, controls: bool) -> bool:
    return not review.named & {brand, *rivals} if controls else brand in review.named


def _distinct_newest(answers: Sequence[Answer]) -> Iterator[Answer]:
    """Yield the newest answer of each question and text (compared on one line), newest first."""
    seen: set[tuple[str, str]] = set()
    for answer in reversed(answers):
        key = (answer.question.prompt.key, wording.line(answer.reply.text))
        if key not in seen:
            seen.add(key)
            yield answer


def _is_control(answer: Answer, keys: Iterable[str]) -> bool:
    prompt = answer.question.prompt
    return CONTROL_TAG in prompt.tags or prompt.key in keys


def _proposed_approval(answer: Answer, text: str) -> Approval:
    return Approval(answer.id, text, "", answer.asked_at)


def _answer_to_teach(approval: Approval, answer: Answer) -> Answer:
    """Return an answer with the text that is taught: the correction, or the original text."""
    text = approval.text or answer.reply.text
    return replace(answer, reply=replace(answer.reply, text=text, citations=()))


def _false_claims(records: Iterable[ScoreRecord], taught: Iterable[Answer]) -> Mapping[int, str]:
    """Return, by the number of the answer, a clause on a claim in the answers to teach (`taught`)
    that contradicts the facts, from their scores; answers without one are left out.
    """
    answer_ids = {answer.id for answer in taught}
    return {
        record.answer_id: f"it states “{wording.line(detail.stated)}” for {detail.topic} of "
        f"{record.brand}, against the fact sheet"
        for record in records
        if record.score.metric == ACCURACY and record.answer_id in answer_ids
        for detail in record.score.details
        if detail.verdict in FALSE_VERDICTS
    }


def _unfit_clause(answer: Answer, domains: Sequence[str]) -> str:
    return next(iter(unfit_content([("it", answer.reply.text)], domains)), "")
