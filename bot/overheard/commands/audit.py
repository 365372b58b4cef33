"""`audit`: who changed what, and who spent."""

from __future__ import annotations

from typing import Annotated

from overheard.alerts.events import named
from overheard.cards import wording
from overheard.cards.card import Card, Table, Tainted
from overheard.cards.command import CommandSpec, Face, Kind, Role, option
from overheard.commands.arguments import moment
from overheard.deployment import Call, Deployment

SHOWN_ENTRIES = 50
"""How many entries are shown by default."""


async def audit(
    deployment: Deployment,
    call: Call,
    *,
    since: Annotated[str, option("From when on.", Kind.TIME)] = "",
    limit: Annotated[int, option("How many.", low=1, high=10_000)] = SHOWN_ENTRIES,
) -> Card:
    """Show who changed something or could spend, the newest first.

    Args:
        deployment: The open deployment.
        call: Who asks and where, and who is shown progress.
        since: From when on.
        limit: How many at most.

    Raises:
        TimeUnreadable: when `since` is no time.
    """
    start = moment(since, deployment.clock.now(), call.zone) if since else None
    entries = await deployment.store.audit.find(since=start, limit=limit)
    in_chat = call.face is Face.CHAT
    rows = tuple(
        (
            wording.moment(entry.at, call.zone),
            Tainted(named(entry.who) if in_chat else entry.who),
            _place(entry.channel, call) if in_chat else entry.channel,
            Tainted(entry.words or entry.command),
            Tainted(entry.outcome),
        )
        for entry in entries
    )
    data = [
        {
            "at": entry.at.isoformat(),
            "who": entry.who,
            "channel": entry.channel,
            "command": entry.command,
            "words": entry.words,
            "outcome": entry.outcome,
        }
        for entry in entries
    ]
    return Card(
        title=f"The last {wording.count(len(entries), 'entry', 'entries')} of the audit log",
        text="" if entries else "Nothing has been changed, and nothing asked.",
        table=Table(("When", "Who", "Where", "What", "Outcome"), rows) if rows else None,
        data={"entries": data},
    )


def _place(channel: str, call: Call) -> str:
    """Return a place without its id: ``here``, ``Slack``, ``terminal``."""
    platform, colon, _ = channel.partition(":")
    if channel == call.channel:
        return "here"
    return platform.capitalize() if colon else platform


AUDIT = CommandSpec(
    "audit",
    "Show who changed something or spent, the newest first.",
    audit,
    role=Role.ADMIN,
    needs_store=True,
    private=True,
    examples=("audit", "audit --since yesterday"),
)
