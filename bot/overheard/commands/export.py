"""`export`: answers and scores as JSON lines or CSV, in the form that `import` reads."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Any, TextIO

from overheard.cards import words
from overheard.cards.card import Card
from overheard.commands.context import Context
from overheard.commands.lines import (
    ANSWER_FIELDS,
    SCORE_FIELDS,
    answer_line,
    flat,
    score_line,
)


class What(StrEnum):
    """What is written."""

    ANSWERS = "answers"
    SCORES = "scores"


class Format(StrEnum):
    """How it is written."""

    JSONL = "jsonl"
    CSV = "csv"


async def export(context: Context, what: What, form: Format, out: TextIO) -> Card:
    """Write everything there is to a text stream, run by run.

    Scores are those of the scorers as they are now; what has not been scored yet is scored first.
    """
    if what is What.SCORES:
        await context.scoring.catch_up(context.store, context.progress)
    write = _writer(out, form, ANSWER_FIELDS if what is What.ANSWERS else SCORE_FIELDS)
    count = 0
    async for line in _answers(context) if what is What.ANSWERS else _scores(context):
        write(line)
        count += 1
    return Card(
        title=f"Exported {words.count(count, what.value.removesuffix('s'))}",
        data={"what": what.value, "lines": count},
    )


def _writer(out: TextIO, form: Format, fields: tuple[str, ...]) -> Any:
    if form is Format.JSONL:
        return lambda line: out.write(json.dumps(line, ensure_ascii=False) + "\n")
    table = csv.DictWriter(out, fields, lineterminator="\n")
    table.writeheader()
    return lambda line: table.writerow(flat(line))


async def _answers(context: Context) -> AsyncIterator[dict[str, Any]]:
    for run in reversed(await context.store.runs()):
        async for answer in context.store.answers(runs=[run.id]):
            yield answer_line(answer, run)


async def _scores(context: Context) -> AsyncIterator[dict[str, Any]]:
    for run in reversed(await context.store.runs()):
        answers = {a.id: a async for a in context.store.answers(runs=[run.id])}
        async for record in context.store.scores(runs=[run.id]):
            if f"{record.scorer}@{record.version}" in context.scoring.versions:
                yield score_line(record, answers[record.answer_id], run)
