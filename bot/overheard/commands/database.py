"""`db`: the store's schema."""

from __future__ import annotations

from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Face, Role
from overheard.commands.context import Session


async def upgrade(session: Session) -> Card:
    """Bring the store's schema to this version.

    Raises:
        StoreError: when the store cannot be used.
    """
    before, after = await session.migrate(session.read_config().storage.url)
    done = f"It is at revision {after}{' already' if before == after else ''}."
    return Card("Store upgraded", done, data={"before": before, "after": after})


UPGRADE = CommandSpec(
    "db upgrade",
    "Bring the store's schema to this version.",
    upgrade,
    role=Role.ADMIN,
    faces=frozenset({Face.TERMINAL}),
    opens=False,
)
