"""The analysis of a run: what it finds, announces and reports, in this process and in workers."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from kit.office import Office, open_office
from kit.recording import HandClock
from kit.scripted import Quiet, reply
from overheard.alerts.run_analysis import (
    NOT_DETECTED,
    Analysis,
    AnalysisResult,
    Announce,
    brands_scored_in,
    detect,
    detect_statements,
    run_service,
)
from overheard.cards.card import Card
from overheard.deployment import Call
from overheard.domain import (
    Alert,
    Answer,
    Brand,
    Model,
    ModelUpdate,
    Panel,
    Prompt,
    Question,
    Reply,
    Run,
    RunState,
    Task,
    TaskKind,
)
from overheard.errors import PluginFault
from overheard.interfaces import PROBLEM, IsWanted, TaskHandler, TaskResult
from overheard.runs.plan import lay_out, new_run
from overheard.runs.tasks import BRANDS_PER_TASK, InlineQueue, Outcome
from overheard.testing.deployment import create_test_store, open_test_store
from overheard_storage import SqlStore

PROMPTS = [f"Which tool is best for team {number}?" for number in range(10)]
CONFIG = '[[brands]]\nname = "Acme"\ncompetitors = ["Zeta"]\n' + "".join(
    f'[[prompts]]\ntext = "{text}"\n' for text in PROMPTS
)
WEEKS_BEFORE = 8


class SpreadQueue(InlineQueue):
    """A queue whose only worker is this process.

    Attributes:
        carried: The tasks, in order.
        problem: If not empty, the problem of each task that is not about asking.
    """

    spread = True

    def __init__(self) -> None:
        self.carried: list[Task] = []
        self.problem = ""

    async def carry(
        self, tasks: Sequence[Task], do: TaskHandler, is_wanted: IsWanted | None = None
    ) -> dict[str, TaskResult]:
        """Carry tasks out."""
        self.carried += tasks
        if self.problem and tasks[0].kind is not TaskKind.ASK:
            return {task.key: {PROBLEM: self.problem} for task in tasks}
        return await super().carry(tasks, do, is_wanted)

    def of(self, kind: TaskKind) -> list[Task]:
        """Return the tasks of a kind."""
        return [task for task in self.carried if task.kind is kind]


class House:
    """A deployment that is asked once a week.

    Attributes:
        share: In how many of ten answers the model names Acme.
    """

    def __init__(self, office: Office, queue: InlineQueue) -> None:
        self.office, self.clock, self.share = office, HandClock(), 5
        self.deployment = replace(office.deployment, clock=self.clock, queue=queue)
        self._asked = Counter[str]()
        office.provider.answer = self._said

    def _said(self, question: Question) -> Reply:
        text = question.prompt.text
        self._asked[text] += 1
        named = (PROMPTS.index(text) + self._asked[text]) * 7 % 10 < self.share
        return reply("Take Acme." if named else "Take another.")

    async def learn(self) -> None:
        """Store the answers of weekly runs, as runs would have done."""
        deployment = self.deployment
        panel = lay_out(deployment.catalogue, deployment.plugins.providers)
        for week in range(WEEKS_BEFORE):
            self.clock.pass_(hours=24 * 7)
            now = self.clock.now()
            run = await deployment.store.runs.start(Run(f"week {week}", now, panel))
            await deployment.store.answers.add(
                [Answer(run.id, one, self._said(one), now) for one in panel.questions()]
            )
            await deployment.store.runs.finish(run.id, RunState.COMPLETE, now)
        await deployment.scoring.catch_up(deployment.store, Quiet())

    def have_learnt(self) -> None:
        """Go on after the weeks of `learn`, whose answers are stored."""
        self.clock.pass_(hours=24 * 7 * WEEKS_BEFORE)
        self._asked.update(dict.fromkeys(PROMPTS, WEEKS_BEFORE))

    async def run(self, share: int, announce: Announce | None = None) -> AnalysisResult:
        """Execute the run of the next week."""
        self.share = share
        self.clock.pass_(hours=24 * 7)
        deployment = self.deployment
        panel = lay_out(deployment.catalogue, deployment.plugins.providers)
        quote = await deployment.pricing.quote(new_run(panel, self.clock.now()))
        result = await run_service(Call(deployment), announce).execute(quote)
        assert result.found
        return result.found


class Open(Protocol):
    """The type of the fixture `opened`."""

    async def __call__(self, queue: InlineQueue | None = None) -> House:
        """Open a deployment with a queue; by default this process carries everything out."""
        ...


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store with eight weeks in which nothing changed."""
    file = tmp_path_factory.mktemp("learnt") / "store.db"
    create_test_store(file)

    async def fill() -> None:
        store = SqlStore.at(str(file))
        await House(await open_office(CONFIG, store=store), InlineQueue()).learn()
        await store.close()

    asyncio.run(fill())
    return file


@pytest.fixture
def opened(learnt: Path) -> Open:
    """Opens a deployment that has learnt from eight weeks in which nothing changed."""

    async def open_(queue: InlineQueue | None = None) -> House:
        office = await open_office(CONFIG, store=open_test_store(learnt))
        house = House(office, queue or InlineQueue())
        house.have_learnt()
        return house

    return open_


def found(result: AnalysisResult) -> Mapping[str, Any]:
    """Return what an analysis found, without what is read once."""
    detection = result.detection
    return {
        "alerts": [(alert.shift.brand, alert.shift.metric, alert.id) for alert in detection.alerts],
        "compared": detection.compared,
        "learning": detection.learning,
        "doubts": detection.doubts,
        "bursts": result.bursts,
        "faults": result.deployment.scoring.faults,
    }


async def test_workers_find_what_one_process_finds(opened: Open) -> None:
    """Week by week: the suspicion and its burst, the alert, the new baseline."""
    here, workers = await opened(), await opened(SpreadQueue())
    weeks = [(found(await here.run(n)), found(await workers.run(n))) for n in (0, 0, 0)]

    assert [spread for _, spread in weeks] == [inline for inline, _ in weeks]
    assert not weeks[0][0]["alerts"], weeks
    assert weeks[0][0]["compared"]
    assert any(one["bursts"] for one, _ in weeks)
    assert any(one["learning"] for one, _ in weeks)
    assert ("Acme", "visibility", 1) in [one for week, _ in weeks for one in week["alerts"]]


async def test_workers_score_each_question_and_detect_each_brand_once() -> None:
    """Scoring is cut as asking is, detection by brands; a judge has no task without a judge."""
    many = "".join(f'[[brands]]\nname = "B{n}"\n' for n in range(BRANDS_PER_TASK))
    queue = SpreadQueue()
    house = House(await open_office(CONFIG + many), queue)
    await house.run(5)

    [ask], [score] = queue.of(TaskKind.ASK), queue.of(TaskKind.SCORE)
    assert (score.provider, score.first, score.last) == (ask.provider, ask.first, ask.last)
    assert [len(task.brands) for task in queue.of(TaskKind.DETECT)] == [BRANDS_PER_TASK, 1]
    assert queue.of(TaskKind.JUDGE) == []


class Shown(Quiet):
    """Progress that remembers what was started, with its total."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[tuple[str, int]] = []

    def start(self, title: str, total: int) -> None:
        """Remember it."""
        self.started.append((title, total))


async def test_a_task_of_scoring_scores_its_part_and_nothing_else() -> None:
    """A part is some prompts at one provider; judges have a task of their own."""
    house = House(await open_office(CONFIG), InlineQueue())
    deployment, now = house.deployment, house.clock.now()
    panel = lay_out(deployment.catalogue, deployment.plugins.providers)
    run = await deployment.store.runs.start(Run("r", now, panel))
    answers = [Answer(run.id, one, reply(), now) for one in panel.questions()]
    await deployment.store.answers.add(answers)
    analysis = Analysis(Call(deployment), None)

    for kind, scored in ((TaskKind.JUDGE, 0), (TaskKind.SCORE, 3)):
        result = await analysis.do(Task(kind, run.id, "svc", 2, 5), run)
        scores = [one async for one in deployment.store.scores.stream()]
        assert len({one.answer_id for one in scores}) == scored
        assert result == {"faults": {}}


async def test_scoring_by_workers_is_shown_without_a_total() -> None:
    """How many answers workers will have scored is not known."""
    house, shown = House(await open_office(CONFIG), SpreadQueue()), Shown()
    deployment = house.deployment
    panel = lay_out(deployment.catalogue, deployment.plugins.providers)
    quote = await deployment.pricing.quote(new_run(panel, house.clock.now()))
    await run_service(Call(deployment, progress=shown)).execute(quote)

    assert ("Scoring answers", 0) in shown.started


async def test_a_worker_that_fails_is_a_fault_of_the_analysis(opened: Open) -> None:
    """Each lost task counts once; the run ends without a finding."""
    queue = SpreadQueue()
    house = await opened(queue)
    queue.problem = "a worker was lost"
    result = await house.run(0)

    assert result.deployment.scoring.faults["a worker was lost"] >= 1
    assert result.detection.alerts == ()
    assert not result.detection.compared


@pytest.mark.parametrize("queue", [InlineQueue(), SpreadQueue()], ids=["here", "workers"])
async def test_alerts_are_announced_where_the_run_was_asked_for(
    opened: Open, queue: InlineQueue
) -> None:
    """Each alert once, with the call; a card that is None was shown before."""
    house, asked = await opened(queue), list[tuple[str, str]]()

    async def announce(call: Call, alert: Alert) -> Card | None:
        asked.append((call.who, alert.shift.brand))
        return Card(alert.shift.brand) if len(asked) == 1 else None

    results = [await house.run(0, announce) for _ in range(3)]
    alerts = [alert.shift.brand for result in results for alert in result.detection.alerts]

    assert asked == [("terminal", brand) for brand in alerts]
    assert [card.title for result in results for card in result.announced] == alerts[:1] == ["Acme"]
    assert (await house.run(0)).announced == ()


async def test_a_stopped_run_is_scored_and_not_analysed(opened: Open) -> None:
    """What was answered is measured; half a run shows no shift."""
    house = await opened()
    run = (await house.deployment.store.runs.find())[0]
    outcome = Outcome(run, stopped=RunState.CANCELLED)
    result = await Analysis(Call(house.deployment), None).analyse(run, outcome)

    assert result.detection is NOT_DETECTED
    assert result.announced == ()
    assert result.bursts == ()


async def test_only_bursts_of_the_models_of_a_run_are_shown(opened: Open) -> None:
    """A run of one model says nothing of another that looks suspicious."""
    house = await opened()
    house.share = 0
    house.clock.pass_(hours=24 * 7)
    now, store = house.clock.now(), house.deployment.store
    panel = lay_out(house.deployment.catalogue, house.deployment.plugins.providers)
    run = await store.runs.start(Run("fallen", now, panel))
    answers = [Answer(run.id, one, reply("Take another."), now) for one in panel.questions()]
    await store.answers.add(answers)
    await house.deployment.scoring.catch_up(store, Quiet())
    task = Task(TaskKind.DETECT, run.id, brands=("Acme",))
    analysis = Analysis(Call(house.deployment), None)
    other = replace(run, panel=replace(panel, models=(Model("svc", "other"),)))

    mine = await analysis.do(task, run)
    assert "Acme at svc/m-1" in mine["bursts"][0]
    assert (await analysis.do(task, other))["bursts"] == []


async def test_all_brands_whose_answers_a_panel_has_are_analysed() -> None:
    """Also those that the run was not asked for; competitors have no shifts of their own."""
    office = await open_office(
        CONFIG + '[[brands]]\nname = "Globex"\n[[brands]]\nname = "Initech"\n'
    )
    deployment, model = office.deployment, Model("svc", "m-1")
    assert brands_scored_in(Call(deployment), None) == ["Acme", "Globex", "Initech"]
    everybody = Panel(("Acme",), (Prompt("Best?"),), (model,))
    assert brands_scored_in(Call(deployment), everybody) == ["Acme", "Globex", "Initech"]
    some = Panel(("Acme",), (Prompt("Best?", brands=("Globex",)),), (model,))
    assert brands_scored_in(Call(deployment), some) == ["Globex"]


class BrokenFeed:
    """A feed that cannot be read."""

    name = "news"

    async def updates(self, since: datetime) -> Sequence[ModelUpdate]:  # noqa: ARG002
        """Fail."""
        raise PluginFault(part="The feed news", problem="is away")


async def test_a_feed_that_fails_is_a_fault_and_detection_goes_on(opened: Open) -> None:
    """Feeds are read before a run is compared."""
    house = await opened()
    house.deployment.plugins.feeds["news"] = BrokenFeed()
    result = await house.run(0)

    assert any("news" in fault for fault in result.deployment.scoring.faults)
    assert result.detection.compared


async def test_a_brand_can_be_analysed_by_itself(opened: Open) -> None:
    """A brand that is not named is not compared."""
    house = await opened()
    run = (await house.deployment.store.runs.find())[0]
    assert (await detect(Call(house.deployment), run)).compared
    assert (await detect(Call(house.deployment), run, ["Acme"])).compared
    assert not (await detect(Call(house.deployment), run, [])).compared


async def test_statements_are_looked_for_in_the_newest_run_and_of_tracked_brands() -> None:
    """Without a run, and for a brand that is not tracked, there is nothing to report."""
    office = await open_office(CONFIG)
    assert await detect_statements(Call(office.deployment)) == []
    assert await detect_statements(Call(office.deployment), [Brand("Nobody").name]) == []
