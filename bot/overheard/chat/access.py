"""Who may do what in chat, and its audit log: who used which command."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from overheard.cards import wording
from overheard.cards.command import CommandSpec, Role
from overheard.chat.confirmations import Stage
from overheard.commands.access import direct_channel
from overheard.config.sections import AccessTable
from overheard.config.stored_settings import NAME_PREFIX, ROLE_KEYS, ROLE_PREFIX, Rights
from overheard.domain import AuditEntry, DeliveryKind, Setting, deliveries_to
from overheard.errors import OverheardError
from overheard.interfaces import Clock, Person, Refusal, Store


@asynccontextmanager
async def log_use(
    store: Store, clock: Clock, spec: CommandSpec, who: str, words: str, stage: Stage
) -> AsyncIterator[None]:
    """Run a block that uses a command in the terminal, and then write the use into the audit log.

    The outcome is ``done``, the text of an `OverheardError`, or ``stopped`` for any other
    exception. Not logged: commands that only read, and commands that have only shown their price.

    Args:
        who: The person at the terminal.
        words: The command line.
        stage: Whether the command has only shown its price when the block ends.

    Raises:
        Exception: what the block raises, unchanged.
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
    """Return whether uses of a command belong into the audit log: it changes something or may
    spend.
    """
    return spec.role > Role.VIEWER or spec.asks


MAX_NAMED = 3
"""Names in a refusal; the others are counted."""

_ALLOWED_ACTIONS = {Role.VIEWER: "read this", Role.OPERATOR: "do this", Role.ADMIN: "change this"}


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
        """Return a sentence that says why a person may not use a command in a channel, or None if
        they may.

        The sentence is a `Refusal`, with a person to ask, where only the role is too low. When the
        person may use the command and has a role, their name is stored. While no user of a platform
        is admin, the first admin command of an owner of the workspace or server stores that owner
        as admin, and logs it; admins of other platforms are told.

        Args:
            person: The person, with the groups whose roles count as theirs.
            channel: The channel, such as ``slack:C0123``; empty for a place that only this person
                sees.
        """
        if channel and self._access.channels and channel not in self._access.channels:
            return (
                "I do not answer in this channel; ask in one of those that [access] channels in "
                f"the configuration names, or have {channel} added there."
            )
        rights = Rights.of(self._access, await self._store.settings.all())
        if rights.role(person) < spec.role:
            return _refusal(rights, spec.role, person.platform)
        await self._remember_person(person, rights, spec)
        return None

    async def note(
        self, person: Person, channel: str, words: str, spec: CommandSpec, outcome: str = "done"
    ) -> None:
        """Write into the audit log that a person used a command.

        A command that only reads, and asks for no yes, is not logged. Errors of the store are
        raised.

        Args:
            channel: The channel, such as ``slack:C0123``.
            words: The command line, as it is typed.
            outcome: ``done``, or why the command was not carried out.
        """
        if is_logged(spec):
            await self._audit(str(person), channel, spec.name, words, outcome)

    async def _remember_person(self, person: Person, rights: Rights, spec: CommandSpec) -> None:
        """Store the name of a person who has a role, and make the person admin if the platform has
        none yet.

        The latter happens, and is logged, at an admin command only. Nothing is stored for a person
        without a role, and a known name is not stored again.
        """
        user = f"{person.platform}:{person.id}"
        if spec.role is Role.ADMIN and rights.owners_begin(person.platform):
            await self._put(person, f"{ROLE_PREFIX}{user}", {"role": ROLE_KEYS[Role.ADMIN]})
            outcome = "is the first admin, as an owner of the workspace or server"
            await self._audit(str(person), "", "access grant", "", outcome)
            text = f"{person.name} {outcome}, in {person.platform.title()}."
            text += " Access list shows who may do what."
            now, others = self._clock.now(), rights.listed(Role.ADMIN)
            channels = [direct_channel(other, other) for other in others]
            notices = deliveries_to(
                channels, DeliveryKind.NOTICE, f"admin-{user}", now, f"\n{text}"
            )
            await self._store.deliveries.add(notices)
        elif not any(user in rights.listed(role) for role in ROLE_KEYS):
            return
        if rights.names.get(user) != person.name:
            await self._put(person, f"{NAME_PREFIX}{user}", {"name": person.name})

    async def _put(self, person: Person, name: str, value: Mapping[str, Any]) -> None:
        await self._store.settings.put(Setting(name, value, str(person), self._clock.now()))

    async def _audit(self, who: str, channel: str, command: str, words: str, outcome: str) -> None:
        entry = AuditEntry(self._clock.now(), who, channel, command, words, outcome)
        await self._store.audit.add(entry)


def _refusal(rights: Rights, needed: Role, platform: str) -> Refusal:
    """Return a refusal that names up to `MAX_NAMED` people who have the needed role, and counts the
    others.

    The first admin of the same platform can be asked. Without known names, it says "Only
    operators". While there is no admin, the refusal of an admin command says how the first admin
    begins, and so it does on a platform without one.
    """
    if needed is Role.ADMIN and not rights.listed(Role.ADMIN):
        return Refusal(
            "Nobody can change this yet. An owner of this workspace or server can begin, or who "
            "has the code that “overheard run” printed when it started.",
            first=True,
        )
    names = rights.named(needed)
    shown = names[:MAX_NAMED]
    not_shown = len(names) - len(shown)
    who = wording.listing([*shown, wording.count(not_shown, "other")] if not_shown else shown)
    sentence = f"Only {who or ROLE_KEYS[needed]} can {_ALLOWED_ACTIONS[needed]}."
    if needed is Role.ADMIN and rights.owners_begin(platform):
        sentence += " An owner of this workspace or server can begin here, too."
    return Refusal(sentence, ask=next(iter(rights.named(Role.ADMIN, f"{platform}:")), ""))
