"""`dataset approve` and `dataset withdraw`: one answer, or many after a review of the list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated

from overheard.alerts.events import name_without_id
from overheard.cards import wording
from overheard.cards.card import LONGEST_ACTION, Action, Card, Field, Severity, Table
from overheard.cards.command import CommandSpec, Role, argument
from overheard.commands.catalogue import require_yes
from overheard.deployment import Call, Deployment
from overheard.domain import Answer, Approval
from overheard.errors import UnknownName
from overheard.finetune.candidates import AnswerReview
from overheard.finetune.dataset import Approved, format_ranges, parse_numbers

PREVIEWED = 8
"""Answers, and reasons, that a question shows before many are approved."""
SHORT = 80
"""Characters of an answer there."""

Left = Mapping[int, str]
"""The reason why each answer is not approved, by the number of the answer."""


_AnswerNumbers = Annotated[
    Sequence[str], argument("Their numbers, such as 3 7 10-25.", word="answer")
]


async def approve(
    deployment: Deployment, call: Call, *, answers: _AnswerNumbers, agreed: bool = False
) -> Card:
    """Store the approval of answers, which may then be taught unchanged.

    Of several answers, those without an objection are approved, and the card names the others.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        answers: Numbers and ranges of answers.
        agreed: Whether the list of several answers was shown and agreed to.

    Raises:
        BadUsage: for a word that is not a number or range.
        NotApproved: when a single answer is incomplete, contradicts the facts or has personal data.
        ChangeNeedsYes: before several answers are approved, with a preview of their texts.
    """
    wanted = parse_numbers(answers, DATASET_APPROVE.usage)
    if len(wanted) == 1:
        approved = await answer_review(deployment).find(wanted[0])
        await answer_review(deployment).require_true(approved, "")
        return await keep(deployment, call, approved, "", "Approved")
    ready, left = await _approvable_answers(deployment, wanted)
    if ready:
        require_yes(_approval_preview(ready, left), agreed=agreed)
    for answer in ready:
        await deployment.store.finetune.approve(
            Approval(answer.id, "", call.who, deployment.clock.now())
        )
    return _approved_card(ready, left, call.who)


async def withdraw(
    deployment: Deployment, _: Call, *, answers: _AnswerNumbers, agreed: bool = False
) -> Card:
    """Remove approvals and corrections of answers from the store.

    Args:
        deployment: The open deployment.
        answers: Numbers and ranges of answers.
        agreed: Whether the person agreed to lose the texts of corrections.

    Raises:
        BadUsage: for a word that is not a number or range.
        UnknownName: when no answer of the list is approved.
        ChangeNeedsYes: when several are taken back and texts of corrections would be lost.
    """
    wanted = parse_numbers(answers, DATASET_WITHDRAW.usage)
    approvals = await deployment.store.finetune.approvals()
    known = {approval.answer_id: approval for approval in approvals}
    known_numbers = [number for number in wanted if number in known]
    if not known_numbers:
        listed = format_ranges(list(known)) or "none"
        raise UnknownName(
            kind="approved answer",
            name=" ".join(answers),
            hint="",
            known=wording.shorten(listed, 100),
        )
    lost = [number for number in known_numbers if known[number].corrects]
    if lost and len(known_numbers) > 1:
        texts = f"{wording.count(len(lost), 'correction')} would be lost with what was written"
        require_yes(
            f"of {len(known_numbers)} answers, {texts}: {format_ranges(lost)}", agreed=agreed
        )
    for number in known_numbers:
        await deployment.store.finetune.withdraw_approval(number)
    text = (
        f"Answer {known_numbers[0]} is not taught."
        if len(known_numbers) == 1
        else _withdrawn_sentence(known_numbers)
    )
    return Card("Withdrawn", text, data={"answers": known_numbers})


def answer_review(deployment: Deployment) -> AnswerReview:
    """Return a review of answers with the current names and facts."""
    return AnswerReview(deployment.catalogue, deployment.store, deployment.current)


async def keep(deployment: Deployment, call: Call, answer: Answer, text: str, title: str) -> Card:
    """Store the approval of an answer, with the text to be taught in its place (empty: its own
    text), and return the card; `title` is the participle before the answer's number, such as
    ``Approved``.
    """
    approval = Approval(answer.id, text, call.who, deployment.clock.now())
    await deployment.store.finetune.approve(approval)
    taught = text or answer.reply.text
    return Card(
        title=f"{title} answer {answer.id}",
        text=f"It enters the next dataset, as approved by {name_without_id(approval.who)}.",
        fields=(
            Field("Question", answer.question.prompt.text, wide=True),
            Field("Taught", wording.shorten(wording.line(taught), 300), wide=True),
        ),
        actions=(Action(f"dataset withdraw {answer.id}", "Undo"),),
        severity=Severity.GOOD,
        data={"answer": answer.id, "text": taught, "corrected": bool(text), "who": approval.who},
    )


async def _approvable_answers(
    deployment: Deployment, wanted: Sequence[int]
) -> tuple[list[Answer], Left]:
    """Return the answers among the wanted numbers that can be approved, and the reason for each
    number that cannot.
    """
    done = {
        approval.answer_id: approval for approval in await deployment.store.finetune.approvals()
    }
    answers = [answer async for answer in deployment.store.answers.stream(numbers=wanted)]
    left = dict.fromkeys(wanted, "there is no such answer")
    left |= {a.id: "it is not a whole answer" for a in answers}
    left |= {
        a.id: "it is corrected already" if done[a.id].corrects else "it is approved already"
        for a in answers
        if a.id in done
    }
    fresh = [a for a in answers if a.complete and a.id not in done]
    ready: dict[tuple[str, str], Answer] = {}
    tracked = {brand.name for brand in deployment.catalogue.brands if brand.tracked}
    for approved in await answer_review(deployment).judged(
        [(Approval(a.id, "", "", a.asked_at), a) for a in fresh]
    ):
        content = (approved.answer.question.prompt.key, wording.line(approved.answer.reply.text))
        twin = (
            ready.setdefault(content, approved.answer)
            if not (why := _objection(approved, tracked))
            else None
        )
        left[approved.answer.id] = why or (f"it repeats answer {twin.id}" if twin else "")
    chosen = list(ready.values())
    return chosen, {n: why for n, why in left.items() if n not in {a.id for a in chosen}}


def _objection(approved: Approved, tracked: set[str]) -> str:
    """Return the objection to teaching an answer; empty without one."""
    if approved.objection or approved.control:
        return approved.objection
    return "" if approved.named & tracked else "it names no brand that is tracked"


def _approval_preview(ready: Sequence[Answer], left: Left) -> str:
    """Return in words how many answers (`ready`) would be approved, how the first `PREVIEWED`
    begin, and why others (`left`) would not.
    """
    previews = [
        f"{a.id} “{wording.shorten(wording.line(a.reply.text), SHORT)}”" for a in ready[:PREVIEWED]
    ]
    previews += [f"and {len(ready) - PREVIEWED} more"] if len(ready) > PREVIEWED else []
    count = wording.count(len(ready), "answer")
    text = f"{count} would be taught as they stand: {', '.join(previews)}"
    return (
        f"{text}. {len(left)} would be left: {'; '.join(_reasons_with_numbers(left))}"
        if left
        else text
    )


def _reasons_with_numbers(left: Left) -> Iterator[str]:
    """Yield up to `PREVIEWED` reasons, each after the numbers of its answers."""
    for reason in list(dict.fromkeys(left.values()))[:PREVIEWED]:
        yield f"{format_ranges([n for n, why in left.items() if why == reason])}, {reason}"


def _approved_card(ready: Sequence[Answer], left: Left, who: str) -> Card:
    """Return the card after several approvals by a person (`who`): the approved answers (`ready`),
    and the others with their reasons (`left`). It is `failed` if no answer was approved.
    """
    done = [answer.id for answer in ready]
    undo = f"dataset withdraw {format_ranges(done)}"
    short = len(undo) <= LONGEST_ACTION
    text = (
        f"They enter the next dataset, as approved by {name_without_id(who)}."
        if done
        else "Nothing is approved."
    )
    return Card(
        title=f"Approved {wording.count(len(done), 'answer')}",
        text=text if short or not done else f"{text} To take that back: {undo}",
        table=Table(("Left", "Why"), tuple(_left_rows(left))) if left else None,
        actions=(Action(undo, "Undo"),) if done and short else (),
        severity=Severity.GOOD if done and not left else Severity.WARNING,
        data={"answers": done, "left": {str(n): why for n, why in left.items()}, "who": who},
        failed=not done,
    )


def _left_rows(left: Left) -> Iterable[tuple[str, str]]:
    reasons = dict.fromkeys(left.values())
    return [(format_ranges([n for n, why in left.items() if why == r]), r) for r in reasons]


def _withdrawn_sentence(withdrawn: Sequence[int]) -> str:
    return f"{wording.count(len(withdrawn), 'answer')} are not taught: {format_ranges(withdrawn)}."


DATASET_APPROVE = CommandSpec(
    "dataset approve",
    "Approve answers: they may be taught as they stand.",
    approve,
    role=Role.ADMIN,
    examples=("dataset approve 12", "dataset approve 3 7 10-25"),
    confirms=True,
    title="Approve answers",
)
DATASET_WITHDRAW = CommandSpec(
    "dataset withdraw",
    "Take back approvals and corrections.",
    withdraw,
    role=Role.ADMIN,
    examples=("dataset withdraw 12", "dataset withdraw 10-25"),
    confirms=True,
    title="Withdraw approvals",
)
