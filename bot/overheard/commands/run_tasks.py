"""Carrying out the tasks of runs, in whatever process they come to."""

from __future__ import annotations

from collections.abc import Sequence

from overheard.alerts.detection_service import DetectionResult, DetectionService
from overheard.commands.alerts import lifecycle
from overheard.commands.burst_plans import planned_bursts, sentence
from overheard.commands.shifts import history_reader
from overheard.deployment import Call, Deployment
from overheard.detection.effect import Learning
from overheard.domain import Alert, Panel, Run, RunState, Task, TaskKind
from overheard.interfaces import Store, TaskResult
from overheard.runs.batches import asked_at_once
from overheard.runs.execute import Runner
from overheard.runs.outcome import Outcome
from overheard.runs.partition import part_of, seat
from overheard.runs.plan import tracked
from overheard.runs.retries import Retries
from overheard.runs.spend import Purse
from overheard.runs.update_feeds import read_feeds
from overheard.scoring.judge_drift import Rejudging
from overheard.telemetry import about, traced


class Tasks:
    """Carries tasks out.

    Args:
        deployment: The open deployment.
        call: Who asks and where, and who is shown progress.
    """

    def __init__(self, deployment: Deployment, call: Call) -> None:
        self._deployment, self._call = deployment, call

    async def do(self, task: Task) -> TaskResult | None:
        """Carry a task out; see `overheard.interfaces.TaskHandler`."""
        run = await self._deployment.store.runs.get(task.run_id)
        if run is None:
            return {}
        about(run=run.key)
        part = part_of(run, task)
        match task.kind:
            case TaskKind.ASK:
                return await self._ask(task, part)
            case TaskKind.SCORE | TaskKind.JUDGE:
                return await self._score(task, part)
            case TaskKind.DETECT:
                return await self._detect(task, run)

    async def _ask(self, task: Task, part: Run) -> TaskResult | None:
        if not task.provider:
            return (await ask(self._deployment, self._call, part)).result()
        with seat(self._deployment.limits, self._deployment.plugins.providers, task.provider):
            outcome = await ask(self._deployment, self._call, part)
        return None if outcome.stopped is RunState.PAUSED else outcome.result()

    async def _score(self, task: Task, part: Run) -> TaskResult:
        deployment, judges = self._deployment, task.kind is TaskKind.JUDGE
        scoring = deployment.scoring
        await scoring.catch_up(deployment.store, self._call.progress, part=part, judges=judges)
        return {"faults": dict(scoring.faults)}

    async def _detect(self, task: Task, run: Run) -> TaskResult:
        deployment = self._deployment
        look = await look_at(deployment, run, task.brands)
        return {
            "alerts": [alert.id for alert in look.alerts],
            "compared": look.compared,
            "learning": _learning(look.learning),
            "doubts": list(look.doubts),
            "bursts": await bursts(deployment, self._call, run, look),
            "faults": dict(deployment.scoring.faults),
        }


async def ask(deployment: Deployment, call: Call, run: Run) -> Outcome:
    """Ask here what a run, or a part of it, has not asked yet; not what it asks in batches."""
    store, clock = deployment.store, deployment.clock
    purse = Purse(store.money, deployment.config.budget, run.payer, clock)
    retries = Retries(deployment.config.asking)
    providers = deployment.plugins.providers
    runner = Runner(store, providers, deployment.limits, purse, retries, clock, call.progress)
    return await runner.run(asked_at_once(run, providers))


@traced("detect", lambda _, run, *__: {"overheard.run": run.key})
async def look_at(
    deployment: Deployment, run: Run, brands: Sequence[str] | None = None
) -> DetectionResult:
    """Look here whether brands have moved in a run; what is raised is kept and told.

    Args:
        deployment: The open deployment.
        run: The run.
        brands: Their names; by default all that its answers are scored for.
    """
    plugins, now = deployment.plugins, deployment.clock.now()
    problems = await read_feeds(
        plugins.feeds.values(), deployment.store.updates, plugins.providers, now
    )
    deployment.scoring.faults.update(problems)
    service = DetectionService(
        history_reader(deployment),
        lifecycle(deployment),
        plugins.listeners.alert_raised,
        Rejudging(deployment.store, deployment.scoring).check,
    )
    chosen = served(deployment, run.panel) if brands is None else brands
    return await service.detect(run, chosen, deployment.clock.now())


def served(deployment: Deployment, panel: Panel | None) -> list[str]:
    """Return the tracked brands that the answers are scored for, also those nobody asked for: what
    a look could have told of them would not be told by a later one.
    """
    names = [brand.name for brand in tracked(deployment.catalogue)]
    if panel is None:  # history that was imported
        return names
    return [n for n in names if any(not p.brands or n in p.brands for p in panel.prompts)]


async def bursts(deployment: Deployment, call: Call, run: Run, look: DetectionResult) -> list[str]:
    """Say which small runs would tell more of what was asked."""
    plans = await planned_bursts(deployment, look.suspicions) if look.suspicions else []
    models = run.panel.models if run.panel else ()
    return [sentence(deployment, call, plan) for plan in plans if plan.model in models]


async def looked(store: Store, results: list[TaskResult]) -> tuple[DetectionResult, list[str]]:
    """Put together what looks at brands have found: one look, and which bursts would tell more."""
    alerts: list[Alert | None] = [
        await store.alerts.get(number) for result in results for number in result.get("alerts", ())
    ]
    learning = [Learning(*result["learning"]) for result in results if result.get("learning")]
    look = DetectionResult(
        tuple(filter(None, alerts)),
        any(result.get("compared") for result in results),
        min(learning, key=lambda one: one.runs, default=None),
        (),
        tuple(doubt for result in results for doubt in result.get("doubts", ())),
    )
    return look, [burst for result in results for burst in result.get("bursts", ())]


def _learning(learning: Learning | None) -> list[float | None] | None:
    return [learning.runs, learning.needed, learning.change] if learning else None
