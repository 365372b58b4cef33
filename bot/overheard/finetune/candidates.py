"""Answers that could be taught, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from overheard.cards import wording
from overheard.domain import Answer, Approval, Brand, Catalogue, ScoreRecord
from overheard.errors import NotApproved
from overheard.finetune.dataset import Approved
from overheard.finetune.evidence import ACCURACY
from overheard.finetune.gaps import FALSE
from overheard.finetune.rounds import CONTROL_TAG, control_prompts
from overheard.finetune.texts import unfit_content
from overheard.interfaces import Store
from overheard.reading.reader import Reader
from overheard.scoring.service import Scoring

CANDIDATE_DAYS = 90
"""The age of the answers that are candidates."""
MAX_CANDIDATES = 500
"""How many answers are judged, the newest first."""


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
    """Finds answers that could be taught, and judges them by the facts.

    Attributes:
        catalogue: The brands, prompts and facts.
        store: Has the answers and the approvals.
        scoring: The scorers by the names and facts of now.
    """

    catalogue: Catalogue
    store: Store
    scoring: Scoring

    async def candidates(self, brand: Brand, now: datetime, *, controls: bool) -> list[Candidate]:
        """Return answers that have not been approved yet, those first that state something wrong.

        They name the brand; with `controls`, they answer a control and name no brand.
        """
        rivals = {rival.name for rival in self.catalogue.rivals(brand.name)}
        done = {one.answer_id for one in await self.store.finetune.approvals()}
        since = now - timedelta(days=CANDIDATE_DAYS)
        runs = [run.id for run in await self.store.runs.find() if run.started_at >= since]
        fresh = [
            a
            async for a in self.store.answers.stream(runs=runs)
            if a.complete and not a.gone and a.id not in done
        ]
        recent = list(_distinct(fresh))[:MAX_CANDIDATES]
        judged = await self.judged([(Approval(a.id, "", "", a.asked_at), a) for a in recent])
        found = [
            Candidate(one.answer, one.objection)
            for one in judged
            if one.control == controls and _fits(one, brand.name, rivals, controls=controls)
        ]
        return sorted(found, key=lambda one: not one.objection)

    async def find(self, number: int) -> Answer:
        """Return a complete answer by its number.

        Raises:
            NotApproved: when there is none, or it is not whole.
        """
        found = [answer async for answer in self.store.answers.stream(numbers=[number])]
        if not found:
            raise NotApproved(
                number=number, reason="there is no such answer", remedy="see dataset review"
            )
        if not found[0].complete:
            raise NotApproved(
                number=number, reason="it is not a whole answer", remedy="choose another one"
            )
        return found[0]

    async def require_true(self, answer: Answer, text: str) -> None:
        """Refuse to approve what contradicts the facts, holds personal data or forges a turn.

        Raises:
            NotApproved: when it does.
        """
        [one] = await self.judged([(_proposed(answer, text), answer)])
        if one.objection:
            raise NotApproved(
                number=answer.id,
                reason=one.objection,
                remedy=f'say what is true, with: dataset correct {answer.id} "..."',
            )

    async def judged(self, approved: Sequence[tuple[Approval, Answer]]) -> list[Approved]:
        """Return approved answers with what they name, and what speaks against teaching them."""
        catalogue = self.catalogue
        taught = [_taught(approval, answer) for approval, answer in approved]
        reader = Reader(catalogue.brands)
        control = {prompt.key for prompt in control_prompts(catalogue.prompts)}
        false = _false(await self.scoring.score(taught), taught)
        domains = [domain for brand in catalogue.brands for domain in brand.domains]
        return [
            Approved(
                approval,
                answer,
                frozenset(mention.brand for mention in reader.read(text).mentions),
                control=_is_control(answer, control),
                objection=false.get(answer.id) or _unfit(text, domains),
            )
            for (approval, answer), text in zip(approved, taught, strict=True)
        ]

    async def approved(self, brand: Brand) -> list[Approved]:
        """Return the approved answers to a brand's questions, and to controls."""
        approvals = {one.answer_id: one for one in await self.store.finetune.approvals()}
        answers = [answer async for answer in self.store.answers.stream(numbers=list(approvals))]
        mine = [answer for answer in answers if _asked_for(answer, brand)]
        return await self.judged([(approvals[answer.id], answer) for answer in mine])


def _fits(one: Approved, brand: str, rivals: set[str], *, controls: bool) -> bool:
    return not one.named & {brand, *rivals} if controls else brand in one.named


def _distinct(answers: Sequence[Answer]) -> Iterator[Answer]:
    """Yield the newest of the answers that say the same to the same question."""
    seen: set[tuple[str, str]] = set()
    for answer in reversed(answers):
        key = (answer.question.prompt.key, wording.line(answer.reply.text))
        if key not in seen:
            seen.add(key)
            yield answer


def _asked_for(answer: Answer, brand: Brand) -> bool:
    brands = answer.question.prompt.brands
    return not brands or brand.name in brands


def _is_control(answer: Answer, keys: Iterable[str]) -> bool:
    prompt = answer.question.prompt
    return CONTROL_TAG in prompt.tags or prompt.key in keys


def _proposed(answer: Answer, text: str) -> Approval:
    return Approval(answer.id, text, "", answer.asked_at)


def _taught(approval: Approval, answer: Answer) -> Answer:
    """Return the answer with the text that is to be taught."""
    text = approval.text or answer.reply.text
    return replace(answer, reply=replace(answer.reply, text=text, citations=()))


def _false(records: Iterable[ScoreRecord], taught: Iterable[Answer]) -> Mapping[int, str]:
    """Return what each answer states against the facts, by its number."""
    known = {answer.id for answer in taught}
    return {
        record.answer_id: f"it states “{wording.line(detail.stated)}” for {detail.topic} of "
        f"{record.brand}, against the fact sheet"
        for record in records
        if record.score.metric == ACCURACY and record.answer_id in known
        for detail in record.score.details
        if detail.verdict in FALSE
    }


def _unfit(answer: Answer, domains: Sequence[str]) -> str:
    return next(iter(unfit_content([("it", answer.reply.text)], domains)), "")
