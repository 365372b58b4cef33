"""Carrying a run out: ask, score, look, tell. `check` begins runs, `runs resume` goes on."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from overheard.alerts.detection_service import DetectionResult
from overheard.cards import wording
from overheard.cards.card import Card
from overheard.commands.alerts import show_alert
from overheard.commands.check_card import paused, summary
from overheard.commands.editions import waiting
from overheard.commands.run_tasks import Tasks, bursts, look_at, looked, served
from overheard.commands.standings import Standing, standings
from overheard.deployment import Call, Deployment
from overheard.domain import Account, Answer, Panel, Run, RunState
from overheard.errors import (
    BatchUncollected,
    HoldLost,
    ProviderFailed,
    ProviderUnavailable,
    RunUnderWay,
)
from overheard.interfaces import PROBLEM, Store, TaskResult
from overheard.measure.blocks import Stream, streams
from overheard.runs.batches import Batches, asking_only, batched
from overheard.runs.budget import key_of, nearly_spent
from overheard.runs.outcome import Outcome
from overheard.runs.partition import asking, detecting, part_of, scoring
from overheard.runs.plan import doing
from overheard.runs.retries import Retries
from overheard.runs.reuse import merged
from overheard.scoring.judge import agreements, doubt, judges
from overheard.scoring.service import Scoring
from overheard.telemetry import about, traced

log = logging.getLogger("overheard")

Done = TypeVar("Done")

HOLDS = 5
"""How often a run is held, when the database is lost meanwhile, until somebody should see to it."""
NOT_LOOKED = DetectionResult((), compared=False)


async def held(store: Store, run: Run, work: Callable[[], Awaitable[Done]]) -> Done:
    """Do work while a run is held; when the hold is lost with the database, hold it and do it anew.

    Args:
        store: Holds it.
        run: The run.
        work: Goes on with what is missing, whenever it was cut off.

    Raises:
        RunUnderWay: when another process holds it.
        HoldLost: when it was lost too often.
        StoreError: when the database stays away.
    """
    lost = 0
    while True:
        try:
            async with store.locks.run_lock(run.id) as mine:
                if not mine:
                    raise RunUnderWay(run=run.key)
                return await work()
        except HoldLost:
            lost += 1
            if lost == HOLDS:
                raise
        await store.runs.state(run.id)  # waits until the database is back


@traced("run", lambda _, __, run, *___, **____: {"overheard.run": run.key})
async def carry_out(
    deployment: Deployment, call: Call, run: Run, panel: Panel, *, reused: int = 0
) -> Card:
    """Ask what a run has not asked yet, and tell what came of it.

    The run has ended only when its alerts have been told: whenever it is cut off before, the next
    check does what is missing. Whoever calls this holds the run.

    Args:
        deployment: The open deployment.
        call: Who asks and where, and who is shown progress.
        run: A run that the store holds.
        panel: What it asks.
        reused: How many of its answers were reused just now.
    """
    about(run=run.key)
    log.info("Run %s begins, or goes on: %s questions.", run.key, len(panel))
    outcome = await ask(deployment, call, run)
    await ask_in_batches(deployment, call, run, outcome)
    outcome.reused = reused
    if outcome.stopped is RunState.PAUSED:
        return paused(outcome)
    await _spread_scoring(deployment, call, run)
    expected = outcome.complete + outcome.kept - outcome.reused
    deployment = await deployment.caught_up(call.progress, expected)
    look, planned = (NOT_LOOKED, []) if outcome.stopped else await _look(deployment, call, run)
    rows = await standings_of(deployment, call, panel, outcome)
    shown = [await show_alert(deployment, call, alert) for alert in look.alerts]
    warnings = [*outcome.notes, *look.doubts, *await waiting(deployment)]
    warnings += [warning async for warning in _warnings(deployment, run)]
    await _finish(deployment, outcome)
    alerts = tuple(filter(None, shown))
    return summary(panel, outcome, rows, deployment.scoring.faults, look, alerts, warnings, planned)


async def _finish(deployment: Deployment, outcome: Outcome) -> None:
    """Say that a run has ended, and let go of what was kept for it."""
    store, run_id = deployment.store, outcome.run.id
    await store.runs.finish(run_id, outcome.state, deployment.clock.now())
    log.info("Run %s ended: %s.", outcome.run.key, outcome.state.value)
    await store.runs.forget_results(run_id)
    if deployment.queue.spread:  # also of what workers held that died
        await store.money.release(run_id)


async def ask(deployment: Deployment, call: Call, run: Run) -> Outcome:
    """Ask what a run that the store holds has not asked yet. Whoever calls this holds the run."""
    store, queue = deployment.store, deployment.queue
    if not queue.spread and not await store.batches.unfinished(runs=[run.id]):
        await store.money.release(
            run.id
        )  # what an earlier process held for calls that died with it
    tasks = asking(run, spread=queue.spread)
    following = Following(deployment, call, run) if queue.spread else None
    results = await queue.carry(tasks, Tasks(deployment, call).do, following)
    outcome = Outcome(run)
    for task in tasks:
        if problem := results.get(task.key, {}).get(PROBLEM):
            outcome.failures[problem] += len(part_of(run, task).panel or ())
        elif task.key in results:
            outcome.add(results[task.key])
    if following:
        outcome.stopped = following.stopped
    return outcome


async def ask_aside(deployment: Deployment, call: Call, run: Run) -> tuple[Outcome, list[Answer]]:
    """Begin a run that stands aside, and ask it. No history rests on its answers.

    Returns:
        How it ended, and its answers.
    """
    store = deployment.store
    run = await store.runs.start(run)

    async def work() -> Outcome:
        outcome = await ask(deployment, call, run)
        await store.runs.finish(run.id, outcome.state, deployment.clock.now())
        return outcome

    outcome = await held(store, run, work)
    return outcome, [answer async for answer in store.answers.stream(runs=[run.id])]


class Following:
    """Shows how far others are with a run, and hears when somebody stops it."""

    def __init__(self, deployment: Deployment, call: Call, run: Run) -> None:
        self.stopped: RunState | None = None
        self._store, self._progress, self._run = deployment.store, call.progress, run
        self._seen = 0
        self._progress.start(doing(run.panel), len(run.panel or ()))

    async def __call__(self) -> bool:
        """Return whether the run is still wanted."""
        count = await self._store.answers.count(self._run.id)
        self._progress.advance(count - self._seen)
        self._seen = count
        state = await self._store.runs.state(self._run.id)
        self.stopped = None if state is RunState.RUNNING else state
        return self.stopped is None


async def _spread_scoring(deployment: Deployment, call: Call, run: Run) -> None:
    """Have workers score a run, where there are any."""
    judged = bool(judges(deployment.plugins.scorers.values()))
    tasks = scoring(run, spread=deployment.queue.spread, judged=judged)
    if tasks:
        call.progress.start("Scoring answers", 0)
        results = await deployment.queue.carry(tasks, Tasks(deployment, call).do)
        _note(deployment, list(results.values()))


async def _look(deployment: Deployment, call: Call, run: Run) -> tuple[DetectionResult, list[str]]:
    """Look whether brands have moved; return that, and which bursts would tell more."""
    if not deployment.queue.spread:
        look = await look_at(deployment, run)
        return look, await bursts(deployment, call, run, look)
    tasks = detecting(run, served(deployment, run.panel), spread=True)
    results = await deployment.queue.carry(tasks, Tasks(deployment, call).do) if tasks else {}
    _note(deployment, list(results.values()))
    return await looked(deployment.store, list(results.values()))


def _note(deployment: Deployment, results: Sequence[TaskResult]) -> None:
    """Note what went wrong where the work was done."""
    for result in results:
        deployment.scoring.faults.update(result.get("faults", {}))
        if problem := result.get(PROBLEM):
            deployment.scoring.faults[problem] += 1


async def standings_of(
    deployment: Deployment, call: Call, panel: Panel, outcome: Outcome
) -> list[Standing]:
    """Return how the brands of a panel stand in a run, their rivals included."""
    names = dict.fromkeys(panel.brands)
    for brand in panel.brands:
        names.update((rival.name, None) for rival in deployment.catalogue.rivals(brand))
    known = [name for name in names if deployment.scoring.catalogue.brand(name)]
    new = [name for name in names if name not in known]
    rows = standings(
        await _streams(deployment, outcome, deployment.scoring), known, deployment.scoring
    )
    if new:  # what history is read by does not know them yet, so that there is nothing to compare
        current = deployment.current
        await current.catch_up(deployment.store, call.progress, part=outcome.run)
        rows += standings(await _streams(deployment, outcome, current), new, current)
    return rows


async def _streams(deployment: Deployment, outcome: Outcome, scoring: Scoring) -> list[Stream]:
    """Return the streams of a run, with the answers that it reuses."""
    store, run_id = deployment.store, outcome.run.id
    blocks = merged([*await store.blocks.find(run=run_id), *await store.blocks.reused(run_id)])
    return streams(block for block in blocks if block.version in scoring.versions)


async def _warnings(deployment: Deployment, run: Run) -> AsyncIterator[str]:
    """Yield how much of a limit is spent, for those that are nearly used up, and which judge is
    not to be relied on.
    """
    panel, now = run.panel, deployment.clock.now()
    accounts: dict[Account, None] = {}
    for prompt in panel.prompts if panel else ():
        accounts.update(dict.fromkeys(run.payer.accounts(prompt, now)))
    spent = await nearly_spent(deployment.config.budget, deployment.store.money, accounts)
    for account, (usd, limit) in spent.items():
        yield (
            f"{wording.money(usd)} of [budget] {key_of(account)} = {wording.money(limit)} are "
            f"spent ({wording.percent(usd / limit)})."
        )
    for judge in judges(deployment.plugins.scorers.values()):
        if sentence := doubt(judge, await agreements(deployment.store, judge)):
            yield sentence


async def ask_in_batches(deployment: Deployment, call: Call, run: Run, outcome: Outcome) -> None:
    """Ask what a run asks in batches, and wait for it. Whoever calls this holds the run.

    Args:
        deployment: The open deployment.
        call: Who asks and where, and who is shown progress.
        run: A run that the store holds.
        outcome: What became of its other questions; what becomes of these is added.

    Raises:
        BatchUncollected: when a batch cannot be collected; the run waits until it is resumed.
    """
    models = batched(run.panel, deployment.plugins.providers)
    waiting = await deployment.store.batches.unfinished(runs=[run.id])
    models += tuple(batch.model for batch in waiting)  # sold when they were handed in
    if models and not outcome.stopped:
        try:
            asked = await _batches(deployment, call).run(asking_only(run, models))
        except (ProviderFailed, ProviderUnavailable) as error:
            raise BatchUncollected(run=run.key, reason=error) from None
        outcome.add(asked.result())


async def cancel_batches(deployment: Deployment, call: Call, run: Run) -> list[str]:
    """Cancel what a run has handed in and keep what is answered; return what is to be told."""
    if not await deployment.store.batches.unfinished(runs=[run.id]):
        return []
    outcome = await _batches(deployment, call).cancel(run)
    if outcome.complete + outcome.incomplete:
        kept = wording.count(outcome.complete + outcome.incomplete, "answer")
        outcome.notes.insert(0, f"{kept} of its batches were ready, and are kept.")
    return outcome.notes


def _batches(deployment: Deployment, call: Call) -> Batches:
    providers, config = deployment.plugins.providers, deployment.config
    retries = Retries(config.asking)
    outside = (config.budget, retries, deployment.clock, call.progress)
    return Batches(deployment.store, providers, *outside, counters=deployment.limits.counters)
