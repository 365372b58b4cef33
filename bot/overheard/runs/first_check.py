"""The first check: ten repeats of each question in three rounds, at three times of a day.

One run shows what a model says at one moment. Three rounds some hours apart also show how much its
answers vary from run to run, which is what a change has to exceed. Nothing of the plan is kept but
the runs themselves: the label of a run names its round, so that the times survive a restart and are
the same in every process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from overheard.domain import FIRST_CHECK, Panel, Run, RunState
from overheard.interfaces import Store
from overheard.runs.plan import new_run

ROUND_SIZES = ((4, 3, 3), (2, 2, 2), (1, 1, 1))
"""Repeats of each round, the largest first: the first that the budget covers are asked."""
ROUND_GAP = timedelta(hours=6)
"""Time between the starts of two rounds."""
EXPIRES_AFTER = timedelta(days=2)
"""How long after its start a first check can be continued."""
ROUNDS = len(ROUND_SIZES[0])


@dataclass(frozen=True, slots=True)
class FirstCheck:
    """A first check that has begun and is not complete.

    Attributes:
        rounds: The runs of the rounds that were begun, the first one first.
    """

    rounds: tuple[Run, ...]

    @property
    def due_at(self) -> datetime:
        """When the next round is due."""
        return self.rounds[0].started_at + len(self.rounds) * ROUND_GAP

    @property
    def under_way(self) -> bool:
        """Whether the last round is still being asked."""
        return self.rounds[-1].state in {RunState.RUNNING, RunState.PAUSED}

    def next_run(self, now: datetime) -> Run:
        """Return the run of the next round, which has not begun."""
        first = self.rounds[0]
        if first.panel is None:
            raise ValueError("a first check has a panel")
        number = len(self.rounds)
        sizes = next((one for one in ROUND_SIZES if one[0] == first.panel.repeats), ROUND_SIZES[-1])
        panel = replace(first.panel, repeats=sizes[number], seed=first.panel.seed + number)
        label = round_label(number + 1)
        return new_run(panel, now, label=label, asked_by=first.asked_by, channel=first.channel)


def round_label(number: int) -> str:
    """Return the label of a round, from 1 on: ``first check 2 of 3``."""
    return f"{FIRST_CHECK} {number} of {ROUNDS}"


def round_times(start: datetime) -> tuple[datetime, ...]:
    """Return when the rounds of a first check begin that begins at a time."""
    return tuple(start + number * ROUND_GAP for number in range(ROUNDS))


def whole_panel(panel: Panel, sizes: Sequence[int]) -> Panel:
    """Return a panel with the repeats of all rounds together, to price them."""
    return replace(panel, repeats=sum(sizes))


async def unfinished_first_check(store: Store, now: datetime) -> FirstCheck | None:
    """Return the latest first check if it can be continued, else None.

    A first check whose first round was cancelled, or began too long ago, is not continued.
    """
    firsts = await store.runs.find(label=round_label(1), limit=1)
    if not firsts or now - firsts[0].started_at > EXPIRES_AFTER:
        return None
    first = firsts[0]
    rounds = [first]
    for number in range(2, ROUNDS + 1):
        later = await store.runs.find(label=round_label(number), limit=1)
        rounds += [run for run in later if run.started_at >= first.started_at]
    ended = {RunState.CANCELLED, RunState.FAILED}
    if len(rounds) == ROUNDS or any(run.state in ended for run in rounds):
        return None
    return FirstCheck(tuple(rounds))
