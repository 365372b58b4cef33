"""What Prometheus collects, scraped from a real endpoint."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest
import yaml

from kit.office import executed
from kit.postgres_server import PostgreSQL, postgresql
from overheard.commands.check import check
from overheard.config.loader import parse_config
from overheard.deployment import Call, Deployment
from overheard.domain import (
    Answer,
    Census,
    FailureKind,
    Finish,
    Model,
    Prompt,
    Question,
    QueueStatus,
    Reply,
    TaskKind,
)
from overheard.errors import ProviderFailed
from overheard.plugins import Guard
from overheard.runs.call import CallCounters
from overheard.runs.tasks import outdated, queue_status
from overheard.runtime.health import PortTaken
from overheard.runtime.metrics import SNAPSHOT_TTL_S, Metrics, process_metrics, store_label
from overheard.runtime.scheduled_work import ScheduledWork
from overheard.runtime.server import Server
from overheard.runtime.wiring import open_deployment
from overheard.runtime.worker import Worker
from overheard.testing import EchoProvider, FixedClock

__all__ = ["postgresql"]

BOARD = Path(__file__).parents[2] / "docs" / "grafana" / "overheard.json"
RULES = BOARD.parents[1] / "prometheus" / "overheard.rules.yml"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CONFIG = """
[storage]
url = "{url}"
[queue]
engine = "{engine}"
[health]
port = {port}
[asking]
tries = 2
[[brands]]
name = "Acme"
[[prompts]]
text = "Which tracker is best?"
"""


def free_port() -> int:
    """Return a port without a listener."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def scraped(port: int) -> str:
    """Scrape an endpoint, once it is there, as Prometheus does."""
    async with asyncio.timeout(20):
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                break
            except OSError:
                await asyncio.sleep(0.02)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4")
    return body.decode()


def value(text: str, sample: str) -> float:
    """Return the value of a sample; fail when it is not there once."""
    (found,) = re.findall(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
    return float(found)


@asynccontextmanager
async def running(work: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Have something run while the block lasts."""
    task = asyncio.ensure_future(work())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


@asynccontextmanager
async def deployed(url: str, engine: str = "inline") -> AsyncIterator[tuple[Deployment, int]]:
    """Open a deployment that asks a provider in this process."""
    port = free_port()
    config = parse_config(CONFIG.format(url=url, engine=engine, port=port))
    async with open_deployment(config) as deployment:
        paid = Reply("Acme is good.", Finish.COMPLETE, cost_usd=0.25)
        busy = ProviderFailed(
            model="echo/echo-1", reason="it is busy", kind=FailureKind.RATE_LIMIT, retryable=True
        )
        deployment.plugins.providers["echo"] = EchoProvider(busy, paid)
        yield deployment, port


async def test_where_the_port_is_taken_nothing_begins(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """No schedule asks, and the log does not say that it runs."""
    async with deployed(f"sqlite:///{tmp_path}/o.db") as (deployment, port):
        with socket.create_server(("127.0.0.1", port)), pytest.raises(PortTaken):
            await Server(deployment, {}).run()
    assert "is running" not in caplog.text


async def test_the_audit_log_says_what_failed_and_no_secret(tmp_path: Path) -> None:
    """A scheduled command that a fault ends is not "done", and the fault's text may be secret."""
    async with deployed(f"sqlite:///{tmp_path}/o.db") as (deployment, _):
        with pytest.raises(ValueError, match="sk-123"):
            async with ScheduledWork(deployment).audited_call("schedule daily", "check"):
                raise ValueError("sk-123")
        async with ScheduledWork(deployment).audited_call("schedule daily", "check"):
            pass
        outcomes = [entry.outcome for entry in await deployment.store.audit.find()]
    assert sorted(outcomes) == ["done", "failed: ValueError"]


async def test_a_check_is_seen_from_outside(tmp_path: Path) -> None:
    """Calls by how they ended, how long they took, what was asked again, and what it cost."""
    async with deployed(f"sqlite:///{tmp_path}/o.db") as (deployment, port):
        await executed(check(Call(deployment)))
        async with running(Server(deployment, {}).run):
            text = await scraped(port)
    assert value(text, 'overheard_asks_total{outcome="answered",provider="echo"}') == 1
    assert value(text, 'overheard_asks_total{outcome="rate_limit",provider="echo"}') == 1
    assert value(text, 'overheard_ask_retries_total{provider="echo"}') == 1
    assert value(text, 'overheard_spend_dollars_total{provider="echo"}') == 0.25
    assert value(text, 'overheard_ask_duration_seconds_count{provider="echo"}') == 2
    assert value(text, 'overheard_ask_duration_seconds_bucket{le="+Inf",provider="echo"}') == 2
    assert value(text, 'overheard_runs{state="complete"}') == 1
    assert value(text, 'overheard_alerts{state="open"}') == 0
    assert value(text, "overheard_scoring_lag_seconds") == 0
    assert value(text, "overheard_store_up") == 1
    assert "overheard_queue" not in text
    assert value(text, 'overheard_last_check_timestamp_seconds{brand="Acme"}') > 1.7e9
    label = re.escape(store_label(f"sqlite:///{tmp_path}/o.db"))
    assert re.search(rf'^overheard_info{{store="{label}",version="[\w.]+"}} 1.0$', text, re.M)


async def test_whether_each_chat_is_connected_is_seen_from_outside() -> None:
    """The one that fails cannot report it itself."""
    text = (await full().text()).decode()
    assert value(text, 'overheard_chat_up{chat="slack"}') == 1
    assert value(text, 'overheard_chat_up{chat="discord"}') == 0


def test_a_store_is_identified_without_its_password() -> None:
    """By its name, and a hash of where it is."""
    labels = {
        store_label(f"postgresql://{login}@db{number}:5432/over?sslmode=require")
        for login in ("ann:hunter2", "bob")
        for number in (1, 2)
    }
    assert len(labels) == 2
    assert all(re.fullmatch(r"over-[0-9a-f]{8}", label) for label in labels)


async def test_a_worker_says_how_the_queue_is(postgresql: PostgreSQL) -> None:
    """Its own presence, and work that waits without a worker."""
    async with deployed(postgresql.ready(), "pgqueuer") as (deployment, port):
        url = deployment.config.storage.url
        assert not await outdated(url)
        async with running(Worker(deployment, [TaskKind.DETECT], 2).run):
            await until(url, lambda queue: queue.workers == 1)
            # Nobody asks here, so the check waits.
            async with running(lambda: executed(check(Call(deployment)))):
                await until(url, lambda queue: bool(queue.waiting))
                await asyncio.sleep(1.1)
                text = await scraped(port)
    assert value(text, "overheard_queue_workers") == 1
    assert value(text, 'overheard_queue_jobs{state="waiting",work="ask/echo"}') == 1
    assert 1 <= value(text, 'overheard_queue_oldest_seconds{work="ask/echo"}') < 60
    assert value(text, 'overheard_runs{state="running"}') == 1
    assert value(text, "overheard_detection_lag_seconds") > 0


async def test_a_worker_that_is_gone_is_not_counted(postgresql: PostgreSQL) -> None:
    """Not even for as long as its last sign of life is fresh."""
    async with deployed(postgresql.ready(), "pgqueuer") as (deployment, _):
        url = deployment.config.storage.url
        async with running(Worker(deployment, [TaskKind.DETECT], 2).run):
            await until(url, lambda queue: queue.workers == 1)
        await until(url, lambda queue: queue.workers == 0)


async def until(url: str, wanted: Callable[[QueueStatus], bool]) -> None:
    """Wait for how a queue is."""
    async with asyncio.timeout(20):
        while True:
            if wanted(await queue_status(url)):
                return
            await asyncio.sleep(0.05)


def counted(census: Callable[[], object], **given: object) -> Metrics:
    """Return metrics of something that is made up."""
    queue = given.get("queue")
    faults = given.get("faults", {})
    return Metrics(census, queue, CallCounters(), faults, FixedClock(NOON))  # type: ignore[arg-type]


async def test_a_store_that_is_away_is_a_metric_and_no_failure() -> None:
    """What the process itself has counted is given all the same."""

    async def away() -> Census:
        raise OSError("password=hunter2")

    text = (await counted(away, faults={"acme": 3}).text()).decode()
    assert value(text, "overheard_store_up") == 0
    assert value(text, 'overheard_plugin_faults_total{plugin="acme"}') == 3
    assert "hunter2" not in text
    assert "overheard_runs" not in text


async def test_a_slow_store_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next request waits for the same query; the store is not asked twice at a time."""
    monkeypatch.setattr("overheard.runtime.metrics.SCRAPE_TIMEOUT_S", 0.02)
    looks, go_on = [], asyncio.Event()

    async def slow() -> Census:
        looks.append(1)
        await go_on.wait()
        return Census()

    slowly = counted(slow)
    for _ in range(2):
        assert value((await slowly.text()).decode(), "overheard_store_up") == 0
    go_on.set()
    assert value((await slowly.text()).decode(), "overheard_store_up") == 1
    assert len(looks) == 1


async def test_a_store_that_has_become_slow_is_told_as_it_was_and_then_as_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A look that takes some seconds is no outage; one that takes for ever is."""
    monkeypatch.setattr("overheard.runtime.metrics.SCRAPE_TIMEOUT_S", 0.02)
    monkeypatch.setattr("overheard.runtime.metrics.SNAPSHOT_TTL_S", 0.0)
    monkeypatch.setattr("overheard.runtime.metrics.SNAPSHOT_TTL_FACTOR", 0)
    looks = []

    async def slower() -> Census:
        looks.append(1)
        if len(looks) > 1:
            await asyncio.Event().wait()
        return Census()

    watched = counted(slower)
    for _ in range(2):
        assert value((await watched.text()).decode(), "overheard_store_up") == 1
    monkeypatch.setattr("overheard.runtime.metrics.STORE_TIMEOUT_S", 0.0)
    assert value((await watched.text()).decode(), "overheard_store_up") == 0
    assert len(looks) == 2


async def test_the_store_is_not_counted_at_every_scrape(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several scrapers cost no more than one; old figures are counted again."""
    looks = []

    async def census() -> Census:
        looks.append(1)
        return Census(runs={"running": len(looks)})

    watched = counted(census)
    for _ in range(3):
        await watched.text()
    assert len(looks) == 1
    later_s = monotonic() + SNAPSHOT_TTL_S
    monkeypatch.setattr("overheard.runtime.metrics.monotonic", lambda: later_s)
    text = (await watched.text()).decode()
    assert value(text, 'overheard_runs{state="running"}') == 2


async def test_a_queue_that_is_away_hides_nothing_else() -> None:
    """What the store holds is given."""

    async def census() -> Census:
        return Census(alerts={"open": 2})

    async def gone() -> QueueStatus:
        raise OSError

    text = (await counted(census, queue=gone).text()).decode()
    assert value(text, 'overheard_alerts{state="open"}') == 2
    assert "overheard_queue" not in text


async def test_faults_of_plugins_are_counted_by_plugin(tmp_path: Path) -> None:
    """Each call that fails, also when the part is given up afterwards."""
    async with deployed(f"sqlite:///{tmp_path}/o.db") as (deployment, _):
        guard = Guard("The scorer acme", plugin="acme", notices=deployment.plugins.notices)

        async def fail() -> None:
            raise ValueError

        for _ in range(2):
            with pytest.raises(Exception, match="acme"):
                await guard.call(fail, 1.0)
        text = (await process_metrics(deployment).text()).decode()
    assert value(text, 'overheard_plugin_faults_total{plugin="acme"}') == 2


async def test_the_dashboard_shows_what_there_is() -> None:
    """Each metric and label in it exists, and each metric that exists is in it."""
    text = (await full().text()).decode()
    given: dict[str, set[str]] = {}
    for sample, labels in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", text, re.MULTILINE):
        given.setdefault(sample, set()).update(re.findall(r'(\w+)="', labels))
    panels = json.loads(BOARD.read_text(encoding="utf-8"))["panels"]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    named = {name for query in asked for name in re.findall(r"overheard_\w+", query)}
    shown = {name.removesuffix("_bucket") for name in named}
    families = {name for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE)}
    assert named <= set(given)
    assert shown == families
    for query in asked:
        known = set().union(*(given[name] for name in re.findall(r"overheard_\w+", query)))
        used = [
            label for labels in re.findall(r"by \(([^)]*)\)", query) for label in labels.split(", ")
        ]
        used += re.findall(r"[{,](\w+)[=!]", query)
        assert set(used) <= known, query


def full() -> Metrics:
    """Return metrics of which each has a sample."""
    calls = CallCounters()
    question = Question(Prompt("Which?"), Model("echo", "echo-1"))
    calls.called(Answer(1, question, Reply("Acme.", Finish.COMPLETE, cost_usd=0.5), NOON, 2.0))
    calls.retried("echo")

    async def census() -> Census:
        return Census(checked={"Acme": NOON})

    async def queue() -> QueueStatus:
        return QueueStatus({"ask/echo": 1}, {}, {}, {"ask/echo": 2.0}, 1)

    chats = {"slack": True, "discord": False}
    return Metrics(census, queue, calls, {"acme": 1}, FixedClock(NOON), "o-1234", lambda: chats)


async def test_the_alert_rules_name_what_there_is() -> None:
    """Each metric and label exists; each rule says what is wrong and what to do."""
    text = (await full().text()).decode()
    families = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    [group] = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    names = [rule["alert"] for rule in group["rules"]]
    assert len(names) == len(set(names)) > 10
    for rule in group["rules"]:
        used = set(re.findall(r"overheard_\w+", rule["expr"]))
        assert used
        assert used <= families.keys(), rule["alert"]
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(rule["annotations"]) == {"summary", "description"}
        assert rule["expr"].count("(") == rule["expr"].count(")")
        for name in used:  # the labels that a rule sums by are labels of the metric
            labels = set(re.findall(r"by \(([a-z, ]+)\)", rule["expr"]))
            sample = re.search(rf"^{name}(?:_bucket)?\{{(.*)\}}", text, re.MULTILINE)
            there = re.findall(r'(\w+)="', sample[1] if sample else "")
            assert {label for found in labels for label in found.split(", ")} <= set(there)


async def test_every_metric_is_documented_and_named_as_the_field_does() -> None:
    """In seconds, dollars and totals, and in the table of the page on deploying."""
    told = (BOARD.parents[1] / "deploying.md").read_text(encoding="utf-8")
    text = (await full().text()).decode()
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE):
        assert f"| `{name}" in told, name
        assert name.endswith("_total") == (kind == "counter")
        assert f"# HELP {name} " in text


def test_answers_of_batches_are_counted_and_their_hours_are_no_latency() -> None:
    """By how they ended, and by what they cost."""
    calls = CallCounters()
    question = Question(Prompt("Which?"), Model("echo", "echo-1"))
    whole, cut = Reply("Acme.", Finish.COMPLETE, cost_usd=0.5), Reply("Ac", Finish.LENGTH)
    given = [
        Answer(1, question, whole, NOON, 7200.0),
        Answer(1, question, cut, NOON, 7200.0),
        Answer(1, question, cut, NOON, 7200.0, "echo returned an empty answer."),
    ]
    calls.collected(given)
    read = calls.registry.get_sample_value
    for outcome in ("answered", "cut", "fault"):
        assert read("overheard_asks_total", {"provider": "echo", "outcome": outcome}) == 1
    assert read("overheard_spend_dollars_total", {"provider": "echo"}) == 0.5
    assert read("overheard_ask_duration_seconds_count", {"provider": "echo"}) is None
