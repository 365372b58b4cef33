"""`dataset approve` and `dataset withdraw`: one answer, or many after a review of the list."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from overheard import (
    Action,
    Answer,
    Approval,
    Card,
    ChangeNeedsYes,
    CommandSpec,
    Field,
    Role,
    Severity,
    Table,
    UnknownName,
    View,
    argument,
    fitting,
    wording,
)
from overheard_finetune.candidates import AnswerReview
from overheard_finetune.dataset import Approved, format_ranges, parse_numbers

MAX_PREVIEWED = 8
"""Answers, and reasons, that a preview shows before several answers are approved."""
PREVIEW_CHARS = 80
"""Characters of an answer in a preview."""
TAUGHT_CHARS = 300
"""Characters of a text to be taught on the card of one approval."""
KNOWN_CHARS = 100
"""Characters of the list of approved answers in an error."""

Refusals = Mapping[int, str]
"""The reason why each answer is not approved, by the number of the answer."""


_AnswerNumbers = Annotated[
    Sequence[str], argument("Their numbers, such as 3 7 10-25.", word="answer")
]


async def approve(view: View, *, answers: _AnswerNumbers, agreed: bool = False) -> Card:
    """Store the approval of answers, which may then be taught unchanged; return the card.

    One answer is approved at once, in place of an earlier correction, or refused with an error. Of
    several answers, those without an objection are approved once the person has agreed. The card
    gives the reason for each of the others; without any approval it is failed.

    Args:
        answers: Numbers and ranges of answers, such as ``3``, ``7`` and ``10-25``.
        agreed: Whether the person has seen the preview of several answers and agreed.

    Raises:
        BadUsage: for a word that is not a number or range.
        NotApproved: when a single answer is missing or incomplete, contradicts the facts, or has
            personal data or a forged turn of a conversation.
        ChangeNeedsYes: before several answers are approved, with a preview of their texts.
    """
    numbers = parse_numbers(answers, DATASET_APPROVE.usage)
    if len(numbers) == 1:
        answer = await AnswerReview(view).find(numbers[0])
        await AnswerReview(view).require_true(answer, "")
        return await store_approval(view, answer, text="", participle="Approved")
    approvable, refusals = await _approvable_answers(view, numbers)
    if approvable and not agreed:
        raise ChangeNeedsYes(change=_approval_preview(approvable, refusals))
    for answer in approvable:
        await view.approvals.approve(Approval(answer.id, "", view.who, view.clock.now()))
    return _approved_card(approvable, refusals, view.who)


async def withdraw(view: View, *, answers: _AnswerNumbers, agreed: bool = False) -> Card:
    """Remove approvals and corrections of answers from the store; return the card. Numbers of
    answers that are not approved are ignored, as long as any of the answers is.

    Args:
        answers: Numbers and ranges of answers, such as ``3``, ``7`` and ``10-25``.
        agreed: Whether the person agreed to lose the texts of corrections.

    Raises:
        BadUsage: for a word that is not a number or range.
        UnknownName: when no answer of the list is approved.
        ChangeNeedsYes: when several approvals are taken back, and one of them is a correction,
            whose text would be lost.
    """
    numbers = parse_numbers(answers, DATASET_WITHDRAW.usage)
    approvals = {approval.answer_id: approval for approval in await view.approvals.approvals()}
    approved_numbers = [number for number in numbers if number in approvals]
    if not approved_numbers:
        all_approved = format_ranges(list(approvals)) or "none"
        raise UnknownName(
            kind="approved answer",
            name=" ".join(answers),
            hint="",
            known=wording.shorten(all_approved, KNOWN_CHARS),
        )
    corrected = [number for number in approved_numbers if approvals[number].corrects]
    if corrected and len(approved_numbers) > 1 and not agreed:
        loss = f"{wording.count(len(corrected), 'correction')} would be lost with what was written"
        change = f"of {len(approved_numbers)} answers, {loss}: {format_ranges(corrected)}"
        raise ChangeNeedsYes(change=change)
    for number in approved_numbers:
        await view.approvals.withdraw_approval(number)
    return Card(
        "Withdrawn", _withdrawn_sentence(approved_numbers), data={"answers": approved_numbers}
    )


async def store_approval(view: View, answer: Answer, *, text: str, participle: str) -> Card:
    """Store the approval of an answer in place of an earlier one, and return the card, which has a
    button that takes the approval back.

    Args:
        text: The text to be taught in place of the answer's; empty to teach the answer itself.
        participle: What was done to the answer, for the title: ``Approved`` or ``Corrected``.
    """
    approval = Approval(answer.id, text, view.who, view.clock.now())
    await view.approvals.approve(approval)
    taught_text = text or answer.reply.text
    return Card(
        title=f"{participle} answer {answer.id}",
        text=f"It enters the next dataset, as approved by {wording.name_without_id(approval.who)}.",
        fields=(
            Field("Question", answer.question.prompt.text, wide=True),
            Field("Taught", wording.shorten(wording.line(taught_text), TAUGHT_CHARS), wide=True),
        ),
        actions=(Action(f"dataset withdraw {answer.id}", "Undo"),),
        severity=Severity.GOOD,
        data={
            "answer": answer.id,
            "text": taught_text,
            "corrected": bool(text),
            "who": approval.who,
        },
    )


async def _approvable_answers(view: View, numbers: Sequence[int]) -> tuple[list[Answer], Refusals]:
    """Return the answers of the given numbers that can be approved, and the reason for each of the
    other numbers.

    An answer is refused if it does not exist, is approved or corrected already, is incomplete, or
    has an objection. Of answers with the same question and text, only the first can be approved.
    """
    approvals = {approval.answer_id: approval for approval in await view.approvals.approvals()}
    refusals = dict.fromkeys(numbers, "there is no such answer")
    proposed: list[tuple[Approval, Answer]] = []
    async for answer in view.history.answers(numbers=numbers):
        if approval := approvals.get(answer.id):
            verb = "corrected" if approval.corrects else "approved"
            refusals[answer.id] = f"it is {verb} already"
        elif not answer.complete:
            refusals[answer.id] = "it is not a whole answer"
        else:
            proposed.append((Approval(answer.id, "", "", answer.asked_at), answer))
    approvable: dict[tuple[str, str], Answer] = {}
    tracked = {brand.name for brand in view.catalogue.brands if brand.tracked}
    for review in await AnswerReview(view).judged(proposed):
        answer = review.answer
        content = (answer.question.prompt.key, wording.line(answer.reply.text))
        if objection := _objection(review, tracked):
            refusals[answer.id] = objection
        elif content in approvable:
            refusals[answer.id] = f"it repeats answer {approvable[content].id}"
        else:
            approvable[content] = answer
            del refusals[answer.id]
    return list(approvable.values()), refusals


def _objection(review: Approved, tracked: set[str]) -> str:
    """Return the objection to teaching a reviewed answer; empty without one. An answer to a buyers'
    question must name one of the `tracked` brands; an answer to a control prompt need not.
    """
    if review.objection or review.control:
        return review.objection
    return "" if review.named & tracked else "it names no brand that is tracked"


def _approval_preview(approvable: Sequence[Answer], refusals: Refusals) -> str:
    """Return in words how many answers would be approved, and how the first `MAX_PREVIEWED` of them
    begin; then, if any would not be approved, how many, with the first `MAX_PREVIEWED` reasons. The
    text has no full stop at its end.
    """
    previews = [
        f"{answer.id} “{wording.shorten(wording.line(answer.reply.text), PREVIEW_CHARS)}”"
        for answer in approvable[:MAX_PREVIEWED]
    ]
    if len(approvable) > MAX_PREVIEWED:
        previews.append(f"and {len(approvable) - MAX_PREVIEWED} more")
    count = wording.count(len(approvable), "answer")
    text = f"{count} would be taught as they stand: {', '.join(previews)}"
    if not refusals:
        return text
    reasons = [f"{numbers}, {why}" for numbers, why in _refused_ranges(refusals)[:MAX_PREVIEWED]]
    return f"{text}. {len(refusals)} would be left: {'; '.join(reasons)}"


def _refused_ranges(refusals: Refusals) -> list[tuple[str, str]]:
    """Return each distinct reason once, after the numbers of its answers: ``3 7 10-25``."""
    return [
        (format_ranges([number for number, why in refusals.items() if why == reason]), reason)
        for reason in dict.fromkeys(refusals.values())
    ]


def _approved_card(approved: Sequence[Answer], refusals: Refusals, who: str) -> Card:
    """Return the card after the approval of several answers, with a table of those that were not
    approved and why. The card is `failed` if no answer was approved. The command that takes the
    approvals back is a button, or part of the text if it is too long for a button.

    Args:
        approved: The answers that were approved; may be empty.
        refusals: The reasons for the others; may be empty.
        who: The person who approved, such as ``Ada (slack:U0123)``.
    """
    numbers = [answer.id for answer in approved]
    undo = f"dataset withdraw {format_ranges(numbers)}"
    actions: tuple[Action, ...] = ()
    text = "Nothing is approved."
    if approved:
        text = f"They enter the next dataset, as approved by {wording.name_without_id(who)}."
        actions = fitting(Action(undo, "Undo"))
        if not actions:
            text += f" To take that back: {undo}"
    return Card(
        title=f"Approved {wording.count(len(approved), 'answer')}",
        text=text,
        table=Table(("Left", "Why"), tuple(_refused_ranges(refusals))) if refusals else None,
        actions=actions,
        severity=Severity.GOOD if approved and not refusals else Severity.WARNING,
        data={"answers": numbers, "left": {str(n): why for n, why in refusals.items()}, "who": who},
        failed=not approved,
    )


def _withdrawn_sentence(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"Answer {numbers[0]} is not taught."
    return f"{wording.count(len(numbers), 'answer')} are not taught: {format_ranges(numbers)}."


DATASET_APPROVE = CommandSpec(
    "dataset approve",
    "Approve answers: they may be taught as they stand.",
    approve,
    section="Fine-tuning",
    role=Role.ADMIN,
    examples=("dataset approve 12", "dataset approve 3 7 10-25"),
    confirms=True,
    title="Approve answers",
)
DATASET_WITHDRAW = CommandSpec(
    "dataset withdraw",
    "Take back approvals and corrections.",
    withdraw,
    section="Fine-tuning",
    role=Role.ADMIN,
    examples=("dataset withdraw 12", "dataset withdraw 10-25"),
    confirms=True,
    title="Withdraw approvals",
)
