"""`export`: answers and scores as JSON lines or CSV, in the form that `import` reads."""

from __future__ import annotations

import csv
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TextIO

from overheard.cards import wording
from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Face, Role, argument, option
from overheard.commands.retain import private
from overheard.config.redaction import json_line, printable
from overheard.deployment import Call, Deployment
from overheard.errors import FileUnwritable, StoreError
from overheard.runs.history_lines import ANSWER_FIELDS, SCORE_FIELDS, answer_line, flat, score_line


class What(StrEnum):
    """What is written."""

    ANSWERS = "answers"
    SCORES = "scores"


class Format(StrEnum):
    """How it is written."""

    JSONL = "jsonl"
    CSV = "csv"


FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet may calculate; an apostrophe before it makes it text."""


async def export(deployment: Deployment, call: Call, what: What, form: Format, out: TextIO) -> Card:
    """Write everything there is to a text stream, run by run.

    Scores are those of the scorers as they are now; what has not been scored yet is scored first.
    """
    if what is What.SCORES:
        deployment = await deployment.caught_up(call.progress)
    write = _writer(out, form, ANSWER_FIELDS if what is What.ANSWERS else SCORE_FIELDS)
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
        str, option("How to write it.", word="format", choices=tuple(Format))
    ] = Format.JSONL,
    out: Annotated[Path | None, option("Where to; else standard output.")] = None,
) -> Card:
    """Write everything there is to a file, or to standard output.

    Raises:
        FileUnwritable: when the file cannot be written.
        StoreError: when there is no store, so that an earlier export is not replaced by nothing.
    """
    if deployment.missing_store:
        raise StoreError(
            url=deployment.missing_store,
            reason="there is no such file",
            remedy="check [storage] url",
        )
    with replacing(out) if out else nullcontext(sys.stdout) as stream:
        card = await export(deployment, call, What(what), Format(form), stream)
    return card if out else replace(card, title="")  # nothing else belongs among the lines


@contextmanager
def replacing(file: Path) -> Iterator[TextIO]:
    """Open a file for an export; an old one stays as it is until the new one is whole.

    Raises:
        FileUnwritable: when it cannot be written.
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
                _replace(part, whole)
        finally:
            if not in_place:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise FileUnwritable(file=file, reason=error.strerror) from None


def _replace(part: Path, whole: Path) -> None:
    if whole.exists():
        shutil.copymode(whole, part)
    part.replace(whole)


def _writer(out: TextIO, form: Format, fields: tuple[str, ...]) -> Any:
    if form is Format.JSONL:
        return lambda line: out.write(json_line(line, out) + "\n")
    # With another line end, the writer would leave a lone CR in a text without quotes.
    table = csv.DictWriter(out, fields, lineterminator="\r\n")
    table.writeheader()
    shown = printable if out.isatty() else str
    return lambda line: table.writerow({k: _cell(v, shown) for k, v in flat(line).items()})


def _cell(value: object, shown: Callable[[str], str]) -> object:
    """Return a cell that no spreadsheet takes for a formula: a model's answer may begin as one."""
    if not isinstance(value, str):
        return value
    text = shown(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


async def _answers(deployment: Deployment) -> AsyncIterator[dict[str, Any]]:
    for run in reversed(await deployment.store.runs.find()):
        async for answer in deployment.store.answers.stream(runs=[run.id]):
            if not answer.reused_from:  # its original is written; read again, it would count twice
                yield answer_line(answer, run)


async def _scores(deployment: Deployment) -> AsyncIterator[dict[str, Any]]:
    for run in reversed(await deployment.store.runs.find()):
        answers = {a.id: a async for a in deployment.store.answers.stream(runs=[run.id])}
        async for record in deployment.store.scores.stream(runs=[run.id]):
            if f"{record.scorer}@{record.version}" in deployment.scoring.versions:
                yield score_line(record, answers[record.answer_id], run)


EXPORT = CommandSpec(
    "export",
    "Write answers or scores, in the form that import reads.",
    export_to,
    role=Role.ADMIN,
    reads=True,
    examples=("export answers", "export scores --format csv --out scores.csv"),
    faces=frozenset({Face.TERMINAL}),
)
