"""A model is asked again by itself, from what the store holds, until it is told or has passed."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kit.office import executed
from kit.recording import HandClock
from kit.scripted import Quiet, ScriptedProvider, reply
from overheard.alerts.bursts import CHECK, PlannedBurst, calls_left, planned_bursts
from overheard.alerts.history import HistoryReader
from overheard.alerts.story import read_watches
from overheard.cards.card import Card
from overheard.commands.check import check
from overheard.commands.delivery_cards import run_result
from overheard.commands.schedules import list_schedules
from overheard.config.loader import load_config
from overheard.config.sections import BudgetTable, BurstsTable, Config
from overheard.deployment import Call, Deployment
from overheard.domain import (
    BURST,
    BURSTS,
    TERMINAL,
    Answer,
    DeliveryKind,
    Model,
    ModelUpdate,
    Price,
    Question,
    Reply,
    Run,
    RunState,
)
from overheard.errors import BudgetExceeded, RunUnderWay
from overheard.runs.plan import lay_out
from overheard.runtime.scheduled_work import run_bursts
from overheard.runtime.scheduler import Scheduler
from overheard.runtime.server import Server
from overheard.runtime.wiring import open_deployment
from overheard.testing.deployment import create_test_store
from overheard.views.news import WATCH_ICON

MODEL = Model("svc", "m-1")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
WEEK = timedelta(weeks=1)
PROMPTS = [f"Which tool is best for team {number}?" for number in range(10)]
BEFORE = 8
"""Weeks in which nothing changed."""


class Moods(ScriptedProvider):
    """A service that names Acme in some share of its answers, alike in each run."""

    def __init__(self) -> None:
        super().__init__()
        self.share = 5
        self.served = ""
        self._count = 0
        self.answer = self._said

    def charge(self, price: Price) -> None:
        """Cost something from now on."""
        self._price = price

    def _said(self, question: Question) -> Reply:
        self._count += 1
        number = PROMPTS.index(question.prompt.text) + self._count // len(PROMPTS)
        named = number * 7 % 10 < self.share
        return reply("Take Acme." if named else "Take another.", served_model=self.served)


def write_config(folder: Path) -> Config:
    """Write a configuration of one brand, ten prompts and a schedule into a folder."""
    prompts = "".join(f'[[prompts]]\ntext = "{text}"\n' for text in PROMPTS)
    file = folder / "config.toml"
    file.write_text(
        f'[storage]\nurl = "sqlite:///{folder.as_posix()}/store.db"\n[[brands]]\nname = "Acme"\n'
        f'{prompts}[[schedules]]\nname = "weekly"\ncron = "0 9 * * mon"\n',
        encoding="utf-8",
    )
    return load_config(file)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """One brand, ten prompts, a schedule."""
    return write_config(tmp_path)


class House:
    """A deployment that is checked week by week."""

    def __init__(self, deployment: Deployment, provider: Moods, clock: HandClock) -> None:
        self.deployment, self.provider, self.clock = deployment, provider, clock

    async def learn(self, weeks: int) -> None:
        """Keep the answers of so many weekly checks, as they would have been."""
        panel = lay_out(self.deployment.catalogue, self.deployment.plugins.providers)
        for week in range(weeks):
            self.clock.pass_(hours=WEEK / timedelta(hours=1))
            await self.keep(Run(f"week {week}", self.clock.now(), panel))

    async def keep(self, run: Run) -> None:
        """Keep the answers of a run, as they would have been."""
        store, panel = self.deployment.store, run.panel
        kept = await store.runs.start(run)
        asked = [
            (q, await self.provider.ask(q, seed=0)) for q in (panel.questions() if panel else ())
        ]
        await store.answers.add([Answer(kept.id, q, said, run.started_at) for q, said in asked])
        await store.runs.finish(kept.id, RunState.COMPLETE, run.started_at)
        await self.deployment.scoring.catch_up(store, Quiet())

    async def weeks(self, *shares: int, who: str = TERMINAL, channel: str = TERMINAL) -> str:
        """Check once a week, with Acme named in so many of ten answers; return the last text."""
        text = ""
        for share in shares:
            self.clock.pass_(hours=WEEK / timedelta(hours=1))
            self.provider.share = share
            call = Call(self.deployment, who, channel)
            text = str((await executed(check(call, models=["svc/m-1"]))).text)
        return text

    async def plan(self) -> PlannedBurst | None:
        """Return the burst that comes next."""
        return next(iter(await planned_bursts(Call(self.deployment))), None)

    async def ask(self) -> None:
        """Ask the bursts that are due."""
        await run_bursts(Call(self.deployment), await planned_bursts(Call(self.deployment)))

    async def burst(self, share: int) -> None:
        """Ask the burst that comes next when it is due."""
        self.clock.pass_(hours=3)
        self.provider.share = share
        await self.ask()

    async def bursts(self) -> list[int]:
        """Return how many questions each burst that was made asked."""
        runs = await self.deployment.store.runs.find()
        return [len(run.panel or ()) for run in runs if run.label == BURST]


def automatic(deployment: Deployment, **bursts: object) -> Deployment:
    """Return the deployment with another table [bursts]."""
    table = BurstsTable.model_validate(bursts)
    config = deployment.config.model_copy(update={"bursts": table})
    return replace(deployment, config=config, declared=config)


def opened_house(opened: Deployment, now: datetime) -> House:
    """Return the deployment with a service of the tests, at a time."""
    provider, clock = Moods(), HandClock(now)
    opened.plugins.providers["svc"] = provider
    return House(replace(opened, clock=clock), provider, clock)


async def write_store(folder: Path, *shares: int, copied: Path | None = None) -> Path:
    """Write a store in which Acme was named in half of the answers of eight weeks, and then in such
    shares; return its file.

    Args:
        folder: An empty folder.
        shares: How many of ten answers name Acme in each further week.
        copied: The file of a store with the eight weeks.
    """
    file = folder / "store.db"
    create_test_store(file, copied)
    async with open_deployment(write_config(folder)) as opened:
        if copied is None:
            await opened_house(opened, START).learn(BEFORE)
        await opened_house(opened, START + BEFORE * WEEK).weeks(*shares)
    return file


@pytest.fixture(scope="module")
def learnt_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store after eight weeks of a system that names Acme in half of its answers."""
    return asyncio.run(write_store(tmp_path_factory.mktemp("learnt")))


@pytest.fixture(scope="module")
def suspicious_store(tmp_path_factory: pytest.TempPathFactory, learnt_store: Path) -> Path:
    """The store after another week, in which nobody named Acme."""
    folder = tmp_path_factory.mktemp("suspicious")
    return asyncio.run(write_store(folder, 0, copied=learnt_store))


@pytest.fixture
async def house(config: Config, tmp_path: Path, learnt_store: Path) -> AsyncIterator[House]:
    """Eight weeks of a system that names Acme in half of its answers."""
    create_test_store(tmp_path / "store.db", learnt_store)
    async with open_deployment(config) as opened:
        yield opened_house(opened, START + BEFORE * WEEK)


@pytest.fixture
async def suspicious(
    config: Config, tmp_path: Path, suspicious_store: Path
) -> AsyncIterator[House]:
    """And a week in which nobody named Acme."""
    create_test_store(tmp_path / "store.db", suspicious_store)
    async with open_deployment(config) as opened:
        house = opened_house(opened, START + (BEFORE + 1) * WEEK)
        house.provider.share = 0
        yield house


async def test_as_long_as_nothing_looks_unusual_no_burst_is_planned(house: House) -> None:
    """And nothing is asked."""
    assert await house.plan() is None
    await house.ask()
    assert await house.bursts() == []


async def test_a_check_knows_when_another_check_would_tell(house: House) -> None:
    """Where nothing is asked by itself."""
    house.deployment = automatic(house.deployment, automatic=False)
    house.clock.pass_(hours=WEEK / timedelta(hours=1))
    house.provider.share = 0
    checked = await executed(check(Call(house.deployment), models=["svc/m-1"]))

    [sentence] = checked.data["bursts"]
    assert sentence.startswith("Acme at svc/m-1 is unlike before: another check after 4 May 2026")
    assert sentence.endswith("would tell; run: overheard check")


async def test_a_restart_makes_the_same_plan_from_the_store_alone(
    suspicious: House, config: Config
) -> None:
    """Down to the prompts and the run's key: the same questions, three times at least."""
    async with open_deployment(config) as again:
        again.plugins.providers["svc"] = Moods()
        plans = await planned_bursts(Call(replace(again, clock=suspicious.clock)))

    assert plans == [await suspicious.plan()]
    assert (plans[0].source, len(plans[0].panel), plans[0].brands) == (CHECK, 30, ("Acme",))


async def test_a_burst_waits_for_three_hours_and_is_scored(suspicious: House) -> None:
    """The next is twelve hours after the check. It says nothing of the model as a whole."""
    await suspicious.ask()
    assert await suspicious.bursts() == []
    planned = await suspicious.plan()
    assert planned is not None
    await suspicious.burst(2)

    [run] = [run for run in await suspicious.deployment.store.runs.find() if run.label == BURST]
    assert run.started_at == planned.at
    blocks = await suspicious.deployment.store.blocks.find(brand="Acme", metric="visibility")
    assert sum(block.n for block in blocks if block.run_id == run.id) == 30
    again = await suspicious.plan()
    assert again is None or again.at == planned.at + timedelta(hours=9)
    streams = await HistoryReader.of(Call(suspicious.deployment)).visibility_streams()
    assert streams
    assert all(run.id not in {key.id for key in stream.runs} for stream in streams)


async def test_two_processes_ask_a_burst_once(suspicious: House, config: Config) -> None:
    """Both plan the same run: one asks it, the other is refused or finds it done."""
    suspicious.clock.pass_(hours=3)
    suspicious.provider.asked.clear()
    async with open_deployment(config) as other:
        other.plugins.providers["svc"] = suspicious.provider
        both = [suspicious.deployment, replace(other, clock=suspicious.clock)]
        plans = [await planned_bursts(Call(one)) for one in both]
        results = await asyncio.gather(
            *(run_bursts(Call(one), plan) for one, plan in zip(both, plans, strict=True)),
            return_exceptions=True,
        )

    assert all(not isinstance(r, Exception) or isinstance(r, RunUnderWay) for r in results)
    assert await suspicious.bursts() == [30]
    assert len(suspicious.provider.asked) == 30


async def test_a_burst_that_was_cut_off_goes_on(suspicious: House) -> None:
    """What was answered is not asked again."""
    planned = await suspicious.plan()
    assert planned is not None
    suspicious.clock.pass_(hours=3)
    store, at = suspicious.deployment.store, suspicious.clock.now()
    run = await store.runs.start(Run(planned.key, at, planned.panel, label=BURST))
    asked = list(planned.panel.questions())[:12]
    await store.answers.add([Answer(run.id, question, reply(), at) for question in asked])
    suspicious.provider.asked.clear()
    await suspicious.ask()

    assert len(suspicious.provider.asked) == 18
    assert await suspicious.bursts() == [30]


async def test_it_has_passed_when_the_answers_are_as_before(suspicious: House) -> None:
    """Then nothing is asked again, and what was suspected is stored as over."""
    await suspicious.burst(6)

    assert len(await suspicious.bursts()) == 1
    assert await suspicious.plan() is None
    assert await suspicious.deployment.store.alerts.find() == []
    [watch] = (await read_watches(suspicious.deployment.store)).values()
    assert watch.over
    assert watch.values is not None


async def test_that_it_has_passed_is_posted_where_the_check_was_asked_for(house: House) -> None:
    """The card said when it asks again; a check by schedule said nothing in a channel."""
    await house.weeks(0, who="Maya", channel="slack:C1")
    await house.burst(6)

    [posted] = await house.deployment.store.deliveries.find()
    assert (posted.kind, posted.channel) == (DeliveryKind.RESULT, "slack:C1")
    [run] = [run for run in await house.deployment.store.runs.find() if run.label == BURST]
    assert posted.subject == run.key
    card = await run_result(Call(house.deployment, channel="slack:C1"), run.key)
    assert isinstance(card, Card)
    assert card.title == "It has passed at m-1"


async def test_it_is_told_the_same_day_when_it_is_confirmed(suspicious: House) -> None:
    """By an alert, after which nothing is asked again."""
    for hours in (3, 9, 12):
        if await suspicious.plan():
            suspicious.clock.pass_(hours=hours)
            await suspicious.ask()

    assert 1 <= len(await suspicious.bursts()) <= 3
    assert len(await suspicious.deployment.store.alerts.find()) == 1
    assert await suspicious.plan() is None


async def test_the_next_check_of_a_person_is_the_confirmation(suspicious: House) -> None:
    """Where nothing is asked by itself."""
    for _ in range(4):
        suspicious.clock.pass_(hours=3)
        await executed(check(Call(suspicious.deployment), models=["svc/m-1"]))

    assert await suspicious.bursts() == []
    assert len(await suspicious.deployment.store.alerts.find()) == 1


async def test_a_burst_that_nobody_answers_was_made(suspicious: House) -> None:
    """It is not asked again at once, and after five nothing is until the next check."""
    suspicious.provider.answer = lambda _: RuntimeError("down")
    await suspicious.burst(0)
    await suspicious.ask()
    assert await suspicious.bursts() == [30]
    for number in range(4):
        planned = await suspicious.plan()
        assert planned is not None
        suspicious.clock.pass_(hours=12)
        failed = Run(f"failed {number}", suspicious.clock.now(), planned.panel, label=BURST)
        kept = await suspicious.deployment.store.runs.start(failed)
        await suspicious.deployment.store.runs.finish(
            kept.id, RunState.FAILED, suspicious.clock.now()
        )

    assert await suspicious.plan() is None


async def test_after_a_long_outage_the_next_check_decides(suspicious: House) -> None:
    """Three days after the check nothing is asked again by itself."""
    suspicious.clock.pass_(hours=70)
    assert await suspicious.plan() is not None
    suspicious.clock.pass_(hours=3)
    assert await suspicious.plan() is None


async def test_the_share_of_the_calls_of_checks_bounds_the_bursts(suspicious: House) -> None:
    """A burst that would go over it is not planned; those of one occasion always fit."""
    assert await planned_bursts(Call(automatic(suspicious.deployment, share=0.0))) == []
    assert await planned_bursts(Call(automatic(suspicious.deployment, share=0.01))) != []
    [check, *_] = await suspicious.deployment.store.runs.find(limit=1)
    assert calls_left([check], 0.25, suspicious.clock.now()) == 180
    assert calls_left([check], 0.5, suspicious.clock.now()) == 260


async def test_a_model_that_is_no_longer_asked_is_not_asked_again(suspicious: House) -> None:
    """There is no way to."""
    del suspicious.deployment.plugins.providers["svc"]
    assert await suspicious.plan() is None


async def test_a_burst_needs_the_money(suspicious: House) -> None:
    """As any check does; nothing is asked without."""
    suspicious.clock.pass_(hours=3)
    suspicious.provider.charge(Price(1.0, 2.0))
    poor = suspicious.deployment.config.model_copy(update={"budget": BudgetTable(month=0.0001)})
    suspicious.deployment = replace(suspicious.deployment, config=poor)
    with pytest.raises(BudgetExceeded):
        await suspicious.ask()

    assert await suspicious.bursts() == []


@pytest.mark.parametrize("source", ["announced", "served model"])
async def test_an_update_is_followed_until_it_is_clear(house: House, source: str) -> None:
    """At most six runs, hours apart; in the end it is known by how much it did not move."""
    if source == "announced":
        house.clock.pass_(hours=72)
        update = ModelUpdate(MODEL, house.clock.now(), source=source)
        await house.deployment.store.updates.add(update)
        planned = await house.plan()
        assert planned is not None
        assert (planned.source, planned.at) == (source, update.at)
        await house.ask()
    else:
        house.provider.served = "m-1-0301"
        await house.weeks(5)
        assert await house.plan() is None
        house.provider.served = "m-1-0501"
        await house.weeks(5)
    while planned := await house.plan():
        assert planned.source == source
        house.clock.pass_(hours=(planned.at - house.clock.now()) / timedelta(hours=1))
        await house.ask()

    assert len(await house.bursts()) == 5 + (source == "announced")
    [watch] = (await read_watches(house.deployment.store)).values()
    assert (watch.over, watch.source, len(watch.looks)) == (True, source, 6)
    assert watch.interval is not None
    assert watch.interval[0] < 0 < watch.interval[1]


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        (
            (5, 5),
            r".4 points \(.24 to \S17 points\)\. With the few answers before it fewer than 10 ",
        ),
        (
            (2,),
            r".19 points \(.39 to \S10 points\)\. About 6 more checks would tell\. The next is on",
        ),
        ((1,), r".29 points \(.*\)\. About 1 more check would tell\. The next check, .* decides\."),
    ],
)
async def test_each_weekly_check_after_an_update_says_by_how_much_it_moved(
    house: House, shares: tuple[int, ...], told: str
) -> None:
    """Where nothing is asked again by itself; as far as it is known, and what decides."""
    house.deployment = automatic(house.deployment, automatic=False)
    await house.deployment.store.updates.add(
        ModelUpdate(MODEL, house.clock.now() + timedelta(hours=1), source="announced")
    )
    for share in shares:
        house.clock.pass_(hours=WEEK / timedelta(hours=1))
        house.provider.share = share
        card = await executed(check(Call(house.deployment), models=["svc/m-1"]))

    assert card.title == f"{WATCH_ICON} m-1 was changed: announced"
    assert re.search(f"Not clear yet: {told}", str(card.text))


@pytest.mark.parametrize(("source", "asked"), [("watch", 1), ("announced", 0)])
async def test_an_update_that_is_found_days_later_is_followed(
    house: House, source: str, asked: int
) -> None:
    """By the watch, or in a feed; who says it by hand says it in time."""
    house.clock.pass_(hours=100)
    at = house.clock.now() - timedelta(hours=99)
    await house.deployment.store.updates.add(ModelUpdate(MODEL, at, source=source))
    planned = await house.plan()
    assert bool(planned) is bool(asked)
    if planned:
        await house.ask()

    assert len(await house.bursts()) == asked


async def test_schedules_show_the_bursts_that_will_be_carried_out(suspicious: House) -> None:
    """With time and reason; none where none was asked for."""
    shown = await list_schedules(Call(suspicious.deployment))
    assert "Acme at svc/m-1 is unlike before: overheard run asks 30 questions again" in str(
        shown.text
    )
    assert shown.data["bursts"][0]["at"] == "2026-05-04T12:00:00+00:00"
    by_hand = automatic(suspicious.deployment, automatic=False)
    assert (await list_schedules(Call(by_hand))).data["bursts"] == []


async def test_the_deployment_asks_bursts_that_are_due_when_it_may(suspicious: House) -> None:
    """By itself unless [bursts] automatic = false, and the audit log names it."""
    by_hand = automatic(suspicious.deployment, automatic=False)
    assert BURSTS not in {job.name for job in await Server(by_hand, {}).jobs()}
    jobs = {job.name: job for job in await Server(suspicious.deployment, {}).jobs()}
    await jobs[BURSTS].run(suspicious.clock.now())
    assert await suspicious.bursts() == []
    suspicious.clock.pass_(hours=3)
    await jobs[BURSTS].run(suspicious.clock.now())

    assert await suspicious.bursts() == [30]
    assert [e.command for e in await suspicious.deployment.store.audit.find()] == ["ask again"]


async def test_what_keeps_a_burst_from_being_asked_is_shown_with_the_schedules(
    suspicious: House,
) -> None:
    """A budget that is too small is reported there, and nothing is asked."""
    suspicious.clock.pass_(hours=3)
    suspicious.provider.charge(Price(1.0, 2.0))
    poor = automatic(suspicious.deployment)
    config = poor.config.model_copy(update={"budget": BudgetTable(month=0.0001)})
    poor = replace(poor, config=config, declared=config)
    jobs = Server(poor, {}).jobs
    scheduler = Scheduler(poor.store, jobs, suspicious.clock)
    for _ in range(2):  # a job that is seen for the first time is due from then on
        for job in await jobs():
            await scheduler.check(job)
        suspicious.clock.pass_(minutes=15)

    assert f"{BURSTS}: " in str((await list_schedules(Call(poor))).text)
    assert await suspicious.bursts() == []
