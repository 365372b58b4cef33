"""`audit`: who changed what, and who spent."""

from __future__ import annotations

from typing import Annotated

from overheard.alerts.events import name_without_id
from overheard.cards import wording
from overheard.cards.card import Action, Card, Table, Tainted
from overheard.cards.command import CommandSpec, Face, Kind, Role, option
from overheard.commands.arguments import read_time
from overheard.deployment import Call, Deployment
from overheard.domain import AuditEntry

SHOWN_ENTRIES, SHOWN_IN_CHAT = 50, 10
"""How many entries are shown by default, in a terminal and in a chat."""
DONE = "done"
"""The outcome of a command that succeeded, which a chat does not show."""
MAX_WORDS, MAX_OUTCOME = 80, 60
"""Largest numbers of characters of a command and of its failure, in a line of a chat."""


async def audit(
    deployment: Deployment,
    call: Call,
    *,
    since: Annotated[str, option("From when on.", Kind.TIME)] = "",
    limit: Annotated[int | None, option("How many.", low=1, high=10_000)] = None,
) -> Card:
    """Show who changed something or could spend money, newest first.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        since: From when on.
        limit: How many at most; by default 50, and 10 in a chat.

    Raises:
        TimeUnreadable: when `since` is no time.
    """
    start = read_time(since, deployment.clock.now(), call.zone) if since else None
    in_chat = call.face is Face.CHAT
    shown = limit or (SHOWN_IN_CHAT if in_chat else SHOWN_ENTRIES)
    entries = await deployment.store.audit.find(since=start, limit=shown)
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
    if not entries:
        text = "Nothing has been changed, and nothing asked."
        return Card("Who did what", text, data={"entries": data})
    if in_chat:
        more = Action(f"audit --limit {SHOWN_ENTRIES}", f"The last {SHOWN_ENTRIES}")
        return Card(
            title="Who did what",
            text=Tainted("\n".join(_entry_line(entry, call) for entry in entries)),
            actions=(more,) if len(entries) == shown < SHOWN_ENTRIES else (),
            data={"entries": data},
        )
    rows = tuple(
        (
            wording.moment(entry.at, call.zone),
            Tainted(entry.who),
            entry.channel,
            Tainted(entry.words or entry.command),
            Tainted(entry.outcome),
        )
        for entry in entries
    )
    return Card(
        title=f"The last {wording.count(len(entries), 'entry', 'entries')} of the audit log",
        table=Table(("When", "Who", "Where", "What", "Outcome"), rows),
        data={"entries": data},
    )


def _entry_line(entry: AuditEntry, call: Call) -> str:
    """Return an entry as a line of a chat: ``25 May, 06:40 · Ada: check``; in brackets the channel
    if it is another one, and the reason if the command failed.
    """
    at = f"{wording.short_day(entry.at, call.zone)}, {wording.clock(entry.at, call.zone)}"
    what = wording.shorten(wording.line(entry.words or entry.command), MAX_WORDS)
    place = _channel_words(entry.channel, call)
    failed = "" if entry.outcome == DONE else wording.shorten(entry.outcome, MAX_OUTCOME)
    notes = ", ".join(filter(None, (place if place != HERE else "", failed.rstrip("."))))
    who = wording.line(name_without_id(entry.who))
    return f"{at} \N{MIDDLE DOT} {who}: {what}{f' ({notes})' if notes else ''}"


HERE = "here"


def _channel_words(channel: str, call: Call) -> str:
    """Return a channel without its id: ``here``, ``Slack``, ``terminal``."""
    platform, colon, _ = channel.partition(":")
    if channel == call.channel:
        return HERE
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
