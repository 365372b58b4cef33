"""The analysis of a run: its answers are scored, and shifts are detected and announced."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

from overheard.alerts.bursts import burst_sentence, planned_bursts
from overheard.alerts.history import HistoryReader
from overheard.alerts.lifecycle import Lifecycle
from overheard.alerts.service import DetectionResult, DetectionService
from overheard.alerts.statements import StatementReader
from overheard.cards.card import Card
from overheard.deployment import Call, Deployment
from overheard.detection.power import Learning
from overheard.domain import Alert, Catalogue, Panel, Run, Task, TaskKind
from overheard.interfaces import PROBLEM, Store, TaskResult
from overheard.runs.plan import new_run, tracked
from overheard.runs.service import RunService
from overheard.runs.tasks import Outcome, detection_tasks, run_part, scoring_tasks
from overheard.runs.update_feeds import read_feeds
from overheard.scoring.judge import judges
from overheard.scoring.judge_drift import Rejudging
from overheard.scoring.rescoring import CHECK_SLICE_S
from overheard.telemetry import traced

Announce = Callable[[Deployment, Call, Alert], Awaitable[Card | None]]
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

    def __init__(self, deployment: Deployment, call: Call, announce: Announce | None) -> None:
        self._deployment = deployment
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
        deployment = await self._deployment.caught_up(
            self._call.progress, expected, slice_s=CHECK_SLICE_S
        )
        if outcome.stopped:
            return AnalysisResult(deployment, NOT_DETECTED)
        detection, bursts = await self._detect_shifts(deployment, run)
        announce, cards = self._announce, list[Card | None]()
        if announce is not None:
            cards = [await announce(deployment, self._call, alert) for alert in detection.alerts]
        return AnalysisResult(deployment, detection, tuple(bursts), tuple(filter(None, cards)))

    async def do(self, task: Task, run: Run) -> TaskResult:
        """Carry out a task of a run in a worker, and return its result as JSON values for the
        process that leads the run.

        A DETECT task detects shifts of its brands and stores alerts. A SCORE or JUDGE task scores
        the answers of its part of the run, with the judges for JUDGE. Each result has the number of
        faults of scorers and feeds by their sentence, under ``faults``.

        Args:
            task: A task of one of these kinds.
        """
        deployment = self._deployment
        if task.kind is TaskKind.DETECT:
            detection = await detect(deployment, run, task.brands)
            return {
                "alerts": [alert.id for alert in detection.alerts],
                "compared": detection.compared,
                "learning": detection.learning and list(astuple(detection.learning)),
                "doubts": list(detection.doubts),
                "categories": list(detection.categories),
                "bursts": await self._burst_sentences(deployment, run),
                "faults": dict(deployment.scoring.faults),
            }
        await deployment.scoring.catch_up(
            deployment.store,
            self._call.progress,
            part=run_part(run, task),
            judges=task.kind is TaskKind.JUDGE,
        )
        return {"faults": dict(deployment.scoring.faults)}

    async def _score_by_workers(self, run: Run) -> None:
        """Let workers score the answers of a run and wait until they have; do nothing if the queue
        has no workers. The faults of scorers are added to the deployment's.
        """
        deployment = self._deployment
        judged = bool(judges(deployment.plugins.scorers.values()))
        tasks = scoring_tasks(run, spread=deployment.queue.spread, judged=judged)
        if tasks:
            self._call.progress.start("Scoring answers", 0)
            await self._carry_out_tasks(deployment, tasks)

    async def _detect_shifts(
        self, deployment: Deployment, run: Run
    ) -> tuple[DetectionResult, list[str]]:
        """Detect shifts in a run, by workers if the queue has some and otherwise in this process.
        Return the result, and a sentence for each burst that comes next at the run's models.
        """
        if not deployment.queue.spread:
            detection = await detect(deployment, run)
            return detection, await self._burst_sentences(deployment, run)
        tasks = detection_tasks(run, brands_scored_in(deployment.catalogue, run.panel), spread=True)
        return await _joined_results(
            deployment.store, await self._carry_out_tasks(deployment, tasks)
        )

    async def _carry_out_tasks(
        self, deployment: Deployment, tasks: Sequence[Task]
    ) -> list[TaskResult]:
        """Let workers carry out tasks, wait for all of them, and return their results. Without
        tasks the result is empty. The faults in the results are added to the deployment's, and so
        is each problem with which a task failed.
        """
        if not tasks:
            return []
        work = run_service(deployment, self._call).do
        results = list((await deployment.queue.carry(tasks, work)).values())
        for result in results:
            deployment.scoring.faults.update(result.get("faults", {}))
            if problem := result.get(PROBLEM):
                deployment.scoring.faults[problem] += 1
        return results

    async def _burst_sentences(self, deployment: Deployment, run: Run) -> list[str]:
        """Return a sentence for each burst that comes next at a model of the run, the earliest
        first; empty for an imported run.
        """
        plans = await planned_bursts(deployment)
        models = run.panel.models if run.panel else ()
        return [
            burst_sentence(deployment, self._call, plan) for plan in plans if plan.model in models
        ]


def run_service(
    deployment: Deployment, call: Call, announce: Announce | None = None
) -> RunService[AnalysisResult]:
    """Return a service that carries out runs of a deployment and analyses each when it ends.

    Args:
        announce: Announces each alert of a run in the channel of the command; None announces
            nothing.
    """
    return RunService(
        deployment.store,
        deployment.plugins.providers,
        deployment.limits,
        deployment.config.budget,
        deployment.config.asking,
        deployment.clock,
        deployment.queue,
        call.progress,
        Analysis(deployment, call, announce),
    )


@traced("detect", lambda _, run, *__: {"overheard.run": run.key})
async def detect(
    deployment: Deployment, run: Run, brands: Sequence[str] | None = None
) -> DetectionResult:
    """Detect in this process which brands have shifted in a run, and return the result.

    First the feeds of model updates are read over the network; a feed that fails is counted among
    the deployment's faults. Updates, alerts and their deliveries are stored.

    Args:
        brands: Names of the brands; None means all that the run's answers are scored for.
    """
    plugins, now = deployment.plugins, deployment.clock.now()
    problems = await read_feeds(
        plugins.feeds.values(), deployment.store.updates, plugins.providers, now
    )
    deployment.scoring.faults.update(problems)
    chosen = brands_scored_in(deployment.catalogue, run.panel) if brands is None else brands
    return await _detection_service(deployment).detect(run, chosen, deployment.clock.now())


async def detect_statements(
    deployment: Deployment, brands: Sequence[str] | None = None
) -> list[Alert]:
    """Report the false claims and grave sentences that are news in the stored answers as of the
    newest run, after facts have been added. Statements that an alert has reported are not reported
    again. Open alerts whose statements were made again, or are gone, are updated or recover.

    Args:
        brands: Names of the brands, of which only tracked ones count; None means all tracked
            brands.

    Returns:
        The alerts, new or grown, that report the statements; empty without runs.
    """
    newest_runs = await deployment.store.runs.find(aside=False, limit=1)
    if not newest_runs:
        return []
    tracked_names = [brand.name for brand in deployment.scoring.catalogue.brands if brand.tracked]
    chosen = tracked_names if brands is None else [b for b in brands if b in tracked_names]
    service = _detection_service(deployment)
    return await service.detect_statements(newest_runs[0], chosen, deployment.clock.now())


def _detection_service(deployment: Deployment) -> DetectionService:
    """Return a service that detects shifts in runs of a deployment and stores their alerts, with
    the deployment's listeners of new alerts, its judges, and its fact sheet.
    """
    scoring = deployment.scoring
    return DetectionService(
        history=HistoryReader.of(deployment),
        lifecycle=Lifecycle.of(deployment),
        listener=deployment.plugins.listeners.alert_raised,
        check_judge=Rejudging(deployment.store, scoring).check,
        statements=StatementReader(deployment.store, scoring.catalogue, scoring.versions),
    )


def brands_scored_in(catalogue: Catalogue, panel: Panel | None) -> list[str]:
    """Return the names of the tracked brands that at least one prompt of a panel concerns, in the
    order of the catalogue; all tracked brands for None, the panel of imported history.

    Brands count even if the run was started for other ones. Otherwise a shift that this run shows
    would be missed, because later runs only report their own shifts.
    """
    names = [brand.name for brand in tracked(catalogue)]
    if panel is None:
        return names
    return [name for name in names if any(prompt.concerns(name) for prompt in panel.prompts)]


async def _joined_results(
    store: Store, results: list[TaskResult]
) -> tuple[DetectionResult, list[str]]:
    """Return the results of a run's detection tasks as one result, and the sentences on the next
    bursts.

    Model-wide alerts, and sentences on such changes, are in the result of each task; they are
    returned once. Of several young baselines the shortest counts.

    Args:
        store: The store, from which alerts are read by their numbers; missing ones are left out.
        results: The results of the tasks as JSON values, as `Analysis.do` returns them. A value
            that is missing, as in the result of a task that failed, counts as empty.
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


def aside_run(panel: Panel, call: Call, now: datetime, label: str) -> Run:
    """Return a run outside the history that begins now, and is not stored yet."""
    return new_run(panel, now, label=label, asked_by=call.who, channel=call.channel, aside=True)
