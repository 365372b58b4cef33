"""The audit log of a chat: who used which command, as `audit` shows it (``commands/audit.py``)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from overheard.cards.command import CommandSpec, Role
from overheard.chat.command_call import Stage
from overheard.domain import AuditEntry
from overheard.errors import OverheardError
from overheard.interfaces import Clock, Store


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
