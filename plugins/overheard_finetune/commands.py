"""`dataset`: what an own fine-tune may be taught, and the files for it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from overheard import (
    IN_TERMINAL,
    Action,
    Answer,
    BadUsage,
    Brand,
    Card,
    CommandSpec,
    Field,
    Kind,
    Quote,
    Role,
    Severity,
    Style,
    Table,
    Tainted,
    View,
    argument,
    fitting,
    option,
    unknown_name,
    wording,
)
from overheard_finetune.approvals import store_approval
from overheard_finetune.candidates import AnswerReview, Candidate
from overheard_finetune.dataset import (
    Dataset,
    build,
    collect_examples,
    datasheet,
    format_ranges,
    save,
)
from overheard_finetune.errors import FolderUnwritable
from overheard_finetune.formats import FORMATS

SHOWN_CANDIDATES = 5
"""How many candidates are shown by default."""
SHOWN_CHARS, QUESTION_CHARS = 600, 90
"""Characters of an answer that is shown, and of the question above it."""


_BrandName = Annotated[str, argument("The brand.", Kind.BRAND)]
_AnswerNumber = Annotated[int, argument("The answer's number.", low=1)]


async def review(
    view: View,
    *,
    brand: _BrandName,
    most: Annotated[int, option("How many are shown.", low=1, high=25)] = SHOWN_CANDIDATES,
    controls: Annotated[bool, option("Answers to controls, as replays.")] = False,
) -> Card:
    """Show recent answers about a brand that nobody has approved or corrected yet. Answers with an
    objection to teaching them come first. The title counts all such answers, also those beyond
    `most`.

    Args:
        brand: The name or alias of the brand.
        controls: Whether to show answers to control prompts (which are about other things) instead.
            Taught as replays, they preserve a model's other abilities.
    """
    found_brand = _find_brand(view, brand)
    candidates = await AnswerReview(view).candidates(found_brand, controls=controls)
    return _candidates_card(view, found_brand, candidates, most)


async def correct(
    view: View, *, answer: _AnswerNumber, text: Annotated[str, argument("What is right.")] = ""
) -> Card:
    """Store a corrected text for an answer, in place of an earlier approval or correction; return
    the card. The correction is taught; the original text becomes the rejected answer of a
    preference pair.

    Args:
        answer: The number of the answer.

    Raises:
        BadUsage: when the text is empty or equals the answer's own.
        NotApproved: when there is no such answer, when it is incomplete, or when the text
            contradicts the facts, or has personal data or a forged turn of a conversation.
    """
    original = await AnswerReview(view).find(answer)
    correction = text.strip()
    if not correction or correction == original.reply.text.strip():
        raise BadUsage(problem="The correction is missing", usage=DATASET_CORRECT.usage)
    await AnswerReview(view).require_true(original, correction)
    return await store_approval(view, original, text=correction, participle="Corrected")


async def fill_correction(view: View, *, answer: int) -> Mapping[str, Any]:
    """Return the values with which the form of `correct` is filled: the number of an answer, and
    its stored correction, or its own text if it has none.

    Raises:
        NotApproved: for an unknown or incomplete answer.
    """
    original = await AnswerReview(view).find(answer)
    approvals = await view.approvals.approvals()
    corrections = {approval.answer_id: approval.text for approval in approvals}
    return {"answer": answer, "text": corrections.get(answer) or original.reply.text}


async def build_dataset(
    view: View,
    *,
    brand: _BrandName,
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
    folder; return the card with the counts and the formats that were refused. The examples come
    from the fact sheet and from approved answers; those to questions that models are asked here are
    kept for evaluation.

    Args:
        brand: The name or alias of the brand.
        out: The folder: a new or empty one, or one with an earlier dataset, which is replaced.
        formats: Names of vendors' formats whose rules must be satisfied; empty for all formats
            whose rules the dataset satisfies.

    Raises:
        NothingToTeach: when there is neither a fact nor an approved answer.
        DatasetUnfit: when an example must not be taught, when a held-out example leaks into the
            taught ones, or when the rules of one of `formats` are violated; with all violations.
        FolderUnwritable: when the folder has other files, or cannot be written.
    """
    found_brand = _find_brand(view, brand)
    rivals = [rival.name for rival in view.catalogue.rivals(found_brand.name)]
    approved = await AnswerReview(view).approved(found_brand)
    asked_texts = [prompt.text for prompt in view.catalogue.prompts]
    examples, left_out = collect_examples(
        found_brand, rivals, view.catalogue.facts, approved, asked_texts
    )
    dataset = build(found_brand, examples, left_out, formats)
    try:
        save(dataset, out, datasheet(dataset, view.clock.now()))
    except OSError as error:
        raise FolderUnwritable(file=out, reason=error.strerror or str(error)) from None
    return _dataset_card(dataset, out)


def _find_brand(view: View, name: str) -> Brand:
    """Return a brand by its name or alias. Raises UnknownName when there is none."""
    brand = view.catalogue.brand(name)
    if brand is None:
        raise unknown_name("brand", name, [brand.name for brand in view.catalogue.brands])
    return brand


def _candidates_card(view: View, brand: Brand, candidates: Sequence[Candidate], most: int) -> Card:
    """Return the card of answers that could be approved: a table of the first `most` with the
    objections to them, their texts as quotes, and buttons. Without candidates the card says so. The
    JSON data has all of them.
    """
    shown = candidates[:most]
    rows = tuple(
        (
            str(candidate.answer.id),
            view.names.name(candidate.answer.question.model),
            candidate.objection or "nothing against it",
        )
        for candidate in shown
    )
    text = "There is none that nobody has reviewed."
    if candidates:
        text = "Approve what is right as it stands, correct what is wrong. Nothing else is taught."
    header = ("Answer", "Model", "Against it")
    return Card(
        title=f"{wording.count(len(candidates), 'answer')} to review for {brand.name}",
        text=text,
        table=Table(header, rows, right=frozenset({0})) if rows else None,
        quotes=tuple(_answer_quote(candidate.answer) for candidate in shown),
        actions=tuple(_review_actions(shown)),
        data={
            "brand": brand.name,
            "answers": [_candidate_json(candidate) for candidate in candidates],
        },
    )


def _answer_quote(answer: Answer) -> Quote:
    """Return the text of an answer on one line, with its number and question as the source."""
    question = wording.shorten(wording.line(answer.question.prompt.text), QUESTION_CHARS)
    text = wording.shorten(wording.line(answer.reply.text), SHOWN_CHARS)
    return Quote(f"Answer {answer.id}, asked “{question}”", Tainted(text))


def _review_actions(shown: Sequence[Candidate]) -> Iterator[Action]:
    """Yield the buttons below answers to review. The first approves all answers without an
    objection, if there are at least two and the command is short enough for a button. Then follow,
    for each answer, one that approves it, unless there is an objection, and one that corrects it.
    """
    unobjectionable = [candidate.answer.id for candidate in shown if not candidate.objection]
    approve_all = f"dataset approve {format_ranges(unobjectionable)}"
    if len(unobjectionable) > 1:
        yield from fitting(
            Action(approve_all, f"Approve all {len(unobjectionable)}", Style.PRIMARY)
        )
    for candidate in shown:
        number = candidate.answer.id
        if not candidate.objection:
            yield Action(f"dataset approve {number}", f"Approve {number}", Style.PRIMARY)
        yield Action(f"dataset correct {number}", f"Correct {number}")


def _candidate_json(candidate: Candidate) -> dict[str, object]:
    """Return a candidate for JSON output; ``objection`` is None if nothing is against it."""
    return {
        "answer": candidate.answer.id,
        "model": str(candidate.answer.question.model),
        "question": candidate.answer.question.prompt.text,
        "text": candidate.answer.reply.text,
        "objection": candidate.objection or None,
    }


def _dataset_card(dataset: Dataset, out: Path) -> Card:
    """Return the card of a dataset that was written to the folder `out`: the numbers of examples, a
    table with the formats that were written and those that were refused and why, the vendors'
    notices, and what was left out. It is a warning if anything was refused or left out.
    """
    split, formats, refused = dataset.split, dataset.formats, dataset.refused
    rows = [
        (form.title, name, "written" if name in formats else "; ".join(refused[name]))
        for name, form in FORMATS.items()
        if name in formats or name in refused
    ]
    notices = [form.notice for name, form in FORMATS.items() if name in formats]
    paragraphs = [f"In {out}, with a datasheet.", *filter(None, notices), *dataset.left_out]
    return Card(
        title=f"A dataset for {dataset.brand.name}",
        text="\n\n".join(paragraphs),
        fields=(
            Field("Taught", wording.count(len(split.train), "example")),
            Field("Held-out wordings", wording.count(len(split.wordings), "example")),
            Field("Held out whole", wording.count(len(split.held_out), "example")),
            Field("Preferences", wording.count(len(split.pairs), "pair")),
        ),
        table=Table(("Vendor", "Folder", ""), tuple(rows)),
        severity=Severity.WARNING if refused or dataset.left_out else Severity.GOOD,
        data={
            "brand": dataset.brand.name,
            "out": str(out),
            "train": len(split.train),
            "eval_wordings": len(split.wordings),
            "eval_held_out": len(split.held_out),
            "preferences": len(split.pairs),
            "formats": {name: sorted(files) for name, files in formats.items()},
            "refused": {name: list(reasons) for name, reasons in refused.items()},
            "left_out": list(dataset.left_out),
        },
    )


DATASET_REVIEW = CommandSpec(
    "dataset review",
    "Show answers that an own fine-tune could be taught.",
    review,
    section="Fine-tuning",
    examples=("dataset review Acme",),
    title="Review answers",
)
DATASET_CORRECT = CommandSpec(
    "dataset correct",
    "Say what is to be taught in the place of a wrong answer.",
    correct,
    section="Fine-tuning",
    role=Role.ADMIN,
    examples=('dataset correct 12 "Acme costs $12 a month."',),
    fill=fill_correction,
    title="Correct an answer",
)
DATASET_BUILD = CommandSpec(
    "dataset build",
    "Write training and evaluation files for an own fine-tune.",
    build_dataset,
    section="Fine-tuning",
    role=Role.ADMIN,
    examples=("dataset build Acme --out acme-dataset",),
    faces=IN_TERMINAL,
)
