"""`runs`: the newest runs and their states. A run under way can be paused, resumed and
cancelled.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from typing import Annotated

from overheard.alerts.run_analysis import run_service
from overheard.cards import wording
from overheard.cards.card import Action, Card, Style, picked
from overheard.cards.command import CommandSpec, Face, Proposal, Role, argument, option
from overheard.cards.wording import name_without_id
from overheard.commands.check import execute_run
from overheard.deployment import Call
from overheard.domain import UNFINISHED, Run, RunState
from overheard.errors import RunEnded, RunTooOld
from overheard.interfaces import Store
from overheard.runs.interruptions import is_held
from overheard.runs.plan import RESUMABLE_FOR, find_run

SHOWN, SHOWN_IN_CHAT = 20, 8
"""How many runs are shown by default."""


_RunKey = Annotated[str, argument("Its key, or a part of it.")]


async def list_runs(
    call: Call, *, limit: Annotated[int, option("How many.", low=1, high=1000)] = SHOWN
) -> Card:
    """Return the card of the newest runs with their states, the newest first, each in a line, which
    in a terminal begins with its key. A button resumes the newest paused run.

    Args:
        call: Tells whether a chat or a terminal asks, and the time zone; a chat shows only runs of
            the history.
        limit: The largest number of runs; a chat shows `SHOWN_IN_CHAT` if it is the default.
    """
    is_chat = call.face is Face.CHAT
    shown = SHOWN_IN_CHAT if is_chat and limit == SHOWN else limit
    runs = await call.store.runs.find(limit=shown, aside=False if is_chat else None)
    if not runs:
        ask = (Action("check", "Check now"),)
        return Card("No checks", "Nothing has been asked yet.", actions=ask, data={"runs": []})
    held = {run.id for run in runs if run.state in UNFINISHED and await is_held(call.store, run)}
    with_open_batch = {batch.run_id for batch in await call.store.batches.unfinished()}
    states = {run.id: _state_words(run, held, with_open_batch) for run in runs}
    return Card(
        title=f"The last {wording.count(len(runs), 'check')}",
        text=_run_lines(call.zone, runs, states, keys=not is_chat),
        actions=tuple(
            Action(f"runs resume {run.key}", "Resume", Style.PRIMARY)
            for run in [run for run in runs if run.state is RunState.PAUSED][:1]
        ),
        data={
            "runs": [
                {
                    "run": run.key,
                    "state": states[run.id],
                    "under_way": run.id in held,
                    "waits_for_batch": run.id in with_open_batch,
                    **picked(run, "started_at", "finished_at", "asked_by", "label"),
                    "questions": len(run.panel) if run.panel else None,
                    "prompts": run.panel.edition if run.panel else None,
                }
                for run in runs
            ]
        },
    )


async def pause_run(call: Call, *, run: _RunKey) -> Card:
    """Store that a run is to pause. Calls under way are finished, and no others begin until the run
    is resumed.

    Args:
        run: The run's key, or a part of it that no other run has.
    """
    paused = await _request_state(call.store, run, RunState.PAUSED, "paused")
    key = paused.key
    text = "Calls under way come to their end; whoever carries it out stops within a second."
    resume = Action(f"runs resume {key}", "Resume", Style.PRIMARY)
    return Card(
        "Paused", text, actions=(resume,), footer=f"Run {key}", data={"run": key, "state": "paused"}
    )


async def cancel_run(call: Call, *, run: _RunKey) -> Card:
    """Cancel a run for good. Its answers are kept.

    If no process carries the run out, its batches are cancelled at their vendors, its reserved
    money is released and its end is stored here; otherwise that process does so.

    Args:
        run: The run's key, or a part of it that no other run has.
    """
    cancelled = await _request_state(call.store, run, RunState.CANCELLED, "cancelled")
    notes: list[str] = []
    async with call.store.locks.run_lock(cancelled.id) as is_locked:
        if is_locked:  # no process carries it out, so no other message will say that it ended
            notes = await run_service(call).cancel_batches(cancelled)
            await call.store.money.release(cancelled.id)
            await call.store.runs.finish(cancelled.id, RunState.CANCELLED, call.clock.now())
    text = "What was answered is kept; calls under way come to their end."
    text = "\n\n".join([text, *notes])
    return Card(
        "Cancelled",
        text,
        footer=f"Run {cancelled.key}",
        data={"run": cancelled.key, "state": "cancelled"},
    )


async def resume_run(call: Call, *, run: _RunKey) -> Proposal:
    """Return a proposal to ask the rest of a paused or interrupted run, with its price.

    A run older than `RESUMABLE_FOR` can only be resumed while a vendor has a batch of it, because
    new answers would not be comparable with its first ones. The proposal raises RunUnderWay when
    another process carries the run out.

    Args:
        run: The run's key, or a part of it that no other run has.

    Raises:
        RunTooOld: when the run is too old.
        BudgetExceeded: when the budget does not cover the rest of the run.
    """
    resumed = await find_run(call.store.runs, run)
    age = call.clock.now() - resumed.started_at
    if resumed.state not in UNFINISHED or resumed.panel is None:
        raise RunEnded(run=resumed.key, state=resumed.state.value, verb="resumed")
    if age >= RESUMABLE_FOR and not await call.store.batches.unfinished(runs=[resumed.id]):
        raise RunTooOld(run=resumed.key, age=wording.duration(age.total_seconds()))
    quote = await call.pricing.quote(resumed)

    async def end_pause(stored: Run) -> None:
        await call.store.runs.steer(stored.id, RunState.RUNNING)

    execute = partial(execute_run, call, quote, before=end_pause)
    return Proposal(quote.price, quote.usd, execute)


async def _request_state(store: Store, name: str, state: RunState, verb: str) -> Run:
    """Store the request that a run pause or be cancelled, and return the run as it was before."""
    run = await find_run(store.runs, name)
    if not await store.runs.steer(run.id, state):
        raise RunEnded(run=run.key, state=run.state.value, verb=verb)
    return run


def _run_lines(zone: tzinfo, runs: Sequence[Run], states: Mapping[int, str], *, keys: bool) -> str:
    """Return a line for each run, such as ``3 Mar, 09:00: 48 questions, Ann, paused``; the time of
    day stands where several runs are of one day. If all runs have the same number of questions, it
    stands above the lines and not in each. With `keys`, the run's key stands in place of
    the day.
    """
    sizes = {len(run.panel) for run in runs if run.panel}
    runs_on_day = Counter(wording.short_day(run.started_at, zone) for run in runs)
    each = [f"{wording.count(sizes.pop(), 'question')} each.\n"] if len(sizes) == 1 else []
    lines = []
    for run in runs:
        when = run.key if keys else wording.short_day(run.started_at, zone)
        if runs_on_day[when] > 1:
            when += f", {wording.clock(run.started_at, zone)}"
        asked = wording.count(len(run.panel), "question") if run.panel and not each else ""
        who = wording.line(name_without_id(run.asked_by))
        lines.append(f"{when}: {', '.join(filter(None, (asked, who, states[run.id])))}")
    return "\n".join([*each, *lines])


def _state_words(run: Run, held: Collection[int], with_open_batch: Collection[int]) -> str:
    """Return the state of a run in words."""
    if run.state is not RunState.RUNNING:
        return run.state.value
    if run.id in with_open_batch:
        return "waiting for a batch" if run.id in held else "batch handed in, cut off"
    return run.state.value if run.id in held else "cut off"


RUNS_LIST = CommandSpec("runs list", "Show the latest runs and where they stand.", list_runs)
_on_run = partial(CommandSpec, role=Role.OPERATOR, needs_store=True)

RUNS_PAUSE = _on_run(
    "runs pause", "Stop a run until someone resumes it.", pause_run, examples=("runs pause 1f3a",)
)
RUNS_RESUME = _on_run(
    "runs resume",
    "Go on with a run that was paused or cut off.",
    resume_run,
    spends=True,
    examples=("runs resume 1f3a",),
    chart="",
)
RUNS_CANCEL = _on_run(
    "runs cancel",
    "Give a run up; what was answered is kept.",
    cancel_run,
    examples=("runs cancel 1f3a",),
)
