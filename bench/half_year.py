"""Half a year of a running bot with a moved clock: whether what comes out is right in count.

    python bench/half_year.py               26 weeks, over both changes of the clocks of Berlin
    python bench/half_year.py --weeks 3     over the change of October
    python bench/half_year.py --told FOLDER what people read, while much goes wrong (told_year.py)

The bot is the real one: scheduler, runs, budget, detection, retention and outbox, with a store of
its own and a service on loopback that answers. Only the clock is moved, from each time at which
something is due to the next, and the chat writes down what it is given. A check is due on Mondays
at nine in Berlin, a report and the sign of life after it, and another report each night at half
past two, which the clocks of Berlin show twice in October and skip in March. Texts are kept for 60
days. The limit of a month pays for four checks and a half, and some months have five Mondays.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from zoneinfo import ZoneInfo

import told_year
from endpoint import calls, endpoint
from soak import resident_kb
from time_machine import Traveller, travel

from overheard.alerts import outbox
from overheard.cards.card import Card
from overheard.config.loader import parse_config
from overheard.domain import FIRST_CHECK, Run, RunState
from overheard.interfaces import Desk, Finding
from overheard.runtime import scheduler
from overheard.runtime.server import Server
from overheard.runtime.wiring import open_deployment

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 10, 17, 22, tzinfo=UTC)
"""A Saturday night. The clocks go back on 25 October 2026, and forward on 28 March 2027."""
WEEKS = 26
QUESTIONS = 60
"""Half a check has to pay for the longest answer, because each call holds money for one."""
USD_A_CHECK = QUESTIONS * (20 * 1e-6 + 160 * 2e-6)
"""What the service's answers cost at $1 and $2 a million tokens."""
USD_A_MONTH = 4.5 * USD_A_CHECK
TEXT_DAYS = 60
"""Days for which texts are kept."""
SECOND = timedelta(seconds=1)
POLL_S = 0.05
STEP_TIMEOUT_S = 300.0
"""Seconds that what is due at one time may take."""
CONFIG = """
[storage]
url = "sqlite:///store.db"
[providers.svc]
plugin = "compatible"
base_url = "{url}"
models = ["m-1"]
prices."m-1" = {{ input = 1, output = 2 }}
max_tokens = 160
concurrency = 8
[budget]
month = {month}
[health]
port = 0
cron = "0 11 * * mon"
alive = ["book:alive"]
[retention]
days = {days}
[[routes]]
channel = "book:alerts"
[[brands]]
name = "Brand 3"
competitors = ["Brand 7", "Brand 11"]
[[schedules]]
name = "weekly"
cron = "0 9 * * mon"
timezone = "Europe/Berlin"
[[reports]]
name = "week"
cron = "0 10 * * mon"
timezone = "Europe/Berlin"
channel = "book:week"
[[reports]]
name = "night"
cron = "30 2 * * *"
timezone = "Europe/Berlin"
channel = "book:night"
"""


@dataclass
class Book:
    """A chat that writes down when each channel was given a card, and the card's title."""

    name: str = "book"
    posts: list[tuple[str, datetime, str]] = field(default_factory=list)

    async def run(self, desk: Desk) -> None:  # noqa: ARG002 - nobody asks here
        """Do nothing until cancelled."""
        await asyncio.Event().wait()

    async def post(self, channel: str, card: Card, **_: object) -> str:
        """Write a post down; return its number."""
        self.posts.append((channel, datetime.now(UTC), card.title))
        return str(len(self.posts))

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Do nothing."""

    async def find(self, channel: str, key: str) -> str | None:  # noqa: ARG002 - see below
        """Return None: what was posted is never in doubt."""
        return None

    async def examine(self, channels: Sequence[str]) -> Sequence[Finding]:  # noqa: ARG002
        """Find nothing."""
        return []

    async def close(self) -> None:
        """Do nothing."""

    def times(self, channel: str) -> list[datetime]:
        """Return when a channel was given something."""
        return [at for where, at, _ in self.posts if where == channel]


@dataclass
class Life:
    """What came of the weeks.

    Attributes:
        weeks: How many they are.
        book: The posts.
        resident_kb: The memory of the process after each week.
        runs: The checks, the oldest first.
        spent: US dollars in each month in UTC, such as ``2026-11``.
        refused: What the scheduled checks that were not made said.
        texts: For each answer, when it was asked and whether its text is in the store.
    """

    weeks: int
    book: Book = field(default_factory=Book)
    resident_kb: list[int] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    spent: dict[str, float] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    texts: list[tuple[datetime, bool]] = field(default_factory=list)


async def live(url: str, folder: Path, clock: Traveller, weeks: int) -> Life:
    """Run the bot, and move the clock from each due time to the next until the weeks are over."""
    text = CONFIG.format(url=url, month=USD_A_MONTH, days=TEXT_DAYS)
    text += "".join(
        f'[[prompts]]\ntext = "Which tool suits {n} people?"\n' for n in range(QUESTIONS)
    )
    life, end = Life(weeks), START + timedelta(weeks=weeks)
    async with open_deployment(parse_config(text, str(folder / "config.toml"))) as deployment:
        server, store = Server(deployment, {"book": life.book}), deployment.store
        jobs = [job for job in await server.jobs() if job.name != FIRST_CHECK]
        for job in jobs:
            await store.schedules.state(job.name, START)
        work, now = asyncio.create_task(server.run()), START
        try:
            while (due := min(job.times.after(now) or end for job in jobs)) < end:
                clock.move_to(due + SECOND)
                async with asyncio.timeout(STEP_TIMEOUT_S):
                    for job in jobs:
                        if job.times.latest(now, due):
                            while (await store.schedules.state(job.name, now)).done < due:  # noqa: ASYNC110 - another task's
                                await asyncio.sleep(POLL_S)
                    while await store.deliveries.find(waiting=True):  # noqa: ASYNC110 - another task's
                        await asyncio.sleep(POLL_S)
                if due.weekday() == 5 and due.hour == 3:  # Saturdays, when old texts are removed
                    life.resident_kb.append(resident_kb())
                    print(f"until {due:%d %b %Y} {resident_kb() / 1024:8.1f} MB", flush=True)
                now = due
        finally:
            work.cancel()
            await asyncio.wait({work})
        life.runs = sorted(await store.runs.find(), key=lambda run: run.started_at)
        for month in {f"{run.started_at:%Y-%m}" for run in life.runs}:
            first = datetime.fromisoformat(f"{month}-01T00:00:00+00:00")
            after = (first + timedelta(days=31)).replace(day=1)
            sums = [await store.money.spent(since=at) for at in (first, after)]
            life.spent[month] = sums[0] - sums[1]
        audited = await store.audit.find()
        life.refused = [
            entry.outcome
            for entry in audited
            if entry.command == "check" and entry.outcome != "done"
        ]
        life.texts = [
            (answer.asked_at, bool(answer.reply.text)) async for answer in store.answers.stream()
        ]
    return life


def faults(life: Life, asked: int) -> list[str]:
    """Print the counts of the simulated weeks, and return the wrong ones as sentences.

    Args:
        life: The runs, posts and texts of the weeks.
        asked: The number of calls that the service received.
    """
    found: list[str] = []

    def expect(what: str, seen: object, wanted: object) -> None:
        print(f"{what:64} {seen}")
        if seen != wanted:
            found.append(f"{what}: {seen}, and not {wanted}")

    weeks, book = life.weeks, life.book
    monday = START.astimezone(BERLIN) + timedelta(days=1)
    fifth = sum((monday + timedelta(weeks=n)).day > 28 for n in range(weeks))
    complete = [run for run in life.runs if run.state is RunState.COMPLETE]
    begun = [run.started_at.astimezone(BERLIN) for run in life.runs]
    late_s = [(at - at.replace(hour=9, minute=0, second=0)).total_seconds() for at in begun]
    nights = [at.astimezone(BERLIN) for at in book.times("night")]
    now = START + timedelta(weeks=weeks)
    expect("complete checks", len(complete), weeks - fifth)
    expect("checks that the limit of the month kept from completion", weeks - len(complete), fifth)
    expect("months in which more was spent than allowed", _over(life.spent), 0)
    expect("checks on a Monday", sum(at.weekday() == 0 for at in begun), len(begun))
    expect("checks within a minute of nine in Berlin", sum(0 <= s < 60 for s in late_s), len(begun))
    expect("calls of the service, and answers", asked, len(life.texts))
    expect("weekly reports", len(book.times("week")), weeks)
    expect("signs of life", len(book.times("alive")), weeks)
    expect("alerts", len(book.times("alerts")), 0)
    expect("nightly reports", len(nights), 7 * weeks)
    expect("nights with one", len({at.date() for at in nights}), 7 * weeks)
    kept = [at for at, text in life.texts if text]
    gone = [at for at, text in life.texts if not text]
    limit = now - timedelta(days=TEXT_DAYS)
    expect(
        "texts kept too long, and removed too soon",
        (sum(at < limit - timedelta(days=1) for at in kept), sum(at > limit for at in gone)),
        (0, 0),
    )
    print(f"{'texts removed, and kept':64} {len(gone)}, {len(kept)}")
    grown = life.resident_kb[-1] - life.resident_kb[len(life.resident_kb) // 2]
    print(f"{'kB of memory that a week of the second half added':64} {grown / (weeks / 2):.0f}")
    for said in sorted(set(life.refused)):
        print(f"a refused check says: {said}")
    return found


def _over(spent: Mapping[str, float]) -> int:
    return sum(usd > USD_A_MONTH + 1e-9 for usd in spent.values())


def main() -> None:
    """Run the bot through the weeks with a moved clock, and exit with the wrong counts, if any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=WEEKS)
    parser.add_argument("--told", type=Path, help="where all cards are written")
    given = parser.parse_args()
    if given.told:
        given.told.mkdir(parents=True, exist_ok=True)
        sys.exit("\n".join(asyncio.run(told_year.tell(given.told))) or 0)
    weeks = given.weeks
    # Both poll often, so that a time that was moved to is not waited for.
    scheduler.SYNC_INTERVAL_S = outbox.IDLE_INTERVAL_S = POLL_S
    began = monotonic()
    with endpoint(0.0) as url, TemporaryDirectory() as folder, travel(START) as clock:
        life = asyncio.run(live(url, Path(folder), clock, weeks))
        found = faults(life, sum(calls(url).values()))
    print(f"{weeks} weeks in {monotonic() - began:.0f} s")
    sys.exit("\n".join(found) or 0)


if __name__ == "__main__":
    main()
