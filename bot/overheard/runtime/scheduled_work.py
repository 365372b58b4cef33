"""What a bot does by its schedules: checks, bursts between them, and resumed runs."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from overheard.alerts.bursts import PlannedBurst, planned_bursts
from overheard.alerts.run_analysis import run_service
from overheard.alerts.story import read_watches
from overheard.cards.command import CommandSpec, Proposal
from overheard.commands.check import execute_run
from overheard.commands.database import retain_texts
from overheard.commands.first_check import continue_first_check
from overheard.commands.runs import resume_run
from overheard.commands.schedules import check_schedule
from overheard.deployment import Call, Deployment
from overheard.domain import (
    BURST,
    FIRST_CHECK,
    AuditEntry,
    DeliveryKind,
    Pair,
    Panel,
    Payer,
    Run,
    RunState,
    Schedule,
)
from overheard.errors import OverheardError, RunEnded
from overheard.runs.plan import RESUMABLE_FOR
from overheard.runtime.scheduler import SCHEDULE
from overheard.telemetry import about


async def run_bursts(call: Call, plans: Sequence[PlannedBurst]) -> None:
    """Ask the bursts that are due one after the other, the interrupted ones first; those that
    another process has asked by then are left out.

    Args:
        plans: The planned bursts, the earliest first.

    Raises:
        BudgetExceeded: when the budget does not cover them, before the first or one of them begins.
        RunUnderWay: when another process asks one of the bursts.
    """
    bursts = [
        *await _interrupted_bursts(call.deployment),
        *(_new_burst(call, plan) for plan in _due_plans(call.deployment, plans)),
    ]
    calls, brands, answers = Counter[Pair](), dict[str, None](), 0
    for run, panel in bursts:
        calls += panel.unasked(await call.store.answers.asked(run.id))
        answers += panel.unasked().total()
        brands.update(dict.fromkeys(panel.brands))
    await call.pricing.quote_calls(calls, Payer(0, tuple(brands), call.channel), answers=answers)
    for run, _ in bursts:
        await _run_burst(call, run)


def _due_plans(deployment: Deployment, plans: Sequence[PlannedBurst]) -> list[PlannedBurst]:
    """Return the plans whose time has come, in the given order."""
    now = deployment.clock.now()
    return [plan for plan in plans if plan.at <= now]


async def _interrupted_bursts(deployment: Deployment) -> list[tuple[Run, Panel]]:
    """Return the bursts, with their panels, that are not finished, that no process carries out now,
    and that began less than `RESUMABLE_FOR` ago; the newest first.
    """
    oldest = deployment.clock.now() - RESUMABLE_FOR
    interrupted = []
    for run in await deployment.store.runs.find(state=RunState.RUNNING):
        if run.label != BURST or run.panel is None or run.started_at <= oldest:
            continue
        async with deployment.store.locks.run_lock(run.id) as is_free:
            if is_free:
                interrupted.append((run, run.panel))
    return interrupted


def _new_burst(call: Call, plan: PlannedBurst) -> tuple[Run, Panel]:
    """Return the run of a planned burst, which begins now and is not stored yet, and its panel. The
    run has the key and the panel of the plan; its person and channel are those of the call.
    """
    run = Run(
        key=plan.key,
        started_at=call.clock.now(),
        panel=plan.panel,
        label=BURST,
        asked_by=call.who,
        channel=call.channel,
    )
    return run, plan.panel


async def _run_burst(call: Call, run: Run) -> None:
    """Ask the questions of a burst's run that have no answer yet; do nothing when another process
    has finished the run.
    """
    quote = await call.pricing.quote(run)  # the bursts before may have used the money up

    async def require_running(stored: Run) -> None:
        """Raise RunEnded, with which the run is not executed, if it has ended by now."""
        state = await call.store.runs.state(stored.id)
        if state is not RunState.RUNNING:
            raise RunEnded(run=stored.key, state=str(state), verb="executed")

    with suppress(RunEnded):
        await execute_run(call, quote, before=require_running)
        await _post_verdict(call.deployment, run)


async def _post_verdict(deployment: Deployment, run: Run) -> None:
    """Store a delivery of a burst's result, if with it the occasion is over: it has passed, or did
    not move the brand. It goes to the channel of the check that it followed; after an update also
    to those that get the brand's alerts. An alert has its own routes.
    """
    store = deployment.store
    over = {
        brand: watch
        for (brand, model), watch in (await read_watches(store)).items()
        if watch.over and run.panel and model in run.panel.models and run.started_at in watch.looks
    }
    opened = {watch.opened for watch in over.values()}
    checks = [one for one in await store.runs.find(aside=False) if one.started_at in opened]
    channels = dict.fromkeys(one.channel for one in checks if ":" in one.channel)
    updated = {brand for brand, watch in over.items() if watch.source}
    for route in deployment.config.routes:
        if updated & set(route.brands or updated):
            channels[route.channel] = None
    await deployment.deliver(channels, DeliveryKind.RESULT, f"result-{run.key}", run.key)


class ScheduledWork:
    """The work of the jobs of a deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    async def check(self, schedule: Schedule, _: datetime) -> None:
        """Run a scheduled check as a person would, and write the outcome into the audit log. The
        schedule is the consent to the price of the check.

        Raises:
            OverheardError: when the check is refused or fails, such as for a limit.
        """
        async with self.audited_call(f"schedule {schedule.name}", "check") as call:
            await (await check_schedule(call, schedule)).execute()

    async def first_check(self, _: datetime) -> None:
        """Ask the next round of a first check if one is due, and write that into the audit log;
        else do nothing. The first round was the consent to the price.
        """
        deployment = await self._deployment.refreshed()
        if await continue_first_check(Call(deployment)):
            await self._audit(FIRST_CHECK, "check --first", "done")

    async def ask_bursts(self, _: datetime) -> None:
        """Ask the bursts that are due, and write that into the audit log; do nothing if none is
        due. ``[bursts] automatic`` is the consent to their price.

        Raises:
            OverheardError: when a limit refuses the bursts: they stay due, and are not logged.
        """
        call = await (await self._call(BURST)).caught_up()
        plans = await planned_bursts(call)
        if _due_plans(call.deployment, plans) or await _interrupted_bursts(call.deployment):
            # A burst that a limit refuses stays due, and is not written into the audit log.
            await run_bursts(call, plans)
            await self._audit(BURST, "ask again", "done")

    async def hourly(self, spec: CommandSpec, _: datetime) -> None:
        """Carry out a plugin's command that is hourly."""
        found = await spec.run(await self._call(spec.name))
        if isinstance(found, Proposal):
            await found.execute()

    async def retain(self, _: datetime) -> None:
        """Remove the texts that are older than the limit in ``[retention]``, which is the consent,
        and write the outcome into the audit log.
        """
        async with self.audited_call(f"{SCHEDULE} retention", "db retain") as call:
            await retain_texts(call)

    @asynccontextmanager
    async def audited_call(self, caller: str, command: str) -> AsyncIterator[Call]:
        """Provide a call with current brands and facts in the name of `caller` within the block;
        then write an entry into the audit log.

        The outcome in the entry is "done", the text of an `OverheardError`, the class of another
        error (its text may hold a secret), or "cut off" when cancelled. Errors are raised again.

        Args:
            caller: The name of the caller in the audit log, such as "schedule weekly".
            command: The words of the command in the audit log, such as "check".
        """
        call = await self._call(caller)
        about(command=caller)
        outcome = "cut off"
        try:
            yield call
            outcome = "done"
        except OverheardError as error:
            outcome = str(error)
            raise
        except Exception as error:
            outcome = f"failed: {type(error).__name__}"
            raise
        finally:
            await self._audit(caller, command, outcome)

    async def add_late(self) -> None:
        """Add bought answers that have arrived late to their runs."""
        await run_service(await self._call(SCHEDULE)).add_late()

    async def resume(self, run: Run) -> None:
        """Resume a run in the name of the person who began it."""
        call = await self._call(run.asked_by, run.channel)
        await (await resume_run(call, run=run.key)).execute()

    async def _call(self, who: str, channel: str = SCHEDULE) -> Call:
        """Return a call with the current settings, brands and facts."""
        deployment = await self._deployment.refreshed()
        return Call(deployment, who, channel, deployment.zone)

    async def _audit(self, who: str, command: str, outcome: str) -> None:
        """Write what a job did into the audit log."""
        now = self._deployment.clock.now()
        entry = AuditEntry(now, who, SCHEDULE, command, outcome=outcome)
        await self._deployment.store.audit.add(entry)
