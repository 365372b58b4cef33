"""`export`: answers and scores, in the terminal in the form that `import` reads, in a chat as a CSV
file for people.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TextIO

from overheard.cards import wording
from overheard.cards.card import MAX_FILE_BYTES, Card, File
from overheard.cards.command import CommandSpec, Face, Role, argument, option
from overheard.commands.retain import private
from overheard.config.redaction import json_line, without_control_characters
from overheard.deployment import Call, Deployment
from overheard.domain import Answer, Run, ScoreRecord
from overheard.errors import FileUnwritable, StoreMissing
from overheard.runs.history_lines import ANSWER_FIELDS, SCORE_FIELDS, answer_line, flat, score_line


class What(StrEnum):
    """The kind of lines to export."""

    ANSWERS = "answers"
    SCORES = "scores"


class Format(StrEnum):
    """The format of the lines."""

    JSONL = "jsonl"
    CSV = "csv"


ANSWER_COLUMNS = ("Asked", "Model", "Question", "Answer", "Sources", "Cost in $")
SCORE_COLUMNS = ("Asked", "Model", "Question", "Brand", "Metric", "Value")
"""Columns of the file in a chat, whose readers know models and metrics only by name."""
BYTE_ORDER_MARK = "\ufeff"
"""Shows Excel that a CSV file is UTF-8."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet may calculate; an apostrophe before it makes it text."""


async def export(deployment: Deployment, call: Call, what: What, form: Format, out: TextIO) -> Card:
    """Write all answers or scores (`what`) to the text stream `out` in a format, oldest run first,
    and return a card with their number.

    Scores are those of the scorer versions in use; pending answers are scored first.
    """
    if what is What.SCORES:
        deployment = await deployment.caught_up(call.progress)
    write = _line_writer(out, form, ANSWER_FIELDS if what is What.ANSWERS else SCORE_FIELDS)
    count = 0
    async for line in _answers(deployment) if what is What.ANSWERS else _scores(deployment):
        write(line)
        count += 1
    return Card(
        title=f"Exported {wording.count(count, what.value.removesuffix('s'))}",
        data={"what": what.value, "lines": count},
    )


async def export_to(
    deployment: Deployment,
    call: Call,
    *,
    what: Annotated[str, argument("What to write.", choices=tuple(What))],
    form: Annotated[
        str, option("How to write it, in the terminal.", word="format", choices=tuple(Format))
    ] = Format.JSONL,
    out: Annotated[Path | None, option("Where to; else standard output.")] = None,
) -> Card:
    """Write all answers or scores to a file, or to standard output; in a chat, return a card with a
    CSV file.

    Raises:
        FileUnwritable: when the file cannot be written.
        StoreMissing: when there is no store, so that an earlier file is not replaced by an empty
            one.
    """
    if deployment.missing_store:
        raise StoreMissing(url=deployment.missing_store)
    if call.face is Face.CHAT:
        return await _file_card(deployment, call, What(what))
    with replacing(out) if out else nullcontext(sys.stdout) as stream:
        card = await export(deployment, call, What(what), Format(form), stream)
    return card if out else replace(card, title="")  # nothing else belongs among the lines


async def _file_card(deployment: Deployment, call: Call, what: What) -> Card:
    """Return a card with all answers or scores (`what`) as a CSV file, newest first, up to
    `MAX_FILE_BYTES`.
    """
    is_scores = what is What.SCORES
    if is_scores:
        deployment = await deployment.caught_up(call.progress)
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\r\n")
    out.write(BYTE_ORDER_MARK)
    table.writerow(SCORE_COLUMNS if is_scores else ANSWER_COLUMNS)
    content, rows, is_whole = [out.getvalue().encode()], 0, True
    size = len(content[0])
    async for row in _score_rows(deployment, call) if is_scores else _answer_rows(deployment, call):
        out.seek(0)
        out.truncate()
        table.writerow([_text_cell(value, without_control_characters) for value in row])
        content.append(out.getvalue().encode())
        size += len(content[-1])
        if size > MAX_FILE_BYTES:
            content.pop()
            is_whole = False
            break
        rows += 1
    if not rows:
        return Card("No answers yet", data={"what": what.value, "lines": 0})
    counted = wording.count(rows, what.value.removesuffix("s"))
    left = f"The newest; more than {wording.size(MAX_FILE_BYTES)} do not fit into a file here."
    alt = f"{counted}, the newest first"
    return Card(
        title=counted[:1].upper() + counted[1:],
        text="" if is_whole else left,
        file=File(b"".join(content), f"{what.value}.csv", "text/csv", alt),
        data={"what": what.value, "lines": rows},
    )


@contextmanager
def replacing(file: Path) -> Iterator[TextIO]:
    """Open a new file for writing; the old file is replaced only when the context ends without an
    error.

    Raises:
        FileUnwritable: when the file cannot be written.
    """
    try:
        whole = file.resolve()
        in_place = whole.exists() and not whole.is_file()  # A pipe or a terminal stays one.
        part = whole if in_place else whole.with_name(f"{whole.name}.{os.getpid()}.part")
        try:
            # newline="" leaves line ends to the CSV writer.
            with open(part, "w", encoding="utf-8", newline="", opener=private) as stream:
                yield stream
            if not in_place:
                _replace_file(part, whole)
        finally:
            if not in_place:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise FileUnwritable(file=file, reason=error.strerror) from None


def _replace_file(part: Path, whole: Path) -> None:
    if whole.exists():
        shutil.copymode(whole, part)
    part.replace(whole)


def _line_writer(out: TextIO, form: Format, fields: tuple[str, ...]) -> Any:
    """Return a function that writes one line in a format, given as a mapping with the keys
    `fields`, to `out`. A CSV header is written at once.
    """
    if form is Format.JSONL:
        return lambda line: out.write(json_line(line, out) + "\n")
    # With another line end, the writer would leave a lone CR in a text without quotes.
    table = csv.DictWriter(out, fields, lineterminator="\r\n")
    table.writeheader()
    shown = without_control_characters if out.isatty() else str
    return lambda line: table.writerow({k: _text_cell(v, shown) for k, v in flat(line).items()})


def _text_cell(value: object, shown: Callable[[str], str]) -> object:
    """Return a value for a cell: a text as `shown` returns it, with an apostrophe before a text
    that a spreadsheet would take for a formula.
    """
    if not isinstance(value, str):
        return value
    text = shown(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


async def _own_answers(
    deployment: Deployment, runs: Iterable[Run]
) -> AsyncIterator[tuple[Answer, Run]]:
    """Yield the answers of runs, in the runs' order, with their runs; answers reused from another
    run are left out.
    """
    for run in runs:
        async for answer in deployment.store.answers.stream(runs=[run.id]):
            if not answer.reused_from:
                yield answer, run


async def _current_scores(
    deployment: Deployment, runs: Iterable[Run]
) -> AsyncIterator[tuple[ScoreRecord, Answer, Run]]:
    """Yield the scores of the scorer versions in use, with their answers and runs, in the runs'
    order.
    """
    for run in runs:
        answers = {a.id: a async for a in deployment.store.answers.stream(runs=[run.id])}
        async for record in deployment.store.scores.stream(runs=[run.id]):
            if f"{record.scorer}@{record.version}" in deployment.scoring.versions:
                yield record, answers[record.answer_id], run


async def _answers(deployment: Deployment) -> AsyncIterator[dict[str, Any]]:
    """Yield the lines of answers, the oldest run first."""
    runs = reversed(await deployment.store.runs.find())
    async for answer, run in _own_answers(deployment, runs):
        yield answer_line(answer, run)


async def _scores(deployment: Deployment) -> AsyncIterator[dict[str, Any]]:
    """Yield the lines of scores, the oldest run first."""
    runs = reversed(await deployment.store.runs.find())
    async for record, answer, run in _current_scores(deployment, runs):
        yield score_line(record, answer, run)


async def _answer_rows(deployment: Deployment, call: Call) -> AsyncIterator[Sequence[object]]:
    """Yield the cells of each answer in the columns `ANSWER_COLUMNS`, newest run first."""
    async for answer, _ in _own_answers(deployment, await deployment.store.runs.find()):
        sources = "\n".join(citation.url for citation in answer.reply.citations)
        question = _question_cells(deployment, call, answer)
        yield (*question, answer.reply.text, sources, answer.reply.cost_usd)


async def _score_rows(deployment: Deployment, call: Call) -> AsyncIterator[Sequence[object]]:
    """Yield the cells of each score in the columns `SCORE_COLUMNS`, newest run first."""
    metrics, runs = deployment.scoring.metrics, await deployment.store.runs.find()
    async for record, answer, _ in _current_scores(deployment, runs):
        score = record.score
        metric = metrics[score.metric].label if score.metric in metrics else score.metric
        yield (*_question_cells(deployment, call, answer), record.brand, metric, score.value)


def _question_cells(deployment: Deployment, call: Call, answer: Answer) -> tuple[str, str, str]:
    """Return the time in the reader's zone, the model's display name, and the text of an answer's
    question.
    """
    asked_at = f"{answer.asked_at.astimezone(call.zone):%Y-%m-%d %H:%M}"
    question = answer.question
    return asked_at, deployment.names.name(question.model), question.prompt.text


EXPORT = CommandSpec(
    "export",
    "Write answers or scores to a file.",
    export_to,
    role=Role.ADMIN,
    needs_store=True,
    private=True,
    examples=("export answers", "export scores"),
)
