"""Public peers of this field, asking the same service; called by `asking.py --peers`.

Each is installed from PyPI or npm into a separate environment, and its own code asks and keeps
its answers as it does for its users: voyage-geo's execution stage with its OpenAI provider,
answersnap's run loop with its Perplexity engine, and promptfoo's `evaluate` with its OpenAI
provider, without its cache and without the scheduler that begins with few calls (all speak Chat
Completions). Only the address is changed. They ask what the check asks, as many at a time.
promptfoo needs Node.js, and is left out without.
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
PROMPTFOO = """
import { readFileSync } from "node:fs";
const [url, count, atOnce, folder] = process.argv.slice(2);
Object.assign(process.env, {
  PROMPTFOO_CONFIG_DIR: folder, PROMPTFOO_DISABLE_TELEMETRY: "1", PROMPTFOO_DISABLE_UPDATE: "1",
  PROMPTFOO_CACHE_ENABLED: "false", PROMPTFOO_DISABLE_ADAPTIVE_SCHEDULER: "true",
  PROMPTFOO_FETCH_CONNECTIONS: atOnce, LOG_LEVEL: "error",
});
const { evaluate } = (await import("promptfoo")).default;
const version = JSON.parse(readFileSync("node_modules/promptfoo/package.json")).version;
const config = { apiBaseUrl: url, apiKey: "none" };
const tests = Array.from({ length: 50 }, (_, n) => ({ vars: { n } }));
const wall = performance.now(), cpu = process.cpuUsage();
const evaluation = await evaluate(
  {
    prompts: ["Which tool is best for a team of {{n}}, and why is that so?"],
    providers: [{ id: "openai:chat:m-1", config }],
    tests, writeLatestResults: true,
    evaluateOptions: { repeat: count / 50, maxConcurrency: Number(atOnce), cache: false },
  },
  { repeat: count / 50, maxConcurrency: Number(atOnce), cache: false },
);
const took = [(performance.now() - wall) / 1000, 0], used = process.cpuUsage(cpu);
took[1] = (used.user + used.system) / 1e6;
const done = (await evaluation.toEvaluateSummary()).stats.successes;
console.log("\\n" + JSON.stringify([version, done, ...took]));
process.exit(0);
"""
PYTHON = {"voyage-geo": VOYAGE, "answersnap": ANSWERSNAP}
NODE = {"promptfoo": PROMPTFOO}


def compare(latency: float, count: int, at_once: int) -> None:
    """Install the peers, let each ask, and show the rows."""
    with TemporaryDirectory() as name:
        for peer in (*PYTHON, *NODE):
            print(_row(peer, Path(name, peer), latency, count, at_once), flush=True)


def _row(peer: str, folder: Path, latency: float, count: int, at_once: int) -> str:
    """Run a peer against the service, and return its row: version, calls per second, CPU
    milliseconds per call; or a sentence why it cannot run.
    """
    folder.mkdir()
    try:
        program = _in_python(peer, folder) if peer in PYTHON else _in_node(peer, folder)
        with endpoint(latency) as url:
            out = _run(folder, *program, url, str(count), str(at_once), str(folder))
            asked = sum(calls(url).values())
    except FileNotFoundError as missing:
        return f"{peer}: it is left out, because there is no {missing.filename}"
    except subprocess.CalledProcessError as error:
        told = (error.stderr or error.stdout).strip() or f"it ends with {error.returncode}"
        return f"{peer}: it cannot be run: {told.splitlines()[-1]}"
    version, done, wall, cpu = json.loads(out.splitlines()[-1])
    row = f"{peer + ' ' + version:<22}{count / wall:>10,.0f}{cpu / count * 1000:>13.2f}"
    return row if done == asked == count else f"{row}  (only {done} of {asked} calls answered)"


def _in_python(peer: str, folder: Path) -> list[str]:
    """Install a peer from PyPI, and return the program that asks with it."""
    _run(folder, sys.executable, "-m", "venv", str(folder / "venv"))
    python = str(folder / "venv" / "bin" / "python")
    _run(folder, python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", peer)
    return [python, "-c", PYTHON[peer]]


def _in_node(peer: str, folder: Path) -> list[str]:
    """Install a peer from npm, and return the program that asks with it."""
    _run(folder, "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", ".", peer)
    script = folder / "ask.mjs"
    script.write_text(NODE[peer], encoding="utf-8")
    return ["node", str(script)]


def _run(folder: Path, *command: str) -> str:
    return subprocess.run(  # noqa: S603 - a peer in its own environment
        command, check=True, capture_output=True, text=True, cwd=folder
    ).stdout
