"""`export`: answers and scores, in the terminal in the form that `import` reads, in a chat as a CSV
file for people.
"""

import csv
import io
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TextIO

from overheard.cards import wording
from overheard.cards.card import MAX_FILE_BYTES, Card, File, Severity
from overheard.cards.command import CommandSpec, Face, Role, argument, option
from overheard.commands.database import private
from overheard.config.secrets import json_line, without_control_characters
from overheard.deployment import Call
from overheard.domain import Answer, Run, ScoreRecord
from overheard.errors import FileUnwritable, StoreMissing
from overheard.interfaces import Store
from overheard.runs.history_lines import ANSWER_FIELDS, SCORE_FIELDS, answer_line, flat, score_line


class What(StrEnum):
    """The kind of lines to export."""

    ANSWERS = "answers"
    SCORES = "scores"


class Format(StrEnum):
    """The format of the lines."""

    JSONL = "jsonl"
    CSV = "csv"


CHAT_ANSWER_COLUMNS = ("Asked", "Model", "Question", "Answer", "Sources", "Searches", "Cost in $")
CHAT_SCORE_COLUMNS: Sequence[str] = ("Asked", "Model", "Question", "Brand", "Metric", "Value")
"""Columns of the file in a chat, for people, who know models and metrics only by name. The terminal
writes `ANSWER_FIELDS` (which `import` reads) or `SCORE_FIELDS`, for programs.
"""
BYTE_ORDER_MARK = "\ufeff"
"""Shows Excel that a CSV file is UTF-8."""
CSV_LINE_END = "\r\n"
"""With another line end, the writer would leave a lone CR in a text without quotes."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet may calculate; an apostrophe before it makes it text."""


async def export(call: Call, what: What, form: Format, out: TextIO) -> Card:
    """Write all answers or scores to a text stream, a line for each and the oldest run first, and
    return a card with their number.

    Answers that another run reused are written once. Scores are those of the scorer versions in
    use; answers that wait for it are scored first.

    Args:
        what: Answers or scores.
        form: JSON lines, or CSV with a header.
    """
    call = await call.caught_up() if what is What.SCORES else call
    runs = [*reversed(await call.store.runs.find())]
    lines: AsyncIterator[dict[str, Any]] = (
        (score_line(*scored) async for scored in _current_scores(call, runs))
        if what is What.SCORES
        else (answer_line(*own) async for own in _own_answers(call.store, runs))
    )
    fields = SCORE_FIELDS if what is What.SCORES else ANSWER_FIELDS
    write_line = _line_writer(out, form, fields)
    count = 0
    async for line in lines:
        write_line(line)
        count += 1
    return Card(
        title=f"Exported {wording.count(count, what.value.removesuffix('s'))}",
        data={"what": what.value, "lines": count},
    )


async def export_to(
    call: Call,
    *,
    what: Annotated[str, argument("What to write.", choices=tuple(What))],
    form: Annotated[
        str, option("How to write it, in the terminal.", word="format", choices=tuple(Format))
    ] = Format.JSONL,
    out: Annotated[Path | None, option("Where to; else standard output.")] = None,
) -> Card:
    """Write all answers or scores to a file or to standard output; in a chat, return a card with a
    CSV file.

    Args:
        call: The person who asks; in a chat, `form` and `out` are ignored.
        what: ``answers`` or ``scores``.
        form: ``jsonl`` or ``csv``; the command `import` reads answers in both.
        out: The file, which replaces an existing one; None for standard output.

    Raises:
        StoreMissing: when there is no store, so that an earlier file is not replaced by an empty
            one.
    """
    if call.deployment.missing_store:
        raise StoreMissing(url=call.deployment.missing_store)
    if call.face is Face.CHAT:
        return await _file_card(call, What(what))
    with replacing(out) if out else nullcontext(sys.stdout) as stream:
        card = await export(call, What(what), Format(form), stream)
    return card if out else replace(card, title="")  # nothing else belongs among the lines


async def _file_card(call: Call, what: What) -> Card:
    """Return a card with all answers or scores as a CSV file that spreadsheets open, the newest run
    first. A file that would be larger than `MAX_FILE_BYTES` ends before, and the text says so.
    Without a row the card says that there are no answers, or that the first row alone is larger.
    """
    if what is What.SCORES:
        call = await call.caught_up()
        rows, columns = _score_rows(call), CHAT_SCORE_COLUMNS
    else:
        rows, columns = _answer_rows(call), CHAT_ANSWER_COLUMNS
    content = [f"{BYTE_ORDER_MARK}{_csv_row(columns)}".encode()]
    size, is_whole = len(content[0]), True
    async for row in rows:
        encoded_row = _csv_row(row).encode()
        size += len(encoded_row)
        if size > MAX_FILE_BYTES:
            is_whole = False
            break
        content.append(encoded_row)
    count = len(content) - 1
    data = {"what": what.value, "lines": count}
    if not count and is_whole:
        return Card("No answers yet", data=data)
    if not count:
        title = f"The newest {what.value.removesuffix('s')} is too long for a file here"
        text = f"It alone is larger than {wording.size(MAX_FILE_BYTES)}."
        return Card(title, text, severity=Severity.WARNING, data=data)
    count_words = wording.count(count, what.value.removesuffix("s"))
    limit_note = (
        f"The newest; more than {wording.size(MAX_FILE_BYTES)} do not fit into a file here."
    )
    alt = f"{count_words}, the newest first"
    return Card(
        title=count_words[:1].upper() + count_words[1:],
        text="" if is_whole else limit_note,
        file=File(b"".join(content), f"{what.value}.csv", "text/csv", alt),
        data=data,
    )


def _csv_row(values: Iterable[object]) -> str:
    """Return values as a row of a CSV file for people, with its line end. Control characters are
    left out, and no text is taken for a formula.
    """
    out = io.StringIO(newline="")
    cells = [_text_cell(value, without_control_characters) for value in values]
    csv.writer(out, lineterminator=CSV_LINE_END).writerow(cells)
    return out.getvalue()


@contextmanager
def replacing(file: Path, opener: Callable[[str, int], int] | None = private) -> Iterator[TextIO]:
    """Open a text stream whose content replaces a file when the context ends without an error. Else
    an existing file stays as it is.

    The content is written beside the file first, readable by this user only. An existing file gives
    the new one its mode; a symbolic link stays, and the file that it points to is replaced. A pipe
    or a terminal is written to directly.

    Args:
        file: The file, which need not exist; its folder must.
        opener: Opens it, by default for this user only; None gives it the usual mode of a file.
    """
    try:
        target = file.resolve()
        is_pipe_or_device = target.exists() and not target.is_file()
        written = (
            target if is_pipe_or_device else target.with_name(f"{target.name}.{os.getpid()}.part")
        )
        try:
            # newline="" leaves line ends to the CSV writer.
            with open(written, "w", encoding="utf-8", newline="", opener=opener) as stream:
                yield stream
            if not is_pipe_or_device:
                if target.exists():
                    shutil.copymode(target, written)
                written.replace(target)
        finally:
            if not is_pipe_or_device:
                written.unlink(missing_ok=True)
    except OSError as error:
        raise FileUnwritable(file=file, reason=error.strerror) from None


def _line_writer(
    out: TextIO, form: Format, fields: tuple[str, ...]
) -> Callable[[Mapping[str, Any]], object]:
    """Return a function that writes one line, given as a mapping, to a text stream. For CSV, the
    header is written at once, before the function is returned, and control characters are left out
    of cells if the stream is a terminal.
    """
    if form is Format.JSONL:
        return lambda line: out.write(json_line(line, out) + "\n")
    writer = csv.DictWriter(out, fields, lineterminator=CSV_LINE_END)
    writer.writeheader()
    clean = without_control_characters if out.isatty() else str
    return lambda line: writer.writerow(
        {key: _text_cell(value, clean) for key, value in flat(line).items()}
    )


def _text_cell(value: object, clean: Callable[[str], str]) -> object:
    """Return a value for a cell of CSV. A text is passed through `clean`, and gets an apostrophe
    before it if a spreadsheet would take it for a formula; other values are returned unchanged.
    """
    if not isinstance(value, str):
        return value
    text = clean(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


async def _own_answers(store: Store, runs: Iterable[Run]) -> AsyncIterator[tuple[Answer, Run]]:
    """Yield each answer of some runs with its run, in the order of the runs and of the answers.
    Copies of answers of other runs, which a run has reused, are left out.
    """
    for run in runs:
        async for answer in store.answers.stream(runs=[run.id]):
            if not answer.reused_from:
                yield answer, run


async def _current_scores(
    call: Call, runs: Iterable[Run]
) -> AsyncIterator[tuple[ScoreRecord, Answer, Run]]:
    """Yield each score of some runs with its answer and its run, in the order of the runs. Only
    scores by the scorer versions in use are yielded.
    """
    for run in runs:
        answers = {a.id: a async for a in call.store.answers.stream(runs=[run.id])}
        async for record in call.store.scores.stream(runs=[run.id]):
            if f"{record.scorer}@{record.version}" in call.scoring.versions:
                yield record, answers[record.answer_id], run


async def _answer_rows(call: Call) -> AsyncIterator[Sequence[object]]:
    """Yield the cells of each answer in the columns `CHAT_ANSWER_COLUMNS`, the newest run first.
    Sources and searches are one a line; the cost is None if it is not known.
    """
    async for answer, _ in _own_answers(call.store, await call.store.runs.find()):
        sources = "\n".join(citation.url for citation in answer.reply.citations)
        question_cells = _question_cells(call, answer)
        searches = "\n".join(answer.reply.queries)
        yield (*question_cells, answer.conversation, sources, searches, answer.reply.cost_usd)


async def _score_rows(call: Call) -> AsyncIterator[Sequence[object]]:
    """Yield the cells of each score in the columns `CHAT_SCORE_COLUMNS`, the newest run first. A
    metric that nothing measures any more has its name in place of its label.
    """
    metrics, runs = call.scoring.metrics, await call.store.runs.find()
    async for record, answer, _ in _current_scores(call, runs):
        score = record.score
        metric = metrics[score.metric].label if score.metric in metrics else score.metric
        yield (*_question_cells(call, answer), record.brand, metric, score.value)


def _question_cells(call: Call, answer: Answer) -> tuple[str, str, str]:
    """Return the time at which an answer was asked (``2026-11-24 07:00`` in the reader's zone), its
    model's display name, and the text of its question.
    """
    asked_at = f"{answer.asked_at.astimezone(call.zone):%Y-%m-%d %H:%M}"
    question = answer.question
    return asked_at, call.names.name(question.model), question.prompt.text


EXPORT = CommandSpec(
    "export",
    "Write answers or scores to a file.",
    export_to,
    role=Role.ADMIN,
    needs_store=True,
    private=True,
    examples=("export answers", "export scores"),
)
