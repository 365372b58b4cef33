"""Who may do what in chat, and the log of who did it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from overheard.cards import wording
from overheard.cards.command import CommandSpec, Role
from overheard.chat.confirmations import Stage
from overheard.config.rights import NAME_PREFIX, ROLE_KEYS, ROLE_PREFIX, Rights
from overheard.config.sections import AccessTable
from overheard.domain import AuditEntry, Setting
from overheard.errors import OverheardError
from overheard.interfaces import Clock, Person, Refusal, Store

MAX_NAMED = 3
"""Names in a refusal; the others are counted."""

_DOES = {Role.VIEWER: "read this", Role.OPERATOR: "do this", Role.ADMIN: "change this"}


class ConfiguredAccess:
    """The `overheard.interfaces.AccessPolicy` of a deployment.

    Args:
        access: ``[access]``.
        store: Keeps the rights that were given in chat, and the audit log.
        clock: What time it is.
    """

    def __init__(self, access: AccessTable, store: Store, clock: Clock) -> None:
        self._access = access
        self._store = store
        self._clock = clock

    async def allowed(self, person: Person, channel: str, spec: CommandSpec) -> str | None:
        """Return a sentence that says why a person may not use a command in a channel, or None.

        Stores the person's name if the person has a role. The first admin command of an owner of
        the workspace or server stores that owner as an admin, when there is no admin yet.
        """
        if channel and self._access.channels and channel not in self._access.channels:
            return (
                "I do not answer in this channel; ask in one of those that [access] channels in "
                f"the configuration names, or have {channel} added there."
            )
        rights = Rights.of(self._access, await self._store.settings.all())
        if rights.role(person) < spec.role:
            return _refusal(rights, spec.role)
        await self._remember(person, rights, spec)
        return None

    async def note(
        self, person: Person, channel: str, words: str, spec: CommandSpec, outcome: str = "done"
    ) -> None:
        """Write into the audit log that a person used a command; reading commands are left out."""
        if is_logged(spec):
            await self._audit(str(person), channel, spec.name, words, outcome)

    async def _remember(self, person: Person, rights: Rights, spec: CommandSpec) -> None:
        """Store the name of a person who has a role, and the first admin.

        Args:
            person: The person, who may use the command.
            rights: The present rights.
            spec: The command; an admin command makes the person admin, and logs that, when there is
                no
                admin yet.
        """
        user = f"{person.platform}:{person.id}"
        if spec.role is Role.ADMIN and not rights.listed(Role.ADMIN):
            await self._put(person, f"{ROLE_PREFIX}{user}", {"role": ROLE_KEYS[Role.ADMIN]})
            outcome = "is the first admin, as an owner of the workspace or server"
            await self._audit(str(person), "", "access grant", "", outcome)
        elif not any(user in rights.listed(role) for role in ROLE_KEYS):
            return
        if rights.names.get(user) != person.name:
            await self._put(person, f"{NAME_PREFIX}{user}", {"name": person.name})

    async def _put(self, person: Person, name: str, value: Mapping[str, Any]) -> None:
        await self._store.settings.put(Setting(name, value, str(person), self._clock.now()))

    async def _audit(self, who: str, channel: str, command: str, words: str, outcome: str) -> None:
        entry = AuditEntry(self._clock.now(), who, channel, command, words, outcome)
        await self._store.audit.add(entry)


def _refusal(rights: Rights, needed: Role) -> Refusal:
    """Return a refusal that names up to `MAX_NAMED` people who have the needed role, one of them to
    ask.
    """
    if needed is Role.ADMIN and not rights.listed(Role.ADMIN):
        return Refusal(
            "Nobody can change this yet. An owner of this workspace or server can begin, or who "
            "has the code that “overheard run” printed when it started.",
            first=True,
        )
    names = rights.named(needed)
    shown = names[:MAX_NAMED]
    more = len(names) - len(shown)
    who = wording.listing([*shown, f"{more} others"] if more else shown)
    return Refusal(
        f"Only {who or ROLE_KEYS[needed]} can {_DOES[needed]}.", ask=next(iter(names), "")
    )


@asynccontextmanager
async def log_use(
    store: Store, clock: Clock, spec: CommandSpec, who: str, words: str, stage: Stage
) -> AsyncIterator[None]:
    """Write into the audit log, after the block, that a command was used in the terminal, and its
    outcome.

    Commands that only read, and commands that were only quoted, are not logged.

    Args:
        store: The store with the log.
        clock: The current time.
        spec: The command.
        who: The person at the terminal.
        words: The command line.
        stage: Whether the command has only been quoted when the block ends.
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
