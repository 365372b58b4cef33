"""The datasheet of a dataset: content, sources, and unsuitable uses.

A short form of "Datasheets for Datasets" (Gebru et al. 2018, arXiv:1803.09010).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from overheard.cards import wording
from overheard.finetune.dataset import Dataset, format_ranges
from overheard.finetune.examples import ANSWER, FACT, REPLAY, Example
from overheard.finetune.formats import FORMATS

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
Names of people, postal addresses and whatever else tells who somebody is were not: no program finds
them reliably. Whoever approved an answer has read it, and answers for it."""
_ANSWER = re.compile(r"answer (\d+), (.*)", re.DOTALL)
_LICENCE = """\
The facts and answers belong to whoever runs this deployment. What models wrote falls under the
terms of their vendors, which may forbid to train competing models with it. The packaged replays
are Apache-2.0."""
_NOT_FOR = """\
- It must not be used to plant claims that the fact sheet does not hold, to make a model pass for
  somebody else's, or to answer in the name of a person.
- It must not be published as an independent description of the brand: the brand's own people wrote
  or approved all of it.
- A model that was taught with it names the brand because it was taught to. Say so where its answers
  are shown."""


def datasheet(dataset: Dataset, at: datetime) -> str:
    """Return the datasheet as Markdown."""
    return "\n".join(_lines(dataset, at)) + "\n"


def _lines(dataset: Dataset, at: datetime) -> Iterator[str]:
    """Yield the lines of the datasheet."""
    split = dataset.split
    yield from (f"# Dataset for a fine-tune about {dataset.brand.name}", "")
    yield from (f"Made by Overheard on {at:%Y-%m-%d}. Nothing in it that no person approved.", "")
    yield from (_WHAT.format(brand=dataset.brand.name), "")
    yield from _sample(split.train)
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
    yield from (f"- {line}" for line in _provenance(dataset))
    if dataset.left_out:
        yield from ("", "## Left out", "", *(f"- {sentence}" for sentence in dataset.left_out))
    yield from ("", "## Formats", "")
    for name, form in FORMATS.items():
        if name in dataset.formats:
            files = ", ".join(f"{file}.jsonl" for file in dataset.formats[name])
            day = f", as of {form.as_of:%Y-%m-%d}" if form.as_of else ""
            yield f"- {form.title}: {name}/ ({files}), after {form.source}{day}"
    for name, reasons in dataset.refused.items():
        yield f"- {FORMATS[name].title}: not written. {'; '.join(reasons)}."
    yield from ("", "Tokens are counted as bytes, which are never fewer.", "")
    yield from ("## Personal data", "", _PERSONAL, "")
    yield from ("## Licence", "", _LICENCE, "")
    yield from ("## What it is not for", "", _NOT_FOR)


def _sample(train: Sequence[Example]) -> Iterator[str]:
    """Yield the first example that is about the brand."""
    for example in [e for e in train if e.source != REPLAY][:1]:
        yield from ("## One of the examples", "")
        yield from (
            f"> {wording.line(example.question)}",
            ">",
            f"> {wording.line(example.answer)}",
            "",
        )


def _provenance(dataset: Dataset) -> list[str]:
    """Return for each source of examples who approved it, and the number of examples."""
    split = dataset.split
    every: tuple[Example, ...] = (*split.train, *split.wordings, *split.held_out)
    counts = Counter(example.provenance for example in every if example.source != REPLAY)
    own = {e.provenance for e in every if e.source == REPLAY} - {"packaged"}
    packaged = sum(e.provenance == "packaged" for e in every)
    return [
        *(
            f"{wording.line(origin)}: {wording.count(n, 'example')}"
            for origin, n in _grouped(counts).items()
        ),
        *(f"{wording.line(origin)}: replays" for origin in _grouped(Counter(own))),
        f"packaged replays: {wording.count(packaged, 'example')}",
    ]


def _grouped(counts: Counter[str]) -> dict[str, int]:
    """Return counts by provenance; answers that one person approved on one day are one entry."""
    answers: dict[str, dict[int, int]] = {}
    for origin, count in counts.items():
        if match := _ANSWER.fullmatch(origin):
            answers.setdefault(match[2], {})[int(match[1])] = count
    joined = {
        f"answer{'s' if len(numbers) > 1 else ''} {format_ranges(list(numbers))}, {how}": sum(
            numbers.values()
        )
        for how, numbers in answers.items()
    }
    others = {origin: n for origin, n in counts.items() if not _ANSWER.fullmatch(origin)}
    return others | joined
