"""Many checks in one process: whether its memory stays flat.

    python bench/soak.py            60 checks of 40 answers; prints the memory after each ten
    python bench/soak.py --grow     the history grows too, as in use; then a new process checks 30
                                    times on the same store
    python bench/soak.py --trace    and the lines that keep the most memory between two tens (slow)

The checks are those of a bot that runs for weeks: asked, scored, analysed for shifts and rendered,
with a new store. The first thirty checks fill caches (most are SQLite's, 2 MB a connection) and are
not counted; the growth is the slope of a line through the others. Memory is what the
system has given, after what is free has been returned to it: an allocator keeps some megabytes of
what a check needed for a moment. Two things grow in use: what a check reads of the history, which
a new process on the same store reads as well, and what the process keeps. Only the second is a
leak. So the sums of checks that are older than the last thirty are removed from the store after
each check. With ``--grow`` they stay, and what the process keeps is what it takes more than the
new one.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import sqlite3
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from endpoint import endpoint

from overheard.commands.check import check
from overheard.config.loader import parse_config
from overheard.deployment import Call
from overheard.runtime.wiring import open_deployment

QUESTIONS = 20
WARM_UP = 30
"""Checks that are not counted, and checks of which the store keeps the sums."""
MAX_GROWTH_KB = 100.0
"""Kilobytes that a check may leave."""
CONFIG = """
[storage]
url = "sqlite:///{folder}/store.db"
[providers.svc]
plugin = "compatible"
base_url = "{url}"
models = ["m-1", "m-2"]
prices."m-1" = {{ input = 1, output = 2 }}
prices."m-2" = {{ input = 1, output = 2 }}
concurrency = 8
[[brands]]
name = "Brand 3"
competitors = ["Brand 7", "Brand 11", "Brand 12", "Brand 15"]
"""


def resident_kb() -> int:
    """Return the resident memory of this process in kilobytes."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0])


def slope(sizes: Sequence[int]) -> float:
    """Return the slope of the line through sizes at equal distances, by least squares."""
    middle, mean = (len(sizes) - 1) / 2, sum(sizes) / len(sizes)
    along = sum((place - middle) * (size - mean) for place, size in enumerate(sizes))
    return along / max(1.0, sum((place - middle) ** 2 for place in range(len(sizes))))


def forget_sums(folder: str, before: int) -> None:
    """Remove the sums of the runs up to a number."""
    with closing(sqlite3.connect(f"{folder}/store.db", timeout=30)) as connection, connection:
        connection.execute("DELETE FROM blocks WHERE run_id <= ?", (before,))


async def soak(url: str, folder: str, checks: int, *, grow: bool, trace: bool) -> list[int]:
    """Check again and again; return the kilobytes that the process takes after each check."""
    text = CONFIG.format(folder=folder, url=url)
    text += "".join(
        f'[[prompts]]\ntext = "Which tool suits {n} people?"\n' for n in range(QUESTIONS)
    )
    sizes: list[int] = []
    before: tracemalloc.Snapshot | None = None
    async with open_deployment(parse_config(text)) as deployment:
        for number in range(1, checks + 1):
            proposal = await check(Call(await deployment.refreshed()))
            await proposal.execute()
            if not grow:
                forget_sums(folder, number - WARM_UP)
            gc.collect()
            ctypes.CDLL(None).malloc_trim(0)  # glibc's
            sizes.append(resident_kb())
            if number % 10 == 0:
                print(f"{number:5} checks {sizes[-1] / 1024:8.1f} MB", flush=True)
                if trace:
                    before = _compare(before)
    return sizes


def _compare(before: tracemalloc.Snapshot | None) -> tracemalloc.Snapshot:
    """Print which lines hold more memory than before."""
    now = tracemalloc.take_snapshot()
    if before:
        for found in now.compare_to(before, "lineno")[:12]:
            print(f"      {found}")
    return now


def main() -> None:
    """Soak, and fail when the memory grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=60)
    parser.add_argument("--grow", action="store_true")
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--store", default="", help="the folder of a store to go on with")
    given = parser.parse_args()
    if given.trace:
        tracemalloc.start()
    with endpoint(0.0) as url, TemporaryDirectory() as made:
        folder = given.store or made
        # Tables are made by another process: that takes 12 MB, which the new one does not need.
        make = "import asyncio, sys, overheard_storage as s; asyncio.run(s.migrate(sys.argv[1]))"
        words = [sys.executable, "-c", make, f"{folder}/store.db"]
        subprocess.run(words, check=True)  # noqa: S603 - this program
        work = soak(url, folder, given.checks, grow=given.grow, trace=given.trace)
        sizes = asyncio.run(work)
        if given.store:
            print(sizes[-1])
            return
        growth = slope(sizes[WARM_UP:])
        if given.grow:
            print(f"A check adds {growth:.0f} kB, with the history that it reads.")
            words = [sys.executable, __file__, "--grow", f"--checks={WARM_UP}", f"--store={folder}"]
            new = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - this program
            more = sizes[-1] - int(new.stdout.split()[-1])
            print(f"It takes {more:,} kB more than a new process on the same store.")
            growth = more / (len(sizes) - WARM_UP)
    print(f"A check leaves {growth:.0f} kB; at most {MAX_GROWTH_KB:.0f} are allowed.")
    sys.exit(growth > MAX_GROWTH_KB)


if __name__ == "__main__":
    main()
