"""`dataset`: what an own fine-tune may be taught, and the files for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from overheard.cards import wording
from overheard.cards.card import (
    LONGEST_ACTION,
    Action,
    Card,
    Field,
    Quote,
    Severity,
    Style,
    Table,
    Tainted,
)
from overheard.cards.command import IN_TERMINAL, CommandSpec, Role, argument, option
from overheard.cards.model_names import ModelNames
from overheard.commands.approvals import answer_review, store_approval
from overheard.commands.arguments import BrandName
from overheard.deployment import Call, Deployment
from overheard.domain import Answer, Brand
from overheard.errors import BadUsage, FileUnwritable
from overheard.finetune.candidates import Candidate
from overheard.finetune.dataset import (
    Dataset,
    build,
    collect_examples,
    datasheet,
    format_ranges,
    save,
)
from overheard.finetune.formats import FORMATS
from overheard.runs.plan import find_brand

SHOWN_CANDIDATES = 5
"""How many candidates are shown by default."""
SHOWN_CHARS = 600
"""The length of an answer that is shown."""


_AnswerNumber = Annotated[int, argument("The answer's number.", low=1)]


async def review(
    deployment: Deployment,
    _: Call,
    *,
    brand: BrandName,
    most: Annotated[int, option("How many are shown.", low=1, high=25)] = SHOWN_CANDIDATES,
    controls: Annotated[bool, option("Answers to controls, as replays.")] = False,
) -> Card:
    """Show answers that can be approved for teaching, those with an objection first.

    Args:
        deployment: The open deployment.
        brand: The name of the brand.
        most: The number of answers that are shown.
        controls: Whether to show answers to controls instead, which would be replays.

    Raises:
        UnknownName: for a brand that does not exist.
    """
    subject = find_brand(deployment.catalogue, brand)
    now = deployment.clock.now()
    answers = await answer_review(deployment).candidates(subject, now, controls=controls)
    return _candidates_card(deployment.names, subject, answers, most)


async def correct(
    deployment: Deployment,
    call: Call,
    *,
    answer: _AnswerNumber,
    text: Annotated[str, argument("What is right.")] = "",
) -> Card:
    """Store a corrected text for an answer: the correction is taught, and the original becomes the
    rejected answer of a preference pair.

    Raises:
        BadUsage: when no text is given.
        NotApproved: when the answer is not whole, or the text contradicts the facts or holds
            personal data.
    """
    approved = await answer_review(deployment).find(answer)
    better = text.strip()
    if not better or better == approved.reply.text.strip():
        raise BadUsage(problem="The correction is missing", usage=DATASET_CORRECT.usage)
    await answer_review(deployment).require_true(approved, better)
    return await store_approval(deployment, call, approved, text=better, participle="Corrected")


async def fill_correction(deployment: Deployment, _: Call, *, answer: int) -> Mapping[str, Any]:
    """Return the values of the form of `correct`: the number of an answer, and the stored
    correction or the original text. Raises NotApproved for an unknown or incomplete answer.
    """
    approved = await answer_review(deployment).find(answer)
    earlier = {
        approval.answer_id: approval.text
        for approval in await deployment.store.finetune.approvals()
    }
    return {"answer": answer, "text": earlier.get(answer) or approved.reply.text}


async def build_dataset(
    deployment: Deployment,
    _: Call,
    *,
    brand: BrandName,
    out: Annotated[Path, option("The folder.")],
    formats: Annotated[
        Sequence[str],
        option(
            "A vendor's format; else all whose rules the dataset keeps.",
            word="format",
            choices=tuple(FORMATS),
        ),
    ] = (),
) -> Card:
    """Write training and evaluation files and a datasheet for a fine-tune about a brand into a
    folder.

    Args:
        deployment: The open deployment.
        brand: The name of the brand.
        out: The folder; a new one, or one with an earlier dataset, which is replaced.
        formats: Names of vendors' formats; empty for all whose rules the dataset satisfies.

    Raises:
        UnknownName: for a brand or a format that does not exist.
        NothingToTeach: when there is neither a fact nor an approved answer.
        DatasetUnfit: with all violations of the rules.
        FileUnwritable: when the folder holds something else, or cannot be written.
    """
    subject = find_brand(deployment.catalogue, brand)
    rivals = [rival.name for rival in deployment.catalogue.rivals(subject.name)]
    approved = await answer_review(deployment).approved(subject)
    asked = [prompt.text for prompt in deployment.catalogue.prompts]
    examples, left_out = collect_examples(
        subject, rivals, deployment.catalogue.facts, approved, asked
    )
    made = build(subject, examples, left_out, formats)
    try:
        save(made, out, datasheet(made, deployment.clock.now()))
    except OSError as error:
        raise FileUnwritable(file=out, reason=error.strerror or str(error)) from None
    return _dataset_card(made, out)


def _candidates_card(
    names: ModelNames, brand: Brand, candidates: Sequence[Candidate], most: int
) -> Card:
    """Return the card of candidates; the first `most` have quotes and buttons."""
    shown = candidates[:most]
    rows = tuple(
        (
            str(candidate.answer.id),
            names.name(candidate.answer.question.model),
            candidate.objection or "nothing against it",
        )
        for candidate in shown
    )
    return Card(
        title=f"{wording.count(len(candidates), 'answer')} to review for {brand.name}",
        text="Approve what is right as it stands, correct what is wrong. Nothing else is taught."
        if candidates
        else "There is none that nobody has reviewed.",
        table=Table(("Answer", "Model", "Against it"), rows, frozenset({0})) if rows else None,
        quotes=tuple(_answer_quote(candidate.answer) for candidate in shown),
        actions=tuple(_review_actions(shown)),
        data={
            "brand": brand.name,
            "answers": [_candidate_json(candidate) for candidate in candidates],
        },
    )


def _answer_quote(answer: Answer) -> Quote:
    asked = wording.shorten(wording.line(answer.question.prompt.text), 90)
    text = wording.shorten(wording.line(answer.reply.text), SHOWN_CHARS)
    return Quote(f"Answer {answer.id}, asked “{asked}”", Tainted(text))


def _review_actions(shown: Sequence[Candidate]) -> Iterator[Action]:
    """Yield a button that approves all shown candidates without an objection, then buttons that
    approve or correct each.
    """
    clean = [candidate.answer.id for candidate in shown if not candidate.objection]
    every = f"dataset approve {format_ranges(clean)}"
    if len(clean) > 1 and len(every) <= LONGEST_ACTION:
        yield Action(every, f"Approve all {len(clean)}", Style.PRIMARY)
    for candidate in shown:
        number = candidate.answer.id
        if not candidate.objection:
            yield Action(f"dataset approve {number}", f"Approve {number}", Style.PRIMARY)
        yield Action(f"dataset correct {number}", f"Correct {number}")


def _candidate_json(candidate: Candidate) -> dict[str, object]:
    """Return a candidate for JSON output."""
    return {
        "answer": candidate.answer.id,
        "model": str(candidate.answer.question.model),
        "question": candidate.answer.question.prompt.text,
        "text": candidate.answer.reply.text,
        "objection": candidate.objection or None,
    }


def _dataset_card(made: Dataset, out: Path) -> Card:
    """Return the card of the dataset `made` that was written to the folder `out`, with the formats
    that were refused.
    """
    split = made.split
    rows = [
        (form.title, name, "written" if name in made.formats else "; ".join(made.refused[name]))
        for name, form in FORMATS.items()
        if name in made.formats or name in made.refused
    ]
    notices = [form.notice for name, form in FORMATS.items() if name in made.formats]
    text = [f"In {out}, with a datasheet.", *filter(None, notices), *made.left_out]
    return Card(
        title=f"A dataset for {made.brand.name}",
        text="\n\n".join(text),
        fields=(
            Field("Taught", wording.count(len(split.train), "example")),
            Field("Held-out wordings", wording.count(len(split.wordings), "example")),
            Field("Held out whole", wording.count(len(split.held_out), "example")),
            Field("Preferences", wording.count(len(split.pairs), "pair")),
        ),
        table=Table(("Vendor", "Folder", ""), tuple(rows)),
        severity=Severity.WARNING if made.refused or made.left_out else Severity.GOOD,
        data={
            "brand": made.brand.name,
            "out": str(out),
            "train": len(split.train),
            "eval_wordings": len(split.wordings),
            "eval_held_out": len(split.held_out),
            "preferences": len(split.pairs),
            "formats": {name: sorted(files) for name, files in made.formats.items()},
            "refused": {name: list(reasons) for name, reasons in made.refused.items()},
            "left_out": list(made.left_out),
        },
    )


DATASET_REVIEW = CommandSpec(
    "dataset review",
    "Show answers that an own fine-tune could be taught.",
    review,
    examples=("dataset review Acme",),
    title="Review answers",
)
DATASET_CORRECT = CommandSpec(
    "dataset correct",
    "Say what is to be taught in the place of a wrong answer.",
    correct,
    role=Role.ADMIN,
    examples=('dataset correct 12 "Acme costs $12 a month."',),
    fill=fill_correction,
    title="Correct an answer",
)
DATASET_BUILD = CommandSpec(
    "dataset build",
    "Write training and evaluation files for an own fine-tune.",
    build_dataset,
    role=Role.ADMIN,
    examples=("dataset build Acme --out acme-dataset",),
    faces=IN_TERMINAL,
)
