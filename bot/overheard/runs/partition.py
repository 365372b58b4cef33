"""Cutting a run into parts that can be carried out anywhere, in any order, and twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby

from overheard.domain import Model, Panel, Run, Task, TaskKind
from overheard.interfaces import Provider
from overheard.runs.limits import Limits

PART = 50
"""About how many questions make a part: some seconds of work, so that handing it out is nothing
beside it, and a worker that dies leaves little behind."""

LOOKED_AT = 20
"""Brands that are looked at in one task."""


def asking(run: Run, *, spread: bool) -> list[Task]:
    """Return the tasks that ask a run's questions: a single one, or parts for many workers.

    Parts of different providers take turns, so that none waits behind all of another's.
    """
    if not spread or run.panel is None:
        return [Task(TaskKind.ASK, run.id)]
    parts = [list(_parts(run.id, run.panel, provider)) for provider in _providers(run.panel)]
    longest = max(map(len, parts), default=0)
    return [part[n] for n in range(longest) for part in parts if n < len(part)]


def scoring(run: Run, *, spread: bool, judged: bool) -> list[Task]:
    """Return the tasks that score a run's answers for many workers; whoever follows a run scores
    what is left.

    Args:
        run: The run.
        spread: Whether there are many.
        judged: Whether there are judges among the scorers.
    """
    if not spread:
        return []
    parts = [replace(task, kind=TaskKind.SCORE) for task in asking(run, spread=True)]
    return [*parts, Task(TaskKind.JUDGE, run.id)] if judged else parts


def detecting(run: Run, brands: list[str], *, spread: bool) -> list[Task]:
    """Return the tasks that look whether brands have moved in a run."""
    size = LOOKED_AT if spread else max(1, len(brands))
    return [
        Task(
            TaskKind.DETECT,
            run.id,
            first=start,
            last=start + size,
            brands=tuple(brands[start : start + size]),
        )
        for start in range(0, len(brands), size)
    ]


def following(task: Task) -> list[Task]:
    """Return what can be begun once a task is done, before the rest of its run is."""
    return [replace(task, kind=TaskKind.SCORE)] if task.kind is TaskKind.ASK else []


def part_of(run: Run, task: Task) -> Run:
    """Return a run with those questions of its panel that a task means."""
    panel = run.panel
    if panel is None:
        return run
    chosen = slice(task.first, task.last or None)
    models = tuple(m for m in panel.models if task.provider in ("", m.provider))
    return replace(
        run,
        panel=replace(
            panel, prompts=panel.prompts[chosen], times=panel.times[chosen], models=models
        ),
    )


def _providers(panel: Panel) -> list[str]:
    return list(dict.fromkeys(model.provider for model in panel.models))


def _parts(run_id: int, panel: Panel, provider: str) -> Iterator[Task]:
    """Cut the prompts into neighbours that come to about `PART` questions at a provider."""
    models = sum(model.provider == provider for model in panel.models)
    ends, asked = [], 0
    for _, times in panel.asks():
        ends.append(asked // PART)
        asked += times * models
    for _, group in groupby(range(len(ends)), key=ends.__getitem__):
        places = list(group)
        yield Task(TaskKind.ASK, run_id, provider, places[0], places[-1] + 1)


SEATS = 8
"""Seats of a provider that allows as many calls at a time."""


def seats(limits: Limits, provider: Provider) -> int:
    """Return how many seats a provider has: each is good for at least one call at a time."""
    return max(1, min(SEATS, *(gate.full for gate in limits.gates(provider, _models(provider)))))


@contextmanager
def seat(limits: Limits, providers: Mapping[str, Provider], name: str) -> Iterator[None]:
    """Hold a seat of a provider while the block lasts; nothing of one that does not exist."""
    provider = providers.get(name)
    if provider is None:
        yield
        return
    gates = limits.gates(provider, _models(provider))
    of = seats(limits, provider)
    for gate in gates:
        gate.seat(1, of)
    try:
        yield
    finally:
        for gate in gates:
            gate.seat(-1, of)


def _models(provider: Provider) -> list[Model]:
    return [Model(provider.name, name) for name in provider.models()]
