"""The part of the in-memory store that says how much it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from overheard.domain import Alert, Answer, Census, Delivery, Run, RunState
from overheard.domain.operations import FAILING, SHOWN, WAITING


def census(
    runs: Iterable[Run],
    alerts: Iterable[Alert],
    deliveries: Iterable[Delivery],
    answers: Iterable[Answer],
    read: set[int],
) -> Census:
    """Count; see `overheard.interfaces.Store.census`.

    Args:
        runs: All runs.
        alerts: All alerts.
        deliveries: All deliveries.
        answers: All answers.
        read: The numbers of the answers that a scorer has read.
    """
    runs, deliveries = list(runs), list(deliveries)
    going = {run.id: run for run in runs if run.state is RunState.RUNNING and not run.aside}
    unread = (
        answer.asked_at
        for answer in answers
        if answer.run_id in going
        and answer.complete
        and not answer.reused_from
        and answer.id not in read
    )
    return Census(
        Counter(run.state.value for run in runs),
        Counter(alert.state.value for alert in alerts),
        Counter(map(_standing, deliveries)),
        sum(d.attempts for d in deliveries if d.shown < d.wanted),
        min(unread, default=None),
        min((run.started_at for run in going.values()), default=None),
    )


def _standing(delivery: Delivery) -> str:
    if delivery.shown >= delivery.wanted:
        return SHOWN
    return FAILING if delivery.problem else WAITING
