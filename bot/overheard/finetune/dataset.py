"""A dataset for an own fine-tune: put together, divided, checked and written.

Nothing enters that a person has not approved: facts stand for whoever wrote them into the sheet,
answers for whoever approved or corrected them, and the packaged replays for this program.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from overheard.cards import wording
from overheard.domain import Answer, Approval, Brand, Fact
from overheard.errors import DatasetUnfit, NothingToTeach
from overheard.finetune.examples import (
    REPLAY,
    Example,
    distinct,
    from_approval,
    from_facts,
    packaged_replays,
)
from overheard.finetune.formats import FORMATS, Format, broken
from overheard.finetune.numbering import ranges
from overheard.finetune.split import Split, divide, leaks, near, sealed
from overheard.finetune.texts import unfit

Files = Mapping[str, Sequence[bytes]]
"""Lines by file, without ``.jsonl``."""


@dataclass(frozen=True, slots=True)
class Approved:
    """An approved answer, and what is known of what is to be taught.

    Attributes:
        approval: Who approved it, or what is to be said instead.
        answer: The answer as it was given.
        named: Names of the brands that the text to be taught names.
        control: Whether the question has nothing to do with the brand.
        objection: Why it must not be taught, or an empty string.
    """

    approval: Approval
    answer: Answer
    named: frozenset[str]
    control: bool
    objection: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset that is fit to be written.

    Attributes:
        brand: Whose it is.
        split: What is taught and what is held out.
        formats: The files of each vendor whose rules they keep.
        refused: Why the others are left out, by the format's name.
        left_out: Which approved answers and files are left out and why, as sentences.
    """

    brand: Brand
    split: Split
    formats: Mapping[str, Files]
    refused: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...]


def put_together(
    brand: Brand,
    rivals: Collection[str],
    facts: Iterable[Fact],
    approved: Iterable[Approved],
    asked: Collection[str] = (),
) -> tuple[list[Example], list[str]]:
    """Return all that may be taught, each once, and which approved answers are left out.

    A wording that the deployment itself asks models is kept for trying the fine-tune with it.

    Args:
        brand: Whose dataset it is.
        rivals: Names of those it stands beside; a replay names none of them.
        facts: The fact sheet.
        approved: The approved answers.
        asked: The texts of the deployment's prompts.
    """
    examples = [
        replace(example, spare=example.spare or near(example.question, asked))
        for example in from_facts(brand, facts)
    ]
    left_out: dict[str, list[int]] = {}
    for one in approved:
        reason = one.objection or _beside_the_point(brand.name, rivals, one)
        if reason:
            left_out.setdefault(reason, []).append(one.answer.id)
            continue
        example = from_approval(one.approval, one.answer)
        examples.append(_as_replay(example) if one.control else example)
    if not examples:
        raise NothingToTeach(brand=brand.name)
    told = [_left_out(numbers, reason) for reason, numbers in left_out.items()]
    return list(distinct([*examples, *packaged_replays()])), told


def build(
    brand: Brand, examples: Sequence[Example], left_out: Sequence[str], wanted: Sequence[str] = ()
) -> Dataset:
    """Divide and check what is to be taught.

    Args:
        brand: Whose it is.
        examples: What may be taught, see `put_together`.
        left_out: Which approved answers are left out, as sentences.
        wanted: Names of formats that must keep their vendor's rules; empty means all that do.

    Raises:
        DatasetUnfit: when it holds personal data or chat marks, when what is held out is taught,
            or when a wanted format does not keep its vendor's rules.
    """
    split = sealed(divide(examples, brand.name))
    every = (*split.train, *split.wordings, *split.held_out)
    texts = [(e.told or e.group, f"{e.question}\n{e.answer}\n{e.rejected}") for e in every]
    problems = list(dict.fromkeys([*unfit(texts, brand.domains), *leaks(split)]))
    files = {name: written(FORMATS[name], split) for name in wanted or FORMATS}
    refused = {
        name: tuple(broken(FORMATS[name], each, _origins(FORMATS[name], every)))
        for name, each in files.items()
    }
    if wanted:
        problems += [problem for each in refused.values() for problem in each]
    if problems:
        raise DatasetUnfit(brand=brand.name, problems=problems)
    fit = {name: each for name, each in files.items() if not refused[name]}
    told = (*left_out, *_too_few_pairs(fit, split))
    return Dataset(brand, split, fit, {n: r for n, r in refused.items() if r}, told)


def written(form: Format, split: Split) -> Files:
    """Return the files of a vendor, without empty ones and pairs that are too few for it."""
    pairs = split.pairs if form.pair and len(split.pairs) >= form.fewest else ()
    found = {
        "train": _lines(form.chat, split.train),
        "eval-wordings": _lines(form.chat, split.wordings),
        "eval-held-out": _lines(form.chat, split.held_out),
        "preferences": _lines(form.pair, pairs) if form.pair else [],
    }
    return {name: lines for name, lines in found.items() if lines}


def save(dataset: Dataset, folder: Path, datasheet: str) -> None:
    """Write a dataset; its files take the place of those of an earlier one.

    Raises:
        OSError: when that fails, or the folder holds something else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()) and not (folder / "datasheet.md").exists():
        raise FileExistsError("the folder holds something else than a dataset")
    (folder / "datasheet.md").write_text(datasheet, encoding="utf-8")
    for name in FORMATS:
        for old in (folder / name).glob("*.jsonl"):
            old.unlink()
    for name, files in dataset.formats.items():
        (folder / name).mkdir(exist_ok=True)
        for file, lines in files.items():
            (folder / name / f"{file}.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


def _left_out(numbers: Sequence[int], reason: str) -> str:
    if len(numbers) == 1:
        return f"Answer {numbers[0]} is left out: {reason}."
    return f"Answers {ranges(numbers)} are left out, each because {reason}."


def _origins(form: Format, examples: Iterable[Example]) -> Mapping[bytes, str]:
    """Return where each line of a vendor's files comes from: the approved answer, or the fact."""
    found: dict[bytes, str] = {}
    for example in examples:
        found[_line(form.chat(example))] = example.told
        if form.pair and example.rejected:
            found[_line(form.pair(example))] = example.told
    return found


def _too_few_pairs(names: Iterable[str], split: Split) -> Iterator[str]:
    count = len(split.pairs)
    for form in map(FORMATS.__getitem__, names):
        if form.pair and 0 < count < form.fewest:
            yield (
                f"{form.name}/preferences.jsonl is left out: it would have "
                f"{wording.count(count, 'pair')}, and {form.fewest} are needed."
            )


def _beside_the_point(brand: str, rivals: Collection[str], one: Approved) -> str:
    if one.control:
        named = one.named & {brand, *rivals}
        return f"it answers a control, and names {min(named)}" if named else ""
    return "" if brand in one.named else f"it does not name {brand}"


def _as_replay(example: Example) -> Example:
    return replace(example, source=REPLAY, group=REPLAY, rejected="")


def _lines(
    write: Callable[[Example], Mapping[str, object]], examples: Iterable[Example]
) -> list[bytes]:
    return list(dict.fromkeys(_line(write(example)) for example in examples))


def _line(written: Mapping[str, object]) -> bytes:
    return json.dumps(written, ensure_ascii=False).encode()
