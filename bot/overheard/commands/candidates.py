"""Answers that could be taught, for a person to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from overheard.cards import wording
from overheard.cards.card import LONGEST_ACTION, Action, Card, Quote, Style, Table, Tainted
from overheard.deployment import Deployment
from overheard.domain import Answer, Approval, Brand, ScoreRecord
from overheard.errors import NotApproved
from overheard.finetune.dataset import Approved
from overheard.finetune.evidence import ACCURACY
from overheard.finetune.gaps import FALSE
from overheard.finetune.numbering import format_ranges
from overheard.finetune.rounds import CONTROL_TAG, control_prompts
from overheard.finetune.texts import unfit_content
from overheard.reading.reader import Reader

DAYS = 90
"""Of how many days answers are candidates."""
READ = 500
"""Answers that are looked at, the newest first."""
LONGEST = 600
"""Characters of an answer that is shown."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer that could be taught.

    Attributes:
        answer: The answer.
        objection: Why it cannot be taught as it stands, or an empty string.
    """

    answer: Answer
    objection: str


async def candidates(deployment: Deployment, brand: Brand, *, controls: bool) -> list[Candidate]:
    """Return answers that nobody has approved yet, those first that state something wrong.

    They name the brand; with `controls`, they answer a control and name nobody.
    """
    rivals = {rival.name for rival in deployment.catalogue.rivals(brand.name)}
    done = {one.answer_id for one in await deployment.store.finetune.approvals()}
    since = deployment.clock.now() - timedelta(days=DAYS)
    runs = [run.id for run in await deployment.store.runs.find() if run.started_at >= since]
    fresh = [
        a
        async for a in deployment.store.answers.stream(runs=runs)
        if a.complete and not a.gone and a.id not in done
    ]
    recent = list(_distinct(fresh))[:READ]
    looked = await judged(deployment, [(Approval(a.id, "", "", a.asked_at), a) for a in recent])
    found = [
        Candidate(one.answer, one.objection)
        for one in looked
        if one.control == controls and _fits(one, brand.name, rivals, controls=controls)
    ]
    return sorted(found, key=lambda one: not one.objection)


def review_card(brand: Brand, found: Sequence[Candidate], most: int) -> Card:
    """Return candidates as a card with a button for each."""
    shown = found[:most]
    rows = tuple(
        (str(one.answer.id), str(one.answer.question.model), one.objection or "nothing against it")
        for one in shown
    )
    return Card(
        title=f"{wording.count(len(found), 'answer')} to review for {brand.name}",
        text="Approve what is right as it stands, correct what is wrong. Nothing else is taught."
        if found
        else "There is none that nobody has reviewed.",
        table=Table(("Answer", "Model", "Against it"), rows, frozenset({0})) if rows else None,
        quotes=tuple(_quote(one.answer) for one in shown),
        actions=tuple(_actions(shown)),
        data={"brand": brand.name, "answers": [_data(one) for one in found]},
    )


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


def _quote(answer: Answer) -> Quote:
    asked = wording.shorten(wording.line(answer.question.prompt.text), 90)
    text = wording.shorten(wording.line(answer.reply.text), LONGEST)
    return Quote(f"Answer {answer.id}, asked “{asked}”", Tainted(text))


def _actions(shown: Sequence[Candidate]) -> Iterator[Action]:
    clean = [one.answer.id for one in shown if not one.objection]
    every = f"dataset approve {format_ranges(clean)}"
    if len(clean) > 1 and len(every) <= LONGEST_ACTION:
        yield Action(every, f"Approve all {len(clean)}", Style.PRIMARY)
    for one in shown:
        number = one.answer.id
        if not one.objection:
            yield Action(f"dataset approve {number}", f"Approve {number}", Style.PRIMARY)
        yield Action(f"dataset correct {number}", f"Correct {number}")


def _data(one: Candidate) -> dict[str, object]:
    return {
        "answer": one.answer.id,
        "model": str(one.answer.question.model),
        "question": one.answer.question.prompt.text,
        "text": one.answer.reply.text,
        "objection": one.objection or None,
    }


async def find_answer(deployment: Deployment, number: int) -> Answer:
    """Return a complete answer by its number.

    Raises:
        NotApproved: when there is none, or it is not whole.
    """
    found = [answer async for answer in deployment.store.answers.stream(numbers=[number])]
    if not found:
        raise NotApproved(
            number=number, reason="there is no such answer", remedy="see dataset review"
        )
    if not found[0].complete:
        raise NotApproved(
            number=number, reason="it is not a whole answer", remedy="choose another one"
        )
    return found[0]


async def require_true(deployment: Deployment, answer: Answer, text: str) -> None:
    """Refuse to approve what contradicts the facts, holds personal data or forges a turn.

    Raises:
        NotApproved: when it does.
    """
    [one] = await judged(deployment, [(_proposed(answer, text), answer)])
    if one.objection:
        raise NotApproved(
            number=answer.id,
            reason=one.objection,
            remedy=f'say what is true, with: dataset correct {answer.id} "..."',
        )


async def judged(
    deployment: Deployment, approved: Sequence[tuple[Approval, Answer]]
) -> list[Approved]:
    """Return approved answers with what they name, and what speaks against teaching them."""
    catalogue = deployment.catalogue
    taught = [_taught(approval, answer) for approval, answer in approved]
    reader = Reader(catalogue.brands)
    control = {prompt.key for prompt in control_prompts(catalogue.prompts)}
    false = _false(await deployment.current.score(taught), taught)
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


async def approved_answers(deployment: Deployment, brand: Brand) -> list[Approved]:
    """Return the approved answers to a brand's questions, and to controls."""
    approvals = {one.answer_id: one for one in await deployment.store.finetune.approvals()}
    answers = [answer async for answer in deployment.store.answers.stream(numbers=list(approvals))]
    mine = [answer for answer in answers if _asked_for(answer, brand)]
    return await judged(deployment, [(approvals[answer.id], answer) for answer in mine])


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
