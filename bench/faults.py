"""Faults of many kinds at random instants of a run, and what they lose.

`bench/workers.py --faults` calls this. The brand has a past of several runs in which no answer
names it, and of one in which all answers do. In the run with the fault all do again, so that it
has to raise one alert: a single run may deviate.
"""

# ruff: noqa: S608 - the queries hold numbers of our own

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner
from cluster import CENTS, Cluster, Server, cluster, configuration, postgresql
from database_proxy import Proxy, proxy
from endpoint import calls, endpoint

from overheard.cli import app
from overheard.runtime.wiring import session

WORKERS = 3
AT_ONCE = 48
LATENCY = 0.05
RIVALS = 4
PAST = 7
"""Runs before the one that a fault comes into."""
APART = 1_000_000
"""How far the numbers of answers of two past runs are apart."""
PATIENCE = 240.0
"""Seconds that a run may take, with its fault."""
STILL = 60.0
"""Seconds for which nothing may come of a run."""
STARTING = 90.0


@dataclass
class Scene:
    """What a fault comes into.

    Attributes:
        here: The processes.
        server: PostgreSQL.
        line: What is between.
        follower: Who follows the run.
        chance: Decides what is left to chance.
    """

    here: Cluster
    server: Server
    line: Proxy
    follower: subprocess.Popen[bytes]
    chance: random.Random


def _worker(scene: Scene) -> str:
    """Kill a worker; another is started, as systemd would."""
    victim = scene.here.workers.pop(scene.chance.randrange(WORKERS))
    _kill(victim)
    scene.here.worker()
    return ""


def _workers(scene: Scene) -> str:
    """Kill all workers at once; others are started, as systemd would."""
    for victim in scene.here.workers:
        victim.kill()
    for victim in scene.here.workers:
        victim.wait()
    scene.here.workers.clear()
    for _ in range(WORKERS):
        scene.here.worker()
    return ""


def _follower(scene: Scene) -> str:
    """Kill the check that follows the run, and start it again, as its user would."""
    _kill(scene.follower)
    scene.follower = scene.here.start("check", "--yes")
    return ""


def _bot(scene: Scene) -> str:
    """Kill the bot that follows the run, and start it again, as systemd would."""
    _kill(scene.follower)
    scene.follower = scene.here.start("run")
    return ""


def _postgresql(scene: Scene) -> str:
    """Kill PostgreSQL, and start it again."""
    scene.server.kill()
    return ""


def _cut(scene: Scene) -> str:
    """Cut all connections to PostgreSQL."""
    scene.line.cut()
    return ""


def _slow(scene: Scene) -> str:
    """Let each exchange with PostgreSQL take two seconds, for ten."""
    scene.line.delay(2.0)
    time.sleep(10.0)
    scene.line.delay(0.0)
    return ""


def _disk(scene: Scene) -> str:
    """Write the texts of the past to a disk without room, then to a disk with room; return the
    problem, or "".
    """
    here, folder = scene.here, scene.here.folder / "texts"
    old = "SELECT count(*) FROM answers WHERE gone"
    with small_disk(folder, scene.chance.randrange(16, 1_500)) as resize:
        refused = here.run("db", "retain", "--yes")
        if refused.returncode == 0 or "No space left" not in refused.stderr:
            return f"a full disk is not told: {refused.stderr[-200:]!r}"
        if "Traceback" in refused.stderr:
            return "a full disk ends in a traceback"
        if problem := _unsafe(folder, int(here.value(old))):
            return f"full: {problem}"
        resize(64_000)
        if (done := here.run("db", "retain", "--yes")).returncode:
            return f"with room again: {done.stderr[-200:]!r}"
        return _unsafe(folder, int(here.value(old)))


Fault = Callable[[Scene], str]
FAULTS: dict[str, Fault] = {
    "worker": _worker,
    "workers": _workers,
    "follower": _follower,
    "bot": _bot,
    "postgresql": _postgresql,
    "connections": _cut,
    "slow": _slow,
    "disk": _disk,
}
"""What can happen; each does it, and returns what was wrong at once, if anything."""


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Callable[[int], None]]:
    """Mount a tmpfs of `kilobytes` at a folder within the block (needs root), and yield a function
    that changes its size.
    """

    def mount(*options: str) -> None:
        subprocess.run(["mount", *options, str(folder)], check=True)  # noqa: S603, S607

    folder.mkdir()
    mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "none")
    try:
        yield lambda size: mount("-o", f"remount,size={size}k")
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607


def _unsafe(folder: Path, gone: int) -> str:
    """Return the problem with the text files of a folder, or "": a cut line, or fewer than the
    `gone` texts that the store no longer has.
    """
    written: Counter[str] = Counter()
    for file in folder.iterdir():
        lines = file.read_text(encoding="utf-8").split("\n")
        if lines.pop():
            return f"{file.name} ends within a line"
        for line in map(json.loads, lines):
            written[f"{line['run']} {line['prompt']}"] += bool(line["text"])
    if len(written) < gone or not all(written.values()):
        return f"{gone} texts are gone, and {len(written)} are in files"
    return ""


@dataclass(frozen=True)
class Outcome:
    """What a fault did.

    Attributes:
        kept: Answers that were kept when it came.
        open: Questions that had been asked then, and whose answers were not kept.
        twice: How many were asked again.
        still: The longest time in which nothing came of the run after it, in seconds.
        seconds: From the fault to the end of the run.
        wrong: What was wrong; empty when nothing was.
    """

    kept: int
    open: int
    twice: int
    still: float
    seconds: float
    wrong: str


def lay_past(server: Server, questions: int) -> None:
    """Create the database ``past``: weekly runs in which no answer names the brand, then a run in
    which all answers do.

    The last two runs are real; the runs before are copies of the first of these.
    """
    server.rows("CREATE DATABASE past")
    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        database = server.database("past")
        with endpoint(0.0) as url:
            _configure(database, url, questions)
            _run("db", "upgrade")
            server.rows(f"ALTER SEQUENCE runs_id_seq RESTART {PAST - 1}", "past")
            server.rows(f"ALTER SEQUENCE answers_id_seq RESTART {(PAST - 1) * APART}", "past")
            _run("check", "--yes")
        for table in ("runs", "answers", "readings", "scores", "blocks"):
            _repeat(server, table)
        with endpoint(0.0, "Brand 0") as url:
            _configure(database, url, questions)
            _run("check", "--yes")
    server.rows("DELETE FROM spend", "past")


def _configure(database: str, url: str, questions: int) -> None:
    config = configuration(database, url, questions, at_once=AT_ONCE, rivals=RIVALS)
    Path("config.toml").write_text(config.replace('"pgqueuer"', '"inline"'), encoding="utf-8")


def _run(*words: str) -> None:
    CliRunner().invoke(app, words, obj=session(), catch_exceptions=False)


def _repeat(server: Server, table: str) -> None:
    """Copy the rows of a table for the first real run to all runs before."""
    query = (
        f"SELECT column_name, udt_name FROM information_schema.columns WHERE table_name='{table}'"
    )
    columns = {str(name): str(kind) for name, kind in server.rows(query, "past")}
    copied = ", ".join(_copied(table, name, kind) for name, kind in columns.items())
    earlier = f"generate_series(1, {PAST - 2}) AS weeks"
    names = ", ".join(columns)
    server.rows(f"INSERT INTO {table} ({names}) SELECT {copied} FROM {table}, {earlier}", "past")


def _copied(table: str, name: str, kind: str) -> str:
    """Return a column of a copy, as SQL."""
    if name == "answer_id" or (table, name) == ("answers", "id"):
        return f"{name} - weeks * {APART}"
    if name == "run_id" or (table, name) == ("runs", "id"):
        return f"{name} - weeks"
    if (table, name) == ("runs", "key"):
        return "key || weeks"
    return f"{name} - weeks * interval '7 days'" if kind.startswith("timestamp") else name


def faulted(server: Server, line: Proxy, kind: str, questions: int, seed: int) -> Outcome:
    """Let a fault come into a run, and see that nothing is lost, doubled or left held."""
    server.rows("DROP DATABASE IF EXISTS present WITH (FORCE)")
    server.rows("CREATE DATABASE present TEMPLATE past")
    chance = random.Random(f"{kind} {seed}")
    through = f"postgresql://postgres:@127.0.0.1:{line.port}/present"
    with endpoint(LATENCY, "Brand 0") as url:
        config = configuration(through, url, questions, at_once=AT_ONCE, rivals=RIVALS)
        with cluster(server, "present", config, WORKERS) as here:
            follower = _follow(here, kind)
            scene = Scene(here, server, line, follower, chance)
            wanted = chance.randrange(1, questions - AT_ONCE)
            mine = f"SELECT count(*) FROM answers WHERE run_id > {PAST}"
            if not here.until(lambda: here.value(mine) >= wanted, STARTING + PATIENCE):
                raise SystemExit(f"nothing happens: {here.log('check')} {here.log('worker')}")
            kept, before = int(here.value(mine)), _asked(url)
            stored = _stored(here)
            wrong = FAULTS[kind](scene)
            begun = time.monotonic()
            still = _await_end(scene)
            seconds = time.monotonic() - begun
            after = _asked(url)
            again = {text for text, count in after.items() if count > 1}
            under_way = {text for text in before if text not in stored}
            found = [
                wrong,
                "" if still < STILL else f"nothing came of it for {still:.0f} s",
                "" if max(after.values()) <= 2 else "asked three times",
                "" if len(again) <= AT_ONCE else f"{len(again)} asked again",
                *_wrong(here, questions, len(after)),
                "" if _ended(scene) else f"the follower ended: {here.log('check')!r}",
            ]
            return Outcome(
                kept, len(under_way), len(again), still, seconds, ", ".join(filter(None, found))
            )


def _follow(here: Cluster, kind: str) -> subprocess.Popen[bytes]:
    """Start a check, and return the process that carries the run out: the check itself, or a bot
    that takes the run over.
    """
    check = here.start("check", "--yes")
    if kind != "bot":
        return check
    begun = f"SELECT count(*) FROM runs WHERE id > {PAST}"
    here.until(lambda: bool(here.value(begun)), STARTING)
    _kill(check)
    return here.start("run")


def _await_end(scene: Scene) -> float:
    """Wait for the end of the run, at most `PATIENCE` seconds; return the longest time without
    progress, in seconds.
    """
    progress = (
        f"SELECT (SELECT count(*) FROM answers WHERE run_id > {PAST}),"
        " (SELECT count(*) FROM readings),"
        f" (SELECT count(*) FROM runs WHERE id > {PAST} AND state <> 'running')"
    )
    begun = changed = time.monotonic()
    longest = 0.0
    seen: tuple[object, ...] = (0, 0, 0)
    while time.monotonic() - begun < PATIENCE:
        time.sleep(0.2)
        with suppress(Exception):  # the server may be on its way up
            [now] = scene.here.rows(progress)
            if now != seen:
                longest = max(longest, time.monotonic() - changed)
                seen, changed = now, time.monotonic()
            if now[2]:
                return longest
    return PATIENCE


def _ended(scene: Scene) -> bool:
    """Return whether the process that follows the run is well: a check has ended, a bot runs."""
    if scene.follower.args[-1] == "run":  # type: ignore[index]
        return scene.follower.poll() is None
    with suppress(subprocess.TimeoutExpired):
        return scene.follower.wait(STARTING) == 0
    return False


def _asked(url: str) -> Counter[str]:
    """Count how often each text was asked."""
    texts: Counter[str] = Counter()
    for text, count in calls(url).items():
        texts[text.rpartition(" ")[0]] += count
    return texts


def _stored(here: Cluster) -> set[object]:
    query = (
        "SELECT prompts.text FROM answers JOIN prompts ON prompts.id = answers.prompt_id"
        f" WHERE answers.run_id > {PAST}"
    )
    return {text for (text,) in here.rows(query)}


def _wrong(here: Cluster, questions: int, asked: int) -> list[str]:
    """Return what is wrong in the database after the run, as words: lost, doubled or unpaid
    answers, held money, missing scores or alerts.
    """
    mine = f"answers WHERE run_id > {PAST}"
    runs = here.value(f"SELECT count(DISTINCT run_id) FROM {mine}")
    answers = here.value(f"SELECT count(*) FROM {mine}")
    different = here.value(f"SELECT count(DISTINCT prompt_id) FROM {mine}")
    # Calls that were cut off are booked as estimates besides.
    paid = here.value(
        "SELECT coalesce(sum(usd), 0) FROM spend JOIN answers ON answers.id = answer_id"
        " WHERE at = asked_at"
    )
    held = here.value("SELECT coalesce(sum(usd), 0) FROM holds")
    read = here.value(
        "SELECT count(DISTINCT answer_id) FROM readings JOIN answers ON answers.id = answer_id"
        f" WHERE run_id > {PAST}"
    )
    alerts = here.value("SELECT count(*) FROM alerts")
    state = here.value(f"SELECT count(*) FROM runs WHERE id > {PAST} AND state = 'complete'")
    found = {
        f"{runs:.0f} runs": runs != 1,
        f"{state:.0f} complete": state != 1,
        f"{answers:.0f} answers": answers != questions,
        f"{different:.0f} different": different != questions,
        f"{asked} questions asked": asked != questions,
        f"${paid} paid": abs(paid - questions * CENTS) > 1e-6,
        f"${held} held": held > 1e-9,
        f"{read:.0f} answers read": read != questions,
        f"{alerts:.0f} alerts": alerts != 1,
    }
    return [text for text, bad in found.items() if bad]


def series(kinds: Sequence[str], times: int, questions: int, seed: int) -> bool:
    """Cause faults of each kind in turn, print their outcomes, and return whether all were without
    loss.
    """
    seen: dict[str, list[Outcome]] = {kind: [] for kind in kinds}
    print(f"{times} faults of each kind, {questions:,} questions, {WORKERS} workers, seed {seed}")
    try:
        with postgresql() as server, proxy(server.socket) as line:
            lay_past(server, questions)
            for number in range(times):
                for kind in kinds:
                    outcome = faulted(server, line, kind, questions, seed + number)
                    seen[kind].append(outcome)
                    print(f"   {number} {kind}: {outcome}", flush=True)
    except KeyboardInterrupt:
        print("   stopped")
    _print(seen)
    return not any(outcome.wrong for outcomes in seen.values() for outcome in outcomes)


def _print(seen: dict[str, list[Outcome]]) -> None:
    """Print a line for each kind of fault: how many ended without loss, and the worst figures."""
    print(f"{'fault':14}{'times':>6}{'clean':>7}{'again':>7}{'open':>6}{'still s':>9}{'end s':>8}")
    for kind, outcomes in seen.items():
        if outcomes:
            clean = sum(not outcome.wrong for outcome in outcomes)
            again, opened = (max(getattr(o, name) for o in outcomes) for name in ("twice", "open"))
            still = max(outcome.still for outcome in outcomes)
            ended = max(outcome.seconds for outcome in outcomes)
            print(f"{kind:14}{len(outcomes):6}{clean:7}{again:7}{opened:6}{still:9.1f}{ended:8.1f}")


def allowed() -> list[str]:
    """Return the kinds that this process has the rights for: mounting a disk takes root's."""
    return [kind for kind in FAULTS if kind != "disk" or os.geteuid() == 0]
