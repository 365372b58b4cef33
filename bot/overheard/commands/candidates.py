"""Answers that could be taught, for a person to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from overheard.cards import words
from overheard.cards.card import LONGEST_ACTION, Action, Card, Quote, Style, Table, Tainted
from overheard.commands.approving import judged
from overheard.commands.context import Context
from overheard.domain import Answer, Approval, Brand
from overheard.finetune.dataset import Approved
from overheard.finetune.numbering import ranges

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


async def candidates(context: Context, brand: Brand, *, controls: bool) -> list[Candidate]:
    """Return answers that nobody has approved yet, those first that state something wrong.

    They name the brand; with `controls`, they answer a control and name nobody.
    """
    rivals = {rival.name for rival in context.catalogue.rivals(brand.name)}
    done = {one.answer_id for one in await context.store.approvals()}
    since = context.clock.now() - timedelta(days=DAYS)
    runs = [run.id for run in await context.store.runs() if run.started_at >= since]
    fresh = [
        a
        async for a in context.store.answers(runs=runs)
        if a.complete and not a.gone and a.id not in done
    ]
    recent = list(_distinct(fresh))[:READ]
    looked = await judged(context, [(Approval(a.id, "", "", a.asked_at), a) for a in recent])
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
        title=f"{words.count(len(found), 'answer')} to review for {brand.name}",
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
        key = (answer.question.prompt.key, words.line(answer.reply.text))
        if key not in seen:
            seen.add(key)
            yield answer


def _quote(answer: Answer) -> Quote:
    asked = words.shorten(words.line(answer.question.prompt.text), 90)
    text = words.shorten(words.line(answer.reply.text), LONGEST)
    return Quote(f"Answer {answer.id}, asked “{asked}”", Tainted(text))


def _actions(shown: Sequence[Candidate]) -> Iterator[Action]:
    clean = [one.answer.id for one in shown if not one.objection]
    every = f"dataset approve {ranges(clean)}"
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
