"""`run`: the deployment at work, until it is stopped."""

from __future__ import annotations

from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Face
from overheard.deployment import Call, Session


async def run(session: Session, _: Call) -> Card:
    """Connect the chats, carry out schedules and deliver alerts, until SIGTERM or Ctrl-C.

    Raises:
        ConfigError: with all that is wrong.
        StoreError: when the store cannot be used.
    """
    async with session.open_deployment(session.read_config()) as deployment:
        if session.serve:
            await session.serve(deployment)
    return Card("Stopped", "Runs that were under way go on with the next start.")


RUN = CommandSpec(
    "run",
    "Connect the chats, carry out schedules and deliver alerts, until it is stopped.",
    run,
    faces=frozenset({Face.TERMINAL}),
    opens=False,
    examples=("run",),
)
