"""A dataset for fine-tuning: collected, divided, checked and written, with its datasheet.

Everything in it was approved by a person: facts by their author, answers by the person who approved
or corrected them. The packaged replays come with the program. The datasheet is a short form of
"Datasheets for Datasets" (Gebru et al. 2018, arXiv:1803.09010).
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from overheard import Answer, Approval, BadUsage, Brand, Fact, wording
from overheard_finetune.errors import DatasetUnfit, NothingToTeach
from overheard_finetune.examples import (
    ANSWER,
    FACT,
    REPLAY,
    DataSplit,
    Example,
    from_approval,
    from_facts,
    is_near_duplicate,
    leaks,
    packaged_replays,
    split_examples,
    without_duplicates,
    without_leaks,
)
from overheard_finetune.formats import FORMATS, VendorFormat, format_problems
from overheard_finetune.texts import unfit_content

Files = Mapping[str, Sequence[bytes]]
"""Encoded lines by file name, without ``.jsonl``."""
MAX_NUMBERS = 500
"""Largest count of numbers in one list: what a person may have read."""
_RANGE = re.compile(r"(\d{1,12})(?:\s*[-\u2013]\s*(\d{1,12}))?")


@dataclass(frozen=True, slots=True)
class Approved:
    """An approved answer with the properties that decide whether it is taught.

    Attributes:
        approval: The approval, with a correction if there is one.
        answer: The original answer.
        named: Names of the brands in the text to teach.
        control: Whether the question is a control prompt.
        objection: Why the answer must not be taught, or an empty string.
    """

    approval: Approval
    answer: Answer
    named: frozenset[str]
    control: bool
    objection: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A checked dataset.

    Attributes:
        split: The taught and held-out examples.
        formats: The files, by the name of each format whose rules they satisfy.
        refused: The violated rules of the other formats, by name.
        left_out: Approved answers and files that are left out, and why, as sentences.
    """

    brand: Brand
    split: DataSplit
    formats: Mapping[str, Files]
    refused: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...]


def collect_examples(
    brand: Brand,
    rivals: Collection[str],
    facts: Iterable[Fact],
    approved: Iterable[Approved],
    asked: Collection[str] = (),
) -> tuple[list[Example], list[str]]:
    """Return the distinct examples of a dataset, and a sentence for each reason for which approved
    answers are left out, with their numbers.

    The examples are those of the facts, of the approved answers, and the packaged replays. An
    answer is left out if it has an objection or does not fit its question: one to a buyer's
    question must name the brand, one to a control neither the brand nor a competitor. An answer to
    a control becomes a replay. Wordings of facts that the deployment asks models, or nearly so, are
    for evaluation only.

    Args:
        rivals: Names of the brand's competitors.
        facts: The fact sheet, of any brands.
        approved: The approved answers, with the objections to them.
        asked: The texts of the deployment's prompts.

    Raises:
        NothingToTeach: without facts and usable approved answers.
    """
    examples = [
        replace(
            example,
            evaluation_only=example.evaluation_only or is_near_duplicate(example.question, asked),
        )
        for example in from_facts(brand, facts)
    ]
    left_out: dict[str, list[int]] = {}
    for candidate in approved:
        reason = candidate.objection or _off_topic_clause(brand.name, rivals, candidate)
        if reason:
            left_out.setdefault(reason, []).append(candidate.answer.id)
            continue
        example = from_approval(candidate.approval, candidate.answer)
        examples.append(_as_replay(example) if candidate.control else example)
    if not examples:
        raise NothingToTeach(brand=brand.name)
    sentences = [_left_out_sentence(numbers, reason) for reason, numbers in left_out.items()]
    return list(without_duplicates([*examples, *packaged_replays()])), sentences


def build(
    brand: Brand, examples: Sequence[Example], left_out: Sequence[str], wanted: Sequence[str] = ()
) -> Dataset:
    """Return a checked dataset: the examples divided into taught and held-out ones, and encoded in
    each vendor's format whose rules they satisfy. Nothing is written.

    Held-out examples that leak are dropped. Preference pairs that are too few for a format are left
    out of it, with a sentence in `Dataset.left_out`.

    Args:
        examples: The examples, from `collect_examples`.
        left_out: The approved answers that are left out, as sentences.
        wanted: Names of formats whose rules must be satisfied; empty means every format whose
            rules are satisfied.

    Raises:
        DatasetUnfit: when an example contains personal data or chat marks, or when the rules of a
            wanted format are violated; as a last check also if a held-out example still leaks.
    """
    split = without_leaks(split_examples(examples, brand.name))
    every = (*split.train, *split.wordings, *split.held_out)
    texts = [(e.provenance or e.group, f"{e.question}\n{e.answer}\n{e.rejected}") for e in every]
    problems = list(dict.fromkeys([*unfit_content(texts, brand.domains), *leaks(split)]))
    files = {name: encoded_files(FORMATS[name], split) for name in wanted or FORMATS}
    refused = {
        name: tuple(format_problems(FORMATS[name], lines, _line_origins(FORMATS[name], every)))
        for name, lines in files.items()
    }
    if wanted:
        problems += [problem for violations in refused.values() for problem in violations]
    if problems:
        raise DatasetUnfit(brand=brand.name, problems=problems)
    fit = {name: lines for name, lines in files.items() if not refused[name]}
    missing = (*left_out, *_too_few_pairs(fit, split))
    return Dataset(brand, split, fit, {n: r for n, r in refused.items() if r}, missing)


def encoded_files(vendor_format: VendorFormat, split: DataSplit) -> Files:
    """Return the encoded lines of each file of a split in a vendor's format, by the file's name
    without ``.jsonl``: ``train``, ``eval-wordings``, ``eval-held-out`` and ``preferences``.

    A file without lines is left out; so are the preference pairs if the vendor has no format for
    them, or requires more of them. Lines that repeat an earlier line of the file are left out.
    """
    pairs = split.pairs if vendor_format.pair and len(split.pairs) >= vendor_format.fewest else ()
    files = {
        "train": _encoded_lines(vendor_format.chat, split.train),
        "eval-wordings": _encoded_lines(vendor_format.chat, split.wordings),
        "eval-held-out": _encoded_lines(vendor_format.chat, split.held_out),
        "preferences": _encoded_lines(vendor_format.pair, pairs) if vendor_format.pair else [],
    }
    return {name: lines for name, lines in files.items() if lines}


def save(dataset: Dataset, folder: Path, datasheet: str) -> None:
    """Write a dataset into a folder, which is created if it is missing: ``datasheet.md``, and for
    each format a folder of its name with the ``.jsonl`` files. The ``.jsonl`` files of an earlier
    dataset are removed from the folders of all formats; other files stay.

    Args:
        datasheet: The datasheet as Markdown.

    Raises:
        FileExistsError: when the folder contains something but no datasheet.
        OSError: when writing fails; the folder may then hold a part of the dataset.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()) and not (folder / "datasheet.md").exists():
        raise FileExistsError("the folder holds something else than a dataset")
    (folder / "datasheet.md").write_text(datasheet, encoding="utf-8")
    for name in FORMATS:
        for old_file in (folder / name).glob("*.jsonl"):
            old_file.unlink()
    for name, files in dataset.formats.items():
        (folder / name).mkdir(exist_ok=True)
        for file, lines in files.items():
            (folder / name / f"{file}.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


def _left_out_sentence(numbers: Sequence[int], reason: str) -> str:
    """Return a sentence that answers, given by their numbers (at least one), are left out for a
    reason, which is a clause.
    """
    if len(numbers) == 1:
        return f"Answer {numbers[0]} is left out: {reason}."
    return f"Answers {format_ranges(numbers)} are left out, each because {reason}."


def _line_origins(vendor_format: VendorFormat, examples: Iterable[Example]) -> Mapping[bytes, str]:
    """Return, by the encoded line of each example in a format (and of its preference pair), where
    the example comes from: the fact, the approved answer and who approved it, or ``packaged``. Of
    examples with equal lines, the last counts.
    """
    origins: dict[bytes, str] = {}
    for example in examples:
        origins[_encoded_line(vendor_format.chat(example))] = example.provenance
        if vendor_format.pair and example.rejected:
            origins[_encoded_line(vendor_format.pair(example))] = example.provenance
    return origins


def _too_few_pairs(names: Iterable[str], split: DataSplit) -> Iterator[str]:
    """Yield a sentence for each of the named formats whose preference pairs are left out because
    the split has fewer than the format requires. Nothing is yielded for a split without pairs, and
    for a format without preference pairs.
    """
    count = len(split.pairs)
    for vendor_format in map(FORMATS.__getitem__, names):
        if vendor_format.pair and 0 < count < vendor_format.fewest:
            yield (
                f"{vendor_format.name}/preferences.jsonl is left out: it would have "
                f"{wording.count(count, 'pair')}, and {vendor_format.fewest} are needed."
            )


def _off_topic_clause(brand: str, rivals: Collection[str], approved: Approved) -> str:
    """Return why an approved answer does not fit its question, as a clause; empty if it fits.

    An answer to a buyer's question fits if it names the brand. An answer to a control fits if it
    names neither the brand nor one of its competitors.
    """
    if approved.control:
        named = approved.named & {brand, *rivals}
        return f"it answers a control, and names {min(named)}" if named else ""
    return "" if brand in approved.named else f"it does not name {brand}"


def _as_replay(example: Example) -> Example:
    """Return the example of an answer to a control as a replay, without a rejected answer."""
    return replace(example, source=REPLAY, group=REPLAY, rejected="")


def _encoded_lines(
    to_line: Callable[[Example], Mapping[str, object]], examples: Iterable[Example]
) -> list[bytes]:
    """Return the encoded line of each example, in order and without repetitions. ``to_line``
    converts an example to the JSON object of a format.
    """
    return list(dict.fromkeys(_encoded_line(to_line(example)) for example in examples))


def _encoded_line(line: Mapping[str, object]) -> bytes:
    """Return a JSON object as UTF-8 on one line, without a line break at its end."""
    return json.dumps(line, ensure_ascii=False).encode()


def parse_numbers(words: Iterable[str], usage: str) -> tuple[int, ...]:
    """Return the numbers of answers that a user has typed, each once, ascending: ``3 10-12`` gives
    ``(3, 10, 11, 12)``. The end of a range is included. Empty without words.

    Args:
        words: Words with numbers (1 or more) and ranges, separated by spaces or commas.
        usage: The usage of the command, for the error message.

    Raises:
        BadUsage: for a word that is no number or range, such as ``5-3``, and for more than
            `MAX_NUMBERS` numbers.
    """
    numbers: set[int] = set()
    for word in filter(None, re.split(r"[\s,]+", " ".join(words))):
        match = _RANGE.fullmatch(word)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last:
            problem = f'"{word}" is no number of an answer, nor a range such as 10-25'
            raise BadUsage(problem=problem, usage=usage)
        if last - first >= MAX_NUMBERS or len(numbers | {*range(first, last + 1)}) > MAX_NUMBERS:
            raise BadUsage(problem=f"There are more than {MAX_NUMBERS} answers", usage=usage)
        numbers.update(range(first, last + 1))
    return tuple(sorted(numbers))


def format_ranges(numbers: Sequence[int]) -> str:
    """Return distinct numbers, in any order, as a text that `parse_numbers` reads, ascending: ``3 7
    10-25``. Two or more numbers in a row are a range.
    """
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return " ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


_WHAT = """\
Each example is one question and one answer. A chat model that is tuned with train.jsonl should name
{brand} where it fits and state its facts as they are; the other files show whether it does, also
for what it was not taught."""
_CHECKED = """\
No question of an evaluation file is taught, nor nearly the same one. No fact that is held out is
stated in an answer that is taught. Both were checked."""
_PERSONAL = """\
No text holds an e-mail address (but for the brand's own domains), a telephone number, a payment
card or a bank account, nor a mark that a trainer takes for another turn. All of it was looked for.
Names of people, postal addresses and whatever else tells who someone is were not: no program finds
them reliably. Whoever approved an answer has read it, and answers for it."""
_ANSWER = re.compile(r"answer (\d+), (.*)", re.DOTALL)
_LICENCE = """\
The facts and answers belong to whoever runs this deployment. What models wrote falls under the
terms of their vendors, which may forbid to train competing models with it. The packaged replays
are Apache-2.0."""
_NOT_FOR = """\
- It must not be used to plant claims that the fact sheet does not hold, to make a model pass for
  someone else's, or to answer in the name of a person.
- It must not be published as an independent description of the brand: the brand's own people wrote
  or approved all of it.
- A model that was taught with it names the brand because it was taught to. Say so where its answers
  are shown."""


def datasheet(dataset: Dataset, at: datetime) -> str:
    """Return the datasheet of a dataset as Markdown: what it is, where it comes from, who approved
    it, what is left out, and what it must not be used for. ``at`` is when the dataset was built;
    its day is shown in its own time zone.
    """
    return "\n".join(_datasheet_lines(dataset, at)) + "\n"


def _datasheet_lines(dataset: Dataset, at: datetime) -> Iterator[str]:
    """Yield the lines of a dataset's datasheet, which is Markdown: a sample, the splits, the
    sources and approvals, what is left out (if anything is), the formats, personal data, the
    licence, and what the dataset is not for. ``at`` is when the dataset was built.
    """
    split = dataset.split
    yield from (f"# Dataset for a fine-tune about {dataset.brand.name}", "")
    yield from (f"Made by Overheard on {at:%Y-%m-%d}. Nothing in it that no person approved.", "")
    yield from (_WHAT.format(brand=dataset.brand.name), "")
    yield from _sample_lines(split.train)
    yield from ("## Splits", "", "| split | examples | what it is |", "| --- | --- | --- |")
    yield f"| train | {len(split.train)} | what is taught |"
    yield f"| eval-wordings | {len(split.wordings)} | facts that are taught, in other words |"
    yield f"| eval-held-out | {len(split.held_out)} | facts and questions that are not taught |"
    yield f"| preferences | {len(split.pairs)} | of train, with a model's wrong answer |"
    yield from ("", _CHECKED, "")
    yield from ("## Sources", "", "| source | examples taught |", "| --- | --- |")
    counts = Counter(example.source for example in split.train)
    yield from (f"| {source} | {counts[source]} |" for source in (FACT, ANSWER, REPLAY))
    yield from ("", "Who approved what:", "")
    yield from (f"- {line}" for line in _provenance_lines(dataset))
    if dataset.left_out:
        yield from ("", "## Left out", "", *(f"- {sentence}" for sentence in dataset.left_out))
    yield from ("", "## Formats", "")
    for name, vendor_format in FORMATS.items():
        if name in dataset.formats:
            files = ", ".join(f"{file}.jsonl" for file in dataset.formats[name])
            day = f", as of {vendor_format.as_of:%Y-%m-%d}" if vendor_format.as_of else ""
            yield f"- {vendor_format.title}: {name}/ ({files}), after {vendor_format.source}{day}"
    for name, reasons in dataset.refused.items():
        yield f"- {FORMATS[name].title}: not written. {'; '.join(reasons)}."
    yield from ("", "Tokens are counted as bytes, which are never fewer.", "")
    yield from ("## Personal data", "", _PERSONAL, "")
    yield from ("## Licence", "", _LICENCE, "")
    yield from ("## What it is not for", "", _NOT_FOR)


def _sample_lines(train: Sequence[Example]) -> Iterator[str]:
    """Yield the lines of a Markdown section with the first taught example that is no replay;
    nothing without one.
    """
    example = next((example for example in train if example.source != REPLAY), None)
    if example is None:
        return
    yield from ("## One of the examples", "")
    yield from (f"> {wording.line(example.question)}", ">", f"> {wording.line(example.answer)}", "")


def _provenance_lines(dataset: Dataset) -> list[str]:
    """Return a line for each fact, and for the answers that one person approved on one day, with
    their number of examples; then a line for each group of answers that became replays, and a line
    for the packaged replays.
    """
    split = dataset.split
    every: tuple[Example, ...] = (*split.train, *split.wordings, *split.held_out)
    counts = Counter(example.provenance for example in every if example.source != REPLAY)
    own = {e.provenance for e in every if e.source == REPLAY} - {"packaged"}
    packaged = sum(e.provenance == "packaged" for e in every)
    return [
        *(
            f"{wording.line(origin)}: {wording.count(n, 'example')}"
            for origin, n in _counts_by_person(counts).items()
        ),
        *(f"{wording.line(origin)}: replays" for origin in _counts_by_person(Counter(own))),
        f"packaged replays: {wording.count(packaged, 'example')}",
    ]


def _counts_by_person(counts: Counter[str]) -> dict[str, int]:
    """Return numbers of examples by provenance, in which answers that one person approved (or
    corrected) on one day are one entry: ``answers 3 10-12, approved by Ada, 2026-03-02``. Other
    provenances come first and stay as they are.

    Args:
        counts: The number of examples by provenance, such as ``answer 3, approved by Ada,
            2026-03-02`` or ``fact sheet, price``.
    """
    others: dict[str, int] = {}
    answers: dict[str, dict[int, int]] = {}
    for origin, count in counts.items():
        if match := _ANSWER.fullmatch(origin):
            number, approval = int(match[1]), match[2]
            answers.setdefault(approval, {})[number] = count
        else:
            others[origin] = count
    joined = {}
    for approval, count_by_number in answers.items():
        noun = "answers" if len(count_by_number) > 1 else "answer"
        origin = f"{noun} {format_ranges(list(count_by_number))}, {approval}"
        joined[origin] = sum(count_by_number.values())
    return others | joined
