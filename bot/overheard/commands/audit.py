"""`audit`: who changed what, and who spent."""

from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import Action, Card, Tainted, picked
from overheard.cards.command import CommandSpec, Kind, Role, option
from overheard.cards.wording import name_without_id
from overheard.commands.arguments import read_time
from overheard.deployment import Call
from overheard.domain import AuditEntry

SHOWN, SHOWN_ENTRIES = 10, 50
"""How many entries are shown by default, and by the button below them."""
DONE = "done"
"""The outcome of a command that succeeded, which is not shown."""
MAX_WORDS, MAX_OUTCOME = 80, 60
"""Largest numbers of characters of a command and of its failure, in a line."""


async def audit(
    call: Call,
    *,
    since: Annotated[str, option("From when on.", Kind.TIME)] = "",
    limit: Annotated[int, option("How many.", low=1, high=10_000)] = SHOWN,
) -> Card:
    """Show the entries of the audit log, the newest first: who changed something, or used a command
    that can spend money. Without entries the text says that nothing was changed or asked.

    Args:
        since: The earliest time of an entry, such as ``2026-11-24`` or ``yesterday``; empty for
            all.
        limit: The largest number of entries; where there are more, a button shows `SHOWN_ENTRIES`.

    Raises:
        BadUsage: when `since` is no time.
    """
    start = read_time(since, call.clock.now(), call.zone) if since else None
    entries = await call.store.audit.find(since=start, limit=limit)
    names = ("at", "who", "channel", "command", "words", "outcome")
    data = [picked(entry, *names) for entry in entries]
    if not entries:
        text = "Nothing has been changed, and nothing asked."
        return Card("Who did what", text, data={"entries": data})
    more = Action(f"audit --limit {SHOWN_ENTRIES}", f"The last {SHOWN_ENTRIES}")
    has_more = len(entries) == limit < SHOWN_ENTRIES
    return Card(
        title="Who did what",
        text=Tainted("\n".join(_entry_line(entry, call) for entry in entries)),
        actions=(more,) if has_more else (),
        data={"entries": data},
    )


def _entry_line(entry: AuditEntry, call: Call) -> str:
    """Return an entry as a line: ``25 May, 06:40 · Ada: check``. In brackets follow the
    platform if the command was used in another channel than that of the call, and the outcome if
    the command was not carried out: ``(Slack, The brand Acme is set in config.toml)``.
    """
    at = f"{wording.short_day(entry.at, call.zone)}, {wording.clock(entry.at, call.zone)}"
    what = wording.shorten(wording.line(entry.words or entry.command), MAX_WORDS)
    name, colon, _ = entry.channel.partition(":")
    platform = "" if entry.channel == call.channel else name.capitalize() if colon else name
    failure = "" if entry.outcome == DONE else wording.shorten(entry.outcome, MAX_OUTCOME)
    notes = ", ".join(filter(None, (platform, failure.rstrip("."))))
    who = wording.line(name_without_id(entry.who))
    return f"{at} \N{MIDDLE DOT} {who}: {what}{f' ({notes})' if notes else ''}"


AUDIT = CommandSpec(
    "audit",
    "Show who changed something or spent, the newest first.",
    audit,
    role=Role.ADMIN,
    needs_store=True,
    private=True,
    examples=("audit", "audit --since yesterday"),
)
