"""The analysis of a run: its answers are scored, and shifts are detected and announced."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import astuple, dataclass

from overheard.alerts.bursts import burst_sentence, planned_bursts
from overheard.alerts.checks import AlertChecks
from overheard.alerts.history import HistoryReader
from overheard.alerts.outbox import told_rivals
from overheard.alerts.service import DetectionResult, DetectionService, Lifecycle
from overheard.alerts.statements import StatementReader
from overheard.cards.card import Card, picked
from overheard.deployment import Call, Deployment
from overheard.detection.power import Learning
from overheard.domain import Alert, Panel, Run, Task, TaskKind
from overheard.interfaces import PROBLEM, Store, TaskResult
from overheard.runs.service import RunService
from overheard.runs.tasks import Outcome, detection_tasks, run_part, scoring_tasks
from overheard.runs.update_feeds import read_feeds
from overheard.scoring.judge import judges
from overheard.scoring.rescoring import CHECK_SLICE_S
from overheard.telemetry import traced

Announce = Callable[[Call, Alert], Awaitable[Card | None]]
"""Announces an alert where the run was asked for; the card is None when that was done before."""

NOT_DETECTED = DetectionResult((), compared=False)


@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """The result of the analysis of a run.

    Attributes:
        deployment: The deployment with the scorers by which the run was read.
        bursts: A sentence for each burst that comes next at the run's models.
        announced: The cards of the alerts that were not announced before.
    """

    deployment: Deployment
    detection: DetectionResult
    bursts: tuple[str, ...] = ()
    announced: tuple[Card, ...] = ()


class Analysis:
    """Analyses runs; an `overheard.runs.service.RunAnalysis`.

    Args:
        call: The user, channel and progress display of the command.
        announce: Announces alerts in the channel of the command; None announces nothing.
    """

    def __init__(self, call: Call, announce: Announce | None) -> None:
        self._call = call
        self._announce = announce

    async def analyse(self, run: Run, outcome: Outcome) -> AnalysisResult:
        """Score the answers of a run, detect shifts, announce the alerts, and return all that.

        Scoring and detection are left to workers if the queue has some. A run that was stopped is
        scored only. Scores, alerts and their deliveries are stored; the faults of scorers and feeds
        are counted in the deployment.

        Args:
            run: The run, with its answers stored.
            outcome: The counts of its answers.
        """
        await self._score_by_workers(run)
        expected = outcome.complete + outcome.kept - outcome.reused
        call = await self._call.caught_up(expected, slice_s=CHECK_SLICE_S)
        if outcome.stopped:
            return AnalysisResult(call.deployment, NOT_DETECTED)
        detection, bursts = await self._detect_shifts(call, run)
        announce, cards = self._announce, list[Card | None]()
        if announce is not None:
            cards = [await announce(call, alert) for alert in detection.alerts]
        return AnalysisResult(call.deployment, detection, tuple(bursts), tuple(filter(None, cards)))

    async def do(self, task: Task, run: Run) -> TaskResult:
        """Carry out a task of a run in a worker, and return its result as JSON values for the
        process that leads the run.

        A DETECT task detects shifts of its brands and stores alerts. A SCORE or JUDGE task scores
        the answers of its part of the run, with the judges for JUDGE. Each result has the number of
        faults of scorers and feeds by their sentence, under ``faults``.

        Args:
            task: A task of one of these kinds.
        """
        call = self._call
        if task.kind is TaskKind.DETECT:
            detection = await detect(call, run, task.brands or None)
            return {
                "alerts": [alert.id for alert in detection.alerts],
                **picked(detection, "compared", "doubts", "categories"),
                "learning": detection.learning and list(astuple(detection.learning)),
                "bursts": await _burst_sentences(call, run),
                "faults": dict(call.scoring.faults),
            }
        await call.scoring.catch_up(
            call.store, call.progress, part=run_part(run, task), judges=task.kind is TaskKind.JUDGE
        )
        return {"faults": dict(call.scoring.faults)}

    async def _score_by_workers(self, run: Run) -> None:
        """Let workers score the answers of a run and wait until they have; do nothing if the queue
        has no workers. The faults of scorers are added to the deployment's.
        """
        call = self._call
        if call.deployment.queue.spread:
            call.progress.start("Scoring answers", 0)
            judged = bool(judges(call.plugins.scorers.values()))
            await self._carry_out_tasks(call, scoring_tasks(run, judged=judged))

    async def _detect_shifts(self, call: Call, run: Run) -> tuple[DetectionResult, list[str]]:
        """Detect shifts in a run, by workers if the queue has some and otherwise in this process.
        Return the result, and a sentence for each burst that comes next at the run's models.
        """
        if not call.deployment.queue.spread:
            detection = await detect(call, run)
            return detection, await _burst_sentences(call, run)
        tasks = detection_tasks(run, brands_scored_in(call, run.panel))
        return await _joined_results(call.store, await self._carry_out_tasks(call, tasks))

    async def _carry_out_tasks(self, call: Call, tasks: Sequence[Task]) -> list[TaskResult]:
        """Let workers carry out tasks, wait for all of them, and return their results. Without
        tasks the result is empty. The faults in the results are added to the deployment's, and so
        is each problem with which a task failed.
        """
        if not tasks:
            return []
        work = run_service(self._call).do
        results = list((await call.deployment.queue.carry(tasks, work)).values())
        for result in results:
            call.scoring.faults.update(result.get("faults", {}))
            if problem := result.get(PROBLEM):
                call.scoring.faults[problem] += 1
        return results


async def _burst_sentences(call: Call, run: Run) -> list[str]:
    """Return a sentence for each burst that comes next at a model of the run, the earliest first;
    empty for an imported run.
    """
    plans = await planned_bursts(call)
    models = () if run.panel is None else run.panel.models
    return [burst_sentence(call, plan) for plan in plans if plan.model in models]


def run_service(call: Call, announce: Announce | None = None) -> RunService[AnalysisResult]:
    """Return a service that carries out runs of a deployment and analyses each when it ends.

    Args:
        announce: Announces each alert of a run in the channel of the command; None announces
            nothing.
    """
    return call.run_service(Analysis(call, announce))


@traced("detect", lambda _, run, *__: {"overheard.run": run.key})
async def detect(call: Call, run: Run, brands: Sequence[str] | None = None) -> DetectionResult:
    """Detect in this process which brands have shifted in a run, and return the result.

    First the feeds of model updates are read over the network; a feed that fails is counted among
    the deployment's faults. Updates, alerts and their deliveries are stored.

    Args:
        brands: Names of the brands; None means all that the run's answers are scored for.
    """
    plugins, now = call.plugins, call.clock.now()
    problems = await read_feeds(plugins.feeds.values(), call.store.updates, plugins.providers, now)
    call.scoring.faults.update(problems)
    chosen = brands_scored_in(call, run.panel) if brands is None else brands
    return await _detection_service(call).detect(run, chosen, call.clock.now())


async def detect_statements(call: Call, brands: Sequence[str] | None = None) -> list[Alert]:
    """Report the false claims and grave sentences that are news in the stored answers as of the
    newest run, after facts have been added. Statements that an alert has reported are not reported
    again. Open alerts whose statements were made again, or are gone, are updated or recover.

    Args:
        brands: Names of the brands, of which only tracked ones count; None means all tracked
            brands.

    Returns:
        The alerts, new or grown, that report the statements; empty without runs.
    """
    newest_runs = await call.store.runs.find(aside=False, limit=1)
    if not newest_runs:
        return []
    tracked_names = [brand.name for brand in call.scoring.catalogue.tracked]
    chosen = tracked_names if brands is None else [b for b in brands if b in tracked_names]
    service = _detection_service(call)
    return await service.detect_statements(newest_runs[0], chosen, call.clock.now())


def _detection_service(call: Call) -> DetectionService:
    """Return a service that detects shifts in runs of a deployment and stores their alerts, with
    the deployment's listeners of new alerts, its judges, and its fact sheet.
    """
    scoring = call.scoring
    checks = AlertChecks(call.store, scoring)
    return DetectionService(
        history=HistoryReader.of(call),
        lifecycle=Lifecycle.of(call),
        listener=call.plugins.listeners.alert_raised,
        check_judge=checks.shift,
        statements=StatementReader(call.store, scoring.catalogue, scoring.finding_versions, checks),
    )


def brands_scored_in(call: Call, panel: Panel | None) -> list[str]:
    """Return the names of the tracked brands that at least one prompt of a panel concerns, in the
    order of the catalogue; all tracked brands for None, the panel of imported history. Then come
    those of their competitors that a route tells of.

    Brands count even if the run was started for other ones. Otherwise a shift that this run shows
    would be missed, because later runs only report their own shifts.
    """
    names = [
        brand.name
        for brand in call.catalogue.brands
        if brand.tracked
        and (panel is None or any(prompt.concerns(brand.name) for prompt in panel.prompts))
    ]
    rivals = told_rivals(call.catalogue, call.config.routes)
    return [*names, *(rival for rival, brands in rivals.items() if not brands.isdisjoint(names))]


async def _joined_results(
    store: Store, results: list[TaskResult]
) -> tuple[DetectionResult, list[str]]:
    """Return the results of a run's detection tasks as one result, and the sentences on the next
    bursts.

    Model-wide alerts, and sentences on such changes, are in the result of each task; they are
    returned once. Of several young baselines the shortest counts.
    """
    numbers = dict.fromkeys(number for result in results for number in result.get("alerts", ()))
    alerts = [await store.alerts.get(number) for number in numbers]
    categories = dict.fromkeys(
        category for result in results for category in result.get("categories", ())
    )
    short_baselines = [
        Learning(*result["learning"]) for result in results if result.get("learning")
    ]
    detection = DetectionResult(
        alerts=tuple(filter(None, alerts)),
        compared=any(result.get("compared") for result in results),
        learning=min(short_baselines, key=lambda learning: learning.runs, default=None),
        doubts=tuple(doubt for result in results for doubt in result.get("doubts", ())),
        categories=tuple(categories),
    )
    return detection, [burst for result in results for burst in result.get("bursts", ())]
