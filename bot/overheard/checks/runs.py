"""Runs from their beginning to their end: new ones, those that were cut off, those to steer."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from overheard.domain import Panel, Run, RunState
from overheard.errors import UnknownName
from overheard.interfaces import Store

TAKEN_UP_WITHIN = timedelta(hours=12)
"""How long after its start a run that was cut off or paused goes on."""


def new_run(
    panel: Panel, now: datetime, *, label: str = "", asked_by: str = "", channel: str = ""
) -> Run:
    """Make a run that has not begun."""
    key = f"{now:%Y-%m-%dT%H:%M:%SZ}-{secrets.token_hex(2)}"
    return Run(key, now, panel, label=label, asked_by=asked_by, channel=channel)


def is_fresh(run: Run, now: datetime) -> bool:
    """Return whether new answers of a run still compare with its first ones."""
    return now - run.started_at < TAKEN_UP_WITHIN


async def unfinished(store: Store, panel: Panel, now: datetime) -> Run | None:
    """Return a run that was cut off while it asked the same questions, or None.

    One that was begun too long ago is closed: its answers and new ones would be one block, and
    the model may have changed between them. One that waits for a batch was asked when it was
    handed in, and is taken up whenever that was.
    """
    for run in await store.runs(state=RunState.RUNNING):
        if run.panel and _same(run.panel, panel):
            if is_fresh(run, now) or await store.batches(runs=[run.id]):
                return run
            async with store.holding(run.id) as abandoned:
                if abandoned:
                    await store.finish_run(run.id, RunState.PARTIAL, now)
    return None


async def find_run(store: Store, name: str) -> Run:
    """Return a run by its key or a part of it that no other run has.

    Raises:
        UnknownName: when there is none, or several.
    """
    runs = [run for run in await store.runs() if run.panel]
    found = [run for run in runs if run.key == name] or [r for r in runs if name in r.key]
    if len(found) != 1:
        hint = "; several are called so" if found else ""
        known = ", ".join(run.key for run in (found or runs)[:5]) or "none yet"
        raise UnknownName(kind="run", name=name, hint=hint, known=known)
    return found[0]


def _same(one: Panel, other: Panel) -> bool:
    return (
        one.brands == other.brands
        and one.models == other.models
        and one.batch == other.batch
        and [(p.key, n) for p, n in one.asks()] == [(p.key, n) for p, n in other.asks()]
    )
