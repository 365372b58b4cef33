"""`import`: answers that were collected elsewhere, from a file with one answer a line. They are
stored and scored.

A file can be read any number of times, also in parts or after it has grown. An answer that is
stored already is recognised by its run, prompt, model, time and text, and is left out.
"""

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
from overheard.deployment import Call
from overheard.domain import Answer, Run, RunState
from overheard.errors import FileUnreadable, RunInUse
from overheard.interfaces import Store
from overheard.runs.history_lines import AnswerLine, read_line

BATCH_LINES = 500
"""Lines that are stored at a time."""
SHOWN_BAD_LINES = 20
"""Largest number of faulty lines on a card; the card's data has all of them."""

RUN_LOCK_TIMEOUT_S = 60.0
"""Seconds for which a run that another process has locked is waited for."""
RUN_LOCK_INTERVAL_S = 0.2
"""Seconds between two attempts to lock a run."""

Content = tuple[str, str, datetime, str]
"""The content by which answers of a run are compared: prompt key, model, time and text."""


@dataclass(slots=True)
class _RunLines:
    """Where the answers of one run are in the file.

    Attributes:
        first: The time of the earliest answer.
        last: The time of the latest answer.
        offsets: The position of each line in bytes, in the order of the file.
    """

    first: datetime
    last: datetime
    offsets: list[int] = field(default_factory=list)

    def add(self, at: datetime, offset: int) -> None:
        self.first, self.last = min(self.first, at), max(self.last, at)
        self.offsets.append(offset)


@dataclass(slots=True)
class _Tally:
    """What a file contains, and what became of its answers.

    Attributes:
        lines: The number of lines that are not blank.
        new: The number of answers that were stored now.
        known: The number of answers that were stored before.
        runs: The lines of each run, by the run's key.
        bad: The number (from 1) and the problem of each line that cannot be used.
        unknown: How many lines have each field that is not known and so not read.
    """

    lines: int = 0
    new: int = 0
    known: int = 0
    runs: dict[str, _RunLines] = field(default_factory=dict)
    bad: list[tuple[int, str]] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)


async def import_history(
    call: Call, *, file: Annotated[Path, argument("JSON lines, one answer a line.")]
) -> Card:
    """Store the answers of a file, run by run, then score them.

    Lines that cannot be used are left out, and so are answers that are stored already; the card
    counts both. The runs before an error stay stored.

    Args:
        file: JSON lines with the fields of `overheard.runs.history_lines.AnswerLine`; a pipe is
            accepted.

    Raises:
        FileUnreadable: when the file cannot be opened or read.
        RunInUse: when another process keeps a run locked for longer than `RUN_LOCK_TIMEOUT_S`.
    """
    try:
        lines = _open_seekable(file)
        tally = _tally_of(lines, call.store)
    except OSError as error:
        raise FileUnreadable(file=file, reason=error.strerror) from None
    with lines:
        call.progress.start(f"Importing {wording.count(tally.lines, 'line')}", tally.lines)
        for key, span in tally.runs.items():
            await _import_run(call.store, call, lines, key, span, tally)
    call.progress.finish()
    call = await call.caught_up(tally.new)
    return _import_card(file, tally, call.scoring.faults)


async def _import_run(
    store: Store, call: Call, lines: BinaryIO, key: str, span: _RunLines, tally: _Tally
) -> None:
    """Store the answers of one run that are missing in the store, and add their numbers to `tally`.

    A run with an unknown key is created. The run is locked meanwhile, so that no other process
    imports into it.
    """
    run = await store.runs.start(
        Run(key, span.first, None, RunState.COMPLETE, span.last, asked_by="import")
    )
    async with _run_locked(store, run):
        intake = _Intake(store, run)
        await intake.read_stored()
        read = _lines_at(lines, span.offsets, store)
        while batch := list(islice(read, BATCH_LINES)):
            await intake.store_missing(batch)
            call.progress.advance(len(batch))
        tally.new += intake.new
        tally.known += intake.known


@asynccontextmanager
async def _run_locked(store: Store, run: Run) -> AsyncIterator[None]:
    """Lock a run while the block lasts. A run that is locked by another process is tried again
    every `RUN_LOCK_INTERVAL_S`.
    """
    for _ in range(round(RUN_LOCK_TIMEOUT_S / RUN_LOCK_INTERVAL_S)):
        async with store.locks.run_lock(run.id) as is_locked:
            if is_locked:
                yield
                return
        await asyncio.sleep(RUN_LOCK_INTERVAL_S)
    raise RunInUse(run=run.key)


class _Intake:
    """Stores the answers of one run that are not stored yet.

    A question may have several answers, which differ in the number of the repeat: each new answer
    gets the next free one.

    Attributes:
        new: The number of answers that were stored now.
        known: The number of answers that were stored before.
    """

    def __init__(self, store: Store, run: Run) -> None:
        """Keep the store and the run; call `read_stored` before `store_missing`."""
        self._store = store
        self._run = run
        self._stored: Counter[Content] = Counter()  # by content, the number of stored answers
        self._deleted_texts: Counter[tuple[str, str, datetime]] = Counter()  # without the text
        self._read: Counter[Content] = Counter()  # by content, the number of lines so far
        self._next_repeats: dict[tuple[str, str], int] = {}  # by prompt key and model
        self.new = 0
        self.known = 0

    async def read_stored(self) -> None:
        """Count the stored answers of the run by their content, and find the next free repeat of
        each question. What was counted before is forgotten.

        Answers whose text was deleted by `db retain` are also counted by prompt, model and time.
        """
        self._stored.clear()
        self._deleted_texts.clear()
        async for answer in self._store.answers.stream(runs=[self._run.id]):
            self._stored[_answer_content(answer)] += 1
            self._deleted_texts[_answer_content(answer)[:3]] += answer.gone
            prompt, model, repeat = answer.question.key
            self._next_repeats[prompt, model] = max(
                self._next_repeats.get((prompt, model), 0), repeat + 1
            )

    async def store_missing(self, lines: Sequence[AnswerLine]) -> None:
        """Store the answers of those lines that the store lacks, and add the numbers of stored and
        known ones to `new` and `known`.

        Another process may store an answer with the same repeat of a question at the same time. The
        line's answer is then stored with another repeat, unless the other process has stored the
        same content.
        """
        missing = []
        for line in lines:
            answer = line.answer(self._run.id)
            self._read[_answer_content(answer)] += 1
            if free := self._with_free_repeat(answer):
                missing.append(free)
        while missing:
            kept = {answer.question.key for answer in await self._store.answers.add(missing)}
            self.new += len(kept)
            missing = [answer for answer in missing if answer.question.key not in kept]
            if missing:  # a process that has not taken the lock has used these repeats
                await self.read_stored()
                missing = [again for answer in missing if (again := self._with_free_repeat(answer))]

    def _with_free_repeat(self, answer: Answer) -> Answer | None:
        """Return an answer with the next free repeat of its question, and count it among the
        stored ones, so that an equal line is not taken for it. The answer itself is not stored.

        If the store has the answer already, or in its place an answer whose text was deleted, count
        it as known and return None.
        """
        content = _answer_content(answer)
        is_stored = self._read[content] <= self._stored[content]
        is_deleted = not is_stored and self._deleted_texts[content[:3]] > 0
        if is_deleted:
            self._deleted_texts[content[:3]] -= 1
        if is_stored or is_deleted:
            self.known += 1
            return None
        self._stored[content] += 1
        prompt, model, _ = answer.question.key
        repeat = self._next_repeats.get((prompt, model), 0)
        self._next_repeats[prompt, model] = repeat + 1
        return replace(answer, question=replace(answer.question, repeat=repeat))


def _answer_content(answer: Answer) -> Content:
    """Return what two answers of a run must have in common to be the same answer."""
    prompt, model, _ = answer.question.key
    return prompt, model, answer.asked_at, answer.reply.text


def _open_seekable(file: Path) -> BinaryIO:
    """Open a file so that it can be read twice, at its beginning. A pipe is copied to a temporary
    file first.

    The caller closes the file. An OSError is passed on.
    """
    given = file.open("rb")
    if given.seekable():
        return given
    with given:
        copy: BinaryIO = TemporaryFile()  # noqa: SIM115 - the caller closes it
        shutil.copyfileobj(given, copy)
    copy.seek(0)
    return copy


def _tally_of(lines: BinaryIO, store: Store) -> _Tally:
    """Read every line of a file once, and return what it contains; nothing is stored yet.

    Blank lines are skipped. Lines that cannot be used are listed in ``bad``, the others in the
    ``runs`` to which they belong. An OSError is passed on.
    """
    tally = _Tally()
    offset = 0
    for number, text in enumerate(lines, 1):
        if text.strip():
            tally.lines += 1
            parsed = read_line(text, store.storable)
            if parsed.line is None:
                tally.bad.append((number, parsed.problem))
            else:
                at = parsed.line.asked_at
                tally.runs.setdefault(parsed.line.run, _RunLines(at, at)).add(at, offset)
                tally.unknown.update(parsed.unknown)
        offset += len(text)
    return tally


def _lines_at(lines: BinaryIO, offsets: Sequence[int], store: Store) -> Iterator[AnswerLine]:
    """Yield the answers at positions of a file, given in bytes; a line that has become unreadable
    is skipped.
    """
    for offset in offsets:
        lines.seek(offset)
        line = read_line(lines.readline(), store.storable).line
        if line:
            yield line


def _import_card(file: Path, tally: _Tally, faults: Counter[str]) -> Card:
    """Return the card of an import: the numbers of new and known answers, of runs and of unusable
    lines, the unknown fields, and a table of the unusable lines. It is a warning if there is one.
    """
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
    """Return a table of the first `SHOWN_BAD_LINES` bad lines, with a last row on how many more
    there are; None without any. `bad` has the number and the problem of each.
    """
    rows = [(str(number), problem) for number, problem in bad[:SHOWN_BAD_LINES]]
    if len(bad) > SHOWN_BAD_LINES:
        rows.append(("…", f"and {len(bad) - SHOWN_BAD_LINES} more"))
    return Table(("Line", "What is wrong"), tuple(rows), frozenset({0})) if rows else None


def _import_json(tally: _Tally) -> dict[str, Any]:
    """Return the tally of an import for JSON output: counts, each bad line with its problem, and
    the fields that are not known.
    """
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
