"""Public peers of this field, asking the same service; called by `asking.py --peers`.

Each is installed from PyPI into a virtual environment of its own, and its own code asks and keeps
its answers as it does for its users: voyage-geo's execution stage with its OpenAI provider, and
answersnap's run loop with its Perplexity engine (both speak Chat Completions). Only the address is
changed. They ask what the check asks, as many at a time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from endpoint import calls, endpoint

VOYAGE = """
import asyncio, io, json, os, sys, time
url, count, at_once, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
os.environ["OPENAI_BASE_URL"] = url
from importlib.metadata import version
from voyage_geo.config.schema import ProviderConfig, VoyageGeoConfig
from voyage_geo.core.context import create_run_context
from voyage_geo.providers.registry import ProviderRegistry
from voyage_geo.stages.execution.stage import ExecutionStage
from voyage_geo.storage.filesystem import FileSystemStorage
from voyage_geo.types.query import GeneratedQuery, QuerySet

text = "Which tool is best for a team of {}, and why is that so?"
queries = [
    GeneratedQuery(id=str(n), text=text.format(n % 50), category="general", strategy="keyword",
                   intent="x")
    for n in range(count)
]
context = create_run_context(VoyageGeoConfig(execution={"concurrency": at_once}))
context.query_set = QuerySet(brand="Brand 0", queries=queries, generated_at="", total_count=count)
registry = ProviderRegistry()
registry.register("openai", ProviderConfig(name="openai", api_key="none", model="m-1"))
stage = ExecutionStage(registry, FileSystemStorage(folder))
real, sys.stdout = sys.stdout, io.StringIO()
wall, cpu = time.perf_counter(), time.process_time()
asyncio.run(stage.execute(context))
took = time.perf_counter() - wall, time.process_time() - cpu
done = context.execution_run.completed_queries
print(json.dumps([version("voyage-geo"), done, *took]), file=real)
"""
ANSWERSNAP = """
import json, sys, time
from pathlib import Path
url, count, at_once, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
from datetime import datetime, timezone
from answersnap import __version__, run
from answersnap.config import parse_config
from answersnap.providers import perplexity_provider

perplexity_provider.ENDPOINT = url + "/chat/completions"
text = "Which tool is best for a team of {}, and why is that so?"
config = parse_config({
    "schema": 1,
    "brand": {"name": "Brand 0", "aliases": [], "owned_domains": ["brand0.example"]},
    "competitors": [],
    "engines": ["openai"],  # a label here: its configuration does not list Perplexity
    "repeats": count // 50,
    "recommendation_intents": ["recommendation"],
    "prompt_set": {"version": 1, "queries": [
        {"text": text.format(n), "intent": "recommendation"} for n in range(50)]},
})

class Engine:
    model = "m-1"
    provider = perplexity_provider.PerplexityProvider("m-1", "none")
    def answer(self, query, repeat):
        return self.provider.ask(query)

engines = {"openai": Engine()}
tasks = run.plan_tasks(config, ["openai"], count // 50)
manifest = run.initial_manifest(
    config, run_id="r", mode="live", engines=engines, skipped={}, tasks=tasks,
    repeats=count // 50, max_calls=None, started_at=datetime.now(timezone.utc), cost={})
wall, cpu = time.perf_counter(), time.process_time()
run.execute(config, Path(folder), manifest, engines, tasks, workers=at_once)
took = time.perf_counter() - wall, time.process_time() - cpu
done = manifest["calls"]["made"] - manifest["calls"]["failed"]
print(json.dumps([__version__, done, *took]))
"""
PEERS = {"voyage-geo": VOYAGE, "answersnap": ANSWERSNAP}


def compare(latency: float, count: int, at_once: int) -> None:
    """Install the peers, let each ask, and show the rows."""
    with TemporaryDirectory() as name:
        for peer, script in PEERS.items():
            print(_row(peer, script, Path(name, peer), latency, count, at_once), flush=True)


def _row(peer: str, script: str, folder: Path, latency: float, count: int, at_once: int) -> str:
    try:
        python = _installed(peer, folder)
        with endpoint(latency) as url:
            arguments = [url, str(count), str(at_once), str(folder)]
            out = _run(python, "-c", script, *arguments)
            asked = sum(calls(url).values())
    except subprocess.CalledProcessError as error:
        return f"{peer}: it cannot be run: {error.stderr.strip().splitlines()[-1]}"
    version, done, wall, cpu = json.loads(out.splitlines()[-1])
    row = f"{peer + ' ' + version:<22}{count / wall:>10,.0f}{cpu / count * 1000:>13.2f}"
    return row if done == asked == count else f"{row}  (only {done} of {asked} calls answered)"


def _installed(peer: str, folder: Path) -> str:
    _run(sys.executable, "-m", "venv", str(folder / "venv"))
    python = str(folder / "venv" / "bin" / "python")
    _run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", peer)
    return python


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
