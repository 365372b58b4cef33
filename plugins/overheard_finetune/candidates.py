"""Answers that could be taught, and the objections to teaching them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from overheard import Answer, Approval, Brand, ScoreRecord, View, wording
from overheard_finetune.dataset import Approved
from overheard_finetune.errors import NotApproved
from overheard_finetune.texts import unfit_content

ACCURACY = "accuracy"
"""The metric of how many stated facts are right."""
CANDIDATE_DAYS = 90
"""The age of the answers that are candidates."""
MAX_CANDIDATES = 500
"""Largest number of answers that are checked, the newest first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer that could be taught.

    Attributes:
        objection: Why it cannot be taught as it is, or an empty string.
    """

    answer: Answer
    objection: str


@dataclass(frozen=True, slots=True)
class AnswerReview:
    """Finds answers that could be taught, and compares them with the facts.

    Attributes:
        view: The answers, approvals, names and facts.
    """

    view: View

    async def candidates(self, brand: Brand, *, controls: bool) -> list[Candidate]:
        """Return answers that a person could approve, each with the objection to it if there is
        one: those with an objection first, otherwise the newest first. Nothing is stored.

        Complete answers without an approval of the runs of the last `CANDIDATE_DAYS` days are
        checked: the newest `MAX_CANDIDATES`, of equal answers to one question only the newest.

        Args:
            controls: Whether to return answers to control prompts that name neither the brand nor
                a competitor; otherwise answers to other questions that name the brand.
        """
        view = self.view
        rivals = {rival.name for rival in view.catalogue.rivals(brand.name)}
        approved_ids = {approval.answer_id for approval in await view.approvals.approvals()}
        since = view.clock.now() - timedelta(days=CANDIDATE_DAYS)
        runs = [run.id for run in await view.history.runs() if run.started_at >= since]
        unapproved = [
            answer
            async for answer in view.history.answers(runs=runs)
            if answer.complete and not answer.gone and answer.id not in approved_ids
        ]
        recent = list(_distinct_newest(unapproved))[:MAX_CANDIDATES]
        judged = await self.judged([(_proposed_approval(answer), answer) for answer in recent])
        candidates = [
            Candidate(review.answer, review.objection)
            for review in judged
            if review.control == controls
            and _names_fit(review, brand.name, rivals, controls=controls)
        ]
        return sorted(candidates, key=lambda review: not review.objection)

    async def find(self, number: int) -> Answer:
        """Return the stored answer with a number, to be approved.

        Raises:
            NotApproved: when there is no such answer, or when it is not complete.
        """
        answers = [answer async for answer in self.view.history.answers(numbers=[number])]
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
        """Check that a text may be taught as the answer to a question; otherwise raise an error.

        Args:
            answer: A stored answer to the question.
            text: The text; an empty one stands for the answer itself.

        Raises:
            NotApproved: when the text contradicts the fact sheet, has personal data, or has a mark
                that a trainer takes for another turn of a chat.
        """
        [review] = await self.judged([(_proposed_approval(answer, text), answer)])
        if review.objection:
            raise NotApproved(
                number=answer.id,
                reason=review.objection,
                remedy=f'say what is true, with: dataset correct {answer.id} "..."',
            )

    async def judged(self, approved: Sequence[tuple[Approval, Answer]]) -> list[Approved]:
        """Return each approved answer with the brands that are named in the text to teach, whether
        its question is a control, and the objection to the text, in the same order.

        The text to teach is scored for this, and the scores are not stored. A contradiction of the
        fact sheet goes before personal data and chat marks; e-mail addresses at the domains of the
        catalogue's brands are no personal data.

        Args:
            approved: Approvals, which need not be stored, with their answers.
        """
        catalogue = self.view.catalogue
        taught_answers = [_answer_to_teach(approval, answer) for approval, answer in approved]
        control_keys = {prompt.key for prompt in catalogue.controls}
        scores = await self.view.score(taught_answers)
        false_claims = _false_claims(scores, taught_answers)
        domains = [domain for brand in catalogue.brands for domain in brand.domains]
        return [
            Approved(
                approval,
                answer,
                frozenset(mention.brand for mention in self.view.mentions(taught)),
                control=_is_control(answer, control_keys),
                objection=false_claims.get(answer.id) or _unfit_clause(taught, domains),
            )
            for (approval, answer), taught in zip(approved, taught_answers, strict=True)
        ]

    async def approved(self, brand: Brand) -> list[Approved]:
        """Return the approved answers to prompts that concern a brand, with the objections to them
        as of now, in the order of the answers' numbers. A prompt for no certain brand, such as a
        packaged control, concerns every brand.
        """
        approvals = {
            approval.answer_id: approval for approval in await self.view.approvals.approvals()
        }
        answers = [answer async for answer in self.view.history.answers(numbers=list(approvals))]
        brand_answers = [
            answer for answer in answers if answer.question.prompt.concerns(brand.name)
        ]
        return await self.judged([(approvals[answer.id], answer) for answer in brand_answers])


def _names_fit(review: Approved, brand: str, rivals: set[str], *, controls: bool) -> bool:
    """Return whether the brands that an answer names fit its question: for a control (``controls``)
    neither the brand nor a competitor, otherwise the brand.
    """
    return not review.named & {brand, *rivals} if controls else brand in review.named


def _distinct_newest(answers: Sequence[Answer]) -> Iterator[Answer]:
    """Yield answers, the newest first; of several to one question whose texts are equal on one
    line, only the newest. Those to a follow-up, which say nothing alone, are left out.

    Args:
        answers: The answers, the oldest first.
    """
    seen: set[tuple[str, str]] = set()
    for answer in reversed(answers):
        key = (answer.question.prompt.key, wording.line(answer.reply.text))
        if key not in seen and not answer.reply.earlier:
            seen.add(key)
            yield answer


def _is_control(answer: Answer, control_keys: Iterable[str]) -> bool:
    """Return whether an answer is to a control: its prompt has the tag, or one of the keys."""
    prompt = answer.question.prompt
    return prompt.is_control or prompt.key in control_keys


def _proposed_approval(answer: Answer, text: str = "") -> Approval:
    """Return an approval by nobody, not stored, by which an answer is judged before a person
    approves it. ``text`` is a correction, or empty to teach the answer as it is.
    """
    return Approval(answer.id, text, who="", at=answer.asked_at)


def _answer_to_teach(approval: Approval, answer: Answer) -> Answer:
    """Return an answer with the text that is taught, the correction or else the original text, and
    without citations.
    """
    text = approval.text or answer.reply.text
    return replace(answer, reply=replace(answer.reply, text=text, citations=()))


def _false_claims(records: Iterable[ScoreRecord], taught: Iterable[Answer]) -> Mapping[int, str]:
    """Return, by the number of the answer, a clause on the last claim in an answer to teach that
    contradicts the facts: ``it states “$49” for price of Acme, against the fact sheet``. Answers
    without such a claim are left out.

    Args:
        taught: The answers to teach; scores of other answers are left out.
    """
    answer_ids = {answer.id for answer in taught}
    return {
        record.answer_id: f"it states “{wording.line(detail.stated)}” for {detail.topic} of "
        f"{record.brand}, against the fact sheet"
        for record in records
        if record.score.metric == ACCURACY and record.answer_id in answer_ids
        for detail in record.score.details
        if detail.is_false
    }


def _unfit_clause(answer: Answer, domains: Sequence[str]) -> str:
    """Return a clause on the first personal data or chat mark in an answer; empty without any.
    E-mail addresses at ``domains`` are allowed.
    """
    return next(iter(unfit_content([("it", answer.reply.text)], domains)), "")
