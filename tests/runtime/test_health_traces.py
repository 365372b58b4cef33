"""Traces: spans of what a run does, where tracing is configured."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import cast

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kit.loopback import POLL_S
from kit.office import executed
from overheard import telemetry as tracing
from overheard.alerts.outbox import Outbox
from overheard.commands.check import check
from overheard.config.loader import parse_config
from overheard.deployment import Call
from overheard.domain import Delivery, DeliveryKind
from overheard.interfaces import Chat
from overheard.runtime.metrics import start_telemetry
from overheard.runtime.wiring import open_deployment
from overheard.telemetry import TracesUnavailable, begin_traces, traced
from overheard.testing import EchoProvider, FixedClock
from overheard.testing.deployment import open_test_store

CONFIG = """
[storage]
url = "sqlite:///{folder}/o.db"
[[brands]]
name = "Acme"
[[prompts]]
text = "Which tracker is best?"
"""
SAID = "Acme is a marvel of nature"


class Spans:
    """What was traced."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._provider: TracerProvider = begin_traces("here", self._exporter)

    def all(self) -> list[ReadableSpan]:
        """Return the spans that have ended."""
        self._provider.force_flush()
        return list(self._exporter.get_finished_spans())

    def close(self) -> None:
        """Trace no more."""
        tracing._tracer.clear()
        self._provider.shutdown()


@pytest.fixture
def spans() -> Iterator[Spans]:
    """Have everything traced in this process."""
    spans = Spans()
    yield spans
    spans.close()


async def checked(folder: Path) -> str:
    """Run a check, and return the run's key."""
    async with open_deployment(parse_config(CONFIG.format(folder=folder))) as deployment:
        deployment.plugins.providers["echo"] = EchoProvider(SAID)
        await executed(check(Call(deployment)))
        (run,) = await deployment.store.runs.find()
        return run.key


async def test_a_run_is_a_trace_of_what_it_did(tmp_path: Path, spans: Spans) -> None:
    """Asking, scoring and detection are spans within the run, without any text of answers."""
    key = await checked(tmp_path)
    found = {span.name: span for span in spans.all()}
    assert set(found) == {"run", "ask", "score", "detect"}
    run = found["run"]
    assert run.attributes == {"overheard.run": key}
    assert found["ask"].attributes == {"overheard.model": "echo/echo-1"}
    assert {span.context.trace_id for span in found.values()} == {run.context.trace_id}
    assert run.resource.attributes["service.name"] == "here"
    assert SAID not in "".join(span.to_json() for span in found.values())


async def test_a_delivery_is_traced(spans: Spans) -> None:
    """By what it is, and not by what it says."""

    async def unwanted(_: Delivery) -> None:
        return None

    store, clock = open_test_store(), FixedClock()
    notice = Delivery(DeliveryKind.NOTICE, "notice-1", "fake:C0", clock.now(), SAID)
    await store.deliveries.add([notice])
    chats = cast("dict[str, Chat]", {"fake": None})  # nothing is posted that is not wanted
    assert await Outbox(store.deliveries, chats, unwanted, clock).work() == 1
    (span,) = spans.all()
    assert (span.name, span.attributes) == ("deliver", {"overheard.delivery": "notice"})
    assert SAID not in span.to_json()


async def test_a_failure_is_told_by_its_kind(spans: Spans) -> None:
    """Its text may hold a secret."""

    @traced("work")
    async def work() -> None:
        raise ValueError("hunter2")

    with pytest.raises(ValueError, match="hunter2"):
        await work()
    (span,) = spans.all()
    assert (span.status.status_code.name, span.status.description) == ("ERROR", "ValueError")
    assert "hunter2" not in span.to_json()


def test_nobody_is_traced_who_does_not_want_it() -> None:
    """Not even the package is imported."""
    code = (
        "import asyncio, sys\n"
        "from overheard.telemetry import traced\n"
        "@traced('work')\n"
        "async def work(): return 7\n"
        "assert asyncio.run(work()) == 7\n"
        "assert not any(name.startswith('opentelemetry') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_package_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traces can be turned off as well."""
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(TracesUnavailable, match=r"pip install .*opentelemetry-sdk"):
        begin_traces("here")


def test_spans_go_where_the_variables_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """By OTLP over HTTP, to a collector on this machine."""
    got: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_S,), daemon=True)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "there")
    provider = begin_traces("here")
    with provider.get_tracer("test").start_as_current_span("ask"):
        pass
    provider.shutdown()
    tracing._tracer.clear()
    server.shutdown()
    ((path, body),) = got
    assert path == "/v1/traces"
    assert b"there" in body
    assert b"ask" in body


@pytest.mark.parametrize("wanted", [True, False])
async def test_the_configuration_says_whether_there_are_traces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, wanted: bool
) -> None:
    """There are none by default."""
    begun: list[str] = []
    monkeypatch.setattr("overheard.runtime.metrics.begin_traces", begun.append)
    monkeypatch.setattr("overheard.runtime.metrics.write_log", lambda *_: None)
    config = CONFIG.format(folder=tmp_path)
    config += '[telemetry]\ntraces = true\nservice = "ours"\n' if wanted else ""
    async with open_deployment(parse_config(config)) as deployment:
        start_telemetry(deployment)
    assert begun == (["ours"] if wanted else [])
