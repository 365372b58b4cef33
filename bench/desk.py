"""How long people wait for an acknowledgement while a large check runs, and what memory it takes.

    uv run python bench/desk.py                      1,000 calls, 50 commands a second
    uv run python bench/desk.py --calls 3000 --rate 20
    uv run python bench/desk.py --minutes 60 --rate 1     an hour of load
    uv run python bench/desk.py --still 3600              commands on a history that stays as it is

A real desk on a real SQLite store. A service on loopback, in another process, answers each call
after 200 ms. During a check people type commands at a steady rate, for as long as the check runs
and a minute at most, whether or not earlier commands were answered. With `--minutes`, they type
for that time, a check begins every two minutes, and the memory of this process and of the chart
process is printed every minute. With `--still`, a check is made first, and the commands follow one
after the other, so that growing memory cannot be that of a growing history.

A chat acknowledges a command as soon as the event loop reaches it, before the desk begins; so the
time of an acknowledgement is the delay of the loop, from the moment at which the command was due.
The time to the result is measured, too.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from endpoint import endpoint

from overheard.chat.access import ConfiguredAccess
from overheard.chat.desk import ChatDesk
from overheard.commands.check import check
from overheard.config.loader import parse_config
from overheard.deployment import Call, Deployment
from overheard.runtime.wiring import open_deployment
from overheard.testing.fakes import FakeChat

LATENCY = 0.2
AIM = 0.3
"""Seconds within which 99 of 100 commands are to be acknowledged."""
LONGEST = 60.0
"""Seconds of typing, at most, unless minutes are named."""
GROWTH = 5.0
"""MB by which memory may grow over three quarters of the commands on a history as it is."""
LOOK = 60.0
"""Seconds between two measurements of the memory."""
PAUSE = 120.0
"""Seconds between the beginnings of two checks, when minutes are named."""
PROMPTS = 50
TYPED = ("status", "brands", "report", "trend Brand 3", "runs", "spend", "alerts", "hepl")
CONFIG = """
[storage]
url = "sqlite:///{folder}/bench.db"
[providers.svc]
plugin = "compatible"
base_url = "{url}"
models = ["m-1"]
prices."m-1" = {{ input = 0.1, output = 0.4 }}
concurrency = 20
[[brands]]
name = "Brand 3"
competitors = ["Brand 7", "Brand 11"]
"""


@dataclass
class People:
    """Those who type, and how long they wait.

    Attributes:
        chat: Where they type.
        rate: Commands a second, of all of them together.
        longest: Seconds of typing, at most.
        acknowledged: Seconds until each command was acknowledged.
        answered: Seconds until each command had its result.
        failed: What results that report a failure say.
    """

    chat: FakeChat
    rate: float
    longest: float = LONGEST
    acknowledged: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    async def work(self, until: asyncio.Future[int]) -> None:
        """Type until something is done."""
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(int(self.rate * self.longest)):
                due = begun + number / self.rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                if until.done():
                    return
                group.create_task(self._type(TYPED[number % len(TYPED)], due))

    async def _type(self, words: str, due: float) -> None:
        self.acknowledged.append(time.perf_counter() - due)
        screen = await self.chat.type(words)
        self.answered.append(time.perf_counter() - due)
        if screen.card.failed:
            self.failed.append(f"{screen.card.title}: {screen.card.text}")


def resident() -> float:
    """Return the memory that this process and its own hold now, in MB."""
    me = os.getpid()
    children = Path(f"/proc/{me}/task/{me}/children").read_text(encoding="ascii").split()
    return sum(map(_resident, (str(me), *children)))


def _resident(process: str) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


async def look(people: People) -> None:
    """Print the memory at intervals, until cancelled."""
    for minute in count(1):
        await asyncio.sleep(LOOK)
        commands = f"{len(people.answered):>8,} commands"
        print(f"{minute:>4} min {commands} {resident():>5.0f} MB", flush=True)


async def ask(deployment: Deployment, repeats: int, until: float) -> int:
    """Run a check, and repeat it every `PAUSE` seconds until `until`, a time of the event loop;
    return the number of answered questions.
    """
    loop, answered = asyncio.get_running_loop(), 0
    while True:
        begun = loop.time()
        card = await (await check(Call(deployment), repeats=repeats)).execute()
        answered += int(card.data["answers"])
        if begun + PAUSE >= until:
            return answered
        await asyncio.sleep(begun + PAUSE - loop.time())


@asynccontextmanager
async def opened(folder: str, url: str) -> AsyncIterator[tuple[Deployment, FakeChat]]:
    """Open a deployment with `PROMPTS` questions, and yield it with a fake chat in front of its
    desk.
    """
    text = CONFIG.format(folder=folder, url=url)
    text += "".join(f'[[prompts]]\ntext = "Which is best for {n}?"\n' for n in range(PROMPTS))
    async with open_deployment(parse_config(text)) as deployment:
        gate = ConfiguredAccess(deployment.config.access, deployment.store, deployment.clock)
        yield deployment, FakeChat(ChatDesk(deployment, gate))


async def still(commands: int, calls: int, folder: str, url: str) -> bool:
    """Print the memory of the process during many commands on an unchanged history, and return
    whether its growth in MB is within `GROWTH`.
    """
    async with opened(folder, url) as (deployment, chat):
        await (await check(Call(deployment), repeats=calls // PROMPTS)).execute()
        told = []
        for number in range(commands + 1):
            if number % max(1, commands // 20) == 0:
                told.append(resident())
                print(f"{number:>8,} commands {told[-1]:>5.0f} MB", flush=True)
            await chat.type(TYPED[number % len(TYPED)])
    grown = told[-1] - told[len(told) // 4]
    print(f"grown since the first quarter: {grown:+.1f} MB (aim: {GROWTH:.0f})")
    return grown <= GROWTH


async def measure(calls: int, rate: float, minutes: float, folder: str, url: str) -> bool:
    """Run a check while people type commands, print their waiting times, and return whether 99 of
    100 acknowledgements came within `AIM` and no command failed.
    """
    async with opened(folder, url) as (deployment, chat):
        people = People(chat, rate, minutes * 60 or LONGEST)
        await (
            await check(Call(deployment), repeats=1)
        ).execute()  # imports and connections are warm
        for words in TYPED:
            await people.chat.type(words)
        before, begun = resident(), time.perf_counter()
        until = asyncio.get_running_loop().time() + minutes * 60
        checking = asyncio.ensure_future(ask(deployment, calls // PROMPTS, until))
        looking = asyncio.create_task(look(people))
        await people.work(asyncio.Future() if minutes else checking)
        answers = await checking
        took = time.perf_counter() - begun
        looking.cancel()
        after = resident()
    print(f"{answers:,} answers, {len(people.answered):,} commands in {took:.1f} s")
    for what, waits in (("acknowledged", people.acknowledged), ("answered", people.answered)):
        print(f"{what:<14}{told(waits)}")
    print(f"memory{'':<8}{before:.0f} MB before, {after:.0f} MB after")
    for text in sorted(set(people.failed)):
        print(f"failed{'':<8}{people.failed.count(text)} x {text}")
    p99 = percentile(people.acknowledged, 99)
    print(f"99 of 100 are acknowledged within {p99 * 1000:.0f} ms (aim: {AIM * 1000:.0f} ms)")
    return p99 <= AIM and not people.failed


def percentile(values: list[float], percent: int) -> float:
    """Return the value that so many of a hundred do not exceed."""
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def told(waits: list[float]) -> str:
    """Say how long some waits were."""
    shown = (percentile(waits, 50), percentile(waits, 99), max(waits))
    return "p50 {:,.0f} ms, p99 {:,.0f} ms, max {:,.0f} ms".format(*(w * 1000 for w in shown))


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000, help="of the check")
    parser.add_argument("--rate", type=float, default=50.0, help="commands a second")
    parser.add_argument("--minutes", type=float, default=0.0, help="of typing, for the memory")
    parser.add_argument("--still", type=int, default=0, help="commands on a history as it is")
    chosen = parser.parse_args()
    with TemporaryDirectory() as folder, endpoint(LATENCY) as url:
        if chosen.still:
            held = asyncio.run(still(chosen.still, chosen.calls, folder, url))
        else:
            held = asyncio.run(measure(chosen.calls, chosen.rate, chosen.minutes, folder, url))
    sys.exit(not held)


if __name__ == "__main__":
    main()
