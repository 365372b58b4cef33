"""A check that workers carry out: processes of their own, on one PostgreSQL."""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from kit.loopback import ChatService
from kit.postgres_server import PostgreSQL, postgresql
from kit.program import Program

__all__ = ["postgresql"]

pytestmark = pytest.mark.slow

QUESTIONS = 150
AT_ONCE = 16
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
concurrency = 16
[budget]
run = {budget}
[[brands]]
name = "Acme"
competitors = ["Zeta", "Umbra"]
"""
PROMPTS = [f"Which tool is best for team number {number}?" for number in range(QUESTIONS)]


class Cluster:
    """A deployment with workers."""

    def __init__(self, folder: Path, database: str, service: ChatService) -> None:
        self.database, self.service = database, service
        self.program = Program(folder, "", store=False)
        self.workers: list[subprocess.Popen[str]] = []
        self.configure()

    def configure(self, budget: float = 100) -> None:
        """Write the configuration."""
        text = CONFIG.format(database=self.database, url=self.service.url, budget=budget)
        self.program.configure(text + "".join(f'[[prompts]]\ntext = "{p}"\n' for p in PROMPTS))

    def hire(self, *options: str) -> subprocess.Popen[str]:
        """Start a worker."""
        self.workers.append(self.program.start("worker", *options))
        return self.workers[-1]

    def check(self) -> subprocess.Popen[str]:
        """Begin a check."""
        return self.program.start("check", "--yes", "--json")

    def value(self, query: str) -> Any:
        """Return the value that a query gives."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None

    def when_answered(self, count: int) -> None:
        """Wait until so many answers are kept."""
        _until(lambda: self.value("SELECT count(*) FROM answers") >= count)

    def dismiss(self) -> None:
        """End all workers."""
        for worker in self.workers:
            worker.kill()
            worker.communicate()


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def cluster(tmp_path: Path, postgresql: PostgreSQL, service: ChatService) -> Iterator[Cluster]:
    """A deployment without workers yet, with empty tables."""
    here = Cluster(tmp_path, postgresql.bare(), service)
    here.program.run("db", "upgrade")
    service.delay = 0.05
    yield here
    here.dismiss()


def _ended(check: subprocess.Popen[str]) -> dict[str, Any]:
    """Return what a check says at its end."""
    said, told = check.communicate(timeout=90)
    assert check.returncode == 0, told
    data: dict[str, Any] = json.loads(said)
    return data


def test_workers_ask_score_and_look_and_the_check_tells(cluster: Cluster) -> None:
    """Each question once, and never more at a time than the provider allows."""
    cluster.hire()
    cluster.hire()
    data = _ended(cluster.check())
    assert data["answers"] == QUESTIONS
    assert Counter(cluster.service.prompts()) == Counter(PROMPTS)
    assert 1 < cluster.service.most_at_once <= AT_ONCE
    assert {row["brand"] for row in data["results"]} >= {"Acme", "Zeta", "Umbra"}
    assert cluster.value("SELECT count(*) FROM holds") == 0
    assert cluster.value("SELECT count(*) FROM results") == 0


def test_a_worker_that_is_killed_loses_nothing(cluster: Cluster) -> None:
    """What it was at is given to another; what was under way is asked again."""
    victim = cluster.hire()
    cluster.hire()
    check = cluster.check()
    cluster.when_answered(40)
    victim.kill()
    _ended(check)
    asked = Counter(cluster.service.prompts())
    assert cluster.value("SELECT count(*) FROM answers") == QUESTIONS
    assert set(asked) == set(PROMPTS)
    assert asked.total() - QUESTIONS <= AT_ONCE
    assert cluster.value("SELECT count(DISTINCT answer_id) FROM readings") == QUESTIONS


@pytest.mark.long
def test_a_check_that_is_killed_is_taken_up_while_workers_go_on(cluster: Cluster) -> None:
    """Nothing is asked twice: workers were at it, and not the check."""
    cluster.hire()
    check = cluster.check()
    cluster.when_answered(30)
    check.kill()
    check.communicate()
    _ended(cluster.check())
    assert Counter(cluster.service.prompts()) == Counter(PROMPTS)


@pytest.mark.long
def test_two_workers_do_not_overspend(cluster: Cluster) -> None:
    """What a budget leaves is held before each call."""
    budget = 0.05
    cluster.configure(budget)
    cluster.hire()
    cluster.hire()
    check = cluster.check()
    check.communicate(timeout=90)
    assert float(cluster.value("SELECT coalesce(sum(usd), 0) FROM spend")) <= budget


@pytest.mark.long
def test_workers_kept_to_one_kind_share_a_check(cluster: Cluster) -> None:
    """One asks, one scores, one looks."""
    for kind in ("asking", "scoring", "detecting"):
        cluster.hire("--only", kind)
    assert _ended(cluster.check())["answers"] == QUESTIONS


@pytest.mark.long
def test_a_worker_ends_at_once_when_it_is_told_to(cluster: Cluster) -> None:
    """SIGTERM, in the middle of its work; another goes on with it."""
    leaver = cluster.hire()
    check = cluster.check()
    cluster.when_answered(30)
    leaver.terminate()
    leaver.communicate(timeout=20)
    cluster.hire()
    assert _ended(check)["run"]
    assert cluster.value("SELECT count(*) FROM answers") == QUESTIONS


@pytest.mark.long
def test_a_worker_runs_on_while_a_newer_version_brings_up_the_tables(cluster: Cluster) -> None:
    """As a newer version may: it adds tables, and columns that have a default. One of the older
    version that starts after that says what it lacks.
    """
    cluster.hire()
    check = cluster.check()
    cluster.when_answered(30)
    with psycopg.connect(cluster.database) as connection:
        for table in ("runs", "answers", "readings", "scores", "blocks", "results", "holds"):
            connection.execute(f"ALTER TABLE {table} ADD newer integer NOT NULL DEFAULT 0".encode())
        connection.execute("CREATE TABLE newer (id integer PRIMARY KEY)")
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert _ended(check)["answers"] == QUESTIONS
    assert Counter(cluster.service.prompts()) == Counter(PROMPTS)
    late = cluster.hire()
    _, told = late.communicate(timeout=30)
    assert late.returncode == 1
    assert "newer" in told
