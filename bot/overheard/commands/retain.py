"""`db retain`: texts that got old are written to a file, and removed from the store."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from overheard.cards import wording
from overheard.cards.card import Card, Field, Severity
from overheard.cards.command import IN_TERMINAL, CommandSpec, Role
from overheard.commands.catalogue import require_yes
from overheard.deployment import Call, Deployment
from overheard.domain import Answer, Run, ScoreRecord
from overheard.errors import FileUnwritable
from overheard.runs.history_lines import answer_line
from overheard.scoring.scorer_calls import batches

GROUP = 200
"""Texts that are removed in one transaction, once they are safe in the file."""
DUTY = "retention"
"""The name of the lock that keeps two processes from the same work."""


@dataclass(frozen=True, slots=True)
class Retained:
    """The result of a removal of old texts.

    Attributes:
        texts: The number of texts removed from the store.
        file: The file that they were written to; None without any.
    """

    texts: int = 0
    file: Path | None = None


async def retain(deployment: Deployment, call: Call, *, agreed: bool = False) -> Card:
    """Write the texts that are older than the configuration allows to a file, and remove them from
    the store.

    Raises:
        ChangeNeedsYes: when there are old texts and their removal has not been agreed to.
        FileUnwritable: when the file cannot be written; texts that are not in it stay in the store.
    """
    table = deployment.config.retention
    if not limited(deployment):
        text = f"{deployment.config.file} says nothing of [retention], so texts are kept for ever."
        return Card("Nothing to do", text, data={"texts": 0})
    count, oldest = 0, ""
    async for answer in expired_answers(deployment):
        count, oldest = count + 1, oldest or wording.moment(answer.asked_at, call.zone)
    if not count:
        return Card("Nothing to do", "No text is older than it may be.", data={"texts": 0})
    require_yes(
        f"{wording.count(count, 'text')}, the first of {oldest}, will be written to a file in "
        f"{table.folder} and removed from the store",
        agreed=agreed,
    )
    done = await retain_texts(deployment, call)
    return Card(
        title=f"Removed {wording.count(done.texts, 'text')}",
        text="What was counted in them stays: scores, trends, alerts and costs.",
        fields=(Field("Written to", str(done.file)),) if done.file else (),
        severity=Severity.GOOD,
        data={"texts": done.texts, "file": str(done.file or "")},
    )


async def retain_texts(deployment: Deployment, call: Call) -> Retained:
    """Write old texts to a new file in the configured folder and remove them from the store,
    `GROUP` at a time.

    A text is removed once its line is on the disk: after an interruption nothing is lost, and at
    most one group is written twice. All answers are scored first. Does nothing while another
    process does so.

    Raises:
        FileUnwritable: when the file cannot be written.
    """
    async with deployment.store.locks.leader_lock(DUTY) as is_locked:
        if not is_locked or not limited(deployment):
            return Retained()
        await deployment.caught_up(call.progress)
        runs = {run.id: run for run in await deployment.store.runs.find()}
        now = deployment.clock.now()
        file = deployment.config.retention.folder / f"texts-{now:%Y%m%dT%H%M%SZ}.jsonl"
        removed = 0
        async for group in batches(expired_answers(deployment), GROUP):
            lines = await _archive_lines(deployment, group, runs)
            await asyncio.to_thread(append, file, lines)
            removed += await deployment.store.retention.forget_texts(
                [answer.id for answer in group]
            )
        return Retained(removed, file if removed else None)


async def expired_answers(deployment: Deployment) -> AsyncIterator[Answer]:
    """Yield the stored answers whose texts are older than the configuration allows. The longest
    time of the brands concerned counts; 0 days mean no limit.
    """
    usual_days, days_of_brand = deployment.config.retention.days, _days_by_brand(deployment)
    now = deployment.clock.now()
    shortest = min((days for days in (usual_days, *days_of_brand.values()) if days), default=0)
    if not shortest:
        return
    tracked = [brand.name for brand in deployment.catalogue.brands if brand.tracked]
    async for answer in deployment.store.retention.old_texts(now - timedelta(days=shortest)):
        brands = answer.question.prompt.brands or tracked
        kept_days = [days_of_brand.get(name, usual_days) for name in brands] or [usual_days]
        if all(kept_days) and answer.asked_at < now - timedelta(days=max(kept_days)):
            yield answer


def append(file: Path, lines: bytes) -> None:
    """Append lines to a file and flush them to the disk; after an error the file is cut to its
    length before.

    Raises:
        FileUnwritable: when the lines cannot be written, such as on a full disk.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(file, "ab", buffering=0, opener=private) as out:
            whole = out.seek(0, os.SEEK_END)
            try:
                _write_synced(out, lines)
            except OSError:
                out.truncate(whole)
                raise
        if not whole:
            _sync_folder(file.parent)
    except OSError as error:
        raise FileUnwritable(file=file, reason=error.strerror) from None


def _write_synced(out: BinaryIO, lines: bytes) -> None:
    left = memoryview(lines)
    while left:
        left = left[out.write(left) :]
    os.fsync(out.fileno())


def private(path: str, flags: int) -> int:
    """Open a file like `os.open`; only its owner can read and write a new file."""
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    """Flush a folder to the disk, so that a new file's name survives a power failure."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def limited(deployment: Deployment) -> bool:
    """Return whether the configuration limits the age of any texts."""
    table = deployment.config.retention
    return any((table.days, *table.brands.values()))


def _days_by_brand(deployment: Deployment) -> dict[str, int]:
    """Return the days for which texts are kept, by the full name of each brand with a setting."""
    brands = deployment.config.retention.brands
    known = {name: deployment.catalogue.brand(name) for name in brands}
    return {(found.name if (found := known[name]) else name): brands[name] for name in brands}


async def _archive_lines(
    deployment: Deployment, answers: Sequence[Answer], runs: dict[int, Run]
) -> bytes:
    """Return a group of answers as JSON lines in the form of `export`, each with the quotes of its
    scores.
    """
    quotes: dict[int, list[dict[str, Any]]] = {}
    for record in await deployment.store.scores.of_answers([answer.id for answer in answers]):
        if record.score.quote or any(detail.quote for detail in record.score.details):
            quotes.setdefault(record.answer_id, []).append(_quote_json(record))
    lines = [
        answer_line(answer, runs[answer.run_id]) | {"quotes": quotes.get(answer.id, [])}
        for answer in answers
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def _quote_json(record: ScoreRecord) -> dict[str, Any]:
    """Return the quote and the details of a score for JSON output."""
    score = record.score
    return {
        "brand": record.brand,
        "metric": score.metric,
        "scorer": record.scorer,
        "version": record.version,
        "quote": score.quote,
        "details": [asdict(detail) for detail in score.details],
    }


RETAIN = CommandSpec(
    "db retain",
    "Write texts that are older than [retention] allows to a file, and remove them.",
    retain,
    role=Role.ADMIN,
    needs_store=True,
    faces=IN_TERMINAL,
    confirms=True,
)
