"""Answers that may be taught: found, held against the facts, approved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from overheard.cards import words
from overheard.commands.context import Context
from overheard.domain import Answer, Approval, Brand, ScoreRecord
from overheard.errors import NotApproved
from overheard.finetune.dataset import Approved
from overheard.finetune.evidence import ACCURACY
from overheard.finetune.gaps import FALSE
from overheard.finetune.rounds import CONTROL, controls
from overheard.finetune.texts import unfit
from overheard.measure.reading import Reader


async def find_answer(context: Context, number: int) -> Answer:
    """Return a complete answer by its number.

    Raises:
        NotApproved: when there is none, or it is not whole.
    """
    found = [answer async for answer in context.store.answers(numbers=[number])]
    if not found:
        raise NotApproved(
            number=number, reason="there is no such answer", remedy="see dataset review"
        )
    if not found[0].complete:
        raise NotApproved(
            number=number, reason="it is not a whole answer", remedy="choose another one"
        )
    return found[0]


async def require_true(context: Context, answer: Answer, text: str) -> None:
    """Refuse to approve what contradicts the facts, holds personal data or forges a turn.

    Raises:
        NotApproved: when it does.
    """
    [one] = await judged(context, [(_proposed(answer, text), answer)])
    if one.objection:
        raise NotApproved(
            number=answer.id,
            reason=one.objection,
            remedy=f'say what is true, with: dataset correct {answer.id} "..."',
        )


async def judged(context: Context, approved: Sequence[tuple[Approval, Answer]]) -> list[Approved]:
    """Return approved answers with what they name, and what speaks against teaching them."""
    catalogue = context.catalogue
    taught = [_taught(approval, answer) for approval, answer in approved]
    reader = Reader(catalogue.brands)
    control = {prompt.key for prompt in controls(catalogue.prompts)}
    false = _false(await context.current.score(taught), taught)
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


async def approved_answers(context: Context, brand: Brand) -> list[Approved]:
    """Return the approved answers to a brand's questions, and to controls."""
    approvals = {one.answer_id: one for one in await context.store.approvals()}
    answers = [answer async for answer in context.store.answers(numbers=list(approvals))]
    mine = [answer for answer in answers if _asked_for(answer, brand)]
    return await judged(context, [(approvals[answer.id], answer) for answer in mine])


def _asked_for(answer: Answer, brand: Brand) -> bool:
    brands = answer.question.prompt.brands
    return not brands or brand.name in brands


def _is_control(answer: Answer, keys: Iterable[str]) -> bool:
    prompt = answer.question.prompt
    return CONTROL in prompt.tags or prompt.key in keys


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
        record.answer_id: f"it states “{words.line(detail.stated)}” for {detail.topic} of "
        f"{record.brand}, against the fact sheet"
        for record in records
        if record.score.metric == ACCURACY and record.answer_id in known
        for detail in record.score.details
        if detail.verdict in FALSE
    }


def _unfit(answer: Answer, domains: Sequence[str]) -> str:
    return next(iter(unfit([("it", answer.reply.text)], domains)), "")
