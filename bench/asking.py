"""How fast a check asks, what it costs the machine, and whether its memory stays flat.

    uv run python bench/asking.py                    speed, CPU, and memory up to 10,000 answers
    uv run python bench/asking.py --long             memory up to 100,000 answers
    uv run python bench/asking.py --peers            next to public peers, which it installs

A service on loopback, in another process, answers each call after 200 ms. 200 calls are under way
at a time, so the ideal is 1,000 answers a second. The check is compared with a bare client: the
same SDK with the same transport, which asks the same questions and throws the answers away. The
check asks, keeps each answer in SQLite, scores it for a market of 20 brands, and searches for
shifts, which takes a fixed while in a run, mostly to load what it calculates with.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time
from tempfile import TemporaryDirectory

from endpoint import endpoint
from peers import compare

from overheard.commands.check import check
from overheard.config.loader import parse_config
from overheard.deployment import Call
from overheard.runtime.wiring import open_deployment

LATENCY = 0.2
AT_ONCE = 200
ANSWERS = 2_000
PROMPTS = 50
CONFIG = """
[storage]
url = "sqlite:///{folder}/bench.db"
[providers.svc]
plugin = "compatible"
base_url = "{url}"
models = ["m-1"]
prices."m-1" = {{ input = 0.1, output = 0.4 }}
concurrency = {at_once}
[[brands]]
name = "Brand 0"
competitors = [{rivals}]
"""
BARS = (("of a bare client", 0.97), ("of the ideal", 0.60))
MOST_CPU = 3.0
"""What asking, keeping and scoring may take, in times of the bare client's CPU."""


class Stopwatch:
    """Progress that takes the time of each piece of work."""

    def __init__(self) -> None:
        self.took: dict[str, tuple[float, float]] = {}
        self._begun: tuple[str, float, float] | None = None

    def start(self, title: str, total: int) -> None:  # noqa: ARG002 - only time counts here
        """Begin a piece."""
        self._begun = (title.split(maxsplit=1)[0], time.perf_counter(), time.process_time())

    def advance(self, steps: int = 1) -> None:
        """Go on."""

    def finish(self) -> None:
        """End a piece."""
        if self._begun:
            title, wall, cpu = self._begun
            self.took[title] = (time.perf_counter() - wall, time.process_time() - cpu)


def prompts() -> list[str]:
    """Return what is asked."""
    return [f"Which tool is best for a team of {n}, and why is that so?" for n in range(PROMPTS)]


async def bare(url: str, count: int) -> tuple[float, float]:
    """Ask with the SDK alone; return seconds and CPU seconds."""
    from openai import AsyncOpenAI, DefaultAioHttpClient

    client = AsyncOpenAI(
        base_url=url, api_key="none", max_retries=0, http_client=DefaultAioHttpClient()
    )
    asked = prompts()
    waiting = iter(range(count))

    async def work() -> None:
        """Send a request for each number in the shared iterator `waiting`, one after the other,
        until it is exhausted.
        """
        for number in waiting:
            await client.chat.completions.create(
                model="m-1",
                messages=[{"role": "user", "content": asked[number % len(asked)]}],
                seed=number,
            )

    begun, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
    taken = time.perf_counter() - begun, time.process_time() - cpu
    await client.close()
    return taken


async def checked(url: str, count: int) -> dict[str, tuple[float, float]]:
    """Run a check; return seconds and CPU seconds of each piece of work and of all."""
    watch = Stopwatch()
    rivals = ", ".join(f'"Brand {n}"' for n in range(1, 20))
    with TemporaryDirectory() as folder:
        text = CONFIG.format(folder=folder, url=url, at_once=AT_ONCE, rivals=rivals)
        text += "".join(f'[[prompts]]\ntext = "{each}"\n' for each in prompts())
        async with open_deployment(parse_config(text)) as deployment:
            begun, cpu = time.perf_counter(), time.process_time()
            card = await (
                await check(Call(deployment, progress=watch), repeats=count // PROMPTS)
            ).execute()
            watch.took["all"] = (time.perf_counter() - begun, time.process_time() - cpu)
    assert (card.data["state"], card.data["answers"]) == ("complete", count), card.data
    return watch.took


def peak() -> float:
    """Return the most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def speed() -> bool:
    """Compare a check with a bare client, and show the table."""
    with endpoint(LATENCY) as url:
        asyncio.run(bare(url, AT_ONCE))  # imports and connections are warm
        client, client_cpu = asyncio.run(bare(url, ANSWERS))
        took = asyncio.run(checked(url, ANSWERS))
    asking, asking_cpu = took["Asking"]
    ideal = ANSWERS / AT_ONCE * LATENCY
    cpu = (asking_cpu + took["Scoring"][1]) / ANSWERS * 1000
    whole = took["all"]
    print(f"{ANSWERS:,} answers of {LATENCY * 1000:.0f} ms, {AT_ONCE} at a time")
    print(f"{'':<22}{'answers/s':>10}{'CPU ms each':>13}")
    print(f"{'ideal':<22}{ANSWERS / ideal:>10,.0f}")
    print(f"{'bare client':<22}{ANSWERS / client:>10,.0f}{client_cpu / ANSWERS * 1000:>13.2f}")
    print(f"{'check: asking':<22}{ANSWERS / asking:>10,.0f}{asking_cpu / ANSWERS * 1000:>13.2f}")
    scored = asking + took["Scoring"][0]
    print(f"{'check: and scoring':<22}{ANSWERS / scored:>10,.0f}{cpu:>13.2f}")
    rate, each = ANSWERS / whole[0], whole[1] / ANSWERS * 1000
    print(f"{'check: and looking':<22}{rate:>10,.0f}{each:>13.2f}")
    shares = (client / asking, ideal / asking)
    for share, (what, least) in zip(shares, BARS, strict=True):
        print(f"asking reaches {share:.0%} {what} (bar: {least:.0%})")
    times = cpu / (client_cpu / ANSWERS * 1000)
    print(f"ask, keep and score take {times:.1f} times its CPU (bar: {MOST_CPU:g})")
    held = [share >= least for share, (_, least) in zip(shares, BARS, strict=True)]
    return all(held) and times <= MOST_CPU


def memory(sizes: list[int]) -> bool:
    """Show the peak memory of checks of several sizes, each in a new process."""
    print(f"\n{'answers':>10}{'peak MB':>10}")
    peaks = []
    for size in sizes:
        command = [sys.executable, __file__, "--once", str(size)]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603
        peaks.append(float(json.loads(told)["peak_mb"]))
        print(f"{size:>10,}{peaks[-1]:>10.0f}")
    return peaks[-1] - peaks[0] < 0.1 * peaks[0]


def once(size: int) -> None:
    """Run one check, and print its peak memory."""
    with endpoint(0.0) as url:
        asyncio.run(checked(url, size))
    print(json.dumps({"peak_mb": peak()}))


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="memory up to 100,000 answers")
    parser.add_argument("--peers", action="store_true", help="beside public peers")
    parser.add_argument("--once", type=int, metavar="N", help="one check of N answers: its memory")
    chosen = parser.parse_args()
    if chosen.once:
        once(chosen.once)
        return
    held = [speed(), memory([1_000, 10_000, 100_000] if chosen.long else [1_000, 10_000])]
    if chosen.peers:
        print("\npeers, which ask and keep their answers in files, without scoring them")
        compare(LATENCY, ANSWERS, AT_ONCE)
    print("\nthe bars hold" if all(held) else "\na bar does not hold")
    sys.exit(not all(held))


if __name__ == "__main__":
    main()
