"""`import`: history from elsewhere, one answer a line, scored on arrival.

A file can be read any number of times, also in parts or grown longer: an answer that is there
already is known by its run, prompt, model, time and text, and is left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from overheard.cards import words
from overheard.cards.card import Card, Field, Severity, Table
from overheard.commands.context import Context
from overheard.commands.lines import AnswerLine, read_line, unknown_fields
from overheard.domain import Answer, Run, RunState
from overheard.errors import FileUnreadable

BATCH = 500
SHOWN = 20
"""Bad lines that a card shows; its data has all of them."""

Content = tuple[str, str, datetime, str]
"""What makes two answers of a run the same: prompt key, model, time and text."""


@dataclass(slots=True)
class _Tally:
    lines: int = 0
    new: int = 0
    runs: set[str] = field(default_factory=set)
    bad: list[tuple[int, str]] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)


async def import_history(context: Context, file: Path) -> Card:
    """Read a file of answers into the store and score them.

    Args:
        context: The deployment.
        file: JSON lines, see `overheard.commands.lines.AnswerLine`.

    Raises:
        FileUnreadable: when the file cannot be opened.
    """
    tally = _Tally()
    try:
        total, spans = _survey(file)
        intake = _Intake(context, spans)
        context.progress.start(f"Importing {total} lines", total)
        lines = _read(file, tally)
        while batch := list(islice(lines, BATCH)):
            tally.new += await intake.take(batch)
            context.progress.advance(len(batch))
    except OSError as error:
        raise FileUnreadable(file=file, reason=error.strerror) from None
    context.progress.finish()
    await context.scoring.catch_up(context.store, context.progress, tally.new)
    return _card(file, tally)


class _Intake:
    """Gives each answer its run and its number among the repeats, and keeps it."""

    def __init__(self, context: Context, spans: dict[str, tuple[datetime, datetime]]) -> None:
        self._context = context
        self._spans = spans
        self._runs: dict[str, Run] = {}
        self._stored: dict[int, Counter[Content]] = {}
        self._read: dict[int, Counter[Content]] = defaultdict(Counter)
        self._next: dict[tuple[int, str, str], int] = {}

    async def take(self, lines: list[AnswerLine]) -> int:
        """Keep the answers that are not there yet; return how many were new."""
        new = []
        for line in lines:
            run = await self._run(line.run)
            repeat = self._new_repeat(run.id, line)
            if repeat is not None:
                new.append(line.answer(run.id, repeat))
        return len(await self._context.store.add_answers(new))

    async def _run(self, key: str) -> Run:
        if key not in self._runs:
            first, last = self._spans[key]
            run = await self._context.store.start_run(
                Run(key, first, None, RunState.COMPLETE, last, asked_by="import")
            )
            self._stored[run.id] = Counter()
            async for answer in self._context.store.answers(runs=[run.id]):
                self._stored[run.id][_content(answer)] += 1
                self._claim(run.id, answer)
            self._runs[key] = run
        return self._runs[key]

    def _claim(self, run_id: int, answer: Answer) -> None:
        prompt, model, repeat = answer.question.key
        place = (run_id, prompt, model)
        self._next[place] = max(self._next.get(place, 0), repeat + 1)

    def _new_repeat(self, run_id: int, line: AnswerLine) -> int | None:
        """Return the next free repeat, or None for an answer that is stored already.

        Two equal lines are two answers: short answers do repeat. So the third line of its kind
        is new only when fewer than three are stored.
        """
        answer = line.answer(run_id, 0)
        content = _content(answer)
        self._read[run_id][content] += 1
        if self._read[run_id][content] <= self._stored[run_id][content]:
            return None
        prompt, model, _ = answer.question.key
        repeat = self._next.get((run_id, prompt, model), 0)
        self._next[run_id, prompt, model] = repeat + 1
        return repeat


def _content(answer: Answer) -> Content:
    prompt, model, _ = answer.question.key
    return prompt, model, answer.asked_at, answer.reply.text


def _survey(file: Path) -> tuple[int, dict[str, tuple[datetime, datetime]]]:
    """Return the number of lines, and when each run's first and last answer were asked."""
    spans: dict[str, tuple[datetime, datetime]] = {}
    total = 0
    with file.open("rb") as lines:
        for total, text in enumerate(lines, 1):  # noqa: B007 - the last number is the total
            line, _ = read_line(text)
            if line:
                first, last = spans.get(line.run, (line.asked_at, line.asked_at))
                spans[line.run] = min(first, line.asked_at), max(last, line.asked_at)
    return total, spans


def _read(file: Path, tally: _Tally) -> Iterator[AnswerLine]:
    with file.open("rb") as lines:
        for number, text in enumerate(lines, 1):
            if not text.strip():
                continue
            tally.lines += 1
            line, problem = read_line(text)
            if line is None:
                tally.bad.append((number, problem))
                continue
            tally.unknown.update(unknown_fields(text))
            tally.runs.add(line.run)
            yield line


def _card(file: Path, tally: _Tally) -> Card:
    good = tally.lines - len(tally.bad)
    known = good - tally.new
    fields = [
        Field("New answers", f"{tally.new:,}"),
        Field("Known already", f"{known:,}"),
        Field("Runs", f"{len(tally.runs):,}"),
        Field("Lines left out", f"{len(tally.bad):,}"),
    ]
    if tally.unknown:
        fields.append(Field("Fields left out", ", ".join(sorted(tally.unknown)), wide=True))
    return Card(
        title=f"Imported {words.count(tally.new, 'answer')}",
        text=f"From {file}." + (" Mend the lines below and import it again." if tally.bad else ""),
        fields=tuple(fields),
        table=_bad_lines(tally.bad),
        severity=Severity.WARNING if tally.bad else Severity.GOOD,
        data=_data(tally, known),
    )


def _bad_lines(bad: list[tuple[int, str]]) -> Table | None:
    rows = [(str(number), problem) for number, problem in bad[:SHOWN]]
    if len(bad) > SHOWN:
        rows.append(("…", f"and {len(bad) - SHOWN} more"))
    return Table(("Line", "What is wrong"), tuple(rows), frozenset({0})) if rows else None


def _data(tally: _Tally, known: int) -> dict[str, Any]:
    return {
        "new": tally.new,
        "known": known,
        "runs": len(tally.runs),
        "bad_lines": [{"line": number, "problem": problem} for number, problem in tally.bad],
        "unknown_fields": sorted(tally.unknown),
    }
