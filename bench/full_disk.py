"""A disk that fills up under an SQLite store: what each command says, and what is lost.

    python bench/full_disk.py            needs the rights to mount a disk in memory

A small deployment is on a disk of a few megabytes. The disk is filled to different degrees before
a check (so that asking or scoring fails) and before old answers are scored again. Each command must
end in one sentence that names the full disk, without a traceback, with a database that passes
SQLite's check; with room again, the same command must end well, with each question answered once.
Then messages are posted while the disk is full: the same sentence, and with room again each message
is posted once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from endpoint import calls, endpoint
from faults import small_disk

from overheard.alerts.outbox import LEASE, Outbox, Outgoing
from overheard.cards.card import Card
from overheard.domain import Delivery, DeliveryKind
from overheard.errors import StoreError, ungrouped
from overheard_storage import open_store

QUESTIONS = 60
DISK_KB = 8_000
MESSAGES = 30
SENTENCE = "the disk is full"
CONFIG = """
[storage]
url = "sqlite:///{folder}/store.db"
[providers.svc]
plugin = "compatible"
base_url = "{url}"
models = ["m-1"]
prices."m-1" = {{ input = 1, output = 2 }}
[[brands]]
name = "Brand 3"
competitors = [{rivals}]
"""


def overheard(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the program in a folder to its end, at most 300 s, and return its exit code
    and output.
    """
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "overheard", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def configure(folder: Path, disk: Path, url: str, rivals: int) -> None:
    """Write a configuration whose store is on the disk."""
    names = ", ".join(f'"Brand {n}"' for n in range(20, 20 + rivals))
    text = CONFIG.format(folder=disk, url=url, rivals=names)
    prompts = (f'[[prompts]]\ntext = "Which tool suits {n} people?"\n' for n in range(QUESTIONS))
    (folder / "config.toml").write_text(text + "".join(prompts), encoding="utf-8")


def fill(disk: Path, free_kb: int) -> None:
    """Leave so much room on a disk."""
    place = os.statvfs(disk)
    room = place.f_bavail * place.f_frsize - free_kb * 1024
    if room > 0:
        (disk / "filler").write_bytes(bytes(room))


def problems_of(folder: Path, disk: Path, words: Sequence[str], free_kb: int) -> list[str]:
    """Run a command with `free_kb` of free disk, then again with room; return the problems as
    sentences.
    """
    fill(disk, free_kb)
    full = overheard(folder, *words)
    said = full.stdout + full.stderr
    found = []
    print(f"   {words[0]}, {free_kb} kB free: exit code {full.returncode}", flush=True)
    if "Traceback" in said:
        found.append(f"a traceback: {said[-1500:]}")
    if full.returncode and SENTENCE not in said:
        found.append(f"a full disk is not named: {said[-300:]!r}")
    (disk / "filler").unlink(missing_ok=True)
    with closing(sqlite3.connect(disk / "store.db")) as connection:
        [(state,)] = connection.execute("PRAGMA integrity_check")
    if state != "ok":
        found.append(f"the database is damaged: {state}")
    again = overheard(folder, *words)
    if again.returncode:
        found.append(f"with room again: {again.stderr[-300:]!r}")
    return [f"{' '.join(words)}, {free_kb} kB free: {text}" for text in found]


def lost(disk: Path, url: str) -> list[str]:
    """Return a sentence for each wrong count in the store: answers or read answers that are not
    `QUESTIONS`.
    """
    with closing(sqlite3.connect(disk / "store.db")) as connection:
        [(answers,)] = connection.execute("SELECT count(*) FROM answers")
        [(read,)] = connection.execute("SELECT count(DISTINCT answer_id) FROM readings")
    asked = len(calls(url))
    found = {f"{answers} answers": answers != QUESTIONS, f"{read} read": read != QUESTIONS}
    return [f"{asked} asked, {text}" for text, wrong in found.items() if wrong]


class Recorder:
    """A chat that knows what it was given, and a clock that can be moved."""

    name = "desk"

    def __init__(self) -> None:
        self.posts: Counter[str] = Counter()
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Return the time, moved."""
        return datetime.now(UTC) + self.ahead

    async def post(self, _channel: str, _card: Card, *, key: str, **_: object) -> str:
        """Count a message."""
        self.posts[key] += 1
        return key

    async def find(self, _channel: str, key: str) -> str | None:
        """Return what was posted."""
        return key if key in self.posts else None


async def undelivered(disk: Path, free_kb: int) -> list[str]:
    """Post messages with `free_kb` of free disk, then again with room; return the problems as
    sentences.
    """
    chat, wrong = Recorder(), list[str]()
    store = await open_store(f"sqlite:///{disk}/store.db")

    async def compose(_: Delivery) -> Outgoing:
        return Outgoing(Card("Notice"))

    chats: dict[str, Any] = {"desk": chat}  # as much of a chat as the outbox calls
    outbox = Outbox(store.deliveries, chats, compose, chat)
    messages = [
        Delivery(DeliveryKind.NOTICE, f"notice-{n}", f"desk:{n % 3}", chat.now(), "x" * 500)
        for n in range(MESSAGES)
    ]
    await store.deliveries.add(messages)
    fill(disk, free_kb)
    try:
        with ungrouped():
            while await outbox.work():
                pass
    except StoreError as error:
        print(f"   delivery, {free_kb} kB free: {error}", flush=True)
        wrong += [] if SENTENCE in str(error) else [f"delivery: {error}"]
    (disk / "filler").unlink(missing_ok=True)
    chat.ahead = LEASE * 10
    while await outbox.work():
        pass
    await store.close()
    posted = sorted(chat.posts.values())
    return wrong + ([] if posted == [1] * MESSAGES else [f"{posted} posts of {MESSAGES} messages"])


def main() -> None:
    """Run commands on disks with different free space, print the problems, and exit with 1 if there
    are any.
    """
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    chance, wrong = random.Random(0), list[str]()
    for free_kb in (0, 8, *(chance.randrange(16, 500) for _ in range(4))):
        with TemporaryDirectory() as name, endpoint(0.01) as url:
            folder = Path(name)
            with small_disk(folder / "disk", DISK_KB):
                disk = folder / "disk"
                configure(folder, disk, url, 12)
                overheard(folder, "db", "upgrade")
                found = problems_of(folder, disk, ("check", "--yes"), free_kb)
                found += lost(disk, url)
                configure(folder, disk, url, 16)  # other competitors: all is scored again
                found += problems_of(folder, disk, ("check", "--yes", "--reuse", "7d"), free_kb)
                found += asyncio.run(undelivered(disk, min(free_kb, 8)))
        print(f"{free_kb:5} kB free: {'; '.join(found) or 'well'}", flush=True)
        wrong += found
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
