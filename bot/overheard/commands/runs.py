"""`runs`: what was asked and when; and a run under way is paused, resumed or cancelled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

from overheard.alerts.events import name_without_id
from overheard.alerts.run_analysis import run_service
from overheard.cards import wording
from overheard.cards.card import Action, Card, Style, Table
from overheard.cards.command import CommandSpec, Face, Proposal, Role, argument, option
from overheard.commands.check import execute_run
from overheard.deployment import Call, Deployment
from overheard.domain import UNFINISHED, Run, RunState
from overheard.errors import RunEnded, RunTooOld
from overheard.runs.interruptions import is_held
from overheard.runs.plan import RESUMABLE_FOR, find_run

FIRST, FIRST_IN_CHAT = 20, 8
"""How many checks are shown by default."""


_RunKey = Annotated[str, argument("Its key, or a part of it.")]


async def list_runs(
    deployment: Deployment,
    call: Call,
    *,
    limit: Annotated[int, option("How many.", low=1, high=1000)] = FIRST,
) -> Card:
    """Show the newest runs and their states.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        limit: The largest number of runs.
    """
    is_chat = call.face is Face.CHAT
    shown = FIRST_IN_CHAT if is_chat and limit == FIRST else limit
    runs = await deployment.store.runs.find(limit=shown)
    busy = {
        run.id for run in runs if run.state in UNFINISHED and await is_held(deployment.store, run)
    }
    handed_in = {batch.run_id for batch in await deployment.store.batches.unfinished()}
    rows = tuple(_run_cells(run, busy, handed_in) for run in runs)
    actions = _resume_actions(runs) if runs else [Action("check", "Check now")] if is_chat else []
    return Card(
        title=f"The last {wording.count(len(runs), 'check')}" if runs else "No checks",
        text=_run_lines(call, runs, busy, handed_in)
        if is_chat
        else ""
        if runs
        else "Nothing has been asked yet; begin with: check",
        table=_runs_table(rows) if rows and not is_chat else None,
        actions=tuple(actions),
        data={"runs": [_run_json(run, busy, handed_in) for run in runs]},
    )


async def pause_run(deployment: Deployment, _: Call, *, run: _RunKey) -> Card:
    """Store that a run is to pause: calls under way end, no others begin until it is resumed.

    Raises:
        UnknownName: for an unknown run.
        RunEnded: when the run has ended.
    """
    paused = await _request_state(deployment, run, RunState.PAUSED, "paused")
    key = paused.key
    text = "Calls under way come to their end; whoever carries it out stops within a second."
    resume = Action(f"runs resume {key}", "Resume", Style.PRIMARY)
    return Card(
        "Paused", text, actions=(resume,), footer=f"Run {key}", data=_state_json(key, "paused")
    )


async def cancel_run(deployment: Deployment, call: Call, *, run: _RunKey) -> Card:
    """Cancel a run: its batches are cancelled and its reserved money is released; its answers are
    kept.

    Raises:
        UnknownName: for an unknown run.
        RunEnded: when the run has ended.
    """
    cancelled = await _request_state(deployment, run, RunState.CANCELLED, "cancelled")
    notes: list[str] = []
    async with deployment.store.locks.run_lock(cancelled.id) as is_locked:
        if is_locked:  # no process carries it out, so no other message will say that it ended
            notes = await run_service(deployment, call).cancel_batches(cancelled)
            await deployment.store.money.release(cancelled.id)
            await deployment.store.runs.finish(
                cancelled.id, RunState.CANCELLED, deployment.clock.now()
            )
    text = "What was answered is kept; calls under way come to their end."
    text = "\n\n".join([text, *notes])
    return Card(
        "Cancelled",
        text,
        footer=f"Run {cancelled.key}",
        data=_state_json(cancelled.key, "cancelled"),
    )


async def resume_run(deployment: Deployment, call: Call, *, run: _RunKey) -> Proposal:
    """Return the rest of a paused or interrupted run as a proposal with its price.

    Raises:
        UnknownName: for an unknown run.
        RunEnded: when the run has ended.
        RunTooOld: when the run began `RESUMABLE_FOR` ago or earlier.
        RunUnderWay: when another process carries out the run.
        BudgetExceeded: when the budget does not cover the rest of the run.
    """
    resumed = await find_run(deployment.store.runs, run)
    age = deployment.clock.now() - resumed.started_at
    if resumed.state not in UNFINISHED or resumed.panel is None:
        raise RunEnded(run=resumed.key, state=resumed.state.value, verb="resumed")
    if age >= RESUMABLE_FOR and not await deployment.store.batches.unfinished(runs=[resumed.id]):
        raise RunTooOld(run=resumed.key, age=wording.duration(age.total_seconds()))
    quote = await deployment.pricing.quote(resumed)

    async def wake(stored: Run) -> None:
        await deployment.store.runs.steer(stored.id, RunState.RUNNING)

    execute = partial(execute_run, deployment, call, quote, before=wake)
    return Proposal(quote.price, quote.usd, execute)


async def _request_state(deployment: Deployment, name: str, state: RunState, verb: str) -> Run:
    shown = await find_run(deployment.store.runs, name)
    if not await deployment.store.runs.steer(shown.id, state):
        raise RunEnded(run=shown.key, state=shown.state.value, verb=verb)
    return shown


def _runs_table(rows: tuple[tuple[str, ...], ...]) -> Table:
    """Return the terminal's table of runs; a run's key begins with the time of its start."""
    return Table(("Run", "State", "Questions", "Asked by"), rows, frozenset({2}))


def _run_cells(run: Run, busy: set[int], handed_in: set[int]) -> tuple[str, ...]:
    count = f"{len(run.panel):,}" if run.panel else "-"
    return (run.key, _state_words(run, busy, handed_in), count, name_without_id(run.asked_by))


def _run_lines(call: Call, runs: Sequence[Run], busy: set[int], handed_in: set[int]) -> str:
    """Return the chat's text: a line for each run with its day, number of questions, person, and
    its state unless complete. `busy` and `handed_in` are ids of runs.
    """
    if not runs:
        return "Nothing has been asked yet."
    sizes = {len(run.panel) for run in runs if run.panel}
    days = Counter(wording.short_day(run.started_at, call.zone) for run in runs)
    each = [f"{wording.count(sizes.pop(), 'question')} each.\n"] if len(sizes) == 1 else []
    lines = [
        _run_line(call, run, _state_words(run, busy, handed_in), days, sized=not each)
        for run in runs
    ]
    return "\n".join([*each, *lines])


def _run_line(call: Call, run: Run, state: str, days: Mapping[str, int], *, sized: bool) -> str:
    """Return the line of one run with its state in words; with the time of day if `days` counts
    several runs on its day, with the number of questions if `sized`.
    """
    at, zone = run.started_at, call.zone
    when = wording.short_day(at, zone)
    if days[when] > 1:
        when += f", {wording.clock(at, zone)}"
    asked = wording.count(len(run.panel), "question") if run.panel and sized else ""
    who = wording.line(name_without_id(run.asked_by))
    shown = "" if run.state is RunState.COMPLETE else state
    return f"{when}: {', '.join(filter(None, (asked, who, shown)))}"


def _state_words(run: Run, busy: set[int], handed_in: set[int]) -> str:
    """Return the state of a run in words. `busy` are the ids of runs that a process carries out,
    `handed_in` of those whose batch is at a vendor.
    """
    if run.state is RunState.RUNNING and run.id in handed_in:
        return "waiting for a batch" if run.id in busy else "batch handed in, cut off"
    if run.state is RunState.RUNNING and run.id not in busy:
        return "cut off"
    return run.state.value


def _resume_actions(runs: list[Run]) -> list[Action]:
    waiting = [run for run in runs if run.state is RunState.PAUSED]
    return [Action(f"runs resume {run.key}", "Resume", Style.PRIMARY) for run in waiting[:1]]


def _run_json(run: Run, busy: set[int], handed_in: set[int]) -> dict[str, object]:
    """Return a run and its state for JSON output; `busy` and `handed_in` as for `_state_words`."""
    return {
        "run": run.key,
        "state": _state_words(run, busy, handed_in)
        if run.state is RunState.RUNNING
        else run.state.value,
        "under_way": run.id in busy,
        "waits_for_batch": run.id in handed_in,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "questions": len(run.panel) if run.panel else None,
        "prompts": run.panel.edition if run.panel else None,
        "asked_by": run.asked_by,
        "label": run.label,
    }


def _state_json(key: str, state: str) -> dict[str, object]:
    return {"run": key, "state": state}


RUNS_LIST = CommandSpec(
    "runs list", "Show the latest runs and where they stand.", list_runs, examples=("runs list",)
)
RUNS_PAUSE = CommandSpec(
    "runs pause",
    "Stop a run until somebody resumes it.",
    pause_run,
    role=Role.OPERATOR,
    needs_store=True,
    examples=("runs pause 1f3a",),
)
RUNS_RESUME = CommandSpec(
    "runs resume",
    "Go on with a run that was paused or cut off.",
    resume_run,
    role=Role.OPERATOR,
    needs_store=True,
    spends=True,
    examples=("runs resume 1f3a",),
    chart="",
)
RUNS_CANCEL = CommandSpec(
    "runs cancel",
    "Give a run up; what was answered is kept.",
    cancel_run,
    role=Role.OPERATOR,
    needs_store=True,
    examples=("runs cancel 1f3a",),
)
