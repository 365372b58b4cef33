"""Who may do what in chat, and the log of who did it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from overheard.cards.command import CommandSpec, Role
from overheard.chat.confirmations import Stage
from overheard.config.sections import AccessTable
from overheard.domain import AuditEntry
from overheard.errors import OverheardError
from overheard.interfaces import Clock, Person, Store
from overheard.interfaces.operations import AuditRepository

NOBODY = -1
"""Less than any role."""
EVERYONE = {"nothing": NOBODY, "viewer": Role.VIEWER, "operator": Role.OPERATOR}
LISTS = {Role.VIEWER: "viewers", Role.OPERATOR: "operators", Role.ADMIN: "admins"}
"""The keys of [access] that give each role."""

_DOES = {
    Role.VIEWER: "read reports",
    Role.OPERATOR: "spend or take care of alerts",
    Role.ADMIN: "configure",
}


class ConfiguredAccess:
    """The `overheard.interfaces.AccessPolicy` of a deployment.

    Args:
        access: Who may do what.
        audit: The audit log.
        clock: What time it is.
    """

    def __init__(self, access: AccessTable, audit: AuditRepository, clock: Clock) -> None:
        self._access = access
        self._audit = audit
        self._clock = clock

    async def allowed(self, person: Person, channel: str, spec: CommandSpec) -> str | None:
        """Return one sentence that says why somebody may not use a command here, or None."""
        if channel and self._access.channels and channel not in self._access.channels:
            return (
                "I do not answer in this channel; ask in one of those that [access] channels in "
                f"the configuration names, or have {channel} added there."
            )
        if self.role(person) >= spec.role:
            return None
        return (
            f"Only {LISTS[spec.role]} may {_DOES[spec.role]}; have {person.platform}:{person.id}, "
            f"or a group that you belong to, added to [access] {LISTS[spec.role]} in the "
            "configuration."
        )

    async def note(
        self, person: Person, channel: str, words: str, spec: CommandSpec, outcome: str = "done"
    ) -> None:
        """Write down that a command was used; one that only reads is left out."""
        if is_logged(spec):
            await self._audit.add(
                AuditEntry(self._clock.now(), str(person), channel, spec.name, words, outcome)
            )

    def role(self, person: Person) -> int:
        """Return the highest role that somebody has by themselves or by a group."""
        mine = {f"{person.platform}:{name}" for name in (person.id, *person.groups)}
        given = (role for role, key in LISTS.items() if mine & set(getattr(self._access, key)))
        return max(given, default=EVERYONE[self._access.everyone])


@asynccontextmanager
async def logged(
    store: Store, clock: Clock, spec: CommandSpec, who: str, words: str, stage: Stage
) -> AsyncIterator[None]:
    """Write down that a command was used in the terminal, and how that ended; a quote alone is not
    written down.
    """
    outcome = "stopped"
    try:
        yield
        outcome = "" if stage.quoting else "done"
    except OverheardError as error:
        outcome = str(error)
        raise
    finally:
        if outcome and is_logged(spec):
            await store.audit.add(AuditEntry(clock.now(), who, who, spec.name, words, outcome))


def is_logged(spec: CommandSpec) -> bool:
    """Return whether a command changes something or may spend."""
    return spec.role > Role.VIEWER or spec.asks
