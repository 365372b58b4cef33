"""`run` and `worker`: the processes of a deployment. Each works until it is stopped."""

from typing import Annotated

from overheard.cards.card import Card
from overheard.cards.command import IN_TERMINAL, CommandSpec, option
from overheard.config.problems import unknown_name
from overheard.domain import TaskKind
from overheard.errors import WorkerUnused
from overheard.session import Session


async def run(session: Session) -> Card:
    """Connect the chats, carry out schedules and post alerts until SIGTERM or Ctrl-C; then return a
    card. Runs that are under way at that time are continued by the next start.

    Args:
        session: The session; its deployment is opened here, and closed at the end.
    """
    async with session.open_deployment(session.read_config()) as deployment:
        if session.serve:
            await session.serve(deployment)
    return Card("Stopped", "Runs that were under way go on with the next start.")


RUN = CommandSpec(
    "run",
    "Connect the chats, carry out schedules and deliver alerts, until it is stopped.",
    run,
    faces=IN_TERMINAL,
    opens=False,
)


CONCURRENT_TASKS = 8
"""Tasks that a worker carries out at a time; most of each is waiting for a provider."""

WORK_KINDS = {
    "asking": frozenset({TaskKind.ASK}),
    "scoring": frozenset({TaskKind.SCORE, TaskKind.JUDGE}),
    "detecting": frozenset({TaskKind.DETECT}),
}
"""The kinds of tasks to which the option `only` of `worker` limits a worker, by the option's
value.
"""


async def worker(
    session: Session,
    *,
    concurrency: Annotated[int, option("Tasks at a time.", low=2, high=200)] = CONCURRENT_TASKS,
    only: Annotated[str, option(f"Do only this: {', '.join(WORK_KINDS)}.")] = "",
    port: Annotated[
        int | None, option("Where it says how it is; 0: nowhere.", low=0, high=65_535)
    ] = None,
) -> Card:
    """Carry out queued tasks of runs until SIGTERM or Ctrl-C; then return a card.

    Tasks that are under way then are given to another worker.

    Args:
        session: The session; its deployment is opened here, and closed at the end.
        only: ``asking``, ``scoring`` or ``detecting``; empty means all tasks.
        port: The port of the health endpoint, 0 for none; None for that of ``[health]``.

    Raises:
        UnknownName: for another value of `only`.
        WorkerUnused: when the deployment has no queue, so that each process does its own tasks.
    """
    if only and only not in WORK_KINDS:
        raise unknown_name("work", only, WORK_KINDS)
    kinds = WORK_KINDS[only] if only else frozenset(TaskKind)
    config = session.read_config()
    if config.queue.engine == "inline":
        raise WorkerUnused(file=config.file)
    if port is not None:
        health = config.health.model_copy(update={"port": port})
        config = config.model_copy(update={"health": health})
    async with session.open_deployment(config) as deployment:
        if session.work:
            await session.work(deployment, kinds, concurrency)
    return Card("Stopped", "What it was at is given to another worker.")


WORKER = CommandSpec(
    "worker",
    "Ask and score for all processes of a deployment, until it is stopped.",
    worker,
    faces=IN_TERMINAL,
    opens=False,
    examples=("worker", "worker --concurrency 20", "worker --only scoring", "worker --port 8485"),
)
