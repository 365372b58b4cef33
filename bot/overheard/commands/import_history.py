"""`import`: history from elsewhere, one answer a line, scored on arrival.

A file can be read any number of times, also in parts or grown longer: an answer that is there
already is known by its run, prompt, model, time and text, and is left out.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, Any, BinaryIO

from overheard.cards import wording
from overheard.cards.card import Card, Field, Severity, Table
from overheard.cards.command import IN_TERMINAL, CommandSpec, Role, argument
from overheard.commands.check_card import fault_sentences
from overheard.deployment import Call, Deployment
from overheard.domain import Answer, Run, RunState
from overheard.errors import FileUnreadable, RunInUse
from overheard.interfaces import Store
from overheard.runs.history_lines import AnswerLine, read_line

BATCH = 500
SHOWN_BAD_LINES = 20
"""Largest number of faulty lines on a card; the card's data has all of them."""

RUN_LOCK_TIMEOUT_S = 60.0
PAUSE = 0.2
"""Seconds between two attempts to lock a run."""

Content = tuple[str, str, datetime, str]
"""The content by which answers of a run are compared: prompt key, model, time and text."""


@dataclass(slots=True)
class _RunLines:
    """The positions of a run's answers in the file, in bytes, and the times of the first and last
    answer.
    """

    first: datetime
    last: datetime
    places: list[int] = field(default_factory=list)

    def add(self, at: datetime, place: int) -> None:
        self.first, self.last = min(self.first, at), max(self.last, at)
        self.places.append(place)


@dataclass(slots=True)
class _Tally:
    lines: int = 0
    new: int = 0
    known: int = 0
    runs: dict[str, _RunLines] = field(default_factory=dict)
    bad: list[tuple[int, str]] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)


async def import_history(
    deployment: Deployment,
    call: Call,
    *,
    file: Annotated[Path, argument("JSON lines, one answer a line.")],
) -> Card:
    """Store the answers of a file, run by run, and score them.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        file: JSON lines, see `overheard.runs.history_lines.AnswerLine`; a pipe will do.

    Raises:
        FileUnreadable: when the file cannot be opened.
        RunInUse: when another process keeps a run locked.
    """
    try:
        lines = _open_seekable(file)
        tally = _surveyed_lines(lines)
    except OSError as error:
        raise FileUnreadable(file=file, reason=error.strerror) from None
    with lines:
        call.progress.start(f"Importing {wording.count(tally.lines, 'line')}", tally.lines)
        for key, span in tally.runs.items():
            await _import_run(deployment, call, lines, key, span, tally)
    call.progress.finish()
    deployment = await deployment.caught_up(call.progress, tally.new)
    return _import_card(file, tally, deployment.scoring.faults)


async def _import_run(
    deployment: Deployment, call: Call, lines: BinaryIO, key: str, span: _RunLines, tally: _Tally
) -> None:
    """Store the missing answers of the run with a key, from its lines in the file (`span`), and
    count them in `tally`. Other processes cannot write to the run during it. Raises
    RunInUse.
    """
    store = deployment.store
    run = await store.runs.start(
        Run(key, span.first, None, RunState.COMPLETE, span.last, asked_by="import")
    )
    async with _run_locked(store, run):
        intake = _Intake(store, run)
        await intake.read_stored()
        read = _lines_at(lines, span.places)
        while batch := list(islice(read, BATCH)):
            await intake.store_missing(batch)
            call.progress.advance(len(batch))
        tally.new += intake.new
        tally.known += intake.known


@asynccontextmanager
async def _run_locked(store: Store, run: Run) -> AsyncIterator[None]:
    """Lock a run for the duration of the context; retry for `RUN_LOCK_TIMEOUT_S`, then raise
    RunInUse.
    """
    for _ in range(round(RUN_LOCK_TIMEOUT_S / PAUSE)):
        async with store.locks.run_lock(run.id) as is_locked:
            if is_locked:
                yield
                return
        await asyncio.sleep(PAUSE)
    raise RunInUse(run=run.key)


class _Intake:
    """Numbers the imported answers of a run among the repeats of their questions, and stores them.

    Attributes:
        new: The number of answers stored.
        known: The number of answers that were stored before.
    """

    def __init__(self, store: Store, run: Run) -> None:
        """Store the collaborators; `read_stored` has to follow before any line is stored."""
        self._store = store
        self._run = run
        self._stored: Counter[Content] = Counter()
        self._gone_counts: Counter[tuple[str, str, datetime]] = Counter()
        self._read_counts: Counter[Content] = Counter()
        self._next_repeats: dict[tuple[str, str], int] = {}
        self.new = 0
        self.known = 0

    async def read_stored(self) -> None:
        """Count the stored answers of the run by content, and find the next free repeat of each
        question.
        """
        self._stored.clear()
        self._gone_counts.clear()
        async for answer in self._store.answers.stream(runs=[self._run.id]):
            self._stored[_answer_content(answer)] += 1
            self._gone_counts[_answer_content(answer)[:3]] += answer.gone
            prompt, model, repeat = answer.question.key
            self._next_repeats[prompt, model] = max(
                self._next_repeats.get((prompt, model), 0), repeat + 1
            )

    async def store_missing(self, lines: Sequence[AnswerLine]) -> None:
        """Store the answers of those lines that the store does not have."""
        missing = [answer for line in lines if (answer := self._first_seen(line))]
        while missing:
            kept = {answer.question.key for answer in await self._store.answers.add(missing)}
            self.new += len(kept)
            missing = [answer for answer in missing if answer.question.key not in kept]
            if missing:  # the lock is a file and binds no other process, which took the repeats
                await self.read_stored()
                missing = [again for answer in missing if (again := self._with_free_repeat(answer))]

    def _first_seen(self, line: AnswerLine) -> Answer | None:
        """Count a line as read; return its answer with a free repeat, or None if the store has it.

        Two equal lines are two answers, because short answers do repeat: the third equal line is
        new only when fewer than three are stored.
        """
        answer = line.answer(self._run.id)
        self._read_counts[_answer_content(answer)] += 1
        return self._with_free_repeat(answer)

    def _with_free_repeat(self, answer: Answer) -> Answer | None:
        """Return an answer with the next free repeat of its question; None if the store has it."""
        content = _answer_content(answer)
        if self._read_counts[content] <= self._stored[content] or self._is_gone(content):
            self.known += 1
            return None
        self._stored[content] += 1
        prompt, model, _ = answer.question.key
        repeat = self._next_repeats.get((prompt, model), 0)
        self._next_repeats[prompt, model] = repeat + 1
        return replace(answer, question=replace(answer.question, repeat=repeat))

    def _is_gone(self, content: Content) -> bool:
        """Return whether an answer's content matches a stored answer whose text was removed; each
        such stored answer matches once.
        """
        left = self._gone_counts[content[:3]]
        self._gone_counts[content[:3]] = max(0, left - 1)
        return left > 0


def _answer_content(answer: Answer) -> Content:
    prompt, model, _ = answer.question.key
    return prompt, model, answer.asked_at, answer.reply.text


def _open_seekable(file: Path) -> BinaryIO:
    """Open a file for two passes; the content of a pipe is copied to a temporary file first. The
    caller closes the file. Raises OSError.
    """
    given = file.open("rb")
    if given.seekable():
        return given
    with given:
        copy: BinaryIO = TemporaryFile()  # noqa: SIM115 - the caller closes it
        shutil.copyfileobj(given, copy)
    copy.seek(0)
    return copy


def _surveyed_lines(lines: BinaryIO) -> _Tally:
    """Read every line once and return the counts, the faulty lines, and the positions of each run's
    answers.
    """
    tally = _Tally()
    place = 0
    for number, text in enumerate(lines, 1):
        if text.strip():
            tally.lines += 1
            parsed = read_line(text)
            if parsed.line is None:
                tally.bad.append((number, parsed.problem))
            else:
                at = parsed.line.asked_at
                tally.runs.setdefault(parsed.line.run, _RunLines(at, at)).add(at, place)
                tally.unknown.update(parsed.unknown)
        place += len(text)
    return tally


def _lines_at(lines: BinaryIO, places: Sequence[int]) -> Iterator[AnswerLine]:
    for place in places:
        lines.seek(place)
        line = read_line(lines.readline()).line
        if line:
            yield line


def _import_card(file: Path, tally: _Tally, faults: Counter[str]) -> Card:
    """Return the card of an import, from its tally: counts, faulty lines, faults of scorers."""
    mend = " Mend the lines below and import it again." if tally.bad else ""
    fields = [
        Field("New answers", f"{tally.new:,}"),
        Field("Known already", f"{tally.known:,}"),
        Field("Runs", f"{len(tally.runs):,}"),
        Field("Lines left out", f"{len(tally.bad):,}"),
    ]
    if tally.unknown:
        fields.append(Field("Fields left out", ", ".join(sorted(tally.unknown)), wide=True))
    return Card(
        title=f"Imported {wording.count(tally.new, 'answer')}",
        text="\n\n".join([f"From {file}.{mend}", *fault_sentences(faults)]),
        fields=tuple(fields),
        table=_bad_line_table(tally.bad),
        severity=Severity.WARNING if tally.bad else Severity.GOOD,
        data=_import_json(tally),
    )


def _bad_line_table(bad: list[tuple[int, str]]) -> Table | None:
    rows = [(str(number), problem) for number, problem in bad[:SHOWN_BAD_LINES]]
    if len(bad) > SHOWN_BAD_LINES:
        rows.append(("…", f"and {len(bad) - SHOWN_BAD_LINES} more"))
    return Table(("Line", "What is wrong"), tuple(rows), frozenset({0})) if rows else None


def _import_json(tally: _Tally) -> dict[str, Any]:
    """Return the tally of an import for JSON output, with the numbers of faulty lines."""
    return {
        "new": tally.new,
        "known": tally.known,
        "runs": len(tally.runs),
        "bad_lines": [{"line": number, "problem": problem} for number, problem in tally.bad],
        "unknown_fields": sorted(tally.unknown),
    }


IMPORT = CommandSpec(
    "import",
    "Read history from elsewhere; doing it twice changes nothing.",
    import_history,
    role=Role.ADMIN,
    examples=("import history.jsonl",),
    faces=IN_TERMINAL,
)
